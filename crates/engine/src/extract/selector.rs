//! How a person names folders: an id, a path, or a pattern of paths.
//!
//! `12` and `lookml` are ids. Everything else is a path of names from the root,
//! with or without a slash before it: `/Shared/Finance`. In a path,
//!
//! - `*` stands for any characters within one name, `?` for one of them;
//! - `**` in place of a name stands for any number of folders, none included:
//!   `/Shared/Finance/**` is Finance with all below it;
//! - `\` takes the meaning from the character behind it, since names may hold
//!   slashes and stars (`looker-api-facts.md` §7): `/Shared/A\/B Tests`.
//!
//! A folder without a name goes by its id within a path.

use std::fmt;
use std::str::FromStr;

use serde::{Serialize, Serializer};

/// Folders as a person names them.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum FolderSelector {
    /// The folder with this id.
    Id(String),
    /// The folder at a path, or all whose paths match.
    Path(PathPattern),
}

/// A path, perhaps with wildcards.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct PathPattern {
    text: String,
    steps: Vec<Step>,
}

/// One name of a path.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Step {
    /// `**`
    AnyFolders,
    /// A folder's name.
    Name(Vec<Piece>),
}

/// A part of a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Piece {
    /// This character.
    Char(char),
    /// `?`
    AnyChar,
    /// `*`
    AnyText,
}

/// Whether upper and lower case are told apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Case {
    Exact,
    Ignored,
}

impl FolderSelector {
    /// The folder with this id.
    pub fn id(id: impl Into<String>) -> Self {
        Self::Id(id.into())
    }
}

impl FromStr for FolderSelector {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let text = text.trim();
        if text == "lookml" || (!text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())) {
            return Ok(Self::Id(text.to_owned()));
        }
        if text.contains(',') && text.bytes().all(|byte| byte.is_ascii_digit() || b", ".contains(&byte)) {
            return Err("one folder at a time: name each by itself".to_owned());
        }
        text.parse().map(Self::Path)
    }
}

impl fmt::Display for FolderSelector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Id(id) => f.write_str(id),
            Self::Path(path) => path.fmt(f),
        }
    }
}

impl Serialize for FolderSelector {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl FromStr for PathPattern {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut names = split_at_slashes(text)?;
        if names.first().is_some_and(String::is_empty) {
            names.remove(0);
        }
        if names.last().is_some_and(String::is_empty) {
            names.pop();
        }
        if names.is_empty() {
            return Err("names no folder; write an id, a path such as /Shared/Finance, or /** for all".into());
        }
        if names.iter().any(String::is_empty) {
            return Err("has nothing between two slashes; a slash within a name is written \\/".into());
        }
        let text = format!("/{}", names.join("/"));
        Ok(Self { text, steps: names.iter().map(|name| Step::read(name)).collect() })
    }
}

impl fmt::Display for PathPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl PathPattern {
    /// Whether it may match several folders.
    pub fn is_glob(&self) -> bool {
        let is_plain = |step: &Step| matches!(step, Step::Name(pieces) if pieces.iter().all(|piece| matches!(piece, Piece::Char(_))));
        !self.steps.iter().all(is_plain)
    }

    pub(super) fn steps(&self) -> &[Step] {
        &self.steps
    }

    /// The steps that may match next after `before` any folder was looked at.
    pub(super) fn start(&self) -> Vec<usize> {
        self.with_skips(vec![0])
    }

    /// The steps that may match below a folder which goes by `names`, when those
    /// at `steps` may match the folder itself. One past the last step: it matches.
    pub(super) fn advance(&self, steps: &[usize], names: &[String], case: Case) -> Vec<usize> {
        let mut next = Vec::new();
        for at in steps {
            match self.steps.get(*at) {
                Some(Step::AnyFolders) => next.push(*at),
                Some(step) if names.iter().any(|name| step.matches(name, case)) => next.push(at + 1),
                _ => {}
            }
        }
        self.with_skips(next)
    }

    /// Whether a folder is matched, by what [`PathPattern::advance`] gave for it.
    pub(super) fn is_end(&self, steps: &[usize]) -> bool {
        steps.contains(&self.steps.len())
    }

    /// `**` may stand for no folder at all.
    fn with_skips(&self, mut steps: Vec<usize>) -> Vec<usize> {
        let mut at = 0;
        while let Some(step) = steps.get(at).copied() {
            if self.steps.get(step) == Some(&Step::AnyFolders) {
                steps.push(step + 1);
            }
            at += 1;
        }
        steps.sort_unstable();
        steps.dedup();
        steps
    }
}

impl Step {
    fn read(name: &str) -> Self {
        if name == "**" {
            return Self::AnyFolders;
        }
        let mut pieces = Vec::with_capacity(name.len());
        let mut chars = name.chars();
        while let Some(char) = chars.next() {
            pieces.push(match char {
                '*' => Piece::AnyText,
                '?' => Piece::AnyChar,
                '\\' => Piece::Char(chars.next().unwrap_or('\\')),
                char => Piece::Char(char),
            });
        }
        Self::Name(pieces)
    }

    /// Whether a folder of that name is meant.
    pub(super) fn matches(&self, name: &str, case: Case) -> bool {
        let Self::Name(pieces) = self else { return true };
        match case {
            Case::Exact => matches(pieces, &name.chars().collect::<Vec<_>>()),
            Case::Ignored => {
                let lower = |piece: &Piece| match piece {
                    Piece::Char(char) => char.to_lowercase().map(Piece::Char).collect(),
                    other => vec![*other],
                };
                let pieces: Vec<Piece> = pieces.iter().flat_map(lower).collect();
                matches(&pieces, &name.chars().flat_map(char::to_lowercase).collect::<Vec<_>>())
            }
        }
    }

    /// The name without wildcards' meaning, for messages.
    pub(super) fn plain(&self) -> String {
        let Self::Name(pieces) = self else { return "**".to_owned() };
        let char = |piece: &Piece| match piece {
            Piece::Char(char) => *char,
            Piece::AnyChar => '?',
            Piece::AnyText => '*',
        };
        pieces.iter().map(char).collect()
    }
}

/// A name as it is written in a path.
pub(super) fn escaped(name: &str) -> String {
    let mut text = String::with_capacity(name.len());
    for char in name.chars() {
        if matches!(char, '/' | '*' | '?' | '\\') {
            text.push('\\');
        }
        text.push(char);
    }
    text
}

/// The names of a path, their escapes kept.
fn split_at_slashes(text: &str) -> Result<Vec<String>, String> {
    let mut names = vec![String::new()];
    let mut chars = text.chars();
    while let Some(char) = chars.next() {
        let last = names.len() - 1;
        match char {
            '/' => names.push(String::new()),
            '\\' => {
                let next = chars.next().ok_or("ends in a \\ with nothing behind it")?;
                names[last].extend(['\\', next]);
            }
            char => names[last].push(char),
        }
    }
    Ok(names)
}

/// Whether pieces match a whole text, trying the shortest for each `*` first.
fn matches(pieces: &[Piece], text: &[char]) -> bool {
    let (mut piece, mut at) = (0, 0);
    // Where to go on when the rest does not match: behind the last `*`, one
    // character further than before.
    let mut retry: Option<(usize, usize)> = None;
    while at < text.len() {
        match pieces.get(piece) {
            Some(Piece::AnyText) => {
                retry = Some((piece + 1, at));
                piece += 1;
            }
            Some(Piece::AnyChar) => (piece, at) = (piece + 1, at + 1),
            Some(Piece::Char(char)) if *char == text[at] => (piece, at) = (piece + 1, at + 1),
            _ => {
                let Some((behind, from)) = retry else { return false };
                retry = Some((behind, from + 1));
                (piece, at) = (behind, from + 1);
            }
        }
    }
    pieces[piece..].iter().all(|piece| *piece == Piece::AnyText)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(text: &str) -> PathPattern {
        text.parse().unwrap()
    }

    #[test]
    fn ids_and_paths_are_told_apart() {
        for id in ["12", " 7 ", "lookml"] {
            assert_eq!(id.parse(), Ok(FolderSelector::id(id.trim())));
        }
        for (text, shown) in [
            ("/Shared/Finance", "/Shared/Finance"),
            ("Shared/Finance/", "/Shared/Finance"),
            ("Shared", "/Shared"),
            ("/2024", "/2024"),
            (r"/Shared/A\/B", r"/Shared/A\/B"),
            ("/**", "/**"),
        ] {
            assert_eq!(text.parse::<FolderSelector>().unwrap().to_string(), shown);
        }
        for text in ["", "/", "//", "/a//b", r"/a\", "1,2"] {
            assert!(text.parse::<FolderSelector>().is_err(), "{text}");
        }
    }

    #[test]
    fn wildcards_are_known_from_their_escapes() {
        for (text, is_glob) in
            [("/a/b", false), ("/a/*", true), ("/a/**", true), ("/a/b?", true), (r"/a/\*\?", false)]
        {
            assert_eq!(path(text).is_glob(), is_glob, "{text}");
        }
        let odd = r"50% * / what? \";
        let written = path(&format!("/{}", escaped(odd)));
        assert!(!written.is_glob() && written.steps().len() == 1);
        assert!(written.steps()[0].matches(odd, Case::Exact));
        assert_eq!(written.steps()[0].plain(), odd);
    }

    #[test]
    fn a_name_matches_whole() {
        let matches = |pattern: &str, name: &str| path(pattern).steps()[0].matches(name, Case::Exact);
        for (pattern, name) in
            [("/a*", "a"), ("/a*", "abc"), ("/*b*d", "abcbd"), ("/a?c", "aßc"), ("/*", ""), ("/a**b", "axxb")]
        {
            assert!(matches(pattern, name), "{pattern} {name}");
        }
        for (pattern, name) in [("/a*", "ba"), ("/a?", "a"), ("/a", "ab"), ("/*b", "abc"), ("/A", "a")] {
            assert!(!matches(pattern, name), "{pattern} {name}");
        }
        assert!(path("/ÜBER*").steps()[0].matches("über uns", Case::Ignored));
    }
}
