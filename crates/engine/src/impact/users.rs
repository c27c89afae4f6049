//! Who uses a field, and where.

use std::collections::HashSet;
use std::panic::resume_unwind;
use std::sync::mpsc::{Receiver, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use vault::{AsOf, FieldFilter, Reader, Referrer, Result};

use crate::documents::{Place, Wanted, wanted_uses};

/// Documents that may wait to be looked through.
const WAITING: usize = 64;

type User = (Referrer, Vec<Place>);

type Documents = Receiver<(Referrer, Vec<u8>)>;

/// The objects that use one of the fields with the places at which they do, by kind
/// and key. While one thread reads and decompresses, others look through what it read.
pub(super) fn of_fields(reader: &Reader, of: AsOf, filter: &FieldFilter) -> Result<Vec<User>> {
    let threads = thread::available_parallelism().map_or(1, usize::from);
    let (send, receive) = sync_channel(WAITING);
    let receive = Arc::new(Mutex::new(receive));
    let mut users = thread::scope(|scope| {
        let look = |receive: Arc<Mutex<Documents>>| scope.spawn(move || look_through(&receive, filter));
        let looking: Vec<_> = std::iter::repeat_n(receive, threads).map(look).collect();
        let read = reader.field_users(of, filter, |user, body| {
            // The other ends are there until this one is dropped, unless they panicked.
            let _ = send.send((user, body));
        });
        drop(send);
        let users =
            looking.into_iter().flat_map(|one| one.join().unwrap_or_else(|panic| resume_unwind(panic)));
        let users: Vec<User> = users.collect();
        read.map(|()| users)
    })?;
    users.sort_unstable_by(|(a, _), (b, _)| {
        (&a.kind, a.key.len(), &a.key).cmp(&(&b.kind, b.key.len(), &b.key))
    });
    Ok(users)
}

fn look_through(documents: &Mutex<Documents>, filter: &FieldFilter) -> Vec<User> {
    let wanted = Wanted::new(filter);
    let next = || documents.lock().unwrap_or_else(PoisonError::into_inner).recv().ok();
    let places = |(user, body): (Referrer, Vec<u8>)| {
        let uses = wanted_uses(&user.kind, &body, &wanted).into_iter();
        let places = whole_queries(uses.map(|used| used.place).collect());
        (user, places)
    };
    std::iter::from_fn(next).map(places).collect()
}

/// Where a query as a whole was asked for its fields are not told one by one.
fn whole_queries(places: Vec<Place>) -> Vec<Place> {
    let whole: HashSet<_> =
        places.iter().filter(|place| place.field == "query").map(|place| place.part.clone()).collect();
    if whole.is_empty() {
        return places;
    }
    places.into_iter().filter(|place| place.field == "query" || !whole.contains(&place.part)).collect()
}
