use crate::stored::{URL, gap, live, sample, store_run_of};
use crate::support::World;

/// Five daily runs, one of them incomplete: a dashboard changes every day, a look
/// is gone from the third on.
fn world() -> World {
    let world = World::new();
    for day in 1..=5 {
        let body = format!(r#"{{"id":"1012","title":"Umsätze","folder_id":"7","day":{day}}}"#);
        let mut objects: Vec<_> = sample().into_iter().filter(|object| object.kind != "dashboards").collect();
        objects.push(live("dashboards", &body));
        if day >= 3 {
            objects.retain(|object| !object.body.contains("Orders"));
            objects.push(live("looks", r#"{"id":"6","title":"Other","folder_id":"7"}"#));
        }
        let gaps = if day == 2 { vec![gap()] } else { Vec::new() };
        store_run_of(&world.path("lookervault.db"), URL, &objects, &gaps, &format!("2026-11-0{day}"));
    }
    world
}

#[test]
fn people_see_what_is_kept_and_why() {
    let world = world();
    insta::with_settings!({filters => vec![(r"\d+\.\d kB", "[size]"), (r"\d+ B\b", "[size]")]}, {
        insta::assert_snapshot!("dry_run", world.run("prune --keep-last 1 --keep-monthly 3 -n").all());
    });
    assert_eq!(world.json("runs")["runs"].as_array().unwrap().len(), 5, "a dry run changes nothing");
}

#[test]
fn what_a_dry_run_says_is_what_goes() {
    let world = world();
    let rules = "prune --keep-last 2 --keep-gone 0d";
    let (foreseen, done) = (world.json(&format!("{rules} --dry-run")), {
        let shown = world.json("show dashboard 1012");
        let done = world.run(&format!("{rules} --json"));
        assert_eq!(world.json("show dashboard 1012"), shown);
        assert_eq!(done.code, 0, "{}", done.all());
        serde_json::from_str::<serde_json::Value>(&done.out).unwrap()
    });
    for member in ["groups", "runs", "versions", "bodies", "bytes", "gone_objects"] {
        assert_eq!(foreseen[member], done[member], "{member}");
    }
    assert_eq!((&done["runs"], &done["gone_objects"]), (&3.into(), &1.into()));
    assert_eq!(done["groups"][0]["forget"], serde_json::json!([3, 2, 1]));
    let ids: Vec<i64> = world.json("runs")["runs"]
        .as_array()
        .unwrap()
        .iter()
        .map(|run| run["id"].as_i64().unwrap())
        .collect();
    assert_eq!(ids, [5, 4]);
    let ran = world.run("runs show 3");
    assert_eq!(ran.code, 1);
    assert!(ran.err.contains("run 3 was forgotten by the prune of "), "{}", ran.err);
    assert_eq!(world.json("verify")["verdict"], "sound");
    let again = world.json(rules);
    assert_eq!((&again["runs"], &again["bytes"]), (&0.into(), &0.into()));
}

#[test]
fn nothing_is_pruned_without_a_rule() {
    let world = world();
    for line in ["prune", "prune --keep-gone 0d", "prune --keep-last 0"] {
        let ran = world.run(line);
        assert_eq!((ran.code, ran.out.as_str()), (2, ""), "{line}");
        assert!(ran.err.contains("no rule says which runs are kept"), "{}", ran.err);
    }
    let ran = world.run("prune --keep-tag nobody");
    assert_eq!(ran.code, 2);
    assert!(ran.err.contains("no run is called `nobody`"), "{}", ran.err);
    for wrong in ["prune --keep-last some", "prune --keep-within 3x"] {
        assert_eq!(world.run(wrong).code, 2, "{wrong}");
    }
    assert_eq!(world.json("runs")["runs"].as_array().unwrap().len(), 5);
}

#[test]
fn a_named_run_is_kept() {
    let world = world();
    let path = world.path("lookervault.db");
    let mut vault = vault::Vault::open_for_writing(&path, "test").unwrap();
    vault.tag("before", vault::RunId::from_number(1), jiff::Timestamp::UNIX_EPOCH).unwrap();
    drop(vault);
    let done = world.json("prune --keep-tag before");
    let kept: Vec<i64> = done["groups"][0]["keep"]
        .as_array()
        .unwrap()
        .iter()
        .map(|kept| kept["run"].as_i64().unwrap())
        .collect();
    assert_eq!(kept, [5, 1]);
    assert_eq!(done["groups"][0]["keep"][1]["reasons"], serde_json::json!(["tag before"]));
}

#[test]
fn what_is_not_there_is_not_made() {
    let world = World::new();
    let ran = world.run("prune --keep-last 1");
    assert_eq!(ran.code, 1, "{}", ran.all());
    assert!(!world.path("lookervault.db").exists());
}
