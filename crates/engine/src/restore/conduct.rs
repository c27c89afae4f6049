//! A restore from its beginning to its end.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::pin::pin;
use std::time::Instant;

use jiff::Timestamp;
use looker::Kind;
use vault::{RestoreChange, RestoreId, RestoreStart, RestoreState, RunId};

use super::ahead::{Ahead, Listing};
use super::apply::{Applied, Patience, apply_telling};
use super::keep::keep;
use super::plan::Plan;
use super::planner::{FAVORITES, Planned, Reads, Request, draw_up};
use super::read_back::{self, ReadBack};
use super::session::Session;
use super::step::{Ids, Symbol};
use super::{Action, RestoreError};
use crate::extract::{CallReport, blocking};

/// What a restore came to.
#[derive(Debug)]
pub struct Restored {
    /// The restore.
    pub restore: RestoreId,
    /// How it stands.
    pub state: RestoreState,
    /// What became of the steps.
    pub applied: Applied,
    /// What is there now of each object that was written.
    pub read_back: Vec<ReadBack>,
    /// Calls that were made, reading back included.
    pub calls: Vec<CallReport>,
    /// How long it took.
    pub seconds: f64,
}

/// Keeps what a plan was made from, with the session's run, which becomes the one that an
/// undo goes back to; and notes that the plan is to be carried out, so that it can be resumed
/// whatever happens. What follows belongs to another run of the session.
///
/// # Errors
/// When the vault cannot be written.
pub async fn begin(session: Session, planned: &mut Planned) -> Result<(Session, RestoreId), RestoreError> {
    let (safety, lives) = (session.run(), std::mem::take(&mut planned.lives));
    // The plan is spelt out while the writer is at work.
    let (kept, start) =
        tokio::join!(keep(session.writer(), safety, lives), async { start(&session, &planned.plan) });
    kept?;
    let start = start?;
    let session = session.next_run(r#"{"restore":"before"}"#.to_owned()).await?;
    let writer = session.writer().clone();
    let restore = blocking(move || {
        let restore = writer.begin_restore(start)?;
        let change = RestoreChange { safety_run: Some(safety), ..RestoreChange::default() };
        writer.change_restore(restore, change)?;
        Ok(restore)
    })
    .await?;
    Ok((session, restore))
}

fn start(session: &Session, plan: &Plan) -> Result<RestoreStart, RestoreError> {
    let as_of = RunId::from_number(plan.as_of);
    let unwritable = |error: serde_json::Error| RestoreError::Plan(error.to_string());
    Ok(RestoreStart {
        source: session.writer().reader()?.moment(as_of)?.instance,
        instance: session.instance(),
        as_of,
        plan: serde_json::to_string(plan).map_err(unwritable)?,
        steps: u32::try_from(plan.steps.len()).unwrap_or(u32::MAX),
        options: serde_json::to_string(&plan.manner).map_err(unwritable)?,
        started_at: Timestamp::now(),
    })
}

/// Carries out a plan, or what is left of it, and reads back what it wrote. By what was
/// listed for it, some of that is read while others are still written.
///
/// # Errors
/// When the vault cannot be written, or what was written cannot be read back.
pub async fn carry_out(
    session: &Session,
    restore: RestoreId,
    plan: &Plan,
    listing: &Listing,
) -> Result<Restored, RestoreError> {
    let started = Instant::now();
    session.forget_reads();
    let ahead = Ahead::of(session, plan, listing)?;
    let (applied, read) = write(session, restore, plan, ahead.as_ref()).await?;
    let mut state = applied.state();
    let mut read_back = Vec::new();
    if session.stopped().is_none() {
        read_back = self::read_back(session, plan, &applied.ids, read).await?;
        if read_back.iter().any(|back| !back.refused.is_empty()) {
            state = RestoreState::Incomplete;
        }
    }
    let writer = session.writer().clone();
    let change = RestoreChange {
        state: Some(state),
        result_run: Some(session.run()),
        ended_at: Some(Timestamp::now()),
        ..RestoreChange::default()
    };
    blocking(move || Ok(writer.change_restore(restore, change)?)).await?;
    Ok(Restored {
        restore,
        state,
        applied,
        read_back,
        calls: CallReport::all(session.client()),
        seconds: started.elapsed().as_secs_f64(),
    })
}

/// Makes the steps. What may be read back meanwhile is, and comes along.
async fn write(
    session: &Session,
    restore: RestoreId,
    plan: &Plan,
    ahead: Option<&Ahead>,
) -> Result<(Applied, Reads), RestoreError> {
    let settled = |object| ahead.into_iter().for_each(|ahead| ahead.settled(object));
    let patience = Patience::default();
    let mut writing = pin!(apply_telling(session, restore, plan, &patience, &settled));
    let Some(ahead) = ahead else { return Ok((writing.await?, Reads::default())) };
    let mut reading = pin!(ahead.read(session));
    tokio::select! {
        applied = &mut writing => {
            let applied = applied?;
            ahead.all_written();
            // What was read of a restore that stops is not needed.
            let read = if applied.stopped.is_none() { reading.await } else { Reads::default() };
            Ok((applied, read))
        }
        read = &mut reading => Ok((writing.await?, read)),
    }
}

/// Reads what was written, keeps it, and compares it with what was intended.
async fn read_back(
    session: &Session,
    plan: &Plan,
    ids: &Ids,
    read: Reads,
) -> Result<Vec<ReadBack>, RestoreError> {
    let written: BTreeSet<usize> = plan.steps.iter().map(|step| step.object).collect();
    // To what is taken away nothing is led.
    let removed = plan.objects.iter().filter(|object| object.action == Action::Remove);
    let removed: HashSet<Symbol> = removed.map(|one| Symbol::new(&one.kind, one.key.as_str())).collect();
    let mut links = ids.clone();
    links.retain(|symbol, _| !removed.contains(symbol));
    let mut request = Request::again(plan, links, plan.manner.clone());
    let is_written = |(at, object): &(usize, &super::Object)| {
        written.contains(at)
            && !matches!(object.action, Action::Blocked(_) | Action::Conflict | Action::Remove)
            // Of these only what was set is compared.
            && object.kind != FAVORITES
    };
    let (mut backs, mut lives) = (Vec::new(), Vec::new());
    let mut open = HashSet::new();
    for (_, object) in plan.objects.iter().enumerate().filter(is_written) {
        match read.as_meant(object) {
            Some(rest) => backs.push(ReadBack::of(object, Vec::new(), rest.clone())),
            None => drop(open.insert((object.kind.as_str(), object.key.as_str()))),
        }
    }
    let is_open = |kind: &Kind, key: &String| open.contains(&(kind.name, key.as_str()));
    request.selection.objects.retain(|(kind, key)| is_open(kind, key));
    request.others.retain(|(kind, key, _)| is_open(kind, key));
    session.watch.phase("reading back");
    let kept = read.ids();
    if !(request.selection.objects.is_empty() && request.others.is_empty()) {
        let as_of = RunId::from_number(plan.as_of);
        let mut again = draw_up(session, request, Some(read)).await?;
        backs.extend(read_back::compare(session, &again, as_of, session.known_accepted())?);
        let places = plan.objects.iter().enumerate();
        let places: HashMap<(&str, &str), usize> =
            places.map(|(at, object)| ((object.kind.as_str(), object.key.as_str()), at)).collect();
        backs.sort_by_key(|back| places.get(&(back.kind.as_str(), back.key.as_str())).copied());
        lives = std::mem::take(&mut again.lives);
        lives.retain(|(kind, live)| !kept.contains(&(kind.name, live.row.id.clone())));
        lives.extend(read_back::values(session, plan, ids, &mut backs).await?);
    }
    lives.extend(read_back::favorites(session, plan, ids, &mut backs).await?);
    keep(session.writer(), session.run(), lives).await?;
    Ok(backs)
}
