//! What an alert must be (`looker-api-facts.md` §11). All that is wrong is named at
//! once.

use super::Edit;
use super::alerts::tile;
use super::given::required;
use crate::json;
use crate::kinds::Kind;
use crate::reply::Problem;

const COMPARISONS: [&str; 8] = [
    "EQUAL_TO",
    "GREATER_THAN",
    "GREATER_THAN_OR_EQUAL_TO",
    "LESS_THAN",
    "LESS_THAN_OR_EQUAL_TO",
    "INCREASES_BY",
    "DECREASES_BY",
    "CHANGES_BY",
];

/// Types of tiles that show data, or may.
const WITHOUT_DATA: [&str; 2] = ["\"text\"", "\"button\""];

/// What is wrong with what was given.
pub(super) fn problems(edit: &Edit<'_>, is_new: bool) -> Vec<Problem> {
    let needs_owner = !is_new || edit.server.config.new_alerts_need_owner;
    let mut problems = edit.given.missing("Alert");
    problems.retain(|problem| needs_owner || problem.field != "owner_id");
    field(edit, is_new && needs_owner, &mut problems);
    place(edit, is_new, &mut problems);
    condition(edit, &mut problems);
    destinations(edit, &mut problems);
    filters(edit, &mut problems);
    problems
}

fn lacks(object: &str, member: &str) -> bool {
    json::member(object, member).and_then(json::text).is_none_or(|text| text.is_empty())
}

/// The field has a name and a title, and in some releases its filter.
fn field(edit: &Edit<'_>, needs_filter: bool, problems: &mut Vec<Problem>) {
    let Some(field) = edit.given.some("field") else { return };
    let absent = ["name", "title"].into_iter().filter(|member| lacks(field, member));
    problems.extend(absent.map(|member| required(&format!("field.{member}"))));
    if needs_filter && json::member(field, "filter").is_none() {
        problems.push(required("field.filter"));
    }
}

/// A tile that shows data, or an element of a LookML dashboard.
fn place(edit: &Edit<'_>, is_new: bool, problems: &mut Vec<Problem>) {
    let given = edit.given.text("dashboard_element_id");
    if let Some(id) = &given {
        match tile(edit.world, id) {
            None => {
                problems.push(Problem::invalid("dashboard_element_id", format!("there is no element {id}")));
            }
            Some((.., tile)) if WITHOUT_DATA.contains(&json::member(tile, "type").unwrap_or("null")) => {
                let message = "the element shows no data".to_owned();
                problems.push(Problem::invalid("dashboard_element_id", message));
            }
            Some(_) => {}
        }
    }
    if let Some(id) = edit.given.text("lookml_dashboard_id")
        && edit.row(Kind::LookmlDashboard, &id).is_err()
    {
        problems.push(Problem::invalid("lookml_dashboard_id", format!("there is no LookML dashboard {id}")));
    }
    let has_lookml =
        ["lookml_dashboard_id", "lookml_link_id"].iter().all(|name| edit.given.text(name).is_some());
    if is_new && given.is_none() && !has_lookml {
        problems.push(required("dashboard_element_id"));
    }
}

/// What is compared, and when: every fifteen minutes at most.
fn condition(edit: &Edit<'_>, problems: &mut Vec<Problem>) {
    if let Some(comparison) = edit.given.text("comparison_type")
        && !COMPARISONS.contains(&comparison.as_str())
    {
        problems.push(Problem::invalid("comparison_type", format!("{comparison} is not a comparison")));
    }
    if let Some(cron) = edit.given.text("cron") {
        let minutes = cron.split_whitespace().next().unwrap_or_default();
        let every = minutes.strip_prefix("*/").and_then(|every| every.parse::<u32>().ok());
        let too_often = minutes == "*" || every.is_some_and(|every| every < 15);
        if cron.split_whitespace().count() != 5 || too_often {
            problems.push(Problem::invalid("cron", format!("cron {cron} is not valid")));
        }
    }
}

/// At least one, all of one type.
fn destinations(edit: &Edit<'_>, problems: &mut Vec<Problem>) {
    let Some(list) = edit.given.some("destinations") else { return };
    let types: Vec<_> = json::elements(list).map(|to| json::member(to, "destination_type")).collect();
    if types.is_empty() {
        problems.push(required("destinations"));
    }
    if types.windows(2).any(|pair| pair[0] != pair[1]) {
        problems.push(Problem::invalid("destinations", "destinations must be of one type".to_owned()));
    }
    for (n, to) in json::elements(list).enumerate() {
        let needed = match json::member(to, "destination_type") {
            Some("\"EMAIL\"") => "email_address",
            Some("\"ACTION_HUB\"") => "action_hub_integration_id",
            _ => "destination_type",
        };
        if needed == "destination_type" || lacks(to, needed) {
            problems.push(required(&format!("destinations[{n}].{needed}")));
        }
    }
}

/// Every filter that applies has a title.
fn filters(edit: &Edit<'_>, problems: &mut Vec<Problem>) {
    for (n, filter) in
        json::elements(edit.given.some("applied_dashboard_filters").unwrap_or("[]")).enumerate()
    {
        let path = |member: &str| format!("applied_dashboard_filters[{n}].{member}");
        if lacks(filter, "filter_title") {
            problems.push(required(&path("filter_title")));
        }
        // A filter by date may be on no field.
        for member in ["field_name", "filter_value"] {
            if json::member(filter, member).and_then(json::text).is_none() {
                problems.push(required(&path(member)));
            }
        }
    }
}
