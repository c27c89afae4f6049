//! Queries that need no call, because tiles of stored dashboards hold them.
//!
//! A query never changes under its id, so one that a dashboard was answered with
//! is the one that a look or a merge query refers to.

use std::collections::{HashMap, HashSet};

use bytes::Bytes;
use jiff::Timestamp;
use looker::Kind;
use looker::rows::Row;
use serde::Deserialize;
use serde_json::value::RawValue;
use vault::{InstanceId, Reader, Side, VaultError};

use super::error::ExtractError;
use super::keys::scalar;
use super::pool::blocking;
use super::run::Run;

/// Where tiles hold queries.
#[derive(Deserialize)]
struct Dashboard<'a> {
    #[serde(borrow, default)]
    dashboard_elements: Vec<Tile<'a>>,
}

#[derive(Deserialize)]
struct Tile<'a> {
    #[serde(borrow, default)]
    query: Option<&'a RawValue>,
    #[serde(borrow, default)]
    look: Option<Holder<'a>>,
    #[serde(borrow, default)]
    result_maker: Option<Holder<'a>>,
}

#[derive(Deserialize)]
struct Holder<'a> {
    #[serde(borrow, default)]
    query: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Named {
    id: Option<serde_json::Value>,
}

/// A query as a dashboard was answered with it.
pub(super) struct Found {
    pub(super) query: Row,
    read_at: Timestamp,
}

impl Run {
    /// Stores those of `missing` that tiles hold; takes them out.
    pub(super) async fn queries_of_tiles(
        &self,
        kind: &'static Kind,
        missing: &mut HashSet<String>,
    ) -> Result<(), ExtractError> {
        if missing.is_empty() {
            return Ok(());
        }
        let (writer, preparer) = (self.writer.clone(), std::sync::Arc::clone(&self.preparer));
        let (instance, wanted) = (self.instance, missing.clone());
        let stored = blocking(move || {
            writer.flush()?;
            let mut stored = Vec::new();
            in_tiles(&*writer.reader()?, instance, kind, wanted, |found| {
                stored.push(found.query.id.clone());
                preparer.store_items(kind, Side::Live, &[found.query], found.read_at)
            })?;
            Ok(stored)
        })
        .await?;
        missing.retain(|key| !stored.contains(key));
        Ok(())
    }
}

/// Bodies are looked through without what changes without an edit; what is found
/// is taken from the whole document, and handed over at once: a found query keeps its
/// document in memory.
pub(super) fn in_tiles<E: From<VaultError>>(
    reader: &Reader,
    instance: InstanceId,
    kind: &Kind,
    mut wanted: HashSet<String>,
    mut take: impl FnMut(Found) -> Result<(), E>,
) -> Result<(), E> {
    let mut held: HashMap<String, Vec<String>> = HashMap::new();
    reader.bodies(instance, "dashboards", |dashboard, body| {
        let keys = queries(body).into_iter().map(|(key, _)| key).filter(|key| wanted.remove(key));
        let keys: Vec<String> = keys.collect();
        if !keys.is_empty() {
            held.insert(dashboard.to_owned(), keys);
        }
    })?;
    for (dashboard, keys) in held {
        let Some(stored) = reader.show(instance, "dashboards", &dashboard)? else { continue };
        let document = Bytes::from(stored.document);
        let mut keys: HashSet<String> = keys.into_iter().collect();
        for (key, raw) in queries(&document) {
            if keys.remove(&key)
                && let Ok(query) = Row::read(document.slice_ref(raw.get().as_bytes()), kind)
            {
                take(Found { query, read_at: stored.read_at })?;
            }
        }
    }
    Ok(())
}

/// The queries in a dashboard's tiles, by their ids.
fn queries(document: &[u8]) -> Vec<(String, &RawValue)> {
    let Ok(dashboard) = serde_json::from_slice::<Dashboard<'_>>(document) else { return Vec::new() };
    let named = |query: &RawValue| {
        serde_json::from_str::<Named>(query.get()).ok().and_then(|named| scalar(&named.id?))
    };
    let tiles = dashboard.dashboard_elements.into_iter();
    tiles.flat_map(of_tile).filter_map(|query| Some((named(query)?, query))).collect()
}

fn of_tile(tile: Tile<'_>) -> impl Iterator<Item = &RawValue> {
    let held = [tile.look, tile.result_maker].map(|holder| holder.and_then(|holder| holder.query));
    [tile.query, held[0], held[1]].into_iter().flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn queries_are_found_wherever_a_tile_holds_them() {
        let dashboard = br#"{"dashboard_elements":[{"query":{"id":"1","limit":1.50}},{"query":null},
            {"look":{"id":"9","query":{"id":2}}},{"result_maker":{"query":{"id":"3"}}},{"query":{"limit":5}},{}]}"#;
        let found: Vec<(String, &str)> =
            queries(dashboard).into_iter().map(|(key, raw)| (key, raw.get())).collect();
        let expected = [("1", r#"{"id":"1","limit":1.50}"#), ("2", r#"{"id":2}"#), ("3", r#"{"id":"3"}"#)];
        assert_eq!(found, expected.map(|(key, raw)| (key.to_owned(), raw)));
        assert!(queries(b"[]").is_empty() && queries(b"{}").is_empty());
    }
}
