//! The same work for many things, on all cores.

use std::panic::resume_unwind;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

/// Fewer things than this are not worth a thread more.
const A_THREADS_WORTH: usize = 16;

/// Does something with each thing, on as many threads as there are cores, each with what
/// `begin` gives it. What comes of all is in their order.
///
/// # Errors
/// One of those that `begin` or `work` give.
pub(super) fn each<T: Sync, S, R: Send, E: Send>(
    things: &[T],
    begin: impl Fn() -> Result<S, E> + Sync,
    work: impl Fn(&S, &T) -> Result<R, E> + Sync,
) -> Result<Vec<R>, E> {
    let cores = thread::available_parallelism().map_or(1, usize::from);
    let threads = cores.min(things.len() / A_THREADS_WORTH);
    if threads < 2 {
        let own = begin()?;
        return things.iter().map(|thing| work(&own, thing)).collect();
    }
    let next = AtomicUsize::new(0);
    let run = || {
        let own = begin()?;
        let mut done = Vec::with_capacity(things.len() / threads);
        loop {
            let at = next.fetch_add(1, Ordering::Relaxed);
            let Some(thing) = things.get(at) else { return Ok(done) };
            done.push((at, work(&own, thing)?));
        }
    };
    let done = thread::scope(|scope| {
        let others: Vec<_> = (1..threads).map(|_| scope.spawn(run)).collect();
        let mut done = run()?;
        for other in others {
            done.extend(other.join().unwrap_or_else(|panic| resume_unwind(panic))?);
        }
        Ok(done)
    });
    let mut done = done?;
    done.sort_unstable_by_key(|(at, _)| *at);
    Ok(done.into_iter().map(|(_, result)| result).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_comes_of_all_is_in_their_order() {
        for count in [0, 1, 1000] {
            let things: Vec<usize> = (0..count).collect();
            let doubled = each(&things, || Ok::<_, ()>(2), |by, thing| Ok(thing * by)).unwrap();
            assert!(doubled.iter().zip(&things).all(|(doubled, thing)| *doubled == thing * 2));
            assert_eq!(doubled.len(), count);
        }
    }

    #[test]
    fn an_error_ends_it() {
        let things: Vec<usize> = (0..1000).collect();
        let failing = |(): &(), thing: &usize| if *thing == 500 { Err(*thing) } else { Ok(()) };
        assert_eq!(each(&things, || Ok(()), failing), Err(500));
    }
}
