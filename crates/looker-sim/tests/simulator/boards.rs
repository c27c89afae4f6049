//! Boards, favourites, merge queries, LookML dashboards, looks with queries.

use std::collections::HashSet;

use looker_sim::{Kind, SimConfig};
use serde_json::Value;

use crate::common::{Answer, House};

fn rows(answer: &Answer) -> Vec<Value> {
    assert_eq!(answer.status, 200, "{}", answer.text);
    answer.json().as_array().unwrap().clone()
}

fn sorted(list: &Value) -> Vec<String> {
    let mut ids: Vec<_> = list.as_array().unwrap().iter().map(|id| id.as_str().unwrap().to_owned()).collect();
    ids.sort();
    ids
}

fn ids_of(list: &Value) -> Vec<String> {
    let mut ids: Vec<_> =
        list.as_array().unwrap().iter().map(|row| row["id"].as_str().unwrap().to_owned()).collect();
    ids.sort();
    ids
}

#[tokio::test]
async fn boards_hold_their_sections_and_those_their_items() {
    let house = House::new(SimConfig { boards: 12, ..SimConfig::default() }).await;
    let boards = rows(&house.get("/boards").await);
    assert_eq!(boards.len(), 12);
    let mut kinds = HashSet::new();
    let (mut sections, mut items) = (0, 0);
    for board in &boards {
        let id = board["id"].as_str().unwrap();
        assert_eq!(house.get(&format!("/boards/{id}")).await.json(), *board);
        assert_eq!(sorted(&board["section_order"]), ids_of(&board["board_sections"]));
        for section in board["board_sections"].as_array().unwrap() {
            sections += 1;
            assert_eq!(section["board_id"], board["id"]);
            let id = section["id"].as_str().unwrap();
            assert_eq!(house.get(&format!("/board_sections/{id}")).await.json(), *section);
            assert_eq!(sorted(&section["item_order"]), ids_of(&section["board_items"]));
            for item in section["board_items"].as_array().unwrap() {
                items += 1;
                kinds.insert(check_item(&house, section, item).await);
            }
        }
    }
    assert_eq!(rows(&house.get("/board_sections").await).len(), sections);
    assert_eq!(rows(&house.get("/board_items").await).len(), items);
    assert_eq!(kinds.len(), 4, "{kinds:?}");
    assert!(boards.iter().any(|board| board["board_sections"] == serde_json::json!([])));
    assert_eq!(boards.iter().filter(|board| board["primary_homepage"] == true).count(), 1);
}

/// What the item shows, by the member that says so.
async fn check_item(house: &House, section: &Value, item: &Value) -> &'static str {
    assert_eq!(item["board_section_id"], section["id"]);
    let id = item["id"].as_str().unwrap();
    assert_eq!(house.get(&format!("/board_items/{id}")).await.json(), *item);
    for (member, path) in
        [("dashboard_id", "dashboards"), ("look_id", "looks"), ("lookml_dashboard_id", "dashboards")]
    {
        let Some(id) = item[member].as_str() else { continue };
        let content = house.get(&format!("/{path}/{}", id.replace(':', "%3A"))).await;
        assert_eq!(content.status, 200);
        let title =
            if item["use_custom_title"] == true { &item["custom_title"] } else { &content.json()["title"] };
        assert_eq!(item["title"], *title);
        assert_eq!(item["content_metadata_id"], content.json()["content_metadata_id"]);
        return member;
    }
    assert_eq!(item["url"], item["custom_url"]);
    assert!(item["title"].is_string());
    "custom_url"
}

#[tokio::test]
async fn boards_are_searched() {
    let house = House::new(SimConfig { boards: 12, ..SimConfig::default() }).await;
    let boards = rows(&house.get("/boards/search?title=%25").await);
    assert_eq!(boards.len(), 12, "a wildcard is any title");
    assert!(rows(&house.get("/boards/search?title=start%20HERE").await).len() > 1, "titles are not unique");
    let creator = boards[0]["user_id"].as_str().unwrap();
    let found = rows(&house.get(&format!("/boards/search?creator_id={creator}")).await);
    assert_eq!(found.len(), boards.iter().filter(|board| board["user_id"] == creator).count());
    let board = boards.iter().find(|board| board["x_creator"]["first_name"].is_string()).unwrap();
    let first = board["x_creator"]["first_name"].as_str().unwrap();
    let found = house.get(&format!("/boards/search?first_name={first}")).await.column("id");
    assert!(found.contains(&board["id"].as_str().unwrap().to_owned()));
    let favourites = rows(&house.get("/boards/search?favorited=true&fields=id,board_sections(id)").await);
    assert!(favourites.len() < 12);
    assert_eq!(rows(&house.get("/boards/search?limit=5&offset=10&sorts=id").await).len(), 2);
    let items = rows(&house.get("/board_items?board_section_id=1").await);
    assert!(items.iter().all(|item| item["board_section_id"] == "1"));
}

#[tokio::test]
async fn favourites_are_those_that_content_names_and_more() {
    let house = House::new(SimConfig { favorites: 40, ..SimConfig::default() }).await;
    let own = rows(&house.get("/content_favorite/search").await);
    assert!(own.iter().all(|favorite| favorite["user_id"] == "1"));
    for dashboard in house.sim.export(Kind::Dashboard) {
        let dashboard: Value = serde_json::from_slice(&dashboard.1).unwrap();
        let Some(id) = dashboard["content_favorite_id"].as_str() else { continue };
        let favorite = house.get(&format!("/content_favorite/{id}")).await.json();
        assert_eq!((favorite["user_id"].as_str(), &favorite["dashboard_id"]), (Some("1"), &dashboard["id"]));
        assert_eq!(favorite["content_metadata_id"], dashboard["content_metadata_id"]);
        assert_eq!(favorite["dashboard"]["title"], dashboard["title"]);
        assert!(own.contains(&favorite));
    }
    let everybody: Vec<_> = house.sim.ids(Kind::User, false);
    let path = format!("/content_favorite/search?user_id={}", everybody.join(","));
    let all = rows(&house.get(&path).await);
    assert_eq!(all.len(), house.sim.ids(Kind::ContentFavorite, false).len());
    assert!(all.iter().map(|favorite| favorite["user_id"].to_string()).collect::<HashSet<_>>().len() > 5);
    assert_eq!(rows(&house.get(&format!("{path}&limit=10&offset=20&sorts=id")).await).len(), 10);
    for favorite in &all {
        let metadata = favorite["content_metadata_id"].as_str().unwrap();
        assert_eq!(house.get(&format!("/content_metadata/{metadata}")).await.status, 200);
    }
    let open =
        House::new(SimConfig { favorites: 40, favorites_of_everybody: true, ..SimConfig::default() }).await;
    assert_eq!(rows(&open.get("/content_favorite/search").await).len(), all.len());
    // What lies on a board, instead of the board.
    let boards = rows(&house.get("/boards").await);
    let mut on_boards = 0;
    for board in &boards {
        let path = format!("{path}&include_board_items=true&board_id={}", board["id"].as_str().unwrap());
        let found = rows(&house.get(&path).await);
        assert!(found.iter().all(|favorite| favorite["board_id"].is_null()));
        on_boards += found.len();
    }
    assert!(on_boards > 0, "nothing on a board is anybody's favourite");
}

#[tokio::test]
async fn merged_tiles_lead_to_merge_queries_and_those_to_queries() {
    let house = House::new(SimConfig::default()).await;
    let mut seen = HashSet::new();
    for (_, dashboard) in house.sim.export(Kind::Dashboard) {
        let dashboard: Value = serde_json::from_slice(&dashboard).unwrap();
        for tile in dashboard["dashboard_elements"].as_array().unwrap() {
            let Some(id) = tile["merge_result_id"].as_str() else { continue };
            assert_eq!(tile["result_maker"]["merge_result_id"], id);
            assert!(tile["query"].is_null() && tile["query_id"].is_null() && tile["look_id"].is_null());
            let merge = house.get(&format!("/merge_queries/{id}")).await.json();
            assert_eq!(merge["id"], id);
            let sources = merge["source_queries"].as_array().unwrap();
            assert!(sources.len() > 1 && sources[0]["merge_fields"] == serde_json::json!([]));
            let filterables = tile["result_maker"]["filterables"].as_array().unwrap();
            let names = |list: &[Value]| list.iter().map(|one| one["name"].to_string()).collect::<Vec<_>>();
            assert_eq!(names(filterables), names(sources), "a filterable for each source");
            for source in sources {
                let query =
                    house.get(&format!("/queries/{}", source["query_id"].as_str().unwrap())).await.json();
                let slug = source["query_slug"].as_str().unwrap();
                assert_eq!(query["slug"], slug);
                assert_eq!(house.get(&format!("/queries/slug/{slug}")).await.json(), query);
            }
            seen.insert(id.to_owned());
        }
    }
    assert!(seen.len() > 10, "{} merge queries", seen.len());
    assert_eq!(house.get("/merge_queries/nothing").await.status, 404);
    assert_eq!(house.get("/queries/slug/nothing").await.status, 404);
    let id = seen.iter().next().unwrap();
    let light = house.get(&format!("/merge_queries/{id}?fields=id,source_queries(name)")).await.json();
    assert_eq!(light.as_object().unwrap().len(), 2);
}

#[tokio::test]
async fn lookml_dashboards_are_searched_and_read() {
    let house = House::new(SimConfig::default()).await;
    let found = rows(&house.get("/dashboards/lookml/search?fields=id,title,folder_id").await);
    assert_eq!(found.len(), 3);
    assert!(found.iter().all(|row| row["folder_id"] == "lookml"));
    let named = house.get("/dashboards/lookml/search?title=%25PULSE").await.column("id");
    assert_eq!(named, ["ecommerce::business_pulse"]);
    let listed = house.get("/dashboards").await.column("id");
    assert!(found.iter().all(|row| listed.contains(&row["id"].as_str().unwrap().to_owned())));
    let lookml = house.get("/dashboards/lookml/ecommerce%3A%3Abusiness_pulse").await.json();
    assert_eq!(lookml["dashboard_id"], "ecommerce::business_pulse");
    assert!(lookml["lookml"].as_str().unwrap().starts_with("- dashboard: "));
    assert_eq!(house.get("/dashboards/lookml/1").await.json()["dashboard_id"], "1");
    let house = House::new(SimConfig { lookml_search_gives_lookml: true, ..SimConfig::default() }).await;
    let found = rows(&house.get("/dashboards/lookml/search?sorts=id&limit=2").await);
    assert_eq!(found.len(), 2);
    assert!(
        found[0]["dashboard_id"].is_string() && found[0]["lookml"].is_string() && found[0]["id"].is_null()
    );
}

#[tokio::test]
async fn looks_are_searched_with_their_query_where_the_release_gives_it() {
    let path = "/looks/search?limit=3&sorts=id&fields=id,query";
    let house = House::new(SimConfig::default()).await;
    assert!(rows(&house.get(path).await).iter().all(|look| look.get("query").is_none()));
    let house = House::new(SimConfig { looks_search_gives_query: true, ..SimConfig::default() }).await;
    for look in rows(&house.get(path).await) {
        let whole = house.get(&format!("/looks/{}", look["id"].as_str().unwrap())).await.json();
        assert_eq!(look["query"], whole["query"]);
    }
    assert!(
        rows(&house.get("/looks/search?limit=1").await)[0].get("query").is_none(),
        "only when it is named"
    );
}

#[tokio::test]
async fn lists_of_ids_and_of_folders_are_two_switches() {
    let folders = {
        let sim = looker_sim::Sim::start(SimConfig::default()).await.unwrap();
        sim.shared_folder_ids()[..3].join(",")
    };
    for (id_lists, folder_id_lists) in [(true, false), (false, true)] {
        let house = House::new(SimConfig { id_lists, folder_id_lists, ..SimConfig::default() }).await;
        let found = rows(&house.get("/dashboards/search?id=1,2,3&fields=id").await);
        assert_eq!(found.is_empty(), !id_lists);
        let found = rows(&house.get(&format!("/dashboards/search?folder_id={folders}&fields=id")).await);
        assert_eq!(found.is_empty(), !folder_id_lists);
    }
}
