//! "Did you mean ...": the nearest of a list of names.

/// The candidate nearest to `typed`, when it is near enough to be a slip:
/// at most a third of its letters, rounded up, differ.
pub(crate) fn nearest<'a>(typed: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let typed = typed.to_lowercase();
    candidates
        .into_iter()
        .map(|name| (distance(&typed, &name.to_lowercase()), name))
        .filter(|(far, name)| *far <= name.chars().count().div_ceil(3))
        .min()
        .map(|(_, name)| name)
}

/// Insertions, deletions and replacements that turn `a` into `b`.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, from) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, to) in b.iter().enumerate() {
            let replaced = diagonal + usize::from(from != *to);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_single_letter_changes() {
        for (a, b, expected) in [("", "", 0), ("abc", "", 3), ("kitten", "sitting", 3), ("a", "a", 0)] {
            assert_eq!(distance(a, b), expected, "{a} -> {b}");
        }
    }

    #[test]
    fn proposes_only_what_is_near() {
        let keys = ["base_url", "client_id", "client_secret"];
        assert_eq!(nearest("base-url", keys), Some("base_url"));
        assert_eq!(nearest("ClientId", keys), Some("client_id"));
        assert_eq!(nearest("password", keys), None);
    }
}
