//! Searching and paging, and how strict the server is about both.

use std::collections::HashSet;

use looker_sim::{Kind, SimConfig};
use serde_json::Value;

use crate::common::{Answer, House};

fn sorted(mut ids: Vec<String>) -> Vec<String> {
    ids.sort();
    ids
}

fn first_error(answer: &Answer) -> (u16, String) {
    (answer.status, answer.json()["errors"][0]["field"].as_str().unwrap_or("?").to_owned())
}

#[tokio::test]
async fn pages_by_id_hold_every_live_row_once() {
    let house = House::new(SimConfig::default()).await;
    let mut read = Vec::new();
    loop {
        let page = house.get(&format!("/dashboards/search?sorts=id&limit=50&offset={}", read.len())).await;
        let ids = page.column("id");
        read.extend(ids.iter().cloned());
        if ids.len() < 50 {
            break;
        }
    }
    assert_eq!(read, house.sim.ids(Kind::Dashboard, false), "in the order of ids, compared as numbers");
    let beyond = house.get("/dashboards/search?sorts=id&limit=50&offset=5000").await;
    assert_eq!(beyond.text, "[]");
    let backwards = house.get("/dashboards/search?sorts=id%20desc&limit=3").await.column("id");
    assert_eq!(backwards, read.iter().rev().take(3).cloned().collect::<Vec<_>>());
}

#[tokio::test]
async fn order_without_sorts_differs_unless_told_to_stay() {
    for stable in [false, true] {
        let house = House::new(SimConfig { stable_order: stable, ..SimConfig::default() }).await;
        let mut orders = HashSet::new();
        for _ in 0..4 {
            let ids = house.get("/dashboards/search?fields=id").await.column("id");
            assert_eq!(sorted(ids.clone()), sorted(house.sim.ids(Kind::Dashboard, false)));
            orders.insert(ids);
        }
        assert_eq!(orders.len() == 1, stable);
    }
}

#[tokio::test]
async fn the_trash_is_apart() {
    let house = House::new(SimConfig { trash_percent: 20, ..SimConfig::default() }).await;
    for (kind, path) in [(Kind::Dashboard, "dashboards"), (Kind::Look, "looks")] {
        let ids = |query: &'static str| {
            let path = format!("/{path}/search?sorts=id&{query}");
            let house = &house;
            async move { house.get(&path).await.column("id") }
        };
        assert_eq!(ids("fields=id").await, house.sim.ids(kind, false));
        assert_eq!(ids("deleted=false").await, house.sim.ids(kind, false));
        let trash = ids("deleted=true").await;
        assert_eq!(trash, house.sim.ids(kind, true));
        assert!(trash.len() > 5);
        let all = house.get(&format!("/{path}?fields=id")).await.column("id");
        assert!(trash.iter().all(|id| !all.contains(id)), "all_{path} lists the trash");
        let one = house.get(&format!("/{path}/{}", trash[0])).await;
        assert_eq!((one.status, &one.json()["deleted"]), (200, &Value::Bool(true)));
    }
    assert_eq!(
        first_error(&house.get("/dashboards/search?deleted=maybe").await),
        (422, "deleted".to_owned())
    );
}

#[tokio::test]
async fn folders_are_searched_one_or_several_at_a_time() {
    let config = SimConfig { folder_sizes: vec![30, 20, 10], ..SimConfig::default() };
    let house = House::new(config.clone()).await;
    let folders = house.sim.shared_folder_ids();
    let path = |list: &str| format!("/dashboards/search?sorts=id&fields=id,folder_id&folder_id={list}");
    let found = house.get(&path(&folders[0])).await;
    assert_eq!(found.column("id").len(), 30);
    assert!(found.column("folder_id").iter().all(|folder| *folder == folders[0]));
    let list = format!("{},{}", folders[1], folders[2]);
    assert_eq!(house.get(&path(&list)).await.column("id").len(), 30);
    assert_eq!(house.get(&path("")).await.text, "[]", "an empty folder_id is not the whole instance");
    let whole = house.get(&format!("/folders/{}/dashboards?fields=id", folders[2])).await;
    assert_eq!(whole.column("id").len(), 10);
    let ids = house.get("/dashboards/search?id=1,2,3&fields=id&sorts=id").await.column("id");
    assert_eq!(ids, ["1", "2", "3"]);

    let house = House::new(SimConfig { id_lists: false, folder_id_lists: false, ..config }).await;
    assert_eq!(house.get(&path(&list)).await.text, "[]");
    assert_eq!(house.get("/dashboards/search?id=1,2,3").await.text, "[]");
    assert_eq!(house.get(&path(&folders[1])).await.column("id").len(), 20);
}

#[tokio::test]
async fn criteria_are_anded_or_ored_and_like_is_loose() {
    let house = House::new(SimConfig::default()).await;
    let one = house.get("/dashboards/search?sorts=id&limit=1").await.json()[0].clone();
    let search = async |query: Vec<(&str, &str)>| {
        let query = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(query).finish();
        house.get(&format!("/dashboards/search?fields=id,title&sorts=id&{query}")).await.column("id")
    };
    let (id, title) = (one["id"].as_str().unwrap(), one["title"].as_str().unwrap());
    let shouted = title.to_uppercase();
    assert!(search(vec![("title", &shouted)]).await.contains(&id.to_owned()));
    let all = house.sim.ids(Kind::Dashboard, false);
    assert_eq!(search(vec![("title", "%")]).await, all);
    assert_eq!(search(vec![("id", id), ("title", "no such title")]).await, Vec::<String>::new());
    assert_eq!(search(vec![("id", id), ("title", "no such title"), ("filter_or", "true")]).await, [id]);
    let without = search(vec![("slug", "IS NULL")]).await.len();
    let with = search(vec![("slug", "NOT NULL")]).await.len();
    assert!(without > 0 && with > 0 && without + with == all.len());
    let owner = one["user_id"].as_str().unwrap();
    let own = search(vec![("user_id", owner)]).await.len();
    let others = search(vec![("user_id", owner), ("not_owned_by", "true")]).await.len();
    assert_eq!(own + others, all.len());
    assert!(search(vec![("curate", "true")]).await.len() < all.len());
}

#[tokio::test]
async fn fields_is_an_allow_list_with_nesting() {
    let house = House::new(SimConfig::default()).await;
    let path = "/dashboards/search?sorts=id&limit=30&fields=id,%20nonsense,dashboard_elements(id,query(model,view)),folder(id)";
    let found = house.get(path).await.json();
    for row in found.as_array().unwrap() {
        let whole = house.get(&format!("/dashboards/{}", row["id"].as_str().unwrap())).await.json();
        let keys: Vec<_> = row.as_object().unwrap().keys().collect();
        assert_eq!(keys, ["dashboard_elements", "folder", "id"]);
        assert_eq!(row["folder"].as_object().unwrap().len(), 1);
        let tiles = row["dashboard_elements"].as_array().unwrap();
        for (tile, whole) in tiles.iter().zip(whole["dashboard_elements"].as_array().unwrap()) {
            assert_eq!(tile["id"], whole["id"]);
            assert_eq!(tile["query"]["model"], whole["query"]["model"]);
            assert!(tile["query"].get("id").is_none());
        }
    }
    assert_eq!(
        first_error(&house.get("/dashboards/search?fields=id,folder(id").await),
        (422, "fields".to_owned())
    );
}

#[tokio::test]
async fn light_listings_agree_with_the_bodies() {
    let house = House::new(SimConfig::default()).await;
    let names = ["id", "title", "updated_at", "deleted", "folder_id", "slug", "deleted_at"];
    for trash in ["false", "true"] {
        let path = format!("/dashboards/search?sorts=id&deleted={trash}&fields={}", names.join(","));
        for row in house.get(&path).await.json().as_array().unwrap() {
            let whole = house.get(&format!("/dashboards/{}", row["id"].as_str().unwrap())).await.json();
            assert_eq!(row.as_object().unwrap().len(), names.len());
            for name in names {
                assert_eq!(row[name], whole[name], "{name} of {}", row["id"]);
            }
        }
    }
    let stats = house.sim.stats();
    assert!(stats.light_rows["dashboard"] >= 120);
}

#[tokio::test]
async fn what_is_not_understood_is_refused() {
    let house = House::new(SimConfig::default()).await;
    for (query, field) in [
        ("folder=7", "folder"),
        ("sorts=dashboard_elements", "sorts"),
        ("sorts=title%20sideways", "sorts"),
        ("limit=ten", "limit"),
        ("limit=10&offset=-1", "offset"),
        ("limit=10&limit=20", "limit"),
        ("filter_or=1", "filter_or"),
    ] {
        let answer = house.get(&format!("/dashboards/search?{query}")).await;
        assert_eq!(first_error(&answer), (422, field.to_owned()), "{query}");
        assert_eq!(answer.json()["message"], "Validation Failed");
    }
    assert_eq!(
        first_error(&house.get("/dashboards?limit=5").await),
        (422, "limit".to_owned()),
        "never paged"
    );
    assert_eq!(first_error(&house.get("/roles/1?fields=id").await), (422, "fields".to_owned()));
}

#[tokio::test]
async fn paging_headers_come_with_a_limit_only() {
    let house = House::new(SimConfig { users: 107, ..SimConfig::default() }).await;
    let bare = house.get("/users").await;
    assert_eq!((bare.header("link"), bare.header("x-total-count")), (None, None));
    assert_eq!(bare.json().as_array().unwrap().len(), 107);
    let first = house.get("/users?limit=5").await;
    assert_eq!(first.header("x-total-count"), Some("107"));
    let url = format!("{}/api/4.0/users?limit=5&offset", house.sim.url());
    let expected = format!("<{url}=0>; rel=\"first\",<{url}=105>; rel=\"last\",<{url}=5>; rel=\"next\"");
    assert_eq!(first.header("link"), Some(expected.as_str()));
    let last = house.get("/users?per_page=5&page=22&sorts=id").await;
    assert_eq!(last.column("id"), ["106", "107"]);
    assert!(!last.header("link").unwrap().contains("next"));
    assert!(last.header("link").unwrap().contains("limit=5&offset=100>; rel=\"prev\""));
}

#[tokio::test]
async fn searches_know_no_total_unless_told() {
    let house = House::new(SimConfig { dashboards: 100, ..SimConfig::default() }).await;
    let full = house.get("/dashboards/search?limit=50&offset=50&sorts=id&fields=id").await;
    assert_eq!(full.header("x-total-count"), None);
    let link = full.header("link").unwrap();
    assert!(link.contains("next") && !link.contains("last"), "a full page may have a next one: {link}");
    assert!(link.contains("sorts=id&fields=id&limit=50&offset=100"), "{link}");
    let house = House::new(SimConfig { dashboards: 100, totals: true, ..SimConfig::default() }).await;
    let full = house.get("/dashboards/search?limit=50&offset=50&sorts=id").await;
    assert_eq!(full.header("x-total-count"), Some("100"));
    assert!(!full.header("link").unwrap().contains("next"));
    let liar = House::new(SimConfig { dashboards: 100, wrong_totals: true, ..SimConfig::default() }).await;
    for _ in 0..4 {
        let page = liar.get("/dashboards/search?limit=50").await;
        assert_ne!(page.header("x-total-count"), Some("100"));
    }
}

#[tokio::test]
async fn a_cap_shortens_pages_without_a_word() {
    let house = House::new(SimConfig { page_cap: Some(30), ..SimConfig::default() }).await;
    assert_eq!(house.get("/dashboards/search?limit=100&sorts=id").await.column("id").len(), 30);
    assert_eq!(house.get("/dashboards/search?limit=10").await.column("id").len(), 10);
    assert_eq!(house.get("/dashboards/search").await.column("id").len(), 30);
}

#[tokio::test]
async fn people_are_searched_as_looker_does() {
    let house = House::new(SimConfig::default()).await;
    let all = house.get("/users?sorts=id&fields=id,is_disabled,group_ids").await;
    let disabled = house.get("/users/search?is_disabled=true&sorts=id").await.column("id");
    let enabled = house.get("/users/search?sorts=id").await.column("id");
    assert!(!disabled.is_empty() && disabled.iter().all(|id| !enabled.contains(id)));
    assert_eq!(all.column("id").len(), disabled.len() + enabled.len());
    assert_eq!(house.get("/users?ids=5,2").await.column("id"), ["5", "2"]);
    let members = house.get("/groups/3/users?sorts=id").await.column("id");
    let in_group = |user: &&Value| user["group_ids"].as_array().unwrap().contains(&Value::from("3"));
    let rows = all.json();
    let expected: Vec<_> = rows.as_array().unwrap().iter().filter(in_group).collect();
    assert_eq!(members.len(), expected.len());
    assert!(!members.is_empty());
    assert!(house.get("/groups/search/with_hierarchy?id=4").await.json()[0]["parent_group_ids"].is_array());
    assert!(
        house.get("/groups/search/with_roles?name=all%20users").await.json()[0]["roles"][0]["name"]
            .is_string()
    );
    assert_eq!(house.get("/roles/search?built_in=true").await.column("name"), ["Admin"]);
    assert!(
        house.get("/permission_sets/search?permissions=access_data,administer").await.column("name")
            == ["Admin"]
    );
    assert_eq!(house.get("/lookml_models?limit=2").await.json().as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn folders_answer_as_observed() {
    let house = House::new(SimConfig::default()).await;
    assert_eq!(house.get("/folders/1").await.json()["name"], "Shared");
    assert_eq!(house.get("/folders/search?name=Shared").await.text, "[]");
    assert_eq!(
        house.get("/folders/search?name=home&fields=id,name").await.text,
        r#"[{"name":"Shared","id":"1"}]"#
    );
    assert!(
        house.get("/folders?fields=dashboards").await.text.starts_with("[{},{}"),
        "a FolderBase has no content"
    );
    let shared = house.sim.shared_folder_ids();
    let folder = house.get(&format!("/folders/{}", shared[0])).await.json();
    let inside = house.sim.ids_in(Kind::Dashboard, &shared[0], false);
    assert_eq!(folder["dashboards"].as_array().unwrap().len(), inside.len());
    let children = house.get("/folders/1/children?fields=id&sorts=id").await.column("id");
    assert!(children.contains(&shared[0]));
    for child in &shared {
        let ancestors = house.get(&format!("/folders/{child}/ancestors?fields=id")).await.column("id");
        assert_eq!(ancestors[0], "1");
        let parent = house.get(&format!("/folders/{child}/parent?fields=id")).await.json();
        assert_eq!(parent["id"].as_str(), ancestors.last().map(String::as_str));
    }
    assert_eq!(house.get("/folders/1/parent").await.status, 404);
}

#[tokio::test]
async fn lookml_dashboards_are_listed_but_not_found() {
    let house = House::new(SimConfig::default()).await;
    let all = house.get("/dashboards").await;
    let ids = all.column("id");
    assert!(ids.contains(&"ecommerce::business_pulse".to_owned()));
    assert!(all.json()[0].get("dashboard_elements").is_none() && all.json()[0].get("updated_at").is_none());
    assert!(!house.get("/dashboards/search?fields=id").await.text.contains("::"));
    let one = house.get("/dashboards/ecommerce%3A%3Abusiness_pulse").await.json();
    assert!(one["user_id"].is_null() && one["folder"]["id"] == "lookml");
    let parts = house.get("/dashboards/ecommerce::brand/dashboard_elements?fields=id").await.json();
    assert!(parts[0].as_object().unwrap().len() == 1);
    assert_eq!(house.get("/folders/lookml/dashboards?fields=id").await.column("id").len(), 3);
}
