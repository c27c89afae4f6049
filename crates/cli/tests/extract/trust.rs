//! What is not believed without being asked: that very much is gone at once, and
//! that the instance at an address is the one it was.

use std::process::Stdio;

use looker_sim::{Account, Kind, SimConfig};
use serde_json::{Value, json};

use crate::support::content::{assert_holds_all, stored};
use crate::support::front::Front;
use crate::support::looker::Looker;
use crate::support::requests::metered;
use crate::support::{BASICS, Ran, VAULT, World, finish, signal};

const DASHBOARDS: u64 = 40;

fn config() -> SimConfig {
    SimConfig { seed: 5, dashboards: DASHBOARDS as u32, looks: 20, trash_percent: 10, ..SimConfig::default() }
}

/// Deletes so many dashboards for ever.
fn purge(looker: &Looker, count: usize) {
    for id in looker.ids(Kind::Dashboard, false).iter().take(count) {
        looker.purge(Kind::Dashboard, id).unwrap();
    }
}

/// Absences in the vault.
fn absences(world: &World) -> i64 {
    let vault = rusqlite::Connection::open(world.path(VAULT)).unwrap();
    vault.query_row("SELECT count(*) FROM version WHERE side = 2", (), |row| row.get(0)).unwrap()
}

/// The report of a run that must be suspect.
#[track_caller]
fn suspect(ran: &Ran) -> Value {
    assert_eq!(ran.code, 3, "{}", ran.all());
    let report = ran.report();
    assert_eq!((&report["state"], &report["gaps"]), (&json!("suspect"), &json!([])), "{}", ran.all());
    assert!(report["kinds"].as_array().unwrap().iter().all(|kind| kind["gone"] == 0), "{report}");
    report
}

#[track_caller]
fn words(report: &Value) -> Vec<&str> {
    report["suspicions"].as_array().unwrap().iter().map(|one| one["reason"].as_str().unwrap()).collect()
}

#[test]
fn a_mass_deletion_is_held_until_it_is_confirmed() {
    let looker = Looker::start(config());
    let world = looker.world();
    world.extract_basics("").complete();
    let before = stored(&world.path(VAULT));
    purge(&looker, 12);
    let new = looker.create(Kind::Dashboard, &looker.shared_folder_ids()[0]).unwrap();

    let ran = world.run(&format!("extract {BASICS}"));
    assert_eq!(ran.code, 3, "{}", ran.all());
    let known = DASHBOARDS + looker.ids(Kind::Dashboard, true).len() as u64;
    assert!(ran.out.contains(&format!("suspect: 12 of {known} dashboards vanished at once")), "{}", ran.out);
    assert!(ran.out.contains("`lookervault runs confirm 2` if that is right"), "{}", ran.out);
    let held = stored(&world.path(VAULT));
    assert!(before.keys().all(|key| held.contains_key(key)), "nothing is marked as gone");
    assert!(held.contains_key(&("dashboards", new)), "what is new is kept");
    let run = world.json("runs show 2")["run"].clone();
    let vanished = json!([{"reason": "vanished", "kind": "dashboards", "gone": 12, "known": known}]);
    assert_eq!((&run["state"], &run["suspicions"]), (&json!("suspect"), &vanished));
    assert_eq!((&run["held"], &run["confirmed_at"]), (&json!(12), &Value::Null));

    looker.reset_stats();
    let confirmed = world.json("runs confirm 2");
    assert_eq!(confirmed["gone"], json!([{"kind": "dashboards", "gone": 12}]), "{confirmed}");
    assert_eq!(looker.served(), 0, "no call is made");
    assert_holds_all(&world.path(VAULT), &looker);
    assert_eq!(world.verdict(), "sound");
    let again = world.run("runs confirm 2 --json");
    assert_eq!((again.code, again.failure()["message"].as_str().unwrap().contains("is complete")), (1, true));
    let shown = world.run("runs show 2");
    assert!(shown.out.contains("It was confirmed at"), "{}", shown.out);

    // The next run builds on what was confirmed.
    let next = world.extract_basics("").complete();
    assert!(next["kinds"].as_array().unwrap().iter().all(|kind| kind["gone"] == 0), "{next}");
}

#[test]
fn what_is_believed_is_a_setting() {
    let looker = Looker::start(config());
    for (flag, code) in [("--suspect-share 20", 3), ("--suspect-share 60", 0), ("--suspect-share 100", 0)] {
        let world = looker.world();
        world.extract("dashboards --no-trash").complete();
        let all = looker.ids(Kind::Dashboard, false).len();
        purge(&looker, all / 2);
        let ran = world.extract(&format!("dashboards --no-trash {flag}"));
        assert_eq!(ran.code, code, "{flag}: {}", ran.all());
    }
    let world = looker.world();
    world.write("lookervault.toml", "[extract]\nsuspect_share = 60\n");
    world.extract("dashboards --no-trash").complete();
    let rest = looker.ids(Kind::Dashboard, false).len();
    assert!(rest < 8, "few are left: {rest}");
    purge(&looker, 4.min(rest));
    world.extract("dashboards --no-trash").complete();
    let ran = world.run("extract dashboards --suspect-share 101");
    assert_eq!(ran.code, 2, "{}", ran.all());
}

#[test]
fn a_run_that_sees_everything_again_settles_a_suspect_one() {
    let mut looker = Looker::start(config());
    let front = Front::before(looker.port(), |_| None);
    let world = looker.world_at(&front.url());
    world.extract_basics("").complete();
    // The same content, half of it hidden.
    let hidden = Looker::start(config());
    purge(&hidden, 20);
    front.lead_to(hidden.port());
    suspect(&world.extract_basics(""));
    suspect(&world.extract_basics(""));
    let first = world.run("runs confirm 2");
    assert_eq!(first.code, 1, "{}", first.all());
    assert!(first.err.contains("confirm that one"), "{}", first.err);
    let resumed = world.extract_basics("--resume");
    suspect(&resumed);
    assert!(resumed.err.contains("no unfinished run"), "a suspect run cannot be resumed: {}", resumed.err);

    front.lead_to(looker.port());
    world.extract_basics("").complete();
    assert_eq!(absences(&world), 0);
    let listed = world.run("runs");
    assert_eq!(listed.out.matches("superseded").count(), 3, "{}", listed.out);
    let moot = world.run("runs confirm 4 --json");
    assert_eq!(moot.code, 1);
    assert!(moot.failure()["message"].as_str().unwrap().contains("settled by that one"), "{}", moot.all());
    assert_eq!(world.run("runs confirm 99").code, 1);
    assert_eq!(world.verdict(), "sound");
    looker.stop();
}

#[test]
fn an_account_that_lost_permissions_deletes_nothing() {
    let looker = Looker::start(config());
    let front = Front::before(looker.port(), |_| None);
    let world = looker.world_at(&front.url());
    let report = world.extract_basics("").complete();
    assert_eq!(report["suspicions"], json!([]));
    let account = world.json("runs show 1")["run"]["account"].clone();
    assert_eq!((&account["user_id"], &account["role_ids"]), (&json!("1"), &json!(["1"])));
    let permissions = account["permissions"].as_array().unwrap();
    assert!(permissions.contains(&json!("see_users")), "{account}");
    let shown = world.run("runs show 1").out;
    assert!(shown.contains(&format!("roles 1, {} permissions", permissions.len())), "{shown}");

    // The same instance, as an account sees it that lost what it may see of people.
    let permitted = Account::Permitted { permissions: vec!["access_data".into()] };
    let less = Looker::start(SimConfig { account: permitted, ..config() });
    front.lead_to(less.port());
    let before = stored(&world.path(VAULT));
    let report = suspect(&world.extract_basics("--suspect-share 100"));
    assert!(
        words(&report).iter().any(|word| word.starts_with("lost_") || *word == "hidden_roles"),
        "{report}"
    );
    assert_eq!(absences(&world), 0);
    assert_eq!(stored(&world.path(VAULT)).len(), before.len());
}

#[test]
fn lost_roles_and_permissions_are_named() {
    let looker = Looker::start(config());
    let world = looker.world();
    looker.set(Kind::User, "1", &[("role_ids", r#"["1","2"]"#)]).unwrap();
    world.extract_basics("").complete();
    let permissions = |looker: &Looker| {
        let (_, body) = looker.export(Kind::Role).into_iter().find(|(id, _)| id == "1").unwrap();
        let body: Value = serde_json::from_slice(&body).unwrap();
        body["permission_set"].clone()
    };
    let mut set = permissions(&looker);
    let lost = set["permissions"].as_array_mut().unwrap().pop().unwrap();
    looker.set(Kind::Role, "1", &[("permission_set", &set.to_string())]).unwrap();
    looker.set(Kind::User, "1", &[("role_ids", r#"["1"]"#)]).unwrap();

    // Less is seen of nothing: nothing to doubt.
    let report = world.extract_basics("").complete();
    assert_eq!(report["suspicions"], json!([]));

    looker.set(Kind::User, "1", &[("role_ids", r#"["2"]"#)]).unwrap();
    purge(&looker, 1);
    let report = suspect(&world.extract_basics(""));
    let suspicions = report["suspicions"].as_array().unwrap();
    assert_eq!(suspicions[0], json!({"reason": "lost_roles", "ids": ["1"]}), "{report}");
    assert_eq!(suspicions[1]["reason"], "lost_permissions", "{report}");
    assert!(!suspicions[1]["names"].as_array().unwrap().contains(&lost), "that one was lost before");
    world.json("runs confirm 3");
    world.extract_basics("").complete();
    assert_holds_all(&world.path(VAULT), &looker);
}

#[test]
fn a_kind_that_is_closed_to_the_account_is_not_gone() {
    let looker = Looker::start(config());
    let front = Front::before(looker.port(), |_| None);
    let world = looker.world_at(&front.url());
    world.extract("").complete();
    let denied = vec!["all_boards".into(), "all_lookml_models".into(), "all_roles".into()];
    let closed = Looker::start(SimConfig { denied, ..config() });
    front.lead_to(closed.port());
    let report = world.extract("--all-now").complete();
    let kinds: Vec<&str> =
        report["unavailable"].as_array().unwrap().iter().map(|one| one["kind"].as_str().unwrap()).collect();
    assert!(["boards", "lookml_models", "roles"].iter().all(|kind| kinds.contains(kind)), "{kinds:?}");
    assert_eq!(absences(&world), 0, "{}", report["kinds"]);
}

#[test]
fn an_instance_that_does_not_tell_who_we_are_is_read_all_the_same() {
    let looker = Looker::start(SimConfig { denied: vec!["me".into()], ..config() });
    let world = looker.world();
    let ran = world.extract_basics("");
    ran.complete();
    assert_eq!(ran.err.matches("does not tell who the account is").count(), 1, "{}", ran.err);
    let account = world.json("runs show 1")["run"]["account"].clone();
    assert_eq!(account["client_id"], looker.client_id());
    assert_eq!((&account["user_id"], &account["permissions"]), (&Value::Null, &Value::Null));
    world.extract_basics("").complete();
}

#[test]
fn a_confirmation_that_is_killed_is_made_or_not() {
    let looker = Looker::start(SimConfig { dashboards: 400, ..config() });
    let world = looker.world();
    world.extract("dashboards").complete();
    purge(&looker, 300);
    suspect(&world.extract("dashboards"));
    for _ in 0..10 {
        let child = world.start("runs confirm 2");
        signal(&child, "KILL");
        let ran = finish(child);
        let gone = absences(&world);
        assert!(gone == 0 || gone == 300, "{gone}");
        let run = world.json("runs show 2")["run"].clone();
        assert_eq!(run["state"] == "complete", gone == 300, "{run}");
        assert_eq!(run["held"], 300 - gone, "{run}");
        assert_ne!(ran.code, 2);
        if gone > 0 {
            break;
        }
    }
    world.run("runs confirm 2");
    assert_eq!(absences(&world), 300);
    assert_holds_dashboards(&world, &looker);
    assert_eq!(world.verdict(), "sound");
}

/// The vault has exactly the dashboards that the instance has.
#[track_caller]
fn assert_holds_dashboards(world: &World, looker: &Looker) {
    let held: Vec<String> = stored(&world.path(VAULT)).into_keys().map(|(_, id)| id).collect();
    let mut there = [false, true].map(|trash| looker.ids(Kind::Dashboard, trash)).concat();
    there.sort();
    assert_eq!(held, there);
}

/// An instance, and another that was built in its place: more ids are the same
/// than not, and nothing else is.
struct Rebuilt {
    _old: Looker,
    new: Looker,
    _front: Front,
    world: World,
}

/// The vault knows the old instance, and the new one answers.
fn rebuilt() -> Rebuilt {
    let old = Looker::start(config());
    let new = Looker::start(SimConfig { seed: 6, ..config() });
    let front = Front::before(old.port(), |_| None);
    let world = old.world_at(&front.url());
    world.extract_basics("").complete();
    front.lead_to(new.port());
    Rebuilt { _old: old, new, _front: front, world }
}

#[test]
fn a_rebuilt_instance_is_not_taken_for_the_old_one() {
    let place = rebuilt();
    let (new, world) = (&place.new, &place.world);
    let before = stored(&world.path(VAULT));
    let rows = |table: &str| -> i64 {
        let vault = rusqlite::Connection::open(world.path(VAULT)).unwrap();
        vault.query_row(&format!("SELECT count(*) FROM {table}"), (), |row| row.get(0)).unwrap()
    };
    let written = [rows("object"), rows("version"), rows("body")];
    for scope in [BASICS, "", "dashboards", "looks --no-trash", "folders", "boards dashboards"] {
        new.reset_stats();
        let ran = world.extract(scope);
        assert_eq!((ran.code, ran.out.as_str()), (1, ""), "{scope}: {}", ran.all());
        let failure = ran.failure();
        assert_eq!(failure["kind"], "instance.other");
        let message = failure["message"].as_str().unwrap();
        assert!(
            message.contains("were created at another time") && message.contains("(then 20"),
            "{message}"
        );
        assert!(message.matches("(then ").count() <= 5, "{message}");
        for way in ["--new-epoch", "--same-instance"] {
            assert!(failure["hint"].as_str().unwrap().contains(way), "{failure}");
        }
        let read = new.requests().iter().filter(|served| served.operation == "search_dashboards").count();
        assert!(read <= 2, "{scope}: no page is read");
        assert_eq!([rows("object"), rows("version"), rows("body")], written, "{scope}: nothing is written");
        let run = world.json("runs --limit 1")["runs"][0].clone();
        assert_eq!(
            (&run["state"], &run["totals"]["stopped"]["reason"]),
            (&json!("incomplete"), &json!("refused"))
        );
        let counted = world.json(&format!("runs show {}", run["id"]))["calls"].clone();
        let metered_calls: u64 = counted
            .as_array()
            .unwrap()
            .iter()
            .filter(|line| line["ledger"] != "unmetered")
            .map(|line| line["calls"].as_u64().unwrap())
            .sum();
        assert_eq!(metered_calls, metered(&new.requests()), "{scope}: what was spent is counted");
    }
    assert_eq!(stored(&world.path(VAULT)).len(), before.len());
    assert_eq!(world.verdict(), "sound");
}

#[test]
fn a_new_epoch_leaves_the_old_one_readable() {
    let place = rebuilt();
    let (new, world) = (&place.new, &place.world);
    let spent_before = world.json("calls")["sum"]["administrative"].as_u64().unwrap();
    let report = world.extract(&format!("{BASICS} --new-epoch")).complete();
    let spent = report["metered_calls"].as_u64().unwrap();
    assert_eq!(world.json("calls")["sum"]["administrative"], spent_before + spent, "of both epochs");
    world.extract_basics("").complete();

    let url = world.json("runs")["runs"][0]["instance"].as_str().unwrap().to_owned();
    let created = |line: &str| -> Vec<String> {
        let list = world.json(line);
        list["objects"].as_array().unwrap().iter().map(|one| one["created_at"].to_string()).collect()
    };
    let (newest, second) =
        (created("list dashboards"), created(&format!("--instance {url}#2 list dashboards")));
    assert_eq!(newest, second);
    let first = created(&format!("--instance {url}#1 list dashboards"));
    assert_eq!(first.len() as u64, DASHBOARDS);
    assert_ne!(first, newest);
    let newest: Vec<String> = world.json("list dashboards")["objects"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["id"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(newest.len(), new.ids(Kind::Dashboard, false).len());

    let listed = world.run("list dashboards --limit 1");
    assert!(listed.err.contains(&format!("Epoch 2 of 2 of {url}")), "{}", listed.all());
    let runs = world.run("runs");
    assert!(runs.out.contains(&format!("{url}#1")) && runs.out.contains(&format!("{url}#2")), "{}", runs.out);
    assert_eq!(world.json(&format!("--instance {url}#1 show dashboard {}", newest[0]))["epoch"], 1);
    let absent = world.run(&format!("--instance {url}#3 list dashboards --json"));
    assert_eq!((absent.code, &absent.failure()["kind"]), (1, &json!("vault.unknown_epoch")));
    let past = world.run(&format!("--instance {url}#1 extract roles"));
    assert_eq!(past.code, 2, "{}", past.all());
    assert_eq!(world.verdict(), "sound");
}

#[test]
fn the_same_instance_goes_on_and_is_not_asked_about_again() {
    let place = rebuilt();
    let (new, world) = (&place.new, &place.world);
    // Much is gone at once as well; that is another question.
    let line = format!("{BASICS} --suspect-share 100");
    world.extract(&format!("{line} --same-instance")).complete();
    assert_holds_all(&world.path(VAULT), new);
    world.extract(&line).complete();
    assert_eq!(world.json("list dashboards")["epoch"], 1);
}

#[test]
fn flags_that_exclude_each_other_are_refused() {
    let world = World::new();
    for line in ["--new-epoch --same-instance", "--new-epoch --resume", "--new-epoch --all-instances"] {
        assert_eq!(world.run(&format!("extract {line}")).code, 2, "{line}");
    }
}

/// Under `script`, which gives a program a terminal.
fn typed(world: &World, line: &str, answer: &str) -> Option<Ran> {
    let program = env!("CARGO_BIN_EXE_lookervault");
    let mut script = world.command("");
    let environment: Vec<_> =
        script.get_envs().filter_map(|(name, value)| Some((name.to_owned(), value?.to_owned()))).collect();
    script = std::process::Command::new("script");
    script.env_clear().envs(environment).env("PATH", "/usr/bin:/bin");
    script.current_dir(world.path("")).args(["-qec", &format!("{program} {line}"), "/dev/null"]);
    let mut child =
        script.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().ok()?;
    std::io::Write::write_all(child.stdin.as_mut().unwrap(), format!("{answer}\n").as_bytes()).unwrap();
    Some(finish(child))
}

#[test]
fn a_person_is_asked() {
    let place = rebuilt();
    let (new, world) = (&place.new, &place.world);
    let Some(stopped) = typed(world, "extract dashboards", "stop") else {
        return eprintln!("there is no `script` here: nobody can be asked");
    };
    assert_eq!(stopped.code, 1, "{}", stopped.all());
    assert!(stopped.out.contains("[new/same/stop]"), "{}", stopped.all());
    let begun = typed(world, "extract dashboards", "new").unwrap();
    assert_eq!(begun.code, 0, "{}", begun.all());
    assert_eq!(world.json("list dashboards")["epoch"], 2);
    assert_eq!(world.json("list dashboards")["count"], new.ids(Kind::Dashboard, false).len());
}
