//! Texts compared by their lines.
//!
//! Some values are texts that people wrote: notes, SQL, expressions; others are
//! JSON that Looker keeps inside of a string. As one long string neither can be
//! read, so they are cut into lines first: JSON by its structure, the rest where
//! it breaks.

use serde::de::IgnoredAny;
use similar::{Algorithm, ChangeTag, TextDiff};

/// Lines around a change that are shown with it.
const AROUND: usize = 2;

/// A line of a comparison.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// What became of it.
    pub tag: Tag,
    /// Its text, without the line break.
    pub text: String,
}

/// What became of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tag {
    /// It stays.
    Kept,
    /// It is new.
    Added,
    /// It is gone.
    Removed,
    /// Lines that stay are left out here.
    Skipped,
}

/// Compares two texts line by line; `None` when neither has more than one line.
pub fn lines(from: &str, to: &str) -> Option<Vec<Line>> {
    let (mut old, mut new) = (in_lines(from), in_lines(to));
    if old == new {
        // Only the spelling of the JSON in it differs.
        (old, new) = (from.to_owned(), to.to_owned());
    }
    if !old.trim_end().contains('\n') && !new.trim_end().contains('\n') {
        return None;
    }
    let diff = TextDiff::configure().algorithm(Algorithm::Patience).diff_lines(&old, &new);
    let mut lines = Vec::new();
    let mut end = 0;
    for group in diff.grouped_ops(AROUND) {
        let start = group.first().map_or(0, |op| op.old_range().start);
        skip(start - end, &mut lines);
        end = group.last().map_or(start, |op| op.old_range().end);
        for change in group.iter().flat_map(|op| diff.iter_changes(op)) {
            let tag = match change.tag() {
                ChangeTag::Equal => Tag::Kept,
                ChangeTag::Insert => Tag::Added,
                ChangeTag::Delete => Tag::Removed,
            };
            lines.push(Line { tag, text: change.value().trim_end_matches('\n').to_owned() });
        }
    }
    skip(old.lines().count().saturating_sub(end), &mut lines);
    Some(lines)
}

fn skip(count: usize, lines: &mut Vec<Line>) {
    match count {
        0 => {}
        1 => lines.push(Line { tag: Tag::Skipped, text: "1 line".to_owned() }),
        _ => lines.push(Line { tag: Tag::Skipped, text: format!("{count} lines") }),
    }
}

/// A text with JSON in it in the lines of its structure, any other as it is.
fn in_lines(text: &str) -> String {
    let is_json =
        text.trim_start().starts_with(['{', '[']) && serde_json::from_str::<IgnoredAny>(text).is_ok();
    if is_json { pretty(text) } else { text.to_owned() }
}

/// JSON with a line an element; numbers and strings keep their spelling.
pub fn pretty(json: &str) -> String {
    let mut out = String::with_capacity(json.len() * 2);
    let mut depth = 0_usize;
    let mut in_string = false;
    let mut escaped = false;
    let mut fresh = false;
    for c in json.chars() {
        if in_string {
            out.push(c);
            in_string = escaped || c != '"';
            escaped = c == '\\' && !escaped;
            continue;
        }
        match c {
            '}' | ']' => {
                depth = depth.saturating_sub(1);
                if !fresh {
                    break_line(depth, &mut out);
                }
                fresh = false;
                out.push(c);
            }
            c if c.is_ascii_whitespace() => {}
            c => {
                if std::mem::take(&mut fresh) {
                    break_line(depth, &mut out);
                }
                match c {
                    '{' | '[' => {
                        depth += 1;
                        fresh = true;
                        out.push(c);
                    }
                    ',' => {
                        out.push(c);
                        break_line(depth, &mut out);
                    }
                    ':' => out.push_str(": "),
                    c => {
                        in_string = c == '"';
                        out.push(c);
                    }
                }
            }
        }
    }
    out
}

fn break_line(depth: usize, out: &mut String) {
    out.push('\n');
    (0..depth).for_each(|_| out.push_str("  "));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(from: &str, to: &str) -> String {
        let sign = |line: Line| match line.tag {
            Tag::Kept => format!("  {}", line.text),
            Tag::Added => format!("+ {}", line.text),
            Tag::Removed => format!("- {}", line.text),
            Tag::Skipped => format!("… {}", line.text),
        };
        lines(from, to).unwrap().into_iter().map(sign).collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn pretty_json_keeps_every_spelling() {
        let text = r#"{"a":[1.0,1E400,{"b":[]},{}],"q\"":"x, {y: \\","n":[[2]]}"#;
        insta::assert_snapshot!(pretty(text), @r#"
        {
          "a": [
            1.0,
            1E400,
            {
              "b": []
            },
            {}
          ],
          "q\"": "x, {y: \\",
          "n": [
            [
              2
            ]
          ]
        }
        "#);
        assert_eq!(pretty("[ ]"), "[]");
    }

    #[test]
    fn json_in_a_string_is_compared_by_its_structure() {
        let from = r#"[{"measure":"a","expression":"sum(x)","label":"A"},{"measure":"b"}]"#;
        insta::assert_snapshot!(shown(from, &from.replace("sum(x)", "avg(x)")), @r#"
        … 1 line
            {
              "measure": "a",
        -     "expression": "sum(x)",
        +     "expression": "avg(x)",
              "label": "A"
            },
        … 4 lines
        "#);
    }

    #[test]
    fn text_is_compared_where_it_breaks() {
        let from = "SELECT a\nFROM t\nWHERE x = 1\nORDER BY 1\nLIMIT 5";
        insta::assert_snapshot!(shown(from, &from.replace("x = 1", "x = 2")), @r"
          SELECT a
          FROM t
        - WHERE x = 1
        + WHERE x = 2
          ORDER BY 1
          LIMIT 5
        ");
        assert_eq!(lines("one", "other"), None);
        assert_eq!(lines("one\n", "other"), None);
    }

    #[test]
    fn a_difference_in_the_spelling_alone_is_still_shown() {
        assert_eq!(lines(r#"{"a":1}"#, r#"{"a": 1}"#), None, "one line each: shown whole");
        assert!(lines("{\"a\":\n1}", r#"{"a":1}"#).is_some());
    }
}
