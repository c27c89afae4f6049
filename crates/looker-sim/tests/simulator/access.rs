//! Content metadata, access lists, and what is set, created and purged through
//! the back door.

use std::collections::{HashMap, HashSet};

use looker_sim::{Kind, Refused, SimConfig};
use serde_json::Value;

use crate::common::{Answer, House, answer};

async fn door(house: &House, method: &str, path: &str, body: &str) -> Answer {
    let method = reqwest::Method::from_bytes(method.as_bytes()).unwrap();
    let url = format!("{}/_sim/{path}", house.sim.url());
    answer(house.http.request(method, url).body(body.to_owned())).await.unwrap()
}

/// All that the instance holds: kind, id and body.
async fn export(house: &House) -> HashMap<(String, String), Value> {
    let lines = door(house, "GET", "export", "").await.text;
    let object = |line: &str| {
        let line: Value = serde_json::from_str(line).unwrap();
        let text = |name: &str| line[name].as_str().unwrap().to_owned();
        ((text("kind"), text("id")), line["body"].clone())
    };
    lines.lines().map(object).collect()
}

#[tokio::test]
async fn the_tree_of_metadata_mirrors_folders_and_content() {
    let house = House::new(SimConfig::default()).await;
    let rows = |answer: Answer| answer.json().as_array().unwrap().clone();
    let mut seen = HashMap::new();
    let mut folders = vec!["1".to_owned(), "2".to_owned()];
    while let Some(folder) = folders.pop() {
        for child in rows(house.get(&format!("/content_metadata?parent_id={folder}")).await) {
            assert_eq!(child["parent_id"], folder);
            let id = child["id"].as_str().unwrap().to_owned();
            assert_eq!(house.get(&format!("/content_metadata/{id}")).await.json(), child);
            if child["content_type"] == "folder" && child["name"] != "Gone – früher" {
                folders.push(id.clone());
            }
            seen.insert(id, child);
        }
    }
    for (kind, member) in
        [(Kind::Folder, "folder_id"), (Kind::Dashboard, "dashboard_id"), (Kind::Look, "look_id")]
    {
        for id in house.sim.ids(kind, false).iter().filter(|id| !["1", "2", "lookml"].contains(&id.as_str()))
        {
            let own = seen.values().filter(|child| child[member] == id.as_str()).count();
            assert_eq!(own, 1, "{kind:?} {id}");
        }
    }
    let gone = seen.values().filter(|child| {
        child["folder_id"].as_str().is_some_and(|id| house.sim.history(Kind::Folder, id).is_empty())
    });
    assert_eq!(gone.count(), 1, "one names a folder that is gone");
    assert_eq!(house.get("/content_metadata").await.status, 422);
    assert_eq!(house.get("/content_metadata/777777").await.status, 404);
}

#[tokio::test]
async fn few_items_have_lists_of_their_own_and_none_has_admins() {
    let house = House::new(SimConfig::default()).await;
    let all = export(&house).await;
    let of = |kind: &str| -> Vec<&Value> {
        all.iter().filter(|((have, _), _)| have == kind).map(|(_, body)| body).collect()
    };
    let own: HashSet<_> = of("content_metadata")
        .iter()
        .filter(|meta| meta["inherits"] == false)
        .map(|meta| meta["id"].to_string())
        .collect();
    assert!(own.len() > 5 && own.len() * 3 < of("content_metadata").len(), "{}", own.len());
    let (mut groups, mut users) = (0, 0);
    for row in of("content_metadata_access") {
        assert!(own.contains(&row["content_metadata_id"].to_string()), "{row}");
        if let Some(group) = row["group_id"].as_str() {
            groups += 1;
            assert!(all.contains_key(&("group".to_owned(), group.to_owned())));
        } else {
            users += 1;
            let user = &all[&("user".to_owned(), row["user_id"].as_str().unwrap().to_owned())];
            assert!(!user["role_ids"].as_array().unwrap().contains(&"1".into()), "an admin has a row");
        }
    }
    assert!(groups > 3 && users > 3);
    for meta in of("content_metadata") {
        let heir = &meta["inheriting_id"];
        assert!(heir.is_null() || own.contains(&heir.to_string()), "{meta}");
        let path = format!("/content_metadata_access?content_metadata_id={}", meta["id"].as_str().unwrap());
        let rows = house.get(&path).await.json();
        assert!(meta["inherits"] == false || rows == serde_json::json!([]), "{meta}");
    }
    let first = house.get("/content_metadata_access?content_metadata_id=1").await.json();
    assert_eq!((first[0]["id"].as_str(), first[0]["group_id"].as_str()), (Some("1"), Some("1")));
    assert!(of("dashboard").iter().any(|row| own.contains(&row["content_metadata_id"].to_string())));
    assert_eq!(house.get("/content_metadata_access").await.status, 422);
    assert_eq!(house.get("/content_metadata_access?content_metadata_id=777777").await.status, 404);
}

#[tokio::test]
async fn a_list_of_its_own_starts_as_a_copy() {
    let house = House::new(SimConfig::default()).await;
    let all = export(&house).await;
    let folder = all
        .iter()
        .find(|((kind, _), meta)| {
            kind == "content_metadata" && meta["inherits"] == true && meta["inheriting_id"] == "1"
        })
        .map(|((_, id), _)| id.clone())
        .unwrap();
    let path = format!("/content_metadata_access?content_metadata_id={folder}");
    assert_eq!(house.get(&path).await.text, "[]");
    let object = format!("objects/content_metadata/{folder}");
    assert_eq!(door(&house, "PATCH", &object, r#"{"inherits":false}"#).await.status, 204);
    let rows = house.get(&path).await.json();
    assert_eq!(
        (rows[0]["group_id"].as_str(), rows[0]["content_metadata_id"].as_str()),
        (Some("1"), Some(&*folder))
    );
    assert_eq!(house.get(&format!("/content_metadata/{folder}")).await.json()["inherits"], false);
    house.sim.set_inherits(&folder, true).unwrap();
    assert_eq!(house.get(&path).await.text, "[]");
    assert_eq!(house.sim.set_inherits("777777", true), Err(Refused::NotFound));
}

#[tokio::test]
async fn the_export_is_what_reading_each_object_answers() {
    let house = House::new(SimConfig { dashboards: 12, looks: 6, users: 5, ..SimConfig::default() }).await;
    let all = export(&house).await;
    let paths = [
        ("dashboard", "dashboards"),
        ("look", "looks"),
        ("user", "users"),
        ("board", "boards"),
        ("board_section", "board_sections"),
        ("board_item", "board_items"),
        ("scheduled_plan", "scheduled_plans"),
        ("alert", "alerts"),
        ("content_favorite", "content_favorite"),
        ("content_metadata", "content_metadata"),
        ("query", "queries"),
        ("merge_query", "merge_queries"),
    ];
    let mut kinds = HashSet::new();
    for ((kind, id), body) in &all {
        let Some((_, path)) = paths.iter().find(|(have, _)| have == kind) else { continue };
        assert_eq!(house.get(&format!("/{path}/{id}")).await.json(), *body, "{kind} {id}");
        kinds.insert(kind);
    }
    assert_eq!(kinds.len(), paths.len());
    let some = door(&house, "GET", "export?kind=board,look", "").await.text;
    assert_eq!(
        some.lines().count(),
        all.keys().filter(|(kind, _)| ["board", "look"].contains(&&**kind)).count()
    );
    assert_eq!(door(&house, "GET", "export?kind=boards", "").await.status, 404);
}

#[tokio::test]
async fn objects_are_set_created_and_purged_through_the_back_door() {
    let house = House::new(SimConfig::default()).await;
    let item = house.get("/board_items?fields=id,board_section_id").await.json()[0].clone();
    let (item, section) = (item["id"].as_str().unwrap(), item["board_section_id"].as_str().unwrap());
    let whole = house.get(&format!("/board_items/{item}")).await.json();
    let changes = r#"{"custom_title":"Neu","use_custom_title":true}"#;
    assert_eq!(door(&house, "PATCH", &format!("objects/board_item/{item}"), changes).await.status, 204);
    let section_path = format!("/board_sections/{section}");
    let items = house.get(&section_path).await.json()["board_items"].clone();
    assert!(items.as_array().unwrap().iter().any(|item| item["title"] == "Neu"), "shown in its section");
    let new = door(&house, "POST", "objects/board_item", &whole.to_string()).await.json();
    let new = new["id"].as_str().unwrap();
    assert!(house.get(&section_path).await.json()["item_order"].as_array().unwrap().contains(&new.into()));
    assert_eq!(door(&house, "DELETE", &format!("objects/board_item/{new}"), "").await.status, 204);
    assert!(!house.get(&section_path).await.json()["item_order"].as_array().unwrap().contains(&new.into()));
    let dangling =
        door(&house, "PATCH", &format!("objects/board_item/{item}"), r#"{"look_id":"424242"}"#).await;
    assert_eq!(dangling.status, 422);
    assert_eq!(door(&house, "PATCH", "objects/board_item/424242", "{}").await.status, 404);
    assert_eq!(door(&house, "DELETE", "objects/nonsense/1", "").await.status, 404);
    let plan = house.sim.ids(Kind::ScheduledPlan, false)[0].clone();
    let before = house.get(&format!("/scheduled_plans/{plan}")).await.json();
    house.sim.set(Kind::ScheduledPlan, &plan, &[("enabled", "false")]).unwrap();
    let after = house.get(&format!("/scheduled_plans/{plan}")).await.json();
    assert!(after["enabled"] == false && after["updated_at"] != before["updated_at"]);
    assert_eq!(house.sim.history(Kind::ScheduledPlan, &plan).len(), 2);
}

#[tokio::test]
async fn what_is_purged_takes_along_what_hangs_on_it_and_the_trash_nothing() {
    let house = House::new(SimConfig { alerts: 40, ..SimConfig::default() }).await;
    let before = export(&house).await;
    // In a shared folder, which has an access list to be copied.
    let shared = house.sim.shared_folder_ids();
    let is_shared = |id: &str| {
        let ids = |folder: &String| house.sim.ids_in(Kind::Dashboard, folder, false);
        shared.iter().any(|folder| ids(folder).iter().any(|other| other == id))
    };
    let of_alert = |kind: &str, body: &Value| {
        kind == "alert" && body["investigative_content_id"].as_str().is_some_and(is_shared)
    };
    let (_, alert) = before.iter().find(|((kind, _), body)| of_alert(kind, body)).unwrap();
    let id = alert["investigative_content_id"].as_str().unwrap().to_owned();
    let body = |kind: &str, rest: &Value| {
        let mut body = before.iter().find(|((have, _), _)| have == kind).unwrap().1.clone();
        body.as_object_mut().unwrap().extend(rest.as_object().unwrap().clone());
        body.to_string()
    };
    let on_it = serde_json::json!({ "dashboard_id": id, "look_id": null, "lookml_dashboard_id": null, "board_id": null });
    for kind in [Kind::ScheduledPlan, Kind::BoardItem, Kind::ContentFavorite] {
        house.sim.add(kind, &body(kind.name(), &on_it)).unwrap();
    }
    let metadata = house.get(&format!("/dashboards/{id}?fields=content_metadata_id")).await.json();
    house.sim.set_inherits(metadata["content_metadata_id"].as_str().unwrap(), false).unwrap();
    let hanging = |all: &HashMap<(String, String), Value>| {
        let own = &metadata["content_metadata_id"];
        let mut kinds: Vec<_> = all
            .iter()
            .filter(|(_, body)| {
                body["dashboard_id"] == *id
                    || body["investigative_content_id"] == *id
                    || body["content_metadata_id"] == *own
            })
            .map(|((kind, _), _)| kind.clone())
            .filter(|kind| kind != "dashboard")
            .collect();
        kinds.sort();
        kinds.dedup();
        kinds
    };
    let kinds = [
        "alert",
        "board_item",
        "content_favorite",
        "content_metadata",
        "content_metadata_access",
        "scheduled_plan",
    ];
    house.sim.trash(Kind::Dashboard, &id).unwrap();
    assert_eq!(hanging(&export(&house).await), kinds);
    assert_eq!(house.send("DELETE", &format!("/dashboards/{id}"), "").await.status, 204);
    let after = export(&house).await;
    assert_eq!(hanging(&after), Vec::<String>::new());
    let orders = after.iter().filter(|((kind, _), _)| kind == "board_section");
    for (_, section) in orders {
        let order = section["item_order"].as_array().unwrap().len();
        assert_eq!(order, section["board_items"].as_array().unwrap().len());
    }
}
