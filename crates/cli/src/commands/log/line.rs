//! A change as one line.

use engine::log::{Entry, Place, What, When};
use looker::Kind;

use crate::output::{Printer, human};

/// The line, without a line break.
pub(super) fn of(entry: &Entry, printer: &Printer) -> String {
    let time = |at| human::time(at, printer.zone());
    let (at, after) = match entry.when {
        When::At(at) => (format!(" {}", time(at)), None),
        When::Between { after, until } => (format!("≤{}", time(until)), after.map(time)),
    };
    let mut line = format!("{at}  run {:<3} {}  {}", entry.run, what(entry, printer), object(entry));
    let notes = [
        before(entry),
        entry.author.as_ref().map(|author| {
            let name = author.name.as_ref().or(author.email.as_ref());
            name.map_or_else(|| format!("by user {}", author.id), |name| format!("by {name}"))
        }),
        evidence(entry),
        after.map(|after| format!("(after {after})")),
    ];
    for note in notes.into_iter().flatten() {
        line += &format!("  {}", human::one_line(&note));
    }
    line
}

/// What happened, padded to a column.
fn what(entry: &Entry, printer: &Printer) -> String {
    const WIDTH: usize = 15;
    let names: Vec<&str> = entry.what.iter().map(|what| what.name()).collect();
    let names = format!("{:<WIDTH$}", names.join(", "));
    match entry.what.first() {
        Some(What::Gone | What::Trashed) => printer.paint().bad(names),
        Some(What::Created | What::Restored | What::Returned) => printer.paint().good(names),
        _ => names,
    }
}

/// Kind, id, title and folder.
fn object(entry: &Entry) -> String {
    let kind = Kind::find(&entry.kind).map_or(entry.kind.as_str(), |kind| kind.singular);
    let mut text = format!("{kind} {}", human::one_line(&entry.key));
    if let Some(title) = &entry.after.title {
        text += &format!(" \"{}\"", human::one_line(title));
    }
    if let Some(folder) = folder(&entry.after) {
        text += &format!(" in {}", human::one_line(folder));
    }
    text
}

fn folder(place: &Place) -> Option<&str> {
    place.path.as_deref().or(place.folder.as_deref())
}

/// What it was called, and where it lay, if that changed.
fn before(entry: &Entry) -> Option<String> {
    let before = entry.before.as_ref()?;
    let title = before.title.as_ref().filter(|_| entry.what.contains(&What::Renamed));
    let from = folder(before).filter(|_| entry.what.contains(&What::Moved));
    let parts = [title.map(|title| format!("was \"{title}\"")), from.map(|from| format!("from {from}"))];
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    (!parts.is_empty()).then(|| parts.join(", "))
}

fn evidence(entry: &Entry) -> Option<String> {
    let changed = entry.evidence.as_ref()?.account_changed();
    changed.then(|| "(the account or its permissions changed: it may only be hidden)".to_owned())
}
