use crate::stored::{URL, live, sample, store_run_of};
use crate::support::World;

/// Four daily runs; one dashboard changes every day, another once.
fn world() -> World {
    let world = World::new();
    for day in 1..=4 {
        let mut objects: Vec<_> = sample().into_iter().filter(|object| object.kind != "looks").collect();
        objects.push(live("dashboards", &format!(r#"{{"id":"5","title":"Busy","day":{day}}}"#)));
        objects.push(live("dashboards", &format!(r#"{{"id":"6","title":"Calm","day":{}}}"#, day / 2)));
        store_run_of(&world.path("lookervault.db"), URL, &objects, &[], &format!("2026-11-0{day}"));
    }
    world
}

#[test]
fn people_get_tables_without_bars_in_a_pipe() {
    let ran = world().run("stats");
    insta::with_settings!({filters => vec![(r"^exit 0\n--- stdout\n\d+\.\d kB", "exit 0\n--- stdout\n[size]")]}, {
        insta::assert_snapshot!(ran.all());
    });
}

#[test]
fn scripts_get_numbers_that_agree() {
    let world = world();
    let stats = world.json("stats");
    assert_eq!(stats["schema"], "lookervault.stats/1");
    let kinds = stats["kinds"].as_array().unwrap();
    let sum = |list: &serde_json::Value, member: &str| -> u64 {
        list.as_array().unwrap().iter().map(|entry| entry[member].as_u64().unwrap()).sum()
    };
    let ours = rusqlite::Connection::open(world.path("lookervault.db")).unwrap();
    let number = |sql: &str| ours.query_row(sql, (), |row| row.get::<_, i64>(0)).unwrap().cast_unsigned();
    assert_eq!(sum(&stats["kinds"], "bodies"), number("SELECT count(*) FROM body"));
    assert_eq!(sum(&stats["kinds"], "stored_bytes"), number("SELECT sum(length(data)) FROM body"));
    assert_eq!(sum(&stats["growth"], "stored_bytes"), number("SELECT sum(length(data)) FROM body"));
    assert_eq!(sum(&stats["growth"], "versions"), number("SELECT count(*) FROM version"));
    let copies = "SELECT sum(b.raw_len) FROM version v JOIN body b ON b.id = v.body JOIN run r
        ON r.id >= v.from_run AND (v.until_run IS NULL OR r.id < v.until_run)";
    assert_eq!(stats["copied_bytes"], number(copies));
    assert!(kinds.iter().all(|kind| kind["copied_bytes"].as_u64() >= kind["raw_bytes"].as_u64()));
    let changed = &stats["most_changed"];
    let most: Vec<_> =
        changed.as_array().unwrap().iter().map(|object| (&object["id"], &object["changes"])).collect();
    assert_eq!(most, [(&"5".into(), &3.into()), (&"6".into(), &2.into())]);
    assert_eq!(stats["biggest"][0]["id"], "1012");
    assert!(world.json("stats --kind looks")["most_changed"].as_array().unwrap().is_empty());
}

#[test]
fn prunes_are_told() {
    let world = world();
    let dropped = world.json("prune --keep-last 1");
    let prune = &world.json("stats")["prunes"][0];
    assert_eq!((&prune["runs"], &prune["rules"]["keep_last"]), (&serde_json::json!([1, 2, 3]), &1.into()));
    for member in ["versions", "bodies", "bytes", "gone_objects"] {
        assert_eq!(prune[member], dropped[member], "{member}");
    }
    let ran = world.run("stats");
    assert!(ran.out.contains("Prunes") && ran.out.contains("\"keep_last\":1"), "{}", ran.out);
}
