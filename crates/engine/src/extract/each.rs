//! Kinds that cost a call an object.
//!
//! Their keys come from what is stored or from a list of its own. What the vault
//! does not have is read; what it has and cannot change is not; what may change
//! without a stamp is read again by its age, a slice each run, oldest first.

use std::borrow::Cow;
use std::collections::HashSet;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::StreamExt;
use jiff::Timestamp;
use looker::catalogue::{AnswerShape, Each, KeyIn, Refresh, Source};
use looker::client::{Call, Reply};
use looker::pacing::Reason;
use looker::rows::{self, Row};
use looker::{Client, ErrorKind, Kind};
use vault::{AbsenceScope, Side};

use super::due;
use super::error::ExtractError;
use super::keys;
use super::pool::blocking;
use super::refresh::{Ages, Slice};
use super::report::{GapReport, Spread, Stop};
use super::run::Run;
use crate::check::{cannot_heal, unavailable};

/// Calls that tell a kind that is closed from objects that are: when the first so
/// many are all turned away, the kind is.
pub(super) const TRIED_BEFORE_CLOSED: usize = 3;

/// How one object is read.
#[derive(Clone, Copy)]
pub(super) struct Read {
    pub(super) kind: &'static Kind,
    pub(super) each: &'static Each,
}

/// The call for one object.
pub(crate) fn item_call(kind: &'static Kind, each: &'static Each, key: &str) -> Call {
    let call = Call::new(&each.operation, kind.name, Reason::Item);
    let call = match each.key {
        KeyIn::Path => call.at(key),
        KeyIn::Parameter(name) => call.with(name, key),
    };
    each.parameters.iter().fold(call, |call, (name, value)| call.with(name, *value))
}

/// Makes the call for one object, and for a list as many as it takes: one that is
/// as long as a call answers at the most may go on.
pub(crate) async fn item(
    client: &Client,
    call: &Call,
    key: &str,
    kind: &'static Kind,
    shape: AnswerShape,
) -> looker::error::Result<(Row, Timestamp)> {
    let AnswerShape::List { limit: Some(limit) } = shape else {
        let row = |reply: &Reply| Ok((Row::keyed(key, reply.body.clone(), kind, shape)?, reply.date));
        return client.get(call, row).await;
    };
    let mut rows: Vec<Bytes> = Vec::new();
    loop {
        let next =
            if rows.is_empty() { call.clone() } else { call.clone().with("offset", rows.len().to_string()) };
        // Cut within the call, so that an answer that breaks off is asked for again.
        let cut = |reply: &Reply| Ok((rows::cut(&reply.body)?, reply.body.clone(), reply.date));
        let (page, body, date) = client.get(&next, cut).await?;
        let (is_first, is_last) = (rows.is_empty(), page.len() < limit);
        rows.extend(page);
        if is_last {
            let whole = if is_first { body } else { rows::join(&rows) };
            return Ok((Row::keyed(key, whole, kind, shape)?, date));
        }
    }
}

/// What became of one call.
enum Outcome {
    Stored,
    /// It is not there.
    Absent(String),
    /// It is kept from us, which says nothing of whether it is there.
    Refused(String),
    Gap(GapReport),
    Stopped,
}

/// What a run reads of a kind, one by one.
pub(super) struct Due {
    /// What is to be read.
    pub(super) keys: Vec<String>,
    /// What of it was never read.
    unread: HashSet<String>,
    /// What was read last and is not due, to ask when all that is asked first is turned
    /// away: objects that stay refused are the oldest for ever.
    next: Vec<String>,
}

impl Due {
    /// These, and no others whatever they tell.
    pub(super) fn exactly(keys: Vec<String>) -> Self {
        Self { keys, unread: HashSet::new(), next: Vec::new() }
    }
}

/// What reading objects one by one came to.
pub(super) struct Answers {
    /// Keys that are not there.
    pub(super) absent: HashSet<String>,
    /// Why nothing is to be read at all; then nothing is absent.
    pub(super) closed: Option<String>,
}

/// Calls and what they were answered.
#[derive(Default)]
struct Tally {
    tried: usize,
    absent: HashSet<String>,
    refused: Vec<String>,
    /// Of the last one that was turned away.
    reason: String,
}

impl Tally {
    fn is_turned_away(&self) -> bool {
        self.tried > 0 && self.absent.len() + self.refused.len() == self.tried
    }

    /// Why the kind is closed to us, as far as so many calls can tell: a refusal is
    /// one, absence is only believed of single objects. Of what is stored for ever
    /// nothing is asked again, so nothing is lost by believing it.
    fn closed(&self, refresh: Refresh) -> Option<String> {
        let is_telling = self.tried >= TRIED_BEFORE_CLOSED || !self.refused.is_empty();
        let is_closed = self.is_turned_away() && (is_telling || refresh == Refresh::ByAge);
        is_closed.then(|| self.reason.clone())
    }
}

impl Run {
    /// Reads the kinds that cost a call an object.
    pub(super) async fn read_each_kinds(&mut self) -> Result<(), ExtractError> {
        // Their keys are in what was read: the last pages may still be prepared.
        self.preparer.settle().await?;
        for kind in self.request.kinds.clone() {
            let Some(each) = kind.each() else { continue };
            if self.brake.pulled().is_some() {
                return Ok(());
            }
            self.watch.phase(&format!("reading {}", kind.name));
            self.read_each(Read { kind, each }).await?;
        }
        Ok(())
    }

    async fn read_each(&mut self, read: Read) -> Result<(), ExtractError> {
        let Some(keys) = self.keys_of(read).await? else { return Ok(()) };
        if read.kind.name == "queries" {
            self.queries_in_bulk(read.kind, &keys).await?;
        }
        let absent = if self.read_in_lists(read, &keys).await? {
            HashSet::new()
        } else {
            let due = self.slice(read, keys.clone()).await?;
            let answers = self.read_keys(read, due).await?;
            if let Some(reason) = answers.closed {
                self.close_kind(read.kind, reason);
            }
            answers.absent
        };
        if self.findings.unavailable.iter().any(|entry| entry.kind == read.kind.name) {
            // What may not be seen any more is not gone.
            return Ok(());
        }
        // Whoever refers may come back; what is referred to is kept.
        if !matches!(read.each.source, Source::References) && self.brake.pulled().is_none() {
            let kept = keys.into_iter().filter(|key| !absent.contains(key)).collect();
            self.keep(read.kind, kept).await?;
            self.findings.absence.push(AbsenceScope {
                kind: Cow::Borrowed(read.kind.name),
                folders: None,
                sides: vec![Side::Live],
                listing: None,
            });
        }
        Ok(())
    }

    /// Keys of all there is; `None` where that cannot be found out.
    async fn keys_of(&mut self, read: Read) -> Result<Option<Vec<String>>, ExtractError> {
        if let Source::Listing { operation, parameters, keys } = &read.each.source {
            let call = Call::new(operation, read.kind.name, Reason::Listing);
            let call = parameters.iter().fold(call, |call, (name, value)| call.with(name, *value));
            let listed = tokio::select! {
                listed = self.client.get(&call, |reply| keys::in_list(&reply.body, keys)) => listed,
                () = self.brake.at_once() => return Ok(None),
            };
            return match listed {
                Ok(keys) => Ok(Some(keys)),
                Err(error) if cannot_heal(&error) => {
                    self.close_kind(read.kind, unavailable(&error, operation));
                    Ok(None)
                }
                Err(error) => {
                    self.kind_failed(read.kind, &error);
                    Ok(None)
                }
            };
        }
        let (writer, instance) = (self.writer.clone(), self.instance);
        let of_all = self.request.folders.is_none();
        let read_now: Vec<&str> =
            self.request.kinds.iter().filter(|_| of_all).map(|kind| kind.name).collect();
        blocking(move || {
            writer.flush()?;
            let reader = writer.reader()?;
            let ages = reader.kind_ages(instance)?;
            let known = |kind: &str| read_now.contains(&kind) || ages.iter().any(|age| age.read.kind == kind);
            Ok(Some(keys::stored(&reader, instance, read.kind, &read.each.source, &known)?))
        })
        .await
    }

    /// What of `keys` is to be read by this run.
    pub(super) async fn slice(&mut self, read: Read, keys: Vec<String>) -> Result<Due, ExtractError> {
        let (writer, instance, since) = (self.writer.clone(), self.instance, self.interval);
        let cadence = self.request.cadences.of(read.kind);
        let (ages, interval) = blocking(move || {
            // What was read in bulk just now is not to be read again.
            writer.flush()?;
            let reader = writer.reader()?;
            let kinds = reader.kind_ages(instance)?;
            let interval = due::interval(read.kind, cadence, &kinds, since, Timestamp::now());
            Ok((Ages::of(&reader, instance, read.kind.name)?, interval))
        })
        .await?;
        let kind = read.kind.name;
        let slice = self.request.refresh.slice(read.each.refresh, keys, &ages, interval, Timestamp::now());
        if slice.left > 0 {
            self.watch.warn(&format!("{} {kind} are left for later runs", slice.left));
        }
        let Slice { total, left: missing, oldest, keys, unread, mut next } = slice;
        self.findings.spread.push(Spread { kind, total, missing, read: keys.len(), oldest });
        next.truncate(TRIED_BEFORE_CLOSED.saturating_sub(keys.len()).max(1));
        Ok(Due { keys, unread: unread.into_iter().collect(), next })
    }

    /// Reads objects one by one.
    pub(super) async fn read_keys(&mut self, read: Read, due: Due) -> Result<Answers, ExtractError> {
        let Due { keys: mut first, unread, next } = due;
        self.watch.expect(read.kind.name, first.len() as u64);
        let rest = first.split_off(first.len().min(TRIED_BEFORE_CLOSED));
        let mut tally = Tally::default();
        self.read_some(read, first, &mut tally).await?;
        for key in next {
            if !tally.is_turned_away() {
                break;
            }
            self.read_some(read, vec![key], &mut tally).await?;
        }
        if let Some(reason) = tally.closed(read.each.refresh) {
            // The next run asks for others first. What is stored keeps its turn: a kind that
            // is closed would run out of objects that could tell that it is open again.
            let refused = tally.refused.into_iter().chain(tally.absent);
            self.note_turns(read.kind, refused.filter(|key| unread.contains(key)).collect()).await?;
            return Ok(Answers { absent: HashSet::new(), closed: Some(reason) });
        }
        self.read_some(read, rest, &mut tally).await?;
        let Tally { absent, refused, reason, .. } = tally;
        self.not_read(read.kind, &refused, &reason);
        // What was never read and is not there may be new, and not be shown yet.
        let absent_before = absent.iter().filter(|key| !unread.contains(*key)).cloned();
        self.note_turns(read.kind, refused.into_iter().chain(absent_before).collect()).await?;
        Ok(Answers { absent, closed: None })
    }

    /// Notes objects that are kept from us; what is stored of them stays.
    pub(super) fn not_read(&mut self, kind: &Kind, keys: &[String], reason: &str) {
        let what = match keys {
            [] => return,
            [key] => format!("{} {key}", kind.singular),
            keys => format!("{} {}", keys.len(), kind.name),
        };
        self.findings.not_read.push(format!("{what}: {reason}"));
    }

    /// Remembers that objects were asked for in vain: their turn comes again like that of
    /// others.
    pub(super) async fn note_turns(
        &self,
        kind: &'static Kind,
        keys: Vec<String>,
    ) -> Result<(), ExtractError> {
        if keys.is_empty() {
            return Ok(());
        }
        let (writer, run) = (self.writer.clone(), self.id);
        blocking(move || Ok(writer.refused(run, Cow::Borrowed(kind.name), keys, Timestamp::now())?)).await
    }

    async fn read_some(
        &mut self,
        read: Read,
        keys: Vec<String>,
        tally: &mut Tally,
    ) -> Result<(), ExtractError> {
        let this: &Self = self;
        let outcomes: Vec<(String, Result<Outcome, ExtractError>)> = futures_util::stream::iter(keys)
            .map(|key| async move {
                let outcome = this.read_one(read, &key).await;
                (key, outcome)
            })
            .buffer_unordered(self.workers())
            .collect()
            .await;
        let mut unread = 0;
        for (key, outcome) in outcomes {
            tally.tried += 1;
            match outcome? {
                Outcome::Stored => {}
                Outcome::Absent(reason) => {
                    tally.reason = reason;
                    tally.absent.insert(key);
                }
                Outcome::Refused(reason) => {
                    tally.reason = reason;
                    tally.refused.push(key);
                }
                Outcome::Gap(gap) => self.findings.gaps.push(gap),
                Outcome::Stopped => unread += 1,
            }
        }
        if unread > 0 {
            let reason = self.brake.pulled().map_or_else(|| "not read".to_owned(), |stop| stop.reason());
            let place = format!("{unread} {}", read.kind.name);
            self.findings.gaps.push(GapReport::of_list(read.kind.name, place, &reason, 0));
        }
        Ok(())
    }

    async fn read_one(&self, read: Read, key: &str) -> Result<Outcome, ExtractError> {
        let Read { kind, each } = read;
        if self.brake.pulled().is_some() {
            return Ok(Outcome::Stopped);
        }
        let call = item_call(kind, each, key);
        let answered = tokio::select! {
            answered = item(&self.client, &call, key, kind, each.answer) => answered,
            () = self.brake.at_once() => return Ok(Outcome::Stopped),
        };
        match answered {
            Ok((row, date)) => {
                self.store_one(kind, row, date).await?;
                Ok(Outcome::Stored)
            }
            Err(error) if error.kind == ErrorKind::NotFound => {
                Ok(Outcome::Absent(unavailable(&error, call.operation)))
            }
            Err(error) if cannot_heal(&error) => Ok(Outcome::Refused(unavailable(&error, call.operation))),
            Err(error) => {
                if let Some(limit) = Stop::of_limit(&error) {
                    self.brake.pull(limit);
                    return Ok(Outcome::Stopped);
                }
                if let Some(stop) = self.server_down(&error) {
                    self.brake.pull(stop);
                }
                Ok(Outcome::Gap(GapReport::of_object(kind, key, error.to_string(), error.tries)))
            }
        }
    }

    pub(super) async fn store_one(
        &self,
        kind: &'static Kind,
        row: Row,
        date: Timestamp,
    ) -> Result<(), ExtractError> {
        let (preparer, run) = (Arc::clone(&self.preparer), self.id);
        blocking(move || {
            let key = row.id.clone();
            preparer.store_items(kind, Side::Live, &[row], date)?;
            Ok(preparer.writer.refreshed(run, Cow::Borrowed(kind.name), vec![key], date)?)
        })
        .await
    }

    /// Notes objects as seen as they are stored.
    pub(super) async fn keep(&self, kind: &'static Kind, keys: Vec<String>) -> Result<(), ExtractError> {
        let (writer, run) = (self.writer.clone(), self.id);
        blocking(move || {
            writer.found_as_it_was(run, Cow::Borrowed(kind.name), keys, Timestamp::UNIX_EPOCH)?;
            Ok(())
        })
        .await
    }
}
