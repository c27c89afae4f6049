//! `docs/json-output.md` says what the program prints: every member of every
//! document is in its table, and every line of a table is printed by somebody.

use std::collections::{BTreeMap, BTreeSet};

use looker_sim::{Kind, SimConfig};
use serde_json::Value;

use super::incremental::edit_without_stamp;
use crate::support::api::Somebody;
use crate::support::looker::Looker;
use crate::support::{Ran, World};

const PAGE: &str = include_str!("../../../../../docs/json-output.md");

/// Objects that are described in words, or by another section.
const OPEN: [&str; 28] = [
    "object",
    "account",
    "account_before",
    "scope",
    "options",
    "totals",
    "run",
    "report",
    "rules",
    "suspicions",
    "rows",
    "old",
    "new",
    "document",
    // Of plans and restores.
    "manner",
    "target",
    "as_user",
    "second",
    "body",
    "gives",
    "among",
    "ids",
    "failures",
    "plan",
    "restored",
    "planning",
    "writing",
    "reading_back",
];
/// Documented, but only in a disaster, when something changed, or of content that
/// this instance lacks.
const RARE: [&str; 13] = [
    "stopped.message",
    "most_changed[].instance",
    "most_changed[].id",
    "most_changed[].title",
    "most_changed[].changes",
    "most_changed[].changed_at",
    "objects[].changes[].place[].kind",
    "notes",
    "absent[]",
    // Of what only is led to new ids.
    "objects[].as_of",
    "not_stored[].kind",
    "not_stored[].objects",
    "not_stored[].what",
];

/// Member paths by schema, out of the page's tables.
fn documented() -> BTreeMap<String, BTreeSet<String>> {
    let mut schemas: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for section in PAGE.split("\n## ").skip(1) {
        let Some(start) = section.find("`lookervault.") else { continue };
        let schema = section[start + 1..].split('`').next().unwrap();
        let table = section.lines().skip_while(|line| !line.starts_with("| member |"));
        let rows = table.take_while(|line| line.starts_with('|'));
        let members = rows.filter_map(|row| Some(row.strip_prefix("| `")?.split_once('`')?.0.to_owned()));
        let members: BTreeSet<String> = members.collect();
        schemas.entry(schema.to_owned()).or_default().extend(members);
    }
    schemas
}

fn paths(value: &Value, path: &str, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(members) => {
            for (name, value) in members {
                let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
                if path != "schema" {
                    found.insert(path.clone());
                }
                let is_run_itself = name == "run" && !value.is_object();
                if !OPEN.contains(&name.as_str()) || is_run_itself {
                    paths(value, &path, found);
                }
            }
        }
        Value::Array(elements) => elements.iter().for_each(|value| paths(value, &format!("{path}[]"), found)),
        _ => {}
    }
}

/// Documents of every command that ends by itself, as many kinds of each as it
/// takes to see all members.
fn printed() -> Vec<Value> {
    let config =
        SimConfig { dashboards: 40, missing_endpoints: vec!["search_looks".into()], ..SimConfig::default() };
    let looker = Looker::start(config);
    let mut world = looker.world();
    let folder = world.path("");
    // One instance that answers, and one that is incomplete.
    let section = format!(
        "[instances.one]\nbase_url = \"{}\"\nclient_id = \"{}\"\nclient_secret = \"{}\"\n[instances.two]\n",
        looker.url(),
        looker.client_id(),
        looker.client_secret(),
    );
    world.write("several.toml", &section);
    world.set("TMPDIR", folder.to_str().unwrap());
    world.set("LOOKERVAULT_MONTHLY_CALLS", "10000");
    let mut ran: Vec<Ran> = [
        "--vault nothing.db extract --plan dashboards users",
        "extract folders users looks",
        "extract dashboards -b 10 --max-calls 4",
        "--config several.toml extract roles --all-instances",
        "extract dashboards --folder-ids 987654",
        "check",
        "kinds",
        "list folders --as-of latest",
        "list dashboards",
        "show user 1 --as-of 1",
        "redacted",
        "tag 1 first",
        "log --since 1 --until latest",
        "log --until now --by nobody",
        "runs",
        "extract --plan --max-calls 500",
        "runs show 1",
        "runs show 2",
        "calls --by day,run,kind,reason,ledger",
        "extract boards",
        "search sales",
        "impact --model ecommerce",
        "impact --unused looks,boards",
        "lint",
        "extract lookml_models model_sets",
        "verify",
        "verify --live users dashboards roles --all",
        "completions fish",
        "man pages",
        "show dashboard 987654",
        "extract",
        "extract",
        "prune --keep-last 1",
        "stats",
        "sql",
        "sql VALUES(1)",
        "sql --export exported.db",
        "demo --dashboards 3 --latency 0ms",
        "extract --folder-ids x",
        "extract dashboards --full",
        "--vault other.db extract dashboards",
    ]
    .map(|line| {
        if line.ends_with("--full") {
            edit_without_stamp(&looker, &looker.ids(Kind::Dashboard, false)[7], "nobody saw this");
        }
        if line.contains("--live") {
            looker.edit_dashboard(&looker.ids(Kind::Dashboard, false)[0], "edited since").unwrap();
        }
        world.run(&format!("{line} --json"))
    })
    .into();
    ran.extend(compared(&looker, &world));
    ran.extend(restored());
    // A history in which something went.
    world.run("extract groups");
    looker.purge(Kind::GroupHierarchy, &looker.ids(Kind::GroupHierarchy, false)[0]).unwrap();
    world.run("extract groups");
    ran.push(world.run("log groups --json"));
    let stored = world.json("list dashboards")["objects"][0]["id"].clone();
    ran.push(world.run(&format!("show dashboard {} --json", stored.as_str().unwrap())));
    // A suspect run: half of the dashboards are gone.
    for id in looker.ids(Kind::Dashboard, false).iter().step_by(2) {
        looker.purge(Kind::Dashboard, id).unwrap();
    }
    for line in ["extract dashboards", "runs", "runs confirm 2"] {
        ran.push(world.run(&format!("--vault other.db {line} --json")));
    }
    ran.iter()
        .flat_map(|ran| ran.out.lines().chain(ran.err.lines()))
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

/// Comparisons with objects that came, went and changed, and with parts of them.
fn compared(looker: &Looker, world: &World) -> [Ran; 3] {
    let users = looker.ids(Kind::User, false);
    looker.set(Kind::User, &users[1], &[("first_name", "\"Another\""), ("role_ids", "[\"4711\"]")]).unwrap();
    looker.purge(Kind::User, &users[2]).unwrap();
    ["extract users", "diff latest~1 latest --all", "diff 1 2 --all"]
        .map(|line| world.run(&format!("{line} --json")))
}

/// A restore of what was deleted, of what got something that it should not have, and of a
/// membership.
fn restored() -> Vec<Ran> {
    let looker = Looker::start(SimConfig { dashboards: 6, looks: 2, ..SimConfig::default() });
    let (world, somebody) = (looker.world(), Somebody::sign_in(&looker));
    let dashboards = looker.ids(Kind::Dashboard, false);
    let place = somebody.get(&format!("/dashboards/{}", dashboards[0]))["content_metadata_id"].clone();
    looker.set(Kind::User, "2", &[("is_disabled", "false")]).unwrap();
    let marked = serde_json::json!({ "content_metadata_id": place });
    somebody.become_user("2").ask("POST", "/content_favorite", &marked);
    world.extract("all").complete();
    looker.purge(Kind::Dashboard, &dashboards[0]).unwrap();
    let link = serde_json::json!({ "description": format!("/dashboards/{}", dashboards[0]) });
    somebody.done("PATCH", &format!("/dashboards/{}", dashboards[2]), &link);
    let intruder = serde_json::json!({ "dashboard_id": dashboards[1], "type": "text", "body_text": "!" });
    somebody.done("POST", "/dashboard_elements", &intruder);
    let edit = serde_json::json!({ "title": "Edited since" });
    somebody.done("PATCH", &format!("/dashboards/{}", dashboards[1]), &edit);
    let plan = somebody.get("/scheduled_plans?all_users=true")[0]["id"].as_str().unwrap().to_owned();
    somebody.done("DELETE", &format!("/scheduled_plans/{plan}"), &Value::Null);
    let users = looker.ids(Kind::User, false);
    let member = users.iter().find_map(|user| {
        let groups = somebody.get(&format!("/users/{user}"))["group_ids"].clone();
        let group = groups.as_array().unwrap().iter().find(|group| **group != "1")?.as_str()?.to_owned();
        Some((user.clone(), group))
    });
    let (user, group) = member.unwrap();
    somebody.done("DELETE", &format!("/groups/{group}/users/{user}"), &Value::Null);
    // A look whose folder is not there either.
    let look = looker.ids(Kind::Look, false)[0].clone();
    let folder = somebody.get(&format!("/looks/{look}"))["folder_id"].as_str().unwrap().to_owned();
    looker.purge(Kind::Look, &look).unwrap();
    looker.purge(Kind::Folder, &folder).unwrap();
    let select = format!(
        "dashboard:{} dashboard:{} group:{group} scheduled_plan:{plan} look:{look} --as-of 1",
        dashboards[0], dashboards[1]
    );
    let yes = "--yes --on-conflict overwrite --allow-irreversible";
    [
        format!("restore plan {select}"),
        format!("restore plan dashboard:{} --skip-existing --relink --stored-references-only", dashboards[2]),
        format!("restore plan dashboard:{} --as-of 1 --favorites", dashboards[0]),
        format!("restore {select} {yes}"),
        "restore status".to_owned(),
        "restore status 1".to_owned(),
        format!("restore rehearse dashboard:{} --damage purge", dashboards[2]),
    ]
    .map(|line| world.run(&format!("{line} --json")))
    .into()
}

#[test]
fn the_page_describes_what_is_printed() {
    let documented = documented();
    let mut printed_by: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for document in printed() {
        let schema = document["schema"].as_str().unwrap().to_owned();
        paths(&document, "", printed_by.entry(schema).or_default());
    }
    for (schema, members) in &printed_by {
        let known = documented.get(schema).unwrap_or_else(|| panic!("{schema} is not on the page"));
        let unknown: Vec<_> = members.difference(known).collect();
        assert!(unknown.is_empty(), "{schema} has members that its table lacks: {unknown:?}");
        let never: Vec<_> = known.difference(members).filter(|path| !RARE.contains(&path.as_str())).collect();
        assert!(never.is_empty(), "{schema} never has what its table lists: {never:?}");
    }
    let silent: Vec<_> = documented.keys().filter(|schema| !printed_by.contains_key(*schema)).collect();
    assert_eq!(silent, ["lookervault.sim/1"], "documents that no command printed");
}

#[test]
fn its_examples_are_json() {
    for example in PAGE.split("```json\n").skip(1) {
        let text = example.split("```").next().unwrap();
        serde_json::from_str::<Value>(text).unwrap_or_else(|error| panic!("{error} in {text}"));
    }
}

#[test]
fn the_page_starts_every_document_with_its_schema() {
    let looker = Looker::start(SimConfig { dashboards: 3, ..SimConfig::default() });
    let world: World = looker.world();
    for line in ["extract roles", "check", "kinds", "list roles", "runs", "runs show 1", "verify", "diff 1 1"]
    {
        let ran = world.run(&format!("{line} --json"));
        assert!(ran.out.starts_with(r#"{"schema":"lookervault."#), "{line}: {}", ran.out);
        assert_eq!(ran.out.lines().count(), 1, "{line}");
    }
}
