//! What a rehearsal showed, for people and for scripts.

use std::collections::{BTreeMap, BTreeSet};

use engine::extract::CallReport;
use engine::live::Cost;
use engine::restore::{Action, Object};
use looker::Kind;
use serde::Serialize;

use super::Damage;
use super::damage::Inflicted;
use super::play::Rehearsal;
use crate::commands::restore::document::{self, PlanDocument, RestoredDocument};
use crate::commands::restore::{carry, print};
use crate::exit::Exit;
use crate::output::{Printer, human};
use crate::report::Failure;
use crate::standing::ByLedger;

/// Objects that are made anew and are named one by one; `--json` names all.
const MOST_NAMES: usize = 12;

/// Shows a rehearsal.
///
/// # Errors
/// When nobody reads it.
pub(super) fn print(printer: &Printer, rehearsal: &Rehearsal) -> Result<(), Failure> {
    if let Some((damage, inflicted)) = &rehearsal.damage {
        printer.status(told(*damage, inflicted));
    }
    print::plan(printer, &rehearsal.plan)?;
    if let Some(restored) = &rehearsal.restored {
        print::outcome(printer, &rehearsal.plan, restored)?;
        let paint = printer.paint();
        let exact = restored.read_back.iter().filter(|back| back.exact).count();
        let all = human::counted(restored.read_back.len() as u64, "object", "objects");
        let line = format!("{} of {all} came back exactly.", human::count(exact as u64));
        printer.line(if exact == restored.read_back.len() { paint.good(line) } else { paint.bad(line) })?;
        if let Some(stop) = &restored.applied.stopped {
            printer.line(format!("It stopped early: {}.", human::one_line(&stop.reason())))?;
        }
    }
    lost(printer, rehearsal)?;
    printer.line(prices(&Prices::of(rehearsal)))?;
    printer.status(format!(
        "Nothing was written to {}, and {} was not asked for anything.",
        rehearsal.vault.display(),
        rehearsal.plan.address
    ));
    Ok(())
}

fn told(damage: Damage, inflicted: &Inflicted) -> String {
    let objects = human::counted(inflicted.done as u64, "object", "objects");
    let done = match damage {
        Damage::Trash => format!("{objects} went into the trash, or was deleted where there is none"),
        Damage::Purge => format!("{objects} was deleted for good, with what hung on it"),
        Damage::Edit => format!("{objects} got other titles, tiles too, and dashboards lost a tile each"),
        Damage::Empty => "the instance was set up anew: it has connections and LookML only".to_owned(),
    };
    let done = if inflicted.done == 1 { done } else { done.replace("was deleted", "were deleted") };
    let spared = match inflicted.spared {
        0 => String::new(),
        spared => format!("; {} could not be damaged so", human::count(spared as u64)),
    };
    format!("Damage: {done}{spared}.")
}

/// What comes back otherwise than it was, or not at all.
fn lost(printer: &Printer, rehearsal: &Rehearsal) -> Result<(), Failure> {
    let renumbered = renumbered(rehearsal);
    if !renumbered.is_empty() {
        let mut names: Vec<String> = renumbered.iter().take(MOST_NAMES).cloned().collect();
        if renumbered.len() > MOST_NAMES {
            names.push(format!("{} more", human::count((renumbered.len() - MOST_NAMES) as u64)));
        }
        printer.line(format!(
            "Made anew, under an id of its own, so that links to the old one lead nowhere: {}.",
            names.join(", ")
        ))?;
    }
    for missing in not_stored(rehearsal) {
        printer.line(format!(
            "Never stored, to be entered again ({}): {}.",
            missing.kind.replace('_', " "),
            missing.what.join(", ")
        ))?;
    }
    let absent = absent(rehearsal);
    if !absent.is_empty() {
        printer.line(format!(
            "The vault holds no {}: what refers to them could not be rehearsed.",
            absent.join(", ").replace('_', " ")
        ))?;
    }
    if rehearsal.stage.made_up_models {
        printer.line("The vault holds no models: those that queries ask were taken to be there.")?;
    }
    for refused in &rehearsal.stage.refused {
        printer.warn(&format!("the simulated Looker could not take one of the {refused}"), None);
    }
    Ok(())
}

/// Objects that were made under another id.
fn renumbered(rehearsal: &Rehearsal) -> Vec<String> {
    let backs = rehearsal.restored.iter().flat_map(|restored| &restored.read_back);
    let is_new = backs.filter(|back| back.id.as_ref().is_some_and(|id| *id != back.key));
    is_new.map(|back| format!("{} {}", singular(&back.kind), back.key)).collect()
}

fn singular(kind: &str) -> &str {
    Kind::find(kind).map_or(kind, |kind| kind.singular)
}

/// What the vault does not have of what is written.
#[derive(Serialize)]
struct NotStored {
    kind: &'static str,
    objects: usize,
    what: &'static [&'static str],
}

fn not_stored(rehearsal: &Rehearsal) -> Vec<NotStored> {
    let mut made: BTreeMap<&str, usize> = BTreeMap::new();
    let is_made = |object: &&Object| object.action == Action::Create;
    for object in rehearsal.plan.objects.iter().filter(is_made) {
        *made.entry(object.kind.as_str()).or_default() += 1;
    }
    let of = |(kind, objects): (&str, usize)| {
        let kind = Kind::find(kind).filter(|kind| !kind.never_saved.is_empty())?;
        Some(NotStored { kind: kind.name, objects, what: kind.never_saved })
    };
    made.into_iter().filter_map(of).collect()
}

/// Kinds that what was selected refers to, and of which the vault holds nothing: the
/// simulated Looker has none either, whatever the real one has.
fn absent(rehearsal: &Rehearsal) -> Vec<&'static str> {
    if rehearsal.damage.as_ref().is_some_and(|(damage, _)| *damage == Damage::Empty) {
        return Vec::new();
    }
    let kinds: BTreeSet<&str> = rehearsal.plan.objects.iter().map(|object| object.kind.as_str()).collect();
    let referred = kinds.into_iter().filter_map(Kind::find).flat_map(|kind| kind.references);
    // A query comes with what shows it.
    let names: BTreeSet<&str> = referred
        .map(|reference| reference.kind)
        .filter(|kind| matches!(*kind, "users" | "folders"))
        .collect();
    names.into_iter().filter(|kind| rehearsal.stage.count(kind) == 0).collect()
}

/// Calls that a real restore would make.
#[derive(Clone, Copy, Serialize)]
struct Prices {
    planning: Cost,
    writing: Cost,
    reading_back: Cost,
}

impl Prices {
    fn of(rehearsal: &Rehearsal) -> Self {
        let planning = booked(&rehearsal.planning);
        let writing = rehearsal.plan.cost();
        let all = rehearsal.restored.as_ref().map_or(planning, |restored| booked(&restored.calls));
        let rest = |all: u64, before: u64, steps: u64| all.saturating_sub(before + steps);
        let reading_back = Cost {
            administrative: rest(all.administrative, planning.administrative, writing.administrative),
            query_based: rest(all.query_based, planning.query_based, writing.query_based),
        };
        Self { planning, writing, reading_back }
    }
}

/// Calls by the ledgers that are metered.
fn booked(calls: &[CallReport]) -> Cost {
    let mut spent = ByLedger::default();
    for line in calls {
        spent.add(line.ledger.name(), line.calls);
    }
    Cost { administrative: spent.administrative, query_based: spent.query_based }
}

fn prices(prices: &Prices) -> String {
    format!(
        "A real restore of this takes {} to plan, {} to write, and {} to read back.",
        print::price(prices.planning),
        print::price(prices.writing),
        print::price(prices.reading_back)
    )
}

/// Whether everything would come back.
pub(super) fn exit(rehearsal: &Rehearsal) -> Exit {
    // What differs was restored: only what cannot be, or was left as it is, is missing.
    let is_left = |object: &Object| matches!(object.action, Action::Blocked(_) | Action::Conflict);
    let needs_somebody = rehearsal.plan.objects.iter().any(is_left);
    let plan = &rehearsal.plan;
    let restored = rehearsal.restored.as_ref().map_or(Exit::Ok, |restored| carry::exit(plan, restored));
    if restored == Exit::Ok && needs_somebody { Exit::Incomplete } else { restored }
}

/// A rehearsal in a document.
#[derive(Serialize)]
pub(super) struct RehearsalDocument<'r> {
    schema: &'static str,
    vault: String,
    state_of: Option<i64>,
    damage: Option<DamagePart>,
    held: Vec<HeldPart>,
    absent: Vec<&'static str>,
    models_made_up: bool,
    refused: &'r [String],
    plan: PlanDocument<'r>,
    restored: Option<RestoredDocument<'r>>,
    not_stored: Vec<NotStored>,
    calls: Prices,
}

#[derive(Serialize)]
struct DamagePart {
    what: &'static str,
    damaged: usize,
    spared: usize,
}

#[derive(Serialize)]
struct HeldPart {
    kind: &'static str,
    objects: usize,
}

/// A rehearsal for scripts.
pub(super) fn document(rehearsal: &Rehearsal) -> RehearsalDocument<'_> {
    let held = rehearsal.stage.held.iter().filter(|(_, objects)| *objects > 0);
    let damage = rehearsal.damage.as_ref().map(|(damage, inflicted)| DamagePart {
        what: damage.name(),
        damaged: inflicted.done,
        spared: inflicted.spared,
    });
    RehearsalDocument {
        schema: "lookervault.restore_rehearsal/1",
        vault: rehearsal.vault.display().to_string(),
        state_of: rehearsal.state_of,
        damage,
        held: held.map(|(kind, objects)| HeldPart { kind, objects: *objects }).collect(),
        absent: absent(rehearsal),
        models_made_up: rehearsal.stage.made_up_models,
        refused: &rehearsal.stage.refused,
        plan: document::plan(&rehearsal.plan),
        restored: rehearsal.restored.as_ref().map(|restored| document::restored(&rehearsal.plan, restored)),
        not_stored: not_stored(rehearsal),
        calls: Prices::of(rehearsal),
    }
}
