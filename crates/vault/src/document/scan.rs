//! Reading tokens of raw JSON: strict by RFC 8259, and quick over plain text.

use super::DocumentError;

/// A place in a raw text. The text is known to be UTF-8.
#[derive(Debug)]
pub(super) struct Scanner<'a> {
    bytes: &'a [u8],
    at: usize,
}

const ONES: u64 = u64::MAX / 255;
const HIGH: u64 = ONES * 128;

/// The bytes below `limit` of a word, as their high bits; exact for the lowest.
fn below(word: u64, limit: u64) -> u64 {
    word.wrapping_sub(ONES * limit) & !word & HIGH
}

/// How many bytes at the start need no thought: no quote, no backslash, no
/// control character. Eight at a time, since most strings are short.
fn plain_run(bytes: &[u8]) -> usize {
    let (words, rest) = bytes.as_chunks::<8>();
    for (index, word) in words.iter().enumerate() {
        let word = u64::from_le_bytes(*word);
        let quote = below(word ^ (ONES * u64::from(b'"')), 1);
        let backslash = below(word ^ (ONES * u64::from(b'\\')), 1);
        let found = quote | backslash | below(word, 0x20);
        if found != 0 {
            return index * 8 + (found.trailing_zeros() / 8) as usize;
        }
    }
    let done = words.len() * 8;
    let special = |byte: &u8| matches!(byte, b'"' | b'\\') || *byte < 0x20;
    done + rest.iter().position(special).unwrap_or(rest.len())
}

impl<'a> Scanner<'a> {
    /// Starts at the first byte of a text, which must be UTF-8.
    pub(super) fn new(bytes: &'a [u8]) -> Result<Self, DocumentError> {
        match std::str::from_utf8(bytes) {
            Ok(_) => Ok(Self { bytes, at: 0 }),
            Err(error) => {
                Err(DocumentError { offset: error.valid_up_to(), reason: "a byte that is not UTF-8" })
            }
        }
    }

    /// An error at this place.
    pub(super) fn error(&self, reason: &'static str) -> DocumentError {
        DocumentError { offset: self.at, reason }
    }

    /// How many bytes it has moved.
    pub(super) fn at(&self) -> usize {
        self.at
    }

    /// The next byte, if there is one.
    pub(super) fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    /// Moves over one byte that was looked at.
    pub(super) fn step(&mut self) {
        self.at += 1;
    }

    /// Moves over white space and looks at the next byte.
    pub(super) fn peek_token(&mut self) -> Option<u8> {
        while let Some(b' ' | b'\n' | b'\r' | b'\t') = self.peek() {
            self.at += 1;
        }
        self.peek()
    }

    /// Moves over white space and this byte, or fails with `reason`.
    pub(super) fn expect(&mut self, byte: u8, reason: &'static str) -> Result<(), DocumentError> {
        if self.peek_token() == Some(byte) {
            self.at += 1;
            return Ok(());
        }
        Err(self.error(reason))
    }

    /// Nothing but white space may follow.
    pub(super) fn end(&mut self) -> Result<(), DocumentError> {
        match self.peek_token() {
            None => Ok(()),
            Some(_) => Err(self.error("more text after the end of the document")),
        }
    }

    /// Copies a literal such as `true`.
    pub(super) fn literal(&mut self, word: &str, out: &mut Vec<u8>) -> Result<(), DocumentError> {
        if !self.bytes[self.at..].starts_with(word.as_bytes()) {
            return Err(self.error("an unknown word"));
        }
        self.at += word.len();
        out.extend_from_slice(word.as_bytes());
        Ok(())
    }

    /// Copies a number as it is spelt.
    pub(super) fn number(&mut self, out: &mut Vec<u8>) -> Result<(), DocumentError> {
        let start = self.at;
        if self.peek() == Some(b'-') {
            self.at += 1;
        }
        match self.peek() {
            Some(b'0') => self.at += 1,
            _ => self.digits()?,
        }
        if self.peek() == Some(b'.') {
            self.at += 1;
            self.digits()?;
        }
        if let Some(b'e' | b'E') = self.peek() {
            self.at += 1;
            if let Some(b'+' | b'-') = self.peek() {
                self.at += 1;
            }
            self.digits()?;
        }
        out.extend_from_slice(&self.bytes[start..self.at]);
        Ok(())
    }

    fn digits(&mut self) -> Result<(), DocumentError> {
        let start = self.at;
        while let Some(b'0'..=b'9') = self.peek() {
            self.at += 1;
        }
        if self.at == start {
            return Err(self.error("a number without a digit where one must be"));
        }
        Ok(())
    }

    /// Copies a string, quotes included, in its shortest spelling; true if it
    /// may still hold escapes.
    #[inline]
    pub(super) fn string(&mut self, out: &mut Vec<u8>) -> Result<bool, DocumentError> {
        let start = self.at;
        self.at += 1;
        self.at += plain_run(&self.bytes[self.at..]);
        if self.peek() == Some(b'"') {
            self.at += 1;
            out.extend_from_slice(&self.bytes[start..self.at]);
            return Ok(false);
        }
        out.extend_from_slice(&self.bytes[start..self.at]);
        self.string_with_escapes(out)?;
        Ok(true)
    }

    #[cold]
    fn string_with_escapes(&mut self, out: &mut Vec<u8>) -> Result<(), DocumentError> {
        loop {
            let run = plain_run(&self.bytes[self.at..]);
            out.extend_from_slice(&self.bytes[self.at..self.at + run]);
            self.at += run;
            match self.peek() {
                Some(b'"') => {
                    self.at += 1;
                    out.push(b'"');
                    return Ok(());
                }
                Some(b'\\') => self.escape(out)?,
                Some(_) => return Err(self.error("a bare control character in a string")),
                None => return Err(self.error("a string without an end")),
            }
        }
    }

    fn escape(&mut self, out: &mut Vec<u8>) -> Result<(), DocumentError> {
        self.at += 1;
        let escaped = self.peek();
        match escaped {
            Some(letter @ (b'"' | b'\\' | b'b' | b'f' | b'n' | b'r' | b't')) => {
                out.extend_from_slice(&[b'\\', letter]);
            }
            Some(b'/') => out.push(b'/'),
            Some(b'u') => return self.unicode_escape(out),
            _ => return Err(self.error("an unknown escape in a string")),
        }
        self.at += 1;
        Ok(())
    }

    fn unicode_escape(&mut self, out: &mut Vec<u8>) -> Result<(), DocumentError> {
        let unit = self.code_unit()?;
        if (0xD800..0xDC00).contains(&unit) && self.bytes[self.at..].starts_with(b"\\u") {
            let after_first = self.at;
            self.at += 1;
            let second = self.code_unit()?;
            if (0xDC00..0xE000).contains(&second) {
                let pair = 0x1_0000 + ((unit - 0xD800) << 10) + (second - 0xDC00);
                write_char(pair, out);
                return Ok(());
            }
            self.at = after_first;
        }
        write_char(unit, out);
        Ok(())
    }

    /// Reads a `u` and its four hexadecimal digits.
    fn code_unit(&mut self) -> Result<u32, DocumentError> {
        let mut unit = 0;
        for digit in 1..=4 {
            let value = self.bytes.get(self.at + digit).and_then(|byte| char::from(*byte).to_digit(16));
            let Some(value) = value else {
                return Err(self.error("an escape without four hexadecimal digits"));
            };
            unit = unit << 4 | value;
        }
        self.at += 5;
        Ok(unit)
    }
}

/// Writes what an escape stood for, in its shortest spelling.
fn write_char(code: u32, out: &mut Vec<u8>) {
    let short = match code {
        0x22 => Some(b'"'),
        0x5C => Some(b'\\'),
        0x08 => Some(b'b'),
        0x0C => Some(b'f'),
        0x0A => Some(b'n'),
        0x0D => Some(b'r'),
        0x09 => Some(b't'),
        _ => None,
    };
    match (short, char::from_u32(code)) {
        (Some(letter), _) => out.extend_from_slice(&[b'\\', letter]),
        (None, Some(character)) if code >= 0x20 => {
            out.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
        }
        _ => out.extend_from_slice(format!("\\u{code:04x}").as_bytes()),
    }
}

/// The text of a canonical string without its quotes and escapes; a lone
/// surrogate stays as it is spelt, no field is named by one.
pub(super) fn unescaped(canonical: &[u8]) -> Vec<u8> {
    let mut plain = Vec::with_capacity(canonical.len());
    let mut rest = canonical;
    while let Some((&byte, tail)) = rest.split_first() {
        rest = tail;
        let Some((&letter, tail)) = rest.split_first().filter(|_| byte == b'\\') else {
            plain.push(byte);
            continue;
        };
        rest = tail;
        match letter {
            b'b' => plain.push(8),
            b'f' => plain.push(12),
            b'n' => plain.push(b'\n'),
            b'r' => plain.push(b'\r'),
            b't' => plain.push(b'\t'),
            b'u' => plain.extend(control(&mut rest)),
            other => plain.push(other),
        }
    }
    plain
}

/// What four hexadecimal digits stand for: a control character, or a lone
/// surrogate that is given back as spelt.
fn control(rest: &mut &[u8]) -> Vec<u8> {
    let (digits, tail) = rest.split_at(rest.len().min(4));
    *rest = tail;
    let code = std::str::from_utf8(digits).ok().and_then(|hex| u8::from_str_radix(hex, 16).ok());
    code.map_or_else(|| [b"\\u", digits].concat(), |code| vec![code])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plain_run_ends_at_the_first_special_byte() {
        for length in 0..40 {
            for special in [b'"', b'\\', 0, 0x1F, b'\n'] {
                let mut text = vec![b'x'; length];
                assert_eq!(plain_run(&text), length);
                text.push(special);
                text.extend_from_slice("é\u{7f}\"\\".as_bytes());
                assert_eq!(plain_run(&text), length, "{special}");
            }
        }
        assert_eq!(plain_run("ééééé\u{10FFFF} ~\u{7f}!#[]".as_bytes()), 21);
    }

    #[test]
    fn unescaping_gives_the_text() {
        assert_eq!(unescaped(br#"a\n\"\\\u001fb"#), b"a\n\"\\\x1fb");
        assert_eq!(unescaped(br"\ud800x"), br"\ud800x");
    }
}
