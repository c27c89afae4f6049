//! Kinds that one call answers whole, and those of which there is one each.

use std::borrow::Cow;
use std::sync::Arc;

use jiff::Timestamp;
use looker::Kind;
use looker::catalogue::{AnswerShape, List, Whole};
use looker::client::Call;
use looker::pacing::Reason;
use looker::rows::{self, Row};
use vault::{AbsenceScope, Side, StreamRecord};

use super::error::ExtractError;
use super::pool::blocking;
use super::run::Run;
use super::scope::Listed;
use crate::check::{cannot_heal, unavailable};

/// Stream numbers of whole kinds, apart from those of page streams.
const WHOLE_STREAMS: u32 = 1 << 20;

impl Run {
    /// Holds the folders against what the vault knows, and answers them; lists them
    /// where nobody has, if they are to be read.
    pub(super) async fn recognise_folders(
        &mut self,
        listed: Option<Listed>,
    ) -> Result<Option<Listed>, ExtractError> {
        let Some((kind, whole)) = folders_kind() else { return Ok(listed) };
        let is_read = self.request.kinds.contains(&kind) && !self.was_stored(kind);
        let listed = match listed {
            None if is_read => self.fetch_whole(kind, whole).await,
            listed => listed,
        };
        if let Some((rows, _)) = &listed {
            self.recognition.check(kind, rows.iter()).await?;
        }
        Ok(listed)
    }

    /// Reads the kinds that one call answers whole.
    pub(super) async fn read_whole_kinds(&mut self, mut folders: Option<Listed>) -> Result<(), ExtractError> {
        for kind in self.request.kinds.clone() {
            let List::Whole(whole) = &kind.list else { continue };
            let listed = match kind.name {
                "folders" => folders.take(),
                _ if self.was_stored(kind) => None,
                _ => self.fetch_whole(kind, whole).await,
            };
            match listed {
                Some((rows, date)) => {
                    self.recognition.check(kind, rows.iter()).await?;
                    self.store_whole(kind, rows, date).await?;
                }
                None if self.was_stored(kind) => {}
                None => continue,
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

    /// Whether an earlier attempt has stored the whole of a kind.
    fn was_stored(&self, kind: &Kind) -> bool {
        let is_stored =
            |stream: &vault::ResumableStream| stream.record.kind == kind.name && !stream.committed.is_empty();
        self.earlier.iter().any(is_stored)
    }

    /// Lists the whole of a kind. Why it could not be had is among the findings.
    async fn fetch_whole(&mut self, kind: &'static Kind, whole: &'static Whole) -> Option<Listed> {
        if self.brake.pulled().is_some() {
            return None;
        }
        let call = whole_call(kind, whole);
        let read = tokio::select! {
            read = self.client.get(&call, |reply| Ok((rows::split(&reply.body, kind)?, reply.date))) => read,
            () = self.brake.at_once() => return None,
        };
        match read {
            Ok(listed) => return Some(listed),
            Err(error) if cannot_heal(&error) => self.close_kind(kind, unavailable(&error, call.operation)),
            Err(error) => self.kind_failed(kind, &error),
        }
        None
    }

    /// Reads what there is one of, each by a call of its own.
    pub(super) async fn read_singles(&mut self) -> Result<(), ExtractError> {
        for kind in self.request.kinds.clone() {
            let List::Singles(operations) = &kind.list else { continue };
            self.watch.phase(&format!("reading {}", kind.name));
            let (mut refused, mut keys) = (Vec::new(), Vec::new());
            for operation in *operations {
                if self.resting.contains(operation.id) {
                    continue;
                }
                if self.brake.pulled().is_some() {
                    break;
                }
                let call = Call::new(operation, kind.name, Reason::Item);
                let row = |body| Row::keyed(operation.id, body, kind, AnswerShape::Object);
                let read = tokio::select! {
                    read = self.client.get(&call, |reply| Ok((row(reply.body.clone())?, reply.date))) => read,
                    () = self.brake.at_once() => break,
                };
                match read {
                    Ok((row, date)) => self.store_one(kind, row, date).await?,
                    Err(error) if cannot_heal(&error) => {
                        keys.push(operation.id.to_owned());
                        refused.push(format!("{}: {}", operation.id, unavailable(&error, operation)));
                    }
                    Err(error) => self.kind_failed(kind, &error),
                }
            }
            if refused.len() == operations.len() {
                self.close_kind(kind, refused.swap_remove(0));
            }
            self.note_turns(kind, keys).await?;
            self.findings.not_read.extend(refused);
        }
        Ok(())
    }

    pub(super) async fn store_whole(
        &self,
        kind: &'static Kind,
        rows: Vec<Row>,
        date: Timestamp,
    ) -> Result<(), ExtractError> {
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
            preparer.store_whole(kind, stream, &rows, date)
        })
        .await
    }
}

/// The kind of folders, and how all of them are listed.
pub(super) fn folders_kind() -> Option<(&'static Kind, &'static Whole)> {
    let kind = Kind::find("folders")?;
    let List::Whole(whole) = &kind.list else { return None };
    Some((kind, whole))
}

/// A call for the whole of a kind.
pub(crate) fn whole_call(kind: &'static Kind, whole: &'static Whole) -> Call {
    let call = Call::new(&whole.operation, kind.name, Reason::Page);
    whole.parameters.iter().fold(call, |call, (name, value)| call.with(name, *value))
}
