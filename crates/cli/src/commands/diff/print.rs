//! A comparison for people.

use std::fmt::Write as _;

use engine::diff::text::{self, Line, Tag};
use engine::diff::{Change, Object, Step, Value, What};
use looker::Kind;
use vault::Side as Place;

use super::place;
use super::side::Side;
use super::told::{Counts, Differing, Fate, Sum, Told};
use crate::context::Context;
use crate::output::{Align, Paint, Table, human};
use crate::report::Failure;

/// Before the lines of a text that is compared by lines.
const DEEPER: &str = "      ";

/// Prints what differs; whether anything does.
///
/// # Errors
/// When a vault cannot be read or stdout cannot be written.
pub(super) fn print(context: &Context, told: &Told<'_>, from: &Side, to: &Side) -> Result<bool, Failure> {
    let printer = &context.printer;
    printer.status(format!("From {}\n  to {}", side(context, from), side(context, to)));
    let form = Form { told, paint: printer.paint() };
    let mut first = true;
    let sum = told.each(
        |kind, change| form.change(kind, change),
        |object| {
            let gap =
                if std::mem::take(&mut first) || told.stat || object.changes.is_empty() { "" } else { "\n" };
            printer.line(format!("{gap}{}", form.heading(context, &object)?))?;
            object.changes.iter().try_for_each(|change| printer.line(change))
        },
    )?;
    let all = sum.all();
    if told.stat && all != Counts::default() {
        printer.section("By kind", &by_kind(&sum))?;
    }
    printer.status(verdict(told, &sum));
    Ok(all != Counts::default())
}

fn side(context: &Context, side: &Side) -> String {
    let vault = side.vault.as_ref().map(|path| format!(" in {}", path.display())).unwrap_or_default();
    let live = if side.is_live { ", live" } else { "" };
    format!("{} of {}{vault}{live}", side.meant.describe(&context.printer), side.instance.url)
}

fn by_kind(sum: &Sum) -> Table {
    let columns = [
        ("kind", Align::Left),
        ("added", Align::Right),
        ("removed", Align::Right),
        ("changed", Align::Right),
    ];
    let mut table = Table::new(&columns);
    for (kind, counts) in &sum.kinds {
        let counts = [counts.added, counts.removed, counts.changed].map(human::count);
        table.row(std::iter::once(kind.name.to_owned()).chain(counts));
    }
    table
}

fn verdict(told: &Told<'_>, sum: &Sum) -> String {
    let all = sum.all();
    let differing = all.added + all.removed + all.changed;
    let mut verdict = match differing {
        0 => "Nothing differs.".to_owned(),
        n => {
            let verb = if n == 1 { "differs" } else { "differ" };
            format!(
                "{} {verb}: {} added, {} removed, {} changed.",
                human::counted(n, "object", "objects"),
                human::count(all.added),
                human::count(all.removed),
                human::count(all.changed)
            )
        }
    };
    if sum.alike > 0 {
        let more = human::counted(sum.alike, "object differs", "objects differ");
        write!(verdict, " {more} only in what is left out; --all shows it.").unwrap_or_default();
    }
    let not_compared: Vec<&str> = told.comparison.not_compared().iter().map(|kind| kind.name).collect();
    if !not_compared.is_empty() {
        let names = not_compared.join(", ");
        write!(verdict, "\nNot compared, since only ids identify them: {names}.").unwrap_or_default();
    }
    verdict
}

/// How things are put.
struct Form<'a> {
    told: &'a Told<'a>,
    paint: Paint,
}

impl Form<'_> {
    fn sign(&self, fate: Fate) -> String {
        match fate {
            Fate::Added => self.paint.good("+"),
            Fate::Removed => self.paint.bad("-"),
            Fate::Changed => self.paint.caution("~"),
        }
    }

    /// The object's line, and its whole content if everything is wanted of one that
    /// came or went.
    fn heading(&self, context: &Context, object: &Differing<'_, String>) -> Result<String, Failure> {
        let Differing { pair, fate, counts, .. } = object;
        let Some(shown) = pair.to.as_ref().or(pair.from.as_ref()) else { return Ok(String::new()) };
        let title = shown.version.title.as_deref().filter(|title| !title.trim().is_empty());
        let title = title.map(|title| format!(" {}", place::quoted(title))).unwrap_or_default();
        let name = format!("{} {}{title}", pair.kind.singular, human::one_line(&shown.key));
        let mut line = format!("{} {}", self.sign(*fate), self.paint.bold(name));
        if let Some(folder) = shown.folder.as_ref().or(shown.version.folder.as_ref()) {
            write!(line, " in {}", human::one_line(folder)).unwrap_or_default();
        }
        let edited = pair.from.as_ref().map(|from| from.version.updated_at);
        if let Some(at) = shown.version.updated_at.filter(|at| edited != Some(Some(*at)) && pair.to.is_some())
        {
            write!(line, ", edited {}", human::time(at, context.printer.zone())).unwrap_or_default();
        }
        line += fell(pair.from.as_ref(), pair.to.as_ref());
        if self.told.stat {
            if *counts != Counts::default() {
                let Counts { added, removed, changed } = counts;
                write!(line, "  +{added} -{removed} ~{changed}").unwrap_or_default();
            }
        } else if self.told.view.all && *fate != Fate::Changed {
            let (number, tag) = if *fate == Fate::Added { (1, Tag::Added) } else { (0, Tag::Removed) };
            let content = self.told.comparison.content(number, pair.kind, shown, true)?;
            line += &self.whole(&String::from_utf8_lossy(&content), tag, "    ");
        }
        Ok(line)
    }

    /// A change with its place, on one line or, if it is a text, on several.
    fn change(&self, kind: &Kind, change: &Change<'_>) -> String {
        let place = place::words(&change.place);
        let line = |fate, more: String| {
            let colon = match more.chars().next() {
                Some('\n') => ":",
                Some(_) if !place.is_empty() => ": ",
                _ => "",
            };
            format!("    {} {place}{colon}{more}", self.sign(fate))
        };
        let reference = kind.references.iter().find(|reference| reference.path == change.path());
        let named = |side, value: &Value<'_>| {
            let title = reference.and_then(|to| self.told.comparison.title(side, to.kind, &value.as_name()?));
            let title = title.map(|title| format!(" ({})", human::one_line(&title))).unwrap_or_default();
            format!("{}{title}", place::value(value))
        };
        match &change.what {
            What::Added(value) => line(Fate::Added, self.single(change, value, Tag::Added, named(1, value))),
            What::Removed(value) => {
                line(Fate::Removed, self.single(change, value, Tag::Removed, named(0, value)))
            }
            What::Moved(_) => line(Fate::Changed, moved(change)),
            What::Changed { from, to } => match self.lines(from, to) {
                Some(lines) => line(Fate::Changed, lines),
                None => line(Fate::Changed, format!("{} → {}", named(0, from), named(1, to))),
            },
        }
    }

    /// What comes or goes: a part by its name alone, anything else by its value; the
    /// whole of it if everything is wanted.
    fn single(&self, change: &Change<'_>, value: &Value<'_>, tag: Tag, short: String) -> String {
        let is_part = matches!(change.place.last(), Some(Step::Element(element)) if element.name.is_some() || element.key.is_some());
        let is_large = !value.members().is_empty() || !value.elements().is_empty();
        match (self.told.view.all && is_large, is_part && is_large) {
            (true, _) => self.whole(value.text(), tag, DEEPER),
            (false, true) => String::new(),
            (false, false) => short,
        }
    }

    /// A whole JSON text in lines.
    fn whole(&self, json: &str, tag: Tag, indent: &str) -> String {
        let lines = text::pretty(json);
        lines.lines().fold(String::new(), |all, line| {
            let line = Line { tag, text: line.to_owned() };
            format!("{all}\n{indent}{}", self.line(&line))
        })
    }

    /// Two strings, at least one of which has several lines, compared by lines.
    fn lines(&self, from: &Value<'_>, to: &Value<'_>) -> Option<String> {
        let lines = text::lines(&from.as_string()?, &to.as_string()?)?;
        Some(lines.iter().fold(String::new(), |all, line| format!("{all}\n{DEEPER}{}", self.line(line))))
    }

    fn line(&self, line: &Line) -> String {
        let text = human::one_line(&line.text);
        match line.tag {
            Tag::Kept => format!("  {text}").trim_end().to_owned(),
            Tag::Added => self.paint.good(format!("+ {text}").trim_end()),
            Tag::Removed => self.paint.bad(format!("- {text}").trim_end()),
            Tag::Skipped => self.paint.dim(format!("… {text}")),
        }
    }
}

/// Where an element stands now, counted from 1.
fn moved(change: &Change<'_>) -> String {
    match change.place.last() {
        Some(Step::Element(element)) => {
            let place = |at: Option<usize>| at.map_or(0, |at| at + 1);
            format!("moved from place {} to {}", place(element.from), place(element.to))
        }
        _ => String::new(),
    }
}

/// Whether an object came into the trash, or out of it.
fn fell(from: Option<&Object>, to: Option<&Object>) -> &'static str {
    let trashed = |object: Option<&Object>| object.map(|object| object.version.side == Some(Place::Trash));
    match (trashed(from), trashed(to)) {
        (Some(false), Some(true)) => ", moved to the trash",
        (Some(true), Some(false)) => ", restored from the trash",
        (None | Some(true), Some(true)) => ", in the trash",
        (Some(true), None) => ", purged or no longer visible",
        _ => "",
    }
}
