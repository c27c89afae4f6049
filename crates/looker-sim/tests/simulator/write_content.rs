//! Queries, merge queries, looks, folders and boards.

use looker_sim::{Activity, Kind, SimConfig};
use serde_json::{Value, json};

use crate::common::{Answer, House};

async fn write(house: &House, method: &str, path: &str, body: Value) -> Answer {
    house.send(method, path, &body.to_string()).await
}

fn first_error(answer: &Answer) -> Value {
    assert_eq!(answer.status, 422, "{}", answer.text);
    answer.json()["errors"][0].clone()
}

fn query(limit: &str) -> Value {
    json!({
        "model": "ecommerce", "view": "users", "fields": ["users.count", "no.such_field"], "limit": limit,
        "filters": { "users.city": "Köln", "users.age_tier": 1 }, "dynamic_fields": "[{\"table_calculation\":\"x\"}]",
        "analysis_config": { "forecasting": [] }, "slug": "mine",
    })
}

#[tokio::test]
async fn equal_queries_are_one() {
    let house = House::new(SimConfig::default()).await;
    let made = write(&house, "POST", "/queries", query("500")).await.json();
    let id = made["id"].as_str().unwrap();
    assert_eq!(house.get(&format!("/queries/{id}")).await.json(), made);
    let slug = made["slug"].as_str().unwrap();
    assert_ne!(slug, "mine");
    assert_eq!(house.get(&format!("/queries/slug/{slug}")).await.json(), made);
    assert_eq!((&made["limit"], &made["analysis_config"]), (&json!("500"), &json!({ "forecasting": [] })));
    assert_eq!(made["has_table_calculations"], true);
    let mut later = query("500");
    later["filters"]["users.age_tier"] = json!("1");
    later["pivots"] = Value::Null;
    let again = write(&house, "POST", "/queries?fields=id,filters", later).await.json();
    assert_eq!((&again["id"], again.as_object().unwrap().len()), (&made["id"], 2));
    assert_eq!(again["filters"]["users.age_tier"], 1, "the first type wins");
    assert_ne!(write(&house, "POST", "/queries", query("501")).await.json()["id"], made["id"]);
    let seeded = house.get("/queries/7").await;
    let client_id = seeded.json()["client_id"].to_string();
    let again = house.send("POST", "/queries", &seeded.text.replace(&client_id, "null")).await.json();
    assert_eq!(again["id"], "7", "also of those that were there");
    let booked = house.sim.requests().into_iter().filter(|served| served.operation == "create_query");
    assert!(
        booked.clone().count() > 0 && booked.into_iter().all(|served| served.activity == Activity::DbQuery)
    );
}

#[tokio::test]
async fn queries_are_refused_as_observed() {
    let house = House::new(SimConfig::default()).await;
    let none = write(&house, "POST", "/queries", json!({ "fields": [] })).await;
    assert_eq!(first_error(&none)["code"], "missing_field");
    assert_eq!(
        (&none.json()["errors"][0]["field"], &none.json()["errors"][1]["field"]),
        (&json!("model"), &json!("view"))
    );
    for (model, view) in [("nowhere", "users"), ("ecommerce", "nothing")] {
        let refused = write(&house, "POST", "/queries", json!({ "model": model, "view": view })).await;
        assert_eq!((refused.status, refused.json()["message"].as_str()), (404, Some("Not found")));
    }
    let foreign = house.get("/queries/7").await.json();
    let taken = first_error(&write(&house, "POST", "/queries", foreign).await);
    assert_eq!((&taken["field"], &taken["code"]), (&json!("client_id"), &json!("already_exists")));
    let mut number = query("500");
    number["limit"] = json!(500);
    assert_eq!(first_error(&write(&house, "POST", "/queries", number).await)["field"], "limit");
    assert_eq!(
        house.get(&format!("/queries/{}", house.sim.export_made("query").len() + 1)).await.status,
        404
    );
}

#[tokio::test]
async fn merge_queries_are_shared_and_name_their_sources_by_id_and_slug() {
    let house = House::new(SimConfig::default()).await;
    let slug = house.get("/queries/3").await.json()["slug"].clone();
    let body = json!({
        "source_queries": [
            { "name": "q1", "query_id": "2" },
            { "name": "q2", "query_slug": slug, "merge_fields": [{ "field_name": "a.b", "source_field_name": "c.d" }] },
        ],
        "vis_config": { "type": "table" },
    });
    let made = write(&house, "POST", "/merge_queries", body.clone()).await.json();
    let id = made["id"].as_str().unwrap();
    assert_eq!((&made["source_queries"][1]["query_id"], id.len()), (&json!("3"), 22));
    assert_eq!(house.get(&format!("/merge_queries/{id}")).await.json(), made);
    assert_eq!(write(&house, "POST", "/merge_queries", body).await.json()["id"], id);
    let (old, seeded) = house.sim.export_made("merge_query").swap_remove(0);
    let again = house.send("POST", "/merge_queries", &seeded).await.json();
    assert_eq!(again["id"], old);
    let unknown = json!({ "source_queries": [{ "query_id": "99999999" }] });
    assert_eq!(write(&house, "POST", "/merge_queries", unknown).await.status, 404);

    let dashboard =
        write(&house, "POST", "/dashboards", json!({ "title": "M", "folder_id": "1" })).await.json();
    let listen = json!([{ "dashboard_filter_name": "Date", "field": "a.b" }]);
    let tile = json!({
        "dashboard_id": dashboard["id"], "type": "vis", "merge_result_id": id,
        "result_maker": { "filterables": [{ "name": "q2", "listen": listen }] },
    });
    let tile = write(&house, "POST", "/dashboard_elements", tile).await.json();
    let maker = &tile["result_maker"];
    assert_eq!((&tile["query_id"], &maker["merge_result_id"]), (&Value::Null, &json!(id)));
    assert_eq!(
        (&maker["filterables"][0]["listen"], &maker["filterables"][1]["listen"]),
        (&json!([]), &listen)
    );
    assert_eq!(maker["vis_config"], json!({ "type": "table" }));
}

#[tokio::test]
async fn looks_need_a_query_and_no_null_for_public() {
    let house = House::new(SimConfig::default()).await;
    let folder = house.sim.shared_folder_ids()[0].clone();
    let body = |more: Value| {
        let mut body = json!({ "title": "L", "folder_id": folder, "query_id": "3" });
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        body
    };
    let broken = write(&house, "POST", "/looks", body(json!({ "public": null }))).await;
    assert_eq!((broken.status, broken.json()["message"].as_str()), (500, Some("An error has occurred.")));
    assert_eq!(
        first_error(&write(&house, "POST", "/looks", body(json!({ "query_id": null }))).await)["field"],
        "query_id"
    );
    let legacy =
        write(&house, "POST", "/looks", json!({ "title": "L", "space_id": folder, "query_id": "3" })).await;
    assert_eq!(
        (legacy.status, legacy.json()["message"].as_str()),
        (404, Some("The resource you're looking for could not be found"))
    );
    let made = write(&house, "POST", "/looks", body(json!({ "public": false, "is_run_on_load": false })))
        .await
        .json();
    let path = format!("/looks/{}", made["id"].as_str().unwrap());
    assert_eq!(house.get(&path).await.json(), made);
    assert_eq!(made["query"], house.get("/queries/3").await.json());
    assert_eq!(
        write(&house, "POST", "/looks", body(json!({}))).await.status,
        200,
        "titles need not be unique"
    );
    let trashed = write(&house, "POST", "/looks", body(json!({ "deleted": true }))).await.json();
    assert_eq!((&trashed["deleted"], trashed["deleted_at"].is_string()), (&json!(true), true));
    let changed = write(&house, "PATCH", &path, json!({ "query_id": "4", "public": null })).await.json();
    assert_eq!(changed["query"], house.get("/queries/4").await.json());
    let moved = house.send("PATCH", &format!("{path}/move?folder_id=1&"), "").await.json();
    assert_eq!(moved["folder"]["id"], "1");
    let copy = house.send("POST", &format!("{path}/copy?folder_id={folder}"), "").await.json();
    assert_eq!((&copy["title"], &copy["query_id"]), (&json!("L (copy)"), &json!("4")));
    let status = json!({ "certification_status": "certified" });
    let certified = write(&house, "PATCH", &format!("{path}/certification"), status).await.json();
    assert_eq!(certified["certification_metadata"]["user_name"], "Api Reader");
    assert!(certified.get("query").is_none(), "a Look, not a LookWithQuery");
    assert_eq!(house.send("DELETE", &path, "").await.status, 204);
    assert_eq!(house.get(&path).await.status, 404);
}

#[tokio::test]
async fn titles_of_looks_clash_where_they_are_told_to() {
    let house = House::new(SimConfig { look_titles_unique: true, ..SimConfig::default() }).await;
    let body = json!({ "title": "L", "folder_id": "1", "query_id": "3" });
    assert_eq!(write(&house, "POST", "/looks", body.clone()).await.status, 200);
    assert_eq!(first_error(&write(&house, "POST", "/looks", body).await)["code"], "already_exists");
}

#[tokio::test]
async fn folders_are_made_renamed_moved_and_deleted_with_all_in_them() {
    let house = House::new(SimConfig::default()).await;
    let make = async |name: &str, parent: &str| {
        write(&house, "POST", "/folders", json!({ "name": name, "parent_id": parent })).await
    };
    let top = make("Top", "1").await.json();
    let top_id = top["id"].as_str().unwrap().to_owned();
    assert_eq!(
        (&top["creator_id"], &top["dashboards"], &top["child_count"]),
        (&json!("1"), &json!([]), &json!(0))
    );
    let metadata =
        house.get(&format!("/content_metadata/{}", top["content_metadata_id"].as_str().unwrap())).await;
    assert_eq!((&metadata.json()["folder_id"], &metadata.json()["parent_id"]), (&top["id"], &json!("1")));
    let clash = first_error(&make("top", "1").await);
    assert_eq!(clash["code"], "already_exists");
    let inner = make("Top", &top_id).await.json();
    let inner_id = inner["id"].as_str().unwrap().to_owned();
    assert_eq!(house.get(&format!("/folders/{top_id}")).await.json()["child_count"], 1);
    for closed in ["2", "lookml", "77777"] {
        assert_eq!(make("x", closed).await.status, 404, "{closed}");
    }
    assert_eq!(write(&house, "POST", "/folders", json!({ "name": "x" })).await.status, 422);

    let dashboard =
        write(&house, "POST", "/dashboards", json!({ "title": "D", "folder_id": inner_id })).await.json();
    let dashboard = format!("/dashboards/{}", dashboard["id"].as_str().unwrap());
    let renamed =
        write(&house, "PATCH", &format!("/folders/{inner_id}"), json!({ "name": "Inner" })).await.json();
    assert_eq!((&renamed["name"], &renamed["parent_id"]), (&json!("Inner"), &json!(top_id)));
    assert_eq!(house.get(&dashboard).await.json()["folder"]["name"], "Inner");
    let into_itself =
        write(&house, "PATCH", &format!("/folders/{top_id}"), json!({ "parent_id": inner_id })).await;
    assert_eq!(first_error(&into_itself)["field"], "parent_id");
    let personal = house.sim.export(Kind::Folder).into_iter().find_map(|(id, body)| {
        let folder: Value = serde_json::from_slice(&body).unwrap();
        (folder["is_personal"] == true).then_some(id)
    });
    let personal = personal.unwrap();
    let moved = write(&house, "PATCH", &format!("/folders/{inner_id}"), json!({ "parent_id": personal }))
        .await
        .json();
    assert_eq!((&moved["parent_id"], &moved["is_personal_descendant"]), (&json!(personal), &json!(true)));
    assert_eq!(house.get(&format!("/folders/{top_id}")).await.json()["child_count"], 0);
    write(&house, "PATCH", &format!("/folders/{inner_id}"), json!({ "parent_id": top_id })).await;
    for fixed in ["1", "2", "lookml", &personal] {
        assert_eq!(
            write(&house, "PATCH", &format!("/folders/{fixed}"), json!({ "name": "x" })).await.status,
            404
        );
        assert_eq!(house.send("DELETE", &format!("/folders/{fixed}"), "").await.status, 404);
    }
    house.sim.trash(Kind::Dashboard, dashboard.strip_prefix("/dashboards/").unwrap()).unwrap();
    assert_eq!(house.send("DELETE", &format!("/folders/{top_id}"), "").await.status, 204);
    for gone in [format!("/folders/{inner_id}"), format!("/folders/{top_id}"), dashboard] {
        assert_eq!(house.get(&gone).await.status, 404, "{gone}");
    }
}

#[tokio::test]
async fn boards_are_made_in_three_calls() {
    let house = House::new(SimConfig::default()).await;
    let board = write(&house, "POST", "/boards", json!({ "title": "Start here", "section_order": ["77"] }))
        .await
        .json();
    let board_path = format!("/boards/{}", board["id"].as_str().unwrap());
    assert_eq!(
        (&board["user_id"], &board["section_order"], &board["board_sections"]),
        (&json!("1"), &json!([]), &json!([]))
    );
    let section = async |title: &str| {
        write(&house, "POST", "/board_sections", json!({ "board_id": board["id"], "title": title }))
            .await
            .json()
    };
    let (one, two) = (section("One").await, section("Two").await);
    let order = |board: &Value| board["section_order"].clone();
    assert_eq!(order(&house.get(&board_path).await.json()), json!([one["id"], two["id"]]));
    let turned =
        write(&house, "PATCH", &board_path, json!({ "section_order": [two["id"], "999", one["id"]] }))
            .await
            .json();
    assert_eq!(order(&turned), json!([two["id"], one["id"]]));
    let dashboard = house.sim.ids(Kind::Dashboard, false)[0].clone();
    let item = async |body: Value| write(&house, "POST", "/board_items", body).await;
    let first =
        item(json!({ "board_section_id": one["id"], "dashboard_id": dashboard, "order": 1 })).await.json();
    let shown = house.get(&format!("/dashboards/{dashboard}")).await.json();
    assert_eq!(
        (&first["title"], &first["content_metadata_id"]),
        (&shown["title"], &shown["content_metadata_id"])
    );
    let link = item(
        json!({ "board_section_id": one["id"], "custom_url": "https://example.com", "use_custom_url": true }),
    )
    .await
    .json();
    assert_eq!(link["url"], "https://example.com");
    assert_eq!(item(json!({ "board_section_id": one["id"] })).await.status, 422);
    assert_eq!(item(json!({ "board_section_id": one["id"], "look_id": "99999" })).await.status, 422);
    assert_eq!(item(json!({ "board_section_id": "99999", "look_id": "1" })).await.status, 404);
    let section_path = format!("/board_sections/{}", one["id"].as_str().unwrap());
    let turned = write(&house, "PATCH", &section_path, json!({ "item_order": [link["id"], first["id"]] }))
        .await
        .json();
    assert_eq!(turned["item_order"], json!([link["id"], first["id"]]));
    let item_path = format!("/board_items/{}", first["id"].as_str().unwrap());
    let moved = write(&house, "PATCH", &item_path, json!({ "board_section_id": two["id"] })).await.json();
    assert_eq!(moved["board_section_id"], two["id"]);
    let whole = house.get(&board_path).await.json();
    let of = |id: &Value| {
        let sections = whole["board_sections"].as_array().unwrap();
        sections.iter().find(|section| section["id"] == *id).unwrap()["item_order"].clone()
    };
    assert_eq!((of(&one["id"]), of(&two["id"])), (json!([link["id"]]), json!([first["id"]])));
    assert_eq!(house.send("DELETE", &item_path, "").await.status, 204);
    assert_eq!(house.send("DELETE", &section_path, "").await.status, 204);
    assert_eq!(house.get(&format!("/board_items/{}", link["id"].as_str().unwrap())).await.status, 404);
    assert_eq!(order(&house.get(&board_path).await.json()), json!([two["id"]]));
    assert_eq!(house.send("DELETE", &board_path, "").await.status, 204);
    assert_eq!(house.get(&board_path).await.status, 404);
}
