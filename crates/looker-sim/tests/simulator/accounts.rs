//! What the API key's account may see and do, and what it never gives away.

use looker_sim::{Account, Kind, SimConfig};

use crate::common::House;

async fn with(permissions: &[&str]) -> House {
    let permissions = permissions.iter().map(|name| (*name).to_owned()).collect();
    House::new(SimConfig { account: Account::Permitted { permissions }, ..SimConfig::default() }).await
}

async fn count(house: &House, path: &str) -> usize {
    house.get(path).await.json().as_array().unwrap().len()
}

#[tokio::test]
async fn what_needs_a_permission_is_not_found_without_it() {
    let needs = [
        ("/setting", "administer"),
        ("/connections", "administer"),
        ("/user_attributes", "administer"),
        ("/ldap_config", "administer"),
        ("/color_collections", "administer"),
        ("/datagroups", "see_datagroups"),
        ("/projects", "develop"),
        ("/lookml_models", "access_data"),
        ("/users/1/attribute_values", "see_users"),
    ];
    let nobody = with(&["see_looks"]).await;
    for (path, permission) in needs {
        let answer = nobody.get(path).await;
        assert_eq!((answer.status, &answer.json()["message"]), (404, &"Not found".into()), "{path}");
        assert_eq!(with(&[permission]).await.get(path).await.status, 200, "{path} with {permission}");
    }
    let admin = with(&["administer"]).await;
    for (path, _) in needs {
        assert_eq!(admin.get(path).await.status, 200, "{path} as administrator");
    }
}

#[tokio::test]
async fn without_see_users_it_is_the_only_user() {
    let (blind, seeing) = (with(&["access_data"]).await, with(&["see_users"]).await);
    for path in ["/users", "/groups", "/roles", "/permission_sets", "/groups/search/with_hierarchy"] {
        let own = usize::from(path == "/users");
        assert_eq!(count(&blind, path).await, own, "{path}");
        assert!(count(&seeing, path).await > 1, "{path}");
    }
    assert_eq!(blind.get("/users/2").await.status, 404);
    assert_eq!(seeing.get("/users/2").await.status, 200);
    assert_eq!(count(&blind, "/dashboards/search").await, 120, "content is seen by all");
}

#[tokio::test]
async fn writing_takes_save_content_and_acting_as_others_takes_sudo() {
    let (reader, writer) = (with(&["see_users"]).await, with(&["save_content", "sudo", "see_users"]).await);
    let id = &reader.sim.ids(Kind::Dashboard, false)[0];
    let path = format!("/dashboards/{id}");
    assert_eq!(reader.send("PATCH", &path, r#"{"description":"x"}"#).await.status, 403);
    assert_eq!(writer.send("PATCH", &path, r#"{"description":"x"}"#).await.status, 200);
    assert_eq!(reader.send("POST", "/login/2", "").await.status, 404);
    assert_eq!(writer.send("POST", "/login/2", "").await.status, 200);
}

#[tokio::test]
async fn system_activity_is_for_those_who_may_see_it() {
    for (permissions, models) in [(&["access_data"][..], 3), (&["access_data", "see_system_activity"], 4)] {
        let house = with(permissions).await;
        assert_eq!(count(&house, "/lookml_models").await, 3);
        assert_eq!(count(&house, "/lookml_models?include_internal=true").await, models);
        let status = if models == 4 { 200 } else { 404 };
        assert_eq!(house.get("/lookml_models/system__activity").await.status, status);
        assert_eq!(house.get("/lookml_models/system__activity/explores/look").await.status, status);
    }
}

const MARKER: &str = "MARK-7f3a";

/// The members of all bodies of a kind whose text holds the marker, by name.
fn marked(house: &House, kind: Kind) -> Vec<String> {
    fn walk(name: &str, value: &serde_json::Value, found: &mut Vec<String>) {
        match value {
            serde_json::Value::String(text) if text.contains(MARKER) => found.push(name.to_owned()),
            serde_json::Value::Object(members) => {
                members.iter().for_each(|(key, value)| walk(key, value, found));
            }
            serde_json::Value::Array(items) => items.iter().for_each(|item| walk(name, item, found)),
            _ => {}
        }
    }
    let mut found = Vec::new();
    for (_, body) in house.sim.export(kind) {
        walk("", &serde_json::from_slice(&body).unwrap(), &mut found);
    }
    found.sort();
    found.dedup();
    found
}

#[tokio::test]
async fn the_marker_is_in_every_secret_and_nowhere_else() {
    let config = SimConfig { secret_marker: Some(MARKER.to_owned()), ..SimConfig::default() };
    let house = House::new(config).await;
    assert!(house.token.starts_with(MARKER));
    for kind in Kind::ALL {
        let expected: &[&str] = match kind {
            Kind::User => &["account_setup_url", "client_secret", "password_reset_url"],
            Kind::Integration => &["value"],
            Kind::IntegrationHub => &["authorization_token", "url"],
            Kind::ExternalOauthApplication => &["client_secret"],
            Kind::Project => &["deploy_secret", "git_password", "git_remote_url"],
            Kind::Connection => &[
                "after_connect_statements",
                "certificate",
                "jdbc_additional_params",
                "password",
                "pdt_certificate",
                "pdt_password",
            ],
            Kind::LdapConfig => &["auth_password", "test_ldap_password"],
            Kind::OidcConfig | Kind::Setting => &["secret"],
            Kind::CloudStorage => &["custom_s3_key", "custom_s3_secret"],
            Kind::ScheduledPlan => &["address", "parameters", "secret_parameters"],
            Kind::Alert => &["action_hub_form_params_json"],
            _ => &[],
        };
        assert_eq!(marked(&house, kind), expected, "{kind:?}");
    }
}

#[tokio::test]
async fn without_a_marker_write_only_members_are_absent() {
    let house = House::new(SimConfig::default()).await;
    let all: String = Kind::ALL
        .into_iter()
        .flat_map(|kind| house.sim.export(kind))
        .map(|(_, body)| String::from_utf8_lossy(&body).into_owned())
        .collect();
    for member in [
        "auth_password",
        "authorization_token",
        "client_secret",
        "custom_s3_secret",
        "deploy_secret",
        "git_password",
        "password",
        "secret",
        "test_ldap_password",
    ] {
        assert!(!all.contains(&format!("\"{member}\":")), "{member} is given away");
    }
    let value = house.get("/integrations").await.json()[0]["params"][0]["value"].clone();
    assert!(value.as_str().unwrap().starts_with("sk_live-"), "a value in the clear: {value}");
}
