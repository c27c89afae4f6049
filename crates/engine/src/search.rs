//! Search: objects by the words in their documents, with the places where they
//! stand.

use vault::{Fragment, Reader, Result, SearchHit};

use crate::documents::{Place, placed_texts};

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
    /// The object, as the vault knows it.
    pub object: SearchHit,
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
    let mut hits: Vec<Hit> =
        answer.hits.into_iter().map(|object| Hit { object, places: Vec::new() }).collect();
    let texts = hits.iter().enumerate().flat_map(|(nth, hit)| {
        placed_texts(&hit.object.kind, &hit.object.body).into_iter().map(move |text| (nth, text))
    });
    let texts: Vec<_> = texts.collect();
    for marked in search.terms.mark(texts.iter().map(|(_, text)| text.text.as_str()))? {
        let (nth, text) = &texts[marked.index];
        let places = &mut hits[*nth].places;
        if places.len() < PLACES {
            places.push(FoundAt { place: text.place.clone(), fragments: marked.fragments });
        }
    }
    Ok(Answer { hits, found: answer.found, more: answer.more })
}
