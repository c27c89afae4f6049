//! Tiles, filters, layouts and components.

use looker_sim::{Components, Kind, SimConfig};
use serde_json::{Value, json};

use crate::common::{Answer, House};

struct Scene {
    house: House,
    dashboard: String,
}

impl Scene {
    async fn new(config: SimConfig) -> Scene {
        let house = House::new(config).await;
        let body = json!({ "title": "Scene", "folder_id": "1" }).to_string();
        let made = house.send("POST", "/dashboards", &body).await.json();
        Scene { house, dashboard: made["id"].as_str().unwrap().to_owned() }
    }

    async fn write(&self, method: &str, path: &str, body: Value) -> Answer {
        self.house.send(method, path, &body.to_string()).await
    }

    async fn tile(&self, mut body: Value) -> Answer {
        body["dashboard_id"] = json!(self.dashboard);
        self.write("POST", "/dashboard_elements", body).await
    }

    async fn patch_tile(&self, tile: &Value, body: Value) -> Answer {
        self.write("PATCH", &format!("/dashboard_elements/{}", tile["id"].as_str().unwrap()), body).await
    }

    async fn read(&self) -> Value {
        self.house.get(&format!("/dashboards/{}", self.dashboard)).await.json()
    }

    async fn layouts(&self) -> Vec<Value> {
        self.read().await["dashboard_layouts"].as_array().unwrap().clone()
    }
}

fn message(answer: &Answer) -> String {
    assert_eq!(answer.status, 422, "{}", answer.text);
    answer.json()["errors"][0]["message"].as_str().unwrap().to_owned()
}

fn components(layout: &Value) -> &Vec<Value> {
    layout["dashboard_layout_components"].as_array().unwrap()
}

#[tokio::test]
async fn a_tile_of_a_query_gets_its_maker_and_its_component() {
    let scene = Scene::new(SimConfig::default()).await;
    let listen = json!([{ "dashboard_filter_name": "Date", "field": "orders.created_date" }]);
    let sent = json!({
        "type": "vis", "title": "T", "query_id": "3", "note_text": "a < b",
        "result_maker": { "filterables": [
            { "model": "x", "view": "y", "listen": listen },
            { "model": "x", "view": "y", "listen": [{ "dashboard_filter_name": "Lost", "field": "f" }] },
        ] },
    });
    let tile = scene.tile(sent).await.json();
    let query = scene.house.get("/queries/3").await.json();
    assert_eq!((&tile["query"], &tile["result_maker"]["query"]), (&query, &query));
    assert_eq!(tile["result_maker"]["id"], tile["result_maker_id"]);
    assert_eq!(tile["result_maker"]["vis_config"], query["vis_config"]);
    let filterables = tile["result_maker"]["filterables"].as_array().unwrap();
    assert_eq!(filterables.len(), 1, "only the first of several binds");
    assert_eq!((&filterables[0]["model"], &filterables[0]["listen"]), (&query["model"], &listen));
    assert_eq!(tile["note_text_as_html"], "<p>a &lt; b</p>");
    let id = tile["id"].as_str().unwrap();
    assert_eq!(scene.house.get(&format!("/dashboard_elements/{id}")).await.json(), tile);
    assert_eq!(scene.read().await["dashboard_elements"], json!([tile]));
    let layouts = scene.layouts().await;
    let own = components(&layouts[0]);
    assert_eq!((own.len(), &own[0]["dashboard_element_id"], &own[0]["width"]), (1, &tile["id"], &json!(8)));
    let path = format!("/dashboard_layout_components/{}", own[0]["id"].as_str().unwrap());
    let placed =
        scene.write("PATCH", &path, json!({ "row": 2, "column": 8, "width": 16, "height": 9 })).await.json();
    assert_eq!(scene.house.get(&path).await.json(), placed);
    assert_eq!(
        (&placed["row"], &placed["width"], &placed["dashboard_element_id"]),
        (&json!(2), &json!(16), &tile["id"])
    );
    scene.tile(json!({ "type": "text" })).await;
    let layouts = scene.layouts().await;
    assert_eq!(components(&layouts[0])[1]["row"], 11, "below what is there");
}

#[tokio::test]
async fn a_tile_needs_one_source_unless_it_shows_none() {
    let scene = Scene::new(SimConfig::default()).await;
    let none = scene.tile(json!({ "type": "vis", "result_maker": { "filterables": [] } })).await;
    assert!(message(&none).starts_with("Must provide either a look_id, query_id"));
    assert_eq!(none.json()["errors"][0]["field"], "type");
    let nested =
        scene.tile(json!({ "type": "vis", "query": { "model": "ecommerce", "view": "users" } })).await;
    assert_eq!(nested.status, 422, "a nested query is none");
    let both = scene.tile(json!({ "type": "vis", "query_id": "3", "look_id": "1" })).await;
    assert_eq!(both.status, 422);
    let maker = scene.tile(json!({ "type": "vis", "query_id": "3", "result_maker_id": "1001" })).await;
    assert!(message(&maker).ends_with("if a Result Maker ID is provided"));
    assert_eq!(
        scene.tile(json!({ "type": "vis", "result_maker_id": "424242" })).await.status,
        422,
        "of elsewhere"
    );
    assert_eq!(scene.tile(json!({ "type": "vis", "query_id": "99999999" })).await.status, 404);
    let button = json!({ "type": "button", "rich_content_json": "{\"text\":\"Go\"}" });
    assert_eq!(scene.tile(button).await.json()["rich_content_json"], "{\"text\":\"Go\"}");
    let extension = scene.tile(json!({ "type": "extension", "extension_id": "a::b" })).await;
    assert_eq!((extension.status, &extension.json()["result_maker"]), (200, &Value::Null));
    let look = scene.tile(json!({ "type": "look", "look_id": "1" })).await.json();
    let original = scene.house.get("/looks/1").await.json();
    assert_eq!((&look["query_id"], &look["look"]["query"]), (&Value::Null, &original["query"]));
    assert_eq!(look["result_maker"]["query_id"], original["query_id"]);
    let known = scene.tile(json!({ "type": "vis", "result_maker_id": look["result_maker_id"] })).await;
    assert_eq!(known.json()["look_id"], "1", "one of this instance stands for its source");
    assert_eq!(
        scene.read().await["dashboard_elements"].as_array().unwrap().len(),
        4,
        "refused ones leave nothing"
    );
}

#[tokio::test]
async fn a_tile_keeps_its_id_and_gets_another_query() {
    let scene = Scene::new(SimConfig::default()).await;
    let listen = json!([{ "dashboard_filter_name": "Date", "field": "a.b" }]);
    let tile = scene
        .tile(json!({ "type": "vis", "query_id": "3", "result_maker": { "filterables": [{ "listen": listen }] } }))
        .await
        .json();
    let ignored = scene
        .patch_tile(&tile, json!({ "query": { "model": "ecommerce", "view": "users", "limit": "7" } }))
        .await;
    assert_eq!((ignored.status, &ignored.json()["query"]), (200, &tile["query"]), "200, and nothing changed");
    let changed = scene.patch_tile(&tile, json!({ "query_id": "4" })).await.json();
    let query = scene.house.get("/queries/4").await.json();
    assert_eq!(
        (&changed["id"], &changed["query"], &changed["result_maker"]["query"]),
        (&tile["id"], &query, &query)
    );
    assert_eq!(changed["result_maker_id"], tile["result_maker_id"]);
    let filterable = &changed["result_maker"]["filterables"][0];
    assert_eq!((&filterable["listen"], &filterable["model"]), (&listen, &query["model"]), "listeners stay");
    let cleared = scene
        .patch_tile(&tile, json!({ "result_maker": { "filterables": [{ "listen": [] }] } }))
        .await
        .json();
    assert_eq!(cleared["result_maker"]["filterables"][0]["listen"], json!([]), "what is left out is gone");
    assert_eq!(cleared["query_id"], "4");
    let text = scene
        .patch_tile(
            &tile,
            json!({ "type": "text", "query_id": null, "result_maker": null, "body_text": "x" }),
        )
        .await;
    assert_eq!(message(&text), "Result Maker IDs should not be provided for text elements");
    assert_eq!(scene.patch_tile(&tile, json!({ "dashboard_id": null, "title": "x" })).await.status, 404);
    let other = scene.house.sim.ids(Kind::Dashboard, false)[0].clone();
    assert_eq!(scene.patch_tile(&tile, json!({ "dashboard_id": other })).await.status, 422);
    let titled = scene
        .patch_tile(&tile, json!({ "title": "New", "title_hidden": true, "alert_count": 5 }))
        .await
        .json();
    assert_eq!(
        (&titled["title"], &titled["title_hidden"], &titled["alert_count"]),
        (&json!("New"), &json!(true), &json!(0))
    );
}

#[tokio::test]
async fn editing_a_part_moves_its_dashboards_stamp() {
    let scene = Scene::new(SimConfig::default()).await;
    let (house, id) = (&scene.house, &scene.dashboard);
    house.sim.edit(Kind::Dashboard, id, &[("updated_at", "\"2024-01-01T00:00:00.000+00:00\"")]).unwrap();
    scene.tile(json!({ "type": "text" })).await;
    assert!(scene.read().await["updated_at"].as_str().unwrap() > "2024-02");
    assert_eq!(house.sim.history(Kind::Dashboard, id).len(), 3);
}

#[tokio::test]
async fn seeded_parts_are_found_by_their_ids_and_change_alone() {
    let house = House::new(SimConfig::default()).await;
    for (id, body) in house.sim.export(Kind::Dashboard).into_iter().take(30) {
        let before: Value = serde_json::from_slice(&body).unwrap();
        let Some(tile) = before["dashboard_elements"].as_array().unwrap().last().cloned() else { continue };
        let path = format!("/dashboard_elements/{}", tile["id"].as_str().unwrap());
        assert_eq!(house.get(&path).await.json(), tile);
        let written = house.send("PATCH", &path, r#"{"note_text":"n"}"#).await.json();
        let after = house.get(&format!("/dashboards/{id}")).await.json();
        assert_eq!(after["dashboard_elements"].as_array().unwrap().last(), Some(&written));
        assert_eq!(after["dashboard_layouts"], before["dashboard_layouts"]);
        let mut expected = tile;
        expected["note_text"] = json!("n");
        expected["note_text_as_html"] = json!("<p>n</p>");
        assert_eq!(written, expected);
    }
    assert_eq!(house.get("/dashboard_elements/424242").await.status, 404);
}

#[tokio::test]
async fn deleting_a_tile_takes_its_alerts_along() {
    let house = House::new(SimConfig { alerts: 40, ..SimConfig::default() }).await;
    let alert = house.sim.export(Kind::Alert).into_iter().find_map(|(id, body)| {
        let alert: Value = serde_json::from_slice(&body).unwrap();
        Some((id, alert["dashboard_element_id"].as_str()?.to_owned()))
    });
    let (alert, tile) = alert.unwrap();
    let path = format!("/dashboard_elements/{tile}");
    let dashboard = house.get(&path).await.json()["dashboard_id"].as_str().unwrap().to_owned();
    assert_eq!(house.send("DELETE", &path, "").await.status, 204);
    assert_eq!(house.get(&path).await.status, 404);
    assert_eq!(house.get(&format!("/alerts/{alert}")).await.status, 404);
    let after = house.get(&format!("/dashboards/{dashboard}")).await.json();
    let components = after["dashboard_layouts"].as_array().unwrap().iter().flat_map(components);
    let its: Vec<_> =
        components.filter(|component| component["dashboard_element_id"] == tile.as_str()).collect();
    assert!(its.iter().all(|component| component["deleted"] == true) && !its.is_empty());
    assert_eq!(house.send("DELETE", &path, "").await.status, 404);
}

#[tokio::test]
async fn filters_are_unique_by_title_and_by_name_and_listed_as_last_written() {
    let scene = Scene::new(SimConfig::default()).await;
    let filter = async |name: &str, title: &str| {
        let body = json!({
            "dashboard_id": scene.dashboard, "name": name, "title": title, "type": "field_filter",
            "model": "ecommerce", "explore": "users", "dimension": "users.city", "row": 3,
        });
        scene.write("POST", "/dashboard_filters", body).await
    };
    let first = filter("a", "A").await.json();
    assert_eq!(
        (&first["allow_multiple_values"], &first["required"], &first["row"]),
        (&json!(false), &json!(false), &json!(3))
    );
    assert_eq!(first["field"]["name"], "users.city");
    let second = filter("b", "B").await.json();
    let clash = filter("a", "A").await.json();
    let fields: Vec<_> =
        clash["errors"].as_array().unwrap().iter().map(|error| error["field"].clone()).collect();
    assert_eq!(fields, ["[:title, :dashboard_id]", "[:name, :dashboard_id]"]);
    assert_eq!(clash["errors"][1]["message"], "Filter with this name already exists.");
    let path = format!("/dashboard_filters/{}", first["id"].as_str().unwrap());
    assert_eq!(scene.write("PATCH", &path, json!({ "name": "b" })).await.status, 422);
    let changed = scene.write("PATCH", &path, json!({ "name": "a", "default_value": "7 days" })).await.json();
    assert_eq!(changed["default_value"], "7 days");
    assert_eq!(scene.read().await["dashboard_filters"], json!([second, changed]));
    let missing =
        scene.write("POST", "/dashboard_filters", json!({ "dashboard_id": scene.dashboard })).await.json();
    assert_eq!(missing["errors"].as_array().unwrap().len(), 3, "name, title and type");
    assert_eq!(scene.house.send("DELETE", &path, "").await.status, 204);
    assert_eq!(scene.read().await["dashboard_filters"], json!([second]));
}

#[tokio::test]
async fn tabs_hold_the_tiles_that_name_them() {
    let scene = Scene::new(SimConfig::default()).await;
    let tab = scene
        .write("POST", "/dashboard_layouts", json!({ "dashboard_id": scene.dashboard, "label": "Two" }))
        .await
        .json();
    assert_eq!((&tab["active"], &tab["order"], components(&tab).len()), (&json!(false), &json!(1), 0));
    let tile = scene.tile(json!({ "type": "text", "dashboard_layout_id": tab["id"] })).await.json();
    let layouts = scene.layouts().await;
    assert_eq!((components(&layouts[0]).len(), components(&layouts[1]).len()), (0, 1));
    let component = components(&layouts[1])[0]["id"].as_str().unwrap().to_owned();
    let path = format!("/dashboard_layout_components/{component}");
    scene.write("PATCH", &path, json!({ "dashboard_layout_id": layouts[0]["id"], "row": 4 })).await;
    let layouts = scene.layouts().await;
    assert_eq!(
        (components(&layouts[0])[0]["id"].as_str(), components(&layouts[1]).len()),
        (Some(component.as_str()), 0)
    );
    scene.patch_tile(&tile, json!({ "dashboard_layout_id": tab["id"] })).await;
    let layouts = scene.layouts().await;
    assert_eq!((components(&layouts[0]).len(), &components(&layouts[1])[0]["row"]), (0, &json!(4)));
    assert_eq!(
        scene.tile(json!({ "type": "text", "dashboard_layout_id": "1" })).await.status,
        422,
        "of another one"
    );

    let path = format!("/dashboard_layouts/{}", tab["id"].as_str().unwrap());
    let active = scene.write("PATCH", &path, json!({ "active": true, "label": "Zwei" })).await.json();
    assert_eq!((&active["active"], &active["label"]), (&json!(true), &json!("Zwei")));
    let layouts = scene.layouts().await;
    assert_eq!(layouts[0]["active"], false, "one is active");
    let first = format!("/dashboard_layouts/{}", layouts[0]["id"].as_str().unwrap());
    assert_eq!(scene.house.send("DELETE", &first, "").await.status, 204);
    assert_eq!(scene.house.send("DELETE", &path, "").await.status, 422, "the last one stays");
    assert_eq!(
        scene
            .house
            .get(&format!("{path}/dashboard_layout_components"))
            .await
            .json()
            .as_array()
            .unwrap()
            .len(),
        1
    );
}

#[tokio::test]
async fn releases_before_tabs_pass_over_the_layout_of_a_tile() {
    for (config, expected, of_new_layout) in
        [(Components::Active, [1, 0], 0), (Components::Everywhere, [1, 1], 1)]
    {
        let scene = Scene::new(SimConfig { components: config, ..SimConfig::default() }).await;
        let new = async || {
            let body = json!({ "dashboard_id": scene.dashboard });
            scene.write("POST", "/dashboard_layouts", body).await.json()
        };
        let second = new().await;
        let tile = scene.tile(json!({ "type": "text", "dashboard_layout_id": second["id"] })).await.json();
        assert_eq!(tile["dashboard_layout_id"], Value::Null);
        let counts: Vec<usize> =
            scene.layouts().await.iter().map(|layout| components(layout).len()).collect();
        assert_eq!(counts, expected, "{config:?}");
        assert_eq!(components(&new().await).len(), of_new_layout, "{config:?}");
    }
}
