//! Schedules (`looker-api-facts.md` §10). Creating one that is enabled, enabling
//! one, and running one sends it at once.

use super::given::Given;
use super::rows::{is_admin, of, owner, rows};
use super::{Edit, Failure, Wrote, bodies, plan_rules};
use crate::json::{self, quoted};
use crate::kinds::Kind;
use crate::objects;
use crate::routes::View;
use crate::state::{Changes, World, change};
use crate::table::as_text;

const KIND: Kind = Kind::ScheduledPlan;

/// What a plan may be on: the member that names it, and its kind. A query has
/// none here.
pub(super) const TARGETS: [(&str, Option<Kind>); 4] = [
    ("dashboard_id", Some(Kind::Dashboard)),
    ("look_id", Some(Kind::Look)),
    ("lookml_dashboard_id", Some(Kind::LookmlDashboard)),
    ("query_id", None),
];

fn shown(id: String) -> Wrote {
    Wrote::Object(KIND, View::Whole, id)
}

/// `POST /scheduled_plans`.
pub(crate) fn create(edit: &mut Edit<'_>) -> Result<Wrote, Failure> {
    let draft = draft(edit, &bodies::filled(bodies::SCHEDULED_PLAN, &[]))?;
    add(edit, &draft)
}

/// `POST /scheduled_plans/run_once`: a plan that brings an id is not found.
pub(crate) fn run_once(edit: &mut Edit<'_>) -> Result<Wrote, Failure> {
    if json::member(&edit.body, "id").is_some() {
        return Err(Failure::NotFound);
    }
    let once = bodies::filled(bodies::SCHEDULED_PLAN, &[("run_once", "true".to_owned())]);
    run(edit, &once)
}

/// `POST /scheduled_plans/{id}/run_once`: a copy with what is given on top; the
/// plan itself stays as it is.
pub(crate) fn run_once_by_id(edit: &mut Edit<'_>) -> Result<Wrote, Failure> {
    let id = edit.id();
    let plan = writable(edit, &id)?;
    run(edit, &json::patch(&plan, &[("last_run_at", "null".to_owned())]))
}

fn run(edit: &mut Edit<'_>, from: &str) -> Result<Wrote, Failure> {
    let draft = draft(edit, from)?;
    add(edit, &json::patch(&draft, &[("run_once", "true".to_owned()), ("enabled", "true".to_owned())]))
}

/// A plan of the caller's, or of anybody when it is an administrator.
fn writable(edit: &Edit<'_>, id: &str) -> Result<String, Failure> {
    let row = edit.row(KIND, id)?;
    let may = is_admin(edit) || row.text(KIND, "user_id") == edit.call.user;
    if may { Ok(as_text(&row.body).to_owned()) } else { Err(Failure::NotFound) }
}

/// A plan with what was given on top, when nothing is wrong with it.
fn draft(edit: &mut Edit<'_>, from: &str) -> Result<String, Failure> {
    let nulls = plan_rules::nulls(&edit.given);
    let caller = || {
        json::text(json::member(from, "user_id").unwrap_or("null")).unwrap_or_else(|| edit.call.user.clone())
    };
    let owner = owner(edit, "user_id")?.unwrap_or_else(caller);
    let mut changes = changes_of(edit.take_given());
    change(&mut changes, "user_id", quoted(&owner));
    change(&mut changes, "user", person(edit.world, &owner));
    let plan = json::patch(from, &changes);
    let mut problems = nulls;
    problems.extend(plan_rules::problems(edit, &plan));
    super::rows::refuse(problems)?;
    let title = TARGETS.iter().find_map(|(member, kind)| {
        let id = json::text(json::member(&plan, member)?)?;
        Some(edit.world.get((*kind)?, &id)?.text((*kind)?, "title").to_owned())
    });
    let mut settled: Changes<'_> =
        vec![("title", title.map_or_else(|| "null".to_owned(), |title| quoted(&title)))];
    for flag in plan_rules::REQUIRES {
        if json::member(&plan, flag) == Some("null") {
            settled.push((flag, "false".to_owned()));
        }
    }
    Ok(json::patch(&plan, &settled))
}

/// What was given. The old name of the filters is another for the same.
fn changes_of(given: Given) -> Changes<'static> {
    let mut changes = given.without(&["user", "user_id"]).into_changes();
    let filters = changes.iter().find(|(name, _)| matches!(*name, "filters_string" | "dashboard_filters"));
    if let Some(filters) = filters.map(|(_, value)| value.clone()) {
        change(&mut changes, "filters_string", filters.clone());
        change(&mut changes, "dashboard_filters", filters);
    }
    changes
}

/// The `UserPublic` of an owner.
fn person(world: &World, id: &str) -> String {
    let row = world.get(Kind::User, id);
    let of = |member| row.map_or("null", |row| of(row, member));
    format!(
        r#"{{"can":{{"show":true}},"id":{},"first_name":{},"last_name":{},"display_name":{},"avatar_url":{},"url":{}}}"#,
        quoted(id),
        of("first_name"),
        of("last_name"),
        of("display_name"),
        of("avatar_url"),
        of("url"),
    )
}

/// Creates a plan, and sends it when it is enabled.
fn add(edit: &mut Edit<'_>, plan: &str) -> Result<Wrote, Failure> {
    let now = edit.now();
    let first = next_destination(edit.world);
    let number = edit.world.table(KIND).largest_key() + 1;
    let destinations = destinations(edit, plan, number, first);
    let sends = json::member(plan, "enabled") == Some("true");
    let mut changes =
        vec![("scheduled_plan_destination", destinations), ("created_at", now.clone()), ("updated_at", now)];
    changes.push(next_run(plan));
    let body = json::patch(plan, &changes);
    let id = edit.create(KIND, |id| json::patch(&body, &[("id", quoted(&id.to_string()))]));
    if sends {
        deliver(edit, &id)?;
    }
    Ok(shown(id))
}

/// When a plan runs next: some time, or never.
fn next_run(plan: &str) -> (&'static str, String) {
    let runs = json::member(plan, "enabled") == Some("true")
        && json::member(plan, "run_once") != Some("true")
        && json::member(plan, "crontab").is_some_and(|crontab| !matches!(crontab, "null" | "\"\""));
    ("next_run_at", if runs { quoted("2026-11-18T16:53:20.000+00:00") } else { "null".to_owned() })
}

/// A number above those of all destinations.
fn next_destination(world: &World) -> u64 {
    let ids = rows(world, KIND).flat_map(|plan| {
        let list = of(plan, "scheduled_plan_destination");
        json::elements(list).filter_map(|to| json::text(json::member(to, "id")?)?.parse::<u64>().ok())
    });
    ids.max().unwrap_or(0) + 1
}

/// The destinations of a plan under new ids. Secrets are kept and never shown.
fn destinations(edit: &Edit<'_>, plan: &str, number: u64, first: u64) -> String {
    let list = json::member(plan, "scheduled_plan_destination").unwrap_or("[]");
    let destination = |(n, given): (usize, &str)| {
        let written = Given::read("ScheduledPlanDestination", given).unwrap_or_default();
        let is_user = written.text("address").is_some_and(|address| {
            let mut users = rows(edit.world, Kind::User);
            users.any(|user| user.text(Kind::User, "email").eq_ignore_ascii_case(&address))
        });
        let is_mail = written.get("type") == Some("\"email\"");
        let mut changes = written.without(&["secret_parameters", "scheduled_plan_id"]).into_changes();
        changes.retain(|(name, value)| value != "null" || !name.starts_with("apply_"));
        change(&mut changes, "id", quoted(&(first + n as u64).to_string()));
        change(&mut changes, "scheduled_plan_id", quoted(&number.to_string()));
        change(&mut changes, "looker_recipient", (is_mail && is_user).to_string());
        bodies::filled(bodies::DESTINATION, &changes)
    };
    let list: Vec<_> = json::elements(list).enumerate().map(destination).collect();
    format!("[{}]", list.join(","))
}

/// `PATCH /scheduled_plans/{id}`: what is not sent stays; destinations that are
/// sent take the place of all.
pub(crate) fn update(edit: &mut Edit<'_>) -> Result<Wrote, Failure> {
    let id = edit.id();
    let before = writable(edit, &id)?;
    let replaces = edit.given.get("scheduled_plan_destination").is_some();
    let plan = draft(edit, &before)?;
    let mut changes = vec![("updated_at", edit.now()), next_run(&plan)];
    if replaces {
        let first = next_destination(edit.world);
        let number = id.parse().unwrap_or_default();
        changes.push(("scheduled_plan_destination", destinations(edit, &plan, number, first)));
    }
    edit.world.put(KIND, &id, json::patch(&plan, &changes).into())?;
    let enabled = |plan| json::member(plan, "enabled") == Some("true");
    if enabled(&plan) && !enabled(&before) {
        deliver(edit, &id)?;
    }
    Ok(shown(id))
}

/// `DELETE /scheduled_plans/{id}`.
pub(crate) fn delete(edit: &mut Edit<'_>) -> Result<Wrote, Failure> {
    let id = edit.id();
    writable(edit, &id)?;
    objects::purge(edit.world, KIND, &id)?;
    Ok(Wrote::Nothing)
}

/// Notes that a plan is sent to its destinations.
fn deliver(edit: &mut Edit<'_>, id: &str) -> Result<(), Failure> {
    let list = of(edit.world.get(KIND, id).ok_or(Failure::NotFound)?, "scheduled_plan_destination");
    let to = json::elements(list).filter_map(|to| json::text(json::member(to, "address")?)).collect();
    edit.send("plan_delivery", KIND, id, to);
    Ok(())
}
