//! Users, their credentials, groups, roles and sets, created, changed and
//! deleted.

use looker_sim::{Faults, Kind, SimConfig};
use serde_json::{Value, json};

use crate::common::House;

fn id(object: &Value) -> &str {
    object["id"].as_str().unwrap()
}

async fn get(house: &House, path: &str) -> Value {
    house.ask("GET", path, Value::Null, 200).await
}

#[tokio::test]
async fn a_user_is_created_without_an_address_and_changed_in_what_is_sent() {
    let house = House::new(SimConfig::default()).await;
    let body = json!({ "first_name": "Zoë", "last_name": "Groß", "locale": "uk", "email": "x@example.com", "id": "3" });
    let made = house.ask("POST", "/users", body, 200).await;
    assert!(made["id"] != "3" && made["email"].is_null() && made["credentials_email"].is_null());
    assert_eq!((&made["display_name"], &made["locale"]), (&json!("Zoë Groß"), &json!("uk")));
    assert_eq!((&made["group_ids"], &made["role_ids"]), (&json!(["1"]), &json!([])));
    let path = format!("/users/{}", id(&made));
    assert_eq!(get(&house, &path).await, made);
    let folder = get(&house, &format!("/folders/{}", made["personal_folder_id"].as_str().unwrap())).await;
    assert_eq!(
        (&folder["name"], &folder["parent_id"], &folder["is_personal"]),
        (&json!("Zoë Groß"), &json!("2"), &json!(true))
    );
    let list = format!(
        "/content_metadata_access?content_metadata_id={}",
        folder["content_metadata_id"].as_str().unwrap()
    );
    assert_eq!(house.rows(&list).await[0]["user_id"], made["id"]);
    assert_eq!(get(&house, "/groups/1").await["user_count"], 26);

    let patched = house.ask("PATCH", &path, json!({ "first_name": null, "is_disabled": true }), 200).await;
    assert_eq!((&patched["first_name"], &patched["last_name"]), (&json!(""), &json!("Groß")));
    assert_eq!(
        (&patched["display_name"], &patched["locale"], &patched["is_disabled"]),
        (&json!(""), &json!("uk"), &json!(true))
    );
    assert_eq!(house.ask("PATCH", &path, patched.clone(), 200).await, patched, "the whole object as read");
    let ignored = house
        .ask("PATCH", &path, json!({ "email": "y@example.com", "group_ids": [], "role_ids": ["1"] }), 200)
        .await;
    assert_eq!(ignored, patched);
    assert_eq!(
        house.wrong("PATCH", &path, json!({ "home_folder_id": "987654", "locale": "en" })).await,
        ["home_folder_id"]
    );
    assert_eq!(house.wrong("POST", "/users", json!({ "first_name": 7 })).await, ["first_name"]);
    let nameless = house.ask("POST", "/users", json!({}), 200).await;
    let folder = get(&house, &format!("/folders/{}", nameless["personal_folder_id"].as_str().unwrap())).await;
    assert!(nameless["first_name"].is_null() && folder["name"].is_null());
    assert!(house.sim.outbox().is_empty());
}

#[tokio::test]
async fn a_user_that_was_created_may_be_answered_with_500() {
    let faults = Faults {
        hidden_success: 1.0,
        operations: vec!["create_user".to_owned()],
        times: Some(1),
        ..Faults::default()
    };
    let house = House::new(SimConfig { faults, ..SimConfig::default() }).await;
    let before = house.sim.ids(Kind::User, false).len();
    house.ask("POST", "/users", json!({ "first_name": "A", "last_name": "B" }), 500).await;
    assert_eq!(house.sim.ids(Kind::User, false).len(), before + 1);
    house.ask("POST", "/users", json!({ "first_name": "A", "last_name": "C" }), 200).await;
}

#[tokio::test]
async fn nobody_deletes_himself_and_content_of_who_goes_is_in_the_trash() {
    let mut house = House::new(SimConfig::default()).await;
    house.ask("DELETE", "/users/1", Value::Null, 403).await;
    house.ask("DELETE", "/users/987654", Value::Null, 404).await;
    let users = house.rows("/users").await;
    let own =
        |user: &Value| house.sim.ids_in(Kind::Dashboard, user["personal_folder_id"].as_str().unwrap(), false);
    let user = users.iter().find(|user| user["id"] != "1" && !own(user).is_empty()).unwrap();
    let dashboards = own(user);
    house.ask("DELETE", &format!("/users/{}", id(user)), Value::Null, 204).await;
    house.ask("GET", &format!("/users/{}", id(user)), Value::Null, 404).await;
    house
        .ask("GET", &format!("/folders/{}", user["personal_folder_id"].as_str().unwrap()), Value::Null, 404)
        .await;
    assert_eq!(get(&house, &format!("/dashboards/{}", dashboards[0])).await["deleted"], true);
    assert!(
        house.rows("/scheduled_plans?all_users=true").await.iter().all(|plan| plan["user_id"] != user["id"])
    );
    assert_eq!(get(&house, "/groups/1").await["user_count"], 24);
    let admins: Vec<_> = users.iter().filter(|user| user["role_ids"] == json!(["1"])).map(id).collect();
    for admin in admins.iter().skip(1) {
        house.send("DELETE", &format!("/users/{admin}"), "").await;
    }
    house.become_user("2").await;
    house.ask("DELETE", "/users/1", Value::Null, 403).await;
}

#[tokio::test]
async fn an_address_is_a_call_of_its_own_and_a_second_one_is_refused() {
    let house = House::new(SimConfig::default()).await;
    let user = house.ask("POST", "/users", json!({ "first_name": "A", "last_name": "B" }), 200).await;
    let (user, path) = (format!("/users/{}", id(&user)), format!("/users/{}/credentials_email", id(&user)));
    for method in ["GET", "DELETE"] {
        assert_eq!(house.ask(method, &path, Value::Null, 404).await["message"], "Not found");
    }
    house.ask("PATCH", &path, json!({ "email": "new@example.com" }), 404).await;
    assert_eq!(house.wrong("POST", &path, json!({})).await, ["email"]);
    assert_eq!(house.wrong("POST", &path, json!({ "email": "nobody" })).await, ["email"]);
    let taken = get(&house, "/users/1").await["email"].clone();
    assert_eq!(house.wrong("POST", &path, json!({ "email": taken })).await, ["email"]);
    let made = house.ask("POST", &path, json!({ "email": "new@example.com" }), 200).await;
    assert_eq!(get(&house, &path).await, made);
    let whole = get(&house, &user).await;
    assert_eq!((&whole["email"], &whole["credentials_email"]), (&json!("new@example.com"), &made));
    let again = house.ask("POST", &path, json!({ "email": "other@example.com" }), 409).await;
    assert_eq!(again["message"], "The resource already exists.");
    house
        .ask(
            "PATCH",
            &path,
            json!({ "email": "other@example.com", "forced_password_reset_at_next_login": true }),
            200,
        )
        .await;
    let whole = get(&house, &user).await;
    assert_eq!(
        (&whole["email"], &whole["credentials_email"]["forced_password_reset_at_next_login"]),
        (&json!("other@example.com"), &json!(true))
    );
    house.ask("PATCH", &user, json!({ "is_disabled": true }), 200).await;
    assert_eq!(get(&house, &path).await["is_disabled"], true);
    let reset = house.ask("POST", &format!("{path}/password_reset"), Value::Null, 200).await;
    assert!(reset["password_reset_url"].is_string());
    assert!(house.sim.outbox().is_empty());
    house.ask("POST", &format!("{path}/send_password_reset"), Value::Null, 200).await;
    let sent = house.sim.outbox();
    assert_eq!(
        (sent.len(), sent[0].what, sent[0].to.as_slice()),
        (1, "password_reset", &["other@example.com".to_owned()][..])
    );
    house.ask("DELETE", &path, Value::Null, 204).await;
    assert!(get(&house, &user).await["email"].is_null());
    let sso = house
        .rows("/users")
        .await
        .into_iter()
        .find(|user| user["credentials_saml"]["email"].is_string())
        .unwrap();
    house
        .ask(
            "POST",
            &format!("/users/{}/credentials_email", id(&sso)),
            json!({ "email": "sso@example.com" }),
            200,
        )
        .await;
    house.ask("DELETE", &format!("/users/{}/credentials_email", id(&sso)), Value::Null, 204).await;
    assert_eq!(get(&house, &format!("/users/{}", id(&sso))).await["email"], sso["credentials_saml"]["email"]);
}

#[tokio::test]
async fn roles_of_a_user_are_a_whole_list() {
    let house = House::new(SimConfig::default()).await;
    let roles = house.ask("PUT", "/users/2/roles", json!(["3", "2", "3"]), 200).await;
    let ids: Vec<_> = roles.as_array().unwrap().iter().map(id).collect();
    assert_eq!(ids, ["3", "2"]);
    assert_eq!(get(&house, "/users/2").await["role_ids"], json!(["3", "2"]));
    house.ask("PUT", "/users/2/roles", json!(["987654"]), 404).await;
    assert_eq!(house.wrong("PUT", "/users/2/roles", json!([3])).await, ["role_ids"]);
    assert_eq!(house.wrong("PUT", "/users/2/roles", json!({ "role_ids": [] })).await, ["role_ids"]);
    assert_eq!(house.ask("PUT", "/users/2/roles", json!([]), 200).await, json!([]));
    assert!(house.rows("/users/2/roles?direct_association_only=true").await.is_empty());
    let external =
        house.rows("/users").await.into_iter().find(|user| user["roles_externally_managed"] == true).unwrap();
    assert_eq!(house.wrong("PUT", &format!("/users/{}/roles", id(&external)), json!([])).await, ["role_ids"]);
}

#[tokio::test]
async fn a_group_takes_members_until_it_is_deleted() {
    let house = House::new(SimConfig::default()).await;
    let made = house.ask("POST", "/groups", json!({ "name": "Neue", "external_group_id": "x" }), 200).await;
    assert_eq!((&made["user_count"], &made["external_group_id"]), (&json!(0), &Value::Null));
    let path = format!("/groups/{}", id(&made));
    assert_eq!(house.wrong("POST", "/groups", json!({ "name": "neue" })).await, ["name"]);
    assert_eq!(house.wrong("POST", "/groups", json!({ "name": null })).await, ["name"]);
    assert_eq!(house.ask("PATCH", &path, json!({ "name": "Alte" }), 200).await["name"], "Alte");
    let user = house.ask("POST", &format!("{path}/users"), json!({ "user_id": "4" }), 200).await;
    assert!(user["group_ids"].as_array().unwrap().contains(&made["id"]));
    house.ask("POST", &format!("{path}/users"), json!({ "user_id": "4" }), 200).await;
    assert_eq!(get(&house, &path).await["user_count"], 1);
    house.ask("POST", &format!("{path}/users"), json!({ "user_id": "987654" }), 404).await;
    assert_eq!(house.rows(&format!("{path}/users?fields=id")).await, [json!({ "id": "4" })]);
    house.ask("DELETE", &format!("{path}/users/5"), Value::Null, 404).await;
    house.ask("DELETE", &format!("{path}/users/4"), Value::Null, 204).await;
    assert!(house.rows(&format!("{path}/users")).await.is_empty());
    house.ask("POST", &format!("{path}/users"), json!({ "user_id": "4" }), 200).await;
    house.ask("POST", &format!("{path}/groups"), json!({ "group_id": "2" }), 200).await;
    house.ask("PUT", "/roles/2/groups", json!([id(&made)]), 200).await;
    house.ask("DELETE", &path, Value::Null, 204).await;
    for list in ["", "/users", "/groups"] {
        house.ask("GET", &format!("{path}{list}"), Value::Null, 404).await;
    }
    assert!(!get(&house, "/users/4").await["group_ids"].as_array().unwrap().contains(&made["id"]));
    for row in house.rows("/groups/search/with_hierarchy").await {
        assert!(
            row["id"] != made["id"] && !row["parent_group_ids"].as_array().unwrap().contains(&made["id"])
        );
    }
    assert!(house.rows("/roles/2/groups").await.is_empty());
}

#[tokio::test]
async fn groups_that_are_built_in_or_managed_elsewhere_are_left_alone() {
    let house = House::new(SimConfig::default()).await;
    let external =
        house.rows("/groups").await.into_iter().find(|group| group["externally_managed"] == true).unwrap();
    for group in ["1", id(&external)] {
        let path = format!("/groups/{group}");
        house.ask("PATCH", &path, json!({ "name": "x" }), 403).await;
        house.ask("DELETE", &path, Value::Null, 403).await;
        house.ask("POST", &format!("{path}/users"), json!({ "user_id": "4" }), 403).await;
        house.ask("DELETE", &format!("{path}/users/4"), Value::Null, 403).await;
        house.ask("POST", &format!("{path}/groups"), json!({ "group_id": "2" }), 403).await;
    }
}

#[tokio::test]
async fn a_subgroup_that_is_taken_out_and_put_back_has_lost_its_access() {
    let house = House::new(SimConfig::default()).await;
    let made = async |name: &str| house.ask("POST", "/groups", json!({ "name": name }), 200).await;
    let (outer, inner) = (made("Outer").await, made("Inner").await);
    let groups = format!("/groups/{}/groups", id(&outer));
    assert_eq!(id(&house.ask("POST", &groups, json!({ "group_id": inner["id"] }), 200).await), id(&inner));
    house
        .ask("POST", &format!("/groups/{}/groups", id(&inner)), json!({ "group_id": outer["id"] }), 403)
        .await;
    let grant = json!({ "content_metadata_id": "1", "group_id": inner["id"], "permission_type": "edit" });
    house.ask("POST", "/content_metadata_access", grant, 200).await;
    let has = async || {
        let rows = house.rows("/content_metadata_access?content_metadata_id=1").await;
        rows.iter().any(|row| row["group_id"] == inner["id"])
    };
    assert!(has().await);
    house.ask("DELETE", &format!("{groups}/{}", id(&inner)), Value::Null, 204).await;
    house.ask("DELETE", &format!("{groups}/{}", id(&inner)), Value::Null, 404).await;
    house.ask("POST", &groups, json!({ "group_id": inner["id"] }), 200).await;
    assert_eq!(house.rows(&groups).await.len(), 1);
    assert!(!has().await);
}

#[tokio::test]
async fn built_in_roles_and_sets_cannot_be_modified() {
    let house = House::new(SimConfig::default()).await;
    for path in ["/roles/1", "/permission_sets/1", "/model_sets/1"] {
        for (method, body) in [("PATCH", json!({ "name": "x" })), ("DELETE", Value::Null)] {
            let refused = house.ask(method, path, body, 405).await;
            assert_eq!(refused["message"], "This resource cannot be modified");
        }
    }
}

#[tokio::test]
async fn sets_have_names_of_their_own_and_show_in_roles() {
    let house = House::new(SimConfig::default()).await;
    for (path, list, role) in
        [("/permission_sets", "permissions", "permission_set"), ("/model_sets", "models", "model_set")]
    {
        assert_eq!(house.wrong("POST", path, json!({})).await, ["name"]);
        let body = json!({ "name": "Eigene", list: ["never_heard_of", "abcd"], "built_in": true });
        let made = house.ask("POST", path, body.clone(), 200).await;
        assert_eq!((&made[list], &made["built_in"]), (&body[list], &json!(false)));
        let own = format!("{path}/{}", id(&made));
        let taken = house.ask("POST", path, json!({ "name": "eigene" }), 422).await;
        assert_eq!(
            (&taken["errors"][0]["code"], &taken["errors"][0]["field"]),
            (&json!("already_exists"), &json!("name"))
        );
        let taken = house
            .ask("PATCH", &own, json!({ "name": get(&house, &format!("{path}/2")).await["name"] }), 422)
            .await;
        let word =
            if list == "models" { "Domain name is already in use." } else { "Name is already in use." };
        assert_eq!(taken["errors"][0]["message"], word);
        house.ask("PATCH", &own, json!({ "name": "Eigene" }), 200).await;
        let other = if role == "model_set" { "permission_set_id" } else { "model_set_id" };
        let body = json!({ "name": format!("With {role}"), format!("{role}_id"): made["id"], other: "2" });
        let with = house.ask("POST", "/roles", body, 200).await;
        let shown = house.ask("PATCH", &own, json!({ list: ["one"] }), 200).await;
        let with = format!("/roles/{}", id(&with));
        assert_eq!(get(&house, &with).await[role], shown);
        house.ask("DELETE", &own, Value::Null, 204).await;
        assert_eq!(get(&house, &with).await[role], Value::Null, "a role may lose its set");
        house.ask("DELETE", &own, Value::Null, 404).await;
    }
}

#[tokio::test]
async fn roles_name_their_sets_and_are_given_as_whole_lists() {
    let house = House::new(SimConfig::default()).await;
    assert_eq!(house.wrong("POST", "/roles", json!({})).await, ["name", "permission_set", "model_set"]);
    let body = json!({ "name": "Neue", "permission_set_id": "987654", "model_set_id": "2" });
    let refused = house.ask("POST", "/roles", body, 422).await;
    assert_eq!(
        (&refused["errors"][0]["field"], &refused["errors"][0]["code"]),
        (&json!("permission_set"), &json!("invalid"))
    );
    let body = json!({ "name": "Neue", "permission_set_id": "2", "model_set_id": "1" });
    let made = house.ask("POST", "/roles", body.clone(), 200).await;
    assert_eq!((&made["permission_set"]["id"], &made["model_set"]["id"]), (&json!("2"), &json!("1")));
    let path = format!("/roles/{}", id(&made));
    assert_eq!(get(&house, &path).await, made);
    assert_eq!(house.wrong("POST", "/roles", body).await, ["name"]);
    let renamed = house.ask("PATCH", &path, json!({ "name": "neue", "permission_set_id": "3" }), 200).await;
    assert_eq!((&renamed["name"], &renamed["permission_set"]["id"]), (&json!("neue"), &json!("3")));

    let groups = house.ask("PUT", &format!("{path}/groups"), json!(["3", "2", "3"]), 200).await;
    assert_eq!(groups.as_array().unwrap().len(), 2);
    let users = house.ask("PUT", &format!("{path}/users"), json!(["4", "5"]), 200).await;
    assert_eq!(users[0]["role_ids"].as_array().unwrap().last(), Some(&made["id"]));
    house.ask("PUT", &format!("{path}/users"), json!(["987654"]), 404).await;
    house.ask("PUT", &format!("{path}/users"), json!(["5"]), 200).await;
    let direct = house.rows(&format!("{path}/users?direct_association_only=true&fields=id")).await;
    assert_eq!(direct, [json!({ "id": "5" })]);
    let with_roles = house.rows("/groups/search/with_roles?id=3").await;
    assert!(with_roles[0]["roles"].as_array().unwrap().contains(&renamed), "{with_roles:?}");
    house.ask("DELETE", &path, Value::Null, 204).await;
    assert!(!get(&house, "/users/5").await["role_ids"].as_array().unwrap().contains(&made["id"]));
    let hierarchy = house.rows("/groups/search/with_hierarchy?id=3").await;
    assert!(!hierarchy[0]["role_ids"].as_array().unwrap().contains(&made["id"]));
}

#[tokio::test]
async fn groups_that_were_loaded_by_themselves_can_be_written() {
    let source = House::new(SimConfig::default()).await;
    let mut target = House::new(SimConfig { built_ins_only: true, ..SimConfig::default() }).await;
    for kind in [Kind::PermissionSet, Kind::ModelSet, Kind::Role, Kind::Group, Kind::User] {
        let bodies = source.sim.export(kind);
        let bodies: Vec<_> = bodies.iter().map(|(_, body)| std::str::from_utf8(body).unwrap()).collect();
        target.sim.load(kind.name(), &bodies).unwrap();
    }
    target.login().await;
    assert_eq!(target.ask("PATCH", "/groups/2", json!({ "name": "Neue" }), 200).await["name"], "Neue");
    target.ask("POST", "/groups/2/users", json!({ "user_id": "4" }), 200).await;
    target.ask("PUT", "/roles/2/groups", json!(["3"]), 200).await;
    assert_eq!(target.rows("/groups/search/with_hierarchy?id=3").await[0]["role_ids"], json!(["2"]));
    target.ask("POST", "/groups/3/groups", json!({ "group_id": "2" }), 200).await;
    target.ask("DELETE", "/groups/3", Value::Null, 204).await;
}
