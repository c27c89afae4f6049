//! Everything is gone, or something else is there under the same ids.

use std::collections::{BTreeMap, BTreeSet};

use looker_sim::{Kind, SimConfig};
use serde_json::{Value, json};

use crate::support::World;
use crate::support::looker::Looker;
use crate::support::restored::{COMPARED, NewIds, State, assert_all_back, lost, tidy};

fn config() -> SimConfig {
    SimConfig {
        seed: crate::support::seeded::seed(31),
        dashboards: 18,
        looks: 8,
        folders: 6,
        users: 5,
        boards: 3,
        plans: 8,
        disabled_plans: 2,
        alerts: 6,
        ..SimConfig::default()
    }
}

/// A looker whose content is in a vault, as run 1.
fn extracted() -> (Looker, World) {
    let looker = Looker::start(config());
    tidy(&looker);
    let world = looker.world();
    world.extract("all --keep-destinations").complete();
    (looker, world)
}

/// What is there on an instance that was set up anew: it does not come from the API.
const HOUSE: [Kind; 6] = [
    Kind::Connection,
    Kind::Project,
    Kind::LookmlModel,
    Kind::Explore,
    Kind::Datagroup,
    Kind::LookmlDashboard,
];

/// Another instance at the address of one that goes down, with the same LookML.
fn rebuilt(looker: &mut Looker, config: SimConfig) -> Looker {
    looker.stop();
    let other = Looker::start(SimConfig { port: looker.port(), ..config });
    for kind in HOUSE {
        let bodies: Vec<_> = looker.export(kind).into_iter().map(|(_, body)| body).collect();
        other.load(kind.name(), &bodies).unwrap();
    }
    other
}

/// Colour collections that every instance has.
const STANDARD_COLLECTIONS: [&str; 3] = [
    "b43731d5-dc87-4a8e-b807-635bef3948e7",
    "7c56cc21-66e4-41c9-81ce-a60e1c3967b2",
    "f14810d2-98d7-42df-82d0-bc185a074e42",
];

/// The state that a restore aims at on an instance that has none of it: what was live,
/// but for what Looker makes by itself; schedules and alerts arrive asleep.
fn aim(before: &State) -> State {
    let is = |document: &Value, flag: &str| document[flag] == true;
    let standard: Vec<Value> = STANDARD_COLLECTIONS.iter().map(|id| json!(id)).collect();
    let mut aim = before.clone().only(|kind, document| {
        let own = match kind {
            Kind::Folder => ["is_personal", "is_shared_root", "is_users_root", "is_embed_root"]
                .iter()
                .any(|flag| is(document, flag)),
            Kind::UserAttribute => is(document, "is_system"),
            Kind::PermissionSet | Kind::ModelSet => is(document, "built_in"),
            Kind::Role => document["id"] == "1" || document["id"] == "2",
            Kind::GroupHierarchy => is(document, "externally_managed") || is(document, "include_by_default"),
            Kind::Theme => document["name"] == "Looker",
            Kind::ColorCollection => standard.contains(&document["id"]),
            _ => false,
        };
        !own && !is(document, "in_the_trash")
    });
    // Who belongs to what the identity provider manages, that decides.
    let managed: Vec<Value> = before
        .ids(Kind::GroupHierarchy)
        .into_iter()
        .filter(|id| is(before.get(Kind::GroupHierarchy, id).unwrap(), "externally_managed"))
        .map(|id| json!(id))
        .collect();
    for (kind, field) in [(Kind::User, "group_ids"), (Kind::GroupHierarchy, "parent_group_ids")] {
        aim.change(kind, &|document| {
            document[field].as_array_mut().unwrap().retain(|id| !managed.contains(id));
        });
    }
    // Nor are there roles that cannot be made, or were not there when it was read.
    let roles = aim.ids(Kind::Role).into_iter().map(|id| json!(id)).chain([json!("1")]).collect::<Vec<_>>();
    for kind in [Kind::User, Kind::GroupHierarchy] {
        aim.change(kind, &|document| {
            document["role_ids"].as_array_mut().unwrap().retain(|id| roles.contains(id));
        });
    }
    // The user of the API key is there before anybody restores anything, without a folder.
    aim.change(Kind::User, &|user| {
        if user["id"] == "1" {
            user["personal_folder_id"] = Value::Null;
        }
    });
    aim.change(Kind::ScheduledPlan, &|plan| plan["enabled"] = json!(false));
    aim.change(Kind::Alert, &|alert| alert["is_disabled"] = json!(true));
    aim
}

#[track_caller]
fn restored(world: &World, line: &str) -> Value {
    let ran = world.run(&format!("restore {line} --as-of 1 --yes --on-conflict overwrite --json"));
    assert!(!ran.out.is_empty(), "{}", ran.all());
    assert_eq!((ran.code, lost(&ran.report()).join("\n")), (0, String::new()));
    ran.report()
}

#[track_caller]
fn assert_nothing_left_to_do(world: &World, line: &str) {
    let plan = world.run(&format!("restore plan {line} --as-of 1 --json")).report();
    let to_do = plan["objects"].as_array().unwrap().iter();
    let to_do: Vec<String> = to_do
        .filter(|object| object["action"] != "skip")
        .map(|object| {
            format!("{} {}: {} {}", object["kind"], object["key"], object["action"], object["changes"])
        })
        .collect();
    assert_eq!((to_do.join("\n"), &plan["steps"]), (String::new(), &json!([])));
}

#[test]
fn everything_comes_back_on_an_empty_instance() {
    let (mut looker, world) = extracted();
    let before = State::of(&looker);
    let empty = rebuilt(&mut looker, SimConfig { built_ins_only: true, ..config() });
    let report = restored(&world, "all");
    let after = State::of(&empty);
    let mut ids = NewIds::told(&report);
    ids.add_personal_folders(&before, &after);
    assert_all_back(&aim(&before), &after, &ids);
    for (kind, name) in COMPARED {
        assert!(after.ids(kind).len() <= before.ids(kind).len(), "{name} are there once");
    }
    assert_eq!(empty.outbox(), [], "nobody is written to");
    assert_nothing_left_to_do(&world, "all");
}

/// Who has what among the favourites: user, field and content, with the ids of now.
fn favorites(looker: &Looker, ids: &NewIds) -> BTreeSet<(String, String, String)> {
    let of = |favorite: &Value| {
        let fields = [
            ("dashboard_id", Kind::Dashboard),
            ("look_id", Kind::Look),
            ("board_id", Kind::Board),
            ("lookml_dashboard_id", Kind::LookmlDashboard),
        ];
        let (field, kind) = fields.into_iter().find(|(field, _)| favorite[*field].is_string())?;
        let content = ids.now(kind, favorite[field].as_str()?);
        let user = ids.now(Kind::User, favorite["user_id"].as_str()?);
        Some((user.to_owned(), field.to_owned(), content.to_owned()))
    };
    let all = looker.export(Kind::ContentFavorite).into_iter();
    all.filter_map(|(_, body)| of(&serde_json::from_slice(&body).unwrap())).collect()
}

#[test]
fn everybody_has_the_same_favorites_on_an_empty_instance() {
    let (mut looker, world) = extracted();
    let disabled: BTreeSet<String> = looker
        .export(Kind::User)
        .into_iter()
        .filter(|(_, body)| serde_json::from_slice::<Value>(body).unwrap()["is_disabled"] == true)
        .map(|(id, _)| id)
        .collect();
    let trashed: BTreeSet<String> = looker.ids(Kind::Dashboard, true).into_iter().collect();
    let before = favorites(&looker, &NewIds::default());
    let is_meant = |(user, field, content): &(String, String, String)| {
        !(disabled.contains(user) || field == "dashboard_id" && trashed.contains(content))
    };
    let meant = before.iter().filter(|one| is_meant(one)).count();
    assert!(meant > 5, "{before:?}");
    let empty = rebuilt(&mut looker, SimConfig { built_ins_only: true, ..config() });
    let report = restored(&world, "all --favorites");
    let ids = NewIds::told(&report);
    // By then the old instance is gone; its favourites are led to the ids of now.
    let lead = |(user, field, content): (String, String, String)| {
        let kind = match &*field {
            "dashboard_id" => Kind::Dashboard,
            "look_id" => Kind::Look,
            "board_id" => Kind::Board,
            _ => Kind::LookmlDashboard,
        };
        (ids.now(Kind::User, &user).to_owned(), field, ids.now(kind, &content).to_owned())
    };
    let aim: BTreeSet<_> = before.into_iter().filter(is_meant).map(lead).collect();
    assert_eq!(favorites(&empty, &NewIds::default()), aim);
    assert_nothing_left_to_do(&world, "all --favorites");
}

/// Every object, to the byte, but for how many there are of something.
fn bytes(looker: &Looker) -> BTreeMap<(Kind, String), Value> {
    fn uncounted(value: &mut Value) {
        match value {
            Value::Object(members) => {
                members.retain(|name, _| !matches!(name.as_str(), "child_count" | "user_count"));
                members.values_mut().for_each(uncounted);
            }
            Value::Array(list) => list.iter_mut().for_each(uncounted),
            _ => {}
        }
    }
    let mut all = BTreeMap::new();
    for kind in Kind::ALL {
        for (id, body) in looker.export(kind) {
            let mut document = serde_json::from_slice(&body).unwrap();
            uncounted(&mut document);
            all.insert((kind, id), document);
        }
    }
    all
}

#[test]
fn strangers_under_the_same_ids_stay_as_they_are() {
    let (mut looker, world) = extracted();
    let before = State::of(&looker);
    let others = SimConfig { seed: crate::support::seeded::seed(77), dashboards: 30, looks: 12, ..config() };
    let other = rebuilt(&mut looker, others);
    let strangers = bytes(&other);
    let same_ids = before
        .ids(Kind::Dashboard)
        .iter()
        .filter(|id| strangers.contains_key(&(Kind::Dashboard, (**id).to_owned())))
        .count();
    assert!(same_ids > 5, "{same_ids} ids are taken");
    let report = restored(&world, "all -t dashboards,looks,boards --with-dependencies");
    let ids = NewIds::told(&report);
    let after = bytes(&other);
    for (key, document) in &strangers {
        assert_eq!(after.get(key), Some(document), "{key:?} is a stranger");
    }
    let is_content = |kind: Kind| matches!(kind, Kind::Dashboard | Kind::Look | Kind::Board);
    let content = aim(&before).only(|kind, _| is_content(kind));
    for kind in [Kind::Dashboard, Kind::Look, Kind::Board] {
        for id in content.ids(kind) {
            assert!(!strangers.contains_key(&(kind, ids.now(kind, id).to_owned())), "{kind:?} {id}");
        }
    }
    assert_all_back(&content, &State::of(&other), &ids);
    assert_nothing_left_to_do(&world, "all -t dashboards,looks,boards");
    assert_eq!(other.outbox(), [], "nobody is written to");
}
