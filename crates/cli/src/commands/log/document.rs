//! Changes as one JSON document.

use engine::log::{Author, Entry, Evidence, Place, Told, When};
use jiff::Timestamp;
use serde::Serialize;

use super::{LogArgs, Span};
use crate::context::{Context, Opened};
use crate::moments::{Bound, MomentPart};
use crate::output::Kept;
use crate::report::Failure;

#[derive(Serialize)]
struct Document<'a> {
    schema: &'static str,
    instance: &'a str,
    since: Option<BoundPart<'a>>,
    until: Option<BoundPart<'a>>,
    by: Option<&'a str>,
    unknown_authors: Option<u64>,
    count: u64,
    changes: Vec<ChangePart<'a>>,
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
    before: Option<PlacePart<'a>>,
    after: PlacePart<'a>,
    evidence: Option<EvidencePart<'a>>,
}

#[derive(Serialize)]
struct AuthorPart<'a> {
    id: &'a str,
    name: Option<&'a str>,
    email: Option<&'a str>,
}

#[derive(Serialize)]
struct PlacePart<'a> {
    title: Option<&'a str>,
    folder_id: Option<&'a str>,
    folder: Option<&'a str>,
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
/// When stdout cannot be written.
pub(super) fn print(
    context: &Context,
    opened: &Opened,
    args: &LogArgs,
    span: &Span,
    entries: &[Entry],
    told: Told,
) -> Result<(), Failure> {
    context.printer.json(&Document {
        schema: "lookervault.log/1",
        instance: &opened.instance.url,
        since: span.since.as_ref().map(|bound| BoundPart::new(bound, bound.time().map(|time| time.from))),
        until: span.until.as_ref().map(|bound| BoundPart::new(bound, bound.time().map(|time| time.until))),
        by: args.by.as_deref(),
        unknown_authors: args.by.as_ref().map(|_| told.unknown_authors),
        count: told.entries,
        changes: entries.iter().map(ChangePart::new).collect(),
    })
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
            before: entry.before.as_ref().map(PlacePart::new),
            after: PlacePart::new(&entry.after),
            evidence: entry.evidence.as_ref().map(EvidencePart::new),
        }
    }
}

impl<'a> AuthorPart<'a> {
    fn new(author: &'a Author) -> Self {
        Self { id: &author.id, name: author.name.as_deref(), email: author.email.as_deref() }
    }
}

impl<'a> PlacePart<'a> {
    fn new(place: &'a Place) -> Self {
        let folder = place.path.as_deref().or(place.folder.as_deref());
        Self { title: place.title.as_deref(), folder_id: place.folder.as_deref(), folder }
    }
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
