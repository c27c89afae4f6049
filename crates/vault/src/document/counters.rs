//! Counters: whole numbers at the root of a document that change without an edit.

use serde_json::value::RawValue;

/// The counters among the fields that were cut out, each a pointer and its value,
/// as canonical JSON such as `{"view_count":17}`; `None` when there is none.
pub(super) fn counters<'a>(cuts: impl Iterator<Item = (&'a [u8], &'a [u8])>) -> Option<String> {
    let counter = |(pointer, value): (&'a [u8], &'a [u8])| {
        // Few values are numbers: the others are told by their first byte.
        let value: i64 = std::str::from_utf8(value).ok()?.parse().ok()?;
        let [name]: [&RawValue; 1] = serde_json::from_slice(pointer).ok()?;
        name.get().starts_with('"').then(|| format!("{}:{value}", name.get()))
    };
    let counters: Vec<String> = cuts.filter_map(counter).collect();
    (!counters.is_empty()).then(|| format!("{{{}}}", counters.join(",")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_numbers_at_the_root_count() {
        let cuts = [
            (r#"["can"]"#, r#"{"show":true}"#),
            (r#"["favorite_count"]"#, "0"),
            (r#"["tiles",3,"view_count"]"#, "9"),
            (r#"["url"]"#, r#""17""#),
            (r#"["usage"]"#, "1.5"),
            (r#"["view_count"]"#, "17"),
            (r#"[["view_count",1]]"#, "18"),
            (r#"["beyond"]"#, "12345678901234567890"),
        ];
        let found = |cuts: &[(&str, &str)]| {
            counters(cuts.iter().map(|(pointer, value)| (pointer.as_bytes(), value.as_bytes())))
        };
        assert_eq!(found(&cuts).as_deref(), Some(r#"{"favorite_count":0,"view_count":17}"#));
        assert_eq!(found(&[]), None);
        assert_eq!(found(&cuts[..1]), None);
    }
}
