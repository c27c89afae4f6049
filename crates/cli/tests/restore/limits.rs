//! `restore` by an account that may not do everything, and to an instance of another
//! release: what cannot be written is known before, and named.

use looker_sim::{Account, DeniedAs, Kind, SimConfig};
use serde_json::{Value, json};

use crate::support::World;
use crate::support::api::Somebody;
use crate::support::front::{Front, Instead};
use crate::support::looker::Looker;

fn config() -> SimConfig {
    SimConfig { seed: 31, dashboards: 12, looks: 6, folders: 4, users: 4, ..SimConfig::default() }
}

const AS_IT_WAS: &str = "--as-of 1 --yes --on-conflict overwrite --allow-irreversible";

/// A world with an instance in its vault that may be replaced by another one.
fn extracted() -> (Looker, Front, World) {
    let looker = Looker::start(config());
    let front = Front::before(looker.port(), |_| None);
    let world = looker.world_at(&front.url());
    world.extract("all").complete();
    (looker, front, world)
}

/// The same instance, as an account sees it that may do this; a dashboard and a folder
/// were renamed.
fn permitted(front: &Front, permissions: &[&str]) -> (Looker, String, String) {
    let permissions = permissions.iter().map(|name| (*name).to_owned()).collect();
    let looker = Looker::start(SimConfig { account: Account::Permitted { permissions }, ..config() });
    let dashboard = looker.ids(Kind::Dashboard, false)[0].clone();
    let folder = looker.shared_folder_ids()[1].clone();
    looker.set(Kind::Dashboard, &dashboard, &[("title", r#""Wrecked""#)]).unwrap();
    looker.set(Kind::Folder, &folder, &[("name", r#""Wrecked""#)]).unwrap();
    front.lead_to(looker.port());
    (looker, dashboard, folder)
}

fn calls(looker: &Looker, operation: &str) -> u64 {
    looker.stats().by_operation.get(operation).copied().unwrap_or(0)
}

const READS: [&str; 4] = ["access_data", "see_looks", "see_user_dashboards", "explore"];

#[test]
fn what_the_account_may_not_do_is_blocked_and_the_rest_goes_on() {
    let (_all, front, world) = extracted();
    let (looker, dashboard, folder) =
        permitted(&front, &[&READS[..], &["see_users", "save_content"]].concat());
    let selection = format!("dashboard:{dashboard} folder:{folder}");
    looker.reset_stats();
    let plan = world.run(&format!("restore plan {selection} --as-of 1 --on-conflict overwrite --json"));
    assert_eq!(plan.code, 3, "{}", plan.all());
    let plan = plan.report();
    let action = |kind: &str| {
        let objects = plan["objects"].as_array().unwrap();
        objects.iter().find(|object| object["kind"] == kind).unwrap()["action"].clone()
    };
    assert_eq!(action("dashboards"), "update");
    assert_eq!(action("folders"), json!({ "blocked": "the account lacks the permission manage_spaces" }));
    let steps = plan["steps"].as_array().unwrap().iter();
    let written: Vec<&str> = steps.map(|step| step["resource"].as_str().unwrap()).collect();
    assert_eq!(written, ["dashboards"]);
    // Whose key it is the vault knows; its roles take one call, the document one for nothing.
    let asked = ["me", "user_roles", "api_spec"].map(|operation| calls(&looker, operation));
    assert_eq!(asked, [0, 1, 1]);

    let report = world.run(&format!("restore {selection} {AS_IT_WAS} --json"));
    assert_eq!(report.code, 3, "not all of it was done: {}", report.all());
    let names = |kind: Kind| {
        looker.export(kind).into_iter().map(|(_, body)| String::from_utf8_lossy(&body).into_owned())
    };
    assert!(!names(Kind::Dashboard).any(|body| body.contains(r#""title":"Wrecked""#)));
    assert!(names(Kind::Folder).any(|body| body.contains(r#""name":"Wrecked""#)));
    assert_eq!(calls(&looker, "update_folder"), 0, "it was not tried");

    // Where nothing can be done at all nothing is begun.
    let nothing = world.run(&format!("restore folder:{folder} {AS_IT_WAS}"));
    assert_eq!(nothing.code, 3, "{}", nothing.all());
    assert!(
        nothing.out.contains("blocked: the account lacks the permission manage_spaces"),
        "{}",
        nothing.out
    );
}

#[test]
fn an_account_that_cannot_read_its_roles_is_told_so_and_tries() {
    let (_all, front, world) = extracted();
    let (looker, dashboard, _) = permitted(&front, &[&READS[..], &["save_content"]].concat());
    let line = format!("dashboard:{dashboard} --as-of 1 --on-conflict overwrite");
    let plan = world.run(&format!("restore plan {line} --json"));
    let (notes, steps) = (plan.report()["notes"].to_string(), plan.report()["steps"].clone());
    assert_eq!(steps.as_array().unwrap().len(), 1, "{}", plan.all());
    assert!(notes.contains("whether the account may do all of it is not known"), "{notes}");
    let shown = world.run(&format!("restore plan {line}"));
    assert!(shown.out.contains("note: whether the account may"), "{}", shown.out);
    let report = world.run(&format!("restore dashboard:{dashboard} {AS_IT_WAS} --json"));
    assert_eq!(report.code, 0, "{}", report.all());
    assert_eq!(calls(&looker, "update_dashboard"), 1);
}

/// A dashboard with a tile of its own.
fn with_tile(looker: &Looker, somebody: &Somebody) -> (String, String) {
    let all = looker.ids(Kind::Dashboard, false).into_iter();
    let mut tiles =
        all.map(|id| (somebody.get(&format!("/dashboards/{id}?fields=dashboard_elements(id)")), id));
    let first = |(document, id): (Value, String)| {
        Some((id, document["dashboard_elements"][0]["id"].as_str()?.to_owned()))
    };
    tiles.find_map(first).unwrap()
}

#[test]
fn fields_of_a_newer_release_come_back() {
    let looker = Looker::start(SimConfig {
        new_fields: vec![("Dashboard", "mood"), ("DashboardElement", "density")],
        ..config()
    });
    let (world, somebody) = (looker.world(), Somebody::sign_in(&looker));
    let (dashboard, tile) = with_tile(&looker, &somebody);
    let dress = |mood: Value, density: Value| {
        somebody.done("PATCH", &format!("/dashboards/{dashboard}"), &json!({ "mood": mood }));
        somebody.done("PATCH", &format!("/dashboard_elements/{tile}"), &json!({ "density": density }));
    };
    // No document declares this one, so nobody can write it.
    looker.set(Kind::Dashboard, &dashboard, &[("rumour", "1")]).unwrap();
    dress(json!({ "level": [1.5, null] }), json!("cosy"));
    world.extract("all").complete();
    dress(Value::Null, json!("dense"));
    looker.set(Kind::Dashboard, &dashboard, &[("rumour", "2")]).unwrap();

    let report = world.run(&format!("restore dashboard:{dashboard} {AS_IT_WAS} --json"));
    assert_eq!(report.code, 0, "{}", report.all());
    let object = report.report()["objects"][0].clone();
    assert_eq!((&object["exact"], &object["refused"]), (&json!(true), &json!([])));
    assert_eq!(object["not_accepted"], json!([]));
    assert!(object["made_by_looker"].as_array().unwrap().contains(&json!("rumour")), "{object}");
    let after = somebody.get(&format!("/dashboards/{dashboard}"));
    assert_eq!(after["mood"], json!({ "level": [1.5, null] }));
    let tiles = after["dashboard_elements"].as_array().unwrap();
    assert_eq!(tiles.iter().find(|one| one["id"] == tile).unwrap()["density"], "cosy");
    assert_eq!(after["rumour"], 2);
}

#[test]
fn fields_that_the_release_lacks_are_not_sent_and_named() {
    let looker = Looker::start(SimConfig { missing_fields: vec![("Dashboard", "description")], ..config() });
    let (world, somebody) = (looker.world(), Somebody::sign_in(&looker));
    let dashboard = looker.ids(Kind::Dashboard, false)[0].clone();
    let set = |description: &str, title: &str| {
        let members = [("description", description), ("title", title)];
        looker.set(Kind::Dashboard, &dashboard, &members).unwrap();
    };
    set(r#""Told once""#, r#""As it was""#);
    world.extract("all").complete();
    set("null", r#""Wrecked""#);
    let not_sent = "description is not sent: the instance's release does not take it";
    let report = world.run(&format!("restore dashboard:{dashboard} {AS_IT_WAS} --json"));
    assert_eq!(report.code, 0, "{}", report.all());
    let object = report.report()["objects"][0].clone();
    assert_eq!(object["notes"], json!([not_sent]));
    // What could not be written is not what it was, though nothing is left to do.
    assert_eq!((&object["exact"], &object["refused"]), (&json!(false), &json!([])), "{object}");
    assert_eq!(object["not_accepted"], json!(["description"]));
    assert!(!object["made_by_looker"].as_array().unwrap().contains(&json!("description")), "{object}");
    let after = somebody.get(&format!("/dashboards/{dashboard}"));
    assert_eq!((&after["title"], &after["description"]), (&json!("As it was"), &Value::Null));

    set("null", r#""Wrecked""#);
    let shown = world.run(&format!("restore dashboard:{dashboard} {AS_IT_WAS}"));
    assert!(shown.out.contains(not_sent), "{}", shown.out);
    assert!(
        shown.out.contains("not written, since the instance does not take it: description"),
        "{}",
        shown.out
    );
    // What is left cannot be written, so there is nothing to do.
    let plan = world.run(&format!("restore plan dashboard:{dashboard} --as-of 1 --json"));
    assert_eq!(plan.report()["steps"], json!([]), "{}", plan.all());
}

#[test]
fn an_instance_without_its_document_is_written_by_the_table() {
    let looker = Looker::start(SimConfig { missing_endpoints: vec!["api_spec".to_owned()], ..config() });
    let (world, somebody) = (looker.world(), Somebody::sign_in(&looker));
    world.extract("all").complete();
    let dashboard = looker.ids(Kind::Dashboard, false)[0].clone();
    somebody.done("PATCH", &format!("/dashboards/{dashboard}"), &json!({ "title": "Wrecked" }));
    let report = world.run(&format!("restore dashboard:{dashboard} {AS_IT_WAS} --json"));
    assert_eq!(report.code, 0, "{}", report.all());
    let notes = report.report()["notes"].to_string();
    assert!(notes.contains("the instance's API document cannot be read"), "{notes}");
    assert_ne!(somebody.get(&format!("/dashboards/{dashboard}"))["title"], "Wrecked");
}

#[test]
fn a_refusal_is_shown_with_its_fields_and_what_to_do() {
    let looker = Looker::start(config());
    let front = Front::before(looker.port(), |exchange| {
        let body = json!({
            "message": "Validation Failed", "documentation_url": "https://docs.example",
            "errors": [{ "field": "title", "code": "invalid", "message": "title is too plain" }],
        });
        let is_write = exchange.request.starts_with("PATCH /api/4.0/dashboards/");
        is_write.then(|| Instead::json(422, body.to_string()))
    });
    let world = looker.world_at(&front.url());
    world.extract("all").complete();
    let dashboard = looker.ids(Kind::Dashboard, false)[0].clone();
    looker.set(Kind::Dashboard, &dashboard, &[("title", r#""Wrecked""#)]).unwrap();
    let report = world.run(&format!("restore dashboard:{dashboard} {AS_IT_WAS}"));
    let shown = world.run("restore failed show");
    for text in [&report.out, &shown.out] {
        assert!(text.contains("Validation Failed") && text.contains("title: title is too plain"), "{text}");
        assert!(text.contains("`lookervault restore failed retry 1`"), "{text}");
    }
    assert_eq!(report.code, 3, "{}", report.all());
}

#[test]
fn a_refused_permission_is_named() {
    let (_all, front, world) = extracted();
    let denied = vec!["update_dashboard".to_owned()];
    let looker = Looker::start(SimConfig { denied, denied_as: DeniedAs::Forbidden, ..config() });
    front.lead_to(looker.port());
    let dashboard = looker.ids(Kind::Dashboard, false)[0].clone();
    looker.set(Kind::Dashboard, &dashboard, &[("title", r#""Wrecked""#)]).unwrap();
    let report = world.run(&format!("restore dashboard:{dashboard} {AS_IT_WAS}"));
    assert_eq!(report.code, 3, "{}", report.all());
    assert!(report.out.contains("give the account the permission save_content"), "{}", report.out);
}
