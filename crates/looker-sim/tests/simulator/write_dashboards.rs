//! Dashboards created, changed, moved, copied, thrown away.

use looker_sim::{Kind, SimConfig};
use serde_json::{Value, json};

use crate::common::{Answer, House};

async fn post(house: &House, path: &str, body: Value) -> Answer {
    house.send("POST", path, &body.to_string()).await
}

async fn patch(house: &House, path: &str, body: Value) -> Answer {
    house.send("PATCH", path, &body.to_string()).await
}

fn error(answer: &Answer, n: usize) -> (Value, Value, Value) {
    let error = answer.json()["errors"][n].clone();
    (error["field"].clone(), error["code"].clone(), error["message"].clone())
}

#[tokio::test]
async fn a_new_dashboard_has_one_active_layout_and_what_the_server_gives_it() {
    let house = House::new(SimConfig::default()).await;
    let folder = &house.sim.shared_folder_ids()[0];
    let sent = json!({
        "title": "Neu ✓", "folder_id": folder, "description": "d", "hidden": true, "view_count": 99, "id": "3",
        "appearance": { "tile_space_between": 4 }, "dashboard_elements": [{ "type": "text" }], "nonsense": 1,
    });
    let made = post(&house, "/dashboards", sent).await;
    assert_eq!(made.status, 200);
    let made = made.json();
    let id = made["id"].as_str().unwrap();
    assert_eq!(house.get(&format!("/dashboards/{id}")).await.json(), made);
    assert_eq!(
        (&made["title"], &made["hidden"], &made["view_count"]),
        (&json!("Neu ✓"), &json!(true), &json!(0))
    );
    assert_eq!((&made["user_id"], &made["folder"]["id"]), (&json!("1"), &json!(folder)));
    assert_eq!((&made["dashboard_elements"], &made["dashboard_filters"]), (&json!([]), &json!([])));
    let layouts = made["dashboard_layouts"].as_array().unwrap();
    assert_eq!(layouts.len(), 1);
    assert_eq!((&layouts[0]["active"], &layouts[0]["type"]), (&json!(true), &json!("newspaper")));
    assert!(made["slug"].is_string() && made["created_at"].is_string() && made["updated_at"].is_string());
    let metadata = made["content_metadata_id"].as_str().unwrap();
    let metadata = house.get(&format!("/content_metadata/{metadata}")).await.json();
    assert_eq!((&metadata["dashboard_id"], &metadata["inherits"]), (&json!(id), &json!(true)));
    let found =
        house.get(&format!("/dashboards/search?folder_id={folder}&title=Neu%20%E2%9C%93")).await.column("id");
    assert_eq!(found, [id]);
    assert_eq!(house.sim.history(Kind::Dashboard, id).len(), 1);
    assert!(house.sim.outbox().is_empty());
}

#[tokio::test]
async fn titles_clash_in_a_folder_with_422_and_slugs_everywhere_with_409() {
    let house = House::new(SimConfig::default()).await;
    let folders = house.sim.shared_folder_ids();
    let of =
        |title: &str, folder: &str, slug: &str| json!({ "title": title, "folder_id": folder, "slug": slug });
    let first = post(&house, "/dashboards", of("One", &folders[0], "the-slug")).await.json();
    let clash = post(&house, "/dashboards", of("one", &folders[0], "other")).await;
    assert_eq!((clash.status, clash.json()["message"].as_str()), (422, Some("Validation Failed")));
    let wanted = ("[:title, :space_id]", "already_exists", "Dashboard with this title already exists.");
    assert_eq!(error(&clash, 0), (json!(wanted.0), json!(wanted.1), json!(wanted.2)));
    let clash = post(&house, "/dashboards", of("Two", &folders[1], "the-slug")).await;
    assert_eq!((clash.status, clash.json()["message"].as_str()), (409, Some("The resource already exists.")));
    assert!(clash.json()["errors"].is_null());

    let path = format!("/dashboards/{}", first["id"].as_str().unwrap());
    let gone = patch(&house, &path, json!({ "deleted": true })).await.json();
    assert_eq!(
        (&gone["title"], &gone["deleted"], &gone["deleter_id"]),
        (&json!("One"), &json!(true), &json!("1"))
    );
    assert_eq!(
        post(&house, "/dashboards", of("Two", &folders[1], "the-slug")).await.status,
        409,
        "from the trash"
    );
    assert_eq!(
        post(&house, "/dashboards", of("One", &folders[0], "free")).await.status,
        200,
        "not from the trash"
    );
    let back = patch(&house, &path, json!({ "deleted": false })).await;
    assert_eq!(error(&back, 0).1, "already_exists", "somebody took the title meanwhile");
    let back = patch(&house, &path, json!({ "deleted": false, "title": "Back" })).await.json();
    assert_eq!((&back["id"], &back["deleted_at"]), (&first["id"], &Value::Null));
    assert_eq!(back["dashboard_layouts"][0]["id"], first["dashboard_layouts"][0]["id"]);
    assert_eq!(back["dashboard_layouts"][0]["dashboard_title"], "Back");
    assert_eq!(house.send("DELETE", &path, "").await.status, 204);
    assert_eq!(post(&house, "/dashboards", of("Two", &folders[1], "the-slug")).await.status, 200, "purged");
}

#[tokio::test]
async fn a_trashed_title_blocks_where_it_is_told_to() {
    let house = House::new(SimConfig { trash_blocks_titles: true, ..SimConfig::default() }).await;
    let folder = &house.sim.shared_folder_ids()[0];
    let made = post(&house, "/dashboards", json!({ "title": "One", "folder_id": folder })).await.json();
    house.sim.trash(Kind::Dashboard, made["id"].as_str().unwrap()).unwrap();
    let clash = post(&house, "/dashboards", json!({ "title": "One", "folder_id": folder })).await;
    assert_eq!(clash.status, 422);
}

#[tokio::test]
async fn what_a_dashboard_needs_is_named_and_types_are_checked() {
    let house = House::new(SimConfig::default()).await;
    let before = house.sim.ids(Kind::Dashboard, false).len();
    let none = post(&house, "/dashboards", json!({})).await;
    assert_eq!((error(&none, 0).0, error(&none, 1).0), (json!("title"), json!("folder_id")));
    assert_eq!(error(&none, 0).1, "missing_field");
    let wrong = post(&house, "/dashboards", json!({ "title": 7, "folder_id": "1", "hidden": "no" })).await;
    assert_eq!(
        (wrong.status, error(&wrong, 0).0, error(&wrong, 1).0),
        (422, json!("hidden"), json!("title"))
    );
    let nowhere = post(&house, "/dashboards", json!({ "title": "t", "folder_id": "77777" })).await;
    assert_eq!((nowhere.status, error(&nowhere, 0).2), (422, json!("folder not found for folder_id")));
    assert_eq!(post(&house, "/dashboards", json!({ "title": "t", "folder_id": "lookml" })).await.status, 422);
    let empty = post(&house, "/dashboards", json!({ "title": "t", "folder_id": "1", "slug": "" })).await;
    assert_eq!((empty.status, empty.json()["errors"].is_null()), (422, true));
    assert_eq!(house.send("POST", "/dashboards", "{\"title\":").await.status, 400);
    assert_eq!(
        post(&house, "/dashboards?owner=1", json!({ "title": "t", "folder_id": "1" })).await.status,
        422
    );
    assert_eq!(house.sim.ids(Kind::Dashboard, false).len(), before);
}

#[tokio::test]
async fn an_owner_can_be_changed_or_not() {
    for changes in [true, false] {
        let house = House::new(SimConfig { owner_can_be_changed: changes, ..SimConfig::default() }).await;
        let path = format!("/dashboards/{}", house.sim.ids(Kind::Dashboard, false)[0]);
        let before = house.get(&path).await.json();
        let other = if before["user_id"] == "4" { "5" } else { "4" };
        let after = patch(&house, &path, json!({ "user_id": other })).await;
        assert_eq!(after.status, 200);
        assert_eq!(after.json()["user_id"] == other, changes);
        if changes {
            let user = house.get(&format!("/users/{other}")).await.json();
            assert_eq!(after.json()["user_name"], user["display_name"]);
        }
    }
}

#[tokio::test]
async fn moving_takes_its_folder_from_the_query() {
    let house = House::new(SimConfig { folder_sizes: vec![3, 3], ..SimConfig::default() }).await;
    let folders = house.sim.shared_folder_ids();
    let id = house.sim.ids_in(Kind::Dashboard, &folders[0], false)[0].clone();
    let path = format!("/dashboards/{id}/move");
    let refused = patch(&house, &path, json!({ "folder_id": folders[1] })).await;
    let wanted = ("folder_id", "missing", "folder not found for folder_id");
    assert_eq!(error(&refused, 0), (json!(wanted.0), json!(wanted.1), json!(wanted.2)));
    let moved = house.send("PATCH", &format!("{path}?folder_id={}", folders[1]), "").await.json();
    assert_eq!((&moved["folder_id"], &moved["folder"]["id"]), (&json!(folders[1]), &json!(folders[1])));
    let title = moved["title"].clone();
    post(&house, "/dashboards", json!({ "title": title, "folder_id": folders[0] })).await;
    let clash = house.send("PATCH", &format!("{path}?folder_id={}", folders[0]), "").await;
    assert_eq!((clash.status, error(&clash, 0).1), (422, json!("already_exists")));
}

#[tokio::test]
async fn a_copy_has_parts_of_its_own_and_never_clashes() {
    let house = House::new(SimConfig::default()).await;
    let (id, before) = house
        .sim
        .export(Kind::Dashboard)
        .into_iter()
        .map(|(id, body)| (id, serde_json::from_slice::<Value>(&body).unwrap()))
        .find(|(_, body)| {
            let has = |list: &str| !body[list].as_array().unwrap().is_empty();
            body["deleted"] == false && has("dashboard_elements") && has("dashboard_filters")
        })
        .unwrap();
    let path = format!("/dashboards/{id}/copy");
    let copy = post(&house, &path, json!({ "folder_id": "1" })).await.json();
    let title = before["title"].as_str().unwrap();
    assert_eq!(copy["title"], format!("{title} (copy)"));
    assert_eq!(copy["folder_id"], before["folder_id"], "a folder in the body is none");
    assert_eq!(post(&house, &path, json!({})).await.json()["title"], format!("{title} (copy 2)"));
    assert_ne!(copy["slug"], before["slug"]);
    let ids = |of: &Value, list: &str| -> Vec<String> {
        of[list].as_array().unwrap().iter().map(|part| part["id"].as_str().unwrap().to_owned()).collect()
    };
    for list in ["dashboard_elements", "dashboard_filters", "dashboard_layouts"] {
        let (old, new) = (ids(&before, list), ids(&copy, list));
        assert_eq!(old.len(), new.len(), "{list}");
        assert!(new.iter().all(|id| !old.contains(id)), "{list}");
        assert!(
            copy[list].as_array().unwrap().iter().all(|part| part["dashboard_id"] == copy["id"]),
            "{list}"
        );
    }
    let components = copy["dashboard_layouts"][0]["dashboard_layout_components"].as_array().unwrap();
    let elements = ids(&copy, "dashboard_elements");
    assert!(
        components.iter().all(|c| elements.contains(&c["dashboard_element_id"].as_str().unwrap().to_owned()))
    );
}

#[tokio::test]
async fn dashboards_of_lookml_are_built_in_but_can_be_certified() {
    let house = House::new(SimConfig::default()).await;
    let path = "/dashboards/ecommerce::brand";
    let refused = patch(&house, path, json!({ "title": "x" })).await;
    assert_eq!(
        (refused.status, refused.json()["message"].as_str()),
        (405, Some("This resource cannot be modified"))
    );
    assert_eq!(house.send("DELETE", path, "").await.status, 405);
    let element = json!({ "dashboard_id": "ecommerce::brand", "type": "text" });
    assert_eq!(post(&house, "/dashboard_elements", element).await.status, 405);
    let certify = json!({ "certification_status": "certified", "notes": "good" });
    let lookml =
        patch(&house, "/dashboards/lookml/ecommerce::brand/certification", certify.clone()).await.json();
    assert_eq!(lookml["certification_metadata"]["certification_status"], "certified");
    let id = &house.sim.ids(Kind::Dashboard, false)[0];
    let path = format!("/dashboards/{id}/certification");
    let done = patch(&house, &path, certify).await.json();
    assert_eq!(done["certification_metadata"]["notes"], "good");
    let found = house.get(&format!("/dashboards/search?id={id}&sorts=certification_status&fields=id")).await;
    assert_eq!(found.column("id"), std::slice::from_ref(id));
    assert_eq!(patch(&house, &path, json!({ "certification_status": "perhaps" })).await.status, 422);
}

#[tokio::test]
async fn whole_objects_can_be_sent_back() {
    let house = House::new(SimConfig::default()).await;
    for id in house.sim.ids(Kind::Dashboard, false).iter().take(5) {
        let path = format!("/dashboards/{id}");
        let before = house.get(&path).await.json();
        let mut after = patch(&house, &path, before.clone()).await.json();
        for stamp in ["updated_at", "last_updater_id"] {
            after[stamp] = before[stamp].clone();
        }
        assert_eq!(after, before);
    }
}
