//! Objects by the words in their documents.

use std::collections::{HashMap, HashSet};
use std::fmt::Write as _;

use rusqlite::types::Value;
use rusqlite::{Row, params_from_iter};

use super::Reader;
use super::objects::{Frame, side};
use crate::error::AtPath;
use crate::{InstanceId, Result, RunId, Side, Terms, VaultError};

/// Of what moment objects are asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Period {
    /// As they are now.
    Now,
    /// As a run left them.
    At(RunId),
    /// As they are or ever were.
    Ever,
}

/// What to search for, and among what.
#[derive(Debug, Clone)]
pub struct Search<'a> {
    /// The instance.
    pub instance: InstanceId,
    /// The words.
    pub terms: &'a Terms,
    /// Only objects of these kinds; of all if there are none.
    pub kinds: &'a [&'a str],
    /// The sides.
    pub sides: &'a [Side],
    /// Of what moment.
    pub moment: Period,
    /// At most so many objects.
    pub limit: usize,
}

/// What a search has found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SearchAnswer {
    /// The best, in order.
    pub hits: Vec<SearchHit>,
    /// How many objects were found.
    pub found: u64,
    /// There are more: of those found in nothing but their title, or of all,
    /// only the newest [`RANKED`] documents were looked at.
    pub more: bool,
}

/// An object that was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SearchHit {
    /// Its kind.
    pub kind: String,
    /// Its key.
    pub key: String,
    /// Title or name, then.
    pub title: Option<String>,
    /// The key of its folder, then.
    pub folder: Option<String>,
    /// Live or trash, then.
    pub side: Side,
    /// When what was found held: from this run until (not with) that one, the
    /// newest first.
    pub spans: Vec<(RunId, Option<RunId>)>,
    /// The newest body that has it.
    pub body: Vec<u8>,
}

/// So many of the newest documents are compared with each other. A word that
/// nearly all have is found in no time then, and nobody reads that far anyway.
pub const RANKED: u32 = 500;

/// The newest documents that match in an index of words, each version with its score,
/// the least of which is the best. The joins are crossed because the index has to lead.
fn matches_sql(index: &str, score: &str) -> String {
    format!(
        "SELECT v.id, o.id, o.kind, o.key, v.title, v.folder, v.side, v.from_run, v.until_run,
             {index}.rowid, {score}
         FROM {index} CROSS JOIN version v INDEXED BY version_body CROSS JOIN object o
         WHERE {index} MATCH ?1 AND v.body = {index}.rowid AND o.id = v.object AND o.instance = ?2
             AND (?3 AND v.side = 0 OR ?4 AND v.side = 1)"
    )
}

/// A title counts most, what people wrote more than names of fields. It counts in how
/// many documents each word occurs.
const SCORE: &str = "bm25(body_text, 10.0, 3.0, 1.0)";

/// Of titles that have all words the shortest says least else.
const TITLE_SCORE: &str = "coalesce(length(v.title), 0) + 0.0";

/// To count the documents of each word takes longer than to find the newest.
const NO_SCORE: &str = "0.0";

/// Later bodies need not be looked at for a state of the past: the older it is, the
/// more of them there are. A seek for each run, however many versions there are.
const NEWEST_BODY: &str =
    "SELECT max((SELECT max(body) FROM version INDEXED BY version_run WHERE from_run = run.id))
     FROM run WHERE id <= ?1";

/// An index of words, and how what matches in it is ordered.
struct Asked {
    index: &'static str,
    score: &'static str,
    in_title: bool,
}

/// A version that matches.
struct Match {
    version: i64,
    object: i64,
    hit: SearchHit,
    body: i64,
    in_title: bool,
    score: f64,
}

impl Reader {
    /// Objects in whose documents the words occur. Those that have all of them in
    /// their title come first. Only what was searched before is found, see
    /// [`Reader::unsearched`].
    ///
    /// # Errors
    /// When the vault cannot be read, or a body cannot be decompressed.
    pub fn search(&self, search: &Search<'_>) -> Result<SearchAnswer> {
        let (mut matches, more) = self.snapshot(|| self.matches(search))?;
        matches.sort_by(|a, b| {
            (b.in_title.cmp(&a.in_title)).then(a.score.total_cmp(&b.score)).then(b.body.cmp(&a.body))
        });
        let mut objects: Vec<Match> = Vec::new();
        let mut place_of: HashMap<i64, usize> = HashMap::new();
        for found in matches {
            if let Some(place) = place_of.get(&found.object) {
                objects[*place].join(&found);
            } else {
                place_of.insert(found.object, objects.len());
                objects.push(found);
            }
        }
        let found = objects.len() as u64;
        objects.truncate(search.limit);
        let hits = objects.into_iter().map(|object| self.hit(object)).collect::<Result<_>>()?;
        Ok(SearchAnswer { hits, found, more })
    }

    fn matches(&self, search: &Search<'_>) -> rusqlite::Result<(Vec<Match>, bool)> {
        let newest: Option<i64> = match search.moment {
            Period::At(run) => self.connection.query_row(NEWEST_BODY, [run.0], |row| row.get(0))?,
            Period::Now | Period::Ever => None,
        };
        let in_title = Asked { index: "body_title", score: TITLE_SCORE, in_title: true };
        let mut matches = self.matches_of(search, newest, &search.terms.expression(), &in_title)?;
        let mut more = matches.len() == RANKED as usize;
        let known: HashSet<i64> = matches.iter().map(|found| found.version).collect();
        // Where what comes first is all that is shown, the rest needs no order. All words
        // that begin so are too many to be counted.
        let first: HashSet<i64> = matches.iter().map(|found| found.object).collect();
        let is_ranked = first.len() < search.limit && !search.terms.has_beginnings();
        let score = if is_ranked { SCORE } else { NO_SCORE };
        let expression = search.terms.expression_by(|begun| self.words_that_begin(begun))?;
        let anywhere = Asked { index: "body_text", score, in_title: false };
        let anywhere = self.matches_of(search, newest, &expression, &anywhere)?;
        more |= anywhere.len() == RANKED as usize;
        matches.extend(anywhere.into_iter().filter(|found| !known.contains(&found.version)));
        Ok((matches, more))
    }

    fn matches_of(
        &self,
        search: &Search<'_>,
        newest: Option<i64>,
        expression: &str,
        asked: &Asked,
    ) -> rusqlite::Result<Vec<Match>> {
        let side = |side| i64::from(search.sides.contains(&side));
        let Asked { index, score, in_title } = *asked;
        let mut sql = matches_sql(index, score);
        let mut parameters: Vec<Value> = vec![
            expression.to_owned().into(),
            search.instance.0.into(),
            side(Side::Live).into(),
            side(Side::Trash).into(),
        ];
        match search.moment {
            Period::Now => sql += " AND v.until_run IS NULL",
            Period::At(run) => {
                parameters.extend([run.0.into(), newest.into()]);
                let _ = write!(
                    sql,
                    " AND v.from_run <= ?5 AND (v.until_run IS NULL OR v.until_run > ?5)
                     AND {index}.rowid <= ?6"
                );
            }
            Period::Ever => {}
        }
        if !search.kinds.is_empty() {
            parameters.push(serde_json::Value::from(search.kinds).to_string().into());
            let _ = write!(sql, " AND o.kind IN (SELECT value FROM json_each(?{}))", parameters.len());
        }
        let _ = write!(sql, " ORDER BY {index}.rowid DESC LIMIT {RANKED}");
        let mut select = self.connection.prepare_cached(&sql)?;
        select.query_map(params_from_iter(parameters), |row| Match::read(row, in_title))?.collect()
    }

    fn hit(&self, found: Match) -> Result<SearchHit> {
        let select = "SELECT raw_len, dictionary, data FROM body WHERE id = ?1";
        let mut select = self.connection.prepare_cached(select).at(&self.path)?;
        let read =
            |row: &Row<'_>| Ok(Frame { raw_len: row.get(0)?, dictionary: row.get(1)?, data: row.get(2)? });
        let frame = select.query_row([found.body], read).at(&self.path)?;
        let hit = found.hit;
        let body = self.decode(&frame).at(&self.path)?.map_err(|why| {
            VaultError::damaged(&self.path, format!("the body of {} {}: {why}", hit.kind, hit.key))
        })?;
        Ok(SearchHit { body, ..hit })
    }
}

impl Match {
    fn read(row: &Row<'_>, in_title: bool) -> rusqlite::Result<Self> {
        let until: Option<i64> = row.get(8)?;
        Ok(Self {
            version: row.get(0)?,
            object: row.get(1)?,
            hit: SearchHit {
                kind: row.get(2)?,
                key: row.get(3)?,
                title: row.get(4)?,
                folder: row.get(5)?,
                side: side(row.get(6)?)?,
                spans: vec![(RunId(row.get(7)?), until.map(RunId))],
                body: Vec::new(),
            },
            body: row.get(9)?,
            in_title,
            score: row.get(10)?,
        })
    }

    /// Takes in another version of the same object: the newest one is shown.
    fn join(&mut self, other: &Self) {
        let span = other.hit.spans[0];
        let spans = std::mem::take(&mut self.hit.spans);
        if span.0 > spans[0].0 {
            (self.hit, self.body) = (other.hit.clone(), other.body);
        }
        self.hit.spans = merged(spans, span);
    }
}

/// Spans with one more, the newest first; those that meet become one.
fn merged(
    mut spans: Vec<(RunId, Option<RunId>)>,
    span: (RunId, Option<RunId>),
) -> Vec<(RunId, Option<RunId>)> {
    spans.push(span);
    spans.sort_unstable_by_key(|(from, _)| std::cmp::Reverse(*from));
    let mut whole: Vec<(RunId, Option<RunId>)> = Vec::with_capacity(spans.len());
    for (from, until) in spans {
        match whole.last_mut() {
            Some(later) if until == Some(later.0) => later.0 = from,
            _ => whole.push((from, until)),
        }
    }
    whole
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_that_meet_become_one() {
        let run = RunId;
        let spans = [(run(3), Some(run(5))), (run(9), None), (run(1), Some(run(3))), (run(5), Some(run(7)))];
        let whole = spans.into_iter().fold(Vec::new(), merged);
        assert_eq!(whole, [(run(9), None), (run(1), Some(run(7)))]);
    }
}
