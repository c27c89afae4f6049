//! Login, versions, folders, dashboards: what any client does first.

use looker_sim::{Kind, RejectedLogin, SimConfig};

use crate::common::{House, answer};

#[tokio::test]
async fn a_client_logs_in_and_reads() {
    let house = House::new(SimConfig::default()).await;
    let versions = answer(house.http.get(format!("{}/versions", house.sim.url()))).await.unwrap();
    assert_eq!(versions.json()["current_version"]["version"], "4.0");
    assert_eq!(house.get("/user").await.json()["id"], "1");
    let folders = house.get("/folders").await;
    assert!(folders.column("name").contains(&"Shared".to_owned()));
    let found = house.get("/dashboards/search?limit=7&sorts=id").await;
    assert_eq!(found.json().as_array().unwrap().len(), 7);
    let id = &found.column("id")[3];
    let one = house.get(&format!("/dashboards/{id}")).await;
    assert_eq!(one.json(), found.json()[3]);
    assert!(one.header("date").is_some());
    assert_eq!(one.text.as_bytes(), &house.sim.history(Kind::Dashboard, id)[0].body[..]);
}

#[tokio::test]
async fn a_rejected_login_is_404_in_two_forms() {
    let house = House::new(SimConfig::default()).await;
    let json = house.post_login("nobody", "wrong").await;
    assert_eq!((json.status, json.json()["message"].as_str()), (404, Some("Not found")));
    let config = SimConfig { rejected_login: RejectedLogin::Html404, ..SimConfig::default() };
    let house = House::new(config).await;
    let html = house.post_login(house.sim.client_id(), "wrong").await;
    assert_eq!((html.status, html.header("content-type")), (404, Some("*/*")));
    assert!(html.text.contains("<title>Looker Not Found (404)</title>"));
}

#[tokio::test]
async fn credentials_in_the_query_string_are_refused() {
    let house = House::new(SimConfig::default()).await;
    let url = format!("{}/api/4.0/login?client_id={}", house.sim.url(), house.sim.client_id());
    let refused = answer(house.http.post(url)).await.unwrap();
    assert_eq!(refused.status, 422);
}
