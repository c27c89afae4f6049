//! A canonical document as a tree over its own text.
//!
//! Nothing is converted: a number stays the digits it was written with, half a
//! surrogate pair stays an escape. In canonical form equal values are equal
//! texts, so comparing two subtrees is comparing two slices.

use std::borrow::Cow;
use std::hash::{Hash, Hasher};
use std::ops::Range;
use std::sync::Arc;

use memchr::memchr2;

/// Objects and arrays may lie in each other this deep, as in the vault.
const DEEPEST: u32 = 512;

/// A value of a canonical document.
#[derive(Debug, Clone)]
pub struct Value<'t> {
    text: &'t str,
    node: Node<'t>,
}

/// What a value is made of.
#[derive(Debug, Clone)]
pub enum Node<'t> {
    /// Members in canonical order; keys as they are written, without quotes.
    Object(Arc<[(&'t str, Value<'t>)]>),
    /// Elements in order.
    List(Arc<[Value<'t>]>),
    /// A string, a number, a boolean or null.
    Scalar,
}

/// A text that is not a canonical document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a canonical document, at byte {offset}")]
pub struct NotCanonical {
    /// The byte at which it was noticed, counted from 0.
    pub offset: usize,
}

impl<'t> Value<'t> {
    /// Reads a document that [`vault::canonicalise`] wrote.
    ///
    /// # Errors
    /// When the text does not have the outline of such a document. White space
    /// and the order of keys are not looked at.
    pub fn parse(document: &'t [u8]) -> Result<Self, NotCanonical> {
        Parser::of(document)?.document(None)
    }

    /// Reads a document that is like one that was read: what is equal in the same place
    /// is shared with it, and not looked into again.
    ///
    /// # Errors
    /// As [`parse`](Self::parse) gives them.
    pub fn parse_like(document: &'t [u8], like: &Self) -> Result<Self, NotCanonical> {
        Parser::of(document)?.document(Some(like))
    }

    /// Reads two versions of an object. Where all lists of these names are equal in both,
    /// neither has them: nobody looked into what is equal. Where lists of the second are
    /// `known` to be, their ends need not be looked for.
    ///
    /// # Errors
    /// As [`parse`](Self::parse) gives them.
    pub fn parse_both(
        versions: [&'t [u8]; 2],
        lists: &[&str],
        known: &[Range<usize>],
    ) -> Result<[Self; 2], NotCanonical> {
        let [mut one, mut other] = [Parser::of(versions[0])?, Parser::of(versions[1])?];
        (other.lists, other.known) = (lists, known);
        let second = other.document(None)?;
        (one.lists, one.like) = (lists, &other.passed);
        let first = one.document(Some(&second))?;
        if one.passed == other.passed {
            return Ok([first, second]);
        }
        let first = Self::parse(versions[0])?;
        let second = Self::parse_like(versions[1], &first)?;
        Ok([first, second])
    }

    /// The value as it is written.
    pub fn text(&self) -> &'t str {
        self.text
    }

    /// What it is made of.
    pub fn node(&self) -> &Node<'t> {
        &self.node
    }

    /// The members of an object; none for anything else.
    pub fn members(&self) -> &[(&'t str, Self)] {
        if let Node::Object(members) = &self.node { members } else { &[] }
    }

    /// The elements of a list; none for anything else.
    pub fn elements(&self) -> &[Self] {
        if let Node::List(elements) = &self.node { elements } else { &[] }
    }

    /// The first member with this key.
    pub fn member(&self, key: &str) -> Option<&Self> {
        self.members().iter().find(|(name, _)| *name == key).map(|(_, value)| value)
    }

    /// The member with this key, most likely the one at this place.
    fn nth_member(&self, nth: usize, key: &str) -> Option<&Self> {
        let there = self.members().get(nth).filter(|(name, _)| *name == key);
        there.map_or_else(|| self.member(key), |(_, value)| Some(value))
    }

    /// The member at a path of keys with dots.
    pub fn at(&self, path: &str) -> Option<&Self> {
        path.split('.').try_fold(self, |value, key| value.member(key))
    }

    /// The text of a string.
    pub fn as_string(&self) -> Option<Cow<'t, str>> {
        let inner = self.text.strip_prefix('"')?.strip_suffix('"')?;
        if !inner.contains('\\') {
            return Some(Cow::Borrowed(inner));
        }
        // Half a surrogate pair is no text; then the spelling must do.
        Some(serde_json::from_str(self.text).map_or(Cow::Borrowed(inner), Cow::Owned))
    }

    /// What a person calls it by: the text of a string that is not empty, a
    /// number or boolean as it is written; nothing for the rest.
    pub fn as_name(&self) -> Option<Cow<'t, str>> {
        match self.node {
            Node::Scalar if self.text != "null" => {
                let name = self.as_string().unwrap_or(Cow::Borrowed(self.text));
                (!name.trim().is_empty()).then_some(name)
            }
            _ => None,
        }
    }

    /// Whether it says nothing: null, false, or an empty string, list or object.
    pub fn is_nothing(&self) -> bool {
        matches!(self.text, "null" | "false" | "\"\"" | "[]" | "{}")
    }
}

impl PartialEq for Value<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for Value<'_> {}

impl Hash for Value<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.text.hash(state);
    }
}

/// Members and elements of what is open are gathered in one place each, so that every
/// object and list is made in the size that it has.
#[derive(Default)]
struct Parser<'t, 'l> {
    text: &'t str,
    at: usize,
    depth: u32,
    members: Vec<(&'t str, Value<'t>)>,
    elements: Vec<Value<'t>>,
    /// Lists of the document itself that are passed over, by their keys.
    lists: &'l [&'l str],
    /// Where some of them are.
    known: &'l [Range<usize>],
    /// What was passed over, with its keys.
    passed: Vec<(&'t str, &'t str)>,
    /// The same of another version.
    like: &'l [(&'l str, &'l str)],
}

impl<'t> Parser<'t, '_> {
    fn of(document: &'t [u8]) -> Result<Self, NotCanonical> {
        let text = std::str::from_utf8(document).map_err(|e| NotCanonical { offset: e.valid_up_to() })?;
        Ok(Self { text, ..Self::default() })
    }

    fn document(&mut self, like: Option<&Value<'t>>) -> Result<Value<'t>, NotCanonical> {
        let value = self.value(like)?;
        if self.at == self.text.len() { Ok(value) } else { Err(self.wrong()) }
    }

    fn wrong(&self) -> NotCanonical {
        NotCanonical { offset: self.at }
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn take(&mut self, byte: u8) -> Result<(), NotCanonical> {
        if self.peek() != Some(byte) {
            return Err(self.wrong());
        }
        self.at += 1;
        Ok(())
    }

    fn value(&mut self, like: Option<&Value<'t>>) -> Result<Value<'t>, NotCanonical> {
        let start = self.at;
        let node = match self.peek() {
            Some(b'{') => self.nested(Self::object, like)?,
            Some(b'[') => self.nested(Self::list, like)?,
            Some(b'"') => self.string().map(|()| Node::Scalar)?,
            _ => self.word().map(|()| Node::Scalar)?,
        };
        Ok(Value { text: &self.text[start..self.at], node })
    }

    fn nested(
        &mut self,
        inside: fn(&mut Self, Option<&Value<'t>>) -> Result<Node<'t>, NotCanonical>,
        like: Option<&Value<'t>>,
    ) -> Result<Node<'t>, NotCanonical> {
        if self.depth == DEEPEST {
            return Err(self.wrong());
        }
        // Where the text goes on as that of another object or list, it is that one: its last
        // bracket closes the first. A document as a whole may have been read without some lists.
        let rest = &self.text.as_bytes()[self.at..];
        let same = like.filter(|like| self.depth > 0 && !matches!(like.node, Node::Scalar));
        if let Some(same) = same.filter(|like| rest.starts_with(like.text.as_bytes())) {
            self.at += same.text.len();
            return Ok(same.node.clone());
        }
        self.depth += 1;
        self.at += 1;
        let node = inside(self, like)?;
        self.depth -= 1;
        Ok(node)
    }

    fn object(&mut self, like: Option<&Value<'t>>) -> Result<Node<'t>, NotCanonical> {
        let first = self.members.len();
        let mut is_first = true;
        while self.peek() != Some(b'}') {
            if !std::mem::take(&mut is_first) {
                self.take(b',')?;
            }
            let key = self.key()?;
            if self.depth == 1 && self.peek() == Some(b'[') && self.lists.contains(&key) {
                self.pass(key)?;
                continue;
            }
            let value = self.value(like.and_then(|like| like.nth_member(self.members.len() - first, key)))?;
            self.members.push((key, value));
        }
        self.at += 1;
        Ok(Node::Object(self.members.drain(first..).collect()))
    }

    fn list(&mut self, like: Option<&Value<'t>>) -> Result<Node<'t>, NotCanonical> {
        let first = self.elements.len();
        while self.peek() != Some(b']') {
            if self.elements.len() > first {
                self.take(b',')?;
            }
            let nth = self.elements.len() - first;
            let element = self.value(like.and_then(|like| like.elements().get(nth)))?;
            self.elements.push(element);
        }
        self.at += 1;
        Ok(Node::List(self.elements.drain(first..).collect()))
    }

    fn key(&mut self) -> Result<&'t str, NotCanonical> {
        let start = self.at + 1;
        self.string()?;
        let key = &self.text[start..self.at - 1];
        self.take(b':')?;
        Ok(key)
    }

    /// Passes over a list: where it is known to be, or brackets in it counted. Where the text
    /// goes on as the other version's list of that key, the list is that one: its last bracket
    /// closes the first, whatever follows.
    fn pass(&mut self, key: &'t str) -> Result<(), NotCanonical> {
        let start = self.at;
        let rest = &self.text[start..];
        let like = self.like.get(self.passed.len()).filter(|(name, _)| *name == key).map(|(_, list)| *list);
        let known = self.known.iter().find(|known| known.start == start);
        let known = known.and_then(|known| self.text.get(known.clone()));
        let list = like.filter(|list| rest.starts_with(list)).or(known).filter(|list| list.ends_with(']'));
        match list {
            Some(list) => self.at += list.len(),
            None => self.pass_brackets()?,
        }
        self.passed.push((key, &self.text[start..self.at]));
        Ok(())
    }

    fn pass_brackets(&mut self) -> Result<(), NotCanonical> {
        let bytes = self.text.as_bytes();
        let mut open = Vec::new();
        loop {
            let says_more = |byte: &u8| matches!(byte, b'"' | b'{' | b'[' | b'}' | b']');
            let Some(between) = bytes[self.at..].iter().position(says_more) else {
                self.at = bytes.len();
                return Err(self.wrong());
            };
            self.at += between;
            match bytes[self.at] {
                b'"' => self.string()?,
                bracket @ (b'{' | b'[') => {
                    open.push(bracket);
                    self.at += 1;
                }
                // In ASCII the one bracket stands two places after the other.
                bracket => {
                    if open.pop() != Some(bracket - 2) {
                        return Err(self.wrong());
                    }
                    self.at += 1;
                    if open.is_empty() {
                        return Ok(());
                    }
                }
            }
        }
    }

    fn string(&mut self) -> Result<(), NotCanonical> {
        self.take(b'"')?;
        loop {
            let rest = self.text.as_bytes().get(self.at..).unwrap_or_default();
            self.at += memchr2(b'"', b'\\', rest).ok_or_else(|| self.wrong())?;
            match self.peek() {
                Some(b'\\') => self.at += 2,
                _ => return self.take(b'"'),
            }
        }
    }

    /// A number, `true`, `false` or `null`.
    fn word(&mut self) -> Result<(), NotCanonical> {
        let is_part = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'+' | b'.');
        let rest = &self.text.as_bytes()[self.at..];
        let length = rest.iter().take_while(|byte| is_part(**byte)).count();
        if length == 0 {
            return Err(self.wrong());
        }
        self.at += length;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn strings_of_every_length_are_read_whole() {
        for length in 0..40 {
            for end in ["", r#"\""#, r"\\", "é"] {
                let text = format!("[\"{}{end}\",1]", "x".repeat(length));
                let value = Value::parse(text.as_bytes()).unwrap();
                assert_eq!(value.elements()[1].text(), "1", "{text}");
            }
        }
    }

    #[test]
    fn numbers_and_odd_strings_keep_their_text() {
        let text = r#"{"a":[1.0,12345678901234567890123,"\ud800 x","q\"\n"],"a":null,"z\"":{}}"#;
        let value = Value::parse(text.as_bytes()).unwrap();
        assert_eq!(value.text(), text);
        let list = value.member("a").unwrap().elements();
        assert_eq!(list[1].text(), "12345678901234567890123");
        assert_eq!(list[2].as_string().unwrap(), r"\ud800 x");
        assert_eq!(list[3].as_string().unwrap(), "q\"\n");
        assert_eq!((value.members().len(), value.members()[2].0), (3, r#"z\""#));
        assert_ne!(list[0], Value::parse(b"1").unwrap(), "the spelling of a number matters");
    }

    #[test]
    fn paths_and_names() {
        let value = Value::parse(br#"{"look":{"title":"Orders","n":7,"no":" ","x":null}}"#).unwrap();
        let name = |path| value.at(path).and_then(Value::as_name);
        assert_eq!(name("look.title").as_deref(), Some("Orders"));
        assert_eq!(name("look.n").as_deref(), Some("7"));
        for path in ["look.no", "look.x", "look", "other.title"] {
            assert_eq!(name(path), None, "{path}");
        }
    }

    /// How many of the objects and lists in a value are those of another one.
    fn shared(value: &Value<'_>, other: &Value<'_>) -> usize {
        let mut places = HashSet::new();
        let own = |value: &Value<'_>| match value.node() {
            Node::Object(members) if !members.is_empty() => Some(members.as_ptr().cast::<u8>()),
            Node::List(elements) if !elements.is_empty() => Some(elements.as_ptr().cast::<u8>()),
            _ => None,
        };
        walk(other, &mut |value| places.extend(own(value)));
        let mut count = 0;
        walk(value, &mut |value| count += usize::from(own(value).is_some_and(|own| places.contains(&own))));
        count
    }

    fn walk(value: &Value<'_>, each: &mut impl FnMut(&Value<'_>)) {
        each(value);
        value
            .members()
            .iter()
            .map(|(_, value)| value)
            .chain(value.elements())
            .for_each(|value| walk(value, each));
    }

    /// A value with all that is in it, as it is made up.
    fn outline(value: &Value<'_>) -> String {
        let mut outline = String::new();
        walk(value, &mut |value| {
            outline += &format!("{:?} {}\n", std::mem::discriminant(value.node()), value.text());
        });
        outline
    }

    #[test]
    fn what_is_equal_in_the_same_place_is_shared() {
        let like = |document: &str, other: &str| {
            let other = Value::parse(other.as_bytes()).unwrap();
            let read = Value::parse_like(document.as_bytes(), &other).unwrap();
            let plainly = Value::parse(document.as_bytes()).unwrap();
            assert_eq!(outline(&read), outline(&plainly), "{document}");
            shared(&read, &other)
        };
        let one = r#"{"a":[{"x":[1]},{"x":[2]}],"b":{"y":1},"c":[]}"#;
        assert_eq!(like(r#"{"a":[{"x":[1]},{"x":[3]}],"b":{"y":1},"c":1}"#, one), 3);
        // A key before it, a list that goes on, something else in its place.
        assert_eq!(like(r#"{"A":1,"a":[{"x":[1]},{"x":[2]},5],"b":{"y":1}}"#, one), 5);
        assert_eq!(like(r#"{"a":{"x":[1]},"b":[{"y":1}],"c":"[]"}"#, one), 0);
        assert_eq!(like("[[1],[2]]", "[[1],[2,3]]"), 1);
        assert_eq!(like("[[1],[2]]", r#"[[1],"x"]"#), 1);
        let other = Value::parse(one.as_bytes()).unwrap();
        for cut in 0..one.len() {
            assert!(Value::parse_like(&one.as_bytes()[..cut], &other).is_err(), "{cut}");
        }
    }

    #[test]
    fn lists_that_are_equal_in_both_are_left_out_of_both() {
        let both = |one: &str, other: &str| {
            // Where there is such a list, and where there is none.
            let known = other.find("[1]").map(|at| at..at + 3).into_iter().chain([0..1, 5..6, 0..900]);
            let known: Vec<Range<usize>> = known.collect();
            let versions = [one.as_bytes(), other.as_bytes()];
            let [both, other] =
                [&[], known.as_slice()].map(|known| Value::parse_both(versions, &["a", "c"], known).unwrap());
            assert_eq!(both, other);
            both.map(|value| value.members().iter().map(|(key, _)| (*key).to_owned()).collect::<String>())
        };
        let one = r#"{"a":[{"a":["]\"}"]}],"b":[1],"c":[],"d":{"a":[]}}"#;
        assert_eq!(both(one, r#"{"a":[{"a":["]\"}"]}],"b":2,"c":[],"d":1}"#), ["bd", "bd"]);
        assert_eq!(both(one, r#"{"a":[{"a":["]\"}"]}],"b":2,"c":[1],"d":1}"#), ["abcd", "abcd"]);
        assert_eq!(both(one, r#"{"a":[{"a":["]\"}"]}],"b":2,"d":1}"#), ["abcd", "abd"]);
        assert_eq!(both(one, r#"{"a":null,"b":[1],"c":[]}"#), ["abcd", "abc"]);
        // A key that occurs twice, a list that goes on: compared as what it is.
        assert_eq!(both(r#"{"a":[1],"a":[2]}"#, r#"{"a":[2],"a":[1]}"#), ["aa", "aa"]);
        assert_eq!(both(r#"{"a":[1],"a":[2]}"#, r#"{"a":[1],"a":[2]}"#), ["", ""]);
        for text in [r#"{"a":[1}"#, r#"{"a":[{]}"#, r#"{"a":["]}"#, r#"{"a":[1] }"#, r#"{"a":[1]"b":1}"#] {
            assert!(Value::parse_both([text.as_bytes(), b"{}"], &["a"], &[]).is_err(), "{text}");
        }
    }

    #[test]
    fn what_is_cut_short_is_refused() {
        for text in ["", "{", "[1", "[1,", r#"{"a"}"#, r#"{"a":}"#, r#""x"#, "1 2", r#""\"#, "[1]]"] {
            assert!(Value::parse(text.as_bytes()).is_err(), "{text}");
        }
        let deep = "[".repeat(513) + &"]".repeat(513);
        assert!(Value::parse(deep.as_bytes()).is_err());
    }
}
