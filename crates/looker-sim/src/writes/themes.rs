//! Themes (`looker-api-facts.md` §12).

use super::rows::{nameless, of, refuse, rows};
use super::{Edit, Failure, Wrote, bodies};
use crate::json::{self, quoted};
use crate::kinds::Kind;
use crate::objects;
use crate::reply::Problem;
use crate::routes::View;
use crate::state::change;
use crate::table::Row;

/// The theme that every instance has.
const DEFAULT: &str = "1";

/// Names of colours that are not written as numbers, as far as they are known
/// here.
const COLORS: [&str; 18] = [
    "aqua",
    "black",
    "blue",
    "fuchsia",
    "gray",
    "green",
    "lime",
    "maroon",
    "navy",
    "olive",
    "orange",
    "purple",
    "red",
    "silver",
    "teal",
    "transparent",
    "white",
    "yellow",
];

fn shown(id: String) -> Wrote {
    Wrote::Object(Kind::Theme, View::Whole, id)
}

/// What is wrong with what was given; `row` is the theme that is changed.
fn problems(edit: &Edit<'_>, row: Option<&Row>) -> Vec<Problem> {
    let mut problems: Vec<Problem> = nameless(edit, "name", row.is_none()).into_iter().collect();
    let name = edit.given.text("name").unwrap_or_default();
    if !name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') {
        let message = "name can only contain alphanumeric characters or underscores".to_owned();
        problems.push(Problem::invalid("name", message));
    }
    for (member, value) in json::members(edit.given.some("settings").unwrap_or("{}")) {
        if member.ends_with("_color") && json::text(value).is_some_and(|color| !is_color(&color)) {
            problems.push(Problem::invalid(member, format!("{member} is not a valid color")));
        }
    }
    if problems.is_empty() && overlaps(edit, row) {
        problems.push(Problem::already_exists("name", "A theme of this name is active at that time."));
    }
    problems
}

fn is_color(text: &str) -> bool {
    let hex = text.strip_prefix('#').is_some_and(|hex| {
        matches!(hex.len(), 3 | 4 | 6 | 8) && hex.bytes().all(|byte| byte.is_ascii_hexdigit())
    });
    let function = ["rgb(", "rgba(", "hsl(", "hsla("].iter().any(|name| text.starts_with(name));
    text.is_empty()
        || hex
        || (function && text.ends_with(')'))
        || COLORS.contains(&text.to_lowercase().as_str())
}

/// Themes may share a name when they are active at different times.
fn overlaps(edit: &Edit<'_>, row: Option<&Row>) -> bool {
    let after = |member: &str| match edit.given.get(member) {
        Some(value) => json::text(value),
        None => row.and_then(|row| json::text(of(row, member))),
    };
    let (name, begin, end) = (after("name").unwrap_or_default(), after("begin_at"), after("end_at"));
    let before = |a: &Option<String>, b: &Option<String>| match (a, b) {
        (Some(end), Some(begin)) => end <= begin,
        _ => false,
    };
    rows(edit.world, Kind::Theme)
        .filter(|other| row.is_none_or(|row| row.id != other.id))
        .filter(|other| other.text(Kind::Theme, "name") == name)
        .any(|other| {
            let (from, to) = (json::text(of(other, "begin_at")), json::text(of(other, "end_at")));
            !before(&end, &from) && !before(&to, &begin)
        })
}

/// What was given, with its settings on top of those that are there.
fn merged(edit: &mut Edit<'_>, settings: &str) -> Vec<(&'static str, String)> {
    let mut changes = edit.take_given().into_changes();
    let given = changes.iter().find(|(name, _)| *name == "settings").map(|(_, value)| value.clone());
    let given = given.filter(|given| given != "null").unwrap_or_else(|| "{}".to_owned());
    let members: Vec<_> = json::members(&given).map(|(name, value)| (name, value.to_owned())).collect();
    let settings = json::patch(settings, &members);
    change(&mut changes, "settings", settings);
    changes
}

/// `POST /themes`: settings that are not given are the default theme's.
pub(crate) fn create(edit: &mut Edit<'_>) -> Result<Wrote, Failure> {
    refuse(problems(edit, None))?;
    let default = edit.world.get(Kind::Theme, DEFAULT).map_or("{}", |row| of(row, "settings")).to_owned();
    let mut changes = merged(edit, &default);
    let id = edit.create(Kind::Theme, |id| {
        change(&mut changes, "id", quoted(&id.to_string()));
        bodies::filled(bodies::THEME, &changes)
    });
    Ok(shown(id))
}

fn changeable<'e>(edit: &'e Edit<'_>, id: &str) -> Result<&'e Row, Failure> {
    let row = edit.row(Kind::Theme, id)?;
    if id == DEFAULT { Err(Failure::BuiltIn) } else { Ok(row) }
}

/// `PATCH /themes/{id}`.
pub(crate) fn update(edit: &mut Edit<'_>) -> Result<Wrote, Failure> {
    let id = edit.id();
    let row = changeable(edit, &id)?;
    let settings = of(row, "settings").to_owned();
    refuse(problems(edit, Some(row)))?;
    let changes = merged(edit, &settings);
    edit.world.set(Kind::Theme, &id, &changes)?;
    Ok(shown(id))
}

/// `DELETE /themes/{id}`.
pub(crate) fn delete(edit: &mut Edit<'_>) -> Result<Wrote, Failure> {
    let id = edit.id();
    changeable(edit, &id)?;
    objects::purge(edit.world, Kind::Theme, &id)?;
    Ok(Wrote::Nothing)
}
