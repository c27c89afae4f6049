//! What hangs on content without being part of it comes back too: links to it in texts,
//! and its certification.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on must fail")]

mod support;

use looker_sim::{Kind, SimConfig};
use serde_json::{Value, json};

use support::World;
use support::api::Somebody;
use support::looker::Looker;

const AS_IT_WAS: &str = "--as-of 1 --yes --on-conflict overwrite --allow-irreversible --json";

fn looker() -> (Looker, World, Somebody) {
    let looker = Looker::start(SimConfig { seed: 3, dashboards: 12, looks: 4, ..SimConfig::default() });
    let (world, somebody) = (looker.world(), Somebody::sign_in(&looker));
    (looker, world, somebody)
}

/// The id that a restore has given to its first object.
fn new_id(report: &Value) -> String {
    report["objects"][0]["new_id"].as_str().unwrap().to_owned()
}

fn texts(dashboard: &Value) -> Vec<&str> {
    let tiles = dashboard["dashboard_elements"].as_array().unwrap().iter();
    tiles.filter_map(|tile| tile["body_text"].as_str()).filter(|text| text.contains("ours")).collect()
}

#[test]
fn links_lead_to_what_was_made_anew() {
    let (looker, world, somebody) = looker();
    let [lost, holder] = [0, 1].map(|at| looker.ids(Kind::Dashboard, false)[at].clone());
    let host = looker.url();
    let text = |id: &str| {
        format!(
            "ours: [here](/dashboards/{id}?Region=EMEA), {host}/dashboards/{id}, \
             theirs: https://bi.example.net/dashboards/{id}, a number: {id}"
        )
    };
    let tile = json!({ "dashboard_id": holder, "type": "text", "body_text": text(&lost) });
    somebody.done("POST", "/dashboard_elements", &tile);
    let own = json!({ "description": format!("See /dashboards/{lost}.") });
    somebody.done("PATCH", &format!("/dashboards/{lost}"), &own);
    world.extract("all").complete();
    looker.purge(Kind::Dashboard, &lost).unwrap();

    let plan = world.run(&format!("restore plan dashboard:{lost} --as-of 1 --json"));
    let notes = plan.report()["objects"][0]["notes"].to_string();
    assert!(notes.contains(&format!("dashboard {holder}")), "{notes}");

    let report = world.run(&format!("restore dashboard:{lost} --relink {AS_IT_WAS}"));
    assert_eq!(report.code, 0, "{}", report.all());
    let made = new_id(&report.report());
    assert_ne!(made, lost);
    let description = somebody.get(&format!("/dashboards/{made}"))["description"].clone();
    assert_eq!(description, format!("See /dashboards/{made}."));
    let held = somebody.get(&format!("/dashboards/{holder}"));
    let led = text(&lost)
        .replace(&format!("(/dashboards/{lost}"), &format!("(/dashboards/{made}"))
        .replace(&format!("{host}/dashboards/{lost}"), &format!("{host}/dashboards/{made}"));
    assert_eq!(texts(&held), [led.as_str()]);

    // Once more there is nothing to do.
    let again = world.run(&format!("restore plan dashboard:{lost} dashboard:{holder} --as-of 1 --json"));
    assert_eq!(again.report()["steps"], json!([]), "{}", again.all());
}

#[test]
fn what_was_certified_is_certified_again() {
    let (looker, world, somebody) = looker();
    let dashboards = looker.ids(Kind::Dashboard, false);
    let [edited, purged, trashed] = [0, 1, 2].map(|at| format!("/dashboards/{}", dashboards[at]));
    let look = format!("/looks/{}", looker.ids(Kind::Look, false)[0]);
    let certify = |path: &str, body: &Value| somebody.done("PATCH", &format!("{path}/certification"), body);
    let certified = json!({ "certification_status": "certified", "notes": "checked in March" });
    for path in [&edited, &purged, &trashed, &look] {
        certify(path, &certified);
    }
    world.extract("all").complete();
    for path in [&edited, &trashed, &look] {
        certify(path, &json!({ "certification_status": "revoked" }));
    }
    looker.trash(Kind::Dashboard, &dashboards[2]).unwrap();
    looker.purge(Kind::Dashboard, &dashboards[1]).unwrap();

    let objects =
        format!("dashboard:{} dashboard:{} dashboard:{}", dashboards[1], dashboards[0], dashboards[2]);
    let line = format!("restore {objects} look:{} {AS_IT_WAS}", looker.ids(Kind::Look, false)[0]);
    let report = world.run(&line);
    assert_eq!(report.code, 0, "{}", report.all());
    let purged = format!("/dashboards/{}", new_id(&report.report()));
    for path in [edited, purged, trashed, look] {
        let now = somebody.get(&path)["certification_metadata"].clone();
        for field in ["certification_status", "notes"] {
            assert_eq!(now[field], certified[field], "{path}: {now}");
        }
    }

    // What was not certified is so no longer.
    let other = format!("/dashboards/{}", dashboards[3]);
    certify(&other, &certified);
    let report = world.run(&format!("restore dashboard:{} {AS_IT_WAS}", dashboards[3]));
    assert_eq!(report.code, 0, "{}", report.all());
    assert_eq!(somebody.get(&other)["certification_metadata"]["certification_status"], "revoked");
    let again = world.run(&format!("restore plan dashboard:{} --as-of 1 --json", dashboards[3]));
    assert_eq!(again.report()["steps"], json!([]), "{}", again.all());
}
