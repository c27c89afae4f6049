//! Kinds that cost a call an object, many objects to a call.
//!
//! A search that is documented to take a list of keys answers for a hundred of
//! them; its rows name the key that they belong to. It is believed once one answer
//! held a row of another key than the first of its list, since an instance that looks
//! at the first alone, and one on which nobody else has anything, answer alike. Answers
//! that tell nothing are kept until another one does: they are a hundredth of what they
//! may spare.

use std::collections::{HashMap, VecDeque};

use bytes::Bytes;
use jiff::Timestamp;
use looker::catalogue::{AnswerShape, KeyIn};
use looker::client::Call;
use looker::error::Result as LookerResult;
use looker::pacing::Reason;
use looker::rows::{self, Row};
use looker::{Error, ErrorKind};
use serde_json::Value;

use super::by_id::MOST_IN_A_LIST;
use super::each::{Due, Read};
use super::error::ExtractError;
use super::keys::scalar;
use super::report::{Spread, Stop};
use super::run::Run;

/// A list of keys, the rows of each key that has any, and when they were read.
type ListAnswer = (Vec<String>, HashMap<String, Vec<Bytes>>, Timestamp);

/// What one call for a list of keys told.
enum Told {
    /// The rows of each key that has any.
    Rows(HashMap<String, Vec<Bytes>>, Timestamp),
    /// More than one call answers.
    TooMany,
    /// It was refused or failed.
    Nothing(Error),
    Stopped,
}

/// As a probe is named: `search_content_favorites.user_id`.
pub(super) fn probe_name(read: Read, parameter: &str) -> String {
    format!("{}.{parameter}", read.each.operation.id)
}

impl Run {
    /// Reads all objects of a kind by lists of keys, where the instance takes them.
    /// Answers whether that was so; where not, nothing was stored.
    pub(super) async fn read_in_lists(&mut self, read: Read, keys: &[String]) -> Result<bool, ExtractError> {
        let (KeyIn::Parameter(parameter), Some(field)) = (read.each.key, read.each.lists) else {
            return Ok(false);
        };
        let probe = probe_name(read, parameter);
        let known = self.lists.known(&probe);
        if known == Some(false) || keys.len() < 2 {
            return Ok(false);
        }
        let mut is_taken = known == Some(true);
        let mut lists: VecDeque<Vec<String>> = keys.chunks(MOST_IN_A_LIST).map(<[String]>::to_vec).collect();
        let (mut answers, mut alone) = (Vec::new(), Vec::new());
        while let Some(mut list) = lists.pop_front() {
            if list.len() == 1 {
                // By itself it can be read page by page.
                alone.extend(list);
                continue;
            }
            match self.ask_for_list(read, parameter, field, &list).await {
                Told::Rows(rows, date) => {
                    if !is_taken && list.iter().skip(1).any(|key| rows.contains_key(key)) {
                        self.note_probe(probe.clone(), Some(true), date)?;
                        is_taken = true;
                    }
                    answers.push((list, rows, date));
                    if is_taken {
                        self.store_answers(read, std::mem::take(&mut answers), &mut alone).await?;
                    }
                }
                Told::TooMany => {
                    let second = list.split_off(list.len() / 2);
                    lists.extend([list, second]);
                }
                Told::Nothing(error) if !is_taken => {
                    tracing::info!(%error, kind = read.kind.name, "Lists of keys are not taken.");
                    let refused = matches!(error.kind, ErrorKind::Invalid | ErrorKind::BadBody);
                    self.note_probe(probe, refused.then_some(false), Timestamp::now())?;
                    return Ok(false);
                }
                Told::Nothing(_) | Told::Stopped => alone.extend(list),
            }
        }
        if !is_taken {
            return Ok(false);
        }
        // Each names itself as a gap if it cannot be read.
        let spread =
            Spread { kind: read.kind.name, total: keys.len(), missing: 0, read: keys.len(), oldest: None };
        self.findings.spread.push(spread);
        if let Some(reason) = self.read_keys(read, Due::exactly(alone.clone())).await?.closed {
            self.not_read(read.kind, &alone, &reason);
        }
        Ok(true)
    }

    /// Stores what lists of keys were answered; a key of which that fails is to be
    /// read `alone`.
    async fn store_answers(
        &self,
        read: Read,
        answers: Vec<ListAnswer>,
        alone: &mut Vec<String>,
    ) -> Result<(), ExtractError> {
        for (list, mut rows, date) in answers {
            for key in list {
                let body = rows::join(&rows.remove(&key).unwrap_or_default());
                match Row::keyed(&key, body, read.kind, read.each.answer) {
                    Ok(row) => self.store_one(read.kind, row, date).await?,
                    Err(_) => alone.push(key),
                }
            }
        }
        Ok(())
    }

    async fn ask_for_list(
        &self,
        read: Read,
        parameter: &'static str,
        field: &'static str,
        keys: &[String],
    ) -> Told {
        if self.brake.pulled().is_some() {
            return Told::Stopped;
        }
        let call = Call::new(&read.each.operation, read.kind.name, Reason::Item);
        let call = call.with(parameter, keys.join(","));
        let call = read.each.parameters.iter().fold(call, |call, (name, value)| call.with(name, *value));
        let limit = match read.each.answer {
            AnswerShape::List { limit } => limit.unwrap_or(usize::MAX),
            AnswerShape::Object => usize::MAX,
        };
        let answered = tokio::select! {
            answered = self.client.get_several(&call, |reply| {
                let rows = rows::cut(&reply.body)?;
                Ok((rows.len(), by_key(rows, field, keys)?, reply.date))
            }) => answered,
            () = self.brake.at_once() => return Told::Stopped,
        };
        match answered {
            Ok((count, ..)) if count >= limit => Told::TooMany,
            Ok((_, rows, date)) => Told::Rows(rows, date),
            Err(error) => {
                if let Some(stop) = Stop::of_limit(&error).or_else(|| self.server_down(&error)) {
                    self.brake.pull(stop);
                    return Told::Stopped;
                }
                Told::Nothing(error)
            }
        }
    }
}

/// Rows by the key that they name, which must be one of those asked for.
fn by_key(rows: Vec<Bytes>, field: &str, keys: &[String]) -> LookerResult<HashMap<String, Vec<Bytes>>> {
    let mut by_key: HashMap<String, Vec<Bytes>> = HashMap::new();
    for row in rows {
        let key = serde_json::from_slice::<Value>(&row).ok().and_then(|row| scalar(&row[field]));
        let Some(key) = key.filter(|key| keys.contains(key)) else {
            return Err(Error::new(ErrorKind::BadBody, "other objects came than were asked for"));
        };
        by_key.entry(key).or_default().push(row);
    }
    Ok(by_key)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cut(list: &'static str) -> Vec<Bytes> {
        rows::cut(&Bytes::from_static(list.as_bytes())).unwrap()
    }

    #[test]
    fn rows_go_to_the_key_they_name_in_their_order() {
        let keys = ["1", "2", "3"].map(str::to_owned);
        let rows = cut(r#"[{"id":9,"user_id":"2"},{"id":1.50,"user_id":1},{"id":5,"user_id":"2"}]"#);
        let mut rows = by_key(rows, "user_id", &keys).unwrap();
        let mut list =
            |key: &str| String::from_utf8(rows::join(&rows.remove(key).unwrap_or_default()).into()).unwrap();
        assert_eq!(list("1"), r#"[{"id":1.50,"user_id":1}]"#);
        assert_eq!(list("2"), r#"[{"id":9,"user_id":"2"},{"id":5,"user_id":"2"}]"#);
        assert_eq!(list("3"), "[]");
    }

    #[test]
    fn rows_of_others_are_no_answer() {
        let keys = ["1", "2"].map(str::to_owned);
        for strangers in [r#"[{"user_id":"1"},{"user_id":"4"}]"#, r#"[{"id":"1"}]"#, r#"[{"user_id":null}]"#]
        {
            assert!(by_key(cut(strangers), "user_id", &keys).is_err(), "{strangers}");
        }
    }
}
