//! A run: what it works with from its first call to its last.

use std::borrow::Cow;
use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Instant;

use jiff::{SignedDuration, Timestamp};
use looker::{Client, Kind};
use tokio_util::sync::CancellationToken;
use vault::{
    AbsenceScope, Doubt, GapWhat, InstanceId, Moment, RunEnd, RunId, RunStart, RunState, Side, Vault, Writer,
};

use super::by_id::Lists;
use super::due;
use super::error::{ExtractError, OtherInstance};
use super::full_pass::{Passes, Unstamped};
use super::groups::{Group, Stream};
use super::new_folders::KnownFolders;
use super::pages::Reading;
use super::pool::{Brake, blocking};
use super::prepare::Preparer;
use super::recognition::Recognition;
use super::report::{
    CallReport, GapReport, KindReport, Report, Rested, Spread, Stop, StreamReport, Unavailable,
};
use super::request::{Epoch, Request};
use super::scope::{self, FolderSet};
use super::signed_in::{ROLES, SignedIn, read_before, tells_user};
use super::today::Today;
use crate::Watch;
use crate::bookkeeping::Bookkeeping;
use crate::documents::INDEXER;
use crate::references::{ReferenceReport, references};

/// Bodies that a run makes ready to be searched at its end; it takes a second at
/// most.
const INDEXED_AT_ONCE: u64 = 1_000;

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
    pub(super) recognition: Recognition,
    /// The folders there are, where they were listed.
    pub(super) known_folders: Option<Arc<KnownFolders>>,
    /// Who reads.
    account: SignedIn,
    /// Who read the last complete run of this scope, or else of another.
    account_before: Option<SignedIn>,
    /// Who read since then, run by run.
    readers_since: Vec<(RunId, SignedIn)>,
    /// Which parameters take lists.
    pub(super) lists: Lists,
    /// Which kinds are read in full.
    pub(super) passes: Passes,
    /// Operations of what there is one of, as far as it is not due.
    pub(super) resting: HashSet<&'static str>,
    /// Since the last run of the instance that ended.
    pub(super) interval: Option<SignedDuration>,
    started: Instant,
    pub(super) findings: Findings,
}

/// What is there when we are signed in.
pub(super) struct Beginning {
    pub(super) vault: Vault,
    pub(super) release: Option<String>,
    pub(super) started: Instant,
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
    /// Finds out what is to be read, and begins or resumes the run. The folders come
    /// along, if they were listed.
    pub(super) async fn open(
        client: &Client,
        beginning: Beginning,
        mut request: Request,
        watch: Arc<dyn Watch>,
        interrupt: &CancellationToken,
    ) -> Result<(Self, Option<scope::Listed>), ExtractError> {
        let Beginning { mut vault, release, started } = beginning;
        let tree = scope::all_folders(client, &request).await?;
        let mut folders = scope::folders(&request, tree.as_ref(), &*watch)?;
        let address = client.settings().host();
        let instance = match request.epoch {
            Epoch::New => vault.begin_epoch(&address)?,
            Epoch::Recognised | Epoch::Continued => vault.instance(&address)?,
        };
        let scope = request.scope();
        let reader = vault.reader()?;
        let last_run = reader.last_ended(instance)?;
        let today = Today::of(&reader, instance, &request.cadences, Timestamp::now())?;
        let refused = reader.refused_kinds(instance)?;
        let rest = due::rest(&mut request, &today, &reader.kind_ages(instance)?, &refused);
        let passes = Passes::plan(&request, &reader, instance, Timestamp::now())?;
        let lists = Lists::remembered(&reader, instance)?;
        let before = vault.last_complete(instance, &scope)?;
        if let (Some(folders), Some(tree), Some(before)) = (&mut folders, &tree, &before) {
            folders.remember(&before.options, tree);
        }
        let folders = folders.map(Arc::new);
        let moments = reader.moments(instance)?;
        drop(reader);
        let account_before = read_before(&moments, &scope);
        let readers_since = readers_since(&moments, account_before);
        let account_before = account_before.map(|run| SignedIn::of_run(&run.account));
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
                account: SignedIn::of_key(client).to_json(),
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
        let recognition =
            Recognition { writer: writer.clone(), run: id, instance, address, epoch: request.epoch };
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
            recognition,
            known_folders: None,
            account: SignedIn::of_key(client),
            account_before,
            readers_since,
            lists,
            passes,
            interval: last_run.map(|at| at.duration_until(Timestamp::now())),
            started,
            resting: rest.singles,
            findings: Findings { rested: rest.kinds, ..Findings::default() },
        };
        Ok((run, tree))
    }

    /// Gets to know who we are, how much there is to read, and whether this is the
    /// instance that the vault knows. Nothing of it is stored yet.
    pub(super) async fn meet(
        &mut self,
        folders: Option<scope::Listed>,
    ) -> Result<(Option<scope::Listed>, Reading), ExtractError> {
        let (client, watch, brake) = (self.client.clone(), Arc::clone(&self.watch), Arc::clone(&self.brake));
        let asked = async {
            tokio::select! {
                account = SignedIn::ask(&client, &*watch) => account,
                () = brake.at_once() => SignedIn::of_key(&client),
            }
        };
        let (account, met) = tokio::join!(asked, async {
            let folders = self.recognise_folders(folders).await?;
            self.known_folders = folders.as_ref().map(|(rows, _)| Arc::new(KnownFolders::of(rows)));
            Ok((folders, self.size_groups().await?))
        });
        let (writer, run, json) = (self.writer.clone(), self.id, account.to_json());
        blocking(move || Ok(writer.account(run, json)?)).await?;
        self.account = account;
        met
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
        let asked_for: Vec<&str> = self.request.kinds.iter().map(|kind| kind.name).collect();
        let totals = serde_json::json!({
            "asked_for": asked_for,
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
        let roles_closed = unavailable.iter().any(|entry| entry.kind == ROLES);
        let roles_read = absence.iter().any(|scope| scope.kind == ROLES).then_some(self.id);
        let (mut account, before, since) = (self.account, self.account_before, self.readers_since);
        let share = Some(self.request.suspect_share);
        let closed: Vec<&str> = unavailable.iter().map(|entry| entry.kind).collect();
        let (summary, references) = blocking(move || {
            preparer.count_calls()?;
            writer.flush()?;
            let roles_hidden =
                roles_closed || account.learn_permissions(&*writer.reader()?, instance, roles_read)?;
            let mut doubts = before.map_or_else(Vec::new, |before| account.doubts(&before, roles_hidden));
            if doubts.is_empty() && !since.is_empty() {
                let missing = writer.missing(run, absence.clone())?;
                doubts = account.doubts_of_missing(&since, &missing, roles_hidden);
            }
            for read in read {
                writer.kind_read(run, read)?;
            }
            for kind in closed {
                writer.kind_refused(run, Cow::Borrowed(kind), Timestamp::now())?;
            }
            for gap in &stored_gaps {
                writer.gap(run, stored(gap))?;
            }
            let summary = writer.finish(RunEnd {
                run,
                state,
                ended_at: Timestamp::now(),
                account: Some(account.to_json()),
                totals_json: totals.to_string(),
                absence,
                doubt: Doubt { account: doubts, share },
                ranges_restated: streams_read,
            })?;
            let references = references(&*writer.reader()?, instance)?;
            index_what_is_little(&writer);
            Ok((summary, ReferenceReport::new(references, Some(NAMED_REFERENCES))))
        })
        .await?;
        let counters = &self.preparer.counters;
        let report = Report {
            run: self.id.number(),
            resumed: self.resumed,
            state: summary.state.name(),
            stopped,
            suspicions: summary.suspicions.clone(),
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
        let writer = self.writer;
        blocking(move || Ok(writer.close()?)).await?;
        Ok(report)
    }

    /// Closes a run that must not go on, because another instance answers: with
    /// the calls it made and nothing else. Answers the error to end with.
    pub(super) async fn refuse(self, other: Box<OtherInstance>) -> Result<ExtractError, ExtractError> {
        self.preparer.settle().await?;
        self.bookkeeping.end().await;
        let (writer, preparer, run) = (self.writer, self.preparer, self.id);
        let totals = serde_json::json!({ "stopped": Stop::Refused(other.to_string()) });
        blocking(move || {
            preparer.count_calls()?;
            writer.finish(RunEnd::now(run, RunState::Incomplete, totals.to_string()))?;
            Ok(writer.close()?)
        })
        .await?;
        Ok(ExtractError::OtherInstance(other))
    }
}

/// Every kind that is paged, live and, where it has one and it is wanted, trash.
pub(super) fn groups(request: &Request, folders: Option<&Arc<FolderSet>>) -> Vec<Group> {
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

/// Who read after a run, as far as that is known.
fn readers_since(moments: &[Moment], before: Option<&Moment>) -> Vec<(RunId, SignedIn)> {
    let since = moments.iter().take_while(|run| before.is_some_and(|before| run.run != before.run));
    since.filter(|run| tells_user(run)).map(|run| (run.run, SignedIn::of_run(&run.account))).collect()
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
