//! Restores of the past: how they stand, and what failed.

use engine::restore::{Plan, StepFailure};
use serde::Serialize;
use vault::{Reader, RestoreId, RestoreInfo, StepInfo, StepState, Vault};

use super::{FailedChoice, advice};
use crate::context::Context;
use crate::exit::Exit;
use crate::output::{Align, Table, human};
use crate::report::{Failure, Outcome};

/// The restore of this number, or the newest that fits.
///
/// # Errors
/// When there is none.
pub(super) fn find(
    reader: &Reader,
    id: Option<i64>,
    fits: impl Fn(&RestoreInfo) -> bool,
) -> Result<RestoreInfo, Failure> {
    if let Some(id) = id {
        return Ok(reader.restore(RestoreId::from_number(id))?);
    }
    let none = || {
        Failure::new("restore.none", Exit::Failed, "there is no such restore")
            .hint("`lookervault restore status` shows all")
    };
    reader.restores()?.into_iter().find(fits).ok_or_else(none)
}

/// The plan of a restore.
///
/// # Errors
/// When the vault cannot be read, or a later version wrote it.
pub(super) fn plan_of(reader: &Reader, info: &RestoreInfo) -> Result<Plan, Failure> {
    serde_json::from_str(&reader.restore_plan(info.id)?).map_err(|error| {
        Failure::new(
            "restore.plan",
            Exit::Failed,
            format!("the plan of restore {} cannot be read: {error}", info.id),
        )
    })
}

#[derive(Serialize)]
struct RestoresDocument {
    schema: &'static str,
    restores: Vec<RestorePart>,
}

#[derive(Serialize)]
struct RestorePart {
    restore: i64,
    state: &'static str,
    as_of: i64,
    steps: u32,
    done: u64,
    failed: u64,
    blocked: u64,
    safety_run: Option<i64>,
    result_run: Option<i64>,
    started_at: String,
    ended_at: Option<String>,
}

impl RestorePart {
    fn new(info: &RestoreInfo) -> Self {
        Self {
            restore: info.id.number(),
            state: info.state.name(),
            as_of: info.as_of.number(),
            steps: info.steps,
            done: info.count(StepState::Done),
            failed: info.count(StepState::Failed),
            blocked: info.count(StepState::Blocked),
            safety_run: info.safety_run.map(vault::RunId::number),
            result_run: info.result_run.map(vault::RunId::number),
            started_at: info.started_at.to_string(),
            ended_at: info.ended_at.map(|at| at.to_string()),
        }
    }
}

/// Shows restores, or one of them step by step.
///
/// # Errors
/// When the vault cannot be read.
pub(super) fn status(context: &Context, id: Option<i64>) -> Outcome {
    let reader = Vault::open_for_reading(&context.config()?.vault.value)?;
    if let Some(id) = id {
        return one(context, &reader, &reader.restore(RestoreId::from_number(id))?);
    }
    let restores = reader.restores()?;
    if context.printer.is_json() {
        let restores = restores.iter().map(RestorePart::new).collect();
        context.printer.json(&RestoresDocument { schema: "lookervault.restores/1", restores })?;
        return Ok(Exit::Ok);
    }
    if restores.is_empty() {
        context.printer.line("Nothing was restored yet.")?;
        return Ok(Exit::Ok);
    }
    let right = |name| (name, Align::Right);
    let mut table = Table::new(&[
        right("restore"),
        ("state", Align::Left),
        ("began", Align::Left),
        right("as of run"),
        right("steps"),
        right("done"),
        right("failed"),
        right("undone by run"),
    ]);
    for info in &restores {
        table.row([
            info.id.to_string(),
            info.state.name().to_owned(),
            human::time(info.started_at, context.printer.zone()),
            info.as_of.to_string(),
            human::count(u64::from(info.steps)),
            human::count(info.count(StepState::Done)),
            human::count(info.count(StepState::Failed)),
            info.safety_run.map(|run| run.to_string()).unwrap_or_default(),
        ]);
    }
    context.printer.table(&table)?;
    Ok(Exit::Ok)
}

#[derive(Serialize)]
struct OneDocument {
    schema: &'static str,
    #[serde(flatten)]
    restore: RestorePart,
    step_list: Vec<StepPart>,
}

#[derive(Serialize)]
struct StepPart {
    step: u32,
    object: String,
    verb: &'static str,
    about: String,
    state: &'static str,
    tries: u32,
    status: Option<u16>,
    given: Vec<String>,
    failure: Option<StepFailure>,
}

/// Every step of a plan with what the journal has of it.
fn steps(reader: &Reader, info: &RestoreInfo) -> Result<Vec<StepPart>, Failure> {
    let plan = plan_of(reader, info)?;
    let journal = reader.restore_steps(info.id, None)?;
    let of = |number: u32| -> Option<&StepInfo> { journal.iter().find(|line| line.step == number) };
    let part = |step: &engine::restore::Step| {
        let line = of(step.number);
        StepPart {
            step: step.number,
            object: plan.objects.get(step.object).map(engine::restore::Object::name).unwrap_or_default(),
            verb: step.verb.name(),
            about: step.about.clone(),
            state: line.map_or(StepState::Pending, |line| line.state).name(),
            tries: line.map_or(0, |line| line.tries),
            status: line.and_then(|line| line.status),
            given: line
                .map(|line| line.given.iter().map(|given| given.id.clone()).collect())
                .unwrap_or_default(),
            failure: line.and_then(|line| serde_json::from_str(line.error.as_deref()?).ok()),
        }
    };
    Ok(plan.steps.iter().map(part).collect())
}

fn one(context: &Context, reader: &Reader, info: &RestoreInfo) -> Outcome {
    let steps = steps(reader, info)?;
    if context.printer.is_json() {
        let restore = RestorePart::new(info);
        context.printer.json(&OneDocument {
            schema: "lookervault.restore_steps/1",
            restore,
            step_list: steps,
        })?;
        return Ok(Exit::Ok);
    }
    let mut table = Table::new(&[
        ("step", Align::Right),
        ("state", Align::Left),
        ("object", Align::Left),
        ("does", Align::Left),
        ("what", Align::Left),
        ("gave", Align::Left),
    ]);
    for step in &steps {
        table.row([
            step.step.to_string(),
            step.state.to_owned(),
            human::one_line(&step.object),
            step.verb.to_owned(),
            human::one_line(&step.about),
            step.given.join(", "),
        ]);
    }
    context.printer.table(&table)?;
    context.printer.line(format!("Restore {} is {}.", info.id, info.state.name()))?;
    Ok(Exit::Ok)
}

/// Shows failed steps, sets them to be made again, or gives them up.
///
/// # Errors
/// When there are none, or the vault cannot be written.
pub(super) fn failed(context: &Context, what: FailedChoice, id: Option<i64>) -> Outcome {
    let path = context.config()?.vault.value;
    let reader = Vault::open_for_reading(&path)?;
    let info = find(&reader, id, |info| info.count(StepState::Failed) > 0)?;
    match what {
        FailedChoice::List | FailedChoice::Show => show(context, &reader, &info, what == FailedChoice::Show),
        FailedChoice::Retry => {
            drop(reader);
            let mut vault = Vault::open_for_writing(&path, vault::RESTORING)?;
            let steps = vault.retry_failed(info.id)?;
            drop(vault);
            context.printer.status(format!("{} will be made again.", human::counted(steps, "step", "steps")));
            super::carry::resume(context, Some(info.id.number()), None, false)
        }
        FailedChoice::Clear => {
            drop(reader);
            let mut vault = Vault::open_for_writing(&path, vault::RESTORING)?;
            let steps = vault.skip_failed(info.id)?;
            context
                .printer
                .status(format!("{} given up.", human::counted(steps, "failed step is", "failed steps are")));
            Ok(Exit::Ok)
        }
    }
}

#[derive(Serialize)]
struct FailedDocument {
    schema: &'static str,
    restore: i64,
    steps: Vec<StepPart>,
}

fn show(context: &Context, reader: &Reader, info: &RestoreInfo, all: bool) -> Outcome {
    let steps: Vec<StepPart> =
        steps(reader, info)?.into_iter().filter(|step| step.state == "failed").collect();
    if context.printer.is_json() {
        context.printer.json(&FailedDocument {
            schema: "lookervault.failed_steps/1",
            restore: info.id.number(),
            steps,
        })?;
        return Ok(Exit::Ok);
    }
    let plan = plan_of(reader, info)?;
    for step in steps {
        let Some(failure) = step.failure else { continue };
        let status = step.status.map(|status| format!("{status}: ")).unwrap_or_default();
        let reason = human::one_line(&failure.reason);
        context
            .printer
            .line(format!("step {}, {}, {}: {status}{reason}", step.step, step.object, step.about))?;
        if all {
            context.printer.line(format!("  {}", failure.request))?;
            let made = plan.steps.iter().find(|made| made.number == step.step);
            for line in advice::lines(&failure, made, info.id) {
                context.printer.line(format!("  {line}"))?;
            }
            if let Some(body) = &failure.body {
                context.printer.line(format!("  {}", body.get()))?;
            }
        }
    }
    Ok(Exit::Ok)
}
