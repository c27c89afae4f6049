//! Whether what is there is what was stored.
//!
//! Ids say so only together with a birth mark that Looker makes, or with the natural
//! key where there is none: on an instance that was rebuilt under the same address,
//! dashboard 42 may be a stranger.

use std::collections::{BTreeMap, HashMap};
use std::sync::OnceLock;

use jiff::Timestamp;
use looker::Kind;

use super::live::Live;
use super::past::{Mark, Marks};

/// What a stored object is on the instance.
pub(super) enum Standing<'l> {
    /// It is there.
    There(&'l Live),
    /// It is not; why that may surprise.
    Absent(Option<String>),
    /// Nobody can say.
    Doubtful(String),
}

/// What was read of a kind on the instance.
#[derive(Default)]
pub(super) struct Lives {
    by_id: BTreeMap<String, Live>,
    /// Ids by what identifies an object elsewhere; of several with one name the first.
    names: OnceLock<HashMap<String, String>>,
}

impl Lives {
    /// One, by its id.
    pub(super) fn get(&self, id: &str) -> Option<&Live> {
        self.by_id.get(id)
    }

    /// All of them.
    pub(super) fn all(&self) -> impl Iterator<Item = &Live> {
        self.by_id.values()
    }

    /// Adds what was read.
    pub(super) fn extend(&mut self, read: impl IntoIterator<Item = (String, Live)>) {
        self.names.take();
        self.by_id.extend(read);
    }

    fn name(&self, kind: &Kind, live: &Live) -> Option<String> {
        if kind.name == "folders" { Some(self.path(live)) } else { natural_key(kind, &live.row.raw) }
    }

    /// The names of a folder and of those that it lies in, from the root.
    fn path(&self, folder: &Live) -> String {
        // Parents that go round in a circle are followed no further than this.
        const DEPTH: usize = 64;
        let above = |live: &&Live| self.by_id.get(live.row.folder.as_ref()?);
        let mut names: Vec<&str> = std::iter::successors(Some(folder), above)
            .take(DEPTH)
            .map(|live| live.row.title.as_deref().unwrap_or(&live.row.id))
            .collect();
        names.reverse();
        names.join("/")
    }

    fn named(&self, kind: &Kind, name: &str) -> Option<&Live> {
        let names = self.names.get_or_init(|| {
            let mut names = HashMap::new();
            for live in self.by_id.values() {
                if let Some(name) = self.name(kind, live) {
                    names.entry(name).or_insert_with(|| live.row.id.clone());
                }
            }
            names
        });
        self.by_id.get(names.get(name)?)
    }
}

/// What earlier restores know of an id.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Link {
    /// Nothing.
    None,
    /// The object was given it.
    Own,
    /// An object was given it that went by another one: what the vault has read under it
    /// since is that one, and what it had before is not.
    Taken,
}

/// Looks for a stored object, as it was then and as the vault has it now, under the
/// id that it would have.
pub(super) fn standing<'l>(
    kind: &'static Kind,
    id: &str,
    link: Link,
    stored: &Marks,
    lives: &'l Lives,
) -> Standing<'l> {
    let live = lives.get(id);
    let is_it = |live: &Live| match link {
        Link::Own => true,
        Link::Taken => stored.then.as_ref().is_some_and(|then| is_same_then(kind, live, then, lives)),
        Link::None => is_same(kind, live, stored, lives),
    };
    if let Some(live) = live
        && is_it(live)
    {
        return Standing::There(live);
    }
    if let Some(other) = by_name(kind, stored, lives) {
        return Standing::There(other);
    }
    match live {
        None => Standing::Absent(None),
        Some(_) if link == Link::Taken => Standing::Absent(None),
        Some(live) if has_birth(live, stored) => {
            let name = live.row.title.as_deref().unwrap_or_default();
            Standing::Absent(Some(format!(
                "{} {id} is another one now ({name:?}), made at another time: it gets an id of its own",
                kind.singular
            )))
        }
        Some(_) if kind.name == "alerts" => {
            Standing::Absent(Some(format!("alert {id} hangs on another tile now: it gets an id of its own")))
        }
        Some(live) => {
            let name = live.row.title.as_deref().unwrap_or_default();
            Standing::Doubtful(format!(
                "{} {id} is called {name:?} there: renamed since, or another one; extract first",
                kind.singular
            ))
        }
    }
}

fn has_birth(live: &Live, stored: &Marks) -> bool {
    live.row.created_at.is_some() && stored.each().any(|mark| mark.row.created_at.is_some())
}

fn is_same(kind: &'static Kind, live: &Live, stored: &Marks, lives: &Lives) -> bool {
    let seconds = Timestamp::as_second;
    for mark in stored.each() {
        if let (Some(then), Some(now)) = (mark.row.created_at, live.row.created_at) {
            return seconds(then) == seconds(now);
        }
    }
    if stored.each().next().is_none() {
        // Of what the vault never had, only a key that is a name says what it is.
        return kind.envelope.id == kind.natural_key;
    }
    // A kind that nothing but its id identifies.
    if kind.natural_key.is_empty() {
        return true;
    }
    let name = lives.name(kind, live);
    stored.each().any(|mark| mark.natural_key == name)
}

/// Whether the object that was given an id is what the vault had under it then.
fn is_same_then(kind: &'static Kind, live: &Live, then: &Mark, lives: &Lives) -> bool {
    match (then.row.created_at, live.row.created_at) {
        (Some(then), Some(now)) => then.as_second() == now.as_second(),
        _ => then.natural_key.is_some() && then.natural_key == lives.name(kind, live),
    }
}

/// One that has the natural key, where that alone identifies a kind.
fn by_name<'l>(kind: &'static Kind, stored: &Marks, lives: &'l Lives) -> Option<&'l Live> {
    let has_births = kind.envelope.created_at.is_some() && kind.name != "folders";
    if has_births || kind.natural_key.is_empty() || kind.name == "alerts" {
        return None;
    }
    let then = stored.then.as_ref()?;
    let wanted = then.natural_key.as_ref()?;
    // Two paths that read alike, as one name holds a slash, end in different names.
    let is_called = |live: &&Live| kind.name != "folders" || live.row.title == then.row.title;
    lives.named(kind, wanted).filter(is_called)
}

/// What identifies an object of a kind on any instance, as a text; a folder is
/// identified by its path.
pub(super) fn natural_key(kind: &Kind, document: &[u8]) -> Option<String> {
    let document: serde_json::Value = serde_json::from_slice(document).ok()?;
    let fields: &[&str] = match kind.name {
        // What a person can change about an alert is not what it is.
        "alerts" => &["dashboard_element_id"],
        _ => kind.natural_key,
    };
    let values: Vec<String> = fields.iter().filter_map(|field| text(&document[*field])).collect();
    (!values.is_empty()).then(|| values.join("\u{0}"))
}

fn text(value: &serde_json::Value) -> Option<String> {
    match value {
        serde_json::Value::Null => None,
        serde_json::Value::String(text) => Some(text.clone()),
        other => Some(other.to_string()),
    }
}
