//! An answer held against the vault.

use std::collections::BTreeSet;

use looker::Kind;
use looker::catalogue::{List, Refresh};
use looker::rows::Row;
use serde_json::Value;
use vault::{BodyHash, CompiledRules, InstanceId, Reader, Result, Stored, VaultError};

use super::report::{ObjectReport, Outcome};

/// Places of a difference that are named.
const MOST_PLACES: usize = 5;

/// What an object came to, by the row that was read of it.
pub(super) fn judge(
    reader: &Reader,
    instance: InstanceId,
    kind: &'static Kind,
    rules: &[CompiledRules; 2],
    row: &Row,
) -> Result<ObjectReport> {
    let stored = match reader.show(instance, kind.name, &row.id) {
        Ok(Some(stored)) => stored,
        // Somebody else's run has found it gone since it was chosen.
        Ok(None) => return Ok(told(kind, &row.id, Outcome::Gone, "it is in the vault no more")),
        Err(error @ VaultError::Damaged { .. }) => {
            return Ok(told(kind, &row.id, Outcome::Damaged, &error.to_string()));
        }
        Err(error) => return Err(error),
    };
    let mut places: Option<Vec<String>> = None;
    for rules in rules {
        let read = match vault::canonicalise(&row.raw, rules) {
            Ok(canonical) => canonical.body,
            Err(error) => return Ok(told(kind, &row.id, Outcome::Unread, &error.to_string())),
        };
        if BodyHash::of(&read) == stored.hash {
            places = None;
            break;
        }
        let differing = differences(&stored.body, &read);
        if places.as_ref().is_none_or(|fewest| differing.len() < fewest.len()) {
            places = Some(differing);
        }
    }
    let outcome = if places.is_none() { Outcome::Equal } else { other_body(kind, &stored, row) };
    let places = places.unwrap_or_default();
    Ok(ObjectReport {
        kind: kind.name,
        id: row.id.clone(),
        title: stored.row.title,
        outcome,
        stored_at: stored.row.updated_at,
        live_at: row.updated_at,
        places,
        reason: None,
    })
}

/// An object of which there is no body to compare.
pub(super) fn told(kind: &'static Kind, id: &str, outcome: Outcome, reason: &str) -> ObjectReport {
    ObjectReport {
        kind: kind.name,
        id: id.to_owned(),
        title: None,
        outcome,
        stored_at: None,
        live_at: None,
        places: Vec::new(),
        reason: Some(reason.to_owned()),
    }
}

/// What another body means, by the stamps.
fn other_body(kind: &Kind, stored: &Stored, row: &Row) -> Outcome {
    let never_changes = matches!(&kind.list, List::Each(each) if each.refresh == Refresh::Never);
    match (stored.row.updated_at, row.updated_at) {
        (Some(then), Some(now)) if then == now && !stored.unsettled => Outcome::Differs,
        (Some(_), _) | (_, Some(_)) => Outcome::Edited,
        (None, None) if never_changes => Outcome::Differs,
        (None, None) => Outcome::Changed,
    }
}

/// JSON pointers to the first places where two documents differ. None where only
/// the spelling of a number does, or where a document is beyond this parser.
fn differences(stored: &[u8], read: &[u8]) -> Vec<String> {
    let (Ok(stored), Ok(read)) = (serde_json::from_slice(stored), serde_json::from_slice(read)) else {
        return Vec::new();
    };
    let mut places = Vec::new();
    compare(&stored, &read, &mut String::new(), &mut places);
    places
}

fn compare(left: &Value, right: &Value, at: &mut String, places: &mut Vec<String>) {
    if left == right || places.len() >= MOST_PLACES {
        return;
    }
    let mut within = |step: &str, left: &Value, right: &Value| {
        let here = at.len();
        at.push('/');
        at.push_str(&step.replace('~', "~0").replace('/', "~1"));
        compare(left, right, at, places);
        at.truncate(here);
    };
    match (left, right) {
        (Value::Object(a), Value::Object(b)) => {
            let names: BTreeSet<&String> = a.keys().chain(b.keys()).collect();
            // A member that is missing differs from every value, null included.
            let absent = Value::String("\u{0}absent".to_owned());
            for name in names {
                within(name, a.get(name).unwrap_or(&absent), b.get(name).unwrap_or(&absent));
            }
        }
        (Value::Array(a), Value::Array(b)) if a.len() == b.len() => {
            for (index, (left, right)) in a.iter().zip(b).enumerate() {
                within(&index.to_string(), left, right);
            }
        }
        _ => places.push(at.clone()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn differences_are_named_by_pointers() {
        let places = |left: &str, right: &str| differences(left.as_bytes(), right.as_bytes());
        assert_eq!(places(r#"{"a":1,"b":[1,{"c/d":"x"}]}"#, r#"{"a":1,"b":[1,{"c/d":"y"}]}"#), ["/b/1/c~1d"]);
        assert_eq!(places(r#"{"a":null}"#, "{}"), ["/a"]);
        assert_eq!(places("[1,2]", "[1]"), [""]);
        assert_eq!(places("1", "1"), [""; 0]);
        assert_eq!(places("[1,2,3,4,5,6,7]", "[0,0,0,0,0,0,0]").len(), MOST_PLACES);
    }
}
