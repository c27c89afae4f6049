use crate::stored::{URL, gap, sample, store, store_run};
use crate::support::World;

#[test]
fn a_sound_vault_is_called_so() {
    let world = World::new();
    store(&world.path("lookervault.db"), URL, &sample());
    let ran = world.run("verify");
    assert_eq!((ran.code, ran.err.as_str()), (0, ""));
    assert!(ran.out.contains("\nThe vault is sound. Checked "), "{}", ran.out);
    assert!(ran.out.contains("7 objects"), "{}", ran.out);
    let document = world.json("verify");
    assert_eq!(
        (document["schema"].as_str(), document["verdict"].as_str()),
        (Some("lookervault.verify/1"), Some("sound"))
    );
    assert_eq!(document["objects"], 7);
}

#[test]
fn gaps_are_reported_and_are_no_damage() {
    let world = World::new();
    store_run(&world.path("lookervault.db"), URL, &sample(), &[gap()]);
    let ran = world.run("verify");
    assert_eq!(ran.code, 0, "{}", ran.all());
    assert!(ran.out.contains("gap: "), "{}", ran.out);
    assert_eq!(world.json("verify")["verdict"], "sound_with_gaps");
}

#[test]
fn damage_has_its_own_exit_code() {
    let world = World::new();
    let path = world.path("lookervault.db");
    store(&path, URL, &sample());
    let connection = rusqlite::Connection::open(&path).unwrap();
    let spoilt =
        connection.execute("UPDATE body SET data = zeroblob(length(data)) WHERE rowid = 1", ()).unwrap();
    assert_eq!(spoilt, 1);
    drop(connection);
    let ran = world.run("verify");
    assert_eq!(ran.code, 5, "{}", ran.all());
    assert!(ran.out.contains("damage: ") && ran.out.contains("The vault is damaged."), "{}", ran.out);
    let ran = world.run("verify --json");
    assert_eq!(ran.code, 5);
    let document: serde_json::Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!(document["verdict"], "damaged");
    assert!(document["findings"][0]["damage"].as_bool().unwrap());
}

#[test]
fn a_quick_look_reads_no_bodies_but_every_other_row() {
    let world = World::new();
    let path = world.path("lookervault.db");
    store(&path, URL, &sample());
    let ran = world.run("verify --quick");
    assert_eq!(ran.code, 0, "{}", ran.all());
    assert!(ran.out.contains("Checked all but the content of bodies, 7 objects"), "{}", ran.out);
    let quick = world.json("verify --quick");
    assert_eq!((&quick["read_data"], &quick["bodies"]), (&false.into(), &0.into()));
    assert_eq!(world.json("verify --read-data"), world.json("verify"));
    assert_eq!(world.run("verify --quick --read-data").code, 2);
    let connection = rusqlite::Connection::open(&path).unwrap();
    connection.execute("UPDATE version SET title = 'Other' WHERE id = 4", ()).unwrap();
    drop(connection);
    let ran = world.run("verify --quick");
    assert_eq!(ran.code, 5, "{}", ran.all());
    assert!(ran.out.contains("where: version"), "{}", ran.out);
}

#[test]
fn what_is_no_vault_is_refused() {
    let world = World::new();
    world.write("lookervault.db", "this is a text file, not a database, and long enough to look like one");
    let ran = world.run("verify");
    assert_eq!(ran.code, 1, "{}", ran.all());
    assert!(ran.err.contains("is not a vault"), "{}", ran.err);
}
