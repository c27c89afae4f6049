//! The past from the command line: `log`, `--as-of`, `tag`, against an instance
//! on which somebody works between two runs.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use looker_sim::{Kind, SimConfig};
use serde_json::Value;

use crate::support::looker::Looker;
use crate::support::{World, wait_until};

/// An instance with a history of three runs.
struct Worked {
    world: World,
    edited: String,
    moved: String,
    trashed: String,
    purged: String,
    renamed: String,
    made: String,
    folder: String,
    _looker: Looker,
}

impl Worked {
    fn new() -> Self {
        let looker = Looker::start(SimConfig {
            seed: 7,
            dashboards: 24,
            looks: 6,
            folders: 5,
            users: 5,
            trash_percent: 0,
            ..SimConfig::default()
        });
        let mut world = looker.world();
        world.set("TZ", far_from_midnight());
        world.extract_basics("").complete();
        let live = looker.ids(Kind::Dashboard, false);
        let [edited, trashed, purged, renamed] = [0, 1, 2, 3].map(|at: usize| live[at].clone());
        looker.edit_dashboard(&edited, "Another description").unwrap();
        looker.trash(Kind::Dashboard, &trashed).unwrap();
        looker.purge(Kind::Dashboard, &purged).unwrap();
        looker.edit(Kind::Dashboard, &renamed, &[("title", "\"A title of its own\"")]).unwrap();
        let (moved, folder) = move_one(&looker, &live[4..]);
        let made = looker.create(Kind::Look, &looker.shared_folder_ids()[1]).unwrap();
        looker.edit(Kind::Look, &made, &[("title", "\"A new look\"")]).unwrap();
        world.extract_basics("").complete();
        // Looker's stamps tell seconds apart, and no more.
        let second = Timestamp::now().as_second();
        wait_until("the next second", || Timestamp::now().as_second() > second);
        looker.restore(Kind::Dashboard, &trashed).unwrap();
        looker.view(Kind::Dashboard, &edited).unwrap();
        world.extract_basics("").complete();
        Self { world, edited, moved, trashed, purged, renamed, made, folder, _looker: looker }
    }

    fn changes(&self, line: &str) -> Vec<Value> {
        let document = self.world.json(&format!("log {line}"));
        let changes = document["changes"].as_array().unwrap().clone();
        assert_eq!(document["count"], changes.len());
        changes
    }

    /// `kind id what...` of each change.
    fn told(&self, line: &str) -> Vec<String> {
        let mut told: Vec<String> = self.changes(line).iter().map(short).collect();
        told.sort();
        told
    }
}

/// A time zone in which today does not end while a test runs.
fn far_from_midnight() -> &'static str {
    let hour = Timestamp::now().to_zoned_datetime(TimeZone::UTC).hour();
    if (6..18).contains(&hour) { "UTC" } else { "Etc/GMT+12" }
}

fn short(change: &Value) -> String {
    let what: Vec<&str> =
        change["what"].as_array().unwrap().iter().map(|what| what.as_str().unwrap()).collect();
    format!("{} {} {}", change["kind"].as_str().unwrap(), change["id"].as_str().unwrap(), what.join("+"))
}

/// Moves the first dashboard that another folder takes.
fn move_one(looker: &Looker, ids: &[String]) -> (String, String) {
    let folders = looker.shared_folder_ids();
    for id in ids {
        for folder in &folders {
            let is_own = looker.ids_in(Kind::Dashboard, folder, false).contains(id);
            if !is_own && looker.move_to(Kind::Dashboard, id, folder).is_ok() {
                return (id.clone(), folder.clone());
            }
        }
    }
    panic!("nothing can be moved")
}

#[test]
fn every_kind_of_change_is_told_with_its_author_and_date() {
    let worked = Worked::new();
    let Worked { edited, moved, trashed, purged, renamed, made, .. } = &worked;
    let mut wanted = vec![
        format!("dashboards {edited} edited"),
        format!("dashboards {moved} moved"),
        format!("dashboards {trashed} trashed"),
        format!("dashboards {purged} gone"),
        format!("dashboards {renamed} renamed"),
        format!("looks {made} created"),
    ];
    wanted.sort();
    assert_eq!(worked.told("--since 1 --until 2"), wanted);
    assert_eq!(worked.told("--since latest~1"), [format!("dashboards {trashed} restored")]);
    assert!(worked.told("--until 1").iter().all(|line| line.ends_with(" created")));

    let changes = worked.changes("--since 1 --until 2");
    let of = |id: &str| {
        changes.iter().find(|change| change["id"] == id && change["kind"] == "dashboards").unwrap()
    };
    for id in [edited, moved, trashed, renamed] {
        assert_eq!(of(id)["author"]["id"], "1", "the account of the simulator: {}", of(id));
        assert!(of(id)["author"]["name"].is_string() && of(id)["at"].is_string());
    }
    let gone = of(purged);
    assert_eq!((&gone["author"], &gone["at"]), (&Value::Null, &Value::Null));
    let runs = worked.world.json("runs")["runs"].clone();
    let run = |number: i64| runs.as_array().unwrap().iter().find(|run| run["id"] == number).unwrap();
    // It was there when the first run read it, in whichever second that was.
    let moment = |time: &Value| time.as_str().unwrap().parse::<Timestamp>().unwrap();
    let [began, ended] = ["started_at", "ended_at"].map(|end| moment(&run(1)[end]));
    assert!((began..=ended).contains(&moment(&gone["not_before"])), "{gone}");
    assert_eq!(gone["not_after"], run(2)["ended_at"]);
    assert_eq!(gone["evidence"]["account_changed"], false);
    assert_eq!(of(moved)["after"]["folder_id"], worked.folder.as_str());
    assert_ne!(of(moved)["before"]["folder_id"], worked.folder.as_str());
    assert_eq!(of(renamed)["after"]["title"], "A title of its own");
}

#[test]
fn the_log_is_narrowed() {
    let worked = Worked::new();
    let Worked { moved, trashed, folder, edited, .. } = &worked;
    let history = worked.changes(&format!("dashboard {trashed}"));
    let whats: Vec<String> = history.iter().map(|change| change["what"].to_string()).collect();
    assert_eq!(whats, [r#"["restored"]"#, r#"["trashed"]"#, r#"["created"]"#]);
    assert_eq!(worked.changes("dashboards --since 1 --limit 2").len(), 2);
    assert!(
        worked.told(&format!("--folder {folder} --since 1")).contains(&format!("dashboards {moved} moved"))
    );
    assert!(!worked.told(&format!("--folder {folder} --until 1")).is_empty());

    // Times: nothing of this happened before yesterday, all of it until now.
    assert!(worked.told("--since 1 --until yesterday").is_empty());
    assert_eq!(worked.told("--since 1 --until now"), worked.told("--since 1"));
    let since_today = worked.told("--since today");
    assert!(since_today.contains(&format!("dashboards {edited} edited")), "{since_today:?}");
    assert!(!since_today.contains(&format!("dashboards {edited} created")), "it was made long ago");
}

#[test]
fn who_did_it_is_found_by_id_name_and_address() {
    let worked = Worked::new();
    let all = worked.changes("--since 1");
    let known: Vec<&Value> = all.iter().filter(|change| change["author"]["id"] == "1").collect();
    let unknown = all.iter().filter(|change| change["author"].is_null()).count();
    let author = &known[0]["author"];
    for name in ["id", "name", "email"] {
        let Some(wanted) = author[name].as_str() else { continue };
        let mut command = worked.world.command("log --since 1 --json");
        let output = command.args(["--by", wanted]).output().unwrap();
        let document: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(document["count"], known.len(), "{wanted}");
        assert_eq!(document["unknown_authors"], unknown, "{wanted}");
    }
    let ran = worked.world.run("log --since 1 --by nobody");
    assert_eq!((ran.code, ran.out.as_str()), (0, ""));
    assert!(ran.err.ends_with("0 changes; of 1 more nobody knows the author\n"), "{}", ran.err);
}

/// Times replaced by a word.
fn timeless(text: &str) -> String {
    let is_date =
        |word: &str| word.trim_matches(|c: char| !c.is_ascii_digit()).len() == 10 && word.contains('-');
    let is_time = |word: &str| word.matches(':').count() == 2;
    let word = |word: &str| -> String {
        let core = word.trim_matches(|c: char| !c.is_ascii_digit());
        if is_date(word) {
            word.replace(core, "DATE")
        } else if is_time(word) {
            word.replace(core, "TIME")
        } else {
            word.to_owned()
        }
    };
    text.split(' ').map(word).collect::<Vec<_>>().join(" ")
}

#[test]
fn people_get_a_line_a_change() {
    let worked = Worked::new();
    let ran = worked.world.run("log --since 1");
    // The order within a run hangs on which second an edit fell into.
    let mut lines: Vec<String> = ran.out.lines().map(timeless).collect();
    lines.sort();
    insta::assert_snapshot!(lines.join("\n"));
    assert!(ran.err.ends_with(&format!("\n{} changes\n", lines.len())), "{}", ran.err);
    let changes = worked.changes("--since 1");
    let times: Vec<_> =
        changes.iter().map(|change| (change["run"].as_i64(), change["at"].as_str())).collect();
    assert!(times.is_sorted_by(|a, b| a >= b), "newest first: {times:?}");
}

#[test]
fn the_past_is_shown_as_it_was() {
    let worked = Worked::new();
    let Worked { world, edited, trashed, purged, renamed, made, .. } = &worked;
    let parts = |line: &str| world.json(line)["parts"]["object"].clone();
    let [first, second] = [1, 2].map(|run| parts_at(world, renamed, run));
    assert_ne!(first["title"], second["title"]);
    assert_eq!(parts(&format!("show dashboard {renamed} --as-of latest"))["title"], "A title of its own");
    // Views are known as last read; of what was, they are not, changed or not.
    assert!(first["view_count"].is_null() && parts_at(world, edited, 2)["view_count"].is_null());
    assert!(parts(&format!("show dashboard {edited} --as-of latest"))["view_count"].is_number());
    // Yet how they went is kept by the run.
    let views = |line: &str| -> Vec<(Value, Value)> {
        let counters = world.json(line)["counters"].as_array().unwrap().clone();
        let series = counters.iter().find(|counter| counter["name"] == "view_count").unwrap();
        let points = series["points"].as_array().unwrap();
        points.iter().map(|point| (point["run"].clone(), point["value"].clone())).collect()
    };
    let [(first, before), (third, after)] = &views(&format!("show dashboard {edited}"))[..] else { panic!() };
    assert_eq!((first, third), (&1.into(), &3.into()), "a run that read the same writes nothing");
    assert_eq!(before.as_u64().map(|views| views + 1), after.as_u64());
    assert_eq!(views(&format!("show dashboard {edited} --as-of 2")).len(), 1);
    assert!(world.run(&format!("show dashboard {edited}")).out.contains("▁█"), "a small chart");
    let states =
        [1, 2, 3].map(|run| world.json(&format!("show dashboard {trashed} --as-of {run}"))["state"].clone());
    assert_eq!(states, ["live", "trash", "live"]);

    let ids = |line: &str| -> Vec<String> {
        let document = world.json(line);
        let objects = document["objects"].as_array().unwrap();
        objects.iter().map(|object| object["id"].as_str().unwrap().to_owned()).collect()
    };
    assert!(ids("list dashboards --as-of 1").contains(purged) && !ids("list dashboards").contains(purged));
    assert!(ids("list dashboards --as-of latest~1 --trash").contains(trashed));
    assert!(!ids("list looks --as-of 1").contains(made) && ids("list looks --as-of 2").contains(made));
    assert_eq!(world.json("list looks --as-of 2")["as_of"]["run"], 2);

    // A time is told as it was understood.
    let told = world.run("list looks --as-of 2999-01-01").err;
    assert!(told.contains("(2999-01-01, until 2999-01-01 23:59:59)"), "{told}");
    let told = world.run("list looks --as-of 2020-01-01").err;
    assert!(told.contains("no run had ended by 2020-01-01 23:59:59 (`2020-01-01`)"), "{told}");

    let gone = world.run(&format!("show dashboard {purged}"));
    assert_eq!(gone.code, 1);
    assert!(gone.err.contains("is gone since run 2") && gone.err.contains("--as-of 1"), "{}", gone.err);
    let early = world.run(&format!("show look {made} --as-of 1"));
    assert!(early.err.contains("did not have the look") && early.err.contains("run 2"), "{}", early.err);
}

fn parts_at(world: &World, id: &str, run: i64) -> Value {
    world.json(&format!("show dashboard {id} --as-of {run}"))["parts"]["object"].clone()
}

#[test]
fn a_tagged_run_goes_by_its_name_everywhere() {
    let worked = Worked::new();
    let world = &worked.world;
    let tags = world.json("tag latest~1 before-restore");
    assert_eq!((&tags["tags"][0]["name"], &tags["tags"][0]["run"]), (&"before-restore".into(), &2.into()));
    assert_eq!(world.json("list dashboards --as-of before-restore")["as_of"]["run"], 2);
    assert_eq!(world.json("runs show before-restore")["run"]["id"], 2);
    assert_eq!(worked.told("--since before-restore").len(), 1);
    let said = world.run("list looks --as-of before-restore").err;
    assert!(said.starts_with("As of run 2, ") && said.contains(" (before-restore)."), "{said}");

    for (line, code, kind) in [
        ("tag 1 before-restore", 1, "tag.taken"),
        ("tag 1 yesterday", 2, "tag.name"),
        ("tag 99 x", 1, "vault.refused"),
        ("tag --delete nothing", 1, "tag.unknown"),
        ("show dashboard 1 --as-of before-resore", 2, "run.unknown"),
        ("list looks --as-of 2020-01-01", 1, "run.none_so_old"),
        ("log --since soon", 2, "run.unknown"),
        ("log --folder Nowhere", 1, "vault.no_such_folder"),
    ] {
        let ran = world.run(&format!("{line} --json"));
        assert_eq!((ran.code, ran.error()["kind"].as_str()), (code, Some(kind)), "{line}: {}", ran.all());
    }
    let slip = world.run("show dashboard 1 --as-of before-resore");
    assert!(slip.err.contains("did you mean `before-restore`?"), "{}", slip.err);

    assert_eq!(world.run("tag").out.lines().count(), 2);
    assert_eq!(world.run("tag --delete before-restore").code, 0);
    assert_eq!(world.json("tag")["tags"], serde_json::json!([]));
    assert_eq!(world.run("list looks --as-of before-restore").code, 2);
}
