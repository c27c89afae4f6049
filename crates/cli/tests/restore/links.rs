//! What hangs on content without being part of it comes back too: links to it in texts,
//! and its certification.

use looker_sim::{Kind, SimConfig};
use serde_json::{Value, json};

use crate::support::World;
use crate::support::api::Somebody;
use crate::support::looker::Looker;

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

/// Gives a dashboard a text with a link to another one.
fn link(somebody: &Somebody, holder: &str, to: &str) {
    let tile =
        json!({ "dashboard_id": holder, "type": "text", "body_text": format!("ours: /dashboards/{to}") });
    somebody.done("POST", "/dashboard_elements", &tile);
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

/// Who refers to what was made anew is led to it, and stays what it is in all else.
#[test]
fn what_is_led_to_a_new_id_is_not_restored_with_it() {
    let (looker, world, somebody) = looker();
    let [lost, holder, later] = [0, 1, 2].map(|at| looker.ids(Kind::Dashboard, false)[at].clone());
    let add = |key: &str| link(&somebody, key, &lost);
    let title = |key: &str| somebody.get(&format!("/dashboards/{key}"))["title"].clone();
    let rename = |key: &str, title: &str| {
        somebody.done("PATCH", &format!("/dashboards/{key}"), &json!({ "title": title }));
    };
    add(&holder);
    world.extract("all").complete();
    looker.purge(Kind::Dashboard, &lost).unwrap();
    // What people did since; one of the links was not there as of the first run.
    rename(&holder, "Of this week");
    rename(&later, "Of today");
    add(&later);
    world.extract("all").complete();

    let report = world.run(&format!("restore dashboard:{lost} --relink --as-of 1 --yes --json"));
    assert_eq!(report.code, 0, "{}", report.all());
    let made = new_id(&report.report());
    for (key, is_called) in [(&holder, "Of this week"), (&later, "Of today")] {
        let now = somebody.get(&format!("/dashboards/{key}"));
        assert_eq!(texts(&now), [format!("ours: /dashboards/{made}")], "{key}");
        assert_eq!(title(key), is_called);
    }
    let undone = world.run("restore undo 1 --yes --json");
    assert_eq!(undone.code, 0, "{}", undone.all());
    assert_eq!(texts(&somebody.get(&format!("/dashboards/{holder}"))), [format!("ours: /dashboards/{lost}")]);
    assert_eq!([title(&holder), title(&later)], ["Of this week", "Of today"]);
}

/// A manner is asked for what is restored, and for nothing that only refers to it.
#[test]
fn what_is_led_stays_where_it_lies_and_whose_it_is() {
    let (looker, world, somebody) = looker();
    let [lost, holder] = [0, 1].map(|at| looker.ids(Kind::Dashboard, false)[at].clone());
    let board = looker.ids(Kind::Board, false)[0].clone();
    link(&somebody, &holder, &lost);
    let holders = [format!("/dashboards/{holder}"), format!("/boards/{board}")];
    let description = json!({ "description": format!("ours: /dashboards/{lost}") });
    somebody.done("PATCH", &holders[1], &description);
    world.extract("all").complete();
    let place = |path: &str| {
        let document = somebody.get(path);
        ["folder_id", "user_id"].map(|field| document[field].clone())
    };
    let [of_lost, was @ ..] =
        [&format!("/dashboards/{lost}"), &holders[0], &holders[1]].map(|path| place(path));
    let folder = somebody.done("POST", "/folders", &json!({ "name": "Apart", "parent_id": "1" }));
    let folder = folder["id"].as_str().unwrap();
    let is_other = |id: &&String| [&of_lost, &was[0], &was[1]].iter().all(|place| place[1] != **id);
    let users = looker.ids(Kind::User, false);
    let owner = users.iter().find(is_other).unwrap();
    looker.purge(Kind::Dashboard, &lost).unwrap();

    let line = format!("restore dashboard:{lost} --into {folder} --owner {owner} --relink --yes --json");
    let report = world.run(&line);
    assert_eq!(report.code, 0, "{}", report.all());
    let made = new_id(&report.report());
    assert_eq!(place(&format!("/dashboards/{made}")), [json!(folder), json!(owner)]);
    for (path, was) in holders.iter().zip(was) {
        assert_eq!(place(path), was, "{path}");
        let now = somebody.get(path).to_string();
        assert!(now.contains(&format!("/dashboards/{made}")), "{now}");
    }
}

/// A plan that is made again leads what is there by then.
#[test]
fn what_is_led_stays_as_it_is_also_when_a_plan_is_made_again() {
    let (looker, world, somebody) = looker();
    let [lost, holder, removed] = [0, 1, 2].map(|at| looker.ids(Kind::Dashboard, false)[at].clone());
    let holder_path = format!("/dashboards/{holder}");
    for key in [&holder, &removed] {
        link(&somebody, key, &lost);
    }
    world.extract("all").complete();
    looker.purge(Kind::Dashboard, &lost).unwrap();
    let planned = world.run(&format!("restore plan dashboard:{lost} --relink --out plan.json"));
    assert_eq!(planned.code, 8, "{}", planned.all());
    somebody.done("PATCH", &holder_path, &json!({ "title": "Of today" }));
    looker.purge(Kind::Dashboard, &removed).unwrap();
    world.extract("all").complete();
    let count = looker.ids(Kind::Dashboard, false).len();

    let done = world.run("restore apply plan.json --replan --yes --json");
    assert_eq!(done.code, 0, "{}", done.all());
    let made = new_id(&done.report());
    let now = somebody.get(&holder_path);
    assert_eq!(now["title"], "Of today");
    assert_eq!(texts(&now), [format!("ours: /dashboards/{made}")]);
    assert_eq!(looker.ids(Kind::Dashboard, false).len(), count + 1, "nothing else is made");
}

/// Also where nothing was to be led when the plan was made.
#[test]
fn what_refers_to_something_only_since_is_led_by_a_plan_that_is_made_again() {
    let (looker, world, somebody) = looker();
    let [lost, holder, edited] = [0, 1, 2].map(|at| looker.ids(Kind::Dashboard, false)[at].clone());
    let rename = |title: &str| {
        somebody.done("PATCH", &format!("/dashboards/{edited}"), &json!({ "title": title }));
    };
    world.extract("all").complete();
    looker.purge(Kind::Dashboard, &lost).unwrap();
    rename("Wrecked");
    world.extract("all").complete();
    let line = format!("restore plan dashboard:{lost} dashboard:{edited} --as-of 1 --relink --out plan.json");
    assert_eq!(world.run(&line).code, 8);
    link(&somebody, &holder, &lost);
    rename("Wrecked again");
    world.extract("all").complete();
    let done = world.run("restore apply plan.json --replan --yes --json");
    assert_eq!(done.code, 0, "{}", done.all());
    let made = new_id(&done.report());
    assert_eq!(texts(&somebody.get(&format!("/dashboards/{holder}"))), [format!("ours: /dashboards/{made}")]);
}

/// What refers to something and was trashed since the vault read it is not taken out.
#[test]
fn what_lies_in_the_trash_is_not_led() {
    let (looker, world, somebody) = looker();
    let [lost, holder] = [0, 1].map(|at| looker.ids(Kind::Dashboard, false)[at].clone());
    link(&somebody, &holder, &lost);
    world.extract("all").complete();
    looker.purge(Kind::Dashboard, &lost).unwrap();
    looker.trash(Kind::Dashboard, &holder).unwrap();

    let done = world.run(&format!("restore dashboard:{lost} --relink --yes --on-conflict overwrite --json"));
    assert_eq!(done.code, 0, "{}", done.all());
    let trashed = looker.ids(Kind::Dashboard, true);
    assert!(trashed.contains(&holder), "{trashed:?}");
    let notes = done.report()["objects"][0]["notes"].to_string();
    assert!(!notes.contains("--relink"), "{notes}");
}

/// What a restore has made is an object like any other to the next one.
#[test]
fn what_was_made_anew_and_read_since_goes_by_its_new_id() {
    let (looker, world, somebody) = looker();
    let lost = looker.ids(Kind::Dashboard, false)[0].clone();
    let board = looker.ids(Kind::Board, false)[0].clone();
    world.extract("all").complete();
    looker.purge(Kind::Dashboard, &lost).unwrap();
    let report = world.run(&format!("restore dashboard:{lost} {AS_IT_WAS}"));
    let made = new_id(&report.report());
    let section = somebody.get(&format!("/boards/{board}"))["board_sections"][0]["id"].clone();
    let item = json!({ "board_section_id": section, "dashboard_id": made });
    let item = somebody.done("POST", "/board_items", &item)["id"].as_str().unwrap().to_owned();
    world.extract("all").complete();

    let path = format!("/dashboards/{made}");
    let was = somebody.get(&path)["title"].clone();
    somebody.done("PATCH", &path, &json!({ "title": "Wrecked" }));
    somebody.done("DELETE", &format!("/board_items/{item}"), &Value::Null);
    let count = looker.ids(Kind::Dashboard, false).len();
    let line = "--yes --on-conflict overwrite --allow-irreversible --json";
    let back = world.run(&format!("restore dashboard:{made} board:{board} {line}"));
    assert_eq!(back.code, 0, "{}", back.all());
    assert_eq!(somebody.get(&path)["title"], was);
    assert_eq!(looker.ids(Kind::Dashboard, false).len(), count, "nothing is made");
    let items = somebody.get(&format!("/boards/{board}"))["board_sections"].to_string();
    assert!(items.contains(&format!("\"dashboard_id\":\"{made}\"")), "{items}");
}

/// A referrer that was made anew is one object, by whichever of its ids it is asked for.
#[test]
fn what_has_two_ids_is_led_once() {
    let (looker, world, somebody) = looker();
    let [lost, holder] = [0, 1].map(|at| looker.ids(Kind::Dashboard, false)[at].clone());
    link(&somebody, &holder, &lost);
    world.extract("all").complete();
    looker.purge(Kind::Dashboard, &holder).unwrap();
    let report = world.run(&format!("restore dashboard:{holder} {AS_IT_WAS}"));
    let held = new_id(&report.report());
    looker.purge(Kind::Dashboard, &lost).unwrap();

    // Whether or not the vault knows by then that the old id is gone.
    for extracts in [false, true] {
        if extracts {
            world.extract("all").complete();
        }
        for (asked, is_led) in [(String::new(), true), (format!("dashboard:{holder}"), false)] {
            let line = format!("restore plan dashboard:{lost} {asked} --as-of 1 --relink --json");
            let plan = world.run(&line).report();
            let objects = plan["objects"].as_array().unwrap();
            let of_held: Vec<_> = objects.iter().filter(|object| object["live_id"] == held).collect();
            assert_eq!(of_held.len(), 1, "{extracts} {asked}: {plan}");
            assert_eq!(of_held[0]["as_of"].is_null(), !is_led, "{extracts} {asked}: {plan}");
            let steps = plan["steps"].to_string();
            assert!(steps.contains("/dashboards/"), "it is led: {steps}");
        }
    }
}
