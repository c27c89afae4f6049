//! Folders by path and pattern, exceptions, personal folders, profiles: what they
//! read, what they cost, and what they say is gone.

use std::collections::{BTreeMap, BTreeSet};

use looker_sim::Kind;
use serde_json::{Value, json};

use super::folders::{config, content_of, nested, with_descendants};
use crate::support::content::{Key, Object, assert_same, instance, stored};
use crate::support::looker::Looker;
use crate::support::requests::is_listing;
use crate::support::{Ran, VAULT, World};

fn folders(looker: &Looker) -> Vec<Value> {
    looker.export(Kind::Folder).iter().map(|(_, body)| serde_json::from_slice(body).unwrap()).collect()
}

/// The path of a folder as a selector writes it.
fn path(looker: &Looker, id: &str) -> String {
    let folders = folders(looker);
    let mut names = Vec::new();
    let mut next = Some(id.to_owned());
    while let Some(at) = next.and_then(|id| folders.iter().find(|folder| folder["id"] == id)) {
        names.push(at["name"].as_str().unwrap_or(at["id"].as_str().unwrap()).replace('/', "\\/"));
        next = at["parent_id"].as_str().map(str::to_owned);
    }
    names.reverse();
    format!("/{}", names.join("/"))
}

/// Personal folders with all below them.
fn personal(looker: &Looker) -> Vec<String> {
    let is = |folder: &&Value| folder["is_personal"] == true || folder["is_personal_descendant"] == true;
    folders(looker).iter().filter(is).map(|folder| folder["id"].as_str().unwrap().to_owned()).collect()
}

/// Dashboards and looks of all folders but some.
fn content_but(looker: &Looker, left_out: &[String]) -> BTreeMap<Key, Object> {
    let out: BTreeSet<Key> = content_of(looker, left_out).into_keys().collect();
    let content = |key: &Key| matches!(key.0, "dashboards" | "looks");
    instance(looker).into_iter().filter(|(key, _)| content(key) && !out.contains(key)).collect()
}

/// Extracts with arguments that may hold blanks.
fn extract(world: &World, arguments: &[&str]) -> Ran {
    Ran::new(&world.command("extract --json").args(arguments).output().unwrap())
}

#[track_caller]
fn assert_reads(looker: &Looker, arguments: &[&str], folders: &[String]) -> Value {
    let world = looker.world();
    let report = extract(&world, arguments).complete();
    assert_same(&stored(&world.path(VAULT)), &content_of(looker, folders));
    assert_eq!(world.verdict(), "sound");
    report
}

#[test]
fn paths_and_patterns_mean_their_folders() {
    let looker = Looker::start(config());
    let tree = nested(&looker);
    let root = path(&looker, &tree[0]);
    for selector in [root.clone(), root.to_uppercase(), root.replace("/Shared/", "Home/")] {
        assert_reads(&looker, &["--folder", &selector], &tree[..1]);
        assert_reads(&looker, &["--folder", &selector, "-r"], &tree);
    }
    assert_reads(&looker, &["--folder", &format!("{root}/**")], &tree);
    let ids = looker.shared_folder_ids();
    let shared = with_descendants(&looker, "1");
    assert_reads(&looker, &["--folder", "/Shared/**", "--folder-ids", &ids[0]], &shared);
    let deeper = format!("{}/**", path(&looker, &tree[1]));
    let without: Vec<String> =
        tree.iter().filter(|id| !with_descendants(&looker, &tree[1]).contains(id)).cloned().collect();
    assert_reads(&looker, &["--folder", &root, "-r", "--exclude", &deeper], &without);
}

#[test]
fn a_scope_without_a_folder_left_is_refused() {
    let looker = Looker::start(config());
    let world = looker.world();
    for (arguments, kind) in [
        (["--folder", "/Shared", "--exclude", "1"], "folder.none_left"),
        (["--folder", "/Sharde", "--exclude", "1"], "folder.unknown"),
        (["--folder", "/Shared/No Such/**", "--exclude", "1"], "folder.unknown"),
    ] {
        let ran = extract(&world, &arguments);
        assert_eq!((ran.code, ran.failure()["kind"].as_str()), (2, Some(kind)), "{}", ran.all());
    }
    assert_eq!(world.json("runs")["runs"], json!([]), "no run was begun");
    let ran = extract(&world, &["--folder", "/Sharde"]);
    assert_eq!(
        ran.error()["message"],
        "no folder /Sharde is visible to this account: there is no `Sharde` at the root"
    );
    assert_eq!(ran.error()["hint"], "did you mean `/Shared`?");
}

#[test]
fn exceptions_alone_leave_out_just_those() {
    let looker = Looker::start(config());
    let tree = nested(&looker);
    let ids = looker.shared_folder_ids();
    let mut left_out = tree.clone();
    left_out.push(ids[0].clone());
    for strategy in ["auto", "scan", "per-folder"] {
        let world = looker.world();
        let path = path(&looker, &tree[0]);
        let arguments =
            ["dashboards", "looks", "--exclude", &path, "--exclude", &ids[0], "--folder-strategy", strategy];
        extract(&world, &arguments).complete();
        assert_same(&stored(&world.path(VAULT)), &content_but(&looker, &left_out));
        let again = extract(&world, &arguments).complete();
        assert!(again["kinds"].as_array().unwrap().iter().all(|kind| kind["new"] == 0 && kind["gone"] == 0));
    }
    // Kinds that lie in no folder are not narrowed.
    let world = looker.world();
    extract(&world, &["--exclude", &tree[0]]).complete();
    assert_eq!(world.json("list users --all")["count"], looker.export(Kind::User).len());
}

#[test]
fn personal_folders_can_be_left_out() {
    let looker = Looker::start(config());
    let personal = personal(&looker);
    assert!(!content_of(&looker, &personal).is_empty());
    let world = looker.world();
    world.extract("dashboards looks --no-personal").complete();
    assert_same(&stored(&world.path(VAULT)), &content_but(&looker, &personal));
    world.extract("dashboards looks --no-personal --personal").complete();
    assert_same(&stored(&world.path(VAULT)), &content_but(&looker, &[]));
    let run = &world.json("runs")["runs"][1];
    assert_eq!(run["scope"]["folders"], json!({ "ids": [], "personal": false, "recursive": false }));
    let kept: BTreeSet<&str> =
        run["options"]["left_out_folder_ids"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
    assert_eq!(kept, personal.iter().map(String::as_str).collect());
}

#[test]
fn a_few_exceptions_cost_one_stream_and_one_look_at_the_tree() {
    let looker = Looker::start(config());
    let ids = looker.shared_folder_ids();
    let world = looker.world();
    looker.reset_stats();
    let report = extract(&world, &["dashboards", "--exclude", &ids[3], "--no-trash"]).complete();
    let streams = report["streams"].as_array().unwrap();
    assert_eq!((streams.len(), &streams[0]["folder_id"]), (1, &Value::Null), "{report}");
    let requests = looker.requests();
    let of = |operation: &str| requests.iter().filter(|served| served.operation == operation).count();
    assert_eq!((of("all_folders"), requests.iter().filter(|served| is_listing(served)).count()), (1, 2));
    // Plain ids say it all: nobody asks for the tree.
    looker.reset_stats();
    looker.world().extract(&format!("dashboards --folder {}", ids[0])).complete();
    assert!(looker.requests().iter().all(|served| served.operation != "all_folders"));
}

#[test]
fn what_is_gone_is_told_only_within_the_scope() {
    let looker = Looker::start(config());
    let ids = looker.shared_folder_ids();
    let world = looker.world();
    world.extract("dashboards").complete();
    let of = |n: usize| looker.ids_in(Kind::Dashboard, &ids[n], false)[0].clone();
    let (inside, outside) = (of(1), of(0));
    looker.purge(Kind::Dashboard, &inside).unwrap();
    looker.purge(Kind::Dashboard, &outside).unwrap();
    let gone = |report: &Value| report["kinds"][0]["gone"].as_u64().unwrap();
    let path = path(&looker, &ids[0]);
    assert_eq!(gone(&extract(&world, &["dashboards", "--exclude", &path]).complete()), 1);
    let listed = |id: &str| world.run(&format!("show dashboard {id} --json")).report()["state"].clone();
    assert_eq!(listed(&outside), "live");
    assert_eq!(gone(&extract(&world, &["dashboards", "--folder", &path]).complete()), 1);
    assert_eq!(gone(&world.extract("dashboards").complete()), 0);
    assert_eq!(world.verdict(), "sound");
}

#[test]
fn an_exception_that_means_nothing_is_told_and_costs_nothing() {
    let looker = Looker::start(config());
    let world = looker.world();
    let ran = world.extract("looks --exclude /Shared/Scratch");
    ran.complete();
    assert!(
        ran.err.contains("nothing is left out for /Shared/Scratch: no folder /Shared/Scratch"),
        "{}",
        ran.err
    );
    assert_same(
        &stored(&world.path(VAULT)),
        &content_but(&looker, &[]).into_iter().filter(|(key, _)| key.0 == "looks").collect(),
    );
}

#[test]
fn a_profile_weighs_more_than_its_table_and_less_than_flags() {
    let looker = Looker::start(config());
    let ids = looker.shared_folder_ids();
    let world = looker.world();
    let file = format!(
        "[extract]\nkinds = \"looks\"\ntrash = false\npersonal = false\n\n\
         [extract.nightly]\nkinds = [\"folders\", \"dashboards\", \"looks\", \"users\"]\nfolders = [{}, '{}']\nexclude = [\"{}\"]\n",
        ids[0],
        path(&looker, &ids[1]),
        ids[1],
    );
    world.write("lookervault.toml", &file);
    world.extract("--profile nightly").complete();
    let scope = |at: usize| world.json("runs")["runs"][at]["scope"].clone();
    assert_eq!(
        scope(0),
        json!({
            "kinds": ["dashboards", "folders", "looks", "users"],
            "trash": false,
            "folders": {
                "ids": [ids[0]], "paths": [path(&looker, &ids[1])], "exclude": [ids[1]], "personal": false,
                "recursive": false,
            },
        })
    );
    assert_eq!(world.json("runs")["runs"][0]["options"]["folder_ids"], json!([ids[0]]));
    world.extract(&format!("looks --profile nightly --folder {} --personal --trash", ids[3])).complete();
    assert_eq!(scope(0)["folders"], json!({ "ids": [ids[3]], "exclude": [ids[1]], "recursive": false }));
    assert_eq!((&scope(0)["kinds"], &scope(0)["trash"]), (&json!(["looks"]), &json!(true)));
    // What the file says of folders is about other kinds.
    world.extract("users --profile nightly").complete();
    assert_eq!(scope(0)["folders"], Value::Null);

    let ran = world.extract("--profile nightli");
    let error = ran.error();
    assert_eq!((ran.code, error["kind"].as_str()), (2, Some("config.unknown_profile")), "{}", ran.all());
    assert_eq!(error["hint"], "did you mean `nightly`?");
    let checked = world.run("check --offline --profile nightly");
    insta::with_settings!({filters => vec![(r"http://127\.0\.0\.1:\d+", "[address]")]}, {
        insta::assert_snapshot!("a_profile_with_its_origins", checked.all());
    });
}
