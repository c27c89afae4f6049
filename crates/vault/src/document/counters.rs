//! Counters: whole numbers at the root of a document that change without an edit, and
//! the times of the last access.

use jiff::Timestamp;

/// Pointers to when something was last looked at, or used in any way.
const LAST_ACCESS: [&str; 2] = [r#"["last_accessed_at"]"#, r#"["last_viewed_at"]"#];

/// The counters among the fields that were cut out, each a pointer and its value,
/// as canonical JSON such as `{"last_viewed_at":"2026-03-01T10:00:00Z","view_count":17}`;
/// `None` when there is none.
pub(super) fn counters<'a>(cuts: impl Iterator<Item = (&'a [u8], &'a [u8])>) -> Option<String> {
    let counter = |(pointer, value): (&'a [u8], &'a [u8])| {
        // There are many, and few count: most are told by the first byte of their values.
        let counts = match value {
            [b'"', time @ .., b'"'] => {
                let is_access = LAST_ACCESS.iter().any(|access| access.as_bytes() == pointer);
                is_access && str::from_utf8(time).is_ok_and(|time| time.parse::<Timestamp>().is_ok())
            }
            [b'-' | b'0'..=b'9', ..] => {
                str::from_utf8(value).is_ok_and(|number| number.parse::<i64>().is_ok())
            }
            _ => false,
        };
        let name = if counts { root_member(pointer)? } else { return None };
        Some(format!("{}:{}", str::from_utf8(name).ok()?, str::from_utf8(value).ok()?))
    };
    let counters: Vec<String> = cuts.filter_map(counter).collect();
    (!counters.is_empty()).then(|| format!("{{{}}}", counters.join(",")))
}

/// The key, in quotes, to which a pointer leads, if it is the first one of that name at the root.
fn root_member(pointer: &[u8]) -> Option<&[u8]> {
    let [b'[', key @ .., b']'] = pointer else { return None };
    let [b'"', text @ .., b'"'] = key else { return None };
    let mut bytes = text.iter();
    while let Some(byte) = bytes.next() {
        match byte {
            b'"' => return None,
            b'\\' => drop(bytes.next()),
            _ => {}
        }
    }
    Some(key)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_numbers_and_times_at_the_root_count() {
        let cuts = [
            (r#"["last_viewed_at"]"#, r#""2026-03-01T10:00:00.000+00:00""#),
            (r#"["last_viewed_by"]"#, r#""2026-03-01T10:00:00Z""#),
            (r#"["last_accessed_at"]"#, r#""noon""#),
            (r#"["next_run_at"]"#, r#""2026-03-01T10:00:00Z""#),
            (r#"["can"]"#, r#"{"show":true}"#),
            (r#"["favorite_count"]"#, "0"),
            (r#"["tiles",3,"view_count"]"#, "9"),
            (r#"["url"]"#, r#""17""#),
            (r#"["usage"]"#, "1.5"),
            (r#"["view_count"]"#, "17"),
            (r#"[["view_count",1]]"#, "18"),
            (r#"["view_count","at"]"#, "19"),
            (r#"[3,"view_count"]"#, "20"),
            (r#"["a\"b\\"]"#, "21"),
            (r#"["beyond"]"#, "12345678901234567890"),
        ];
        let found = |cuts: &[(&str, &str)]| {
            counters(cuts.iter().map(|(pointer, value)| (pointer.as_bytes(), value.as_bytes())))
        };
        let all = r#"{"last_viewed_at":"2026-03-01T10:00:00.000+00:00","favorite_count":0,"view_count":17,"a\"b\\":21}"#;
        assert_eq!(found(&cuts).as_deref(), Some(all));
        assert_eq!(found(&[]), None);
        assert_eq!(found(&cuts[1..5]), None);
    }
}
