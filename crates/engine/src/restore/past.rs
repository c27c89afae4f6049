//! What the vault has of objects, then and now.
//!
//! A plan asks for the same objects again and again: whether they are there, what they
//! are called, whether they changed. Of each it is read once, where most of a kind are meant
//! with all others, and bodies only where nothing else identifies a kind.

use std::cell::{OnceCell, RefCell};
use std::collections::{HashMap, HashSet};
use std::rc::Rc;

use looker::Kind;
use vault::{AsOf, BodyHash, FolderPaths, InstanceId, ListRow, Reader, RunId};

use super::step::Symbol;
use super::{RestoreError, identity, links};

/// Kinds whose texts may link to content.
pub(super) const LINKING: [&str; 5] = ["dashboards", "looks", "boards", "scheduled_plans", "alerts"];

/// Fewer objects are read one by one, however few the vault has now: it may have had many.
const FEW: usize = 16;

/// One row of so many must be wanted for all to be read: by itself a row takes twice the time
/// that it takes among others.
const AS_GOOD_AS_ALL: usize = 2;

/// An object of the vault.
pub(super) type Named = (&'static Kind, String);

/// What a version of an object says of itself, without its body.
#[derive(Debug, Clone)]
pub(super) struct Mark {
    /// Its row; without the path of its folder.
    pub(super) row: ListRow,
    /// The hash of its body.
    pub(super) hash: BodyHash,
    /// What identifies it on any instance, where its birth does not.
    pub(super) natural_key: Option<String>,
}

/// An object in the vault.
#[derive(Debug)]
pub(super) struct Marks {
    /// As of the run that is to come back.
    pub(super) then: Option<Mark>,
    /// As it was read last.
    pub(super) now: Option<Mark>,
}

/// The vault's side of an instance, as of a run and now.
pub(super) struct Past<'r> {
    pub(super) reader: &'r Reader,
    pub(super) instance: InstanceId,
    pub(super) as_of: RunId,
    /// Runs as of which single objects are meant, where it is not that one.
    others: RefCell<HashMap<(&'static str, String), RunId>>,
    marks: RefCell<HashMap<&'static str, HashMap<String, Rc<Marks>>>>,
    /// Then and now.
    folders: [OnceCell<FolderPaths>; 2],
    linking: OnceCell<HashMap<Symbol, Vec<Named>>>,
}

impl Marks {
    /// Both versions, the older one first.
    pub(super) fn each(&self) -> impl Iterator<Item = &Mark> {
        [&self.then, &self.now].into_iter().flatten()
    }
}

/// The body that an object had then, else as it was read last.
pub(super) fn body_of(
    reader: &Reader,
    then: AsOf,
    kind: &str,
    key: &str,
) -> Result<Option<Vec<u8>>, RestoreError> {
    let row = reader.row(then, kind, key)?;
    let row = if row.is_some() { row } else { reader.row(then.instance, kind, key)? };
    Ok(row.map(|(_, hash)| reader.body(&hash)).transpose()?.flatten())
}

impl<'r> Past<'r> {
    pub(super) fn new(reader: &'r Reader, instance: InstanceId, as_of: RunId) -> Self {
        Self {
            reader,
            instance,
            as_of,
            others: RefCell::default(),
            marks: RefCell::default(),
            folders: Default::default(),
            linking: OnceCell::new(),
        }
    }

    /// The instance as the run left it.
    pub(super) fn then(&self) -> AsOf {
        AsOf { instance: self.instance, run: Some(self.as_of) }
    }

    /// Takes an object as another run left it.
    pub(super) fn take_as_of(&self, run: RunId, kind: &'static Kind, key: &str) {
        self.take_as_then(kind, key);
        self.others.borrow_mut().insert((kind.name, key.to_owned()), run);
    }

    /// Takes an object as it was then again.
    pub(super) fn take_as_then(&self, kind: &'static Kind, key: &str) {
        if let Some(of_kind) = self.marks.borrow_mut().get_mut(kind.name) {
            of_kind.remove(key);
        }
        self.others.borrow_mut().remove(&(kind.name, key.to_owned()));
    }

    /// The run as of which an object is meant, where it is not the one of all others.
    pub(super) fn other_run(&self, kind: &'static Kind, key: &str) -> Option<RunId> {
        let others = self.others.borrow();
        if others.is_empty() { None } else { others.get(&(kind.name, key.to_owned())).copied() }
    }

    /// Whether an object is only led to new ids: in all else it stays as it was read last.
    pub(super) fn is_led(&self, kind: &'static Kind, key: &str) -> bool {
        self.other_run(kind, key).is_some()
    }

    /// What the vault has of an object.
    pub(super) fn marks(&self, kind: &'static Kind, key: &str) -> Result<Rc<Marks>, RestoreError> {
        if let Some(known) = self.marks.borrow().get(kind.name).and_then(|of_kind| of_kind.get(key)) {
            return Ok(Rc::clone(known));
        }
        let now = self.mark(kind, key, self.instance.into())?;
        let other = self.other_run(kind, key).map(|run| AsOf { run: Some(run), ..self.then() });
        let then = match other.is_none().then(|| self.since_then(kind, now.as_ref())).flatten() {
            Some(then) => Some(then),
            None => self.mark(kind, key, other.unwrap_or_else(|| self.then()))?,
        };
        let marks = Rc::new(Marks { then, now });
        self.marks.borrow_mut().entry(kind.name).or_default().insert(key.to_owned(), Rc::clone(&marks));
        Ok(marks)
    }

    /// Reads what the vault has of these objects, if they are a good part of what it has
    /// `stored` of their kind; else each is read when it is asked for.
    pub(super) fn foresee<'k>(
        &self,
        kind: &'static Kind,
        keys: impl Iterator<Item = &'k str>,
        stored: usize,
    ) -> Result<(), RestoreError> {
        let is_known = |key: &str| {
            let marks = self.marks.borrow();
            marks.get(kind.name).is_some_and(|of_kind| of_kind.contains_key(key))
        };
        let keys: HashSet<&str> = keys.filter(|key| !self.is_led(kind, key) && !is_known(key)).collect();
        if keys.len() < FEW || keys.len() * AS_GOOD_AS_ALL < stored {
            return Ok(());
        }
        let read = |of: AsOf, wanted: &HashSet<&str>| -> Result<HashMap<String, Mark>, RestoreError> {
            let mut rows = Vec::new();
            self.reader.rows(of, kind.name, |row, hash| {
                if wanted.contains(row.key.as_str()) {
                    rows.push((row, hash));
                }
            })?;
            rows.into_iter()
                .map(|(row, hash)| Ok((row.key.clone(), self.marked(kind, row, hash, of)?)))
                .collect()
        };
        let mut now = read(self.instance.into(), &keys)?;
        let (mut then, mut others) = (HashMap::new(), HashSet::new());
        for key in &keys {
            match self.since_then(kind, now.get(*key)) {
                Some(mark) => drop(then.insert((*key).to_owned(), mark)),
                None => drop(others.insert(*key)),
            }
        }
        if !others.is_empty() {
            then.extend(read(self.then(), &others)?);
        }
        let marks = keys.into_iter().map(|key| {
            let marks = Marks { then: then.remove(key), now: now.remove(key) };
            (key.to_owned(), Rc::new(marks))
        });
        self.marks.borrow_mut().entry(kind.name).or_default().extend(marks);
        Ok(())
    }

    /// The version that an object has now, if it has been as it is since then. Its natural
    /// key may have changed all the same where that is a path.
    fn since_then(&self, kind: &Kind, now: Option<&Mark>) -> Option<Mark> {
        now.filter(|now| now.row.from_run <= self.as_of && kind.name != "folders").cloned()
    }

    fn mark(&self, kind: &'static Kind, key: &str, of: AsOf) -> Result<Option<Mark>, RestoreError> {
        let row = self.reader.row(of, kind.name, key)?;
        row.map(|(row, hash)| self.marked(kind, row, hash, of)).transpose()
    }

    fn marked(
        &self,
        kind: &'static Kind,
        row: ListRow,
        hash: BodyHash,
        of: AsOf,
    ) -> Result<Mark, RestoreError> {
        let natural_key = if kind.name == "folders" {
            self.paths(of)?.path(&row.key)
        } else if row.created_at.is_some() {
            None
        } else {
            self.reader.body(&hash)?.and_then(|body| identity::natural_key(kind, &body))
        };
        Ok(Mark { row, hash, natural_key })
    }

    /// The body of an object then.
    pub(super) fn body_then(&self, kind: &'static Kind, key: &str) -> Result<Option<Vec<u8>>, RestoreError> {
        let marks = self.marks(kind, key)?;
        Ok(marks.then.as_ref().map(|mark| self.reader.body(&mark.hash)).transpose()?.flatten())
    }

    /// Whether an object was there then.
    pub(super) fn was_there(&self, kind: &'static Kind, key: &str) -> Result<bool, RestoreError> {
        Ok(self.marks(kind, key)?.then.is_some())
    }

    /// The body of an object then, else as it was read last, checked against its hash.
    pub(super) fn body(&self, kind: &str, key: &str) -> Result<Option<Vec<u8>>, RestoreError> {
        body_of(self.reader, self.then(), kind, key)
    }

    /// What links in its texts to a dashboard or a look, now. All texts are read once.
    pub(super) fn linking(&self, to: &Symbol, host: &str) -> Result<&[Named], RestoreError> {
        if self.linking.get().is_none() {
            let mut linking: HashMap<Symbol, Vec<Named>> = HashMap::new();
            for kind in LINKING.into_iter().filter_map(Kind::find) {
                self.reader.bodies(self.instance, kind.name, |key, body| {
                    let Ok(text) = std::str::from_utf8(body) else { return };
                    for symbol in links::written(kind, text, host) {
                        linking.entry(symbol).or_default().push((kind, key.to_owned()));
                    }
                })?;
            }
            self.linking.get_or_init(|| linking);
        }
        Ok(self.linking.get().and_then(|linking| linking.get(to)).map_or(&[], Vec::as_slice))
    }

    /// The path that a folder had then.
    pub(super) fn folder_path(&self, folder: &str) -> Result<Option<String>, RestoreError> {
        Ok(self.paths(self.then())?.path(folder))
    }

    fn paths(&self, of: AsOf) -> Result<&FolderPaths, RestoreError> {
        // As another run left it is as it was read last.
        let is_then = of.run == Some(self.as_of);
        let of = if is_then { of } else { self.instance.into() };
        let folders = &self.folders[usize::from(!is_then)];
        if let Some(folders) = folders.get() {
            return Ok(folders);
        }
        let read = self.reader.folders(of)?;
        Ok(folders.get_or_init(|| read))
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use jiff::Timestamp;
    use looker::rows::Row;
    use vault::{RunEnd, RunStart, RunState, Side, Vault};

    use super::*;
    use crate::extract::{Recorder, compiled};

    /// A vault with runs, of which each has read these folders: ids, names, and where they lie.
    fn vault(path: &std::path::Path, runs: &[&[(&str, &str, &str)]]) -> (InstanceId, Vec<RunId>) {
        let kind = Kind::find("folders").unwrap();
        let mut instance = None;
        let run = |folders: &&[(&str, &str, &str)]| {
            let mut vault = Vault::open_for_writing(path, "test").unwrap();
            let of = vault.instance("https://made-up.looker.example").unwrap();
            let start = RunStart {
                instance: *instance.insert(of),
                command: "extract".to_owned(),
                scope: "{}".to_owned(),
                options: "{}".to_owned(),
                account: "{}".to_owned(),
                release: None,
                started_at: Timestamp::now(),
            };
            let run = vault.begin_run(&start).unwrap();
            let writer = vault.into_writer();
            let (codec, [rules, _]) = (writer.codec(), compiled(kind));
            let (side, read_at) = (Side::Live, Timestamp::now());
            let recorder = Recorder { kind, side, read_at, rules, codec: &codec };
            let record = |(id, name, parent): &(&str, &str, &str)| {
                let raw = format!(r#"{{"id":"{id}","name":"{name}","parent_id":"{parent}"}}"#);
                let row = Row::read(Bytes::from(raw), kind).unwrap();
                recorder.record(&row, |_| Ok(false)).unwrap().unwrap()
            };
            writer.items(run, folders.iter().map(record).collect()).unwrap();
            let end = RunEnd::now(run, RunState::Complete, "{}".to_owned());
            writer.finish(end).unwrap();
            writer.close().unwrap();
            run
        };
        let runs = runs.iter().map(run).collect();
        (instance.unwrap(), runs)
    }

    /// Nothing was done to a folder whose parent got another name.
    #[test]
    fn a_folder_is_identified_by_the_path_that_it_had_then() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("vault.db");
        let mut folders: Vec<(String, &str, &str)> =
            (10..10 + FEW).map(|id| (id.to_string(), "Reports", "1")).collect();
        folders.insert(0, ("1".to_owned(), "Sales", "0"));
        let first: Vec<_> = folders.iter().map(|(id, name, parent)| (id.as_str(), *name, *parent)).collect();
        let mut second = first.clone();
        second[0].1 = "Revenue";
        let (instance, runs) = vault(&path, &[&first, &second]);
        let reader = Vault::open_for_reading(&path).unwrap();
        let kind = Kind::find("folders").unwrap();
        for is_foreseen in [false, true] {
            let past = Past::new(&reader, instance, runs[0]);
            if is_foreseen {
                past.foresee(kind, first.iter().map(|(id, ..)| *id), first.len()).unwrap();
            }
            let marks = past.marks(kind, "10").unwrap();
            let named = [&marks.then, &marks.now].map(|mark| mark.as_ref().unwrap().natural_key.as_deref());
            assert_eq!(named, [Some("Sales/Reports"), Some("Revenue/Reports")]);
            let runs = marks.each().map(|mark| mark.row.from_run).collect::<HashSet<_>>();
            assert_eq!(runs.len(), 1, "its own versions are one");
        }
    }
}
