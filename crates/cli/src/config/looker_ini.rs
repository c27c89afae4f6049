//! The official SDK's `looker.ini`: one section an instance.
//!
//! The SDKs read it with different libraries, so this reader takes what all of
//! them write: `[Section]`, `key = value` or `key: value`, keys in any case,
//! values plain or quoted, comments on lines of their own or after a blank.
//! Keys we do not know belong to the SDK or to other tools and are passed over.

use std::collections::BTreeMap;
use std::path::Path;

use super::error::{ConfigError, ErrorKind};
use super::keys::{INSTANCE, Key};
use super::layers::{Layer, value_of};
use super::setting::Origin;

/// The keys the SDK knows; our own additions have no place in its file.
const SDK_KEYS: &[&str] = &["base_url", "client_id", "client_secret", "verify_ssl", "timeout"];

/// The sections of a `looker.ini` that describe an instance.
#[derive(Clone, Debug, Default)]
pub(super) struct LookerIni {
    /// What each section says.
    pub(super) sections: BTreeMap<String, Layer>,
    /// The section meant when none is named: `Looker`, else the first.
    pub(super) default: Option<String>,
}

/// Reads the text of a `looker.ini`.
///
/// # Errors
/// A line that is neither section, entry nor comment, named by its number; its
/// text is not repeated, for it may hold a secret.
pub(super) fn parse(path: &Path, text: &str) -> Result<LookerIni, ConfigError> {
    let mut ini = LookerIni::default();
    let mut section: Option<String> = None;
    for (index, line) in text.trim_start_matches('\u{feff}').lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with(['#', ';']) {
            continue;
        }
        if let Some(name) = line.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
            section = Some(name.0.trim().to_owned());
        } else if let (Some(name), Some((key, value))) = (&section, line.split_once(['=', ':'])) {
            let place = Origin::LookerIni { path: path.into(), section: name.clone(), line: index + 1 };
            ini.entry(name, key, value, place);
        } else {
            return Err(no_entry(path, index + 1));
        }
    }
    ini.keep_instances();
    Ok(ini)
}

fn no_entry(path: &Path, line: usize) -> ConfigError {
    ConfigError::new(ErrorKind::Syntax, "neither a [section] nor a `key = value` below one")
        .at(format!("{}:{line}", path.display()))
        .hint("looker.ini starts with a section, for instance [Looker]")
}

impl LookerIni {
    fn entry(&mut self, section: &str, key: &str, value: &str, origin: Origin) {
        let name = key.trim().to_lowercase();
        let value = plain(value);
        let known = INSTANCE.iter().find(|key| key.name == name && SDK_KEYS.contains(&key.name));
        if let (Some(key), false) = (known, value.is_empty()) {
            self.set(section, key, value, origin);
        }
    }

    fn set(&mut self, section: &str, key: &Key, value: &str, origin: Origin) {
        if self.default.is_none() && key.name == "base_url" {
            self.default = Some(section.to_owned());
        }
        self.sections.entry(section.to_owned()).or_default().set(key.name, value_of(key, value), origin);
    }

    /// Other tools keep sections of their own in the file.
    fn keep_instances(&mut self) {
        self.sections.retain(|_, layer| layer.get("base_url").is_some());
        if self.sections.contains_key("Looker") {
            self.default = Some("Looker".into());
        }
    }
}

/// The value without blanks, quotes or a comment after a blank.
fn plain(value: &str) -> &str {
    let value = value.trim();
    for quote in ['"', '\''] {
        let inner = value.strip_prefix(quote).and_then(|rest| rest.split_once(quote));
        if let Some((inner, _)) = inner {
            return inner;
        }
    }
    let comment = value
        .match_indices(['#', ';'])
        .map(|(at, _)| at)
        .find(|at| value[..*at].ends_with(char::is_whitespace) || *at == 0);
    value[..comment.unwrap_or(value.len())].trim_end()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::layers::{Layers, Places};
    use secrecy::{ExposeSecret, SecretString};

    fn read(text: &str) -> LookerIni {
        parse(Path::new("looker.ini"), text).unwrap()
    }

    fn text_of(ini: &LookerIni, section: &str, key: &str) -> String {
        let places = Places::default();
        Layers::new(&places, [&ini.sections[section]]).get::<String>(key).unwrap().unwrap().value
    }

    #[test]
    fn reads_the_sdks_own_sample() {
        let ini = read(
            "\u{feff}[Looker]\n# API settings\nbase_url=https://looker.example.com:19999\nclient_id=abc\n\
                        client_secret=xyz\nverify_ssl=True\ntimeout=120\n",
        );
        assert_eq!(ini.default.as_deref(), Some("Looker"));
        assert_eq!(text_of(&ini, "Looker", "base_url"), "https://looker.example.com:19999");
        assert_eq!(text_of(&ini, "Looker", "timeout"), "120");
    }

    #[test]
    fn quotes_comments_cases_and_colons() {
        let ini = read(
            "; top\n[ Prod ]\r\nBASE_URL: \"https://a.example.com\" ; live\nclient_id = 'a b'\n\
                        client_secret = s#1;2 # note\napi_version=4.0\n",
        );
        assert_eq!(text_of(&ini, "Prod", "base_url"), "https://a.example.com");
        assert_eq!(text_of(&ini, "Prod", "client_id"), "a b");
        let places = Places::default();
        let secret = Layers::new(&places, [&ini.sections["Prod"]]).get::<SecretString>("client_secret");
        assert_eq!(secret.unwrap().unwrap().value.expose_secret(), "s#1;2");
    }

    #[test]
    fn the_default_section_is_looker_else_the_first() {
        let two = "[A]\nbase_url=https://a.example.com\n[B]\nbase_url=https://b.example.com\n";
        assert_eq!(read(two).default.as_deref(), Some("A"));
        let with_looker = format!("{two}[Looker]\nbase_url=https://l.example.com\n");
        assert_eq!(read(&with_looker).default.as_deref(), Some("Looker"));
    }

    #[test]
    fn sections_of_other_tools_are_passed_over() {
        let ini = read("[Databases]\nhost = db\n[Looker]\nbase_url=https://l.example.com\n");
        assert_eq!(ini.sections.keys().collect::<Vec<_>>(), ["Looker"]);
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_read_or_refused_without_repeating_it(
            text in "(\\[[a-zA-Z]{0,4}\\]?\n|[a-z_ ]{0,6}[=:][ -~]{0,8}\n|hunter2[ -~]{0,4}\n){0,8}"
        ) {
            match parse(Path::new("looker.ini"), &text) {
                Ok(ini) => proptest::prop_assert_eq!(ini.default.is_some(), !ini.sections.is_empty()),
                Err(error) => {
                    let shown = format!("{error:?}");
                    proptest::prop_assert!(!shown.contains("hunter2"), "{}", shown);
                }
            }
        }
    }

    #[test]
    fn a_stray_line_is_named_but_not_repeated() {
        let error = parse(Path::new("looker.ini"), "[Looker]\nhunter2\n").unwrap_err();
        assert_eq!(error.place.as_deref(), Some("looker.ini:2"));
        assert!(!format!("{error:?}").contains("hunter2"));
        assert!(parse(Path::new("looker.ini"), "base_url=https://x\n").is_err());
    }
}
