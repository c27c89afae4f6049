use crate::stored::{URL, live, sample, store};
use crate::support::World;

fn world() -> World {
    let world = World::new();
    store(&world.path("lookervault.db"), URL, &sample());
    world
}

fn ids(world: &World, line: &str) -> Vec<String> {
    let document = world.json(line);
    let objects = document["objects"].as_array().unwrap();
    assert_eq!(document["count"].as_u64().unwrap() as usize, objects.len());
    objects.iter().map(|object| object["id"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn people_get_a_table_with_folder_paths() {
    insta::assert_snapshot!(world().run("list dashboards").all());
}

#[test]
fn scripts_get_one_entry_an_object() {
    let document = world().json("list dashboard");
    assert_eq!(document["schema"], "lookervault.list/1");
    assert_eq!((document["instance"].as_str(), document["kind"].as_str()), (Some(URL), Some("dashboards")));
    let objects = document["objects"].as_array().unwrap();
    let object = objects.iter().find(|object| object["id"] == "1012").unwrap();
    insta::assert_json_snapshot!(object);
}

#[test]
fn the_title_is_called_as_the_api_calls_it() {
    let world = world();
    assert_eq!(world.json("list users")["objects"][0]["name"], "Ada Lovelace");
    assert_eq!(world.json("ls looks")["objects"][0]["title"], "Orders");
}

#[test]
fn sides_are_chosen() {
    let world = world();
    let mut live = ids(&world, "list dashboards");
    live.sort();
    assert_eq!(live, ["1012", "99"]);
    assert_eq!(ids(&world, "list dashboards --live").len(), 2);
    assert_eq!(ids(&world, "list dashboards --trash"), ["100"]);
    assert_eq!(ids(&world, "list dashboards --all").len(), 3);
    assert!(world.run("list dashboards --all").out.contains("trash"));
}

#[test]
fn a_folder_is_named_by_id_name_or_path() {
    let world = world();
    for folder in ["7", "Finance", "finance", "Shared/Finance", "/shared/finance/"] {
        assert_eq!(ids(&world, &format!("list dashboards --folder {folder}")), ["1012"], "{folder}");
    }
    for folder in ["8", "nance", "Finance/Shared"] {
        assert!(ids(&world, &format!("list dashboards --folder {folder}")).is_empty(), "{folder}");
    }
}

#[test]
fn limit_and_offset_cut_the_list() {
    let world = world();
    let all = ids(&world, "list dashboards");
    assert_eq!(ids(&world, "list dashboards --limit 1"), all[..1]);
    assert_eq!(ids(&world, "list dashboards --offset 1 --limit 5"), all[1..]);
    assert!(ids(&world, "list dashboards --offset 9").is_empty());
}

#[test]
fn an_empty_list_is_no_failure() {
    let ran = world().run("list groups");
    assert_eq!((ran.code, ran.out.as_str(), ran.err.as_str()), (0, "", "No groups match.\n"));
}

#[test]
fn a_missing_vault_is_named() {
    let world = World::new();
    let ran = world.run("list looks --db absent.db");
    assert_eq!((ran.code, ran.out.as_str()), (1, ""));
    assert!(ran.err.contains("absent.db"), "{}", ran.err);
    assert!(!world.path("absent.db").exists(), "reading must not make a vault");
    assert_eq!(world.run("list looks --json").error()["exit_code"], 1);
}

#[test]
fn the_vault_is_found_by_flag_environment_and_file() {
    let mut world = world();
    std::fs::rename(world.path("lookervault.db"), world.path("other.db")).unwrap();
    assert_eq!(world.run("list looks").code, 1);
    assert_eq!(ids(&world, "list looks --vault other.db"), ["5"]);
    assert_eq!(ids(&world, "--db other.db list looks"), ["5"]);
    world.write("lookervault.toml", "vault = \"other.db\"");
    assert_eq!(ids(&world, "list looks"), ["5"]);
    world.set("LOOKERVAULT_DB_PATH", "nowhere.db");
    assert_eq!(world.run("list looks").code, 1);
    world.set("LOOKERVAULT_VAULT", "other.db");
    assert_eq!(ids(&world, "list looks"), ["5"]);
}

#[test]
fn one_of_several_instances_must_be_chosen() {
    let world = world();
    let other = "https://other.example.com";
    store(&world.path("lookervault.db"), other, &[live("looks", r#"{"id":"77","title":"Theirs"}"#)]);
    let ran = world.run("list looks");
    assert_eq!(ran.code, 2);
    assert!(ran.err.contains(URL) && ran.err.contains(other), "{}", ran.err);
    assert_eq!(ids(&world, &format!("list looks --instance {other}/api/4.0")), ["77"]);
    world.write("lookervault.toml", &format!("[instances.prod]\nbase_url = \"{URL}\"\n"));
    assert_eq!(ids(&world, "list looks --instance prod"), ["5"]);
    assert_eq!(ids(&world, "list looks"), ["5"], "the only configured instance is meant");
    assert_eq!(world.run("list looks --instance https://third.example.com").code, 1);
}
