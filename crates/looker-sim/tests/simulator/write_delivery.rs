//! Schedules and alerts created, changed and deleted, and what is sent by that.

use looker_sim::{Kind, SimConfig};
use serde_json::{Value, json};

use crate::common::{House, answer};

fn merged(base: &Value, more: Value) -> Value {
    let mut merged = base.clone();
    if let Value::Object(more) = more {
        merged.as_object_mut().unwrap().extend(more);
    }
    merged
}

fn sent(house: &House) -> Vec<(&'static str, String)> {
    house.sim.outbox().into_iter().map(|sent| (sent.what, sent.id)).collect()
}

fn id(object: &Value) -> &str {
    object["id"].as_str().unwrap()
}

fn mail_to(address: &str) -> Value {
    json!([{ "type": "email", "address": address, "format": "assembled_pdf", "secret_parameters": "{\"k\":1}" }])
}

/// A plan that may be created, asleep.
fn plan(house: &House) -> Value {
    let dashboard = &house.sim.ids(Kind::Dashboard, false)[0];
    json!({
        "name": "Mail", "dashboard_id": dashboard, "crontab": "0 6 * * *", "enabled": false,
        "scheduled_plan_destination": mail_to("a@example.com"),
    })
}

#[tokio::test]
async fn a_plan_is_created_as_sent_under_ids_of_its_own_and_without_secrets() {
    let house = House::new(SimConfig::default()).await;
    let body = merged(&plan(&house), json!({ "id": "3", "filters_string": "?A=1", "nonsense": 1 }));
    let made = house.ask("POST", "/scheduled_plans", body.clone(), 200).await;
    assert_ne!(made["id"], "3");
    assert_eq!(house.get(&format!("/scheduled_plans/{}", id(&made))).await.json(), made);
    for member in ["name", "dashboard_id", "crontab", "enabled"] {
        assert_eq!(made[member], body[member], "{member}");
    }
    assert_eq!((&made["user_id"], &made["user"]["id"]), (&json!("1"), &json!("1")));
    assert_eq!((&made["dashboard_filters"], &made["require_results"]), (&json!("?A=1"), &json!(false)));
    let dashboard =
        house.get(&format!("/dashboards/{}", body["dashboard_id"].as_str().unwrap())).await.json();
    assert_eq!(made["title"], dashboard["title"]);
    let destination = &made["scheduled_plan_destination"][0];
    assert_eq!(
        (&destination["scheduled_plan_id"], &destination["secret_parameters"]),
        (&made["id"], &Value::Null)
    );
    assert_eq!(destination["looker_recipient"], false);
    let path =
        format!("/scheduled_plans/dashboard/{}?all_users=true", body["dashboard_id"].as_str().unwrap());
    assert!(!house.get(&path).await.column("id").contains(&id(&made).to_owned()), "it is disabled");
    assert!(sent(&house).is_empty());
    house.ask("DELETE", &format!("/scheduled_plans/{}", id(&made)), Value::Null, 204).await;
    house.ask("DELETE", &format!("/scheduled_plans/{}", id(&made)), Value::Null, 404).await;
}

#[tokio::test]
async fn plans_that_lack_something_are_refused_with_all_that_is_wrong() {
    let house = House::new(SimConfig::default()).await;
    let whole = plan(&house);
    let look = &house.sim.ids(Kind::Look, false)[0];
    let on_look = json!({ "dashboard_id": null, "look_id": look });
    let wrong = async |more: Value| house.wrong("POST", "/scheduled_plans", merged(&whole, more)).await;
    let all = house.wrong("POST", "/scheduled_plans", json!({})).await;
    assert_eq!(all, ["name", "dashboard_id", "crontab", "scheduled_plan_destination"]);
    assert_eq!(wrong(json!({ "look_id": look, "require_results": false, "require_no_results": false, "require_change": false })).await, ["look_id"]);
    assert_eq!(wrong(on_look.clone()).await, ["require_results", "require_no_results", "require_change"]);
    assert_eq!(wrong(json!({ "dashboard_id": "987654" })).await, ["dashboard_id"]);
    assert_eq!(wrong(json!({ "crontab": "" })).await, ["crontab"]);
    assert_eq!(wrong(json!({ "crontab": "daily" })).await, ["crontab"]);
    assert_eq!(wrong(json!({ "datagroup": "x::y" })).await, ["datagroup"]);
    assert_eq!(wrong(json!({ "enabled": null, "include_links": null })).await, ["enabled", "include_links"]);
    assert_eq!(wrong(json!({ "enabled": "no", "name": 7 })).await.len(), 2);
    assert_eq!(wrong(json!({ "user_id": "987654" })).await, ["user_id"]);
    assert_eq!(wrong(json!({ "tab_ids": ["987654"] })).await, ["tab_ids"]);
    let bare = json!([{ "type": "email", "address": "nobody" }]);
    let list = "scheduled_plan_destination[0]";
    let expected = [format!("{list}.format"), format!("{list}.address")];
    assert_eq!(wrong(json!({ "scheduled_plan_destination": bare })).await, expected);
    let answer =
        house.ask("POST", "/scheduled_plans", merged(&whole, json!({ "send_all_results": true })), 422).await;
    let messages: Vec<_> =
        answer["errors"].as_array().unwrap().iter().map(|e| e["message"].as_str().unwrap()).collect();
    assert_eq!(
        messages,
        [
            "Cannot send all results for dashboards",
            "format assembled_pdf invalid -- valid formats for unlimited Dashboard sent as 'email' are [:txt, :csv, :json, :xlsx, :html]",
        ]
    );
    let require = json!({ "require_results": false, "require_no_results": false, "require_change": true });
    let by_datagroup = json!({ "crontab": "", "datagroup": "ecommerce::daily" });
    let made = house
        .ask(
            "POST",
            "/scheduled_plans",
            merged(&merged(&merged(&whole, on_look), require), by_datagroup),
            200,
        )
        .await;
    assert_eq!(
        (&made["crontab"], &made["require_change"], &made["next_run_at"]),
        (&json!(""), &json!(true), &Value::Null)
    );
    assert_eq!(
        house
            .wrong("PATCH", &format!("/scheduled_plans/{}", id(&made)), json!({ "crontab": "0 6 * * *" }))
            .await,
        ["datagroup"]
    );
    assert!(sent(&house).is_empty());
}

#[tokio::test]
async fn updates_keep_what_is_not_sent_and_replace_destinations_under_new_ids() {
    let house = House::new(SimConfig::default()).await;
    let made = house.ask("POST", "/scheduled_plans", plan(&house), 200).await;
    let path = format!("/scheduled_plans/{}", id(&made));
    let renamed = house.ask("PATCH", &path, json!({ "name": "Other" }), 200).await;
    let mut expected = made.clone();
    expected["name"] = json!("Other");
    expected["updated_at"] = renamed["updated_at"].clone();
    assert_eq!(renamed, expected);
    let destinations =
        json!([{ "id": "1", "type": "email", "address": "user.2+looker@example.com", "format": "csv" }]);
    let moved = house.ask("PATCH", &path, json!({ "scheduled_plan_destination": destinations }), 200).await;
    let destination = &moved["scheduled_plan_destination"][0];
    assert!(destination["id"] != "1" && destination["id"] != made["scheduled_plan_destination"][0]["id"]);
    assert_eq!(destination["looker_recipient"], true, "an address of a user");
    for none in [json!([]), Value::Null] {
        let fields = house.wrong("PATCH", &path, json!({ "scheduled_plan_destination": none })).await;
        assert_eq!(fields, ["scheduled_plan_destination"]);
    }
    let given = house.ask("PATCH", &path, json!({ "user_id": "4" }), 200).await;
    assert_eq!((&given["user_id"], &given["user"]["id"]), (&json!("4"), &json!("4")));
    let whole = house.ask("PATCH", &path, given.clone(), 200).await;
    assert_eq!((&whole["id"], &whole["user_id"]), (&given["id"], &json!("4")), "as it was read");
    assert!(sent(&house).is_empty());
    house.ask("PATCH", "/scheduled_plans/987654", json!({}), 404).await;
}

#[tokio::test]
async fn plans_of_others_are_for_administrators() {
    let mut house = House::new(SimConfig::default()).await;
    let made = house.ask("POST", "/scheduled_plans", plan(&house), 200).await;
    let path = format!("/scheduled_plans/{}", id(&made));
    let body = plan(&house);
    house.become_user("2").await;
    house.ask("PATCH", &path, json!({ "name": "x" }), 404).await;
    house.ask("DELETE", &path, Value::Null, 404).await;
    house.ask("POST", "/scheduled_plans", merged(&body, json!({ "user_id": "1" })), 403).await;
    let own = house.ask("POST", "/scheduled_plans", body, 200).await;
    assert_eq!(own["user_id"], "2");
    house.ask("DELETE", &format!("/scheduled_plans/{}", id(&own)), Value::Null, 204).await;
}

#[tokio::test]
async fn what_is_enabled_or_run_is_sent_at_once() {
    let house = House::new(SimConfig::default()).await;
    let body = plan(&house);
    let awake = house.ask("POST", "/scheduled_plans", merged(&body, json!({ "enabled": true })), 200).await;
    assert_eq!(sent(&house), [("plan_delivery", id(&awake).to_owned())]);
    assert_eq!(house.sim.outbox()[0].to, ["a@example.com"]);
    assert_eq!(house.sim.outbox()[0].operation, "create_scheduled_plan");
    let asleep = house.ask("POST", "/scheduled_plans", body.clone(), 200).await;
    let path = format!("/scheduled_plans/{}", id(&asleep));
    house.ask("PATCH", &path, json!({ "enabled": false, "name": "x" }), 200).await;
    assert_eq!(sent(&house).len(), 1);
    house.ask("PATCH", &path, json!({ "enabled": true }), 200).await;
    assert_eq!(sent(&house).last().unwrap().1, id(&asleep));
    house.ask("PATCH", &path, json!({ "enabled": true, "name": "y" }), 200).await;
    assert_eq!(sent(&house).len(), 2, "it was awake already");
    house.ask("PATCH", &path, json!({ "enabled": true, "name": 7 }), 422).await;

    house.ask("POST", "/scheduled_plans/run_once", merged(&body, json!({ "id": "3" })), 404).await;
    let mut once = body.clone();
    once.as_object_mut().unwrap().remove("crontab");
    let once = house.ask("POST", "/scheduled_plans/run_once", once, 200).await;
    assert_eq!((&once["run_once"], &once["next_run_at"]), (&json!(true), &Value::Null));
    let copy = house.ask("POST", &format!("{path}/run_once"), json!({ "name": "copy" }), 200).await;
    assert_eq!((&copy["name"], &copy["dashboard_id"]), (&json!("copy"), &asleep["dashboard_id"]));
    assert!(copy["id"] != asleep["id"] && house.get(&path).await.json()["run_once"] == false);
    let last: Vec<_> = sent(&house).into_iter().skip(2).map(|(_, id)| id).collect();
    assert_eq!(last, [id(&once), id(&copy)]);
}

/// Tiles that show data, and one that does not.
async fn tiles(house: &House) -> (Vec<String>, Option<String>) {
    let (mut data, mut text) = (Vec::new(), None);
    for dashboard in house.rows("/dashboards/search").await {
        for tile in dashboard["dashboard_elements"].as_array().unwrap() {
            match tile["type"].as_str().unwrap() {
                "vis" => data.push(id(tile).to_owned()),
                "text" => text = Some(id(tile).to_owned()),
                _ => {}
            }
        }
    }
    (data, text)
}

fn alert(tile: &str) -> Value {
    json!({
        "cron": "0 5 * * *", "dashboard_element_id": tile, "comparison_type": "LESS_THAN", "threshold": 1000.0,
        "destinations": [{ "destination_type": "EMAIL", "email_address": "a@example.com" }],
        "field": { "title": "Number", "name": "items.count" },
        "applied_dashboard_filters":
            [{ "filter_title": "Name", "field_name": "a.b", "filter_value": "x", "filter_description": "is x" }],
    })
}

#[tokio::test]
async fn alerts_hang_on_tiles_with_data_and_need_what_the_document_says() {
    let house = House::new(SimConfig::default()).await;
    let (data, text) = tiles(&house).await;
    let whole = alert(&data[0]);
    let made = house.ask("POST", "/alerts", whole.clone(), 200).await;
    assert_eq!(house.get(&format!("/alerts/{}", id(&made))).await.json(), made);
    assert_eq!((&made["owner_id"], &made["is_disabled"]), (&json!("1"), &json!(false)));
    for member in ["threshold", "destinations", "field", "applied_dashboard_filters"] {
        assert_eq!(made[member], whole[member], "{member}");
    }
    let dashboard = house
        .get(&format!("/dashboards/{}", made["investigative_content_id"].as_str().unwrap()))
        .await
        .json();
    assert_eq!(made["investigative_content_title"], dashboard["title"]);
    let wrong = async |more: Value| house.wrong("POST", "/alerts", merged(&whole, more)).await;
    let all = house.wrong("POST", "/alerts", json!({})).await;
    assert_eq!(
        all,
        ["comparison_type", "cron", "destinations", "field", "threshold", "dashboard_element_id"]
    );
    assert_eq!(wrong(json!({ "dashboard_element_id": "987654321" })).await, ["dashboard_element_id"]);
    assert_eq!(wrong(json!({ "dashboard_element_id": text })).await, ["dashboard_element_id"]);
    assert_eq!(
        wrong(json!({ "comparison_type": "LESS", "cron": "*/5 * * * *" })).await,
        ["comparison_type", "cron"]
    );
    let nameless = json!([{ "filter_title": "", "field_name": "a.b", "filter_value": "x" }]);
    let fields = wrong(json!({ "applied_dashboard_filters": nameless })).await;
    assert_eq!(fields, ["applied_dashboard_filters[0].filter_title"]);
    let mixed = json!([
        { "destination_type": "EMAIL", "email_address": "a@example.com" }, { "destination_type": "ACTION_HUB" },
    ]);
    let fields = wrong(json!({ "destinations": mixed })).await;
    assert_eq!(fields, ["destinations", "destinations[1].action_hub_integration_id"]);
    assert_eq!(wrong(json!({ "destinations": [] })).await, ["destinations"]);
    assert!(sent(&house).is_empty());
    house.ask("POST", &format!("/alerts/{}/enqueue", id(&made)), Value::Null, 204).await;
    assert_eq!(sent(&house), [("alert_notice", id(&made).to_owned())]);
    house.ask("DELETE", &format!("/alerts/{}", id(&made)), Value::Null, 204).await;
    house.ask("DELETE", &format!("/alerts/{}", id(&made)), Value::Null, 404).await;
    let strict = House::new(SimConfig { new_alerts_need_owner: true, ..SimConfig::default() }).await;
    assert_eq!(strict.wrong("POST", "/alerts", whole).await, ["owner_id", "field.filter"]);
}

#[tokio::test]
async fn an_alert_is_put_whole_or_patched_in_a_few_members() {
    let mut house = House::new(SimConfig::default()).await;
    let (data, _) = tiles(&house).await;
    let made = house.ask("POST", "/alerts", alert(&data[0]), 200).await;
    let path = format!("/alerts/{}", id(&made));
    let fields = house.wrong("PUT", &path, json!({ "threshold": 1 })).await;
    assert_eq!(fields, ["comparison_type", "cron", "destinations", "field", "owner_id"]);
    let put = house.ask("PUT", &path, merged(&made, json!({ "threshold": 5, "owner_id": "4" })), 200).await;
    assert_eq!((&put["threshold"], &put["owner_id"], &put["id"]), (&json!(5), &json!("4"), &made["id"]));
    let patched = house.ask("PATCH", &path, json!({ "is_disabled": true, "cron": "0 1 * * *" }), 200).await;
    assert_eq!((&patched["is_disabled"], &patched["cron"]), (&json!(true), &made["cron"]));
    assert_eq!(house.wrong("PATCH", &path, json!({ "owner_id": "987654" })).await, ["owner_id"]);
    house.become_user("2").await;
    house.ask("PATCH", &path, json!({ "is_public": true }), 403).await;
    house.ask("DELETE", &path, Value::Null, 403).await;
    house.ask("POST", "/alerts", merged(&alert(&data[0]), json!({ "owner_id": "1" })), 403).await;
    let own = house.ask("POST", "/alerts", alert(&data[0]), 200).await;
    assert_eq!(own["owner_id"], "2");
    house.ask("PATCH", &format!("/alerts/{}", id(&own)), json!({ "owner_id": "1" }), 403).await;
}

#[tokio::test]
async fn followers_stay_with_the_id_of_an_alert() {
    let mut house = House::new(SimConfig::default()).await;
    let (data, _) = tiles(&house).await;
    let made = house.ask("POST", "/alerts", alert(&data[0]), 200).await;
    let (path, follow) = (format!("/alerts/{}", id(&made)), format!("/alerts/{}/follow", id(&made)));
    assert_eq!(made["followed"], false);
    house.ask("POST", &follow, Value::Null, 204).await;
    assert_eq!(house.get(&path).await.json()["followed"], true);
    house.become_user("3").await;
    house.ask("POST", &follow, Value::Null, 204).await;
    house.login().await;
    let whole = house.get(&path).await.json();
    house.ask("PUT", &path, whole, 200).await;
    assert_eq!(house.sim.followers(id(&made)), ["1", "3"]);
    house.ask("DELETE", &follow, Value::Null, 204).await;
    assert_eq!(house.sim.followers(id(&made)), ["3"]);
    let told = house.request("GET", &format!("/_sim/followers/{}", id(&made)));
    assert_eq!(answer(told).await.unwrap().json(), json!(["3"]));
    house.ask("DELETE", &path, Value::Null, 204).await;
    let again = house.ask("POST", "/alerts", alert(&data[0]), 200).await;
    assert!(house.sim.followers(id(&made)).is_empty() && house.sim.followers(id(&again)).is_empty());
    house.ask("POST", "/alerts/987654/follow", Value::Null, 404).await;
}
