//! History against a model that keeps a full copy after every run, whatever is
//! pruned in between.

use std::collections::BTreeMap;

use jiff::Timestamp;
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use vault::*;

use crate::support::*;

/// What Looker holds.
type World = BTreeMap<u8, Object>;

/// Of two kinds; an object of the one has the key that one of the other has.
const KINDS: [&str; 2] = ["dashboard", "look"];

/// The kind of an object of the world.
fn kind(name: u8) -> &'static str {
    KINDS[usize::from(name % 2)]
}

/// The object of the world that has this key in the vault.
fn name(kind: &str, key: &str) -> u8 {
    let nth = KINDS.iter().position(|one| *one == kind).unwrap();
    key.parse::<u8>().unwrap() * 2 + nth as u8
}

/// In the trash, folder, content.
type Object = (bool, u8, u64);

/// What happens to the vault.
#[derive(Debug, Clone)]
enum Event {
    Run(Step),
    Prune(Prune),
}

/// Some runs are forgotten, those that may be.
#[derive(Debug, Clone)]
struct Prune {
    /// By place among the runs there are.
    forget: Vec<bool>,
    keep_gone: bool,
}

fn event() -> impl Strategy<Value = Event> {
    let prune = (vec(any::<bool>(), 10), any::<bool>())
        .prop_map(|(forget, keep_gone)| Event::Prune(Prune { forget, keep_gone }));
    prop_oneof![3 => step().prop_map(Event::Run), 1 => prune]
}

/// One run: what happens to the world before it, its scope, how it goes.
#[derive(Debug, Clone)]
struct Step {
    changes: Vec<(u8, Option<Object>)>,
    folder: Option<u8>,
    /// The only kind that is read; all if none.
    only: Option<usize>,
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
    let scope = (option::of(0u8..3), option::weighted(0.3, 0..KINDS.len()));
    (changes, scope, any::<bool>(), early, vec(0u8..8, 0..4), any::<bool>()).prop_map(
        |(changes, (folder, only), complete, early, unread, resumed)| Step {
            changes,
            folder,
            only,
            complete,
            early,
            unread,
            resumed,
        },
    )
}

fn object(name: u8, (trash, folder, content): (bool, u8, u64), read_at: i64) -> Seen {
    let side = if trash { Side::Trash } else { Side::Live };
    Seen { kind: kind(name), side, folder: folder.to_string(), read_at, ..seen(name / 2, content) }
}

/// Makes the run, and the same change to the model's copy of the vault.
fn make_run(place: &Place, step: &Step, world: &World, copy: &mut World) -> RunId {
    let scope = format!("folder {:?}, kind {:?}", step.folder, step.only);
    let mut run = place.run(&scope);
    let kinds: Vec<&'static str> = step.only.map_or_else(|| KINDS.to_vec(), |only| vec![KINDS[only]]);
    let in_scope = |name: u8, (_, folder, _): &Object| {
        kinds.contains(&kind(name)) && step.folder.is_none_or(|scope| scope == *folder)
    };
    let read: World = world
        .iter()
        .filter(|(key, object)| in_scope(**key, object) && (step.complete || !step.unread.contains(key)))
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
    let absence = kinds.iter().map(|kind| match &folder {
        None => whole(kind),
        Some(folder) => folders(kind, &[folder]),
    });
    let absence: Vec<AbsenceScope> = absence.collect();
    let id = run.id;
    run.finish(if step.complete { RunState::Complete } else { RunState::Incomplete }, &absence);
    if step.complete {
        copy.retain(|key, object| !in_scope(*key, object) || read.contains_key(key));
    }
    copy.extend(read);
    id
}

/// The content of a document, which is its only number.
fn content(body: &[u8]) -> u64 {
    let digits: String = String::from_utf8_lossy(body).chars().filter(char::is_ascii_digit).collect();
    digits.parse().unwrap()
}

/// The vault's content as of a run, by lists and by single objects.
fn as_of(reader: &Reader, run: RunId) -> World {
    let mut rows = Vec::new();
    let sides = vec![Side::Live, Side::Trash];
    for kind in KINDS {
        let filter = ListFilter { at: Some(run), sides: sides.clone(), ..ListFilter::of(kind) };
        reader.list(&filter, |row| rows.push(row)).unwrap();
    }
    let object = |row: ListRow| {
        let stored = reader.show_at(row.instance, &row.kind, &row.key, Some(run)).unwrap().unwrap();
        assert_eq!(ListRow { folder_path: None, ..stored.row }, row);
        let object = (row.side == Side::Trash, row.folder.unwrap().parse().unwrap(), content(&stored.body));
        (name(&row.kind, &row.key), object)
    };
    rows.into_iter().map(object).collect()
}

/// Rows of a kind that are read at once are those that are read one by one; and what is now
/// as it was by then was the same then.
fn assert_rows(reader: &Reader, instance: InstanceId, run: RunId) {
    for kind in KINDS {
        let read = |of: AsOf| {
            let mut rows = BTreeMap::new();
            let each = |row: ListRow, hash| {
                assert_eq!(reader.row(of, kind, &row.key).unwrap(), Some((row.clone(), hash)));
                assert!(rows.insert(row.key.clone(), (row, hash)).is_none(), "a row twice");
            };
            reader.rows(of, kind, each).unwrap();
            rows
        };
        let (then, now) = (read(AsOf { instance, run: Some(run) }), read(instance.into()));
        let mut listed = 0;
        let filter =
            ListFilter { at: Some(run), sides: vec![Side::Live, Side::Trash], ..ListFilter::of(kind) };
        reader.list(&filter, |_| listed += 1).unwrap();
        assert_eq!(then.len(), listed, "{kind} as of run {run}");
        for (key, row) in now.iter().filter(|(_, (row, _))| row.from_run <= run) {
            assert_eq!(then.get(key), Some(row), "{kind} {key} as of run {run}");
        }
    }
}

/// What a version holds; nothing, when the object was gone.
fn held(reader: &Reader, version: Option<&Version>) -> Option<Object> {
    let version = version?;
    let body = reader.body(&version.body?).unwrap().unwrap();
    let folder = version.folder.as_deref().unwrap().parse().unwrap();
    Some((version.side? == Side::Trash, folder, content(&body)))
}

/// `differing` names exactly what two copies differ in, either way round.
fn assert_differing(reader: &Reader, instance: InstanceId, a: (RunId, &World), b: (RunId, &World)) {
    let mut found = BTreeMap::new();
    let each = |one: Difference| {
        let sides = (held(reader, one.a.as_ref()), held(reader, one.b.as_ref()));
        assert!(found.insert(name(&one.kind, &one.key), sides).is_none(), "{} {} twice", one.kind, one.key);
    };
    reader.differing(instance, a.0, b.0, each).unwrap();
    let keys = a.1.keys().chain(b.1.keys());
    let sides = |key: &u8| (a.1.get(key).copied(), b.1.get(key).copied());
    let wanted: BTreeMap<u8, _> = keys.map(|key| (*key, sides(key))).filter(|(_, (a, b))| a != b).collect();
    assert_eq!(found, wanted, "from run {} to {}", a.0, b.0);
}

/// All changes up to a run, told backwards, make the state it left; and each
/// begins with what the one before it ended with.
fn assert_changes(reader: &Reader, instance: InstanceId, run: RunId, copy: &World) {
    let mut changes = Vec::new();
    let filter = ChangeFilter { until: Some(run), ..ChangeFilter::of(instance) };
    reader
        .changes(&filter, |change| {
            changes.push(change);
            true
        })
        .unwrap();
    assert!(changes.is_sorted_by_key(|change| std::cmp::Reverse(change.after.from_run)));
    let mut versions: BTreeMap<u8, Version> = BTreeMap::new();
    let mut state = World::new();
    // Within a run, what came and went is told as gone before it is told as come.
    changes.sort_by_key(|change| (change.after.from_run, change.after.side.is_none()));
    for change in changes {
        let key = name(&change.kind, &change.key);
        let known = versions.insert(key, change.after.clone());
        assert_eq!(known, change.before, "{} {}", change.kind, change.key);
        match held(reader, Some(&change.after)) {
            Some(object) => drop(state.insert(key, object)),
            None => drop(state.remove(&key)),
        }
    }
    assert_eq!(state, *copy, "changes up to run {run}");
}

/// The newest content of objects that are absent now.
fn last_content_of_what_is_gone(reader: &Reader, instance: InstanceId) -> World {
    let mut versions: BTreeMap<u8, Vec<Version>> = BTreeMap::new();
    reader
        .changes(&ChangeFilter::of(instance), |change| {
            versions.entry(name(&change.kind, &change.key)).or_default().push(change.after);
            true
        })
        .unwrap();
    for versions in versions.values_mut() {
        // What came and went within a run came first.
        versions.sort_by_key(|version| std::cmp::Reverse((version.from_run, version.side.is_none())));
    }
    versions.retain(|_, versions| versions[0].side.is_none());
    let last = |versions: &Vec<Version>| versions.iter().find_map(|version| held(reader, Some(version)));
    versions.iter().filter_map(|(key, versions)| Some((*key, last(versions)?))).collect()
}

/// What the model knows of the vault.
#[derive(Default)]
struct Model {
    world: World,
    /// What the vault has now.
    copy: World,
    /// The last content of what is gone, for as long as it must stay.
    gone: World,
    /// What each kept run shows.
    copies: BTreeMap<RunId, World>,
}

impl Model {
    fn run(&mut self, place: &Place, step: &Step) {
        for (key, change) in &step.changes {
            match change {
                Some(object) => drop(self.world.insert(*key, *object)),
                None => drop(self.world.remove(key)),
            }
        }
        let before = self.copy.clone();
        let id = make_run(place, step, &self.world, &mut self.copy);
        self.gone.extend(before);
        self.gone.retain(|key, _| !self.copy.contains_key(key));
        self.copies.insert(id, self.copy.clone());
    }

    fn prune(&mut self, place: &Place, prune: &Prune) -> Dropped {
        let needed = place.reader().unforgettable().unwrap();
        let chosen = self.copies.keys().zip(prune.forget.iter().cycle());
        let chosen = chosen.filter(|(run, forget)| **forget && !needed.contains(run));
        let runs: Vec<RunId> = chosen.map(|(run, _)| *run).collect();
        self.copies.retain(|run, _| !runs.contains(run));
        if !prune.keep_gone {
            self.gone.clear();
        }
        let gone_since = if prune.keep_gone { Timestamp::MIN } else { Timestamp::MAX };
        let pruning = Pruning { runs, gone_since, policy: "{}".into(), at: time(9_999) };
        let (sizes, foreseen) = (sizes(place), place.reader().would_prune(&pruning).unwrap());
        let dropped = place.open().prune(&pruning).unwrap();
        assert_eq!(dropped, foreseen);
        let after = self::sizes(place);
        assert_eq!([dropped.versions, dropped.bodies], [sizes[0] - after[0], sizes[1] - after[1]]);
        dropped
    }

    fn check(&self, place: &Place) -> Result<(), TestCaseError> {
        let reader = place.reader();
        let instance = reader.instances().unwrap()[0].id;
        for (run, copy) in &self.copies {
            prop_assert_eq!(&as_of(&reader, *run), copy, "as of run {}", run);
            assert_changes(&reader, instance, *run, copy);
            assert_rows(&reader, instance, *run);
        }
        for ((run, copy), (other, other_copy)) in self.copies.iter().zip(self.copies.iter().rev()) {
            assert_differing(&reader, instance, (*run, copy), (*other, other_copy));
        }
        let last = last_content_of_what_is_gone(&reader, instance);
        for (key, object) in &self.gone {
            prop_assert_eq!(last.get(key), Some(object), "the last content of {}", key);
        }
        let listed: Vec<RunId> = reader.runs(99).unwrap().into_iter().rev().map(|run| run.id).collect();
        prop_assert_eq!(listed, self.copies.keys().copied().collect::<Vec<_>>());
        let report = place.verify();
        prop_assert_eq!(report.verdict, Verdict::Sound, "{:?}", report.findings);
        Ok(())
    }
}

/// Versions and bodies.
fn sizes(place: &Place) -> [u64; 2] {
    ["version", "body"].map(|table| {
        let count = format!("SELECT count(*) FROM {table}");
        place.sqlite().query_row(&count, (), |row| row.get::<_, i64>(0)).unwrap().cast_unsigned()
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn history_equals_full_copies(events in vec(event(), 1..12)) {
        let place = Place::new();
        place.open().instance(URL).unwrap();
        let mut model = Model::default();
        for event in &events {
            match event {
                Event::Run(step) => model.run(&place, step),
                Event::Prune(prune) => {
                    model.prune(&place, prune);
                    let again = model.prune(&place, &Prune { forget: vec![false], ..prune.clone() });
                    prop_assert!(again.is_nothing(), "{again:?}");
                }
            }
            model.check(&place)?;
        }
    }
}
