//! System Activity, as far as a backup needs it: a query for plans, which
//! shows the disabled ones that no list of plans does (`looker-api-facts.md`
//! §10).

use serde_json::{Map, Value, json};

use crate::json;
use crate::kinds::Kind;
use crate::permissions;
use crate::reply::{Problem, Reply, Rows};
use crate::server::{Call, Server};
use crate::table::{Row, as_text};

/// Rows without a limit in the query.
const LIMIT: usize = 500;

/// `POST /queries/run/{result_format}`.
pub(crate) fn run(server: &Server, call: &Call) -> Reply {
    let Ok(query) = serde_json::from_slice::<Map<String, Value>>(&call.body) else {
        return Reply::error(400, &call.route(), "The request body is not a JSON object.");
    };
    let text = |name: &str| query.get(name).and_then(Value::as_str);
    let needed = ["model", "view"].into_iter().filter(|name| text(name).is_none());
    let problems: Vec<_> = needed.map(|name| Problem::missing_field(name, "is not present")).collect();
    if !problems.is_empty() {
        return Reply::invalid(&call.route(), &problems);
    }
    if call.id() != "json" {
        let message = "this instance runs queries as json only".to_owned();
        return Reply::invalid(&call.route(), &[Problem::invalid("result_format", message)]);
    }
    if !permissions::has(&server.config.account, "see_system_activity") {
        return server.denied(call);
    }
    if (text("model"), text("view")) != (Some("system__activity"), Some("scheduled_plan")) {
        return Reply::error(404, &call.route(), "The resource you're looking for could not be found");
    }
    answer(server, call, &query)
}

fn answer(server: &Server, call: &Call, query: &Map<String, Value>) -> Reply {
    let names = query.get("fields").and_then(Value::as_array);
    let fields: Vec<&str> = names.into_iter().flatten().filter_map(Value::as_str).collect();
    let filters = query.get("filters").and_then(Value::as_object);
    let filters: Vec<(&str, &str)> = filters
        .into_iter()
        .flatten()
        .filter_map(|(name, value)| Some((name.as_str(), value.as_str()?)))
        .collect();
    let world = server.world();
    let table = world.table(Kind::ScheduledPlan);
    let known = |name: &str| FIELDS.iter().any(|(have, _)| *have == name);
    if let Some(name) =
        fields.iter().copied().chain(filters.iter().map(|(name, _)| *name)).find(|name| !known(name))
    {
        // The query runs and says so in its result.
        return Reply::json(json!([{ "looker_error": format!("Unknown field \"{name}\".") }]).to_string());
    }
    let limit = match query.get("limit").and_then(Value::as_str).or(call.params.get("limit")) {
        Some("-1") => usize::MAX,
        limit => limit.and_then(|limit| limit.parse().ok()).unwrap_or(LIMIT),
    };
    let rows: Vec<Value> = table
        .slots(false)
        .iter()
        .map(|slot| table.row(*slot))
        .filter(|row| filters.iter().all(|(name, wanted)| matches(&value(row, name), wanted)))
        .take(limit)
        .map(|row| {
            fields.iter().map(|name| ((*name).to_owned(), value(row, name))).collect::<Map<_, _>>().into()
        })
        .collect();
    let cost = Rows { light: rows.len() as u32, ..Rows::default() };
    Reply { rows: cost, ..Reply::json(Value::from(rows).to_string()) }
}

/// Fields of the explore, and the members of a plan they are made of.
const FIELDS: [(&str, &str); 12] = [
    ("scheduled_plan.id", "id"),
    ("scheduled_plan.name", "name"),
    ("scheduled_plan.title", "title"),
    ("scheduled_plan.enabled", "enabled"),
    ("scheduled_plan.run_once", "run_once"),
    ("scheduled_plan.cron_schedule", "crontab"),
    ("scheduled_plan.datagroup", "datagroup"),
    ("scheduled_plan.created_time", "created_at"),
    ("user.id", "user_id"),
    ("dashboard.id", "dashboard_id"),
    ("look.id", "look_id"),
    ("scheduled_plan.lookml_dashboard_id", "lookml_dashboard_id"),
];

/// A field's value: ids as numbers, booleans as `Yes` and `No`.
fn value(row: &Row, field: &str) -> Value {
    let member = FIELDS.iter().find(|(have, _)| *have == field).map_or("id", |(_, member)| member);
    let raw = json::member(as_text(&row.body), member).unwrap_or("null");
    match raw {
        "true" => Value::from("Yes"),
        "false" => Value::from("No"),
        _ => {
            let value = json::text(raw).map_or(Value::Null, Value::from);
            let number = value
                .as_str()
                .filter(|_| field.rsplit('.').next() == Some("id"))
                .and_then(|text| text.parse::<u64>().ok());
            number.map_or(value, Value::from)
        }
    }
}

/// Whether a value fits a filter: `yes`/`no` or `true`/`false` for booleans,
/// anything for an empty one, else the text itself.
fn matches(value: &Value, wanted: &str) -> bool {
    let wanted = wanted.trim();
    let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let wanted = match wanted.to_ascii_lowercase().as_str() {
        "" => return true,
        "true" => "yes".to_owned(),
        "false" => "no".to_owned(),
        wanted => wanted.to_owned(),
    };
    text.eq_ignore_ascii_case(&wanted)
}
