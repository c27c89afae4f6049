//! People's attributes, models, settings: there as asked for, referring only to
//! what exists, changeable from outside, and absent from old releases.

use std::collections::HashSet;

use looker_sim::{Kind, Refused, Sim, SimConfig};
use serde_json::{Value, json};

use crate::common::House;

fn rows(sim: &Sim, kind: Kind) -> Vec<Value> {
    sim.export(kind).iter().map(|(_, body)| serde_json::from_slice(body).unwrap()).collect()
}

fn ids(sim: &Sim, kind: Kind) -> HashSet<String> {
    sim.export(kind).into_iter().map(|(id, _)| id).collect()
}

/// Every value of the members of a name, however deep.
fn all_of(value: &Value, name: &str, found: &mut Vec<String>) {
    match value {
        Value::Object(members) => {
            for (key, value) in members {
                match value {
                    Value::String(text) if key == name => found.push(text.clone()),
                    _ => all_of(value, name, found),
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| all_of(item, name, found)),
        _ => {}
    }
}

#[tokio::test]
async fn every_reference_leads_somewhere() {
    let sim = Sim::start(SimConfig::default()).await.unwrap();
    let targets = [
        ("group_id", Kind::Group),
        ("looker_group_id", Kind::Group),
        ("user_attribute_id", Kind::UserAttribute),
        ("user_id", Kind::User),
        ("created_by_userid", Kind::User),
        ("created_by_user_id", Kind::User),
        ("modified_by", Kind::User),
        ("integration_hub_id", Kind::IntegrationHub),
        ("project_name", Kind::Project),
        ("connection_name", Kind::Connection),
        ("model_name", Kind::LookmlModel),
        ("namespace", Kind::ArtifactNamespace),
        ("ssh_server_id", Kind::SshServer),
        ("tunnel_id", Kind::SshTunnel),
        ("oauth_application_id", Kind::ExternalOauthApplication),
        ("dashboard_id", Kind::Dashboard),
        ("look_id", Kind::Look),
        ("homepage_section_id", Kind::HomepageSection),
        ("color_collection_id", Kind::ColorCollection),
    ];
    // Content has ids and references of its own, which its tests look at.
    let content = [Kind::Dashboard, Kind::LookmlDashboard, Kind::Look, Kind::Folder];
    for (name, target) in targets {
        let known = ids(&sim, target);
        let mut count = 0;
        for kind in Kind::ALL.into_iter().filter(|kind| !content.contains(kind)) {
            for row in rows(&sim, kind) {
                let mut found = Vec::new();
                all_of(&row, name, &mut found);
                count += found.len();
                // An empty text stands for none; a text is no attribute's.
                found.retain(|id| !id.is_empty() && id != "system__activity" && !known.contains(id));
                assert!(found.is_empty(), "{kind:?} has {name} {found:?}, which are no {target:?}");
            }
        }
        assert!(count > 0, "nothing has a {name}");
    }
}

#[tokio::test]
async fn sizes_are_as_asked() {
    let config = SimConfig {
        user_attributes: 20,
        themes: 7,
        color_collections: 5,
        connections: 9,
        projects: 4,
        models: 8,
        datagroups: 11,
        integrations: 12,
        agents: 6,
        artifacts: 31,
        ..SimConfig::default()
    };
    let sim = Sim::start(config).await.unwrap();
    let live = |kind| sim.ids(kind, false).len();
    assert_eq!(rows(&sim, Kind::UserAttribute).iter().filter(|row| row["is_system"] == false).count(), 20);
    assert_eq!((live(Kind::Theme), live(Kind::ColorCollection)), (7, 3 + 5));
    assert_eq!((live(Kind::Connection), live(Kind::Project)), (9, 4));
    assert_eq!((live(Kind::LookmlModel), live(Kind::Datagroup)), (8 + 1, 11));
    assert_eq!((live(Kind::Integration), live(Kind::Agent)), (12, 6));
    assert_eq!((sim.ids(Kind::Agent, true).len(), live(Kind::Artifact)), (1, 31));
    for kind in Kind::ALL {
        let bodies: Vec<_> = sim.export(kind).into_iter().map(|(_, body)| body).collect();
        let distinct: HashSet<_> = bodies.iter().collect();
        assert_eq!(distinct.len(), bodies.len(), "{kind:?} has equal bodies");
        assert_eq!(ids(&sim, kind).len(), bodies.len(), "{kind:?} has equal ids");
    }
}

#[tokio::test]
async fn an_instance_without_any_of_it_starts_and_answers() {
    let config = SimConfig {
        user_attributes: 0,
        themes: 0,
        color_collections: 0,
        connections: 0,
        projects: 0,
        models: 0,
        datagroups: 0,
        integrations: 0,
        agents: 0,
        artifacts: 0,
        ..SimConfig::default()
    };
    let house = House::new(config).await;
    for path in ["/datagroups", "/integrations", "/agents/search", "/artifact/namespaces"] {
        assert_eq!(house.get(path).await.json(), json!([]), "{path}");
    }
    assert_eq!(house.get("/themes").await.json().as_array().unwrap().len(), 1);
    assert_eq!(house.get("/setting").await.status, 200);
}

#[tokio::test]
async fn explores_are_as_large_as_real_ones() {
    let house = House::new(SimConfig::default()).await;
    for (id, body) in house.sim.export(Kind::Explore) {
        assert!((20_000..70_000).contains(&body.len()), "{id} has {} bytes", body.len());
        let (model, explore) = id.split_once("::").unwrap();
        let path = format!("/lookml_models/{model}/explores/{explore}");
        assert_eq!(house.get(&path).await.text.as_bytes(), &body[..]);
    }
}

#[tokio::test]
async fn the_same_seed_makes_the_same_estate_and_another_does_not() {
    let export = |seed| async move {
        let sim = Sim::start(SimConfig { seed, ..SimConfig::default() }).await.unwrap();
        [Kind::Theme, Kind::Explore, Kind::Artifact, Kind::Agent, Kind::SamlConfig]
            .map(|kind| sim.export(kind))
    };
    let (one, again, other) = (export(7).await, export(7).await, export(8).await);
    assert_eq!(one, again);
    for (one, other) in one.iter().zip(&other) {
        assert_ne!(one, other);
    }
}

#[tokio::test]
async fn the_first_value_found_counts_and_hidden_ones_are_blank() {
    let house = House::new(SimConfig::default()).await;
    let attribute = |name: &str| {
        let rows = rows(&house.sim, Kind::UserAttribute);
        rows.into_iter().find(|row| row["name"] == name).unwrap()["id"].as_str().unwrap().to_owned()
    };
    let region = attribute("region");
    let values = || async {
        let path = format!("/users/2/attribute_values?user_attribute_ids={region}&all_values=true");
        house.get(&path).await.json()
    };
    for id in house.sim.ids(Kind::UserAttributeUserValue, false) {
        house.sim.purge(Kind::UserAttributeUserValue, &id).unwrap();
    }
    for (id, _) in house.sim.export(Kind::UserAttributeGroupValue) {
        house.sim.purge(Kind::UserAttributeGroupValue, &id).unwrap();
    }
    assert_eq!(values().await[0]["value"], "EMEA");
    // User 2 is in groups 1 and 2; the lower rank wins, not the lower id.
    for (id, group, rank) in [("901", "1", 2), ("902", "2", 1)] {
        let body =
            json!({"id": id, "group_id": group, "user_attribute_id": region, "rank": rank, "value": id});
        house.sim.add(Kind::UserAttributeGroupValue, &body.to_string()).unwrap();
    }
    let all = values().await;
    assert_eq!([&all[0]["value"], &all[1]["value"], &all[2]["value"]], ["902", "901", "EMEA"]);
    let body =
        json!({"id": format!("2.{region}"), "user_id": "2", "user_attribute_id": region, "value": "own"});
    house.sim.add(Kind::UserAttributeUserValue, &body.to_string()).unwrap();
    let path = format!("/users/2/attribute_values?user_attribute_ids={region}");
    let first = house.get(&path).await.json();
    assert_eq!((first.as_array().unwrap().len(), &first[0]["value"]), (1, &json!("own")));
    house.sim.set(Kind::UserAttribute, &region, &[("value_is_hidden", "true")]).unwrap();
    assert!(values().await.as_array().unwrap().iter().all(|row| row["value"].is_null()));
}

#[tokio::test]
async fn any_kind_is_changed_from_outside_and_has_a_history() {
    let house = House::new(SimConfig::default()).await;
    let sim = &house.sim;
    sim.set(Kind::Setting, "1", &[("timezone", "\"Asia/Tokyo\"")]).unwrap();
    assert_eq!(house.get("/setting?fields=timezone").await.json(), json!({"timezone": "Asia/Tokyo"}));
    assert_eq!(sim.history(Kind::Setting, "1").len(), 2);
    sim.purge(Kind::Connection, "warehouse").unwrap();
    assert_eq!(house.get("/connections/warehouse").await.status, 404);
    // Looker numbers themes; connections come with a name of their own.
    let themes = sim.ids(Kind::Theme, false).len();
    assert_eq!(sim.add(Kind::Theme, r#"{"id":"1","name":"x"}"#), Ok((themes + 1).to_string()));
    let taken = sim.ids(Kind::Connection, false).remove(0);
    assert_eq!(sim.add(Kind::Connection, &json!({ "name": taken }).to_string()), Err(Refused::IdTaken));
    assert_eq!(sim.add(Kind::Connection, r#"{"dialect_name":"mysql"}"#), Err(Refused::IdTaken));
    // The same as a process of its own would be asked to.
    let send = |method: &str, path: &str, body: &str| {
        let url = format!("{}/_sim/objects/{path}", sim.url());
        let method = reqwest::Method::from_bytes(method.as_bytes()).unwrap();
        let request = house.http.request(method, url).body(body.to_owned());
        async { request.send().await.unwrap().status().as_u16() }
    };
    assert_eq!(send("POST", "connection", r#"{ "name": "neu", "dialect_name": "mysql" }"#).await, 200);
    assert_eq!(send("POST", "connection", r#"{"name":"neu"}"#).await, 409);
    assert_eq!(send("PATCH", "connection/neu", r#"{"dialect_name":"druid"}"#).await, 204);
    let changed = json!({"name": "neu", "dialect_name": "druid"});
    assert_eq!(house.get("/connections/neu").await.json(), changed);
    let artifact = sim.export(Kind::Artifact)[0].0.replace('ö', "%C3%B6").replace('ß', "%C3%9F");
    assert_eq!(send("DELETE", &format!("artifact/{artifact}"), "").await, 204);
    assert_eq!(send("DELETE", &format!("artifact/{artifact}"), "").await, 404);
    assert_eq!(send("DELETE", "no_such_kind/1", "").await, 404);
    assert_eq!(house.get("/connections/neu").await.status, 200);
}

#[tokio::test]
async fn releases_before_26_have_neither_agents_nor_artifacts() {
    let young = ["/agents/search", "/agents/1", "/artifact/namespaces", "/artifact/data-dictionary/search"];
    for (release, status) in [("25.20.3", 404), ("26.0.1", 200), ("27.2.0", 200)] {
        let house = House::new(SimConfig { release: release.to_owned(), ..SimConfig::default() }).await;
        for path in young {
            let answer = house.get(path).await;
            assert_eq!(answer.status, status, "{path} of {release}");
            if status == 404 {
                assert_eq!(answer.json()["message"], "Sinatra::NotFound");
            }
        }
        let document = house.get("/swagger.json").await.text;
        assert_eq!(document.contains("search_agents"), status == 200, "document of {release}");
    }
}

#[tokio::test]
async fn artifacts_need_a_key_where_looker_needs_one() {
    let house = House::new(SimConfig::default()).await;
    let answer = house.get("/artifact/data-dictionary").await;
    assert_eq!((answer.status, &answer.json()["errors"][0]["field"]), (422, &json!("key")));
    let some = house.get("/artifact/data-dictionary/search?key=SETTINGS%25&limit=2").await;
    assert_eq!(some.json().as_array().unwrap().len(), 2);
    assert!(some.header("x-total-count").is_none());
    let counted = house.get("/artifact/data-dictionary/search?limit=2&tally=true").await;
    assert_eq!(counted.header("x-total-count"), Some("4"));
    assert_eq!(house.get("/artifact/nowhere/search").await.status, 404);
}

#[tokio::test]
async fn the_export_is_what_reading_answers() {
    let house = House::new(SimConfig { users: 5, ..SimConfig::default() }).await;
    let read = |kind: Kind, id: &str| -> String {
        let path = match kind {
            Kind::Group => "groups",
            Kind::Role => "roles",
            Kind::PermissionSet => "permission_sets",
            Kind::ModelSet => "model_sets",
            Kind::UserAttribute => "user_attributes",
            Kind::Theme => "themes",
            Kind::ColorCollection => "color_collections",
            Kind::Connection => "connections",
            Kind::SshServer => "ssh_server",
            Kind::SshTunnel => "ssh_tunnel",
            Kind::Project => "projects",
            Kind::Manifest => return format!("/projects/{id}/manifest"),
            Kind::Explore => {
                let (model, explore) = id.split_once("::").unwrap();
                return format!("/lookml_models/{model}/explores/{explore}");
            }
            Kind::Datagroup => "datagroups",
            Kind::IntegrationHub => "integration_hubs",
            Kind::Integration => "integrations",
            Kind::LegacyFeature => "legacy_features",
            Kind::OauthClientApp => "oauth_client_apps",
            Kind::Agent => "agents",
            Kind::LookmlModel => "lookml_models",
            Kind::Setting => return "/setting".to_owned(),
            Kind::LdapConfig => return "/ldap_config".to_owned(),
            Kind::SmtpStatus => return "/smtp_status".to_owned(),
            _ => return String::new(),
        };
        format!("/{path}/{}", id.replace(':', "%3A").replace('ö', "%C3%B6").replace('ß', "%C3%9F"))
    };
    let mut read_kinds = 0;
    for kind in Kind::ALL {
        let all = house.sim.export(kind);
        let single = all.first().is_some_and(|(id, _)| !read(kind, id).is_empty());
        read_kinds += usize::from(single);
        for (id, body) in all.into_iter().filter(|_| single) {
            let answer = house.get(&read(kind, &id)).await;
            assert_eq!(answer.text.as_bytes(), &body[..], "{kind:?} {id}");
        }
    }
    assert_eq!(read_kinds, 23);
    // What a user ends up with is found by reading that user.
    let values = house.sim.export(Kind::UserAttributeUserValue);
    for user in house.sim.ids(Kind::User, false) {
        let own = values.iter().filter(|(id, _)| id.split('.').next() == Some(&*user));
        let own: Vec<Value> = own.map(|(_, body)| serde_json::from_slice(body).unwrap()).collect();
        assert_eq!(house.get(&format!("/users/{user}/attribute_values")).await.json(), json!(own));
    }
}

#[tokio::test]
async fn what_runs_plans_and_takes_alerts_exists() {
    let house = House::new(SimConfig { plans: 40, alerts: 20, ..SimConfig::default() }).await;
    let named = |kind: Kind, member: &str| {
        let mut found = Vec::new();
        for row in &rows(&house.sim, kind) {
            all_of(row, member, &mut found);
        }
        found.into_iter().collect::<HashSet<_>>()
    };
    let texts = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<HashSet<_>>();
    let datagroups = texts(&["ecommerce_etl_datagroup", "nightly_büro"]);
    assert_eq!(named(Kind::ScheduledPlan, "datagroup"), datagroups);
    assert!(named(Kind::Datagroup, "name").is_superset(&datagroups));
    assert_eq!(named(Kind::Alert, "action_hub_integration_id"), texts(&["1::slack_app"]));
    assert!(ids(&house.sim, Kind::Integration).contains("1::slack_app"));
    // An instance without them has nothing that names them.
    let bare = SimConfig { plans: 40, alerts: 20, datagroups: 0, integrations: 0, ..SimConfig::default() };
    let house = House::new(bare).await;
    let mut found = Vec::new();
    for row in rows(&house.sim, Kind::ScheduledPlan).iter().chain(&rows(&house.sim, Kind::Alert)) {
        all_of(row, "datagroup", &mut found);
        all_of(row, "action_hub_integration_id", &mut found);
    }
    assert_eq!(found, Vec::<String>::new());
}

#[tokio::test]
async fn values_of_attributes_go_with_the_attribute() {
    let sim = Sim::start(SimConfig::default()).await.unwrap();
    let values = |id: &str| {
        let kinds = [Kind::UserAttributeGroupValue, Kind::UserAttributeUserValue];
        let of = |kind| rows(&sim, kind).into_iter().filter(|row| row["user_attribute_id"] == id).count();
        kinds.map(of)
    };
    let attribute = rows(&sim, Kind::UserAttributeGroupValue)[0]["user_attribute_id"].clone();
    let attribute = attribute.as_str().unwrap();
    assert!(values(attribute).iter().all(|count| *count > 0));
    sim.purge(Kind::UserAttribute, attribute).unwrap();
    assert_eq!(values(attribute), [0, 0]);
}
