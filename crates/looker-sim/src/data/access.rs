//! Access lists: most content inherits; the roots, personal folders, every
//! fourth shared folder, boards and a few dashboards have rows of their own.

use fastrand::Rng;

use super::{Ground, add, ids};
use crate::config::SimConfig;
use crate::json::Writer;
use crate::kinds::Kind;
use crate::metadata;
use crate::owned::is_admin;
use crate::state::World;

/// Who gets what.
enum Grant {
    Group(u64, &'static str),
    User(String, &'static str),
}

/// Makes all rows. The first lets All Users view the root `Shared`
/// (`looker-api-facts.md` §8).
pub(super) fn generate(config: &SimConfig, ground: &Ground, world: &mut World) {
    let mut rng = Rng::with_seed(config.seed ^ 0xACCE);
    let mut next = 1;
    for (metadata, grants) in lists(config, ground, world, &mut rng) {
        for grant in grants {
            // Admins have access everywhere and have no rows.
            if matches!(&grant, Grant::User(user, _) if is_admin(world, user)) {
                continue;
            }
            add(world, Kind::ContentMetadataAccess, row(next, &metadata, &grant));
            next += 1 + rng.u64(..2);
        }
        world.own_lists.insert(metadata);
    }
}

/// Content with a list of its own, and the list.
fn lists(config: &SimConfig, ground: &Ground, world: &World, rng: &mut Rng) -> Vec<(String, Vec<Grant>)> {
    let mut lists = vec![
        ("1".to_owned(), vec![Grant::Group(1, "view")]),
        ("2".to_owned(), vec![Grant::Group(1, "view")]),
    ];
    let users: Vec<String> = ground.people.iter().map(|person| person.id.to_string()).collect();
    let groups = u64::from(config.groups.max(1));
    let some = |rng: &mut Rng| {
        let mut grants = vec![Grant::Group(1 + rng.u64(..groups), ["view", "edit"][rng.usize(..2)])];
        let user = rng.choice(&users).filter(|_| rng.u8(..3) > 0);
        grants.extend(user.map(|user| Grant::User(user.clone(), ["edit", "view"][rng.usize(..2)])));
        grants
    };
    for id in world.shared_folders.iter().skip(2).step_by(4) {
        lists.push((id.clone(), some(rng)));
    }
    // A personal folder is its owner's.
    let personal = ground.folders.iter().filter(|folder| folder.parent.as_deref() == Some("2"));
    for (folder, user) in personal.zip(&users) {
        lists.push((folder.id.clone(), vec![Grant::User(user.clone(), "edit")]));
    }
    for id in ids(world, Kind::Dashboard, false).iter().skip(3).step_by(37).take(3) {
        lists.push((metadata::of_number(metadata::DASHBOARDS, id), some(rng)));
    }
    for id in ids(world, Kind::Board, false) {
        let creator =
            world.get(Kind::Board, &id).map_or("", |row| row.text(Kind::Board, "user_id")).to_owned();
        let grants = vec![Grant::Group(1, "view"), Grant::User(creator, "edit")];
        lists.push((metadata::of_number(metadata::BOARDS, &id), grants));
    }
    lists
}

fn row(id: u64, metadata: &str, grant: &Grant) -> Writer {
    let mut w = Writer::with_capacity(300);
    w.begin('{');
    w.id("id", id);
    w.text("content_metadata_id", metadata);
    let level = match grant {
        Grant::Group(group, level) => {
            w.id("group_id", *group);
            w.raw("user_id", "null");
            level
        }
        Grant::User(user, level) => {
            w.raw("group_id", "null");
            w.text("user_id", user);
            level
        }
    };
    w.text("permission_type", level);
    w.members(r#""can":{"index":true,"show":true,"create":true,"update":true,"destroy":true}"#);
    w.raw("x_grant", &format!(r#"{{"since":null,"serial":{id}.0}}"#));
    w.end('}');
    w
}
