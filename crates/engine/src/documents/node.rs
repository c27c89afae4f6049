//! A document as a tree, read leniently.
//!
//! Documents may hold what JSON value types reject or change: numbers beyond
//! every machine type, half a surrogate pair in a title. Neither may keep the
//! rest of a document from being read, so numbers stay text here and half a pair
//! becomes the replacement character.

use std::borrow::Cow;

use memchr::memchr2;
use memchr::memmem::Finder;

/// Objects and arrays may lie in each other this deep.
const DEPTH_LIMIT: u32 = 512;

/// Room that is made for an object's members before their number is known.
const USUAL_MEMBERS: usize = 8;

/// A value of a document.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Node<'a> {
    /// Null.
    Null,
    /// A number, `true` or `false`, as it is spelt.
    Plain(&'a str),
    /// A string.
    Text(Cow<'a, str>),
    /// An array.
    List(Vec<Node<'a>>),
    /// An object.
    Object(Vec<(Cow<'a, str>, Node<'a>)>),
}

/// A name for whose sake elements are read, and what of them is then of no use: objects
/// and lists that do not hold it.
#[derive(Clone, Copy)]
pub(crate) struct Sought<'s> {
    /// The name.
    pub(crate) name: &'s Finder<'s>,
    /// Under these keys objects and lists are read nevertheless.
    pub(crate) kept: &'s [&'s str],
    /// Of what lies below these keys nothing at all is read that does not hold it.
    pub(crate) bare: &'s [&'s str],
}

impl<'a> Node<'a> {
    /// Reads a document; `None` if it is not JSON.
    pub(crate) fn parse(text: &'a str) -> Option<Self> {
        Parser::of(text).whole()
    }

    /// Reads of an element what holds a name.
    fn parse_for(text: &'a str, sought: Sought<'_>) -> Option<Self> {
        let places = sought.name.find_iter(text.as_bytes()).collect();
        Parser { sought: Some((sought, places)), ..Parser::of(text) }.whole()
    }

    /// Reads a body of the vault.
    pub(crate) fn of(body: &'a [u8]) -> Option<Self> {
        std::str::from_utf8(body).ok().and_then(Self::parse)
    }

    /// Reads of a body nothing but these lists at its root, of those only the elements
    /// whose text is wanted (and of these what holds the name that is sought), and of all
    /// that nothing after the byte `last`: what is left out is stepped over, which is many
    /// times faster than reading it.
    pub(crate) fn of_lists(
        body: &'a [u8],
        lists: &[&str],
        last: usize,
        sought: Option<Sought<'_>>,
        is_wanted: impl Fn(&str) -> bool,
    ) -> Option<Self> {
        let mut parser = Parser::of(std::str::from_utf8(body).ok()?);
        let mut members = Vec::new();
        parser.take(b'{')?;
        let mut is_over = parser.peek()? == b'}';
        while !is_over {
            parser.skip_blanks();
            let key = parser.string()?;
            parser.take(b':')?;
            if lists.contains(&key.as_ref()) && parser.peek()? == b'[' {
                members.push((key, parser.wanted_elements(last, sought, &is_wanted)?));
            } else {
                parser.step_over()?;
            }
            is_over = parser.at > last || parser.ends_with(b'}')?;
        }
        Some(Node::Object(members))
    }

    /// A member that is not null.
    pub(crate) fn get(&self, key: &str) -> Option<&Self> {
        let (_, value) = self.members().iter().find(|(name, _)| name == key)?;
        (*value != Self::Null).then_some(value)
    }

    /// The string or number of a member; none if it is empty.
    pub(crate) fn text(&self, key: &str) -> Option<&str> {
        self.get(key)?.as_text()
    }

    /// The elements of a member; none if it is no array.
    pub(crate) fn items(&self, key: &str) -> &[Self] {
        self.get(key).map_or(&[], Self::elements)
    }

    /// The string, or a number as it is spelt; none if it is empty.
    pub(crate) fn as_text(&self) -> Option<&str> {
        match self {
            Self::Plain(text) => Some(text),
            Self::Text(text) => (!text.is_empty()).then(|| text.as_ref()),
            _ => None,
        }
    }

    /// The members of an object; none of anything else.
    pub(crate) fn members(&self) -> &[(Cow<'a, str>, Self)] {
        match self {
            Self::Object(members) => members,
            _ => &[],
        }
    }

    /// The elements of an array; none of anything else.
    pub(crate) fn elements(&self) -> &[Self] {
        match self {
            Self::List(elements) => elements,
            _ => &[],
        }
    }

    /// Whether a member is `true`.
    pub(crate) fn is_true(&self, key: &str) -> bool {
        self.get(key) == Some(&Self::Plain("true"))
    }
}

struct Parser<'a, 's> {
    text: &'a str,
    at: usize,
    depth: u32,
    /// A name, and where in the text it stands.
    sought: Option<(Sought<'s>, Vec<usize>)>,
    /// Whether it is below a key of which nothing else is read.
    is_bare: bool,
}

impl<'a> Parser<'a, '_> {
    fn of(text: &'a str) -> Self {
        Self { text, at: 0, depth: 0, sought: None, is_bare: false }
    }

    fn whole(mut self) -> Option<Node<'a>> {
        let node = self.value()?;
        self.skip_blanks();
        (self.at == self.text.len()).then_some(node)
    }

    fn peek(&mut self) -> Option<u8> {
        self.skip_blanks();
        self.text.as_bytes().get(self.at).copied()
    }

    fn skip_blanks(&mut self) {
        let rest = &self.text.as_bytes()[self.at..];
        self.at += rest.iter().take_while(|byte| byte.is_ascii_whitespace()).count();
    }

    fn take(&mut self, byte: u8) -> Option<()> {
        (self.peek()? == byte).then(|| self.at += 1)
    }

    fn value(&mut self) -> Option<Node<'a>> {
        match self.peek()? {
            b'"' => self.string().map(Node::Text),
            b'{' => self.nested(Self::object),
            b'[' => self.nested(Self::array),
            _ => self.plain(),
        }
    }

    fn nested(&mut self, container: impl FnOnce(&mut Self) -> Option<Node<'a>>) -> Option<Node<'a>> {
        self.depth += 1;
        let node = (self.depth <= DEPTH_LIMIT).then(|| container(self)).flatten();
        self.depth -= 1;
        node
    }

    fn object(&mut self) -> Option<Node<'a>> {
        self.take(b'{')?;
        if self.peek()? == b'}' {
            self.at += 1;
            return Some(Node::Object(Vec::new()));
        }
        let mut members = Vec::with_capacity(USUAL_MEMBERS);
        loop {
            self.skip_blanks();
            let start = self.at;
            let key = self.string()?;
            self.take(b':')?;
            let value = match self.sought {
                None => Some(self.value()?),
                Some(_) => self.sought_value(start, &key)?,
            };
            members.extend(value.map(|value| (key, value)));
            if self.ends_with(b'}')? {
                return Some(Node::Object(members));
            }
        }
    }

    fn array(&mut self) -> Option<Node<'a>> {
        self.take(b'[')?;
        let mut elements = Vec::new();
        if self.peek()? == b']' {
            self.at += 1;
            return Some(Node::List(elements));
        }
        loop {
            elements.push(self.value()?);
            if self.ends_with(b']')? {
                return Some(Node::List(elements));
            }
        }
    }

    /// The value of a member that begins at `start`; within, none if it is of no use and was
    /// stepped over.
    #[expect(clippy::option_option, reason = "none of the outer is a text that is no JSON")]
    fn sought_value(&mut self, start: usize, key: &str) -> Option<Option<Node<'a>>> {
        let is_nested = matches!(self.peek()?, b'{' | b'[');
        let (begin, outside) = (self.at, self.is_bare);
        if !is_nested && !outside {
            return self.value().map(Some);
        }
        let is_in = |keys: &[&str]| keys.contains(&key);
        let (is_kept, is_bare) = self
            .sought
            .as_ref()
            .map_or((true, false), |(sought, _)| (is_in(sought.kept), is_in(sought.bare)));
        // What lies in a bare value is looked at piece by piece.
        if outside || !is_kept && !is_bare {
            self.step_over()?;
            let member = start..self.at;
            if !self.sought.iter().flat_map(|(_, places)| places).any(|place| member.contains(place)) {
                return Some(None);
            }
            self.at = begin;
        }
        self.is_bare |= is_bare;
        let value = self.value()?;
        self.is_bare = outside;
        Some(Some(value))
    }

    fn wanted_elements(
        &mut self,
        last: usize,
        sought: Option<Sought<'_>>,
        is_wanted: &impl Fn(&str) -> bool,
    ) -> Option<Node<'a>> {
        self.take(b'[')?;
        let mut elements = Vec::new();
        if self.peek()? == b']' {
            self.at += 1;
            return Some(Node::List(elements));
        }
        loop {
            let text = self.step_over()?;
            if is_wanted(text) {
                elements.push(match sought {
                    Some(sought) => Node::parse_for(text, sought)?,
                    None => Node::parse(text)?,
                });
            }
            if self.at > last || self.ends_with(b']')? {
                return Some(Node::List(elements));
            }
        }
    }

    /// Steps over a value, by its strings and brackets alone; gives its text.
    fn step_over(&mut self) -> Option<&'a str> {
        self.skip_blanks();
        let (bytes, start) = (self.text.as_bytes(), self.at);
        let mut open = 0u32;
        loop {
            match *bytes.get(self.at)? {
                b'"' => self.step_over_string()?,
                b'{' | b'[' => open += 1,
                b'}' | b']' if open > 0 => open -= 1,
                b',' | b'}' | b']' if open == 0 => {
                    let text = self.text[start..self.at].trim_end();
                    return (!text.is_empty()).then_some(text);
                }
                _ => {}
            }
            self.at += 1;
        }
    }

    /// From the quote at the beginning to the one at the end.
    fn step_over_string(&mut self) -> Option<()> {
        loop {
            self.at += 1;
            let bytes = self.text.as_bytes();
            self.at += memchr2(b'"', b'\\', bytes.get(self.at..)?)?;
            if bytes[self.at] == b'"' {
                return Some(());
            }
            self.at += 1;
        }
    }

    /// Steps over the end of a container, or over the comma before the next value.
    fn ends_with(&mut self, end: u8) -> Option<bool> {
        let byte = self.peek()?;
        self.at += 1;
        match byte {
            b',' => Some(false),
            byte => (byte == end).then_some(true),
        }
    }

    /// A number or a word; whether it is a right one was checked when the document
    /// was stored.
    fn plain(&mut self) -> Option<Node<'a>> {
        let rest = &self.text[self.at..];
        let end = rest.find(|c: char| !matches!(c, '0'..='9' | 'a'..='z' | 'E' | '+' | '-' | '.'));
        let word = &rest[..end.unwrap_or(rest.len())];
        self.at += word.len();
        match word {
            "" => None,
            "null" => Some(Node::Null),
            word => Some(Node::Plain(word)),
        }
    }

    fn string(&mut self) -> Option<Cow<'a, str>> {
        let rest = self.text[self.at..].strip_prefix('"')?;
        let end = memchr2(b'"', b'\\', rest.as_bytes())?;
        if rest.as_bytes()[end] == b'"' {
            self.at += end + 2;
            return Some(Cow::Borrowed(&rest[..end]));
        }
        self.at += 1;
        let mut text = String::new();
        loop {
            let rest = &self.text[self.at..];
            let end = memchr2(b'"', b'\\', rest.as_bytes())?;
            text.push_str(&rest[..end]);
            self.at += end + 1;
            if rest.as_bytes()[end] == b'"' {
                return Some(Cow::Owned(text));
            }
            text.push(self.escape()?);
        }
    }

    /// What an escape means; the backslash is read already.
    fn escape(&mut self) -> Option<char> {
        let byte = *self.text.as_bytes().get(self.at)?;
        self.at += 1;
        Some(match byte {
            b'"' | b'\\' | b'/' => char::from(byte),
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => self.code_point()?,
            _ => return None,
        })
    }

    fn code_point(&mut self) -> Option<char> {
        let unit = self.unit()?;
        if !(0xD800..0xDC00).contains(&unit) || !self.text[self.at..].starts_with("\\u") {
            return Some(char::from_u32(unit).unwrap_or(char::REPLACEMENT_CHARACTER));
        }
        let before = self.at;
        self.at += 2;
        let low = self.unit()?;
        if (0xDC00..0xE000).contains(&low) {
            return char::from_u32(0x10000 + ((unit - 0xD800) << 10) + (low - 0xDC00));
        }
        self.at = before;
        Some(char::REPLACEMENT_CHARACTER)
    }

    fn unit(&mut self) -> Option<u32> {
        let unit = u32::from_str_radix(self.text.get(self.at..self.at + 4)?, 16).ok()?;
        self.at += 4;
        Some(unit)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documents_are_read_as_they_are() {
        let text = r#" {"a": [1.50, "x", null, {"b": true}], "c\u00e9\n": "\ud83d\ude00\"", "": {} } "#;
        let node = Node::parse(text).unwrap();
        assert_eq!(node.items("a")[0].as_text(), Some("1.50"));
        assert_eq!(node.items("a")[2], Node::Null);
        assert!(node.items("a")[3].is_true("b"));
        assert_eq!(node.text("cé\n"), Some("😀\""));
        assert_eq!((node.get("missing"), node.text("a"), node.items("c").len()), (None, None, 0));
    }

    #[test]
    fn what_value_types_reject_is_read() {
        let node = Node::parse(r#"{"big":1e400,"half":"\ud800 t\udc00","two":"\ud800\u0041"}"#).unwrap();
        assert_eq!(node.text("big"), Some("1e400"));
        assert_eq!(node.text("half"), Some("\u{FFFD} t\u{FFFD}"));
        assert_eq!(node.text("two"), Some("\u{FFFD}A"));
    }

    #[test]
    fn lists_are_read_without_what_is_not_wanted() {
        let text = r#"{"a": [ {"n": "x, \" ]"}, {"n": ["y"]}, 7 ,"xy" ], "b": {"a": ["x"]}, "c": "x\\", "d": ["x"], "e": []}"#;
        let lists = |last: usize, wanted: &'static str| {
            let is_wanted = move |text: &str| text.contains(wanted);
            Node::of_lists(text.as_bytes(), &["a", "d", "e", "c"], last, None, is_wanted).unwrap()
        };
        let node = lists(text.len(), "x");
        assert_eq!(node.items("a").len(), 2);
        assert_eq!(node.items("a")[0].text("n"), Some("x, \" ]"));
        assert_eq!((node.items("a")[1].as_text(), node.items("d").len()), (Some("xy"), 1));
        assert_eq!((node.get("b"), node.get("c"), node.items("e").len()), (None, None, 0));
        assert_eq!(lists(text.len(), "7").items("a")[0].as_text(), Some("7"));
        for last in 0..text.len() {
            let node = lists(last, "x");
            let (first, d) = (text.find("x,").unwrap(), text.rfind('x').unwrap());
            assert!(last < first || !node.items("a").is_empty(), "{last}: so is this");
            assert!(last < d || node.items("d").len() == 1, "{last}: what begins before is read");
        }
        for broken in [r#"{"a":["x"}"#, r#"{"a":["x"]"#, r#"{"a":["x]}"#, r#"["x"]"#, r#"{"b":}"#] {
            assert_eq!(
                Node::of_lists(broken.as_bytes(), &["a"], broken.len(), None, |_| true),
                None,
                "{broken}"
            );
        }
    }

    #[test]
    fn of_an_element_what_holds_the_name_is_read() {
        let name = Finder::new("v.f");
        let sought = Sought { name: &name, kept: &["q"], bare: &["o"] };
        let read = |element: &str, left: &str| {
            assert_eq!(Node::parse_for(element, sought), Node::parse(left), "{element}");
        };
        read(
            r#"{"id": 1, "a": [2, "]"] , "q": {"m": "x", "n": {}}, "l": [ {"z": []}, "v.f" ], "v.f": []}"#,
            r#"{"id": 1, "q": {"m": "x"}, "l": [{}, "v.f"], "v.f": []}"#,
        );
        read(
            r#"{"o": {"a": 1, "b": "c,}", "d": {"e": [3, "v.f"], "g": 4}, "v.f": true}, "h": 5}"#,
            r#"{"o": {"d": {"e": [3, "v.f"]}, "v.f": true}, "h": 5}"#,
        );
        read(
            r#"{"o": {"q": {"a": 1}}, "q": {"o": {"x": 1}, "y": 2}, "z": {"a": 1}}"#,
            r#"{"o": {}, "q": {"o": {}, "y": 2}}"#,
        );
        for broken in [r#"{"a": [1}"#, r#"{"a": {"#, r#"{"o": {"v.f" 1}}"#, r#"{"a": ["#] {
            assert_eq!(Node::parse_for(broken, sought), None, "{broken}");
        }
    }

    #[test]
    fn what_is_no_json_is_refused() {
        for text in
            ["", "{", "[1,", "[1 2]", r#"{"a"}"#, r#""\q""#, r#""\u12"#, "[1]]", "{,}", "ä", r#""\u12é4""#]
        {
            assert_eq!(Node::parse(text), None, "{text}");
        }
        let deep = "[".repeat(600) + &"]".repeat(600);
        assert_eq!(Node::parse(&deep), None);
    }
}
