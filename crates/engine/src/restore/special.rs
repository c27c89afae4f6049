//! What Looker wants written otherwise than it answers it, resource by resource.
//!
//! Each rule here is something that real servers were seen to do
//! (`looker-api-facts.md`).

use looker::catalogue::Resource;

use super::accepted;
use super::compose::{Composer, Owner, Sides, key};
use super::query;
use super::step::{Id, Ids, Part};
use crate::diff::{Node, Value};

/// Whether a field is not compared and sent like any other: it is written by a
/// rule of its own, or by a step of its own.
pub(super) fn is_apart(resource: &Resource, field: &str) -> bool {
    match resource.name {
        "dashboard_elements" => {
            matches!(field, "query_id" | "look_id" | "merge_result_id" | "result_maker" | "filter_id")
        }
        // Of an alert it follows from its tile.
        "looks" | "scheduled_plans" | "alerts" => field == "query_id",
        // They hold ids of parts, which may have to be made first.
        "boards" => field == "section_order",
        "board_sections" => field == "item_order",
        _ => false,
    }
}

/// Whether a part can be changed into what is wanted. A tile that shows data cannot
/// become a text, nor a text show data: it is deleted and made anew.
pub(super) fn may_become(part: &Resource, live: &Value<'_>, wanted: &Value<'_>) -> bool {
    part.name != "dashboard_elements" || query::shows_data(live) == query::shows_data(wanted)
}

/// Colour collections that every instance has under these ids, and that nobody can
/// change: nothing in their documents says so.
const STANDARD_COLLECTIONS: [&str; 3] = [
    "b43731d5-dc87-4a8e-b807-635bef3948e7",
    "7c56cc21-66e4-41c9-81ce-a60e1c3967b2",
    "f14810d2-98d7-42df-82d0-bc185a074e42",
];

/// Why an object of Looker's own is left as it is.
pub(super) fn untouchable(kind: &str, document: &Value<'_>) -> Option<&'static str> {
    let is = |field: &str| document.member(field).is_some_and(|value| value.text() == "true");
    match kind {
        "permission_sets" | "model_sets" if is("built_in") => Some("it is built in"),
        "user_attributes" if is("is_system") => Some("it is an attribute of Looker's own"),
        "groups" if is("externally_managed") => Some("it is managed by the identity provider"),
        "groups" if is("include_by_default") => Some("it holds all users by itself"),
        "folders" if is("is_shared_root") || is("is_users_root") || is("is_embed_root") => {
            Some("it is a root")
        }
        "folders" if is("is_personal") => Some("it is a personal folder, which Looker makes with its user"),
        "color_collections"
            if key(document).is_some_and(|id| STANDARD_COLLECTIONS.contains(&id.as_str())) =>
        {
            Some("it is one of Looker's own")
        }
        "themes" if document.member("name").and_then(Value::as_name).is_some_and(|name| name == "Looker") => {
            Some("it is the theme that Looker brings")
        }
        "roles" if key(document).as_deref() == Some("2") || is_admin(document) => Some("it is built in"),
        _ => None,
    }
}

/// The role Admin, by its permission set, which only it may have.
fn is_admin(role: &Value<'_>) -> bool {
    let all_access = role.at("permission_set.all_access").is_some_and(|value| value.text() == "true");
    all_access && role.member("name").and_then(Value::as_name).is_some_and(|name| name == "Admin")
}

/// Makes a body one that Looker takes.
pub(super) fn adjust(
    composer: &mut Composer<'_>,
    resource: &Resource,
    sides: Sides<'_>,
    body: &mut Vec<(String, Part)>,
) {
    own(composer, resource, sides, body);
    lie(composer, resource, sides, body);
    match resource.name {
        "dashboard_elements" => query::of_tile(composer, sides, body),
        "looks" => {
            query::by_id(composer, sides, body);
            // `public: null` in a creation is answered with an error that says nothing.
            if sides.live.is_none() && !has(body, "public") {
                body.push(("public".to_owned(), literal("false")));
            }
        }
        "scheduled_plans" => {
            query::by_id(composer, sides, body);
            plan(composer, sides, body);
        }
        "alerts" => alert(composer, resource, sides, body),
        "color_collections" => palettes(sides, body),
        "themes" => colours(composer, sides, body),
        "users" => names(sides, body),
        "user_attributes" => domains(composer, sides, body),
        "roles" if sides.live.is_none() && !has(body, "permission_set_id") => {
            composer.impossible =
                Some("it had no permission set, and Looker makes no role without one".to_owned());
        }
        _ => {}
    }
    if sides.live.is_none() {
        // What is made is live; whether it belongs into the trash is a step of its own.
        body.retain(|(field, _)| field != "deleted");
    }
}

/// Who is to own it.
fn own(composer: &Composer<'_>, resource: &Resource, sides: Sides<'_>, body: &mut Vec<(String, Part)>) {
    let field = match resource.name {
        "alerts" => "owner_id",
        "dashboards" | "looks" | "scheduled_plans" | "boards" => "user_id",
        _ => return,
    };
    match &composer.world.manner.owner {
        Owner::Keep => {}
        Owner::Me => body.retain(|(name, _)| name != field),
        Owner::User(id) => {
            body.retain(|(name, _)| name != field);
            let has_it =
                sides.live.and_then(|live| live.member(field)?.as_name()).is_some_and(|live| live == *id);
            if !has_it {
                body.push((field.to_owned(), Part::Id(Id::Known(id.clone()))));
            }
        }
    }
}

/// Where it is to lie, when that was said.
fn lie(composer: &Composer<'_>, resource: &Resource, sides: Sides<'_>, body: &mut Vec<(String, Part)>) {
    let Some(folder) = &composer.world.manner.into else { return };
    if !matches!(resource.name, "dashboards" | "looks") {
        return;
    }
    body.retain(|(field, _)| field != "folder_id");
    let live = sides.live.and_then(|live| live.member("folder_id")?.as_name());
    if live.is_none_or(|live| live != *folder) {
        body.push(("folder_id".to_owned(), Part::Id(Id::Known(folder.clone()))));
    }
}

/// Schedules arrive asleep: one that is enabled is sent at once.
fn plan(composer: &mut Composer<'_>, sides: Sides<'_>, body: &mut Vec<(String, Part)>) {
    const BOOLEANS: &[&str] = &[
        "enabled",
        "include_links",
        "require_change",
        "require_no_results",
        "require_results",
        "run_once",
        "send_all_results",
    ];
    let mut lacks_secret = false;
    let wanted = sides.wanted.member("scheduled_plan_destination");
    let was = sides.live.and_then(|live| live.member("scheduled_plan_destination"));
    let led = |value: &Value<'_>| composer.text(value);
    let destinations = wanted.map(|wanted| destinations(wanted, &led, &mut lacks_secret));
    body.retain(|(field, _)| field != "scheduled_plan_destination");
    let is_news = |wanted: &Vec<Part>| {
        let as_it_is = |value: &Value<'_>| Part::json(value.text());
        let is_so = |was| says_same(&self::destinations(was, &as_it_is, &mut false), wanted);
        !was.is_some_and(is_so) && !wanted.is_empty()
    };
    if let Some(destinations) = destinations.filter(is_news) {
        // A destination without its address is refused; a list replaces the one that is there.
        let lacks_address = |one: &Value<'_>| one.member("address").is_some_and(is_redacted);
        let stored = wanted.map_or(&[][..], Value::elements).iter().map(|one| !lacks_address(one));
        let complete: Vec<Part> = destinations
            .into_iter()
            .zip(stored)
            .filter(|(_, stored)| *stored)
            .map(|(part, _)| part)
            .collect();
        let lacks_some = wanted.is_some_and(|wanted| wanted.elements().len() > complete.len());
        if complete.is_empty() && sides.live.is_none() {
            composer.impossible =
                Some("where it was sent was never stored: make it again by hand".to_owned());
        } else if sides.live.is_none() || !lacks_some {
            body.push(("scheduled_plan_destination".to_owned(), Part::List(complete)));
        } else if was == wanted {
            composer.note("links in its messages stay, since where it is sent was not stored".to_owned());
        }
    }
    // What is sent there already, as far as can be told, nobody has to enter.
    if lacks_secret && (was.is_none() || was != wanted) {
        composer.note("where it is sent was not stored: enter it again".to_owned());
    }
    // Null where it runs by a datagroup; the empty text is answered and not taken.
    body.retain(|(field, part)| field != "crontab" || *part != Part::string(""));
    if sides.live.is_none() {
        for field in BOOLEANS {
            if !has(body, field) {
                body.push(((*field).to_owned(), literal("false")));
            }
        }
    }
    let wakes = body.iter().any(|(field, part)| field == "enabled" && *part == literal("true"));
    if wakes && (lacks_secret || !composer.world.manner.enable_schedules) {
        body.retain(|(field, _)| field != "enabled");
        if sides.live.is_none() {
            body.push(("enabled".to_owned(), literal("false")));
        }
        composer.asleep |= !lacks_secret;
        composer.note(if lacks_secret {
            "it stays disabled, since what was not stored is missing".to_owned()
        } else {
            "it stays disabled: enabling it would send it at once (--enable-schedules)".to_owned()
        });
    }
}

/// What is sent of a destination.
pub(super) const DESTINATION: [&str; 7] =
    ["address", "apply_formatting", "apply_vis", "format", "message", "parameters", "type"];

/// Destinations as they are sent: without ids, and without what was never stored; `part`
/// makes what is sent of a value.
fn destinations(
    list: &Value<'_>,
    part: &dyn Fn(&Value<'_>) -> Option<Part>,
    lacks_secret: &mut bool,
) -> Vec<Part> {
    let one = |destination: &Value<'_>| {
        let mut members = Vec::new();
        for (name, value) in destination.members().iter().filter(|(name, _)| DESTINATION.contains(name)) {
            if is_redacted(value) {
                *lacks_secret = true;
            } else if value.text() != "null" {
                members.extend(part(value).map(|part| ((*name).to_owned(), part)));
            }
        }
        Part::Object(members)
    };
    list.elements().iter().map(one).collect()
}

/// Whether two lists are the same as they are sent, as far as that is known.
fn says_same(one: &[Part], other: &[Part]) -> bool {
    let sent = |parts: &[Part]| {
        let mut text = String::new();
        let ids = Ids::new();
        let is_known = parts.iter().all(|part| part.write(&ids, &mut text).is_ok());
        is_known.then_some(text)
    };
    sent(one).is_some_and(|one| sent(other).is_some_and(|other| one == other))
}

/// Whether something of a value was never stored.
fn is_redacted(value: &Value<'_>) -> bool {
    value.text().contains("$lookervault")
}

/// Palettes have ids of their own on each instance, which say nothing.
fn palettes(sides: Sides<'_>, body: &mut Vec<(String, Part)>) {
    let Some(live) = sides.live else { return };
    body.retain(|(field, _)| {
        let both = sides.wanted.member(field).zip(live.member(field));
        !both.is_some_and(|(wanted, live)| is_same_but_ids(wanted, live))
    });
}

/// Where a hidden value may be sent is said once, when the attribute is made.
fn domains(composer: &mut Composer<'_>, sides: Sides<'_>, body: &mut Vec<(String, Part)>) {
    const DOMAINS: &str = "hidden_value_domain_whitelist";
    let said = |document: &Value<'_>| {
        document
            .member(DOMAINS)
            .filter(|domains| domains.as_name().is_some())
            .map(|domains| domains.text().to_owned())
    };
    let is_hidden = sides.wanted.member("value_is_hidden").is_some_and(|hidden| hidden.text() == "true");
    let Some(domains) = said(sides.wanted).filter(|_| is_hidden) else { return };
    match sides.live {
        None => body.extend(Part::json(&domains).map(|part| (DOMAINS.to_owned(), part))),
        Some(live) if said(live).as_ref() != Some(&domains) => {
            composer.note(format!("{DOMAINS} differs, and nobody can change it"));
        }
        Some(_) => {}
    }
}

/// A name that is taken away reads back as an empty text.
fn names(sides: Sides<'_>, body: &mut Vec<(String, Part)>) {
    let is_nameless = |user: &Value<'_>, field: &str| user.member(field).and_then(Value::as_name).is_none();
    let Some(live) = sides.live else { return };
    body.retain(|(field, _)| {
        let is_name = matches!(field.as_str(), "first_name" | "last_name");
        !(is_name && is_nameless(live, field) && is_nameless(sides.wanted, field))
    });
}

/// A theme names a colour collection within its settings, which may be another one now.
fn colours(composer: &Composer<'_>, sides: Sides<'_>, body: &mut Vec<(String, Part)>) {
    const COLLECTION: &str = "color_collection_id";
    let Some(at) = body.iter().position(|(field, _)| field == "settings") else { return };
    let Some(settings) = sides.wanted.member("settings") else { return };
    let Some(key) = settings.member(COLLECTION).and_then(Value::as_name) else { return };
    // Of one that the vault does not have nobody can say what it is now.
    if (composer.world.stored)("color_collections", &key).is_none() {
        return;
    }
    let id = composer.id("color_collections", &key);
    let members = settings.members().iter().filter_map(|(name, value)| {
        let is_it = *name == COLLECTION;
        let part = if is_it { Some(Part::Id(id.clone())) } else { Part::json(value.text()) };
        Some(((*name).to_owned(), part?))
    });
    body[at].1 = Part::Object(members.collect());
    let is_so = |live: &Value<'_>| {
        let same = |(name, value): &(&str, Value<'_>)| match live.member(name).filter(|_| *name == COLLECTION)
        {
            Some(live) => matches!(&id, Id::Known(id) if live.as_name().is_some_and(|live| live == *id)),
            None => live.member(name) == Some(value),
        };
        live.members().len() == settings.members().len() && settings.members().iter().all(same)
    };
    if sides.live.and_then(|live| live.member("settings")).is_some_and(is_so) {
        body.remove(at);
    }
}

fn is_same_but_ids(a: &Value<'_>, b: &Value<'_>) -> bool {
    match (a.node(), b.node()) {
        (Node::Object(of_a), Node::Object(of_b)) => {
            let said =
                |members: &[(&str, Value<'_>)]| members.iter().filter(|(name, _)| *name != "id").count();
            let is_so = |(name, value): &(&str, Value<'_>)| {
                *name == "id" || b.member(name).is_some_and(|other| is_same_but_ids(value, other))
            };
            said(of_a) == said(of_b) && of_a.iter().all(is_so)
        }
        (Node::List(of_a), Node::List(of_b)) => {
            of_a.len() == of_b.len() && of_a.iter().zip(of_b.iter()).all(|(a, b)| is_same_but_ids(a, b))
        }
        _ => a.text() == b.text(),
    }
}

/// Whether a live value says what is wanted, as far as it says anything: members that
/// this release does not have are not missed.
fn agrees(wanted: &Value<'_>, live: &Value<'_>) -> bool {
    match (wanted.node(), live.node()) {
        (Node::Object(_), Node::Object(members)) => members.iter().all(|(name, live)| {
            wanted.member(name).map_or(live.text() == "null", |wanted| agrees(wanted, live))
        }),
        (Node::List(wanted), Node::List(live)) => {
            wanted.len() == live.len()
                && wanted.iter().zip(live.iter()).all(|(wanted, live)| agrees(wanted, live))
        }
        _ => wanted.text() == live.text(),
    }
}

/// The filters of an alert.
const FILTERS: &str = "applied_dashboard_filters";

/// Filters with a title: an entry without one is refused, although some have it.
fn titled<'v>(filters: &'v Value<'v>) -> impl Iterator<Item = &'v Value<'v>> {
    let has_title = |one: &&Value<'_>| one.member("filter_title").and_then(Value::as_name).is_some();
    filters.elements().iter().filter(has_title)
}

fn agree_on_titled(wanted: &Value<'_>, live: &Value<'_>) -> bool {
    let both = titled(wanted).zip(titled(live));
    titled(wanted).count() == titled(live).count() && both.into_iter().all(|(a, b)| agrees(a, b))
}

/// An alert is replaced as a whole, and arrives asleep.
fn alert(composer: &mut Composer<'_>, resource: &Resource, sides: Sides<'_>, body: &mut Vec<(String, Part)>) {
    let is_asleep = |alert: &Value<'_>| alert.member("is_disabled").is_some_and(|off| off.text() == "true");
    let was_awake = sides.live.is_some_and(|live| !is_asleep(live));
    let lacks_secret = sides.wanted.member("destinations").is_some_and(is_redacted);
    let may_wake = composer.world.manner.enable_schedules && !lacks_secret;
    let sleeps_on = !is_asleep(sides.wanted) && !was_awake && !may_wake;
    if let Some(live) = sides.live {
        body.retain(|(field, _)| {
            let same = sides.wanted.member(field).zip(live.member(field));
            !(field == "is_disabled" && sleeps_on)
                && (resource.referred(field).is_some()
                    || !same.is_some_and(|(wanted, live)| {
                        if field == FILTERS { agree_on_titled(wanted, live) } else { agrees(wanted, live) }
                    }))
        });
    }
    if sleeps_on {
        composer.asleep |= !lacks_secret;
        composer.note(if lacks_secret {
            "it stays disabled, since what was not stored is missing".to_owned()
        } else {
            "it stays disabled (--enable-schedules)".to_owned()
        });
    }
    if body.is_empty() {
        return;
    }
    composer.differing = sides.live.map(|_| body.iter().map(|(field, _)| field.clone()).collect());
    if lacks_secret && sides.live.is_some() {
        composer.impossible =
            Some("an alert is replaced as a whole, and where it is sent was never stored".to_owned());
        return;
    }
    if lacks_secret {
        composer.note("where it is sent was not stored in full: enter it again".to_owned());
    }
    let fields = accepted::fields(composer, resource, sides);
    for field in fields.into_iter().filter(|field| !is_apart(resource, field)) {
        let Some(value) = sides.wanted.member(field) else { continue };
        if field == "destinations" && lacks_secret {
            body.push(("destinations".to_owned(), without_secrets(value)));
            continue;
        }
        if has(body, field) || value.text() == "null" || is_redacted(value) {
            continue;
        }
        // What it hangs on already nobody has to look for.
        let is_so = |referred| {
            let live = sides.live.and_then(|live| live.member(field));
            live == Some(value) && !composer.is_elsewhere(referred, value)
        };
        let part = match resource.referred(field) {
            Some(referred) if is_so(referred) => Part::json(value.text()),
            Some(referred) => value.as_name().map(|key| Part::Id(composer.id(referred, &key))),
            None => Part::json(value.text()),
        };
        body.extend(part.map(|part| (field.to_owned(), part)));
    }
    if let Some((_, filters)) = body.iter_mut().find(|(field, _)| field == FILTERS)
        && let Some(wanted) = sides.wanted.member(FILTERS)
    {
        let kept: Vec<Part> = titled(wanted).filter_map(|one| Part::json(one.text())).collect();
        if kept.len() < wanted.elements().len() {
            composer.note("a filter without a title is left out: Looker takes none".to_owned());
        }
        *filters = Part::List(kept);
    }
    if sleeps_on {
        body.retain(|(field, _)| field != "is_disabled");
        body.push(("is_disabled".to_owned(), literal("true")));
    }
}

/// A list of objects, without the members that were never stored.
fn without_secrets(list: &Value<'_>) -> Part {
    let one = |object: &Value<'_>| {
        let members = object.members().iter().filter(|(_, value)| !is_redacted(value));
        let member =
            |(name, value): &(&str, Value<'_>)| Some(((*name).to_owned(), Part::json(value.text())?));
        Part::Object(members.filter_map(member).collect())
    };
    Part::List(list.elements().iter().map(one).collect())
}

pub(super) fn has(body: &[(String, Part)], field: &str) -> bool {
    body.iter().any(|(name, _)| name == field)
}

/// A word of JSON.
pub(super) fn literal(word: &'static str) -> Part {
    Part::json(word).unwrap_or(Part::List(Vec::new()))
}
