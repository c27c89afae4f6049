//! Keys of kinds that cost a call an object, from what is stored or listed.

use std::collections::{BTreeSet, HashSet};

use bytes::Bytes;
use looker::Kind;
use looker::catalogue::{Field, Only, Source};
use looker::error::{Error, Result};
use looker::rows::KEY_SEPARATOR;
use serde_json::Value;
use vault::{InstanceId, ListFilter, Reader, Side, VaultError};

/// The keys in a list: of each row, the first of `fields` that is there.
pub(super) fn in_list(body: &Bytes, fields: &[&str]) -> Result<Vec<String>> {
    let rows: Vec<Value> = serde_json::from_slice(body).map_err(|error| {
        let fault = looker::rows::fault(&error);
        Error::new(looker::ErrorKind::BadBody, format!("the answer is not a list as expected: {fault}"))
    })?;
    Ok(rows.iter().filter_map(|row| fields.iter().find_map(|field| scalar(&row[*field]))).collect())
}

/// The keys that stored documents tell. `known` says whether the vault has all of a
/// kind.
pub(crate) fn stored(
    reader: &Reader,
    instance: InstanceId,
    kind: &Kind,
    source: &Source,
    known: &dyn Fn(&str) -> bool,
) -> std::result::Result<Vec<String>, VaultError> {
    let mut keys = BTreeSet::new();
    match source {
        Source::References => {
            return reader.referred_keys(instance, kind.name, &[Side::Live, Side::Trash]);
        }
        Source::Objects(of) => {
            let filter =
                ListFilter { instance: Some(instance), sides: vec![Side::Live], ..ListFilter::of(of) };
            reader.list(&filter, |row| {
                keys.insert(row.key);
            })?;
        }
        Source::Fields(fields) => {
            for field in *fields {
                in_field(reader, instance, field, known, &mut keys)?;
            }
        }
        Source::Listing { .. } => {}
    }
    Ok(keys.into_iter().collect())
}

/// The keys in a field of the stored objects of a kind.
fn in_field(
    reader: &Reader,
    instance: InstanceId,
    field: &Field,
    known: &dyn Fn(&str) -> bool,
    keys: &mut BTreeSet<String>,
) -> std::result::Result<(), VaultError> {
    let filled = match field.only {
        Only::Holding(kinds) if kinds.iter().all(|kind| known(kind)) => {
            Some(filled(reader, instance, kinds)?)
        }
        _ => None,
    };
    reader.bodies(instance, field.kind, |key, body| {
        if filled.as_ref().is_none_or(|filled| filled.contains(key))
            && let Ok(document) = serde_json::from_slice::<Value>(body)
        {
            collect(&document, field, keys);
        }
    })
}

/// The folders in which live objects of these kinds lie.
fn filled(
    reader: &Reader,
    instance: InstanceId,
    kinds: &[&str],
) -> std::result::Result<HashSet<String>, VaultError> {
    let mut folders = HashSet::new();
    for kind in kinds {
        let filter = ListFilter { instance: Some(instance), ..ListFilter::of(kind) };
        reader.list(&filter, |row| folders.extend(row.folder))?;
    }
    Ok(folders)
}

/// The keys that a document holds in a field.
fn collect(document: &Value, field: &Field, keys: &mut BTreeSet<String>) {
    let Some((last, before)) = field.paths.split_last() else { return };
    for root in roots(document) {
        if matches!(field.only, Only::Null(name) if !root[name].is_null()) {
            continue;
        }
        let prefix: Option<Vec<String>> = before.iter().map(|path| scalar(&root[*path])).collect();
        let Some(mut parts) = prefix else { continue };
        let (parents, name) =
            last.rsplit_once('.').map_or((None, *last), |(path, field)| (Some(path), field));
        let mut holders = vec![root];
        for step in parents.into_iter().flat_map(|path| path.split('.')) {
            holders = holders.into_iter().flat_map(|holder| roots(&holder[step])).collect();
        }
        for holder in holders {
            let is_barred = matches!(field.only, Only::False(name) if holder[name] != Value::Bool(false));
            if let Some(key) = scalar(&holder[name]).filter(|_| !is_barred) {
                parts.push(key);
                keys.insert(parts.join(KEY_SEPARATOR));
                parts.pop();
            }
        }
    }
}

/// A document, or the elements of a list.
fn roots(value: &Value) -> Vec<&Value> {
    match value {
        Value::Array(elements) => elements.iter().collect(),
        other => vec![other],
    }
}

pub(super) fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(text) if !text.is_empty() => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn collected(document: &Value, paths: &'static [&'static str], only: Only) -> Vec<String> {
        let mut keys = BTreeSet::new();
        collect(document, &Field { kind: "any", paths, only }, &mut keys);
        keys.into_iter().collect()
    }

    #[test]
    fn keys_are_found_in_documents_and_in_lists() {
        let model = json!({ "name": "sales", "explores": [{ "name": "orders" }, { "name": "users" }, {}] });
        assert_eq!(
            collected(&model, &["name", "explores.name"], Only::All),
            ["sales::orders", "sales::users"]
        );
        let folder = json!({ "id": "7", "content_metadata_id": 12 });
        assert_eq!(collected(&folder, &["content_metadata_id"], Only::All), ["12"]);
        let virtual_folder = json!({ "content_metadata_id": null });
        assert!(collected(&virtual_folder, &["content_metadata_id"], Only::All).is_empty());
    }

    #[test]
    fn what_inherits_has_no_list_of_its_own() {
        let list = json!([{ "id": "1", "inherits": true }, { "id": "2", "inherits": false }, { "id": "3" }]);
        assert_eq!(collected(&list, &["id"], Only::False("inherits")), ["2"]);
    }

    #[test]
    fn roots_are_told_by_what_they_lack() {
        let root = json!({ "id": "1", "parent_id": null, "content_metadata_id": "1" });
        assert_eq!(collected(&root, &["content_metadata_id"], Only::Null("parent_id")), ["1"]);
        let below = json!({ "id": "7", "parent_id": "1", "content_metadata_id": "7" });
        assert!(collected(&below, &["content_metadata_id"], Only::Null("parent_id")).is_empty());
    }

    #[test]
    fn a_list_names_its_keys_by_the_first_field_that_is_there() {
        let list = Bytes::from_static(br#"[{"id":"a::b","dashboard_id":"x"},{"dashboard_id":"c::d"},{}]"#);
        assert_eq!(in_list(&list, &["id", "dashboard_id"]).unwrap(), ["a::b", "c::d"]);
        assert!(in_list(&Bytes::from_static(b"{}"), &["id"]).is_err());
    }
}
