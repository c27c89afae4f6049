//! Making the calls of a plan and judging their answers.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;
use std::time::Instant;

use futures_util::StreamExt;
use looker::catalogue::AnswerShape;
use looker::client::Reply;
use looker::rows::{self, Row};
use looker::{Client, Kind};
use tokio_util::sync::CancellationToken;
use vault::{InstanceId, ListFilter, RunEnd, RunId, RunStart, RunState, Side, Vault, Writer};

use super::LiveError;
use super::judge::{judge, told};
use super::plan::{KindPlan, Plan, Request};
use super::read::{Asks, Read};
use super::report::{KindReport, ObjectReport, Outcome, Report};
use crate::Watch;
use crate::bookkeeping::{Bookkeeping, count_calls, run_start};
use crate::check::{cannot_heal, release, unavailable};
use crate::extract::{Brake, CallReport, ExtractError, FolderScope, Stop, blocking, compiled, item};

/// A comparison at work.
struct Comparison {
    client: Client,
    writer: Writer,
    run: RunId,
    instance: InstanceId,
    brake: Brake,
    watch: Arc<dyn Watch>,
}

/// What one call came to.
#[derive(Default)]
struct Answered {
    /// Chosen objects that it told of.
    objects: Vec<ObjectReport>,
    /// Why nobody can say what became of those that it did not tell of.
    failed: Option<String>,
    /// Rows that it held, where it could hold any.
    rows: usize,
    /// Of a whole kind: objects that the vault does not have.
    not_in_vault: Option<usize>,
}

/// Reads what `plan` chose, and compares it with the vault. The calls are stored
/// with a run of their own; nothing else is.
///
/// A pulled `interrupt`, a spent budget or a server that stays down ends it early;
/// what was compared until then is told.
///
/// # Errors
/// When there is no connection or sign-in, or the vault cannot be read or written.
pub async fn compare(
    client: &Client,
    mut vault: Vault,
    plan: Plan,
    watch: Arc<dyn Watch>,
    interrupt: &CancellationToken,
) -> Result<Report, LiveError> {
    let started = Instant::now();
    for (ledger, left) in &plan.left {
        client.meter().allow(*ledger, *left);
    }
    watch.phase("signing in");
    let (signed_in, release) = tokio::join!(client.sign_in(), release(client));
    signed_in.map_err(ExtractError::from)?;
    let run = vault.begin_run(&start(client, &plan, release))?;
    let writer = vault.into_writer();
    let bookkeeping = Bookkeeping::start(client.clone(), writer.clone(), run);
    let (client, brake) = (client.clone(), Brake::new(interrupt));
    let comparison = Comparison { client, writer, run, instance: plan.instance, brake, watch };
    let (kinds, objects) = comparison.compare_kinds(plan.kinds).await?;
    bookkeeping.end().await;
    let report = Report {
        run: run.number(),
        stopped: comparison.brake.pulled(),
        stored: plan.stored,
        sample: plan.request.sample,
        seed: plan.request.seed,
        kinds,
        objects,
        planned: plan.cost,
        calls: CallReport::all(&comparison.client),
        metered_calls: comparison.client.meter().metered(),
        seconds: started.elapsed().as_secs_f64(),
    };
    comparison.finish(&report).await?;
    Ok(report)
}

fn start(client: &Client, plan: &Plan, release: Option<String>) -> RunStart {
    let Request { kinds, folders, sample, seed, .. } = &plan.request;
    let kinds: Vec<&str> = kinds.iter().map(|kind| kind.name).collect();
    let scope = serde_json::json!({
        "folders": folders.as_ref().map(FolderScope::canonical),
        "kinds": kinds,
        "live": { "sample": sample, "seed": seed },
        "trash": false,
    });
    run_start(client, plan.instance, vault::COMPARING, scope.to_string(), release)
}

impl Comparison {
    async fn compare_kinds(
        &self,
        kinds: Vec<KindPlan>,
    ) -> Result<(Vec<KindReport>, Vec<ObjectReport>), LiveError> {
        self.watch.phase("comparing");
        for plan in &kinds {
            self.watch.expect(plan.kind.name, plan.keys.len() as u64);
        }
        let plans = &kinds;
        let reads =
            plans.iter().enumerate().flat_map(|(at, plan)| plan.reads.iter().map(move |read| (at, read)));
        let reads: Vec<(usize, &Read)> = reads.collect();
        let mut answered: BTreeMap<usize, Vec<Answered>> = BTreeMap::new();
        let mut answers = futures_util::stream::iter(reads)
            .map(|(at, read)| async move { (at, self.read(&plans[at], read).await) })
            .buffer_unordered(self.client.settings().ceiling);
        while let Some((at, answer)) = answers.next().await {
            answered.entry(at).or_default().push(answer?);
        }
        drop(answers);
        let (mut reports, mut objects) = (Vec::new(), Vec::new());
        for (at, plan) in plans.iter().enumerate() {
            let mut told = answered.remove(&at).unwrap_or_default();
            self.look_for_the_rest(plan, &mut told).await?;
            reports.push(settle(plan, told, &mut objects));
        }
        Ok((reports, objects))
    }

    /// Objects that were on none of the pages: others came or went meanwhile, and
    /// moved them along, or they are gone.
    async fn look_for_the_rest(
        &self,
        plan: &KindPlan,
        answered: &mut Vec<Answered>,
    ) -> Result<(), LiveError> {
        let by_pages = plan.reads.iter().any(|read| read.asks == Asks::Page);
        let Some(paged) = plan.kind.paged().filter(|_| by_pages) else { return Ok(()) };
        if paged.by_id.is_some() {
            let rest = rest(plan, answered);
            for read in Read::ids(plan.kind, paged, &rest, plan.ids_a_call) {
                answered.push(self.read(plan, &read).await?);
            }
            return Ok(());
        }
        let page = usize::try_from(paged.page).unwrap_or(usize::MAX);
        let mut offset = plan.reads.len() * page;
        let mut is_full = answered.iter().all(|answer| answer.rows >= page);
        while is_full && !rest(plan, answered).is_empty() {
            let answer = self.read(plan, &Read::page(plan.kind, paged, None, offset)).await?;
            is_full = answer.rows >= page;
            offset += page;
            answered.push(answer);
        }
        Ok(())
    }

    /// Makes one call and judges what it answers.
    async fn read(&self, plan: &KindPlan, read: &Read) -> Result<Answered, LiveError> {
        let kind = plan.kind;
        if let Some(stop) = self.brake.pulled() {
            return Ok(unread(kind, read, &stop.reason()));
        }
        let shape = kind.each().map_or(AnswerShape::Object, |each| each.answer);
        let read_rows = async {
            if let Asks::One(key) = &read.asks {
                return Ok(vec![item(&self.client, &read.call, key, kind, shape).await?.0]);
            }
            let rows =
                |reply: &Reply| Ok(rows::split_each(&reply.body, kind)?.into_iter().flatten().collect());
            self.client.get(&read.call, rows).await
        };
        let answer = tokio::select! {
            answer = read_rows => answer,
            () = self.brake.at_once() => {
                let why = self.brake.pulled().unwrap_or(Stop::Interrupted).reason();
                return Ok(unread(kind, read, &why));
            }
        };
        let rows = match answer {
            Ok(rows) => rows,
            Err(error) => return Ok(self.failed(kind, read, &error)),
        };
        let mut answered = self.judge(plan, read, rows).await?;
        if let Asks::Ids(ids) = &read.asks {
            let met: HashSet<String> = answered.objects.iter().map(|object| object.id.clone()).collect();
            let gone = ids.iter().filter(|id| !met.contains(*id));
            answered.objects.extend(gone.map(|id| told(kind, id, Outcome::Gone, "no search finds it")));
        }
        self.watch.read(kind.name, answered.objects.len() as u64);
        Ok(answered)
    }

    fn failed(&self, kind: &'static Kind, read: &Read, error: &looker::Error) -> Answered {
        if let (Asks::One(key), true) = (&read.asks, cannot_heal(error)) {
            // What is kept from us is not gone.
            let is_gone = error.kind == looker::ErrorKind::NotFound;
            let outcome = if is_gone { Outcome::Gone } else { Outcome::Unread };
            let object = told(kind, key, outcome, &unavailable(error, read.call.operation));
            return Answered { objects: vec![object], ..Answered::default() };
        }
        let refused =
            || (error.kind == looker::ErrorKind::Unauthorized).then(|| Stop::Refused(error.to_string()));
        let stop = Stop::of_limit(error).or_else(refused).or_else(|| Stop::of_silence(&self.client, error));
        if let Some(stop) = stop {
            self.brake.pull(stop);
        }
        unread(kind, read, &error.to_string())
    }

    /// On a thread that may wait for the vault.
    async fn judge(&self, plan: &KindPlan, read: &Read, rows: Vec<Row>) -> Result<Answered, ExtractError> {
        let (writer, instance, kind) = (self.writer.clone(), self.instance, plan.kind);
        let held = rows.len();
        let is_whole = read.asks == Asks::Whole;
        let ids: Vec<String> =
            if is_whole { rows.iter().map(|row| row.id.clone()).collect() } else { Vec::new() };
        let chosen: Vec<Row> = rows.into_iter().filter(|row| plan.keys.contains(&row.id)).collect();
        blocking(move || {
            let reader = writer.reader()?;
            // Destinations are stored or not, as the run that stored them was asked.
            let judged = chosen.iter().map(|row| judge(&reader, instance, kind, compiled(kind), row));
            let objects = judged.collect::<vault::Result<Vec<_>>>()?;
            let mut not_in_vault = None;
            if is_whole {
                let sides = vec![Side::Live, Side::Trash];
                let filter = ListFilter { instance: Some(instance), sides, ..ListFilter::of(kind.name) };
                let mut stored = HashSet::new();
                reader.list(&filter, |row| {
                    stored.insert(row.key);
                })?;
                not_in_vault = Some(ids.iter().filter(|id| !stored.contains(*id)).count());
            }
            Ok(Answered { objects, failed: None, rows: held, not_in_vault })
        })
        .await
    }

    /// Closes the run, so that its calls stay with it.
    async fn finish(self, report: &Report) -> Result<(), LiveError> {
        let unread = report.count(Outcome::Unread) > 0;
        let state =
            if unread || report.stopped.is_some() { RunState::Incomplete } else { RunState::Complete };
        let totals = serde_json::json!({ "compared": report.kinds, "stopped": report.stopped }).to_string();
        let Self { client, writer, run, .. } = self;
        blocking(move || {
            count_calls(&client, &writer, run)?;
            writer.finish(RunEnd::now(run, state, totals))?;
            Ok(writer.close()?)
        })
        .await?;
        Ok(())
    }
}

/// Chosen objects of which nothing was told so far.
fn rest(plan: &KindPlan, answered: &[Answered]) -> Vec<String> {
    let told: HashSet<&str> =
        answered.iter().flat_map(|answer| &answer.objects).map(|object| object.id.as_str()).collect();
    plan.keys.iter().filter(|key| !told.contains(key.as_str())).cloned().collect()
}

/// A call that told nothing: of the objects it asked for, or of any.
fn unread(kind: &'static Kind, read: &Read, reason: &str) -> Answered {
    let ids = match &read.asks {
        Asks::One(key) => std::slice::from_ref(key),
        Asks::Ids(ids) => ids,
        Asks::Whole | Asks::Page => {
            return Answered { failed: Some(reason.to_owned()), ..Answered::default() };
        }
    };
    let objects = ids.iter().map(|id| told(kind, id, Outcome::Unread, reason)).collect();
    Answered { objects, ..Answered::default() }
}

/// Counts what became of a kind's objects, each once; those that nothing was told
/// of are gone, if everything was answered.
fn settle(plan: &KindPlan, answered: Vec<Answered>, objects: &mut Vec<ObjectReport>) -> KindReport {
    let mut report = KindReport::new(plan.kind.name, plan.keys.len());
    report.not_in_vault = answered.iter().find_map(|answer| answer.not_in_vault);
    let failed = answered.iter().find_map(|answer| answer.failed.clone());
    let unmet = rest(plan, &answered);
    let mut met = HashSet::new();
    for object in answered.into_iter().flat_map(|answer| answer.objects) {
        // Pages may overlap while rows come and go: the first reading counts.
        if met.insert(object.id.clone()) {
            report.add(object.outcome);
            if object.outcome != Outcome::Equal {
                objects.push(object);
            }
        }
    }
    for id in unmet {
        let object = match &failed {
            Some(reason) => told(plan.kind, &id, Outcome::Unread, reason),
            None => told(plan.kind, &id, Outcome::Gone, "no list has it"),
        };
        report.add(object.outcome);
        objects.push(object);
    }
    report
}
