//! Counters: whole numbers at the root of a document that change without an edit.

use serde_json::value::RawValue;

/// The counters of a volatile part as canonical JSON, such as
/// `{"view_count":17}`; `None` when it has none.
pub(crate) fn counters_of(volatile: &[u8]) -> Option<String> {
    let parts: Vec<(Vec<&RawValue>, &RawValue)> = serde_json::from_slice(volatile).ok()?;
    let counter = |(pointer, value): (Vec<&RawValue>, &RawValue)| {
        let [name] = pointer[..] else { return None };
        let is_key = name.get().starts_with('"');
        let value: i64 = value.get().parse().ok().filter(|_| is_key)?;
        Some(format!("{}:{value}", name.get()))
    };
    let counters: Vec<String> = parts.into_iter().filter_map(counter).collect();
    (!counters.is_empty()).then(|| format!("{{{}}}", counters.join(",")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_numbers_at_the_root_count() {
        let volatile =
            br#"[[["can"],{"show":true}],[["favorite_count"],0],[["tiles",3,"view_count"],9],[["url"],"17"],
            [["usage"],1.5],[["view_count"],17],[["beyond"],12345678901234567890]]"#;
        assert_eq!(counters_of(volatile).as_deref(), Some(r#"{"favorite_count":0,"view_count":17}"#));
        for none in [&b""[..], b"[1]", b"[]", br#"[[["can"],true]]"#] {
            assert_eq!(counters_of(none), None);
        }
    }
}
