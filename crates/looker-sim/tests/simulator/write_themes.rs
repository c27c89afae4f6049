//! Themes and colour collections, created, changed and deleted; and who may
//! write at all.

use looker_sim::{Account, SimConfig};
use serde_json::{Value, json};

use crate::common::House;

fn id(object: &Value) -> &str {
    object["id"].as_str().unwrap()
}

async fn get(house: &House, path: &str) -> Value {
    house.ask("GET", path, Value::Null, 200).await
}

#[tokio::test]
async fn a_theme_is_the_default_but_for_what_is_sent() {
    let house = House::new(SimConfig::default()).await;
    let default = get(&house, "/themes/default").await;
    let body = json!({ "name": "dunkel_2", "settings": { "background_color": "#000", "show_title": null }, "id": "1" });
    let made = house.ask("POST", "/themes", body, 200).await;
    let mut settings = default["settings"].clone();
    settings["background_color"] = json!("#000");
    settings["show_title"] = Value::Null;
    assert_eq!(made["settings"], settings);
    let path = format!("/themes/{}", id(&made));
    assert_eq!(get(&house, &path).await, made);
    let changed = house.ask("PATCH", &path, json!({ "settings": { "tile_shadow": true } }), 200).await;
    assert_eq!(
        (&changed["settings"]["tile_shadow"], &changed["settings"]["background_color"]),
        (&json!(true), &json!("#000"))
    );
    house.ask("DELETE", &path, Value::Null, 204).await;
    house.ask("GET", &path, Value::Null, 404).await;
    for (method, body) in [("PATCH", json!({ "name": "x" })), ("DELETE", Value::Null)] {
        house.ask(method, &format!("/themes/{}", id(&default)), body, 405).await;
    }
}

#[tokio::test]
async fn names_and_colors_of_themes_are_checked_together() {
    let house = House::new(SimConfig::default()).await;
    let body = json!({ "name": "dg&", "settings": { "background_color": "invalid" } });
    assert_eq!(house.wrong("POST", "/themes", body).await, ["name", "background_color"]);
    assert_eq!(house.wrong("POST", "/themes", json!({})).await, ["name"]);
    let at = |begin: Option<&str>, end: Option<&str>| json!({ "name": "season", "begin_at": begin, "end_at": end });
    let (may, june) = ("2026-05-01T00:00:00.000+00:00", "2026-06-01T00:00:00.000+00:00");
    house.ask("POST", "/themes", at(None, Some(may)), 200).await;
    house.ask("POST", "/themes", at(Some(may), Some(june)), 200).await;
    assert_eq!(house.wrong("POST", "/themes", at(Some(may), None)).await, ["name"]);
    assert_eq!(house.wrong("POST", "/themes", at(None, None)).await, ["name"]);
    let last = house.ask("POST", "/themes", at(Some(june), None), 200).await;
    house.ask("PATCH", &format!("/themes/{}", id(&last)), at(Some(june), None), 200).await;
}

#[tokio::test]
async fn palettes_get_ids_and_standard_collections_stay() {
    let house = House::new(SimConfig::default()).await;
    let palettes = json!([{ "id": "own", "label": "P", "type": "Categorical", "colors": ["#000", "#fff"] }]);
    let body = json!({ "label": "Größen", "categoricalPalettes": palettes, "id": "own" });
    let made = house.ask("POST", "/color_collections", body.clone(), 200).await;
    assert!(made["id"] != "own" && made["categoricalPalettes"][0]["id"] != "own");
    assert_eq!(made["categoricalPalettes"][0]["colors"], json!(["#000", "#fff"]));
    assert_eq!((&made["sequentialPalettes"], &made["divergingPalettes"]), (&json!([]), &json!([])));
    let twin = house.ask("POST", "/color_collections", body, 200).await;
    assert!(twin["id"] != made["id"], "labels are not unique");
    let path = format!("/color_collections/{}", id(&made));
    assert_eq!(get(&house, &path).await, made);
    assert!(house.rows("/color_collections/custom").await.contains(&made));
    let renamed = house.ask("PATCH", &path, json!({ "label": "Andere" }), 200).await;
    assert_eq!(
        (&renamed["label"], &renamed["categoricalPalettes"]),
        (&json!("Andere"), &made["categoricalPalettes"])
    );
    assert_eq!(house.wrong("POST", "/color_collections", json!({})).await, ["label"]);
    house.ask("DELETE", &path, Value::Null, 204).await;
    house.ask("DELETE", &path, Value::Null, 404).await;
    let standard = get(&house, "/color_collections/default").await;
    for (method, body) in [("PATCH", json!({ "label": "x" })), ("DELETE", Value::Null)] {
        house.ask(method, &format!("/color_collections/{}", id(&standard)), body, 403).await;
    }
}

#[tokio::test]
async fn who_lacks_a_permission_writes_nothing() {
    let account = Account::Permitted { permissions: vec!["access_data".to_owned(), "see_users".to_owned()] };
    let house = House::new(SimConfig { account, ..SimConfig::default() }).await;
    for (method, path, status) in [
        ("POST", "/scheduled_plans", 404),
        ("POST", "/alerts", 403),
        ("POST", "/users", 404),
        ("GET", "/users/2/credentials_email", 404),
        ("DELETE", "/groups/2", 404),
        ("PUT", "/roles/2/users", 404),
        ("POST", "/user_attributes", 404),
        ("PATCH", "/content_metadata/1", 404),
        ("POST", "/themes", 404),
        ("POST", "/color_collections", 404),
    ] {
        house.ask(method, path, json!({}), status).await;
    }
    assert!(house.sim.outbox().is_empty());
}
