//! What writes about people, access and delivery have in common: rows found by
//! what they hold, and lists of ids, in rows and in requests.

use super::{Edit, Failure};
use crate::json::{self, quoted};
use crate::kinds::Kind;
use crate::owned;
use crate::reply::Problem;
use crate::state::World;
use crate::table::{Row, as_text};

/// The JSON text of a member, `null` where it is absent.
pub(crate) fn of<'r>(row: &'r Row, member: &str) -> &'r str {
    json::member(as_text(&row.body), member).unwrap_or("null")
}

/// The live rows of a kind.
pub(crate) fn rows(world: &World, kind: Kind) -> impl Iterator<Item = &Row> {
    let table = world.table(kind);
    table.slots(false).iter().map(|slot| table.row(*slot))
}

/// Ids as a JSON array.
pub(crate) fn listed<T: AsRef<str>>(ids: &[T]) -> String {
    let ids: Vec<_> = ids.iter().map(|id| quoted(id.as_ref())).collect();
    format!("[{}]", ids.join(","))
}

/// The bodies of objects as a JSON array.
pub(crate) fn bodies(world: &World, kind: Kind, ids: &[String]) -> String {
    let rows = ids.iter().filter_map(|id| world.get(kind, id));
    let bodies: Vec<_> = rows.map(|row| as_text(&row.body)).collect();
    format!("[{}]", bodies.join(","))
}

/// A problem when another object has the text that is given for a column. Case
/// makes no difference (`looker-api-facts.md` §2).
pub(crate) fn taken(edit: &Edit<'_>, kind: Kind, column: &str, but: &str, message: &str) -> Option<Problem> {
    let text = edit.given.text(column)?.to_lowercase();
    let is_other = |row: &Row| *row.id != *but && row.text(kind, column).to_lowercase() == text;
    rows(edit.world, kind).any(is_other).then(|| Problem::already_exists(column, message))
}

/// A problem when a name is needed and not given: `null` and an empty text are
/// none. On an update the name may be left out.
pub(crate) fn nameless(edit: &Edit<'_>, column: &str, is_new: bool) -> Option<Problem> {
    let has = match edit.given.get(column) {
        None => !is_new,
        Some(_) => edit.given.text(column).is_some_and(|name| !name.trim().is_empty()),
    };
    (!has).then(|| Problem::missing(column, &format!("{column} can't be blank")))
}

/// Refuses when anything is wrong.
pub(crate) fn refuse(problems: impl IntoIterator<Item = Problem>) -> Result<(), Failure> {
    let problems: Vec<_> = problems.into_iter().collect();
    if problems.is_empty() { Ok(()) } else { Err(Failure::Invalid(problems)) }
}

/// The ids of objects that a body sends as an array, each once.
///
/// # Errors
///
/// 422 for anything but an array of texts, 404 when an object is not there.
pub(crate) fn ids_sent(edit: &Edit<'_>, kind: Kind, name: &str) -> Result<Vec<String>, Failure> {
    let wrong = || Failure::invalid(name, &format!("{name} must be an array of strings"));
    if !edit.body.starts_with('[') {
        return Err(wrong());
    }
    let mut ids: Vec<String> = Vec::new();
    for id in json::elements(&edit.body) {
        let id = json::text(id).ok_or_else(wrong)?;
        edit.row(kind, &id)?;
        if !ids.contains(&id) {
            ids.push(id);
        }
    }
    Ok(ids)
}

/// Whether the caller is an administrator.
pub(crate) fn is_admin(edit: &Edit<'_>) -> bool {
    edit.server.visible.is_none() && owned::is_admin(edit.world, &edit.call.user)
}

/// The user a member names, if it names one: nobody but an administrator may
/// name another than himself.
///
/// # Errors
///
/// 422 when there is no such user, 403 when the caller may not name it.
pub(crate) fn owner(edit: &Edit<'_>, member: &str) -> Result<Option<String>, Failure> {
    let Some(user) = edit.given.text(member) else { return Ok(None) };
    if user != edit.call.user && !is_admin(edit) {
        return Err(Failure::Denied);
    }
    match edit.world.get(Kind::User, &user) {
        Some(_) => Ok(Some(user)),
        None => Err(Failure::invalid(member, &format!("user not found for {member}"))),
    }
}
