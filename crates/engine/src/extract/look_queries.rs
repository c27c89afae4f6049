//! Queries of looks in bulk.
//!
//! A search answers looks without their queries, unless the instance gives them
//! when they are asked for in `fields` (which is not documented: it is tried once
//! and remembered). Else the looks of a folder are answered with their queries by
//! one call; what is left after that is read one by one.

use std::collections::{BTreeMap, HashSet};

use bytes::Bytes;
use futures_util::StreamExt;
use jiff::Timestamp;
use looker::Kind;
use looker::catalogue::Operation;
use looker::client::Call;
use looker::error::Result as LookerResult;
use looker::pacing::{Ledger, Reason};
use looker::rows::{self, Row};
use serde::Deserialize;
use serde_json::value::RawValue;
use vault::{InstanceId, Probe, Reader, VaultError};

use super::error::ExtractError;
use super::pool::blocking;
use super::report::Stop;
use super::run::Run;
use crate::check::cannot_heal;

const FOLDER_LOOKS: Operation =
    Operation { id: "folder_looks", path: "/folders/{folder_id}/looks", ledger: Ledger::Administrative };

pub(super) const SEARCH_LOOKS: Operation =
    Operation { id: "search_looks", path: "/looks/search", ledger: Ledger::Administrative };

/// Whether `search_looks` gives `query` when `fields` names it.
pub(super) const PROBE: &str = "look_search_gives_query";

/// Looks a page of a search with queries.
pub(super) const PAGE: usize = 500;

/// A look as a bulk call answers it.
#[derive(Deserialize)]
struct WithQuery<'a> {
    #[serde(borrow, default)]
    query: Option<&'a RawValue>,
}

/// The stored look's side of it.
#[derive(Deserialize)]
struct StoredLook {
    query_id: Option<serde_json::Value>,
    folder_id: Option<serde_json::Value>,
}

impl Run {
    /// Reads what can be had in bulk of the queries that are missing.
    pub(super) async fn queries_in_bulk(
        &mut self,
        kind: &'static Kind,
        keys: &[String],
    ) -> Result<(), ExtractError> {
        let (writer, instance) = (self.writer.clone(), self.instance);
        let ages = blocking(move || Ok(writer.reader()?.ages(instance, kind.name)?)).await?;
        let mut missing: HashSet<String> =
            keys.iter().filter(|key| !ages.contains_key(*key)).cloned().collect();
        self.queries_of_tiles(kind, &mut missing).await?;
        let mut by_folder = self.looks_by_folder(&missing).await?;
        let of_looks: HashSet<String> = by_folder.values().flatten().cloned().collect();
        by_folder.retain(|_, queries| queries.len() > 1);
        if by_folder.is_empty() {
            return Ok(());
        }
        let pages = of_looks.len().div_ceil(PAGE) + 1;
        if pages < by_folder.len() && self.search_gives_queries().await? != Some(false) {
            self.by_search(kind, &of_looks, &mut missing).await?;
        }
        by_folder.retain(|_, queries| queries.iter().filter(|query| missing.contains(*query)).count() > 1);
        self.by_folder(kind, by_folder.into_keys().collect(), &mut missing).await
    }

    async fn looks_by_folder(
        &self,
        missing: &HashSet<String>,
    ) -> Result<BTreeMap<String, Vec<String>>, ExtractError> {
        let missing = missing.clone();
        let (writer, instance) = (self.writer.clone(), self.instance);
        blocking(move || Ok(looks_by_folder(&*writer.reader()?, instance, &missing)?)).await
    }

    /// What is known of the instance; `None` before it was tried.
    async fn search_gives_queries(&self) -> Result<Option<bool>, ExtractError> {
        let (writer, instance) = (self.writer.clone(), self.instance);
        let probes = blocking(move || Ok(writer.reader()?.probes(instance)?)).await?;
        Ok(probes.iter().find(|probe| probe.name == PROBE).map(|probe| probe.answer))
    }

    /// Pages through all looks until no query `of_looks` is missing; the first page
    /// tells whether that is of any use.
    async fn by_search(
        &mut self,
        kind: &'static Kind,
        of_looks: &HashSet<String>,
        missing: &mut HashSet<String>,
    ) -> Result<(), ExtractError> {
        for page in 0.. {
            let call = Call::new(&SEARCH_LOOKS, kind.name, Reason::Page)
                .with("fields", "id,query")
                .with("sorts", "id")
                .with("limit", PAGE.to_string())
                .with("offset", (page * PAGE).to_string());
            let Some((rows, queries, date)) = self.queries_of(&call, kind).await? else { return Ok(()) };
            let answer = !queries.is_empty();
            if page == 0 {
                self.writer.probe(self.id, Probe { name: PROBE.to_owned(), answer, at: date })?;
            }
            let wanted = queries.into_iter().filter(|query| missing.remove(&query.id)).collect();
            self.store_queries(kind, wanted, date).await?;
            if !answer || rows < PAGE || missing.is_disjoint(of_looks) {
                return Ok(());
            }
        }
        Ok(())
    }

    async fn by_folder(
        &mut self,
        kind: &'static Kind,
        folders: Vec<String>,
        missing: &mut HashSet<String>,
    ) -> Result<(), ExtractError> {
        let this: &Self = self;
        let answers: Vec<_> = futures_util::stream::iter(folders)
            .map(|folder| async move {
                let call = Call::new(&FOLDER_LOOKS, kind.name, Reason::Page).at(&folder);
                this.queries_of(&call, kind).await
            })
            .buffer_unordered(self.workers())
            .collect()
            .await;
        for answer in answers {
            let Some((_, queries, date)) = answer? else { continue };
            let wanted = queries.into_iter().filter(|query| missing.remove(&query.id)).collect();
            self.store_queries(kind, wanted, date).await?;
        }
        Ok(())
    }

    /// The queries that a call answers with its looks, and how many looks came.
    /// `None` where it failed: then they are read one by one.
    async fn queries_of(
        &self,
        call: &Call,
        kind: &'static Kind,
    ) -> Result<Option<(usize, Vec<Row>, Timestamp)>, ExtractError> {
        if self.brake.pulled().is_some() {
            return Ok(None);
        }
        let read = tokio::select! {
            read = self.client.get(call, |reply| {
                let looks = rows::cut(&reply.body)?;
                Ok((looks.len(), queries_in(&looks, kind)?, reply.date))
            }) => read,
            () = self.brake.at_once() => return Ok(None),
        };
        match read {
            Ok(read) => Ok(Some(read)),
            Err(error) => {
                if let Some(stop) = Stop::of_limit(&error).or_else(|| self.server_down(&error)) {
                    self.brake.pull(stop);
                } else if !cannot_heal(&error) {
                    tracing::info!(%error, "Queries could not be read in bulk.");
                }
                Ok(None)
            }
        }
    }

    async fn store_queries(
        &self,
        kind: &'static Kind,
        queries: Vec<Row>,
        date: Timestamp,
    ) -> Result<(), ExtractError> {
        let preparer = std::sync::Arc::clone(&self.preparer);
        blocking(move || preparer.store_items(kind, vault::Side::Live, &queries, date)).await
    }
}

/// Folders of which a call answers several of the queries that are missing. A folder
/// with a single one costs a call either way; by id, a small one.
pub(super) fn folders_of(
    reader: &Reader,
    instance: InstanceId,
    missing: &HashSet<String>,
) -> Result<BTreeMap<String, Vec<String>>, VaultError> {
    let mut folders = looks_by_folder(reader, instance, missing)?;
    folders.retain(|_, queries| queries.len() > 1);
    Ok(folders)
}

/// Folders of live looks with the queries that are missing of them.
fn looks_by_folder(
    reader: &Reader,
    instance: InstanceId,
    missing: &HashSet<String>,
) -> Result<BTreeMap<String, Vec<String>>, VaultError> {
    let mut folders: BTreeMap<String, Vec<String>> = BTreeMap::new();
    reader.bodies(instance, "looks", |_, body| {
        let Ok(look) = serde_json::from_slice::<StoredLook>(body) else { return };
        let (Some(query), Some(folder)) =
            (look.query_id.as_ref().and_then(text), look.folder_id.as_ref().and_then(text))
        else {
            return;
        };
        if missing.contains(&query) {
            folders.entry(folder).or_default().push(query);
        }
    })?;
    Ok(folders)
}

fn queries_in(looks: &[Bytes], kind: &'static Kind) -> LookerResult<Vec<Row>> {
    let mut queries = Vec::new();
    for look in looks {
        let query = serde_json::from_slice::<WithQuery<'_>>(look).ok().and_then(|look| look.query);
        if let Some(query) = query.filter(|query| query.get().starts_with('{')) {
            queries.push(Row::read(look.slice_ref(query.get().as_bytes()), kind)?);
        }
    }
    Ok(queries)
}

fn text(value: &serde_json::Value) -> Option<String> {
    match value {
        serde_json::Value::String(text) => Some(text.clone()),
        serde_json::Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}
