//! What a person types to search, and what it means to the index.

use std::fmt::Write as _;

/// Words to search for, understood.
///
/// All words must occur; `"several words"` must stand together; `word*` means
/// whatever begins so; what follows `-` must not occur. Case and accents do not
/// matter. All other characters separate words: `orders.total_amount` is found
/// as these three in a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Terms {
    wanted: Vec<Term>,
    unwanted: Vec<Term>,
}

/// Words that stand together.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Term {
    text: String,
    /// The last word is only the beginning of one.
    prefix: bool,
}

/// Why words cannot be searched for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TermsError {
    /// There is nothing to search for.
    #[error("there is nothing to search for: name at least one word")]
    Empty,
    /// Only words that must not occur.
    #[error("only what must not occur is named: name at least one word that must")]
    OnlyUnwanted,
    /// A term without letters and digits.
    #[error("`{0}` holds no letter or digit, and nothing else can be searched for")]
    NoWord(String),
    /// A quotation that does not end.
    #[error("the quotation `{0}` has no end: write another `\"` behind it")]
    OpenQuotation(String),
}

impl Terms {
    /// Understands what a person typed.
    ///
    /// # Errors
    /// When nothing is left to search for, or a quotation does not end.
    pub fn parse(text: &str) -> Result<Self, TermsError> {
        let mut terms = Self { wanted: Vec::new(), unwanted: Vec::new() };
        let mut rest = text.trim_start();
        while !rest.is_empty() {
            let (unwanted, body) = match rest.strip_prefix('-') {
                Some(body) => (true, body),
                None => (false, rest),
            };
            let (term, after) = Term::parse(body)?;
            let list = if unwanted { &mut terms.unwanted } else { &mut terms.wanted };
            list.push(term);
            rest = after.trim_start();
        }
        match (terms.wanted.is_empty(), terms.unwanted.is_empty()) {
            (false, _) => Ok(terms),
            (true, false) => Err(TermsError::OnlyUnwanted),
            (true, true) => Err(TermsError::Empty),
        }
    }

    /// All of it in the index's own language, where everything is quoted.
    pub(crate) fn expression(&self) -> String {
        self.joined(Term::quoted)
    }

    /// The same, with words in the place of their beginnings: to merge all that begins so
    /// takes the index many times as long as to go through those that are meant side by
    /// side. `words` gives those that begin so, none where it had better be left at that.
    pub(crate) fn expression_by<E>(
        &self,
        mut words: impl FnMut(&str) -> Result<Vec<String>, E>,
    ) -> Result<String, E> {
        let mut failed = None;
        let mut quoted = |term: &Term| {
            let begun = term.begun().filter(|_| failed.is_none());
            let spelt = begun.map(|(before, word)| words(&word).map(|words| spelt_out(before, &words)));
            match spelt {
                Some(Ok(Some(words))) => return words,
                Some(Err(error)) => failed = Some(error),
                Some(Ok(None)) | None => {}
            }
            term.quoted()
        };
        let text = self.joined(&mut quoted);
        failed.map_or(Ok(text), Err)
    }

    fn joined(&self, mut quoted: impl FnMut(&Term) -> String) -> String {
        let mut text = joined(&self.wanted, " AND ", &mut quoted);
        if !self.unwanted.is_empty() {
            // What is unwanted is so whatever of it occurs.
            let _ = write!(text, " NOT {}", joined(&self.unwanted, " OR ", &mut quoted));
        }
        text
    }

    /// Whether a word is known by its beginning only.
    pub(crate) fn has_beginnings(&self) -> bool {
        self.wanted.iter().chain(&self.unwanted).any(|term| term.prefix)
    }

    /// Any of what is wanted.
    pub(crate) fn any_expression(&self) -> String {
        joined(&self.wanted, " OR ", Term::quoted)
    }
}

impl Term {
    /// The first term of a text, and what follows it.
    fn parse(text: &str) -> Result<(Self, &str), TermsError> {
        let (words, mut rest) = match text.strip_prefix('"') {
            Some(quoted) => {
                quoted.split_once('"').ok_or_else(|| TermsError::OpenQuotation(text.trim_end().to_owned()))?
            }
            None => text.split_at(text.find([' ', '\t', '\n', '"']).unwrap_or(text.len())),
        };
        let typed = words;
        let mut words = words;
        let mut prefix = false;
        if let Some(before) = words.strip_suffix('*') {
            (words, prefix) = (before, true);
        } else if let Some(after) = rest.strip_prefix('*') {
            (rest, prefix) = (after, true);
        }
        if !words.chars().any(char::is_alphanumeric) {
            let shown = if typed.is_empty() { text.trim_end() } else { typed };
            return Err(TermsError::NoWord(shown.to_owned()));
        }
        Ok((Self { text: words.to_owned(), prefix }, rest))
    }

    fn quoted(&self) -> String {
        format!("{}{}", quoted(&self.text), if self.prefix { " *" } else { "" })
    }

    /// What stands before the last word, and its beginning as the index spells it; `None`
    /// if it is not begun only, or if it takes the index itself to tell where it begins:
    /// of ASCII letters and digits make words, and all else parts them.
    fn begun(&self) -> Option<(&str, String)> {
        let is_word = |byte: &u8| byte.is_ascii_alphanumeric();
        let text = self.text.trim_end_matches(|c: char| c.is_ascii() && !c.is_ascii_alphanumeric());
        let length = text.bytes().rev().take_while(is_word).count();
        let (before, word) = text.split_at(text.len() - length);
        let is_told = self.prefix && length > 0 && before.as_bytes().last().is_none_or(u8::is_ascii);
        is_told.then(|| (before, word.to_ascii_lowercase()))
    }
}

/// Any of the words after what stands before them; `None` if there are none.
fn spelt_out(before: &str, words: &[String]) -> Option<String> {
    let phrases = words.iter().map(|word| quoted(&format!("{before}{word}")));
    (!words.is_empty()).then(|| format!("({})", phrases.collect::<Vec<_>>().join(" OR ")))
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace(['"', '\0'], " "))
}

fn joined(terms: &[Term], by: &str, quoted: impl FnMut(&Term) -> String) -> String {
    format!("({})", terms.iter().map(quoted).collect::<Vec<_>>().join(by))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn meant(text: &str) -> String {
        Terms::parse(text).map_or_else(|error| error.to_string(), |terms| terms.expression())
    }

    #[test]
    fn words_phrases_beginnings_and_exclusions_are_understood() {
        assert_eq!(meant("net revenue"), r#"("net" AND "revenue")"#);
        assert_eq!(meant(r#"  "net revenue" emea* -test"#), r#"("net revenue" AND "emea" *) NOT ("test")"#);
        assert_eq!(meant(r#"-"old one" new -b*"#), r#"("new") NOT ("old one" OR "b" *)"#);
        assert_eq!(meant(r#"a"b c"*"#), r#"("a" AND "b c" *)"#);
        assert_eq!(meant("orders.total_amount"), r#"("orders.total_amount")"#);
    }

    #[test]
    fn the_language_of_the_index_cannot_be_reached() {
        assert_eq!(
            meant("NEAR(a b) title:x OR (y"),
            r#"("NEAR(a" AND "b)" AND "title:x" AND "OR" AND "(y")"#
        );
        assert_eq!(meant("a\0b ^c"), "(\"a b\" AND \"^c\")");
    }

    #[test]
    fn beginnings_are_spelt_out_where_it_is_plain_what_begins() {
        let spelt = |text: &str| {
            let words = |begun: &str| -> Result<Vec<String>, String> {
                match begun {
                    "no" => Ok(Vec::new()),
                    "bad" => Err("no index".to_owned()),
                    _ => Ok(["", "n"].map(|end| format!("{begun}{end}")).to_vec()),
                }
            };
            Terms::parse(text).unwrap().expression_by(words).unwrap_or_else(|error| error)
        };
        assert_eq!(spelt("a Re*"), r#"("a" AND ("re" OR "ren"))"#);
        assert_eq!(spelt(r#""net Re-"* -x*"#), r#"(("net re" OR "net ren")) NOT (("x" OR "xn"))"#);
        assert_eq!(spelt("a.B2* c"), r#"(("a.b2" OR "a.b2n") AND "c")"#);
        assert_eq!(spelt("a\0b*"), r#"(("a b" OR "a bn"))"#);
        assert_eq!(spelt("no* a"), r#"("no" * AND "a")"#);
        for left in ["é*", "én*", "x–n*", "n–*", "ré-*"] {
            assert_eq!(spelt(left), Terms::parse(left).unwrap().expression(), "{left}");
        }
        assert_eq!(spelt("a* bad* c*"), "no index");
    }

    #[test]
    fn what_cannot_be_searched_for_is_told() {
        assert!(meant(" ").contains("nothing to search for"));
        assert!(meant("-a -b").contains("only what must not occur"));
        assert!(meant("a ***").contains("`***` holds no letter"));
        assert!(meant("\"\"").contains("holds no letter"));
        assert!(meant("a \"b c").contains("`\"b c` has no end"));
        assert!(meant("-").contains("holds no letter"));
    }
}
