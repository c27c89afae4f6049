//! What `restore` asks on a terminal, and what it does by the answers.
//!
//! The terminal is a real one, made by `script` of util-linux.

use std::io::Write;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use looker_sim::{Kind, SimConfig};
use serde_json::{Value, json};

use crate::support::World;
use crate::support::api::Somebody;
use crate::support::looker::Looker;
use crate::support::requests::reads_and_writes;

fn config() -> SimConfig {
    SimConfig { seed: 43, dashboards: 8, looks: 4, folders: 4, users: 3, ..SimConfig::default() }
}

fn extracted() -> (Looker, World, Somebody) {
    let looker = Looker::start(config());
    let world = looker.world();
    world.extract("all").complete();
    let somebody = Somebody::sign_in(&looker);
    (looker, world, somebody)
}

/// Runs the program on a terminal where somebody types these lines; what it showed.
fn typed(world: &World, line: &str, answers: &[&str]) -> (i32, String) {
    let program = world.command(line);
    let words = std::iter::once(program.get_program()).chain(program.get_args());
    let words: Vec<&str> = words.map(|word| word.to_str().unwrap()).collect();
    let mut script = Command::new("script");
    script.args(["-qec", &words.join(" "), "/dev/null"]).env_clear();
    for (name, value) in program.get_envs().filter_map(|(name, value)| Some((name, value?))) {
        script.env(name, value);
    }
    script.env("TERM", "dumb").env("SHELL", "/bin/sh").env("PATH", "/usr/bin:/bin");
    script.current_dir(world.path("")).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut running = script.spawn().unwrap();
    let mut input = running.stdin.take().unwrap();
    for answer in answers {
        writeln!(input, "{answer}").unwrap();
    }
    input.flush().unwrap();
    // The end of its input would end the terminal, and the program with it.
    let started = Instant::now();
    while running.try_wait().unwrap().is_none() {
        std::thread::sleep(Duration::from_millis(5));
        if started.elapsed() > Duration::from_secs(60) {
            running.kill().unwrap();
            let shown = running.wait_with_output().unwrap();
            panic!("it waits for more answers: {}", String::from_utf8_lossy(&shown.stdout));
        }
    }
    let shown = running.wait_with_output().unwrap();
    drop(input);
    (shown.status.code().unwrap(), String::from_utf8_lossy(&shown.stdout).into_owned())
}

fn title(somebody: &Somebody, dashboard: &str) -> Value {
    somebody.get(&format!("/dashboards/{dashboard}"))["title"].clone()
}

#[test]
fn a_conflict_is_shown_on_three_sides_and_asked_about() {
    let (looker, world, somebody) = extracted();
    let [first, second] = [0, 1].map(|at| looker.ids(Kind::Dashboard, false)[at].clone());
    let was = title(&somebody, &first);
    let rename = |id: &str, name: &str| {
        somebody.done("PATCH", &format!("/dashboards/{id}"), &json!({ "title": name }));
    };
    rename(&first, "Read last");
    world.extract("all").complete();
    rename(&first, "Theirs");
    looker.trash(Kind::Dashboard, &second).unwrap();
    let line = format!("restore dashboard:{first} dashboard:{second} --as-of 1");

    let (code, shown) = typed(&world, &line, &["stop"]);
    assert_eq!(code, 3, "{shown}");
    assert!(shown.contains("Overwrite, skip, or stop?"), "{shown}");
    let sides = format!("title: {was} then, \"Read last\" when it was last read, \"Theirs\" now");
    assert!(shown.replace("\r\n", " ").contains(&sides), "{sides}: {shown}");
    assert_eq!(title(&somebody, &first), "Theirs");
    assert!(looker.ids(Kind::Dashboard, true).contains(&second));

    let (code, shown) = typed(&world, &line, &["skip", "yes"]);
    assert_eq!(code, 0, "{shown}");
    assert_eq!(title(&somebody, &first), "Theirs");

    let (code, shown) = typed(&world, &format!("restore dashboard:{first} --as-of 1"), &["overwrite", "yes"]);
    assert_eq!(code, 0, "{shown}");
    assert_eq!(title(&somebody, &first), was);
}

#[test]
fn nothing_is_done_without_a_yes() {
    let (looker, world, _) = extracted();
    let key = looker.ids(Kind::Dashboard, false)[0].clone();
    looker.trash(Kind::Dashboard, &key).unwrap();
    let line = format!("restore dashboard:{key} --on-conflict overwrite");
    let (_, shown) = typed(&world, &line, &["no"]);
    assert!(shown.contains("Go on?"), "{shown}");
    assert!(looker.ids(Kind::Dashboard, true).contains(&key));
    let (code, shown) = typed(&world, &line, &["yes"]);
    assert_eq!(code, 0, "{shown}");
    assert!(looker.ids(Kind::Dashboard, false).contains(&key));
}

#[test]
fn what_cannot_be_undone_is_asked_for_apart() {
    let (looker, world, somebody) = extracted();
    let key = looker.ids(Kind::Dashboard, false)[0].clone();
    let intruder = json!({ "dashboard_id": key, "type": "text", "body_text": "!" });
    let tile = somebody.done("POST", "/dashboard_elements", &intruder)["id"].as_str().unwrap().to_owned();
    let is_there = || somebody.ask("GET", &format!("/dashboard_elements/{tile}"), &Value::Null).0 == 200;
    let line = format!("restore dashboard:{key} --as-of 1 --on-conflict overwrite");
    let (code, shown) = typed(&world, &line, &["no"]);
    assert!(shown.contains("Do also what cannot be undone exactly?"), "{shown}");
    assert_eq!((code, is_there()), (3, true), "{shown}");
    let (code, shown) = typed(&world, &line, &["yes", "yes"]);
    assert_eq!((code, is_there()), (0, false), "{shown}");
}

#[test]
fn what_is_needed_and_what_refers_to_it_are_asked_about() {
    let (looker, world, somebody) = extracted();
    let [lost, holder] = [0, 1].map(|at| looker.ids(Kind::Dashboard, false)[at].clone());
    let folder = somebody.done("POST", "/folders", &json!({ "name": "Own", "parent_id": "1" }));
    let folder = folder["id"].as_str().unwrap().to_owned();
    looker.move_to(Kind::Dashboard, &lost, &folder).unwrap();
    let text = json!({ "dashboard_id": holder, "type": "text", "body_text": format!("see /dashboards/{lost} there") });
    let tile = somebody.done("POST", "/dashboard_elements", &text)["id"].as_str().unwrap().to_owned();
    world.extract("all").complete();
    somebody.done("DELETE", &format!("/folders/{folder}"), &Value::Null);
    // What lay in it went with it.
    assert!([false, true].iter().all(|trash| !looker.ids(Kind::Dashboard, *trash).contains(&lost)));

    // A yes makes a second plan of it, from what was read for the first.
    looker.reset_stats();
    let told =
        world.run(&format!("restore plan dashboard:{lost} --as-of 2 --relink --with-dependencies --json"));
    assert_eq!(told.code, 8, "{}", told.all());
    let planned = reads_and_writes(&looker.requests()).0;
    let line = format!("restore dashboard:{lost} --as-of 2");
    looker.reset_stats();
    let (_, shown) = typed(&world, &line, &["yes", "yes", "no"]);
    let (reads, writes) = reads_and_writes(&looker.requests());
    assert_eq!((reads["search_dashboards"], writes), (planned["search_dashboards"], vec![]), "{shown}");
    // Of other kinds what comes along may have to be asked for.
    let more = |(operation, calls): (&&str, &u64)| *calls > planned.get(operation).unwrap_or(&0) + 1;
    assert!(!reads.iter().any(more), "{reads:?} {planned:?}");
    let (code, shown) = typed(&world, &line, &["yes", "yes", "yes"]);
    assert_eq!(code, 0, "{shown}");
    assert!(
        shown.contains(&format!("It needs what is not there: folder {folder}. Bring it along?")),
        "{shown}"
    );
    assert!(shown.contains("Lead them to it?"), "{shown}");
    let now = somebody.get(&format!("/dashboard_elements/{tile}"))["body_text"].clone();
    assert_ne!(now, format!("see /dashboards/{lost} there"));
    assert!(shown.contains(&format!("/dashboards/{lost}")), "old and new addresses: {shown}");
}

#[test]
fn whether_to_sign_in_as_others_is_asked() {
    let looker = Looker::start(config());
    let (world, somebody) = (looker.world(), Somebody::sign_in(&looker));
    let key = looker.ids(Kind::Dashboard, false)[0].clone();
    let place = somebody.get(&format!("/dashboards/{key}"))["content_metadata_id"].clone();
    looker.set(Kind::User, "2", &[("is_disabled", "false")]).unwrap();
    somebody.become_user("2").ask("POST", "/content_favorite", &json!({ "content_metadata_id": place }));
    world.extract("all").complete();
    looker.purge(Kind::Dashboard, &key).unwrap();
    let favorites = || {
        let of = somebody.get("/content_favorite/search?user_id=2");
        let of = of.as_array().unwrap().iter().filter(|one| one["dashboard_id"].is_string());
        of.count()
    };
    let before = favorites();
    let line = format!("restore dashboard:{key} --as-of 1");
    let question = "Sign in as each of them and set them again?";

    looker.reset_stats();
    let (code, shown) = typed(&world, &line, &["no", "no", "no"]);
    assert!(code == 0 || code == 8, "{shown}");
    assert!(shown.replace("\r\n", " ").contains(question), "{shown}");
    assert_eq!(looker.stats().by_operation.get("login_user"), None, "{shown}");

    let (code, shown) = typed(&world, &line, &["no", "yes", "yes"]);
    assert_eq!(code, 0, "{shown}");
    assert_eq!(favorites(), before + 1, "{shown}");
}
