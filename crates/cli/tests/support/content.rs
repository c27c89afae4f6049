//! What the vault holds, compared with what the instance held.

use std::collections::BTreeMap;
use std::path::Path;

use looker_sim::{Kind, PLANTED_SECRET};
use vault::{ListFilter, Side, Vault};

use super::json::Json;
use super::looker::Looker;

/// The vault's kinds and the simulator's.
pub(crate) const KINDS: [(&str, Kind); 6] = [
    ("folders", Kind::Folder),
    ("dashboards", Kind::Dashboard),
    ("looks", Kind::Look),
    ("users", Kind::User),
    ("groups", Kind::GroupHierarchy),
    ("roles", Kind::Role),
];

/// Kind and id.
pub(crate) type Key = (&'static str, String);

/// An object as it is kept.
#[derive(Debug)]
pub(crate) struct Object {
    pub(crate) trashed: bool,
    pub(crate) document: Json,
}

/// All of [`KINDS`] that is current in a vault.
#[track_caller]
pub(crate) fn stored(path: &Path) -> BTreeMap<Key, Object> {
    stored_of(path, &KINDS.map(|(kind, _)| kind))
}

/// All of some kinds that is current in a vault. Reading checks every body
/// against its hash.
#[track_caller]
pub(crate) fn stored_of(path: &Path, kinds: &[&'static str]) -> BTreeMap<Key, Object> {
    let reader = Vault::open_for_reading(path).unwrap();
    let mut objects = BTreeMap::new();
    for instance in reader.instances().unwrap() {
        for kind in kinds.iter().copied() {
            let filter = ListFilter {
                instance: Some(instance.id),
                kind: kind.to_owned(),
                folder: None,
                sides: vec![Side::Live, Side::Trash],
                at: None,
            };
            let mut rows = Vec::new();
            reader.list(&filter, |row| rows.push((row.key, row.side))).unwrap();
            for (id, side) in rows {
                let shown = reader.show(instance.id, kind, &id).unwrap().expect("a listed object is shown");
                let object = Object { trashed: side == Side::Trash, document: Json::parse(&shown.document) };
                assert!(objects.insert((kind, id.clone()), object).is_none(), "{kind} {id} twice");
            }
        }
    }
    objects
}

/// A body of the simulator as the vault should give it back.
pub(crate) fn expected(kind: Kind, body: &[u8]) -> Json {
    let mut document = Json::parse(body);
    if kind == Kind::Look {
        // A search answers `Look`, which lacks these members of `LookWithQuery`.
        document.remove("query");
        document.remove("url");
    }
    let mark = Json::parse(br#"{"$lookervault":"redacted"}"#);
    document.replace_texts(&|text| text.contains(PLANTED_SECRET), &mark);
    document
}

/// All that an instance holds now.
pub(crate) fn instance(looker: &Looker) -> BTreeMap<Key, Object> {
    let mut objects = BTreeMap::new();
    for (name, kind) in KINDS {
        let trashed = looker.ids(kind, true);
        for (id, body) in looker.export(kind) {
            let object = Object { trashed: trashed.contains(&id), document: expected(kind, &body) };
            objects.insert((name, id), object);
        }
    }
    objects
}

/// The vault holds exactly what the instance holds.
#[track_caller]
pub(crate) fn assert_holds_all(path: &Path, looker: &Looker) {
    assert_same(&stored(path), &instance(looker));
}

/// Two sets of objects are equal.
#[track_caller]
pub(crate) fn assert_same(stored: &BTreeMap<Key, Object>, wanted: &BTreeMap<Key, Object>) {
    let missing: Vec<&Key> = wanted.keys().filter(|key| !stored.contains_key(*key)).collect();
    assert!(missing.is_empty(), "{} objects are not in the vault: {missing:?}", missing.len());
    assert_equal_where_stored(stored, wanted);
}

/// What is stored is what the instance holds, though it may not be all of it.
#[track_caller]
pub(crate) fn assert_equal_where_stored(stored: &BTreeMap<Key, Object>, wanted: &BTreeMap<Key, Object>) {
    for (key, object) in stored {
        let Some(want) = wanted.get(key) else { panic!("{key:?} is in the vault only") };
        assert_eq!(object.trashed, want.trashed, "the side of {key:?}");
        if let Some(difference) = object.document.difference(&want.document) {
            panic!("{key:?} differs from the instance at {difference}");
        }
    }
}

/// One digest of all current content.
pub(crate) fn digest(path: &Path) -> String {
    let reader = Vault::open_for_reading(path).unwrap();
    let instances = reader.instances().unwrap();
    assert_eq!(instances.len(), 1);
    reader.content_digest(instances[0].id).unwrap()
}
