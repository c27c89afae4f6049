//! Values that groups and users have of user attributes.
//!
//! The vault has one list for each attribute (what groups have, the first that fits a
//! user counts) and one for each user (what the user ends up with; only what is the
//! user's own is written). Single values are set and deleted by calls that touch no
//! other. A new value of a group counts after all others, so where the order would not
//! be what it was, and where an attribute is made anew, the whole list is sent.
//!
//! Hidden values were never readable. Nothing is sent for them.

use looker::Kind;
use looker::catalogue::Resource;

use super::compose::{Composer, REDACTED, Sides};
use super::step::{Id, Part, Verb};
use crate::diff::Value;

/// A value in a list.
pub(super) struct Entry<'v> {
    /// The key of the group or of the attribute that it is of.
    pub(super) key: String,
    /// The value as it is written.
    pub(super) value: &'v str,
    pub(super) is_hidden: bool,
}

/// Whose value is set: two ends, the first in the path first.
pub(super) struct Place {
    pub(super) ids: [Id; 2],
    pub(super) keys: [String; 2],
}

/// Makes a list what it should be.
pub(super) fn compose(composer: &mut Composer<'_>, resource: &'static Resource, sides: Sides<'_>) {
    if resource.name == "user_attribute_values" {
        of_user(composer, resource, sides);
    } else {
        of_groups(composer, resource, sides);
    }
}

/// The values that are a user's own. What groups and defaults give is no value of
/// the user's; the document says so in words.
pub(super) fn own<'v>(list: &'v Value<'v>) -> Vec<Entry<'v>> {
    let is_own = |row: &&Value<'_>| {
        let source = row.member("source").and_then(Value::as_name);
        source.is_some_and(|source| source.to_lowercase().starts_with("user"))
    };
    entries(list.elements().iter().filter(is_own), "user_attribute_id")
}

/// The values that groups have, in the order in which they count.
pub(super) fn of_each_group<'v>(list: &'v Value<'v>) -> Vec<Entry<'v>> {
    let rank = |row: &Value<'_>| row.member("rank").and_then(|rank| rank.text().parse::<u64>().ok());
    let mut rows: Vec<&Value<'_>> = list.elements().iter().collect();
    rows.sort_by_key(|row| rank(row));
    entries(rows.into_iter(), "group_id")
}

fn entries<'v>(rows: impl Iterator<Item = &'v Value<'v>>, field: &str) -> Vec<Entry<'v>> {
    let entry = |row: &'v Value<'v>| {
        let key = row.member(field)?.as_name()?.into_owned();
        let is_hidden = row.member("value_is_hidden").is_some_and(|hidden| hidden.text() == "true");
        Some(Entry { key, value: row.member("value").map_or("null", Value::text), is_hidden })
    };
    rows.filter_map(entry).collect()
}

/// The key that all rows of a list have in a field.
fn common(sides: Sides<'_>, field: &str) -> Option<(String, bool)> {
    let of = |list: &Value<'_>| Some(list.elements().first()?.member(field)?.as_name()?.into_owned());
    let stored = of(sides.wanted).map(|key| (key, true));
    stored.or_else(|| Some((sides.live.and_then(of)?, false)))
}

fn of_user(composer: &mut Composer<'_>, resource: &'static Resource, sides: Sides<'_>) {
    let Some((key, is_stored)) = common(sides, "user_id") else { return };
    let user = if is_stored { composer.id("users", &key) } else { Id::Known(key.clone()) };
    let wanted = own(sides.wanted);
    let mut surplus = sides.live.map(own).unwrap_or_default();
    for one in &wanted {
        if follows(composer, &one.key) {
            continue;
        }
        let name = name_of(composer, "user_attributes", &one.key);
        let Some(attribute) = end(composer, "user_attributes", &one.key, &surplus) else { continue };
        let live = take(&mut surplus, &attribute);
        if live.as_ref().is_some_and(|live| live.is_hidden || live.value == one.value) {
            continue;
        }
        let words = if live.is_some() { "changed" } else { "added" };
        let place = Place { ids: [user.clone(), attribute], keys: [key.clone(), one.key.clone()] };
        if set(composer, resource, place, one, &name) {
            composer.changes.push(format!("{name} {words}"));
        }
    }
    for live in surplus {
        if follows(composer, &live.key) {
            continue;
        }
        let name = name_of(composer, "user_attributes", &live.key);
        let ids = [user.clone(), Id::Known(live.key.clone())];
        clear(composer, resource, Place { ids, keys: [key.clone(), live.key.clone()] }, &live, &name);
        composer.changes.push(format!("{name} removed"));
    }
}

fn of_groups(composer: &mut Composer<'_>, resource: &'static Resource, sides: Sides<'_>) {
    let Some((key, is_stored)) = common(sides, "user_attribute_id") else { return };
    let attribute = if is_stored { composer.id("user_attributes", &key) } else { Id::Known(key.clone()) };
    let live = sides.live.map(of_each_group).unwrap_or_default();
    let mut wanted = Vec::new();
    for one in of_each_group(sides.wanted) {
        if let Some(group) = end(composer, "groups", &one.key, &live) {
            wanted.push((group, one));
        }
    }
    let at = |id: &Id| live.iter().position(|one| matches!(id, Id::Known(id) if *id == one.key));
    let places: Vec<Option<usize>> = wanted.iter().map(|(group, _)| at(group)).collect();
    let before = composer.changes.len();
    let mut steps = Vec::new();
    for ((group, one), place) in wanted.iter().zip(&places) {
        let there = place.map(|at| &live[at]);
        if there.is_some_and(|there| there.is_hidden || there.value == one.value) {
            continue;
        }
        let name = name_of(composer, "groups", &one.key);
        let words = if there.is_some() { "changed" } else { "added" };
        if one.is_hidden {
            composer.note(enter_again(&format!("the value for {name}")));
            continue;
        }
        composer.changes.push(format!("value for {name} {words}"));
        steps.push((group.clone(), one, name));
    }
    let surplus: Vec<&Entry<'_>> =
        live.iter().enumerate().filter(|(at, _)| !places.contains(&Some(*at))).map(|(_, one)| one).collect();
    for one in &surplus {
        let name = name_of(composer, "groups", &one.key);
        composer.changes.push(format!("value for {name} removed"));
    }
    let is_hidden = wanted.iter().map(|(_, one)| one).chain(&live).any(|one| one.is_hidden);
    if !keeps_order(&places) {
        if is_hidden {
            composer.note("the order in which values count cannot be given back: they are hidden".to_owned());
        } else {
            if composer.changes.len() == before {
                composer.changes.push("order in which values count".to_owned());
            }
            return send_all(composer, &key, attribute, &wanted);
        }
    }
    for (group, one, name) in steps {
        let place = Place { ids: [group, attribute.clone()], keys: [one.key.clone(), key.clone()] };
        set(composer, resource, place, one, &format!("the value for {name}"));
    }
    for one in surplus {
        let name = format!("the value for {}", name_of(composer, "groups", &one.key));
        let ids = [Id::Known(one.key.clone()), attribute.clone()];
        clear(composer, resource, Place { ids, keys: [one.key.clone(), key.clone()] }, one, &name);
    }
}

/// Whether single calls leave the values in the order that is wanted: those that are
/// there stand in it, and at most one comes, behind them.
fn keeps_order(places: &[Option<usize>]) -> bool {
    let there: Vec<usize> = places.iter().flatten().copied().collect();
    let new = places.len() - there.len();
    there.is_sorted() && (new == 0 || new == 1 && places.last() == Some(&None))
}

/// Sends the values of all groups, in their order.
fn send_all(composer: &mut Composer<'_>, key: &str, attribute: Id, wanted: &[(Id, Entry<'_>)]) {
    let Some(lists) = Resource::find("user_attribute_group_value_lists") else { return };
    let value = |(group, one): &(Id, Entry<'_>)| {
        let value = Part::json(one.value)?;
        Some(Part::Object(vec![
            ("group_id".to_owned(), Part::Id(group.clone())),
            ("value".to_owned(), value),
        ]))
    };
    let list = Part::List(wanted.iter().filter_map(value).collect());
    let about = format!("values of {}", name_of(composer, "user_attributes", key));
    let body = vec![("group_values".to_owned(), list)];
    composer.add(Verb::Update, lists, key.to_owned(), about, Some(attribute), body);
}

/// Sets a value, if it is known. Whether it is.
pub(super) fn set(
    composer: &mut Composer<'_>,
    resource: &'static Resource,
    place: Place,
    one: &Entry<'_>,
    name: &str,
) -> bool {
    let known = Part::json(one.value).filter(|_| !one.is_hidden && !one.value.contains(REDACTED));
    let Some(value) = known else {
        composer.note(enter_again(name));
        return false;
    };
    let Place { ids: [first, second], keys } = place;
    let body = vec![("value".to_owned(), value)];
    composer.add(Verb::Update, resource, keys.join("/"), format!("value: {name}"), Some(first), body);
    if let Some(step) = composer.steps.last_mut() {
        step.second = Some(second);
    }
    true
}

fn clear(
    composer: &mut Composer<'_>,
    resource: &'static Resource,
    place: Place,
    one: &Entry<'_>,
    name: &str,
) {
    let Place { ids: [first, second], keys } = place;
    composer.add(Verb::Delete, resource, keys.join("/"), format!("value: {name}"), Some(first), Vec::new());
    if let Some(step) = composer.steps.last_mut() {
        step.second = Some(second);
        step.irreversible = one.is_hidden.then(|| "it is hidden, so nobody can give it back".to_owned());
    }
}

fn enter_again(name: &str) -> String {
    format!("{name} is hidden, and was never stored: enter it again")
}

/// What a group or an attribute is on the instance; nothing, said in a note, where it
/// is not there. What is in the live list under the same key is taken for the same.
fn end(composer: &mut Composer<'_>, kind: &str, key: &str, live: &[Entry<'_>]) -> Option<Id> {
    match composer.id(kind, key) {
        Id::Of(symbol) if live.iter().any(|one| one.key == symbol.key) => Some(Id::Known(symbol.key)),
        Id::Of(symbol) if composer.world.absent.contains(&symbol) => {
            let singular = Kind::find(kind).map_or(kind, |kind| kind.singular).replace('_', " ");
            let name = name_of(composer, kind, key);
            composer.note(format!("{singular} {name} is not there any more: its value is left out"));
            None
        }
        id => Some(id),
    }
}

fn take<'v>(live: &mut Vec<Entry<'v>>, id: &Id) -> Option<Entry<'v>> {
    let Id::Known(id) = id else { return None };
    let at = live.iter().position(|one| one.key == *id)?;
    Some(live.remove(at))
}

/// Whether a value follows from the user's own fields, as a name does: of an attribute
/// of Looker's that nobody sets, or that is a field of the user.
pub(super) fn follows(composer: &Composer<'_>, attribute: &str) -> bool {
    let Some(body) = (composer.world.stored)("user_attributes", attribute) else { return false };
    let Ok(attribute) = Value::parse(&body) else { return false };
    let is = |field: &str| attribute.member(field).is_some_and(|value| value.text() == "true");
    let name = attribute.member("name").and_then(Value::as_name);
    let is_field = || {
        let users = Resource::find("users");
        name.is_some_and(|name| users.is_some_and(|users| users.fields().contains(&&*name)))
    };
    is("is_system") && (!is("user_can_edit") || is_field())
}

/// What people call a stored group or attribute.
pub(super) fn name_of(composer: &Composer<'_>, kind: &str, key: &str) -> String {
    let body = (composer.world.stored)(kind, key);
    let name = body.as_deref().and_then(|body| {
        let document = Value::parse(body).ok()?;
        Some(document.member("name")?.as_name()?.into_owned())
    });
    name.map_or_else(|| key.to_owned(), |name| format!("{name:?}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_comes_last_by_itself_keeps_the_order() {
        assert!(keeps_order(&[]));
        assert!(keeps_order(&[Some(0), Some(2)]));
        assert!(keeps_order(&[Some(0), Some(1), None]));
        assert!(!keeps_order(&[Some(1), Some(0)]), "they changed places");
        assert!(!keeps_order(&[Some(0), None, Some(1)]), "it came before another");
        assert!(!keeps_order(&[None, None]), "nobody can say which of two is set first");
    }

    #[test]
    fn what_groups_and_defaults_give_is_not_the_users_own() {
        let list = br#"[{"source":"User","user_attribute_id":"1","value":"a","value_is_hidden":false},{"source":"Group: User","user_attribute_id":"2","value":"b"},{"source":"Default","user_attribute_id":"3","value":"c"}]"#;
        let list = Value::parse(list).unwrap();
        let own: Vec<String> = own(&list).into_iter().map(|one| one.key).collect();
        assert_eq!(own, ["1"]);
    }
}
