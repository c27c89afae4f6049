//! User attributes and their values, access lists, favourites: created,
//! changed and deleted.

use looker_sim::{Kind, SimConfig};
use serde_json::{Value, json};

use crate::common::House;

fn id(object: &Value) -> &str {
    object["id"].as_str().unwrap()
}

async fn get(house: &House, path: &str) -> Value {
    house.ask("GET", path, Value::Null, 200).await
}

fn attribute(name: &str) -> Value {
    json!({ "name": name, "label": format!("Label {name}"), "type": "string", "default_value": "%, NULL" })
}

#[tokio::test]
async fn attributes_are_unique_by_name_and_by_label() {
    let house = House::new(SimConfig::default()).await;
    assert_eq!(house.wrong("POST", "/user_attributes", json!({})).await, ["name", "label", "type"]);
    let made = house.ask("POST", "/user_attributes", attribute("area"), 200).await;
    let path = format!("/user_attributes/{}", id(&made));
    assert_eq!(get(&house, &path).await, made);
    assert_eq!((&made["is_system"], &made["default_value"]), (&json!(false), &json!("%, NULL")));
    let mut body = attribute("other");
    body["label"] = json!("label AREA");
    let refused = house.ask("POST", "/user_attributes", body, 422).await;
    assert_eq!(
        (&refused["errors"][0]["field"], &refused["errors"][0]["code"]),
        (&json!("label"), &json!("already_exists"))
    );
    assert_eq!(
        house
            .wrong("POST", "/user_attributes", json!({ "name": "email", "label": "x", "type": "text" }))
            .await,
        ["name", "type"]
    );
    house.ask("PATCH", &path, json!({ "name": "area", "default_value": null }), 200).await;
    assert_eq!(get(&house, &path).await["default_value"], Value::Null);
    assert_eq!(house.wrong("PATCH", &path, json!({ "label": "Email" })).await, ["label"]);
    for (method, body) in [("PATCH", json!({ "label": "x" })), ("DELETE", Value::Null)] {
        house.ask(method, "/user_attributes/1", body, 405).await;
    }
    house.ask("PATCH", "/groups/2/attribute_values/1", json!({ "value": "x" }), 405).await;
    house.ask("PATCH", "/groups/2/attribute_values/9", json!({ "value": "x" }), 200).await;
    house
        .ask("PATCH", &format!("/groups/2/attribute_values/{}", id(&made)), json!({ "value": "x" }), 200)
        .await;
    house.ask("DELETE", &path, Value::Null, 204).await;
    house.ask("GET", &format!("{path}/group_values"), Value::Null, 404).await;
}

#[tokio::test]
async fn destinations_are_for_hidden_values_and_cannot_be_changed() {
    let house = House::new(SimConfig::default()).await;
    const DOMAINS: &str = "hidden_value_domain_whitelist";
    for value in [Value::Null, json!(""), json!("example.com/*")] {
        let mut body = attribute("area");
        body["value_is_hidden"] = json!(false);
        body[DOMAINS] = value;
        let refused = house.ask("POST", "/user_attributes", body, 422).await;
        let message = refused["errors"][0]["message"].as_str().unwrap();
        assert!(message.contains(
            "hidden_value_domain_whitelist must be a comma-separated list of urls with optional wildcards"
        ));
    }
    let mut body = attribute("secret");
    body["value_is_hidden"] = json!(true);
    body[DOMAINS] = json!("example.com/*");
    let made = house.ask("POST", "/user_attributes", body, 200).await;
    let path = format!("/user_attributes/{}", id(&made));
    house.ask("PATCH", &path, made.clone(), 200).await;
    assert_eq!(house.wrong("PATCH", &path, json!({ DOMAINS: "other.com/*" })).await, [DOMAINS]);
    assert_eq!(house.wrong("PATCH", &path, json!({ "value_is_hidden": false })).await, ["value_is_hidden"]);
    let plain = house.ask("POST", "/user_attributes", attribute("plain"), 200).await;
    let fields = house.wrong("PATCH", &format!("/user_attributes/{}", id(&plain)), plain).await;
    assert_eq!(fields, [DOMAINS], "the whole object as it was read");
    let value = house
        .ask("PATCH", &format!("/groups/2/attribute_values/{}", id(&made)), json!({ "value": "x" }), 200)
        .await;
    assert_eq!((&value["value"], &value["value_is_hidden"]), (&Value::Null, &json!(true)));
    let value = house
        .ask("PATCH", &format!("/users/2/attribute_values/{}", id(&made)), json!({ "value": "x" }), 200)
        .await;
    assert_eq!((&value["value"], &value["source"]), (&Value::Null, &json!("User")));
}

#[tokio::test]
async fn values_of_groups_come_as_a_whole_list_or_one_by_one() {
    let house = House::new(SimConfig::default()).await;
    let made = house.ask("POST", "/user_attributes", attribute("area"), 200).await;
    let list = format!("/user_attributes/{}/group_values", id(&made));
    let pairs = |rows: &[Value]| -> Vec<(String, String, u64)> {
        let text = |row: &Value, name: &str| row[name].as_str().unwrap().to_owned();
        rows.iter()
            .map(|row| (text(row, "group_id"), text(row, "value"), row["rank"].as_u64().unwrap()))
            .collect()
    };
    let of = |group: &str, value: &str, rank: u64| (group.to_owned(), value.to_owned(), rank);
    let body = json!([{ "group_id": "3", "value": "c", "value_is_hidden": false }, { "group_id": "2", "value": "b" }]);
    let set = house.ask("POST", &list, body, 200).await;
    assert_eq!(pairs(set.as_array().unwrap()), [of("3", "c", 1), of("2", "b", 2)]);
    let single = house
        .ask("PATCH", &format!("/groups/4/attribute_values/{}", id(&made)), json!({ "value": "d" }), 200)
        .await;
    assert_eq!((&single["rank"], &single["user_attribute_id"]), (&json!(3), &made["id"]));
    house
        .ask("PATCH", &format!("/groups/3/attribute_values/{}", id(&made)), json!({ "value": "cc" }), 200)
        .await;
    assert_eq!(pairs(&house.rows(&list).await), [of("3", "cc", 1), of("2", "b", 2), of("4", "d", 3)]);
    let body =
        json!([{ "group_id": "5", "value": "e", "rank": 9 }, { "group_id": "4", "value": "d", "rank": 2 }]);
    house.ask("POST", &list, body, 200).await;
    assert_eq!(pairs(&house.rows(&list).await), [of("4", "d", 1), of("5", "e", 2)], "others are gone");
    let one = |group: &str| json!({ "group_id": group, "value": "x" });
    assert_eq!(house.wrong("POST", &list, json!([one("2"), one("2")])).await, ["group_id"]);
    assert_eq!(house.wrong("POST", &list, json!([one("987654")])).await, ["group_id"]);
    assert_eq!(
        house.wrong("POST", &list, json!([one("2"), { "group_id": "3", "value": "x", "rank": 1 }])).await,
        ["rank"]
    );
    assert_eq!(house.rows(&list).await.len(), 2, "what is refused changes nothing");
    house.ask("DELETE", &format!("/groups/4/attribute_values/{}", id(&made)), Value::Null, 204).await;
    house.ask("DELETE", &format!("/groups/4/attribute_values/{}", id(&made)), Value::Null, 404).await;
    house.ask("POST", &list, json!([]), 200).await;
    assert!(house.rows(&list).await.is_empty());
}

#[tokio::test]
async fn a_value_of_a_user_is_cleared_by_deleting_it() {
    let house = House::new(SimConfig::default()).await;
    let mut body = attribute("area");
    body["default_value"] = Value::Null;
    let made = house.ask("POST", "/user_attributes", body, 200).await;
    let path = format!("/users/2/attribute_values/{}", id(&made));
    let list = format!("/users/2/attribute_values?user_attribute_ids={}", id(&made));
    let value = house.ask("PATCH", &path, json!({ "value": "x" }), 200).await;
    assert_eq!(
        (&value["value"], &value["source"], &value["name"]),
        (&json!("x"), &json!("User"), &json!("area"))
    );
    house.ask("PATCH", &path, json!({ "value": null }), 200).await;
    let rows = house.rows(&list).await;
    assert_eq!((&rows[0]["value"], &rows[0]["source"]), (&Value::Null, &json!("User")), "null is a value");
    house.ask("DELETE", &path, Value::Null, 204).await;
    house.ask("DELETE", &path, Value::Null, 404).await;
    assert!(house.rows(&list).await.is_empty());
    let rows = house.rows(&format!("{list}&include_unset=true")).await;
    assert_eq!((rows.len(), &rows[0]["value"], &rows[0]["source"]), (1, &Value::Null, &json!("Unset")));
    let attributes = house.rows("/user_attributes").await;
    let of = |name: &str| id(attributes.iter().find(|row| row["name"] == name).unwrap()).to_owned();
    house
        .ask("PATCH", &format!("/users/2/attribute_values/{}", of("locale")), json!({ "value": "uk" }), 200)
        .await;
    assert_eq!(get(&house, "/users/2").await["locale"], "uk");
    let page = format!("/users/2/attribute_values/{}", of("landing_page"));
    assert_eq!(house.ask("PATCH", &page, json!({ "value": "/boards" }), 200).await["source"], "User");
    house.ask("DELETE", &page, Value::Null, 204).await;
    house
        .ask("PATCH", &format!("/users/2/attribute_values/{}", of("email")), json!({ "value": "x" }), 405)
        .await;
}

/// A shared folder that inherits, and one below it, both with their metadata.
async fn nested(house: &House) -> (Value, Value) {
    let folders = house.rows("/folders").await;
    for child in &folders {
        let parent =
            folders.iter().find(|folder| folder["id"] == child["parent_id"] && folder["parent_id"] == "1");
        let Some(parent) = parent else { continue };
        let inherits = async |folder: &Value| {
            get(house, &format!("/content_metadata/{}", folder["content_metadata_id"].as_str().unwrap()))
                .await["inherits"]
                == true
        };
        if inherits(parent).await && inherits(child).await {
            return (parent["content_metadata_id"].clone(), child["content_metadata_id"].clone());
        }
    }
    panic!("no folder in a folder inherits");
}

#[tokio::test]
async fn a_list_of_its_own_starts_as_a_copy_and_ends_with_the_parents() {
    let house = House::new(SimConfig::default()).await;
    let (outer, inner) = nested(&house).await;
    let (outer, inner) = (outer.as_str().unwrap(), inner.as_str().unwrap());
    let list = |metadata: &str| format!("/content_metadata_access?content_metadata_id={metadata}");
    let grant = |metadata: &str, kind: &str| json!({ "content_metadata_id": metadata, "group_id": "2", "permission_type": kind });
    assert_eq!(
        house.wrong("POST", "/content_metadata_access", grant(outer, "view")).await,
        ["content_metadata_id"]
    );
    for metadata in [outer, inner] {
        let shown = house
            .ask("PATCH", &format!("/content_metadata/{metadata}"), json!({ "inherits": false }), 200)
            .await;
        assert_eq!((&shown["id"], &shown["inherits"]), (&json!(metadata), &json!(false)));
        let copied = house.rows(&list(metadata)).await;
        assert_eq!((copied.len(), &copied[0]["group_id"]), (1, &json!("1")), "as the root has it");
    }
    let above = house.ask("POST", "/content_metadata_access", grant(outer, "view"), 200).await;
    let below = house.ask("POST", "/content_metadata_access", grant(inner, "view"), 200).await;
    let refused = house.ask("POST", "/content_metadata_access", grant(inner, "edit"), 422).await;
    assert!(refused["errors"][0]["message"].as_str().unwrap().contains("already has access on content"));
    let path = format!("/content_metadata_access/{}", id(&below));
    let edited = house.ask("PUT", &path, json!({ "permission_type": "edit", "group_id": "3" }), 200).await;
    assert_eq!(
        (&edited["permission_type"], &edited["group_id"], &edited["id"]),
        (&json!("edit"), &json!("2"), &below["id"])
    );
    assert_eq!(house.wrong("PUT", &path, json!({ "permission_type": "own" })).await, ["permission_type"]);
    house.ask("PUT", "/content_metadata_access/987654", json!({ "permission_type": "view" }), 404).await;

    let above = format!("/content_metadata_access/{}", id(&above));
    house.ask("PUT", &above, json!({ "permission_type": "edit" }), 200).await;
    let name = get(&house, "/groups/2").await["name"].as_str().unwrap().to_owned();
    let refused = house.ask("DELETE", &path, Value::Null, 422).await;
    let message = format!("Cannot remove access for {name} Group with edit on parent");
    assert_eq!(refused["errors"][0]["message"], message);
    house.ask("DELETE", &above, Value::Null, 204).await;
    house.ask("DELETE", &path, Value::Null, 404).await;
    assert_eq!(house.rows(&list(inner)).await.len(), 1, "the row below went with the one above");
    house.ask("PATCH", &format!("/content_metadata/{inner}"), json!({ "inherits": true }), 200).await;
    assert!(house.rows(&list(inner)).await.is_empty());
}

#[tokio::test]
async fn access_is_of_one_group_or_user_to_what_exists() {
    let house = House::new(SimConfig::default()).await;
    let body = |metadata: &str, member: &str, who: &str| json!({ "content_metadata_id": metadata, member: who, "permission_type": "view" });
    house.ask("POST", "/content_metadata_access", body("987654", "group_id", "2"), 404).await;
    house.ask("POST", "/content_metadata_access", body("1", "group_id", "987654"), 404).await;
    let both =
        json!({ "content_metadata_id": "1", "group_id": "2", "user_id": "3", "permission_type": "view" });
    assert_eq!(house.wrong("POST", "/content_metadata_access", both).await, ["group_id"]);
    let none = json!({ "content_metadata_id": "1", "group_id": "2" });
    assert_eq!(house.wrong("POST", "/content_metadata_access", none).await, ["permission_type"]);
    let made = house.ask("POST", "/content_metadata_access", body("1", "user_id", "3"), 200).await;
    assert_eq!((&made["user_id"], &made["group_id"]), (&json!("3"), &Value::Null));
    let dashboard = &house.rows("/dashboards/search?sorts=id").await[0];
    let path = format!("/content_metadata/{}", dashboard["content_metadata_id"].as_str().unwrap());
    assert_eq!(house.wrong("PATCH", &path, json!({ "inherits": false })).await, ["inherits"]);
    assert_eq!(house.wrong("PATCH", "/content_metadata/1", json!({ "inherits": true })).await, ["inherits"]);
    house.ask("PATCH", "/content_metadata/987654", json!({ "inherits": true }), 404).await;
    let board = house.rows("/boards").await[0]["content_metadata_id"].as_str().unwrap().to_owned();
    let notify = "/content_metadata_access?send_boards_notification_email=";
    house.ask("POST", &format!("{notify}false"), body(&board, "group_id", "3"), 200).await;
    assert!(house.sim.outbox().is_empty());
    house.ask("POST", &format!("{notify}true"), body(&board, "group_id", "4"), 200).await;
    assert_eq!(house.sim.outbox()[0].what, "board_notification");
}

#[tokio::test]
async fn a_favourite_is_its_users_own() {
    let mut house = House::new(SimConfig::default()).await;
    let plain = |row: &Value| row["content_favorite_id"].is_null();
    let dashboard = house.rows("/dashboards/search?sorts=id").await.into_iter().find(plain).unwrap();
    let path = format!("/dashboards/{}", id(&dashboard));
    let body = json!({ "content_metadata_id": dashboard["content_metadata_id"], "user_id": "1" });
    let made = house.ask("POST", "/content_favorite", body.clone(), 200).await;
    assert_eq!(
        (&made["user_id"], &made["dashboard"]["id"], &made["look"]),
        (&json!("1"), &dashboard["id"], &Value::Null)
    );
    assert_eq!(get(&house, &format!("/content_favorite/{}", id(&made))).await, made);
    let shown = get(&house, &path).await;
    assert_eq!(
        (&shown["content_favorite_id"], &shown["updated_at"]),
        (&made["id"], &dashboard["updated_at"])
    );
    assert_eq!(shown["favorite_count"].as_u64(), dashboard["favorite_count"].as_u64().map(|count| count + 1));
    house.ask("POST", "/content_favorite", body.clone(), 409).await;
    house.ask("POST", "/content_favorite", json!({ "content_metadata_id": "987654" }), 404).await;
    assert_eq!(
        house.wrong("POST", "/content_favorite", json!({ "content_metadata_id": "1" })).await,
        ["content_metadata_id"]
    );
    let of_other = json!({ "content_metadata_id": dashboard["content_metadata_id"], "user_id": "2" });
    house.ask("POST", "/content_favorite", of_other.clone(), 404).await;
    house.become_user("2").await;
    house.ask("DELETE", &format!("/content_favorite/{}", id(&made)), Value::Null, 404).await;
    house.ask("POST", "/content_favorite", body.clone(), 404).await;
    let other = house.ask("POST", "/content_favorite", of_other, 200).await;
    assert_eq!(other["user_id"], "2");
    // Whoever acts as somebody else is no administrator by that.
    house.ask("POST", "/login/3", Value::Null, 404).await;
    house.ask("DELETE", "/logout", Value::Null, 200).await;
    house.ask("GET", "/user", Value::Null, 401).await;
    house.login().await;
    house.ask("DELETE", &format!("/content_favorite/{}", id(&other)), Value::Null, 404).await;
    house.ask("DELETE", &format!("/content_favorite/{}", id(&made)), Value::Null, 204).await;
    let shown = get(&house, &path).await;
    assert!(shown["content_favorite_id"].is_null());
    assert_eq!(house.sim.ids(Kind::ContentFavorite, false).last().unwrap(), id(&other));
}

#[tokio::test]
async fn nobody_signs_in_as_a_user_that_is_disabled_and_without_a_role_nothing_is_marked() {
    let mut house = House::new(SimConfig::default()).await;
    house.ask("PATCH", "/users/2", json!({ "is_disabled": true }), 200).await;
    house.ask("POST", "/login/2", Value::Null, 404).await;
    house.ask("PATCH", "/users/2", json!({ "is_disabled": false }), 200).await;
    let made = house.ask("POST", "/users", json!({ "first_name": "New" }), 200).await;
    // What everybody may by being in the group of all users.
    house.sim.set(Kind::GroupHierarchy, "1", &[("role_ids", "[]")]).unwrap();
    let dashboard = house.rows("/dashboards/search?sorts=id").await.remove(0);
    let mark = json!({ "content_metadata_id": dashboard["content_metadata_id"] });
    house.become_user(id(&made)).await;
    house.ask("POST", "/content_favorite", mark.clone(), 404).await;
    house.login().await;
    house.ask("PUT", &format!("/users/{}/roles", id(&made)), json!(["3"]), 200).await;
    house.become_user(id(&made)).await;
    assert_eq!(house.ask("POST", "/content_favorite", mark, 200).await["user_id"], made["id"]);
}
