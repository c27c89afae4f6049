//! `restore` of who belongs to what: memberships, roles, values of attributes, and
//! the addresses by which people sign in.
//!
//! People, groups and roles are compared by what they are called, since what was made
//! anew has another id; what was sent is told by the simulator's log.

use std::collections::{BTreeMap, BTreeSet};

use looker_sim::{Activity, Faults, Kind, SimConfig};
use serde_json::{Value, json};

use crate::support::World;
use crate::support::api::Somebody;
use crate::support::looker::Looker;

/// An attribute with values of groups and users.
const REGION: &str = "15";

const AS_IT_WAS: &str = "--as-of 1 --yes --on-conflict overwrite --json";

fn extracted() -> (Looker, World, Somebody) {
    let looker = Looker::start(SimConfig {
        seed: 11,
        dashboards: 2,
        looks: 1,
        folders: 3,
        users: 16,
        groups: 8,
        roles: 6,
        user_attributes: 4,
        ..SimConfig::default()
    });
    let somebody = Somebody::sign_in(&looker);
    let world = looker.world();
    world.extract("all").complete();
    (looker, world, somebody)
}

fn documents(looker: &Looker, kind: Kind) -> BTreeMap<String, Value> {
    let all = looker.export(kind).into_iter();
    all.map(|(id, body)| (id, serde_json::from_slice(&body).unwrap())).collect()
}

fn texts(list: &Value) -> Vec<String> {
    list.as_array().unwrap().iter().map(|id| id.as_str().unwrap().to_owned()).collect()
}

/// What people are called by.
fn names(looker: &Looker, kind: Kind) -> BTreeMap<String, String> {
    let field = if kind == Kind::User { "email" } else { "name" };
    let name = |document: &Value| document[field].as_str().unwrap_or("nameless").to_owned();
    documents(looker, kind).into_iter().map(|(id, document)| (id, name(&document))).collect()
}

/// Every edge there is, in words.
fn edges(looker: &Looker) -> BTreeSet<String> {
    let groups = names(looker, Kind::Group);
    let roles = names(looker, Kind::Role);
    let users = names(looker, Kind::User);
    let mut edges = BTreeSet::new();
    for (id, user) in documents(looker, Kind::User) {
        let name = &users[&id];
        edges.extend(texts(&user["group_ids"]).iter().map(|group| format!("{name} in {}", groups[group])));
        edges.extend(texts(&user["role_ids"]).iter().map(|role| format!("{name} as {}", roles[role])));
    }
    for (id, group) in documents(looker, Kind::GroupHierarchy) {
        let name = &groups[&id];
        edges.extend(
            texts(&group["parent_group_ids"]).iter().map(|other| format!("{name} in {}", groups[other])),
        );
        edges.extend(texts(&group["role_ids"]).iter().map(|role| format!("{name} as {}", roles[role])));
    }
    edges
}

/// The values of groups by attribute, in their order, and the values of users.
fn values(looker: &Looker, somebody: &Somebody) -> (Vec<String>, BTreeSet<String>) {
    let groups = names(looker, Kind::Group);
    let (mut of_groups, mut of_users) = (Vec::new(), BTreeSet::new());
    let attributes = documents(looker, Kind::UserAttribute);
    let mut by_name: Vec<(&str, &String)> =
        attributes.iter().map(|(id, one)| (one["name"].as_str().unwrap(), id)).collect();
    by_name.sort_unstable();
    for (name, id) in by_name {
        let list = somebody.get(&format!("/user_attributes/{id}/group_values"));
        of_groups.extend(
            list.as_array().unwrap().iter().map(|row| {
                format!("{name} of {}: {}", groups[row["group_id"].as_str().unwrap()], row["value"])
            }),
        );
    }
    for (id, email) in names(looker, Kind::User) {
        let list = somebody.get(&format!("/users/{id}/attribute_values"));
        let own = list.as_array().unwrap().iter().filter(|row| row["source"] == "User");
        // The number of a user is no value that anybody gave it.
        let own = own.filter(|row| row["name"] != "id");
        of_users.extend(own.map(|row| format!("{} of {email}: {}", row["name"], row["value"])));
    }
    (of_groups, of_users)
}

/// What was written, by operation.
fn writes(looker: &Looker) -> BTreeMap<&'static str, usize> {
    let mut counts = BTreeMap::new();
    for served in looker.requests() {
        if served.method != "GET" && !matches!(served.operation, "login" | "logout") {
            *counts.entry(served.operation).or_default() += 1;
        }
    }
    counts
}

fn paths(looker: &Looker, operation: &str) -> Vec<String> {
    let served = looker.requests().into_iter().filter(|served| served.operation == operation);
    let path = |served: looker_sim::Served| served.path.replace("/api/4.0", "");
    served.map(path).collect()
}

#[track_caller]
fn restore(world: &World, what: &str) -> Value {
    let ran = world.run(&format!("restore {what} {AS_IT_WAS}"));
    assert_eq!(ran.code, 0, "{}", ran.all());
    let report = ran.report();
    let wrong: Vec<&Value> =
        report["objects"].as_array().unwrap().iter().filter(|object| object["exact"] == false).collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
    report
}

/// Planned once more, nothing is left to do.
#[track_caller]
fn assert_settled(looker: &Looker, world: &World, what: &str) {
    let plan = world.run(&format!("restore plan {what} --as-of 1 --json"));
    assert_eq!((plan.code, &plan.report()["steps"]), (0, &json!([])), "{}", plan.all());
    assert_eq!(looker.outbox(), [], "nobody is written to");
}

#[track_caller]
fn undo(world: &World) {
    let undone = world.run("restore undo 1 --yes --json");
    assert_eq!(undone.code, 0, "{}", undone.all());
}

#[test]
fn a_deleted_group_comes_back_with_all_that_hung_on_it() {
    let (looker, world, somebody) = extracted();
    let (was, (mut of_groups, of_users)) = (edges(&looker), values(&looker, &somebody));
    let members = documents(&looker, Kind::User);
    let members = members.values().filter(|user| texts(&user["group_ids"]).contains(&"2".to_owned())).count();
    somebody.done("DELETE", "/groups/2", &Value::Null);
    let access = documents(&looker, Kind::ContentMetadataAccess);
    assert_ne!(edges(&looker), was);

    looker.reset_stats();
    restore(&world, "group:2 --with-dependencies");
    let had = of_groups.iter().filter(|value| value.contains("Équipe")).count();
    assert!(members > 0 && had > 0);
    let expected = [
        ("create_group", 1),
        ("add_group_user", members),
        ("add_group_group", 2),
        ("set_role_groups", 1),
        ("update_user_attribute_group_value", had),
    ];
    assert_eq!(writes(&looker), BTreeMap::from(expected));
    assert_eq!(edges(&looker), was);
    let (mut now, users_now) = values(&looker, &somebody);
    now.sort_unstable();
    of_groups.sort_unstable();
    assert_eq!((now, users_now), (of_groups, of_users));
    // Who may see what is another matter, and nobody lost anything.
    assert_eq!(documents(&looker, Kind::ContentMetadataAccess), access);
    assert_settled(&looker, &world, "group:2");

    undo(&world);
    assert!(!names(&looker, Kind::Group).values().any(|name| name.contains("Équipe")));
}

#[test]
fn of_memberships_only_those_are_written_that_differ() {
    let (looker, world, somebody) = extracted();
    let was = edges(&looker);
    let users = documents(&looker, Kind::User);
    let is_in = |user: &Value| texts(&user["group_ids"]).contains(&"3".to_owned());
    let leaver = users.iter().find(|(_, user)| is_in(user)).unwrap().0;
    let joiner = users.iter().find(|(id, user)| !is_in(user) && *id != "1").unwrap().0;
    somebody.done("DELETE", &format!("/groups/3/users/{leaver}"), &Value::Null);
    somebody.done("POST", "/groups/3/users", &json!({ "user_id": joiner }));
    let wrecked = edges(&looker);

    let plan = world.run("restore plan group:3 --as-of 1 --json");
    assert_eq!(plan.code, 3, "somebody changed them: {}", plan.all());
    let name = |id: &str| users[id]["display_name"].clone();
    let said = format!("members: +{}, −{}", name(leaver), name(joiner));
    assert_eq!(plan.report()["objects"][0]["changes"], json!([said]));

    looker.reset_stats();
    restore(&world, "group:3");
    assert_eq!(writes(&looker), BTreeMap::from([("add_group_user", 1), ("delete_group_user", 1)]));
    assert_eq!(paths(&looker, "delete_group_user"), [format!("/groups/3/users/{joiner}")]);
    assert_eq!(edges(&looker), was);
    assert_settled(&looker, &world, "group:3");
    undo(&world);
    assert_eq!(edges(&looker), wrecked);
}

#[test]
fn a_deleted_role_comes_back_to_those_who_had_it() {
    let (looker, world, somebody) = extracted();
    let was = edges(&looker);
    somebody.done("DELETE", "/roles/3", &Value::Null);
    looker.reset_stats();
    restore(&world, "role:3");
    // A list a side, however many they are.
    let expected = [("create_role", 1), ("set_role_groups", 1), ("set_role_users", 1)];
    assert_eq!(writes(&looker), BTreeMap::from(expected));
    assert_eq!(edges(&looker), was);
    assert_settled(&looker, &world, "role:3");
}

#[test]
fn roles_are_given_back_by_the_shorter_way() {
    let (looker, world, somebody) = extracted();
    let was = edges(&looker);
    somebody.done("PUT", "/roles/3/users", &json!([]));
    somebody.done("PUT", "/users/2/roles", &json!(["1", "5"]));
    let wrecked = edges(&looker);
    looker.reset_stats();
    restore(&world, "role:3 user:2");
    assert_eq!(writes(&looker), BTreeMap::from([("set_role_users", 1), ("set_user_roles", 1)]));
    assert_eq!(edges(&looker), was);
    assert_settled(&looker, &world, "role:3 user:2");
    undo(&world);
    assert_eq!(edges(&looker), wrecked);
}

#[test]
fn a_deleted_user_comes_back_with_address_groups_roles_and_values() {
    let (looker, world, somebody) = extracted();
    let (was, were) = (edges(&looker), values(&looker, &somebody));
    let before = somebody.get("/users/8");
    assert!(before["credentials_email"]["email"].is_string());
    somebody.done("DELETE", "/users/8", &Value::Null);
    looker.reset_stats();
    let report = restore(&world, "user:8 --with-dependencies");
    let made = report["objects"][0]["new_id"].as_str().unwrap().to_owned();
    let own = were.1.iter().filter(|value| value.contains(before["email"].as_str().unwrap()));
    let own = own.filter(|value| value.contains("region")).count();
    let expected = [
        ("create_user", 1),
        ("create_user_credentials_email", 1),
        ("add_group_user", texts(&before["group_ids"]).len() - 1),
        ("set_user_roles", 1),
        ("set_user_attribute_user_value", own),
    ];
    assert_eq!(writes(&looker), BTreeMap::from(expected));
    let after = somebody.get(&format!("/users/{made}"));
    for field in ["first_name", "last_name", "email", "is_disabled", "locale", "home_folder_id"] {
        assert_eq!(after[field], before[field], "{field}");
    }
    assert_eq!(after["credentials_email"]["email"], before["email"]);
    assert_eq!(edges(&looker), was);
    assert_eq!(values(&looker, &somebody), were);
    assert_settled(&looker, &world, "user:8 user_attribute_value:8");

    undo(&world);
    assert!(!looker.ids(Kind::User, false).contains(&made));
}

#[test]
fn who_signs_in_elsewhere_is_told_what_cannot_be_given_back() {
    let (looker, world, somebody) = extracted();
    let users = documents(&looker, Kind::User);
    let (id, user) = users.iter().find(|(_, user)| user["credentials_saml"].is_object()).unwrap();
    assert_eq!(user["roles_externally_managed"], true);
    somebody.done("DELETE", &format!("/users/{id}"), &Value::Null);
    let plan = world.run(&format!("restore plan user:{id} --as-of 1 --json"));
    let notes = plan.report()["objects"][0]["notes"].to_string();
    assert!(notes.contains("SAML sign-in: not restorable"), "{notes}");
    assert!(notes.contains("the identity provider decides"), "{notes}");
    let steps = plan.report()["steps"].to_string();
    assert!(!steps.contains("credentials_email") && !steps.contains("user_roles"), "{steps}");
}

#[test]
fn a_changed_address_is_changed_back() {
    let (looker, world, somebody) = extracted();
    let before = somebody.get("/users/8")["email"].clone();
    somebody.done("PATCH", "/users/8/credentials_email", &json!({ "email": "else@example.com" }));
    // By another address it might be somebody else, until it was read again.
    let plan = world.run("restore plan user:8 --as-of 1 --json");
    assert!(plan.report()["objects"][0]["action"]["blocked"].is_string(), "{}", plan.all());
    world.extract("users").complete();
    looker.reset_stats();
    restore(&world, "user:8");
    assert_eq!(writes(&looker), BTreeMap::from([("update_user_credentials_email", 1)]));
    assert_eq!(somebody.get("/users/8")["email"], before);
    assert_settled(&looker, &world, "user:8");
}

#[test]
fn a_deleted_attribute_comes_back_with_the_values_of_groups_and_users() {
    let (looker, world, somebody) = extracted();
    let were = values(&looker, &somebody);
    somebody.done("DELETE", &format!("/user_attributes/{REGION}"), &Value::Null);
    assert_ne!(values(&looker, &somebody), were);
    looker.reset_stats();
    restore(&world, &format!("user_attribute:{REGION} --with-dependencies"));
    let own = were.1.iter().filter(|value| value.contains("region")).count();
    let expected = [
        ("create_user_attribute", 1),
        ("set_user_attribute_group_values", 1),
        ("set_user_attribute_user_value", own),
    ];
    assert_eq!(writes(&looker), BTreeMap::from(expected));
    assert_eq!(values(&looker, &somebody), were, "in the order in which they count");
    assert_settled(&looker, &world, &format!("user_attribute:{REGION} user_attribute_group_value:{REGION}"));
}

#[test]
fn single_values_are_set_and_cleared() {
    let (looker, world, somebody) = extracted();
    let were = values(&looker, &somebody);
    let path = format!("/user_attributes/{REGION}/group_values");
    let list = somebody.get(&path);
    let groups: Vec<&str> =
        list.as_array().unwrap().iter().map(|row| row["group_id"].as_str().unwrap()).collect();
    let stranger = (1..=8).map(|id| id.to_string()).find(|id| !groups.contains(&id.as_str())).unwrap();
    let place = |group: &str| format!("/groups/{group}/attribute_values/{REGION}");
    let set = |path: &str, value: &str| somebody.done("PATCH", path, &json!({ "value": value }));
    set(&place(groups[0]), "Wrecked");
    set(&place(&stranger), "Intruder");
    let users = documents(&looker, Kind::User);
    let has = |id: &&String| {
        let list = somebody.get(&format!("/users/{id}/attribute_values"));
        list.as_array().unwrap().iter().any(|row| row["name"] == "region" && row["source"] == "User")
    };
    let user = users.keys().find(has).unwrap();
    let other = users.keys().find(|id| !has(id)).unwrap();
    somebody.done("DELETE", &format!("/users/{user}/attribute_values/{REGION}"), &Value::Null);
    set(&format!("/users/{other}/attribute_values/{REGION}"), "Intruder");
    let wrecked = values(&looker, &somebody);

    let what = format!(
        "user_attribute_group_value:{REGION} user_attribute_value:{user} user_attribute_value:{other}"
    );
    looker.reset_stats();
    restore(&world, &what);
    let expected = [
        ("update_user_attribute_group_value", 1),
        ("delete_user_attribute_group_value", 1),
        ("set_user_attribute_user_value", 1),
        ("delete_user_attribute_user_value", 1),
    ];
    assert_eq!(writes(&looker), BTreeMap::from(expected));
    assert_eq!(values(&looker, &somebody), were);
    assert_settled(&looker, &world, &what);
    undo(&world);
    assert_eq!(values(&looker, &somebody), wrecked);

    // One that counted before others is given its place by the list.
    somebody.done("DELETE", &place(groups[0]), &Value::Null);
    looker.reset_stats();
    restore(&world, &what);
    assert_eq!(values(&looker, &somebody), were);
    assert_eq!(writes(&looker)["set_user_attribute_group_values"], 1);
}

#[test]
fn groups_in_groups_come_back_however_deep_they_lie() {
    let (looker, world, somebody) = extracted();
    let chain: Vec<String> = (0..5)
        .map(|n| {
            let made = somebody.done("POST", "/groups", &json!({ "name": format!("Level {n}") }));
            made["id"].as_str().unwrap().to_owned()
        })
        .collect();
    for pair in chain.windows(2) {
        somebody.done("POST", &format!("/groups/{}/groups", pair[0]), &json!({ "group_id": pair[1] }));
    }
    world.extract("all").complete();
    let was = edges(&looker);
    for id in &chain[1..4] {
        somebody.done("DELETE", &format!("/groups/{id}"), &Value::Null);
    }
    looker.reset_stats();
    let line =
        format!("restore group:{} group:{} group:{} --as-of 2 --yes --json", chain[3], chain[2], chain[1]);
    let ran = world.run(&line);
    assert_eq!(ran.code, 0, "{}", ran.all());
    assert_eq!(writes(&looker), BTreeMap::from([("create_group", 3), ("add_group_group", 4)]));
    assert_eq!(edges(&looker), was);
}

#[test]
fn taking_a_group_out_of_another_is_asked_for_apart() {
    let (looker, world, somebody) = extracted();
    somebody.done("POST", "/groups/3/groups", &json!({ "group_id": "6" }));
    let ran = world.run(&format!("restore group:6 {AS_IT_WAS}"));
    assert_eq!((ran.code, ran.failure()["kind"].as_str()), (3, Some("restore.irreversible")));
    looker.reset_stats();
    restore(&world, "group:6 --allow-irreversible");
    assert_eq!(paths(&looker, "delete_group_from_group"), ["/groups/3/groups/6"]);
    assert_settled(&looker, &world, "group:6");
}

#[test]
fn what_the_identity_provider_manages_is_left_alone() {
    let (looker, world, _) = extracted();
    let groups = documents(&looker, Kind::Group);
    let (group, _) = groups.iter().find(|(_, group)| group["externally_managed"] == true).unwrap();
    let users = documents(&looker, Kind::User);
    let (user, document) = users.iter().find(|(_, user)| texts(&user["group_ids"]).contains(group)).unwrap();
    let without: Vec<String> = texts(&document["group_ids"]).into_iter().filter(|id| id != group).collect();
    looker.set(Kind::User, user, &[("group_ids", &json!(without).to_string())]).unwrap();
    looker.reset_stats();
    for what in [format!("group:{group}"), format!("user:{user}"), format!("group:{group} user:{user}")] {
        let plan = world.run(&format!("restore plan {what} --as-of 1 --on-conflict overwrite --json"));
        assert_eq!(plan.report()["steps"], json!([]), "{what}: {}", plan.all());
    }
    assert!(writes(&looker).is_empty());
}

#[test]
fn what_was_done_without_an_answer_is_not_done_twice() {
    let (looker, world, somebody) = extracted();
    let (was, were) = (edges(&looker), values(&looker, &somebody));
    somebody.done("DELETE", "/groups/2", &Value::Null);
    somebody.done("DELETE", "/users/8", &Value::Null);
    somebody.done("DELETE", "/roles/3", &Value::Null);
    looker.set_faults(Faults { hidden_success: 0.2, hidden_reset: 0.2, ..Faults::default() });
    restore(&world, "group:2 user:8 role:3 --with-dependencies");
    looker.set_faults(Faults::default());
    assert_eq!(edges(&looker), was);
    assert_eq!(values(&looker, &somebody).1, were.1);
    assert_settled(&looker, &world, "group:2 user:8 role:3");
}

#[test]
fn a_resumed_restore_loses_nobody_who_was_given_a_role_meanwhile() {
    let (looker, world, somebody) = extracted();
    let was = edges(&looker);
    // One who had the role is gone: the list of the role waits until that user is there.
    let had = documents(&looker, Kind::User).into_iter().find_map(|(id, user)| {
        let has_role = texts(&user["role_ids"]).contains(&"3".to_owned());
        (has_role && user["email"].is_string() && id != "1").then_some(id)
    });
    let user = had.unwrap();
    somebody.done("DELETE", &format!("/users/{user}"), &Value::Null);
    somebody.done("PUT", "/roles/3/users", &json!([]));
    looker.reset_stats();
    let objects = format!("user:{user} role:3");
    assert!(matches!(world.run(&format!("restore plan {objects} --as-of 1 --json")).code, 3 | 8));
    let requests = looker.requests().into_iter().filter(|served| served.method == "GET");
    let reads = requests.filter(|served| served.activity != Activity::None).count();
    // The user is the first step, and the last that is paid.
    let stopped = world.run(&format!("restore {objects} {AS_IT_WAS} --max-calls {}", reads + 1));
    assert_eq!(stopped.report()["state"], "incomplete", "{}", stopped.all());
    assert_eq!(writes(&looker), BTreeMap::from([("create_user", 1)]));

    somebody.done("PUT", "/roles/3/users", &json!(["2"]));
    looker.reset_stats();
    let resumed = world.run("restore resume --json");
    assert_eq!(resumed.code, 3, "{}", resumed.all());
    assert!(resumed.out.contains("somebody changed this list after the plan was made"), "{}", resumed.all());
    assert!(!writes(&looker).contains_key("set_role_users"));

    restore(&world, &objects);
    assert_eq!(edges(&looker), was);
}

#[test]
fn a_plan_of_a_file_is_refused_when_somebody_joined_since() {
    let (_looker, world, somebody) = extracted();
    somebody.done("PUT", "/roles/3/users", &json!([]));
    let line = "restore plan role:3 --as-of 1 --on-conflict overwrite --out plan.json";
    assert_eq!(world.run(line).code, 8);
    somebody.done("PUT", "/roles/3/users", &json!(["2"]));
    let refused = world.run("restore apply plan.json --yes --json");
    assert_eq!(
        (refused.code, refused.failure()["kind"].as_str()),
        (1, Some("restore.moved")),
        "{}",
        refused.all()
    );
}

/// A role that is only led to a set that was made anew is not given to others, nor taken
/// away, neither by the restore nor by its undo.
#[test]
fn a_role_that_is_led_keeps_who_has_it() {
    let (looker, world, somebody) = extracted();
    let id = |document: &Value| document["id"].as_str().unwrap().to_owned();
    let set = json!({ "name": "Ours", "permissions": ["access_data"] });
    let set = id(&somebody.done("POST", "/permission_sets", &set));
    somebody.done("PATCH", "/roles/3", &json!({ "permission_set_id": set }));
    somebody.done("PUT", "/roles/3/users", &json!(["2"]));
    world.extract("all").complete();
    let later = looker.ids(Kind::User, false).into_iter().find(|id| !["1", "2"].contains(&&**id)).unwrap();
    somebody.done("PUT", "/roles/3/users", &json!([later]));
    world.extract("all").complete();
    looker.purge(Kind::PermissionSet, &set).unwrap();
    // And what nobody has read yet.
    somebody.done("PUT", "/roles/3/users", &json!([later, "2"]));
    let was = edges(&looker);

    let line = format!("restore permission_set:{set} --as-of 2 --relink --yes --json");
    let report = world.run(&line);
    assert_eq!(report.code, 0, "{}", report.all());
    let made = report.report()["objects"][0]["new_id"].clone();
    assert_eq!(somebody.get("/roles/3")["permission_set"]["id"], made);
    assert_eq!(edges(&looker), was);
    let undone = world.run("restore undo 1 --yes --allow-irreversible --json");
    assert_eq!(undone.code, 0, "{}", undone.all());
    assert_eq!(edges(&looker), was);
}
