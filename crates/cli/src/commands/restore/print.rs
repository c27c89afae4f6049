//! Plans and what came of them, for people.

use std::collections::BTreeMap;
use std::time::Duration;

use engine::live::Cost;
use engine::restore::{Action, Edited, Object, Plan, ReadBack, References, Restored, StoredOnly, Verb};
use vault::{RestoreState, StepState};

use super::{addresses, advice};
use crate::output::{Align, Printer, Table, human};
use crate::report::Failure;
use crate::standing::ByLedger;

/// Objects that are named one by one; `--json` names all.
const MOST_LINES: usize = 60;

/// Changes of an object that are named in its line.
const MOST_CHANGES: usize = 4;

/// Letters of a value that are shown.
const MOST_LETTERS: usize = 60;

/// Shows a plan.
pub(super) fn plan(printer: &Printer, plan: &Plan) -> Result<(), Failure> {
    let mut table = Table::new(&[
        ("action", Align::Left),
        ("kind", Align::Left),
        ("id", Align::Left),
        ("title", Align::Left),
        ("folder", Align::Left),
        ("changes", Align::Left),
    ]);
    let to_do: Vec<&Object> = plan.objects.iter().filter(|object| is_worth_a_line(object)).collect();
    for object in to_do.iter().take(MOST_LINES) {
        let kind = looker::Kind::find(&object.kind).map_or(object.kind.as_str(), |kind| kind.singular);
        table.row([
            action(printer, object),
            kind.to_owned(),
            human::one_line(&object.key),
            human::one_line(object.title.as_deref().unwrap_or_default()),
            human::one_line(object.folder.as_deref().unwrap_or_default()),
            some_of(&object.changes, "; "),
        ]);
    }
    if !to_do.is_empty() {
        printer.table(&table)?;
    }
    if to_do.len() > MOST_LINES {
        let rest = human::count((to_do.len() - MOST_LINES) as u64);
        printer.line(format!("… and {rest} more; --json names all"))?;
    }
    for object in to_do.iter().take(MOST_LINES) {
        for note in notes(object) {
            printer.line(format!("{}: {}", human::one_line(&object.name()), human::one_line(&note)))?;
        }
    }
    for (step, why) in plan.irreversible() {
        let name = human::one_line(&plan.objects[step.object].name());
        printer.line(format!(
            "{} {name}: {}{}: {}",
            printer.paint().caution("cannot be undone exactly:"),
            human::one_line(&step.about),
            if step.verb == Verb::Delete { " is deleted" } else { "" },
            human::one_line(why)
        ))?;
    }
    for note in &plan.notes {
        printer.line(format!("{} {}", printer.paint().caution("note:"), human::one_line(note)))?;
    }
    if let Some(references) = &plan.references {
        looked(printer, references)?;
    }
    printer.line(summary(plan))
}

/// Says where it was looked for what refers to something that gets a new id.
fn looked(printer: &Printer, references: &References) -> Result<(), Failure> {
    if !references.live.is_empty() {
        printer.line(format!(
            "What refers to an old id was looked for in {} as they are now, by {}.",
            references.live.join(", "),
            human::counted(references.calls, "call", "calls")
        ))?;
    }
    let mut by_reason: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for StoredOnly { kind, why } in &references.stored {
        by_reason.entry(why).or_default().push(kind);
    }
    for (why, kinds) in by_reason {
        printer.line(format!(
            "{} what refers to an old id was looked for in {} only as the vault read them last: {}",
            printer.paint().caution("note:"),
            kinds.join(", "),
            human::one_line(why)
        ))?;
    }
    Ok(())
}

/// Names what differs and was not written, and why.
fn unwritten(printer: &Printer, restored: &Restored) -> Result<(), Failure> {
    type Of = fn(&ReadBack) -> &[String];
    let whys: [(&str, Of); 2] = [
        ("the instance does not take it", |back| &back.not_accepted),
        ("only Looker writes it", |back| &back.made_by_looker),
    ];
    for (why, of) in whys {
        let all = restored.read_back.iter().filter(|back| !of(back).is_empty());
        let more = all.clone().count().saturating_sub(MOST_LINES);
        for back in all.take(MOST_LINES) {
            let kind = looker::Kind::find(&back.kind).map_or(back.kind.as_str(), |kind| kind.singular);
            let fields = some_of(of(back), ", ");
            printer.line(format!("{kind} {}: not written, since {why}: {fields}", back.key))?;
        }
        if more > 0 {
            let more = human::counted(more as u64, "object", "objects");
            printer.line(format!("… and fields of {more} more; --json names all"))?;
        }
    }
    Ok(())
}

/// The first of several words, and how many more there are.
fn some_of(words: &[String], between: &str) -> String {
    let first: Vec<String> = words.iter().take(MOST_CHANGES).map(|word| human::one_line(word)).collect();
    let mut text = first.join(between);
    if words.len() > MOST_CHANGES {
        text += &format!("{between}{} more", words.len() - MOST_CHANGES);
    }
    text
}

/// What is equal is only counted.
fn is_worth_a_line(object: &Object) -> bool {
    object.action != Action::Skip || !object.notes.is_empty()
}

fn action(printer: &Printer, object: &Object) -> String {
    let paint = printer.paint();
    let name = object.action.name();
    match object.action {
        Action::Blocked(_) => paint.bad(name),
        Action::Conflict => paint.caution(name),
        _ if object.conflict => paint.caution(format!("{name} (conflict)")),
        _ => name.to_owned(),
    }
}

fn notes(object: &Object) -> Vec<String> {
    let blocked = match &object.action {
        Action::Blocked(why) => Some(format!("blocked: {why}")),
        _ => None,
    };
    let conflict = object.conflict.then(|| "somebody changed it after the vault last read it".to_owned());
    let edited = object.edited.iter().take(MOST_CHANGES).map(three_sides);
    let more = object.edited.len().saturating_sub(MOST_CHANGES);
    let more = (more > 0).then(|| format!("… and {more} more of what somebody changed; --json names all"));
    let notes = object.notes.iter().cloned();
    blocked.into_iter().chain(conflict).chain(edited).chain(more).chain(notes).collect()
}

/// `title: "A" then, "B" when it was last read, "C" now`.
fn three_sides(edited: &Edited) -> String {
    let shortened = |text: &String| {
        let first: String = text.chars().take(MOST_LETTERS).collect();
        if first.len() < text.len() { first + "…" } else { first }
    };
    let side = |value: &Option<String>| value.as_ref().map_or_else(|| "nothing".to_owned(), shortened);
    format!(
        "{}: {} then, {} when it was last read, {} now",
        edited.place,
        side(&edited.then),
        side(&edited.last),
        side(&edited.now)
    )
}

fn summary(plan: &Plan) -> String {
    let count = |name: &str| plan.objects.iter().filter(|object| object.action.name() == name).count();
    let words = ["create", "undelete", "update", "move", "re-own", "remove", "skip", "conflict", "blocked"]
        .into_iter();
    let counts = words.filter_map(|name| {
        let label = if name == "skip" { "equal" } else { name };
        Some(count(name))
            .filter(|count| *count > 0)
            .map(|count| format!("{} {label}", human::count(count as u64)))
    });
    let counts = counts.collect::<Vec<_>>().join(", ");
    let objects = human::counted(plan.objects.len() as u64, "object", "objects");
    if plan.is_empty() {
        return format!("{objects}: {counts}. There is nothing to do.");
    }
    let steps = human::counted(plan.steps.len() as u64, "step", "steps");
    let users = plan.acts_as().len() as u64;
    let sign_ins = match human::counted(users, "user", "users") {
        _ if users == 0 => String::new(),
        users => format!(" For favorites, {users} would be signed in and out, which is not metered."),
    };
    format!("{objects}: {counts}. {steps} would take {}.{sign_ins}", price(plan.cost()))
}

pub(super) fn price(cost: Cost) -> String {
    let Cost { administrative, query_based } = cost;
    ByLedger { administrative, query_based, unmetered: 0 }.words()
}

/// Shows what failed and what differs.
pub(super) fn outcome(printer: &Printer, plan: &Plan, restored: &Restored) -> Result<(), Failure> {
    let paint = printer.paint();
    for (object, applied) in plan.objects.iter().zip(&restored.applied.objects) {
        for (number, failure) in &applied.failures {
            let name = human::one_line(&object.name());
            printer.line(format!(
                "{} {name}: {}: {}",
                paint.bad("failed:"),
                failure.request,
                human::one_line(&failure.reason)
            ))?;
            let step = plan.steps.iter().find(|step| step.number == *number);
            for line in advice::lines(failure, step, restored.restore) {
                printer.line(format!("  {line}"))?;
            }
        }
        let blocked = applied.steps.get(&StepState::Blocked).copied().unwrap_or(0);
        if blocked > 0 {
            let name = human::one_line(&object.name());
            let steps = human::counted(blocked as u64, "step", "steps");
            printer
                .line(format!("{} {name}: {steps} that needed what failed", paint.caution("not done:")))?;
        }
    }
    for back in restored.read_back.iter().filter(|back| !back.refused.is_empty()) {
        let kind = looker::Kind::find(&back.kind).map_or(back.kind.as_str(), |kind| kind.singular);
        let refused = human::one_line(&back.refused.join("; "));
        printer.line(format!("{} {kind} {}: {refused}", paint.bad("differs:"), back.key))?;
    }
    unwritten(printer, restored)?;
    Ok(())
}

/// The ids that objects had and have, with their addresses.
fn renumbered(printer: &Printer, plan: &Plan, restored: &Restored) -> Result<(), Failure> {
    let mut table = Table::new(&[
        ("kind", Align::Left),
        ("id", Align::Left),
        ("is now", Align::Left),
        ("address", Align::Left),
        ("is now", Align::Left),
    ]);
    let mut any = false;
    for back in &restored.read_back {
        let Some(id) = back.id.as_ref().filter(|id| **id != back.key) else { continue };
        let kind = looker::Kind::find(&back.kind).map_or(back.kind.as_str(), |kind| kind.singular);
        let address = |id: &str| addresses::page(&plan.address, &back.kind, id).unwrap_or_default();
        table.row([kind.to_owned(), back.key.clone(), id.clone(), address(&back.key), address(id)]);
        any = true;
    }
    if any { printer.table(&table) } else { Ok(()) }
}

/// Names what stays disabled, with the command that enables it.
fn asleep(printer: &Printer, plan: &Plan, restored: &Restored) -> Result<(), Failure> {
    let Some(command) = advice::enabling(plan, restored) else { return Ok(()) };
    let count = advice::asleep(plan, restored).count() as u64;
    printer.line(format!(
        "{} disabled, so that nothing is sent. `{command}` enables them; a schedule is then sent at once.",
        human::counted(count, "schedule or alert stays", "schedules and alerts stay"),
    ))
}

/// Shows what a restore came to.
pub(super) fn restored(printer: &Printer, plan: &Plan, restored: &Restored) -> Result<(), Failure> {
    outcome(printer, plan, restored)?;
    renumbered(printer, plan, restored)?;
    asleep(printer, plan, restored)?;
    let paint = printer.paint();
    let exact = restored.read_back.iter().filter(|back| back.exact).count();
    let mut spent = ByLedger::default();
    restored.calls.iter().for_each(|line| spent.add(line.ledger.name(), line.calls));
    printer.line(format!(
        "{} of {} came back exactly, in {}, {}.",
        human::count(exact as u64),
        human::counted(restored.read_back.len() as u64, "object", "objects"),
        human::duration(Duration::from_secs_f64(restored.seconds)),
        spent.words(),
    ))?;
    if let Some(stop) = &restored.applied.stopped {
        let stop = human::one_line(&stop.reason());
        printer.line(format!(
            "It stopped early: {stop}. What is left takes {}; `lookervault restore resume {}` goes on.",
            price(restored.applied.left),
            restored.restore
        ))?;
    }
    printer.line(match restored.state {
        RestoreState::Complete => paint.good(format!("Restore {} is complete.", restored.restore)),
        state => paint.bad(format!("Restore {} is {}.", restored.restore, state.name())),
    })
}
