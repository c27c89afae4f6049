//! Canonicalising the elements of an answer, which is read once for all of them.

use std::mem;
use std::ops::Range;

use super::rules::{CompiledRules, ROOT};
use super::split::Split;
use super::walk::Walk;
use super::{Canonical, DocumentError};

/// An element of an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Element {
    /// Where it stands in the answer, in bytes.
    pub raw: Range<usize>,
    /// The members that were asked for; of several with one name the last.
    pub members: Vec<Option<Member>>,
    /// What [`canonicalise`](super::canonicalise) makes of it.
    pub canonical: Canonical,
}

/// The value of a member of an element, in canonical form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Member {
    /// It stands there in the body.
    Kept(Range<usize>),
    /// It was cut out of the body.
    CutOut(String),
}

impl Member {
    /// Where it stands in the body, if it is there.
    pub fn place(self) -> Option<Range<usize>> {
        match self {
            Self::Kept(at) => Some(at),
            Self::CutOut(_) => None,
        }
    }
}

impl Element {
    /// The text of a member, by its place among those that were asked for.
    pub fn member(&self, nth: usize) -> Option<&str> {
        match self.members.get(nth)?.as_ref()? {
            Member::Kept(at) => str::from_utf8(self.canonical.body.get(at.clone())?).ok(),
            Member::CutOut(text) => Some(text),
        }
    }
}

/// The elements of an answer, which must be a JSON array of objects, each brought into
/// canonical form as [`canonicalise`](super::canonicalise) does it when it is asked for. The
/// first error is the last that is given; its offset is one of the answer.
#[derive(Debug)]
pub struct Elements<'a> {
    walk: Walk<'a, Split<'a>>,
    rules: &'a CompiledRules,
    members: &'a [&'a str],
    at: At,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum At {
    Begin,
    Element,
    End,
}

impl<'a> Elements<'a> {
    /// Starts before the first element; of each the members with these names, each another one
    /// and spelt without escapes, are wanted as well.
    ///
    /// # Errors
    /// When `answer` is not UTF-8, or longer than 512 MiB.
    pub fn new(
        answer: &'a [u8],
        rules: &'a CompiledRules,
        members: &'a [&'a str],
    ) -> Result<Self, DocumentError> {
        let walk = Walk::new(answer, 0, Split::new(rules, members))?;
        Ok(Self { walk, rules, members, at: At::Begin })
    }

    /// Goes to the next element; false behind the last one, after which nothing may follow.
    fn go_on(&mut self) -> Result<bool, DocumentError> {
        let scanner = &mut self.walk.scanner;
        if self.at == At::Begin {
            scanner.expect(b'[', "an answer that is no array")?;
        }
        match (self.at, scanner.peek_token()) {
            (At::End, _) => return Ok(false),
            (_, Some(b']')) => {
                scanner.step();
                scanner.end()?;
                return Ok(false);
            }
            (At::Begin, _) => {}
            (At::Element, Some(b',')) => scanner.step(),
            (At::Element, _) => {
                return Err(scanner.error("an array without `,` or `]` after a value"));
            }
        }
        match scanner.peek_token() {
            Some(b'{') => Ok(true),
            _ => Err(scanner.error("something that is no object")),
        }
    }

    fn element(&mut self) -> Result<Option<Element>, DocumentError> {
        if !self.go_on()? {
            return Ok(None);
        }
        self.at = At::Element;
        let start = self.walk.scanner.at();
        self.walk.value(ROOT)?;
        // They are mostly of a size.
        let room = Vec::with_capacity(self.walk.out.len() + 64);
        let body = mem::replace(&mut self.walk.out, room);
        let mut split = mem::replace(&mut self.walk.edit, Split::new(self.rules, self.members));
        Ok(Some(Element {
            raw: start..self.walk.scanner.at(),
            members: mem::take(&mut split.told),
            canonical: split.canonical(body, mem::take(&mut self.walk.redacted)),
        }))
    }
}

impl Iterator for Elements<'_> {
    type Item = Result<Element, DocumentError>;

    fn next(&mut self) -> Option<Self::Item> {
        let element = self.element();
        if !matches!(element, Ok(Some(_))) {
            self.at = At::End;
        }
        element.transpose()
    }
}

#[cfg(test)]
mod tests {
    use super::super::{FieldPattern, ReferencePattern, Rules, canonicalise};
    use super::*;

    fn rules() -> CompiledRules {
        let references = &[ReferencePattern { path: &["folder_id"], kind: "folders" }];
        let volatile = &[FieldPattern::Anywhere("can"), FieldPattern::Path(&["updated_at"])];
        Rules { volatile, redact: &[FieldPattern::Anywhere("secret")], references }.compile()
    }

    const NAMES: [&str; 4] = ["id", "updated_at", "folder_id", "secret"];

    fn read(answer: &str) -> Result<Vec<Element>, DocumentError> {
        Elements::new(answer.as_bytes(), &rules(), &NAMES)?.collect()
    }

    #[test]
    fn elements_are_what_each_by_itself_is() {
        let rows = [
            r#"{"updated_at":"today","id":"1","tiles":[{"id":"7","can":{"b":1,"a":2}}],"folder_id":4}"#,
            r#"{ "id" : 2, "secret":"x", "can":{}, "a":{"id":"}]"} , "id":"3\u00e9" }"#,
            "{}",
            r#"{"zz":{"b":[[],{}],"a":null},"id":{"d":1,"c":2}}"#,
        ];
        let answer = format!(" [ {} ,\n{}\t,{},{}] \n", rows[0], rows[1], rows[2], rows[3]);
        let found = read(&answer).unwrap();
        assert_eq!(found.len(), rows.len());
        for (element, row) in found.iter().zip(rows) {
            assert_eq!(&answer[element.raw.clone()], row);
            assert_eq!(element.canonical, canonicalise(row.as_bytes(), &rules()).unwrap(), "{row}");
        }
        assert_eq!(found[0].canonical.references.len(), 1);
        let members = |nth: usize| [0, 1, 2, 3].map(|member| found[nth].member(member));
        assert_eq!(members(0), [Some(r#""1""#), Some(r#""today""#), Some("4"), None]);
        assert_eq!(members(1), [Some(r#""3é""#), None, None, Some(crate::document::REDACTED)]);
        assert_eq!(members(2), [None; 4]);
        assert_eq!(members(3), [Some(r#"{"c":2,"d":1}"#), None, None, None]);
        assert!(read("[]").unwrap().is_empty() && read(" [\n] ").unwrap().is_empty());
    }

    #[test]
    fn what_is_no_array_of_objects_is_refused_where_it_is_not() {
        for (answer, offset) in [
            ("", 0),
            ("{}", 0),
            ("[", 1),
            (r#"[{"id":"1"}"#, 11),
            (r#"[{"id":"1"},]"#, 12),
            (r#"[{"id":"1"}{"id":"2"}]"#, 11),
            (r#"[{"id":"1"},2]"#, 12),
            (r#"[{"id":"1"}] x"#, 13),
            (r#"[{"id":01}]"#, 8),
            (r#"[{"id":"1"]"#, 10),
        ] {
            assert_eq!(read(answer).unwrap_err().offset, offset, "{answer}");
        }
        let not_utf8 = Elements::new(b"[{\"a\":\"\xff\"}]", &rules(), &NAMES).unwrap_err();
        assert_eq!(not_utf8.offset, 7);
    }

    #[test]
    fn nothing_is_given_after_an_error() {
        let rules = rules();
        let mut elements = Elements::new(b"[{},{,{}]", &rules, &NAMES).unwrap();
        assert!(elements.next().unwrap().is_ok() && elements.next().unwrap().is_err());
        assert!(elements.next().is_none() && elements.next().is_none());
    }
}
