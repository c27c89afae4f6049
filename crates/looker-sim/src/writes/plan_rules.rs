//! What a schedule must be (`looker-api-facts.md` §10). All that is wrong is named
//! at once.

use super::Edit;
use super::given::{Given, required};
use super::plans::TARGETS;
use crate::json;
use crate::kinds::Kind;
use crate::reply::Problem;
use crate::table::as_text;

/// What must be said of a plan on a look.
pub(super) const REQUIRES: [&str; 3] = ["require_results", "require_no_results", "require_change"];

/// Flags, none of which may be null.
const FLAGS: [&str; 14] = [
    "enabled",
    "run_as_recipient",
    "require_results",
    "require_no_results",
    "require_change",
    "send_all_results",
    "run_once",
    "include_links",
    "include_dashboard_summary",
    "show_custom_url",
    "pdf_landscape",
    "embed",
    "long_tables",
    "pdf_page_breaks",
];

/// Formats in which all results of a dashboard can be sent.
const UNLIMITED: [&str; 5] = ["txt", "csv", "json", "xlsx", "html"];

/// Flags that are sent as null.
pub(super) fn nulls(given: &Given) -> Vec<Problem> {
    let null = FLAGS.iter().filter(|flag| given.get(flag) == Some("null"));
    null.map(|flag| Problem::invalid(flag, format!("{flag} must be true or false"))).collect()
}

/// A plan as it is going to be, read.
struct Draft<'p> {
    plan: &'p str,
}

impl<'p> Draft<'p> {
    fn get(&self, member: &str) -> &'p str {
        json::member(self.plan, member).unwrap_or("null")
    }

    /// A text, unless it is empty.
    fn text(&self, member: &str) -> Option<String> {
        json::text(self.get(member)).filter(|text| !text.is_empty())
    }
}

/// What is wrong with a plan.
pub(super) fn problems(edit: &Edit<'_>, plan: &str) -> Vec<Problem> {
    let plan = Draft { plan };
    let mut problems = Vec::new();
    if plan.text("name").is_none() {
        problems.push(required("name"));
    }
    target(edit, &plan, &mut problems);
    trigger(&plan, &mut problems);
    destinations(&plan, &mut problems);
    all_results(&plan, &mut problems);
    tabs(edit, &plan, &mut problems);
    problems
}

/// Exactly one target, which exists.
fn target(edit: &Edit<'_>, plan: &Draft<'_>, problems: &mut Vec<Problem>) {
    let named: Vec<_> = TARGETS.iter().filter(|(member, _)| plan.text(member).is_some()).collect();
    match named[..] {
        [(member, kind)] => {
            let id = plan.text(member).unwrap_or_default();
            if kind.is_some_and(|kind| edit.row(kind, &id).is_err()) {
                problems.push(Problem::invalid(member, format!("content not found for {member}")));
            }
        }
        [] => {
            let message = "one of look_id, dashboard_id, lookml_dashboard_id and query_id is needed";
            problems.push(Problem::missing_field("dashboard_id", message));
        }
        [_, (member, _), ..] => {
            problems.push(Problem::invalid(member, "a plan has one target only".to_owned()));
        }
    }
    if plan.text("look_id").is_some() {
        problems.extend(REQUIRES.iter().filter(|flag| plan.get(flag) == "null").map(|flag| required(flag)));
    }
}

/// A clock or a datagroup. A plan that is run at once needs neither.
fn trigger(plan: &Draft<'_>, problems: &mut Vec<Problem>) {
    let (crontab, datagroup) = (plan.text("crontab"), plan.text("datagroup"));
    match (&crontab, &datagroup) {
        (None, None) if plan.get("run_once") != "true" => problems.push(required("crontab")),
        (Some(_), Some(_)) => {
            problems.push(Problem::invalid("datagroup", "datagroup can't be used with crontab".to_owned()));
        }
        _ => {}
    }
    if crontab.is_some_and(|crontab| crontab.split_whitespace().count() != 5) {
        problems.push(Problem::invalid("crontab", "crontab is not valid".to_owned()));
    }
}

/// At least one, each with a type, an address and a format.
fn destinations(plan: &Draft<'_>, problems: &mut Vec<Problem>) {
    const LIST: &str = "scheduled_plan_destination";
    let list = plan.get(LIST);
    if matches!(list, "null" | "[]") {
        problems.push(required(LIST));
        return;
    }
    for (n, destination) in json::elements(list).enumerate() {
        let to = Draft { plan: destination };
        for member in ["type", "format"].into_iter().filter(|member| to.text(member).is_none()) {
            problems.push(required(&format!("{LIST}[{n}].{member}")));
        }
        let kind = to.text("type").unwrap_or_default();
        let needs_address = ["email", "webhook", "s3", "sftp"].contains(&kind.as_str());
        match to.text("address") {
            None if needs_address => problems.push(required(&format!("{LIST}[{n}].address"))),
            Some(address) if kind == "email" && !address.contains('@') => {
                let message = format!("{address} is not a valid address");
                problems.push(Problem::invalid(&format!("{LIST}[{n}].address"), message));
            }
            _ => {}
        }
    }
}

/// All results are not for dashboards; two problems, as recorded.
fn all_results(plan: &Draft<'_>, problems: &mut Vec<Problem>) {
    let on = ["dashboard_id", "lookml_dashboard_id"].into_iter().find(|member| plan.text(member).is_some());
    let Some(member) = on.filter(|_| plan.get("send_all_results") == "true") else { return };
    problems.push(Problem::invalid(member, "Cannot send all results for dashboards".to_owned()));
    for to in json::elements(plan.get("scheduled_plan_destination")) {
        let to = Draft { plan: to };
        let (format, kind) = (to.text("format").unwrap_or_default(), to.text("type").unwrap_or_default());
        if !UNLIMITED.contains(&format.as_str()) {
            let valid = UNLIMITED.map(|format| format!(":{format}")).join(", ");
            let message = format!(
                "format {format} invalid -- valid formats for unlimited Dashboard sent as '{kind}' are [{valid}]"
            );
            problems.push(Problem::invalid("format", message));
        }
    }
}

/// Tabs are layouts of the dashboard.
fn tabs(edit: &Edit<'_>, plan: &Draft<'_>, problems: &mut Vec<Problem>) {
    let Some(dashboard) = plan.text("dashboard_id") else { return };
    let Ok(row) = edit.row(Kind::Dashboard, &dashboard) else { return };
    let layouts = json::member(as_text(&row.body), "dashboard_layouts").unwrap_or("[]");
    let known: Vec<_> = json::elements(layouts).filter_map(|layout| json::member(layout, "id")).collect();
    let tabs = Some(plan.get("tab_ids")).filter(|tabs| *tabs != "null").unwrap_or("[]");
    if json::elements(tabs).any(|tab| !known.contains(&tab)) {
        problems.push(Problem::invalid("tab_ids", "tab_ids must be tabs of the dashboard".to_owned()));
    }
}
