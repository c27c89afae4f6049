//! Counters: whole numbers at the root of a document that change without an edit.

use std::borrow::Cow;

use serde_json::value::RawValue;

/// The counters of a volatile part, by the order of their names.
pub(crate) fn counters_of(volatile: &[u8]) -> Vec<(String, i64)> {
    let parts: Vec<(Vec<&RawValue>, &RawValue)> = serde_json::from_slice(volatile).unwrap_or_default();
    let counter = |(pointer, value): (Vec<&RawValue>, &RawValue)| {
        let [name] = pointer[..] else { return None };
        let name: Cow<'_, str> = serde_json::from_str(name.get()).ok()?;
        Some((name.into_owned(), value.get().parse().ok()?))
    };
    parts.into_iter().filter_map(counter).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_numbers_at_the_root_count() {
        let volatile =
            br#"[[["can"],{"show":true}],[["favorite_count"],0],[["tiles",3,"view_count"],9],[["url"],"17"],
            [["usage"],1.5],[["view_count"],17],[["beyond"],12345678901234567890]]"#;
        assert_eq!(counters_of(volatile), [("favorite_count".to_owned(), 0), ("view_count".to_owned(), 17)]);
        assert!(counters_of(b"").is_empty() && counters_of(b"[1]").is_empty());
    }
}
