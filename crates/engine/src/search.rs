//! Search: objects by the words in their documents, with the places where they
//! stand.

use std::panic::resume_unwind;
use std::thread;

use vault::{AsOf, Fragment, Period, Reader, Referrer, Result, RunId, SearchHit};

use crate::documents::{Place, PlacedText, placed_texts};
use crate::impact::{Names, ObjectName};

/// So few documents are read by one thread.
const FEW: usize = 4;

/// Places shown of an object.
const PLACES: usize = 3;

/// What a search has found.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The best, in order.
    pub hits: Vec<Hit>,
    /// How many objects were found.
    pub found: u64,
    /// There may be more: only the newest documents were looked at.
    pub more: bool,
}

/// An object that was found.
#[derive(Debug, Clone)]
pub struct Hit {
    /// The object, as it was called then.
    pub object: ObjectName,
    /// When what was found held: from this run until (not with) that one, the newest
    /// first.
    pub spans: Vec<(RunId, Option<RunId>)>,
    /// Where in it the words stand, the best places first.
    pub places: Vec<FoundAt>,
}

/// A place where words were found.
#[derive(Debug, Clone)]
pub struct FoundAt {
    /// Where.
    pub place: Place,
    /// The text around them.
    pub fragments: Vec<Fragment>,
}

/// Searches a vault.
///
/// # Errors
/// When the vault cannot be read.
pub fn search(reader: &Reader, search: &vault::Search<'_>) -> Result<Answer> {
    let answer = reader.search(search)?;
    let run = if let Period::At(run) = search.moment { Some(run) } else { None };
    let mut names = Names::new(reader, AsOf { instance: search.instance, run })?;
    let texts: Vec<(usize, PlacedText)> = (0..)
        .zip(texts_of(&answer.hits))
        .flat_map(|(nth, texts)| texts.into_iter().map(move |text| (nth, text)))
        .collect();
    let mut places: Vec<Vec<FoundAt>> = answer.hits.iter().map(|_| Vec::new()).collect();
    for marked in search.terms.mark(texts.iter().map(|(_, text)| text.text.as_str()))? {
        let (nth, text) = &texts[marked.index];
        if places[*nth].len() < PLACES {
            places[*nth].push(FoundAt { place: text.place.clone(), fragments: marked.fragments });
        }
    }
    let hit = |(hit, places): (SearchHit, Vec<FoundAt>)| {
        let SearchHit { kind, key, title, folder, side, spans, .. } = hit;
        let object = names.name(Referrer { kind, key, title, folder, side })?;
        Ok(Hit { object, spans, places })
    };
    let hits = answer.hits.into_iter().zip(places).map(hit).collect::<Result<_>>()?;
    Ok(Answer { hits, found: answer.found, more: answer.more })
}

/// The texts of each object that was found. To read twenty dashboards takes as long as to
/// find them.
fn texts_of(hits: &[SearchHit]) -> Vec<Vec<PlacedText>> {
    let threads = thread::available_parallelism().map_or(1, usize::from);
    let (own, others) = hits.split_at(hits.len().div_ceil(threads).max(FEW).min(hits.len()));
    let read = |hits: &[SearchHit]| -> Vec<_> {
        hits.iter().map(|hit| placed_texts(&hit.kind, &hit.body)).collect()
    };
    thread::scope(|scope| {
        let others = others.chunks(own.len().max(1)).map(|hits| scope.spawn(move || read(hits)));
        let others: Vec<_> = others.collect();
        let mut texts = read(own);
        for other in others {
            texts.extend(other.join().unwrap_or_else(|panic| resume_unwind(panic)));
        }
        texts
    })
}
