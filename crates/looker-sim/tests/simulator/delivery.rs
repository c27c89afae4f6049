//! Plans, alerts, and the System Activity query that shows disabled plans.

use std::collections::HashSet;

use looker_sim::{Account, DeniedAs, Kind, PLANTED_WEBHOOK_KEY, SimConfig};
use serde_json::{Value, json};

use crate::common::{Answer, House};

fn bodies(house: &House, kind: Kind) -> Vec<Value> {
    house.sim.export(kind).iter().map(|(_, body)| serde_json::from_slice(body).unwrap()).collect()
}

fn ids(rows: &[Value], wanted: impl Fn(&Value) -> bool) -> Vec<String> {
    let mut ids: Vec<_> =
        rows.iter().filter(|row| wanted(row)).map(|row| row["id"].as_str().unwrap().to_owned()).collect();
    ids.sort();
    ids
}

async fn listed(house: &House, path: &str) -> Vec<String> {
    let answer = house.get(path).await;
    assert_eq!(answer.status, 200, "{path}: {}", answer.text);
    let mut ids = answer.column("id");
    ids.sort();
    ids
}

#[tokio::test]
async fn lists_of_plans_hold_enabled_ones_of_who_asks_or_of_all() {
    let house = House::new(SimConfig::default()).await;
    let plans = bodies(&house, Kind::ScheduledPlan);
    assert_eq!(plans.len(), 30);
    let enabled = ids(&plans, |plan| plan["enabled"] == true);
    assert_eq!(enabled.len(), 24);
    assert_eq!(listed(&house, "/scheduled_plans?all_users=true").await, enabled);
    assert_eq!(listed(&house, "/scheduled_plans/search?all_users=true").await, enabled);
    let own = ids(&plans, |plan| plan["enabled"] == true && plan["user_id"] == "1");
    assert!(!own.is_empty() && own.len() < enabled.len());
    assert_eq!(listed(&house, "/scheduled_plans").await, own);
    let other = plans.iter().find(|plan| plan["user_id"] != "1" && plan["enabled"] == true).unwrap();
    let user = other["user_id"].as_str().unwrap();
    let of_other = ids(&plans, |plan| plan["enabled"] == true && plan["user_id"] == user);
    assert_eq!(listed(&house, &format!("/scheduled_plans?user_id={user}")).await, of_other);
    let disabled = plans.iter().find(|plan| plan["enabled"] == false).unwrap();
    let path = format!("/scheduled_plans/{}", disabled["id"].as_str().unwrap());
    assert_eq!(house.get(&path).await.json(), *disabled, "by its id it is there");
    let page = house.get("/scheduled_plans/search?all_users=true&limit=5&sorts=id").await;
    assert_eq!(page.column("id").len(), 5);
    assert!(page.header("link").unwrap().contains("offset=5"));
}

#[tokio::test]
async fn plans_are_found_by_content_recipient_and_type() {
    let give = SimConfig { plan_searches_give_disabled: true, ..SimConfig::default() };
    for (config, with_disabled) in [(SimConfig::default(), false), (give, true)] {
        let house = House::new(config).await;
        let plans = bodies(&house, Kind::ScheduledPlan);
        let shown = |plan: &Value| with_disabled || plan["enabled"] == true;
        for (path, member) in
            [("dashboard", "dashboard_id"), ("look", "look_id"), ("lookml_dashboard", "lookml_dashboard_id")]
        {
            for plan in plans.iter().filter(|plan| plan[member].is_string()) {
                let wanted = ids(&plans, |other| other[member] == plan[member] && shown(other));
                let content = plan[member].as_str().unwrap();
                let encoded = content.replace(':', "%3A");
                let found =
                    listed(&house, &format!("/scheduled_plans/{path}/{encoded}?all_users=true")).await;
                assert_eq!(found, wanted, "{path} {content}");
            }
        }
        let off = ids(&plans, |plan| plan["enabled"] == false && with_disabled);
        assert_eq!(listed(&house, "/scheduled_plans/search?all_users=true&enabled=false").await, off);
        let all = listed(&house, "/scheduled_plans/search?all_users=true&all_states=true").await;
        assert_eq!(all, ids(&plans, shown));
        let typed = |plan: &Value| plan["scheduled_plan_destination"][0]["type"] == "webhook";
        let found = listed(&house, "/scheduled_plans/search?all_users=true&destination_type=webhook").await;
        assert_eq!(found, ids(&plans, |plan| typed(plan) && plan["enabled"] == true));
        let plan = plans.iter().find(|plan| typed(plan) && plan["enabled"] == true).unwrap();
        let address = plan["scheduled_plan_destination"][0]["address"].as_str().unwrap();
        assert!(address.contains(PLANTED_WEBHOOK_KEY), "in clear: {address}");
        let found =
            listed(&house, &format!("/scheduled_plans/search?all_users=true&recipient={address}")).await;
        assert_eq!(found, [plan["id"].as_str().unwrap()]);
        assert_eq!(house.get("/scheduled_plans/dashboard/424242").await.status, 404);
        assert_eq!(house.get("/scheduled_plans/424242").await.status, 404);
    }
}

#[tokio::test]
async fn plans_have_their_oddities_and_lead_to_what_exists() {
    let house = House::new(SimConfig { plans: 60, ..SimConfig::default() }).await;
    let plans = bodies(&house, Kind::ScheduledPlan);
    let known =
        |kind, value: &Value| value.is_null() || !house.sim.history(kind, value.as_str().unwrap()).is_empty();
    let mut types = HashSet::new();
    for plan in &plans {
        let targets = ["dashboard_id", "look_id", "lookml_dashboard_id", "query_id"];
        assert_eq!(targets.iter().filter(|target| plan[**target].is_string()).count(), 1, "{plan}");
        assert!(known(Kind::User, &plan["user_id"]) && plan["user"]["id"] == plan["user_id"]);
        assert!(known(Kind::Dashboard, &plan["dashboard_id"]) && known(Kind::Look, &plan["look_id"]));
        assert!(known(Kind::LookmlDashboard, &plan["lookml_dashboard_id"]));
        if let Some(query) = plan["query_id"].as_str() {
            assert_eq!(house.get(&format!("/queries/{query}?fields=id")).await.status, 200);
        }
        assert_eq!(plan["crontab"] == "", plan["datagroup"].is_string(), "a clock or a datagroup");
        let destinations = plan["scheduled_plan_destination"].as_array().unwrap();
        assert!(!destinations.is_empty());
        for destination in destinations {
            assert_eq!(destination["scheduled_plan_id"], plan["id"]);
            assert_eq!(destination["secret_parameters"], Value::Null);
            types.insert(destination["type"].as_str().unwrap().to_owned());
        }
    }
    assert_eq!(types.len(), 4, "{types:?}");
    let trash: HashSet<_> = house.sim.ids(Kind::Dashboard, true).into_iter().collect();
    assert!(plans.iter().any(|plan| plan["dashboard_id"].as_str().is_some_and(|id| trash.contains(id))));
    assert!(plans.iter().map(|plan| plan["user_id"].to_string()).collect::<HashSet<_>>().len() > 5);
}

async fn run(house: &House, query: Value) -> Answer {
    house.send("POST", "/queries/run/json", &query.to_string()).await
}

fn disabled_plans(wanted: &str) -> Value {
    json!({
        "model": "system__activity",
        "view": "scheduled_plan",
        "fields": ["scheduled_plan.id", "user.id", "scheduled_plan.enabled"],
        "filters": { "scheduled_plan.enabled": wanted },
        "limit": "-1",
    })
}

#[tokio::test]
async fn system_activity_tells_of_disabled_plans() {
    let house = House::new(SimConfig { disabled_plans: 40, ..SimConfig::default() }).await;
    let plans = bodies(&house, Kind::ScheduledPlan);
    for wanted in ["no", "false", "No"] {
        let rows = run(&house, disabled_plans(wanted)).await.json();
        let mut found: Vec<_> =
            rows.as_array().unwrap().iter().map(|row| row["scheduled_plan.id"].to_string()).collect();
        found.sort();
        assert_eq!(found, ids(&plans, |plan| plan["enabled"] == false), "{wanted}");
        assert!(rows[0]["user.id"].is_u64() && rows[0]["scheduled_plan.enabled"] == "No");
    }
    let mut limited = disabled_plans("no");
    limited["limit"] = "7".into();
    assert_eq!(run(&house, limited).await.json().as_array().unwrap().len(), 7);
    let mut unknown = disabled_plans("no");
    unknown["fields"] = json!(["scheduled_plan.nonsense"]);
    assert!(run(&house, unknown).await.json()[0]["looker_error"].is_string());
    let elsewhere = run(&house, json!({ "model": "ecommerce", "view": "orders", "fields": [] })).await;
    assert_eq!(elsewhere.status, 404);
    assert_eq!(elsewhere.json()["message"], "The resource you're looking for could not be found");
    let nothing = run(&house, json!({ "fields": [] })).await;
    assert_eq!((nothing.status, nothing.json()["errors"][0]["code"].as_str()), (422, Some("missing_field")));
    assert_eq!(house.send("POST", "/queries/run/json", "[]").await.status, 400);
    assert_eq!(house.send("POST", "/queries/run/png", &disabled_plans("no").to_string()).await.status, 422);
}

#[tokio::test]
async fn who_lacks_a_permission_is_told_403_or_404() {
    for (denied_as, status) in [(DeniedAs::Forbidden, 403), (DeniedAs::NotFound, 404)] {
        let account = Account::Limited { sees_folders: vec!["6".to_owned()] };
        let house = House::new(SimConfig { denied_as, account, ..SimConfig::default() }).await;
        assert_eq!(run(&house, disabled_plans("no")).await.status, status);
        assert_eq!(house.get("/alerts/search?all_owners=true").await.status, 403);
        let plans = listed(&house, "/scheduled_plans?all_users=true").await;
        assert_eq!(plans, listed(&house, "/scheduled_plans").await, "its own only");
        let denied = vec!["all_boards".to_owned(), "search_alerts".to_owned()];
        let missing_endpoints = vec!["merge_query".to_owned()];
        let house =
            House::new(SimConfig { denied_as, denied, missing_endpoints, ..SimConfig::default() }).await;
        assert_eq!(house.get("/boards").await.status, status);
        assert_eq!(house.get("/alerts/search").await.status, status);
        assert_eq!(house.get("/boards/search").await.status, 200);
        let missing = house.get("/merge_queries/x").await;
        assert_eq!((missing.status, missing.json()["message"].as_str()), (404, Some("Sinatra::NotFound")));
    }
}

#[tokio::test]
async fn alerts_of_others_take_an_admin_and_hang_on_live_tiles() {
    let mut house = House::new(SimConfig { alerts: 40, ..SimConfig::default() }).await;
    let alerts = bodies(&house, Kind::Alert);
    assert_eq!(alerts.len(), 40);
    assert_eq!(listed(&house, "/alerts/search?all_owners=true").await, ids(&alerts, |_| true));
    let own = ids(&alerts, |alert| alert["owner_id"] == "1");
    assert!(!own.is_empty());
    assert_eq!(listed(&house, "/alerts/search").await, own);
    assert_eq!(listed(&house, "/alerts/search?all_owners=true&limit=15&offset=30").await.len(), 10);
    let disabled = ids(&alerts, |alert| alert["is_disabled"] == true);
    assert!(!disabled.is_empty());
    assert_eq!(listed(&house, "/alerts/search?all_owners=true&disabled=true").await, disabled);
    let mut by_frequency = Vec::new();
    for frequency in ["minutes", "hourly", "daily", "weekly", "monthly"] {
        by_frequency
            .extend(listed(&house, &format!("/alerts/search?all_owners=true&frequency={frequency}")).await);
    }
    by_frequency.sort();
    assert_eq!(by_frequency, ids(&alerts, |_| true), "each has one frequency");
    for alert in &alerts {
        assert_eq!(house.get(&format!("/alerts/{}", alert["id"].as_str().unwrap())).await.json(), *alert);
        let dashboard = alert["investigative_content_id"].as_str().unwrap().replace(':', "%3A");
        let dashboard = house.get(&format!("/dashboards/{dashboard}")).await.json();
        assert_eq!(dashboard["deleted"], false);
        let tiles = dashboard["dashboard_elements"].as_array().unwrap();
        assert!(tiles.iter().any(|tile| tile["id"] == alert["dashboard_element_id"]), "{alert}");
        let applied = alert["applied_dashboard_filters"].as_array().unwrap();
        assert_eq!(applied.len(), dashboard["dashboard_filters"].as_array().unwrap().len());
        assert!(!house.sim.history(Kind::User, alert["owner_id"].as_str().unwrap()).is_empty());
    }
    let filters = alerts.iter().flat_map(|alert| alert["applied_dashboard_filters"].as_array().unwrap());
    assert!(filters.into_iter().any(|filter| filter["filter_title"] == ""), "none without a title");
    // User 2 has another role.
    let sudo = house.send("POST", "/login/2", "").await.json();
    house.token = sudo["access_token"].as_str().unwrap().to_owned();
    assert_eq!(house.get("/alerts/search?all_owners=true").await.status, 403);
    assert_eq!(listed(&house, "/alerts/search").await, ids(&alerts, |alert| alert["owner_id"] == "2"));
}
