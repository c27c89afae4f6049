//! History against a model that keeps a full copy after every run.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may panic")]

mod support;

use std::collections::BTreeMap;

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use support::*;
use vault::*;

/// What Looker holds, by key.
type World = BTreeMap<u8, Object>;

/// In the trash, folder, content.
type Object = (bool, u8, u64);

/// One run: what happens to the world before it, its scope, how it goes.
#[derive(Debug, Clone)]
struct Step {
    changes: Vec<(u8, Option<Object>)>,
    folder: Option<u8>,
    complete: bool,
    /// Contents that are read first and replaced by what is read later.
    early: Vec<(u8, u64)>,
    /// Unread keys, of an incomplete run.
    unread: Vec<u8>,
    resumed: bool,
}

fn step() -> impl Strategy<Value = Step> {
    let object = (any::<bool>(), 0u8..3, 0u64..4);
    let changes = vec((0u8..8, option::weighted(0.7, object)), 0..6);
    let early = vec((0u8..8, 0u64..4), 0..3);
    (changes, option::of(0u8..3), any::<bool>(), early, vec(0u8..8, 0..4), any::<bool>()).prop_map(
        |(changes, folder, complete, early, unread, resumed)| Step {
            changes,
            folder,
            complete,
            early,
            unread,
            resumed,
        },
    )
}

fn object(key: u8, (trash, folder, content): (bool, u8, u64), read_at: i64) -> Seen {
    let side = if trash { Side::Trash } else { Side::Live };
    Seen { side, folder: folder.to_string(), read_at, ..seen(key, content) }
}

/// Makes the run, and the same change to the model's copy of the vault.
fn make_run(place: &Place, step: &Step, world: &World, copy: &mut World) -> RunId {
    let scope = step.folder.map_or_else(|| "all".to_owned(), |folder| folder.to_string());
    let mut run = place.run(&scope);
    let in_scope = |(_, folder, _): &(bool, u8, u64)| step.folder.is_none_or(|scope| scope == *folder);
    let read: World = world
        .iter()
        .filter(|(key, object)| in_scope(object) && (step.complete || !step.unread.contains(key)))
        .map(|(key, object)| (*key, *object))
        .collect();
    for (key, content) in &step.early {
        if let Some((trash, folder, _)) = read.get(key) {
            run.see(&[object(*key, (*trash, *folder, *content), 1)]);
        }
    }
    if step.resumed {
        let (id, instance) = (run.id, run.instance);
        run.writer.close().unwrap();
        let mut vault = place.open();
        vault.reopen_run(id).unwrap();
        run = Run::with(vault, instance, id);
    }
    let objects: Vec<_> = read.iter().map(|(key, found)| object(*key, *found, 2)).collect();
    run.page(0, 100, &objects);
    let folder = step.folder.map(|folder| folder.to_string());
    let absence = match &folder {
        None => whole("dashboard"),
        Some(folder) => folders("dashboard", &[folder]),
    };
    let id = run.id;
    run.finish(if step.complete { RunState::Complete } else { RunState::Incomplete }, &[absence]);
    if step.complete {
        copy.retain(|key, object| !in_scope(object) || read.contains_key(key));
    }
    copy.extend(read);
    id
}

/// The vault's content as of a run.
fn as_of(place: &Place, run: RunId) -> World {
    let sql = "SELECT o.key, v.side, v.folder, v.body FROM version v JOIN object o ON o.id = v.object
         WHERE v.from_run <= ?1 AND (v.until_run IS NULL OR v.until_run > ?1) AND v.side < 2";
    let connection = place.sqlite();
    let hash = |body: i64| -> [u8; 32] {
        connection.query_row("SELECT hash FROM body WHERE id = ?1", [body], |row| row.get(0)).unwrap()
    };
    let content = |hash: [u8; 32]| {
        (0..4).find(|content| BodyHash::of(seen(0, *content).body().as_bytes()) == BodyHash(hash)).unwrap()
    };
    let mut select = connection.prepare(sql).unwrap();
    let rows = select.query_map([run.number()], |row| {
        let key: String = row.get(0)?;
        let folder: String = row.get(2)?;
        Ok((key.parse().unwrap(), (row.get(1)?, folder.parse().unwrap(), content(hash(row.get(3)?)))))
    });
    rows.unwrap().collect::<Result<_, _>>().unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn history_equals_full_copies(steps in vec(step(), 1..9)) {
        let place = Place::new();
        let (mut world, mut copy) = (World::new(), World::new());
        let mut copies = Vec::new();
        for step in &steps {
            for (key, change) in &step.changes {
                match change {
                    Some(object) => drop(world.insert(*key, *object)),
                    None => drop(world.remove(key)),
                }
            }
            let id = make_run(&place, step, &world, &mut copy);
            copies.push((id, copy.clone()));
        }
        for (run, copy) in copies {
            prop_assert_eq!(as_of(&place, run), copy, "as of run {}", run);
        }
        let report = place.verify();
        prop_assert_eq!(report.verdict, Verdict::Sound, "{:?}", report.findings);
    }
}
