//! An instance with built-ins only, and one loaded from documents.

use std::collections::BTreeMap;

use looker_sim::{Kind, NotLoaded, SimConfig};
use serde_json::Value;

use crate::common::House;

fn bare() -> SimConfig {
    SimConfig { built_ins_only: true, ..SimConfig::default() }
}

#[tokio::test]
async fn an_empty_instance_has_what_is_built_in() {
    let house = House::new(bare()).await;
    let mut folders = house.get("/folders").await.column("id");
    folders.sort();
    assert_eq!(folders, ["1", "2", "lookml"]);
    let one = [
        ("/roles", "name", "Admin"),
        ("/permission_sets", "name", "Admin"),
        ("/model_sets", "name", "All"),
        ("/groups", "name", "All Users"),
        ("/users", "id", "1"),
        ("/themes", "name", "Looker"),
    ];
    for (path, member, value) in one {
        assert_eq!(house.get(path).await.column(member), [value], "{path}");
    }
    let attributes = house.get("/user_attributes").await.json();
    assert!(attributes.as_array().unwrap().iter().all(|attribute| attribute["is_system"] == true));
    let empty = [
        "/dashboards",
        "/looks",
        "/boards",
        "/board_sections",
        "/board_items",
        "/alerts/search?all_owners=true",
        "/scheduled_plans?all_users=true",
        "/connections",
        "/projects",
        "/lookml_models",
        "/datagroups",
        "/integrations",
        "/agents/search",
        "/artifact/namespaces",
        "/primary_homepage_sections",
        "/content_favorite/search?user_id=1",
        "/oauth_client_apps",
        "/color_collections/custom",
        "/dashboards/lookml/search",
    ];
    for path in empty {
        assert_eq!(house.get(path).await.text, "[]", "{path}");
    }
    assert_eq!(house.get("/queries/1").await.status, 404);
    assert_eq!(house.get("/content_metadata?parent_id=1").await.text, "[]");
    assert_eq!(house.get("/content_metadata_access?content_metadata_id=1").await.json()[0]["group_id"], "1");
    let made = house.send("POST", "/folders", r#"{"name":"First","parent_id":"1"}"#).await;
    assert_eq!(made.status, 200);
}

/// Every object of an instance, by kind and id.
async fn everything(house: &House) -> BTreeMap<(String, String), Value> {
    let url = format!("{}/_sim/export", house.sim.url());
    let lines = house.http.get(url).send().await.unwrap().text().await.unwrap();
    let line = |line: &str| {
        let line: Value = serde_json::from_str(line).unwrap();
        let text = |name: &str| line[name].as_str().unwrap().to_owned();
        ((text("kind"), text("id")), line["body"].clone())
    };
    lines.lines().map(line).collect()
}

#[tokio::test]
async fn what_is_loaded_reads_back_equal() {
    let from = House::new(SimConfig { seed: 11, ..SimConfig::default() }).await;
    let to = House::new(SimConfig { seed: 12, ..bare() }).await;
    let mut kinds: Vec<&str> = vec!["query", "merge_query", "role"];
    kinds.extend(Kind::ALL.iter().map(|kind| kind.name()).filter(|name| *name != "role"));
    kinds.push("content_metadata");
    for name in kinds {
        let documents: Vec<Vec<u8>> = match Kind::named(name) {
            Some(kind) => from.sim.export(kind).into_iter().map(|(_, body)| body.to_vec()).collect(),
            None => from.sim.export_made(name).into_iter().map(|(_, body)| body.into_bytes()).collect(),
        };
        to.sim.load(name, &documents).unwrap();
    }
    let (wanted, have) = (everything(&from).await, everything(&to).await);
    assert!(wanted.len() > 1_000);
    for (key, body) in &wanted {
        assert_eq!(have.get(key), Some(body), "{key:?}");
    }
    // What is built in and was not loaded is there as well.
    let more: Vec<_> = have.keys().filter(|key| !wanted.contains_key(*key)).collect();
    assert_eq!(more.len(), 0, "{more:?}");
    for path in ["/dashboards/search?limit=40&sorts=id", "/looks/search?sorts=id", "/boards", "/folders/1"] {
        let of = async |house: &House| {
            let mut answer = house.get(path).await.json();
            if let Some(list) = answer.as_array_mut() {
                list.sort_by_key(|row| row["id"].as_str().unwrap().to_owned());
            }
            answer
        };
        assert_eq!(of(&from).await, of(&to).await, "{path}");
    }
}

#[tokio::test]
async fn loaded_content_can_be_written_to() {
    let house = House::new(bare()).await;
    let folder = r#"{"id":"70","name":"Old","parent_id":"1","content_metadata_id":"555","child_count":0}"#;
    house.sim.load("folder", &[folder]).unwrap();
    let model = r#"{"name":"m","explores":[]}"#;
    house.sim.load("lookml_model", &[model]).unwrap();
    house.sim.load("explore", &[r#"{"id":"m::v","name":"v","model_name":"m"}"#]).unwrap();
    let dashboard = r#"{
        "title": "Kept", "id": "4711", "folder_id": "70", "content_metadata_id": "9", "deleted": false,
        "slug": "kept", "updated_at": "2024-01-01T00:00:00.000+00:00", "number": 1.50,
        "dashboard_elements": [{ "id": "88", "query_id": "3", "query": { "id": "3", "model": "m", "view": "v" } }],
        "dashboard_filters": [], "dashboard_layouts": [{ "id": "5", "active": true, "dashboard_layout_components": [] }]
    }"#;
    house.sim.load("dashboard", &[dashboard]).unwrap();
    assert!(
        house.get("/dashboards/4711").await.text.contains(r#""number":1.50"#),
        "numbers keep their spelling"
    );
    assert_eq!(house.get("/content_metadata/9").await.json()["dashboard_id"], "4711");
    assert_eq!(house.get("/content_metadata/9").await.json()["parent_id"], "555");
    assert_eq!(house.get("/queries/3").await.json()["view"], "v", "queries of tiles are known");
    let same = house.send("POST", "/queries", r#"{"model":"m","view":"v"}"#).await;
    assert_eq!(same.json()["id"], "3");
    let note = house.send("PATCH", "/dashboard_elements/88", r#"{"note_text":"n"}"#).await;
    assert_eq!(note.json()["note_text"], "n");
    let tile = house.send("POST", "/dashboard_elements", r#"{"dashboard_id":"4711","type":"text"}"#).await;
    assert_eq!(tile.json()["id"], "89");
    let next = house.send("POST", "/dashboards", r#"{"title":"New","folder_id":"70"}"#).await.json();
    assert_eq!(next["id"], "4712");
    assert_eq!(
        house.send("POST", "/dashboards", r#"{"title":"x","folder_id":"70","slug":"kept"}"#).await.status,
        409
    );
}

#[tokio::test]
async fn what_cannot_be_loaded_is_told() {
    let house = House::new(bare()).await;
    assert_eq!(house.sim.load("nonsense", &["{}"]), Err(NotLoaded::UnknownKind));
    assert_eq!(house.sim.load("folder", &["{\"id\":\"7\"}", "[]"]), Err(NotLoaded::NotAnObject(1)));
    assert_eq!(house.sim.load("folder", &["{\"name\":\"x\"}"]), Err(NotLoaded::NoId(0)));
    assert_eq!(house.sim.load("query", &["{\"id\":\"slug\"}"]), Err(NotLoaded::NoId(0)));
    assert!(house.sim.ids(Kind::Folder, false).len() == 3);
    let url = format!("{}/_sim/load/folder", house.sim.url());
    let lines = "{\"id\":\"7\",\"name\":\"a\",\"parent_id\":\"1\"}\n{\"id\":\"8\",\"name\":\"b\",\"parent_id\":\"7\"}\n";
    assert_eq!(house.http.post(url).body(lines).send().await.unwrap().status().as_u16(), 204);
    assert_eq!(house.get("/folders/8/ancestors?fields=id").await.column("id"), ["1", "7"]);
}
