//! User attributes, and the values groups and users have of them
//! (`looker-api-facts.md` §6).

use super::given::Given;
use super::rows::{nameless, of, refuse, taken};
use super::{Edit, Failure, Wrote, bodies};
use crate::access;
use crate::json::{self, quoted};
use crate::kinds::Kind;
use crate::objects;
use crate::reply::Problem;
use crate::routes::View;
use crate::state::{World, change};
use crate::table::{Row, as_text};

const TYPES: [&str; 9] = [
    "string",
    "number",
    "datetime",
    "yesno",
    "zipcode",
    "advanced_filter_string",
    "advanced_filter_number",
    "advanced_filter_datetime",
    "relative_url",
];

const DOMAINS: &str = "hidden_value_domain_whitelist";
/// As observed, in the middle of a longer message.
const DOMAINS_WRONG: &str =
    "hidden_value_domain_whitelist must be a comma-separated list of urls with optional wildcards";

fn shown(id: String) -> Wrote {
    Wrote::Object(Kind::UserAttribute, View::Whole, id)
}

/// What is wrong with what was given; `row` is the attribute that is changed.
fn problems(edit: &Edit<'_>, row: Option<&Row>) -> Vec<Problem> {
    let but = row.map_or("", |row| &*row.id);
    let text = |name: &str| {
        let message = format!("{name} has already been taken");
        nameless(edit, name, row.is_none()).or_else(|| taken(edit, Kind::UserAttribute, name, but, &message))
    };
    let kind = nameless(edit, "type", row.is_none()).or_else(|| {
        let is_known = edit.given.text("type").is_none_or(|kind| TYPES.contains(&kind.as_str()));
        (!is_known).then(|| Problem::invalid("type", "type is not valid".to_owned()))
    });
    [text("name"), text("label"), kind, domains(edit, row)].into_iter().flatten().collect()
}

/// Destinations are for hidden values only: null and an empty text are refused
/// with others. Once set they stay, and so does a value's being hidden.
fn domains(edit: &Edit<'_>, row: Option<&Row>) -> Option<Problem> {
    let before = |member| row.map_or("null", |row| of(row, member));
    let was_hidden = before("value_is_hidden") == "true";
    let hidden = edit.given.some("value_is_hidden").map_or(was_hidden, |value| value == "true");
    if was_hidden && !hidden {
        return Some(Problem::invalid("value_is_hidden", "a hidden value stays hidden".to_owned()));
    }
    let given = edit.given.get(DOMAINS)?;
    if !hidden || (given == "\"\"" && before(DOMAINS) != given) {
        return Some(Problem::invalid(DOMAINS, DOMAINS_WRONG.to_owned()));
    }
    let stays = before(DOMAINS) == "null" || before(DOMAINS) == given;
    (!stays).then(|| Problem::invalid(DOMAINS, format!("{DOMAINS} cannot be changed")))
}

/// `POST /user_attributes`.
pub(crate) fn create(edit: &mut Edit<'_>) -> Result<Wrote, Failure> {
    refuse(problems(edit, None))?;
    let mut changes = edit.take_given().into_changes();
    changes.retain(|(_, value)| value != "null");
    let id = edit.create(Kind::UserAttribute, |id| {
        change(&mut changes, "id", quoted(&id.to_string()));
        bodies::filled(bodies::USER_ATTRIBUTE, &changes)
    });
    Ok(shown(id))
}

/// An attribute that somebody made.
fn changeable<'e>(edit: &'e Edit<'_>, id: &str) -> Result<&'e Row, Failure> {
    let row = edit.row(Kind::UserAttribute, id)?;
    if of(row, "is_system") == "true" { Err(Failure::BuiltIn) } else { Ok(row) }
}

/// `PATCH /user_attributes/{id}`.
pub(crate) fn update(edit: &mut Edit<'_>) -> Result<Wrote, Failure> {
    let id = edit.id();
    let row = changeable(edit, &id)?;
    refuse(problems(edit, Some(row)))?;
    let mut changes = edit.take_given().into_changes();
    let nullable = |name: &str| matches!(name, "default_value" | "value_for_ci_run");
    changes.retain(|(name, value)| value != "null" || nullable(name));
    edit.world.set(Kind::UserAttribute, &id, &changes)?;
    Ok(shown(id))
}

/// `DELETE /user_attributes/{id}`: with all values.
pub(crate) fn delete(edit: &mut Edit<'_>) -> Result<Wrote, Failure> {
    let id = edit.id();
    changeable(edit, &id)?;
    objects::purge(edit.world, Kind::UserAttribute, &id)?;
    Ok(Wrote::Nothing)
}

/// An attribute whose values can be set: not what follows from the user, as the
/// name does.
fn settable<'e>(edit: &'e Edit<'_>, id: &str) -> Result<&'e Row, Failure> {
    let row = edit.row(Kind::UserAttribute, id)?;
    let follows = of(row, "is_system") == "true" && of(row, "user_can_edit") != "true";
    if follows { Err(Failure::BuiltIn) } else { Ok(row) }
}

/// `POST /user_attributes/{id}/group_values`: the whole list, in the order of
/// its ranks, or in its own where it has none.
pub(crate) fn set_group_values(edit: &mut Edit<'_>) -> Result<Wrote, Failure> {
    let id = edit.id();
    let hidden = of(settable(edit, &id)?, "value_is_hidden").to_owned();
    let values = values_sent(edit)?;
    let gone: Vec<_> = access::ranked(edit.world, &id).iter().map(|row| row.id.to_string()).collect();
    for row in gone {
        objects::purge(edit.world, Kind::UserAttributeGroupValue, &row)?;
    }
    let mut made = Vec::new();
    for (n, (group, value)) in values.into_iter().enumerate() {
        made.push(group_value(edit.world, &id, &group, &hidden, n as u64 + 1, value)?);
    }
    Ok(Wrote::Json(super::rows::bodies(edit.world, Kind::UserAttributeGroupValue, &made)))
}

/// Groups and values, the first to count first.
fn values_sent(edit: &Edit<'_>) -> Result<Vec<(String, String)>, Failure> {
    if !edit.body.starts_with('[') {
        return Err(Failure::invalid("group_values", "group_values must be an array of objects"));
    }
    let mut values: Vec<(Option<i64>, String, String)> = Vec::new();
    for element in json::elements(&edit.body) {
        let given = Given::read("UserAttributeGroupValue", element).map_err(Failure::Invalid)?;
        let group = given.text("group_id").filter(|group| edit.row(Kind::Group, group).is_ok());
        let Some(group) = group.filter(|group| values.iter().all(|(_, have, _)| have != group)) else {
            return Err(Failure::invalid("group_id", "group_id is missing, unknown, or there twice"));
        };
        let rank = given.some("rank").and_then(|rank| rank.parse().ok());
        values.push((rank, group, given.get("value").unwrap_or("null").to_owned()));
    }
    let ranked = values.iter().filter(|(rank, ..)| rank.is_some()).count();
    if ranked > 0 && ranked < values.len() {
        return Err(Failure::invalid("rank", "rank is needed for every value or for none"));
    }
    values.sort_by_key(|(rank, ..)| *rank);
    Ok(values.into_iter().map(|(_, group, value)| (group, value)).collect())
}

/// A new value of a group. What is hidden is never shown, and not kept here.
fn group_value(
    world: &mut World,
    attribute: &str,
    group: &str,
    hidden: &str,
    rank: u64,
    value: String,
) -> Result<String, Failure> {
    let changes = [
        ("group_id", quoted(group)),
        ("user_attribute_id", quoted(attribute)),
        ("value_is_hidden", hidden.to_owned()),
        ("rank", rank.to_string()),
        ("value", if hidden == "true" { "null".to_owned() } else { value }),
    ];
    let body = bodies::filled(bodies::GROUP_VALUE, &changes);
    Ok(objects::create(world, Kind::UserAttributeGroupValue, &body)?)
}

/// The row of a group's value.
fn value_of(world: &World, attribute: &str, group: &str) -> Option<String> {
    let kind = Kind::UserAttributeGroupValue;
    let ranked = access::ranked(world, attribute);
    ranked.iter().find(|row| row.text(kind, "group_id") == group).map(|row| row.id.to_string())
}

/// `PATCH /groups/{id}/attribute_values/{user_attribute_id}`: a new value counts
/// after the others.
pub(crate) fn set_group_value(edit: &mut Edit<'_>) -> Result<Wrote, Failure> {
    let (group, attribute) = (edit.id(), edit.second_id());
    edit.row(Kind::Group, &group)?;
    let hidden = of(settable(edit, &attribute)?, "value_is_hidden").to_owned();
    let value = edit.given.get("value").unwrap_or("null").to_owned();
    let kind = Kind::UserAttributeGroupValue;
    let row = if let Some(row) = value_of(edit.world, &attribute, &group) {
        let value = if hidden == "true" { "null".to_owned() } else { value };
        edit.world.set(kind, &row, &vec![("value", value)])?;
        row
    } else {
        let last =
            access::ranked(edit.world, &attribute).last().and_then(|row| of(row, "rank").parse::<u64>().ok());
        group_value(edit.world, &attribute, &group, &hidden, last.unwrap_or(0) + 1, value)?
    };
    Ok(Wrote::Object(kind, View::Whole, row))
}

/// `DELETE /groups/{id}/attribute_values/{user_attribute_id}`.
pub(crate) fn delete_group_value(edit: &mut Edit<'_>) -> Result<Wrote, Failure> {
    let (group, attribute) = (edit.id(), edit.second_id());
    edit.row(Kind::Group, &group)?;
    settable(edit, &attribute)?;
    let row = value_of(edit.world, &attribute, &group).ok_or(Failure::NotFound)?;
    objects::purge(edit.world, Kind::UserAttributeGroupValue, &row)?;
    Ok(Wrote::Nothing)
}

/// `PATCH /users/{id}/attribute_values/{user_attribute_id}`: a value of null is
/// one.
pub(crate) fn set_user_value(edit: &mut Edit<'_>) -> Result<Wrote, Failure> {
    let (user, attribute) = (edit.id(), edit.second_id());
    edit.row(Kind::User, &user)?;
    let row = settable(edit, &attribute)?;
    let name = row.text(Kind::UserAttribute, "name").to_owned();
    let hidden = of(row, "value_is_hidden") == "true";
    let value = edit.given.get("value").filter(|_| !hidden).unwrap_or("null").to_owned();
    let kind = Kind::UserAttributeUserValue;
    let id = format!("{user}.{attribute}");
    if name == "locale" {
        edit.world.set(Kind::User, &user, &vec![("locale", value)])?;
    } else if edit.world.get(kind, &id).is_some() {
        edit.world.set(kind, &id, &vec![("value", value)])?;
    } else {
        let (user, attribute) = (quoted(&user), quoted(&attribute));
        let id = quoted(&id);
        let body =
            format!(r#"{{"id":{id},"user_id":{user},"user_attribute_id":{attribute},"value":{value}}}"#);
        edit.world.insert(kind, body)?;
    }
    access::user_value(edit.world, &user, &attribute).map(Wrote::Json).ok_or(Failure::NotFound)
}

/// `DELETE /users/{id}/attribute_values/{user_attribute_id}`: groups and the
/// default decide again.
pub(crate) fn delete_user_value(edit: &mut Edit<'_>) -> Result<Wrote, Failure> {
    let (user, attribute) = (edit.id(), edit.second_id());
    let has_locale = json::member(as_text(&edit.row(Kind::User, &user)?.body), "locale") != Some("null");
    let row = settable(edit, &attribute)?;
    if row.text(Kind::UserAttribute, "name") == "locale" && has_locale {
        edit.world.set(Kind::User, &user, &vec![("locale", "null".to_owned())])?;
    } else {
        objects::purge(edit.world, Kind::UserAttributeUserValue, &format!("{user}.{attribute}"))?;
    }
    Ok(Wrote::Nothing)
}
