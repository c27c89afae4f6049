//! A run: what it works with from its first call to its last.

use std::borrow::Cow;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Instant;

use jiff::{SignedDuration, Timestamp};
use looker::catalogue::{AnswerShape, List, Whole};
use looker::client::Call;
use looker::pacing::Reason;
use looker::rows::{self, Row};
use looker::{Client, Kind};
use tokio_util::sync::CancellationToken;
use vault::{
    AbsenceScope, GapWhat, InstanceId, RunEnd, RunId, RunStart, RunState, Side, StreamRecord, Vault, Writer,
};

use super::allowance;
use super::by_id::Lists;
use super::due;
use super::error::ExtractError;
use super::full_pass::{Passes, Unstamped};
use super::groups::{Group, Stream};
use super::pool::{Brake, blocking};
use super::prepare::Preparer;
use super::report::{
    CallReport, GapReport, KindReport, Report, Rested, Spread, Stop, StreamReport, Unavailable,
};
use super::request::Request;
use super::scope::{self, FolderSet};
use crate::Watch;
use crate::bookkeeping::Bookkeeping;
use crate::check::{cannot_heal, release, unavailable};
use crate::documents::INDEXER;

/// Bodies that a run makes ready to be searched at its end; it takes a second at
/// most.
const INDEXED_AT_ONCE: u64 = 1_000;
use crate::references::{ReferenceReport, references};

/// References that lead nowhere, and holders of each, that a report names.
const NAMED_REFERENCES: (usize, usize) = (10, 3);

/// A run at work.
pub(super) struct Run {
    pub(super) client: Client,
    pub(super) request: Request,
    pub(super) watch: Arc<dyn Watch>,
    pub(super) brake: Arc<Brake>,
    pub(super) writer: Writer,
    pub(super) id: RunId,
    pub(super) preparer: Arc<Preparer>,
    bookkeeping: Bookkeeping,
    pub(super) groups: Arc<Vec<Group>>,
    /// Streams of an earlier attempt, with what it committed.
    pub(super) earlier: Vec<vault::ResumableStream>,
    pub(super) resumed: bool,
    pub(super) instance: InstanceId,
    /// Which parameters take lists.
    pub(super) lists: Lists,
    /// Which kinds are read in full.
    pub(super) passes: Passes,
    /// Since the last run of the instance that ended.
    pub(super) interval: Option<SignedDuration>,
    started: Instant,
    pub(super) findings: Findings,
}

/// What is learned along the way and told at the end.
#[derive(Default)]
pub(super) struct Findings {
    pub(super) gaps: Vec<GapReport>,
    pub(super) unavailable: Vec<Unavailable>,
    pub(super) streams: Vec<StreamReport>,
    pub(super) absence: Vec<AbsenceScope>,
    pub(super) moving: Vec<String>,
    /// Kinds that cost a call an object: what is left of them.
    pub(super) spread: Vec<Spread>,
    /// Kinds that were not due.
    pub(super) rested: Vec<Rested>,
    /// What belongs to a kind and cannot be read, in words.
    pub(super) not_read: Vec<String>,
    /// What a full pass found to differ under the stamp it had.
    pub(super) unstamped: Vec<Unstamped>,
    pub(super) closing_rounds: u32,
    /// Whether all streams were at work, so that their gaps are all that is left.
    pub(super) streams_read: bool,
}

impl Run {
    /// Signs in, finds out what is to be read, and begins or resumes the run.
    pub(super) async fn open(
        client: &Client,
        mut vault: Vault,
        mut request: Request,
        watch: Arc<dyn Watch>,
        interrupt: &CancellationToken,
    ) -> Result<(Self, Option<Vec<Row>>), ExtractError> {
        let started = Instant::now();
        scope::check(&request)?;
        allowance::claim(client, &vault, &request)?;
        watch.phase("signing in");
        let (signed_in, release) = tokio::join!(client.sign_in(), release(client));
        signed_in?;
        let tree = scope::all_folders(client, &request).await?;
        let mut folders = scope::folders(&request, tree.as_ref(), &*watch)?;
        let instance = vault.instance(&client.settings().host())?;
        let scope = request.scope();
        let last_run = vault.reader()?.last_ended(instance)?;
        let rested = due::rest(&mut request, &vault.reader()?, instance, Timestamp::now())?;
        let passes = Passes::plan(&request, &vault.reader()?, instance, Timestamp::now())?;
        let lists = Lists::remembered(&vault.reader()?, instance)?;
        if let (Some(folders), Some(tree)) = (&mut folders, &tree)
            && let Some(options) = vault.last_complete_options(instance, &scope)?
        {
            folders.remember(&options, tree);
        }
        let folders = folders.map(Arc::new);
        let earlier = if request.resume { vault.resumable_run(instance, &scope)? } else { None };
        let (id, earlier, resumed) = if let Some(earlier) = earlier {
            vault.reopen_run(earlier.run)?;
            (earlier.run, earlier.streams, true)
        } else {
            let start = RunStart {
                instance,
                command: request.command.clone(),
                scope,
                options: request.options(folders.as_deref()),
                account: serde_json::json!({ "client_id": client.settings().client_id }).to_string(),
                release,
                started_at: Timestamp::now(),
            };
            (vault.begin_run(&start)?, Vec::new(), false)
        };
        if request.resume && !resumed {
            watch.warn("there is no unfinished run of this scope; starting a new one");
        }
        let writer = vault.into_writer();
        let bookkeeping = Bookkeeping::start(client.clone(), writer.clone(), id);
        let preparer = Preparer::new(id, writer.clone(), client.clone(), Arc::clone(&watch), &request);
        let preparer = Arc::new(preparer);
        let run = Self {
            client: client.clone(),
            brake: Arc::new(Brake::new(interrupt)),
            groups: Arc::new(groups(&request, folders.as_ref())),
            watch,
            request,
            writer,
            id,
            bookkeeping,
            preparer,
            earlier,
            resumed,
            instance,
            lists,
            passes,
            interval: last_run.map(|at| at.duration_until(Timestamp::now())),
            started,
            findings: Findings { rested, ..Findings::default() },
        };
        let tree = match tree {
            Some((rows, date)) if run.request.kinds.iter().any(|kind| kind.name == "folders") => {
                run.store_whole(Kind::find("folders"), rows, date).await?
            }
            _ => None,
        };
        Ok((run, tree))
    }

    /// Reads the kinds that one call answers whole.
    pub(super) async fn read_whole_kinds(&mut self, already: Option<&[Row]>) -> Result<(), ExtractError> {
        let kinds = self.request.kinds.clone();
        for kind in kinds {
            let List::Whole(whole) = &kind.list else { continue };
            let stored_before = self
                .earlier
                .iter()
                .any(|stream| stream.record.kind == kind.name && !stream.committed.is_empty());
            if self.brake.pulled().is_none()
                && !(stored_before || kind.name == "folders" && already.is_some())
            {
                let call = whole_call(kind, whole);
                let read = tokio::select! {
                    read = self.client.get(&call, |reply| Ok((rows::split(&reply.body, kind)?, reply.date))) => read,
                    () = self.brake.at_once() => continue,
                };
                match read {
                    Ok((rows, date)) => drop(self.store_whole(Some(kind), rows, date).await?),
                    Err(error) if cannot_heal(&error) => self.close_kind(kind, unavailable(&error)),
                    Err(error) => {
                        self.kind_failed(kind, &error);
                        continue;
                    }
                }
            }
            self.findings.absence.push(AbsenceScope {
                kind: Cow::Borrowed(kind.name),
                folders: None,
                sides: vec![Side::Live],
                listing: None,
            });
        }
        Ok(())
    }

    /// Reads what there is one of, each by a call of its own.
    pub(super) async fn read_singles(&mut self) -> Result<(), ExtractError> {
        for kind in self.request.kinds.clone() {
            let List::Singles(operations) = &kind.list else { continue };
            self.watch.phase(&format!("reading {}", kind.name));
            let mut refused = Vec::new();
            for operation in *operations {
                if self.brake.pulled().is_some() {
                    return Ok(());
                }
                let call = Call::new(operation, kind.name, Reason::Item);
                let row = |body| Row::keyed(operation.id, body, kind, AnswerShape::Object);
                let read = tokio::select! {
                    read = self.client.get(&call, |reply| Ok((row(reply.body.clone())?, reply.date))) => read,
                    () = self.brake.at_once() => return Ok(()),
                };
                match read {
                    Ok((row, date)) => self.store_one(kind, row, date).await?,
                    Err(error) if cannot_heal(&error) => {
                        refused.push(format!("{}: {}", operation.id, unavailable(&error)));
                    }
                    Err(error) => self.kind_failed(kind, &error),
                }
            }
            if refused.len() == operations.len() {
                self.close_kind(kind, refused.swap_remove(0));
            }
            self.findings.not_read.extend(refused);
        }
        Ok(())
    }

    async fn store_whole(
        &self,
        kind: Option<&'static Kind>,
        rows: Vec<Row>,
        date: Timestamp,
    ) -> Result<Option<Vec<Row>>, ExtractError> {
        let Some(kind) = kind else { return Ok(None) };
        let (preparer, run) = (Arc::clone(&self.preparer), self.id);
        let stream = WHOLE_STREAMS
            + u32::try_from(
                looker::catalogue::KINDS.iter().position(|entry| entry.name == kind.name).unwrap_or(0),
            )
            .unwrap_or(0);
        blocking(move || {
            let size = rows.len() as u64;
            preparer.writer.stream(StreamRecord {
                run,
                stream,
                kind: Cow::Borrowed(kind.name),
                name: kind.name.to_owned(),
                side: Side::Live,
                folder: None,
                size: Some(size),
                page_limit: u32::try_from(size).unwrap_or(u32::MAX).max(1),
            })?;
            preparer.store_whole(kind, stream, &rows, date)?;
            Ok(Some(rows))
        })
        .await
    }

    /// A kind that is closed to us: a gap if it was asked for by name.
    pub(super) fn close_kind(&mut self, kind: &'static Kind, reason: String) {
        if self.findings.unavailable.iter().any(|entry| entry.kind == kind.name) {
            return;
        }
        self.watch.warn(&format!("{} not available: {reason}", kind.name));
        if self.request.kinds_named {
            self.kind_gap(kind, &reason, 1);
        }
        self.findings.unavailable.push(Unavailable { kind: kind.name, reason });
    }

    pub(super) fn kind_failed(&mut self, kind: &'static Kind, error: &looker::Error) {
        let refused =
            || (error.kind == looker::ErrorKind::Unauthorized).then(|| Stop::Refused(error.to_string()));
        if let Some(stop) = Stop::of_limit(error).or_else(refused).or_else(|| self.server_down(error)) {
            self.brake.pull(stop);
        }
        self.kind_gap(kind, &error.to_string(), error.tries);
    }

    pub(super) fn server_down(&self, error: &looker::Error) -> Option<Stop> {
        Stop::of_silence(&self.client, error)
    }

    pub(super) fn kind_gap(&mut self, kind: &'static Kind, reason: &str, tries: u32) {
        let gap = GapReport::of_list(kind.name, kind.name.to_owned(), reason, tries);
        self.findings.gaps.push(gap);
    }

    /// A stream in words, for instance `dashboards in folder 12`.
    pub(super) fn stream_name(&self, stream: &Stream) -> String {
        let group = self.groups[stream.group].name();
        match &stream.folder {
            Some(list) if list.contains(',') => format!("{group} in folders {list}"),
            Some(folder) => format!("{group} in folder {folder}"),
            None => group,
        }
    }

    /// Tasks that share the work: as many as may ever run at once.
    pub(super) fn workers(&self) -> usize {
        self.client.settings().ceiling
    }

    /// Closes the run in the vault and tells what it came to.
    pub(super) async fn finish(mut self) -> Result<Report, ExtractError> {
        self.preparer.settle().await?;
        self.findings.gaps.extend(self.preparer.unstorable());
        let stopped = self.brake.pulled();
        self.note_full_passes(stopped.as_ref()).await?;
        self.bookkeeping.end().await;
        let complete = stopped.is_none() && self.findings.gaps.is_empty();
        let state = if complete { RunState::Complete } else { RunState::Incomplete };
        let read = due::read(&self.request, &self.findings, stopped.as_ref(), Timestamp::now());
        let Findings {
            gaps,
            unavailable,
            streams,
            absence,
            moving,
            spread,
            rested,
            not_read,
            unstamped,
            closing_rounds,
            streams_read,
        } = self.findings;
        let (writer, preparer, run) = (self.writer.clone(), Arc::clone(&self.preparer), self.id);
        let instance = self.instance;
        let totals = serde_json::json!({
            "streams": streams,
            "moving": moving,
            "unavailable": unavailable,
            "spread": spread,
            "rested": rested,
            "not_read": not_read,
            "unstamped": unstamped,
            "stopped": stopped,
        });
        let stored_gaps = gaps.clone();
        let (summary, references) = blocking(move || {
            preparer.count_calls()?;
            for read in read {
                writer.kind_read(run, read)?;
            }
            for gap in &stored_gaps {
                writer.gap(run, stored(gap))?;
            }
            let summary = writer.finish(RunEnd {
                run,
                state,
                ended_at: Timestamp::now(),
                totals_json: totals.to_string(),
                absence,
                ranges_restated: streams_read,
            })?;
            index_what_is_little(&writer);
            let references = references(&writer.reader()?, instance)?;
            Ok((summary, ReferenceReport::new(references, Some(NAMED_REFERENCES))))
        })
        .await?;
        let counters = &self.preparer.counters;
        let report = Report {
            run: self.id.number(),
            resumed: self.resumed,
            state: summary.state.name(),
            stopped,
            kinds: KindReport::all(&summary),
            unavailable,
            gaps,
            moving,
            spread,
            rested,
            not_read,
            unstamped,
            references,
            unsettled: counters.unsettled.load(Ordering::Relaxed),
            calls: CallReport::all(&self.client),
            metered_calls: self.client.meter().metered(),
            streams,
            closing_rounds,
            rows: counters.rows.load(Ordering::Relaxed),
            bytes: counters.bytes.load(Ordering::Relaxed),
            seconds: self.started.elapsed().as_secs_f64(),
            most_at_once: self.client.gate().most_running(),
        };
        let (writer, preparer) = (self.writer, self.preparer);
        drop(preparer);
        blocking(move || Ok(writer.close()?)).await?;
        Ok(report)
    }
}

/// Stream numbers of whole kinds, apart from those of page streams.
const WHOLE_STREAMS: u32 = 1 << 20;

/// A call for the whole of a kind.
pub(crate) fn whole_call(kind: &'static Kind, whole: &'static Whole) -> Call {
    let call = Call::new(&whole.operation, kind.name, Reason::Page);
    whole.parameters.iter().fold(call, |call, (name, value)| call.with(name, *value))
}

/// Every kind that is paged, live and, where it has one and it is wanted, trash.
fn groups(request: &Request, folders: Option<&Arc<FolderSet>>) -> Vec<Group> {
    let mut groups = Vec::new();
    for kind in &request.kinds {
        let Some(paged) = kind.paged() else { continue };
        let folders = folders.filter(|_| kind.lies_in_folders()).cloned();
        groups.push(Group { kind, paged, side: Side::Live, folders: folders.clone() });
        if request.trash && kind.has_trash() {
            groups.push(Group { kind, paged, side: Side::Trash, folders });
        }
    }
    groups
}

/// A gap as the vault keeps it.
fn stored(gap: &GapReport) -> vault::Gap {
    let what = match (&gap.id, gap.offset, gap.limit) {
        (Some(key), _, _) => GapWhat::Object { key: key.clone() },
        (None, Some(offset), limit) => GapWhat::Range {
            offset,
            limit: limit.and_then(|limit| u32::try_from(limit).ok()).unwrap_or(u32::MAX),
        },
        (None, None, _) => gap.listing.map_or(GapWhat::Kind, |side| GapWhat::Listing { side }),
    };
    vault::Gap {
        stream: gap.stream,
        kind: Cow::Borrowed(gap.kind),
        what,
        reason: format!("{}: {}", gap.place, gap.reason),
        tries: gap.tries,
    }
}

/// Makes what a daily run brought ready to be searched. A first run would be held
/// up by it: then it is done when somebody searches. The run is over and stays as
/// it is, whatever becomes of this.
fn index_what_is_little(writer: &Writer) {
    if let Err(error) = writer.index_content(&INDEXER, INDEXED_AT_ONCE) {
        tracing::warn!(%error, "What this run brought could not be made ready to be searched.");
    }
}
