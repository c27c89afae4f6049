//! What refers to what, kept by an extraction and brought up to date by the next.

use std::collections::BTreeSet;

use looker_sim::{DeniedAs, Kind, SimConfig};
use rusqlite::Connection;
use serde_json::Value;
use vault::{Side, Vault};

use super::instances::{looker, world};
use crate::support::front::{Front, Instead};
use crate::support::looker::Looker;
use crate::support::{Ran, VAULT, World};

/// Looks that tiles of live dashboards show, as the instance says.
fn shown_looks(looker: &Looker) -> BTreeSet<String> {
    let trashed = looker.ids(Kind::Dashboard, true);
    let dashboards = looker.export(Kind::Dashboard).into_iter().filter(|(id, _)| !trashed.contains(id));
    let documents = dashboards.map(|(_, document)| serde_json::from_slice::<Value>(&document).unwrap());
    let looks = documents.flat_map(|document| {
        let tiles = document["dashboard_elements"].as_array().unwrap().clone();
        tiles.into_iter().filter_map(|tile| tile["look_id"].as_str().map(str::to_owned))
    });
    looks.collect()
}

fn referred_looks(world: &World) -> BTreeSet<String> {
    let reader = Vault::open_for_reading(&world.path(VAULT)).unwrap();
    let instance = reader.instances().unwrap()[0].id;
    reader.referred_keys(instance, "looks", &[Side::Live]).unwrap().into_iter().collect()
}

#[test]
fn the_vault_knows_which_looks_are_shown_and_learns_it_again() {
    let looker = Looker::start(SimConfig { dashboards: 60, looks: 20, ..SimConfig::default() });
    let world = looker.world();
    world.extract("dashboards looks roles").complete();
    let shown = shown_looks(&looker);
    assert!(shown.len() > 3, "{shown:?}");
    assert_eq!(referred_looks(&world), shown);

    // As a vault is that was written before references were kept.
    let sqlite = Connection::open(world.path(VAULT)).unwrap();
    let before = "DELETE FROM reference; DELETE FROM reference_rules;
        UPDATE seal SET sum = zeroblob(16) WHERE name = 'reference_rules'";
    sqlite.execute_batch(before).unwrap();
    drop(sqlite);
    world.extract("roles").complete();
    assert_eq!(referred_looks(&world), shown);
    assert_eq!(world.verdict(), "sound");
}

/// What `verify --references` says of the one instance of a vault.
fn verified(world: &World) -> Value {
    let ran = world.run("verify --references --json");
    assert_eq!(ran.code, 0, "{}", ran.all());
    let instances = ran.report()["references"].as_array().unwrap().clone();
    assert_eq!(instances.len(), 1);
    instances[0].clone()
}

/// Why references to a kind were not checked.
fn unchecked<'a>(references: &'a Value, kind: &str) -> Option<&'a str> {
    let all = references["unchecked"].as_array().unwrap();
    all.iter().find(|left| left["kind"] == kind).map(|left| left["reason"].as_str().unwrap())
}

/// The keys of a kind that lead nowhere.
fn nowhere(references: &Value, kind: &str) -> BTreeSet<String> {
    let named = references["named"].as_array().unwrap().iter();
    named.filter(|one| one["kind"] == kind).map(|one| one["id"].as_str().unwrap().to_owned()).collect()
}

/// Live dashboards with a tile that shows one of these looks.
fn dashboards_that_show(looker: &Looker, look: &str) -> BTreeSet<String> {
    let shows = |id: &String| {
        let document = looker.export(Kind::Dashboard).into_iter().find(|(of, _)| of == id).unwrap().1;
        let document: Value = serde_json::from_slice(&document).unwrap();
        document["dashboard_elements"].as_array().unwrap().iter().any(|tile| tile["look_id"] == look)
    };
    looker.ids(Kind::Dashboard, false).into_iter().filter(shows).collect()
}

#[test]
fn what_leads_nowhere_is_named_with_who_holds_it() {
    let looker =
        Looker::start(SimConfig { dashboards: 60, looks: 20, trash_percent: 0, ..SimConfig::default() });
    let world = looker.world();
    let gone = shown_looks(&looker).into_iter().next().unwrap();
    looker.purge(Kind::Look, &gone).unwrap();
    let holders = dashboards_that_show(&looker, &gone);
    assert!(!holders.is_empty());
    let report = world.extract("").complete();
    assert_eq!(report["references"]["unchecked"], serde_json::json!([]));
    let references = verified(&world);
    assert_eq!(references["dangling"], report["references"]["dangling"]);
    assert_eq!(nowhere(&references, "looks"), BTreeSet::from([gone.clone()]));
    let named = references["named"].as_array().unwrap();
    let look = named.iter().find(|one| one["kind"] == "looks").unwrap();
    let held_by = look["held_by"].as_array().unwrap();
    let dashboards = held_by.iter().filter(|holder| holder["kind"] == "dashboards");
    let dashboards: BTreeSet<String> =
        dashboards.map(|holder| holder["id"].as_str().unwrap().to_owned()).collect();
    assert_eq!(dashboards, holders);
    assert_eq!(look["holders"], held_by.len());
    let said = world.run("verify --references");
    assert!(said.out.contains(&format!("look {gone}, held by ")), "{}", said.all());
    // Whatever else dangles is truly not there.
    for (kind, of) in [("lookml_models", Kind::LookmlModel), ("users", Kind::User), ("folders", Kind::Folder)]
    {
        let there: BTreeSet<String> = looker.ids(of, false).into_iter().collect();
        assert!(nowhere(&references, kind).is_disjoint(&there), "{kind}");
    }
}

/// The first element of a kind's documents for which there is one, with the document's id.
fn first<T>(looker: &Looker, kind: Kind, wanted: impl Fn(&Value) -> Option<T>) -> (String, T) {
    let documents = looker.export(kind).into_iter();
    let mut found = documents
        .filter_map(|(id, document)| Some((id, wanted(&serde_json::from_slice(&document).unwrap())?)));
    found.next().unwrap()
}

/// Takes a part out of one of a dashboard's lists, as nothing else is changed.
fn take_out(looker: &Looker, dashboard: &str, list: &str, part: &str) {
    let (_, document) = looker.export(Kind::Dashboard).into_iter().find(|(id, _)| id == dashboard).unwrap();
    let document: Value = serde_json::from_slice(&document).unwrap();
    let rest: Vec<&Value> =
        document[list].as_array().unwrap().iter().filter(|element| element["id"] != part).collect();
    assert_eq!(rest.len() + 1, document[list].as_array().unwrap().len());
    let rest = serde_json::to_string(&rest).unwrap();
    let updated = r#""2031-05-01T00:00:00.000Z""#;
    looker.set(Kind::Dashboard, dashboard, &[(list, &rest), ("updated_at", updated)]).unwrap();
}

fn text(value: &Value) -> Option<String> {
    value.as_str().map(str::to_owned)
}

/// Tiles, tabs and names are no objects, and may be gone like them.
#[test]
fn a_tile_a_tab_and_a_datagroup_that_are_gone_are_named_with_who_holds_them() {
    let looker = Looker::start(SimConfig {
        dashboards: 60,
        alerts: 30,
        plans: 120,
        trash_percent: 0,
        ..SimConfig::default()
    });
    let world = looker.world();
    let whole = world.extract("").complete()["references"].clone();
    for part in ["dashboard_elements", "dashboard_layouts", "datagroup_names"] {
        assert!(nowhere(&whole, part).is_empty() && unchecked(&whole, part).is_none(), "{whole}");
    }

    let (alert, (dashboard, tile)) = first(&looker, Kind::Alert, |alert| {
        alert["lookml_dashboard_id"].is_null().then_some(())?;
        Some((text(&alert["investigative_content_id"])?, text(&alert["dashboard_element_id"])?))
    });
    take_out(&looker, &dashboard, "dashboard_elements", &tile);
    let (plan, (tabbed, tab)) = first(&looker, Kind::ScheduledPlan, |plan| {
        (plan["enabled"] == true).then_some(())?;
        Some((text(&plan["dashboard_id"])?, text(&plan["tab_ids"][0])?))
    });
    take_out(&looker, &tabbed, "dashboard_layouts", &tab);
    let (_, datagroup) = first(&looker, Kind::ScheduledPlan, |plan| {
        (plan["enabled"] == true).then(|| text(&plan["datagroup"]))?
    });
    let all = looker.export(Kind::Datagroup).into_iter();
    for (id, _) in all.filter(|(_, body)| String::from_utf8_lossy(body).contains(&datagroup)) {
        looker.set(Kind::Datagroup, &id, &[("name", r#""renamed""#)]).unwrap();
    }
    world.extract("dashboards scheduled_plans alerts datagroups").complete();
    let references = verified(&world);
    assert_eq!(nowhere(&references, "dashboard_elements"), BTreeSet::from([tile.clone()]), "{references}");
    assert!(nowhere(&references, "dashboard_layouts").contains(&tab), "{references}");
    assert_eq!(nowhere(&references, "datagroup_names"), BTreeSet::from([datagroup.clone()]));
    let said = world.run("verify --references");
    for line in [
        format!("tile {tile}, held by alert {alert}"),
        format!("tab {tab}, held by scheduled_plan {plan}"),
        format!("datagroup {datagroup}, held by scheduled_plan"),
    ] {
        assert!(said.out.contains(&line), "{line}: {}", said.all());
    }
}

/// Who is gone, and changed something last, is named; nothing hangs on it.
#[test]
fn who_changed_something_last_is_followed_and_binds_nothing() {
    let looker = Looker::start(SimConfig { dashboards: 20, trash_percent: 0, ..SimConfig::default() });
    let world = looker.world();
    let dashboard = looker.ids(Kind::Dashboard, false)[0].clone();
    looker.set(Kind::Dashboard, &dashboard, &[("last_updater_id", r#""987654""#)]).unwrap();
    let references = world.extract("").complete()["references"].clone();
    assert!(nowhere(&references, "users").contains("987654"), "{references}");
    let reader = Vault::open_for_reading(&world.path(VAULT)).unwrap();
    let instance = reader.instances().unwrap()[0].id;
    assert!(reader.referrers(instance, "users", "987654").unwrap().is_empty());
}

#[test]
fn what_looker_brings_along_does_not_dangle() {
    let looker = Looker::start(SimConfig { dashboards: 10, ..SimConfig::default() });
    let world = looker.world();
    let set = looker.ids(Kind::ModelSet, false).pop().unwrap();
    looker.set(Kind::ModelSet, &set, &[("models", r#"["system__activity","no_such_model"]"#)]).unwrap();
    let report = world.extract("").complete();
    assert_eq!(report["references"]["built_in"], 1, "{}", report["references"]);
    assert!(nowhere(&report["references"], "lookml_models").contains("no_such_model"));
    assert!(!nowhere(&report["references"], "lookml_models").contains("system__activity"));
}

#[test]
fn what_was_not_read_or_read_before_is_not_called_dangling() {
    let looker = Looker::start(SimConfig { dashboards: 40, ..SimConfig::default() });
    let world = looker.world();
    let ran: Ran = world.extract("dashboards");
    let references = ran.complete()["references"].clone();
    assert_eq!(
        (&references["dangling"], &references["named"]),
        (&serde_json::json!([]), &serde_json::json!([]))
    );
    for kind in ["users", "folders", "looks", "lookml_models"] {
        assert_eq!(unchecked(&references, kind), Some("never read"), "{references}");
    }
    let folder = looker.shared_folder_ids()[0].clone();
    world.extract(&format!("looks --folder-ids {folder}")).complete();
    assert_eq!(unchecked(&verified(&world), "looks"), Some("only read in part"));

    // A model that is made after models were read, and used at once.
    world.extract("lookml_models model_sets").complete();
    let set = looker.ids(Kind::ModelSet, false).pop().unwrap();
    looker.set(Kind::ModelSet, &set, &[("models", r#"["made_today"]"#)]).unwrap();
    let report = world.extract("model_sets").complete();
    let reason = unchecked(&report["references"], "lookml_models");
    assert_eq!(reason, Some("last read by run 3, before what refers to them"));
    let references = world.extract("lookml_models").complete()["references"].clone();
    assert!(nowhere(&references, "lookml_models").contains("made_today"), "{references}");
    assert_eq!(unchecked(&references, "lookml_models"), None);
}

#[test]
fn a_closed_kind_is_not_called_dangling() {
    let looker = Looker::start(SimConfig {
        dashboards: 10,
        denied: vec!["all_connections".into()],
        denied_as: DeniedAs::Forbidden,
        ..SimConfig::default()
    });
    let world = looker.world();
    let report = world.extract("").complete();
    assert_eq!(unchecked(&report["references"], "connections"), Some("closed to the account"));
    // A vault of before counts what is closed as read, and notes no refusals.
    let vault = Connection::open(world.path(VAULT)).unwrap();
    vault.execute("DELETE FROM refused", ()).unwrap();
    let as_read = "INSERT INTO kind_read (instance, kind, run, read_at)
         SELECT instance, 'connections', id, ended_at FROM run ORDER BY id DESC LIMIT 1";
    assert_eq!(vault.execute(as_read, ()).unwrap(), 1);
    let report = world.extract("").complete();
    assert!(report["rested"].as_array().unwrap().iter().any(|rested| rested["kind"] == "connections"));
    assert_eq!(unchecked(&report["references"], "connections"), Some("closed to the account"));
}

/// What is there, and may not be seen, leads somewhere.
#[test]
fn what_is_refused_by_itself_is_not_called_dangling() {
    let looker = Looker::start(SimConfig { dashboards: 60, ..SimConfig::default() });
    let trashed = looker.ids(Kind::Dashboard, true);
    let mut dashboards = looker.export(Kind::Dashboard).into_iter().filter(|(id, _)| !trashed.contains(id));
    let merged = dashboards.find_map(|(_, document)| {
        let document: Value = serde_json::from_slice(&document).unwrap();
        let mut tiles = document["dashboard_elements"].as_array().unwrap().iter();
        tiles.find_map(|tile| tile["merge_result_id"].as_str().map(str::to_owned))
    });
    let path = format!("/merge_queries/{} ", merged.unwrap());
    let front = Front::before(looker.port(), move |exchange| {
        exchange.request.contains(&path).then(|| Instead::error(403, "Permission Denied"))
    });
    let world = looker.world_at(&front.url());
    let references = world.extract("all").complete()["references"].clone();
    assert!(nowhere(&references, "merge_queries").is_empty(), "{references}");
    assert_eq!(unchecked(&references, "merge_queries"), Some("refused to the account"), "{references}");
}

#[test]
fn of_a_kind_that_a_pruned_run_read_nothing_is_concluded() {
    let looker = Looker::start(SimConfig { dashboards: 10, ..SimConfig::default() });
    let world = looker.world();
    world.extract("").complete();
    world.extract("").complete();
    assert_eq!(world.run("prune --keep-last 1").code, 0);
    // Models are read weekly: by the run that was pruned.
    for line in ["", "dashboards"] {
        let references = world.extract(line).complete()["references"].clone();
        let reason = unchecked(&references, "lookml_models");
        assert_eq!(reason, Some("last read by run 1, which was pruned"), "{references}");
    }
    let references = world.extract("lookml_models").complete()["references"].clone();
    assert_eq!(unchecked(&references, "lookml_models"), None, "{references}");
}

#[test]
fn what_an_allowance_leaves_for_later_is_not_called_dangling() {
    let looker = Looker::start(SimConfig { dashboards: 10, looks: 60, folders: 50, ..SimConfig::default() });
    let mut world = looker.world();
    world.set("LOOKERVAULT_MONTHLY_CALLS", "10000");
    let report = world.extract("looks users folders queries").complete();
    let left =
        report["spread"].as_array().unwrap().iter().find(|spread| spread["kind"] == "queries").unwrap();
    let left = left["missing"].as_u64().unwrap();
    assert!(left > 0, "{report}");
    let reason = format!("{left} are left for later runs");
    assert_eq!(unchecked(&report["references"], "queries"), Some(reason.as_str()));
    assert!(nowhere(&report["references"], "queries").is_empty());
}

#[test]
fn what_one_instance_left_for_later_says_nothing_of_another() {
    let many = SimConfig { dashboards: 10, looks: 60, folders: 50, ..SimConfig::default() };
    let (prod, staging) = (Looker::start(many), looker(2, 5));
    let mut world = world(&prod, &staging);
    world.set("LOOKERVAULT_MONTHLY_CALLS", "10000");
    let kinds = "looks users folders queries";
    let report = world.extract(&format!("{kinds} --instance prod")).complete();
    let spread = report["spread"].as_array().unwrap();
    let left = spread.iter().find(|spread| spread["kind"] == "queries").unwrap()["missing"].as_u64().unwrap();
    assert!(left > 0, "{report}");
    let other = world.extract("looks users folders --instance staging").complete();
    let reason = unchecked(&other["references"], "queries").map(str::to_owned);
    assert_ne!(reason, None, "{other}");
    // Whichever ran last, each is told what is true of it.
    for last in ["staging", "prod"] {
        world.extract(&format!("roles --instance {last}")).complete();
        let ran = world.run("verify --references --json");
        assert_eq!(ran.code, 0, "{}", ran.all());
        let report = ran.report();
        let of = |looker: &Looker| {
            let instances = report["references"].as_array().unwrap();
            instances.iter().find(|one| one["instance"] == looker.url()).unwrap_or_else(|| panic!("{report}"))
        };
        let of_prod = format!("{left} are left for later runs");
        assert_eq!(unchecked(of(&prod), "queries"), Some(of_prod.as_str()), "{last}");
        assert_eq!(unchecked(of(&staging), "queries"), reason.as_deref(), "{last}");
    }
}
