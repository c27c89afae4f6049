//! Tokens, rights, writes, history, background changes, stopping.

use std::collections::HashSet;
use std::time::{Duration, Instant};

use looker_sim::{Account, Churn, Kind, Refused, SimConfig};
use serde_json::Value;

use crate::common::{House, answer};

#[tokio::test]
async fn tokens_expire_and_can_be_revoked() {
    let short = SimConfig { token_ttl: Duration::from_millis(1), ..SimConfig::default() };
    let short = House::new(short).await;
    tokio::time::sleep(Duration::from_millis(5)).await;
    let late = short.get("/user").await;
    assert_eq!((late.status, late.json()["message"].as_str()), (401, Some("Requires authentication.")));
    let mut house = House::new(SimConfig::default()).await;
    assert_eq!(house.get("/user").await.status, 200);
    house.sim.revoke_tokens();
    assert_eq!(house.get("/user").await.status, 401);
    house.login().await;
    let sudo = house.send("POST", "/login/4", "").await.json();
    house.token = sudo["access_token"].as_str().unwrap().to_owned();
    assert_eq!(house.get("/user").await.json()["id"], "4");
    assert_eq!(house.get("/session").await.json()["sudo_user_id"], "1");
    let out = house.send("DELETE", "/logout", "").await;
    assert_eq!((out.status, out.text.as_str()), (200, ""));
    assert_eq!(house.send("DELETE", "/logout", "").await.status, 404);
}

#[tokio::test]
async fn a_limited_account_sees_its_folders_and_itself() {
    let shared = {
        let sim = looker_sim::Sim::start(SimConfig::default()).await.unwrap();
        sim.shared_folder_ids()
    };
    let account = Account::Limited { sees_folders: vec![shared[0].clone()] };
    let house = House::new(SimConfig { account, totals: true, ..SimConfig::default() }).await;
    let found = house.get("/dashboards/search?limit=500").await;
    assert!(found.header("x-total-count").is_none(), "too costly to know");
    let mut expected = house.sim.ids_in(Kind::Dashboard, &shared[0], false);
    let mut ids = found.column("id");
    let inside: Vec<String> = found.column("folder_id");
    expected.sort();
    ids.sort();
    assert!(expected.iter().all(|id| ids.contains(id)) && ids.len() < 120, "{inside:?}");
    let hidden = house.sim.ids(Kind::Dashboard, false).into_iter().find(|id| !ids.contains(id)).unwrap();
    let refused = house.get(&format!("/dashboards/{hidden}")).await;
    assert_eq!((refused.status, refused.json()["message"].as_str()), (404, Some("Not found")));
    assert!(house.get("/folders").await.column("id").contains(&"1".to_owned()), "ancestors are seen");
    assert_eq!(house.get(&format!("/folders/{}", shared[5])).await.status, 404);
    assert_eq!(house.get("/users").await.column("id"), ["1"]);
    assert_eq!(house.get("/groups").await.text, "[]");
    let refused = house.send("PATCH", &format!("/dashboards/{}", ids[0]), r#"{"title":"x"}"#).await;
    assert_eq!(refused.status, 403);
}

#[tokio::test]
async fn writes_move_updated_at_and_meet_lookers_checks() {
    let house = House::new(SimConfig { folder_sizes: vec![4, 4], ..SimConfig::default() }).await;
    let folders = house.sim.shared_folder_ids();
    let ids = house.sim.ids_in(Kind::Dashboard, &folders[0], false);
    let path = format!("/dashboards/{}", ids[0]);
    let before = house.get(&path).await.json();
    let other = house.get(&format!("/dashboards/{}", ids[1])).await.json();
    let write = async |body: Value| house.send("PATCH", &path, &body.to_string()).await;

    let clash = write(serde_json::json!({ "title": other["title"] })).await;
    assert_eq!(clash.status, 422);
    assert_eq!(clash.json()["errors"][0]["field"], "[:title, :space_id]");
    assert_eq!(clash.json()["errors"][0]["code"], "already_exists");
    let taken = house.sim.export(Kind::Dashboard).into_iter().find_map(|(id, body)| {
        let slug = serde_json::from_slice::<Value>(&body).unwrap()["slug"].clone();
        (id != ids[0] && slug.is_string()).then_some(slug)
    });
    assert_eq!(write(serde_json::json!({ "slug": taken })).await.status, 409);
    assert_eq!(write(serde_json::json!({ "hidden": "yes" })).await.status, 422);
    assert_eq!(write(serde_json::json!({ "folder_id": "77777" })).await.status, 422);
    assert_eq!(house.send("PATCH", &path, "[]").await.status, 400);
    assert_eq!(house.get(&path).await.json(), before, "refused writes change nothing");

    let after =
        write(serde_json::json!({ "title": "Neu ✓", "dashboard_elements": [], "id": "5" })).await.json();
    assert_eq!(after["title"], "Neu ✓");
    assert_eq!(after["id"], before["id"]);
    assert_eq!(after["dashboard_elements"], before["dashboard_elements"], "parts are ignored");
    assert_ne!(after["updated_at"], before["updated_at"]);
    let moved = write(serde_json::json!({ "folder_id": folders[1] })).await.json();
    assert_eq!(moved["folder"]["id"].as_str(), Some(folders[1].as_str()));
    assert!(house.sim.ids_in(Kind::Dashboard, &folders[1], false).contains(&ids[0]));
    let trashed = write(serde_json::json!({ "deleted": true })).await.json();
    assert!(trashed["deleted_at"].is_string() && trashed["title"] == "Neu ✓");
    assert!(house.sim.ids(Kind::Dashboard, true).contains(&ids[0]));
    assert!(write(serde_json::json!({ "deleted": false })).await.json()["deleted_at"].is_null());
    let gone = house.send("DELETE", &path, "").await;
    assert_eq!((gone.status, gone.text.as_str()), (204, ""));
    assert_eq!(house.get(&path).await.status, 404);
    assert_eq!(house.send("DELETE", &path, "").await.status, 404);
}

#[tokio::test]
async fn a_looks_query_can_be_replaced() {
    let house = House::new(SimConfig::default()).await;
    let listed = house.get("/looks/search?limit=1&sorts=id").await.json();
    assert!(listed[0].get("query").is_none() && listed[0]["query_id"].is_string());
    let after = house.send("PATCH", "/looks/1", r#"{"query_id":"3"}"#).await.json();
    assert_eq!(after["query"], house.get("/queries/3").await.json());
    assert_eq!(house.send("PATCH", "/looks/1", r#"{"query_id":"99999999"}"#).await.status, 404);
}

#[tokio::test]
async fn history_holds_every_state() {
    let house = House::new(SimConfig::default()).await;
    let id = house
        .sim
        .export(Kind::Dashboard)
        .into_iter()
        .find(|(_, body)| {
            let body: Value = serde_json::from_slice(body).unwrap();
            body["deleted"] == false && body["dashboard_elements"][0].is_object()
        })
        .unwrap()
        .0;
    let sim = &house.sim;
    assert_eq!(sim.history(Kind::Dashboard, &id).len(), 1);
    sim.edit_dashboard(&id, "first").unwrap();
    sim.edit_tile(&id).unwrap();
    sim.view(Kind::Dashboard, &id).unwrap();
    sim.trash(Kind::Dashboard, &id).unwrap();
    sim.restore(Kind::Dashboard, &id).unwrap();
    let now = house.get(&format!("/dashboards/{id}")).await.text;
    sim.purge(Kind::Dashboard, &id).unwrap();
    let states = sim.history(Kind::Dashboard, &id);
    assert_eq!(states.len(), 7);
    assert!(states.windows(2).all(|two| two[0].order < two[1].order && two[0].at <= two[1].at));
    assert_eq!(
        states.iter().map(|s| s.deleted).collect::<Vec<_>>(),
        [false, false, false, false, true, false, false]
    );
    assert_eq!(
        states.iter().map(|s| s.gone).collect::<Vec<_>>(),
        [false, false, false, false, false, false, true]
    );
    assert_eq!(states[5].body, now.as_bytes());
    let stamp = |n: usize| serde_json::from_slice::<Value>(&states[n].body).unwrap()["updated_at"].clone();
    assert_eq!(stamp(2), stamp(3), "a view does not move updated_at");
    assert_ne!(states[2].body, states[3].body);
    let new = sim.create(Kind::Dashboard, "1").unwrap();
    assert_eq!(sim.history(Kind::Dashboard, &new).len(), 1);
    assert_eq!(house.get(&format!("/dashboards/{new}")).await.status, 200);
    assert_eq!(sim.edit_dashboard(&id, "x"), Err(Refused::NotFound));
    assert_eq!(sim.move_to(Kind::Dashboard, &new, "nowhere"), Err(Refused::NoFolder));
    assert!(sim.history(Kind::Look, "424242").is_empty());
}

#[tokio::test]
async fn others_change_things_meanwhile() {
    let churn = Churn {
        edits: 200.0,
        creates: 50.0,
        deletes: 50.0,
        restores: 25.0,
        purges: 50.0,
        moves: 50.0,
        views: 50.0,
    };
    let house = House::new(SimConfig { churn, ..SimConfig::default() }).await;
    let begun = Instant::now();
    let mut kinds_of_change = HashSet::new();
    while kinds_of_change.len() < 6 {
        assert!(begun.elapsed() < Duration::from_secs(60), "{kinds_of_change:?}");
        tokio::time::sleep(Duration::from_millis(50)).await;
        for id in 1..200 {
            for two in house.sim.history(Kind::Dashboard, &id.to_string()).windows(2) {
                let body = |n: usize| serde_json::from_slice::<Value>(&two[n].body).unwrap();
                let (before, after) = (body(0), body(1));
                for name in ["description", "dashboard_elements", "folder_id", "deleted", "view_count"] {
                    if before[name] != after[name] {
                        kinds_of_change.insert(name);
                    }
                }
                if two[1].gone {
                    kinds_of_change.insert("purge");
                }
            }
        }
    }
    house.sim.set_churn(Churn::default());
    for kind in [Kind::Dashboard, Kind::Look] {
        let path = if kind == Kind::Look { "looks" } else { "dashboards" };
        let listed = house.get(&format!("/{path}/search?fields=id&sorts=id")).await.column("id");
        assert_eq!(listed, house.sim.ids(kind, false));
        let bodies: Vec<_> =
            house.sim.export(kind).into_iter().filter(|(id, _)| listed.contains(id)).collect();
        assert_eq!(bodies.len(), listed.len());
        assert!(
            bodies.iter().all(|(_, body)| serde_json::from_slice::<Value>(body).unwrap()["deleted"] == false)
        );
    }
}

#[tokio::test]
async fn it_stops_and_comes_back_with_its_content() {
    let mut house = House::new(SimConfig::default()).await;
    house.sim.edit_dashboard("1", "kept").unwrap();
    let url = house.sim.url();
    house.sim.stop().await;
    assert!(house.try_get("/user").await.is_err());
    house.sim.restart().await.unwrap();
    assert_eq!(house.sim.url(), url);
    assert_eq!(house.get("/dashboards/1").await.json()["description"], "kept");
    house.sim.restart().await.unwrap();
    assert_eq!(house.get("/user").await.status, 200, "tokens survive");
}

#[tokio::test]
async fn the_back_door_reads_and_sets() {
    let house = House::new(SimConfig::default()).await;
    let door = async |method: &str, path: &str, body: &str| {
        let method = reqwest::Method::from_bytes(method.as_bytes()).unwrap();
        let url = format!("{}/_sim/{path}", house.sim.url());
        answer(house.http.request(method, url).body(body.to_owned())).await.unwrap()
    };
    house.get("/dashboards/search?limit=3&title=%25a%25").await;
    house.sim.edit_dashboard("1", "second").unwrap();
    let stats = door("GET", "stats", "").await.json();
    assert_eq!(stats["by_operation"]["search_dashboards"], 1);
    assert_eq!(stats["requests"], 1, "the back door is not counted");
    let requests = door("GET", "requests", "").await.json();
    assert_eq!(requests[0]["query"], serde_json::json!([["limit", "3"], ["title", "%a%"]]));
    let history = door("GET", "history/dashboard/1", "").await.json();
    assert_eq!(history[1]["body"]["description"], "second");
    assert_eq!(door("POST", "faults", r#"{"server_error_500":1.0}"#).await.status, 204);
    assert_eq!(house.get("/user").await.status, 500);
    assert_eq!(door("POST", "faults", r#"{"nonsense":1.0}"#).await.status, 400);
    assert_eq!(door("POST", "faults", "{}").await.status, 204);
    assert_eq!(door("POST", "churn", r#"{"edits":3.5}"#).await.status, 204);
    assert_eq!(door("POST", "reset", "").await.status, 204);
    assert_eq!(door("GET", "stats", "").await.json()["requests"], 0);
    assert_eq!(door("POST", "revoke_tokens", "").await.status, 204);
    assert_eq!(house.get("/user").await.status, 401);
    assert_eq!(door("GET", "nothing", "").await.status, 404);
}
