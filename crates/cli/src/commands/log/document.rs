//! Changes as one JSON document.

use std::cell::Cell;

use engine::log::{Author, Entry, Evidence, LogFilter, Place, Told, When};
use jiff::Timestamp;
use serde::Serialize;
use serde::ser::{SerializeMap, SerializeSeq, Serializer};

use super::{LogArgs, Span, take};
use crate::context::{Context, Opened};
use crate::moments::{Bound, MomentPart};
use crate::objects::Located;
use crate::output::{Elements, Kept, List, Streamed};
use crate::report::Failure;

struct Document<'a> {
    instance: &'a str,
    since: Option<BoundPart<'a>>,
    until: Option<BoundPart<'a>>,
    by: Option<&'a str>,
    changes: Streamed<Changes<'a>>,
    /// Known once the changes are written.
    told: &'a Cell<Told>,
}

impl Serialize for Document<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("schema", "lookervault.log/1")?;
        map.serialize_entry("instance", self.instance)?;
        map.serialize_entry("since", &self.since)?;
        map.serialize_entry("until", &self.until)?;
        map.serialize_entry("by", &self.by)?;
        map.serialize_entry("changes", &self.changes)?;
        let Told { entries, unknown_authors } = self.told.get();
        map.serialize_entry("count", &entries)?;
        map.serialize_entry("unknown_authors", &self.by.map(|_| unknown_authors))?;
        map.end()
    }
}

/// The changes, as they are found.
struct Changes<'a> {
    opened: &'a Opened,
    args: &'a LogArgs,
    filter: &'a LogFilter,
    told: &'a Cell<Told>,
}

impl Elements for Changes<'_> {
    fn write_to<S: SerializeSeq>(self, list: &mut List<'_, S>) -> Result<(), Failure> {
        let told = take(self.opened, self.args, self.filter, |entry| list.push(&ChangePart::new(&entry)))?;
        self.told.set(told);
        Ok(())
    }
}

/// A run, or a time.
#[derive(Serialize)]
struct BoundPart<'a> {
    run: Option<MomentPart<'a>>,
    time: Option<Timestamp>,
}

#[derive(Serialize)]
struct ChangePart<'a> {
    kind: &'a str,
    id: &'a str,
    what: Vec<&'static str>,
    at: Option<Timestamp>,
    not_before: Option<Timestamp>,
    not_after: Timestamp,
    run: i64,
    author: Option<AuthorPart<'a>>,
    before: Option<Located<'a>>,
    after: Located<'a>,
    evidence: Option<EvidencePart<'a>>,
}

#[derive(Serialize)]
struct AuthorPart<'a> {
    id: &'a str,
    name: Option<&'a str>,
    email: Option<&'a str>,
}

#[derive(Serialize)]
struct EvidencePart<'a> {
    account_changed: bool,
    account_before: Option<Kept<'a>>,
    account: Kept<'a>,
}

/// Prints the document.
///
/// # Errors
/// When the vault cannot be read or stdout cannot be written.
pub(super) fn print(
    context: &Context,
    opened: &Opened,
    args: &LogArgs,
    span: &Span,
    filter: &LogFilter,
) -> Result<(), Failure> {
    let told = Cell::default();
    let document = Document {
        instance: &opened.instance.url,
        since: span.since.as_ref().map(|bound| BoundPart::new(bound, bound.time().map(|time| time.from))),
        until: span.until.as_ref().map(|bound| BoundPart::new(bound, bound.time().map(|time| time.until))),
        by: args.by.as_deref(),
        changes: Streamed::new(Changes { opened, args, filter, told: &told }),
        told: &told,
    };
    let printed = context.printer.json(&document);
    document.changes.failure().map_or(printed, Err)
}

impl<'a> BoundPart<'a> {
    fn new(bound: &'a Bound, time: Option<Timestamp>) -> Self {
        let run = match bound {
            Bound::Run(meant) => Some(meant.part()),
            Bound::Time(_) => None,
        };
        Self { run, time }
    }
}

impl<'a> ChangePart<'a> {
    fn new(entry: &'a Entry) -> Self {
        let (not_before, not_after) = entry.when.bounds();
        let at = if let When::At(at) = entry.when { Some(at) } else { None };
        Self {
            kind: &entry.kind,
            id: &entry.key,
            what: entry.what.iter().map(|what| what.name()).collect(),
            at,
            not_before,
            not_after,
            run: entry.run.number(),
            author: entry.author.as_ref().map(AuthorPart::new),
            before: entry.before.as_ref().map(located),
            after: located(&entry.after),
            evidence: entry.evidence.as_ref().map(EvidencePart::new),
        }
    }
}

impl<'a> AuthorPart<'a> {
    fn new(author: &'a Author) -> Self {
        Self { id: &author.id, name: author.name.as_deref(), email: author.email.as_deref() }
    }
}

fn located(place: &Place) -> Located<'_> {
    Located::new(place.title.as_deref(), place.folder.as_deref(), place.path.as_deref())
}

impl<'a> EvidencePart<'a> {
    fn new(evidence: &'a Evidence) -> Self {
        Self {
            account_changed: evidence.account_changed(),
            account_before: evidence.before.as_deref().map(Kept::new),
            account: Kept::new(&evidence.now),
        }
    }
}
