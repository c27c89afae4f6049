//! Changed objects where no list of ids is taken: by the parts of pages that hold
//! them.
//!
//! A light listing is sorted by id, as pages are, so it tells where each object
//! stands. Neighbours share a call; what has slid out of its window meanwhile,
//! because others came or went before it, is read by id. Nothing but the changed
//! objects is taken from a window, so the listing that opened the run can close it.

use futures_util::StreamExt;
use looker::pacing::Reason;
use looker::rows;

use super::by_id::Item;
use super::error::ExtractError;
use super::pool::Rows;
use super::report::Stop;
use super::run::Run;

/// Rows that stand together, and the objects that are wanted of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Window {
    /// First row.
    pub(super) offset: u64,
    /// Rows.
    pub(super) limit: u64,
    /// The objects.
    pub(super) keys: Vec<String>,
}

/// The fewest windows of at most `page` rows that hold all objects, by their places.
pub(super) fn windows(mut places: Vec<(u64, String)>, page: u32) -> Vec<Window> {
    places.sort_unstable();
    let mut windows: Vec<Window> = Vec::new();
    for (place, key) in places {
        match windows.last_mut() {
            Some(window) if place < window.offset + u64::from(page.max(1)) => {
                window.limit = place - window.offset + 1;
                window.keys.push(key);
            }
            _ => windows.push(Window { offset: place, limit: 1, keys: vec![key] }),
        }
    }
    windows
}

impl Run {
    /// Reads windows of groups; answers the objects that were not met there.
    pub(super) async fn read_windows(
        &mut self,
        windows: Vec<(usize, Window)>,
    ) -> Result<Vec<Item>, ExtractError> {
        let this: &Self = self;
        let left: Vec<Result<Vec<Item>, ExtractError>> = futures_util::stream::iter(windows)
            .map(|(group, window)| this.read_window(group, window))
            .buffer_unordered(this.workers())
            .collect()
            .await;
        let left: Result<Vec<Vec<Item>>, ExtractError> = left.into_iter().collect();
        Ok(left?.concat())
    }

    async fn read_window(&self, group: usize, window: Window) -> Result<Vec<Item>, ExtractError> {
        let Window { offset, limit, keys } = window;
        let left = |keys: Vec<String>| keys.into_iter().map(|key| (group, key)).collect();
        if self.brake.pulled().is_some() {
            return Ok(left(keys));
        }
        let at = &self.groups[group];
        let call = at.call(None, Rows::Full, Reason::Page);
        let call = call.with("limit", limit.to_string()).with("offset", offset.to_string());
        let read = tokio::select! {
            read = self.client.get_several(&call, |reply| Ok((rows::split(&reply.body, at.kind)?, reply.date))) => read,
            () = self.brake.at_once() => return Ok(left(keys)),
        };
        match read {
            Ok((mut rows, date)) => {
                rows.retain(|row| keys.contains(&row.id));
                let missed = keys.into_iter().filter(|key| rows.iter().all(|row| row.id != *key)).collect();
                self.store_rows(at, rows, date).await?;
                Ok(left(missed))
            }
            Err(error) => {
                if let Some(stop) = Stop::of_limit(&error) {
                    self.brake.pull(stop);
                }
                tracing::debug!(%error, objects = keys.len(), "Objects of a window are read by id.");
                Ok(left(keys))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spans(places: &[u64], page: u32) -> Vec<(u64, u64)> {
        let places = places.iter().map(|place| (*place, place.to_string())).collect();
        windows(places, page).into_iter().map(|window| (window.offset, window.limit)).collect()
    }

    #[test]
    fn neighbours_share_a_window_no_longer_than_a_page() {
        assert_eq!(spans(&[], 100), []);
        assert_eq!(spans(&[7], 100), [(7, 1)]);
        assert_eq!(spans(&[109, 10, 40, 110], 100), [(10, 100), (110, 1)]);
        assert_eq!(spans(&[0, 100, 200], 100), [(0, 1), (100, 1), (200, 1)]);
        assert_eq!(spans(&[5, 6, 7], 1), [(5, 1), (6, 1), (7, 1)]);
    }

    #[test]
    fn windows_are_never_more_than_pages_or_objects() {
        for seed in 0..200 {
            let mut rng = fastrand::Rng::with_seed(seed);
            let (rows, page) = (rng.u64(1..2_000), rng.u32(1..150));
            let places: Vec<u64> = (0..rows).filter(|_| rng.u8(0..10) == 0).collect();
            let windows = spans(&places, page);
            assert!(windows.len() <= places.len());
            assert!(windows.len() as u64 <= rows.div_ceil(page.into()), "{rows} {page}");
            assert!(windows.iter().all(|(_, limit)| *limit <= u64::from(page)));
            let holds = |place: &u64| windows.iter().any(|(at, limit)| (*at..at + limit).contains(place));
            assert!(places.iter().all(holds));
        }
    }
}
