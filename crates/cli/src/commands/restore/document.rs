//! Plans and what came of them, for scripts and as files.

use std::collections::HashMap;
use std::path::Path;

use engine::live::Cost;
use engine::restore::{Action, FORMAT, Plan, ReadBack, Restored};
use serde::Serialize;

use super::{addresses, advice};
use crate::exit::Exit;
use crate::report::Failure;

/// A plan in a document.
#[derive(Serialize)]
pub(super) struct PlanDocument<'a> {
    schema: &'static str,
    #[serde(flatten)]
    plan: &'a Plan,
    cost: Cost,
    acts_as: std::collections::BTreeSet<&'a str>,
    irreversible: Vec<Irreversible<'a>>,
}

#[derive(Serialize)]
struct Irreversible<'a> {
    step: u32,
    about: &'a str,
    why: &'a str,
}

pub(super) fn plan(plan: &Plan) -> PlanDocument<'_> {
    let irreversible =
        plan.irreversible().map(|(step, why)| Irreversible { step: step.number, about: &step.about, why });
    PlanDocument {
        schema: FORMAT,
        plan,
        cost: plan.cost(),
        acts_as: plan.acts_as(),
        irreversible: irreversible.collect(),
    }
}

/// Writes a plan to a file, whole or not at all.
///
/// # Errors
/// When it cannot be written.
pub(super) fn write_plan(path: &Path, plan: &Plan) -> Result<(), Failure> {
    let text = serde_json::to_vec_pretty(plan).map_err(|error| unusable(path, &error.to_string()))?;
    let beside = path.with_extension("part");
    let written = std::fs::write(&beside, text).and_then(|()| std::fs::rename(&beside, path));
    written.map_err(|error| unusable(path, &error.to_string()))
}

/// Reads a plan that is for this instance.
///
/// # Errors
/// When it cannot be read, is no plan of a known form, or is for another instance.
pub(super) fn read_plan(path: &Path, address: &str) -> Result<Plan, Failure> {
    let text = std::fs::read(path).map_err(|error| unusable(path, &error.to_string()))?;
    let plan: Plan = serde_json::from_slice(&text).map_err(|error| unusable(path, &error.to_string()))?;
    if plan.format != FORMAT {
        return Err(unusable(path, &format!("it is of the form `{}`, not `{FORMAT}`", plan.format)));
    }
    if plan.address != address {
        let message = format!("the plan is for {}, not for {address}", plan.address);
        return Err(Failure::new("restore.instance", Exit::Usage, message)
            .at(path.display())
            .hint("choose that instance with --instance"));
    }
    Ok(plan)
}

fn unusable(path: &Path, why: &str) -> Failure {
    Failure::new("restore.plan_file", Exit::Usage, format!("the plan cannot be used: {why}"))
        .at(path.display())
}

/// What a restore came to.
#[derive(Serialize)]
pub(super) struct RestoredDocument<'a> {
    schema: &'static str,
    restore: i64,
    state: &'static str,
    stopped: Option<String>,
    left: Cost,
    objects: Vec<ObjectPart<'a>>,
    enable: Option<String>,
    notes: &'a [String],
    calls: &'a [engine::extract::CallReport],
    seconds: f64,
}

#[derive(Serialize)]
struct ObjectPart<'a> {
    kind: &'a str,
    id: &'a str,
    new_id: Option<&'a str>,
    url: Option<String>,
    new_url: Option<String>,
    title: Option<&'a str>,
    action: &'static str,
    blocked: Option<&'a str>,
    steps: Vec<StatePart>,
    failures: Vec<&'a engine::restore::StepFailure>,
    exact: Option<bool>,
    refused: &'a [String],
    made_by_looker: &'a [String],
    not_accepted: &'a [String],
    asleep: bool,
    notes: &'a [String],
}

#[derive(Serialize)]
struct StatePart {
    state: &'static str,
    count: usize,
}

pub(super) fn restored<'a>(plan: &'a Plan, restored: &'a Restored) -> RestoredDocument<'a> {
    let backs: HashMap<(&str, &str), &ReadBack> =
        restored.read_back.iter().map(|back| ((back.kind.as_str(), back.key.as_str()), back)).collect();
    let objects = plan.objects.iter().zip(&restored.applied.objects).map(|(object, applied)| {
        let back = backs.get(&(object.kind.as_str(), object.key.as_str()));
        let new_id = back.and_then(|back| back.id.as_deref()).filter(|id| *id != object.key);
        let url = |id: &str| addresses::page(&plan.address, &object.kind, id);
        ObjectPart {
            kind: &object.kind,
            id: &object.key,
            new_id,
            url: url(&object.key),
            new_url: new_id.and_then(url),
            title: object.title.as_deref(),
            action: object.action.name(),
            blocked: match &object.action {
                Action::Blocked(why) => Some(why),
                _ => None,
            },
            steps: applied
                .steps
                .iter()
                .map(|(state, count)| StatePart { state: state.name(), count: *count })
                .collect(),
            failures: applied.failures.iter().map(|(_, failure)| failure).collect(),
            exact: back.map(|back| back.exact),
            refused: back.map_or(&[], |back| &back.refused),
            made_by_looker: back.map_or(&[], |back| &back.made_by_looker),
            not_accepted: back.map_or(&[], |back| &back.not_accepted),
            asleep: object.asleep,
            notes: &object.notes,
        }
    });
    RestoredDocument {
        schema: "lookervault.restore/1",
        restore: restored.restore.number(),
        state: restored.state.name(),
        stopped: restored.applied.stopped.as_ref().map(engine::extract::Stop::reason),
        left: restored.applied.left,
        objects: objects.collect(),
        enable: advice::enabling(plan, restored),
        notes: &plan.notes,
        calls: &restored.calls,
        seconds: restored.seconds,
    }
}
