//! Our configuration file, in TOML.
//!
//! Read by hand from the parsed table rather than through `serde`, because
//! every value must keep its line for `check`, an unknown key is an error with
//! a suggestion, and no message may repeat a line that could hold a secret.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::{Path, PathBuf};

use looker::catalogue::Cadence;
use toml::Spanned;
use toml::de::{DeString, DeTable, DeValue};

use super::error::{ConfigError, ErrorKind};
use super::keys::{EXTRACT, INSTANCE, Key, TABLES, TOP};
use super::layers::{Layer, value_of};
use super::setting::Origin;
use super::value::{FromValue as _, Value};
use crate::kinds::KindChoice;
use crate::suggest::nearest;

/// What the file says.
#[derive(Clone, Debug, Default)]
pub(super) struct ConfigFile {
    /// Keys outside of tables.
    pub(super) top: Layer,
    /// `[extract]`.
    pub(super) extract: Layer,
    /// `[extract.NAME]`.
    pub(super) profiles: BTreeMap<String, Layer>,
    /// `[cadence]`.
    pub(super) cadence: Layer,
    /// `[instances.NAME]`.
    pub(super) instances: BTreeMap<String, Layer>,
}

type Entry<'a, 'i> = (&'a Spanned<DeString<'i>>, &'a Spanned<DeValue<'i>>);

/// Reads the text of the file at `path`.
///
/// # Errors
/// With file and line: what TOML does not allow, unknown keys, values of a
/// type no key has.
pub(super) fn parse(path: &Path, text: &str) -> Result<ConfigFile, ConfigError> {
    let reader = Reader { path, text };
    let table = DeTable::parse(text).map_err(|error| reader.syntax(&error))?;
    reader.file(table.get_ref())
}

struct Reader<'a> {
    path: &'a Path,
    text: &'a str,
}

impl Reader<'_> {
    fn file(&self, table: &DeTable) -> Result<ConfigFile, ConfigError> {
        let mut file = ConfigFile::default();
        for entry in table {
            match entry.0.get_ref().as_ref() {
                "extract" => self.extract(entry, &mut file)?,
                "cadence" => file.cadence = self.cadence(entry)?,
                "instances" => file.instances = self.instances(entry)?,
                _ => self.entry("", TOP, entry, &mut file.top)?,
            }
        }
        Ok(file)
    }

    /// Keys of `[extract]`, and the tables in it, which are profiles.
    fn extract(&self, entry: Entry, file: &mut ConfigFile) -> Result<(), ConfigError> {
        for entry in self.as_table("extract", entry)? {
            let name = entry.0.get_ref();
            let is_key = EXTRACT.iter().any(|key| key.name == name.as_ref());
            if entry.1.get_ref().as_table().is_some() && !is_key {
                let layer = self.table(&format!("extract.{name}"), EXTRACT, entry)?;
                file.profiles.insert(name.to_string(), layer);
            } else {
                self.entry("extract", EXTRACT, entry, &mut file.extract)?;
            }
        }
        Ok(())
    }

    /// Keys of `[cadence]`, which are kinds and groups of them.
    fn cadence(&self, entry: Entry) -> Result<Layer, ConfigError> {
        let mut layer = Layer::default();
        for (name, value) in self.as_table("cadence", entry)? {
            let place = || self.place(&name.span());
            let kinds: KindChoice = name.get_ref().parse().map_err(|message: String| {
                ConfigError::new(ErrorKind::UnknownKey, format!("in [cadence]: {message}")).at(place())
            })?;
            let key = format!("cadence.{}", name.get_ref());
            let Some(text) = value.get_ref().as_str() else {
                let noun = indefinite(value.get_ref().type_str());
                let message = format!("`{key}` must be {}, not {noun}", Cadence::EXPECTED);
                return Err(ConfigError::new(ErrorKind::WrongValue, message).at(place()));
            };
            let origin = Origin::File { path: self.path.into(), line: self.line(&name.span()), key };
            layer.set(kinds.name(), Value::Text(text.to_owned()), origin);
        }
        Ok(layer)
    }

    fn instances(&self, entry: Entry) -> Result<BTreeMap<String, Layer>, ConfigError> {
        let table = self.as_table("instances", entry)?;
        let mut instances = BTreeMap::new();
        for entry in table {
            let name = entry.0.get_ref();
            let layer = self.table(&format!("instances.{name}"), INSTANCE, entry)?;
            instances.insert(name.to_string(), layer);
        }
        Ok(instances)
    }

    fn table(&self, name: &str, keys: &'static [Key], entry: Entry) -> Result<Layer, ConfigError> {
        let mut layer = Layer::default();
        for entry in self.as_table(name, entry)? {
            self.entry(name, keys, entry, &mut layer)?;
        }
        Ok(layer)
    }

    fn as_table<'t, 'i>(
        &self,
        name: &str,
        (key, value): Entry<'t, 'i>,
    ) -> Result<&'t DeTable<'i>, ConfigError> {
        value.get_ref().as_table().ok_or_else(|| {
            ConfigError::new(ErrorKind::WrongValue, format!("`{name}` must be a table: [{name}]"))
                .at(self.place(&key.span()))
        })
    }

    fn entry(
        &self,
        table: &str,
        keys: &'static [Key],
        entry: Entry,
        layer: &mut Layer,
    ) -> Result<(), ConfigError> {
        let (name, value) = entry;
        let Some(key) = keys.iter().find(|key| key.name == name.get_ref().as_ref()) else {
            return Err(self.unknown(table, keys, name));
        };
        let full = if table.is_empty() { key.name.to_owned() } else { format!("{table}.{}", key.name) };
        let line = self.line(&name.span());
        let Some(value) = read_value(key, value.get_ref()) else {
            let message = format!("`{full}` cannot be {}", indefinite(value.get_ref().type_str()));
            return Err(ConfigError::new(ErrorKind::WrongValue, message).at(self.place(&name.span())));
        };
        layer.set(key.name, value, Origin::File { path: self.path.into(), line, key: full });
        Ok(())
    }

    fn unknown(&self, table: &str, keys: &[Key], name: &Spanned<DeString>) -> ConfigError {
        let typed = name.get_ref().as_ref();
        let tables = if table.is_empty() { TABLES } else { &[] };
        let known: Vec<&str> = keys.iter().map(|key| key.name).chain(tables.iter().copied()).collect();
        let room = if table.is_empty() { "at the top of the file".into() } else { format!("in [{table}]") };
        let hint = nearest(typed, known.iter().copied()).map_or_else(
            || format!("keys {room}: {}", known.join(", ")),
            |name| format!("did you mean `{name}`?"),
        );
        ConfigError::new(ErrorKind::UnknownKey, format!("unknown key `{typed}` {room}"))
            .at(self.place(&name.span()))
            .hint(hint)
    }

    /// The library's own rendering repeats the line, which may hold a secret.
    fn syntax(&self, error: &toml::de::Error) -> ConfigError {
        let at = error.span().unwrap_or_default();
        ConfigError::new(ErrorKind::Syntax, format!("not valid TOML: {}", error.message()))
            .at(self.place(&at))
    }

    fn place(&self, span: &Range<usize>) -> String {
        format!("{}:{}", self.path.display(), self.line(span))
    }

    fn line(&self, span: &Range<usize>) -> usize {
        let before = self.text.get(..span.start).unwrap_or(self.text);
        before.lines().count() + usize::from(before.is_empty() || before.ends_with('\n'))
    }
}

fn indefinite(noun: &str) -> String {
    let article = if noun.starts_with(['a', 'e', 'i', 'o', 'u']) { "an" } else { "a" };
    format!("{article} {noun}")
}

fn read_value(key: &Key, value: &DeValue) -> Option<Value> {
    match value {
        DeValue::String(text) => Some(value_of(key, text)),
        DeValue::Integer(number) => {
            i64::from_str_radix(number.as_str(), number.radix()).ok().map(Value::Number)
        }
        // A timeout of half a second, for instance.
        DeValue::Float(number) => Some(Value::Text(number.as_str().into())),
        DeValue::Boolean(flag) => Some(Value::Flag(*flag)),
        DeValue::Array(items) => {
            items.iter().map(|item| read_value(key, item.get_ref())).collect::<Option<_>>().map(Value::List)
        }
        DeValue::Datetime(_) | DeValue::Table(_) => None,
    }
}

/// The names under which the file is looked for: in the working directory,
/// then in the user's configuration directory.
pub(super) fn candidates(cwd: &Path, config_home: Option<&Path>) -> Vec<PathBuf> {
    let user = config_home.map(|home| home.join("lookervault").join("config.toml"));
    std::iter::once(cwd.join("lookervault.toml")).chain(user).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SAMPLE: &str = r#"# Ours
vault = "data/looker.db"
default_instance = "prod"

[extract]
kinds = ["dashboards", "looks"]
workers = 1_6

[instances.prod]
base_url = "https://looker.example.com"
client_id = "abc"
client_secret = "hunter2"
timeout = 0.5
"#;

    fn fail(text: &str) -> ConfigError {
        parse(Path::new("lookervault.toml"), text).unwrap_err()
    }

    fn shown(error: &ConfigError) -> String {
        format!(
            "{} | {} | {}",
            error.message,
            error.place.as_deref().unwrap_or(""),
            error.hint.as_deref().unwrap_or("")
        )
    }

    #[test]
    fn every_value_keeps_its_line_and_full_key() {
        let file = parse(Path::new("x.toml"), SAMPLE).unwrap();
        let (_, origin) = file.instances["prod"].get("client_id").unwrap();
        assert_eq!(origin.to_string(), "x.toml:11 (instances.prod.client_id)");
        let (value, origin) = file.extract.get("workers").unwrap();
        assert!(matches!(value, Value::Number(16)), "{value:?}");
        assert_eq!(origin.to_string(), "x.toml:7 (extract.workers)");
        assert_eq!(file.top.get("vault").unwrap().1.to_string(), "x.toml:2 (vault)");
    }

    #[test]
    fn tables_in_extract_are_profiles() {
        let text = "[extract]\nworkers = 4\n\n[extract.nightly]\nkinds = \"content\"\nfolders = [12, '/Shared/*']\n\n[extract.weekly]\n";
        let file = parse(Path::new("x.toml"), text).unwrap();
        assert_eq!(file.profiles.keys().collect::<Vec<_>>(), ["nightly", "weekly"]);
        let (_, origin) = file.profiles["nightly"].get("folders").unwrap();
        assert_eq!(origin.to_string(), "x.toml:6 (extract.nightly.folders)");
        assert!(file.extract.get("workers").is_some() && file.extract.get("kinds").is_none());
        let errors =
            ["[extract.nightly]\nfolder = 3\n", "[extract.folders]\n"].map(|text| shown(&fail(text)));
        assert_eq!(
            errors,
            [
                "unknown key `folder` in [extract.nightly] | lookervault.toml:2 | did you mean `folders`?",
                "`extract.folders` cannot be a table | lookervault.toml:1 | "
            ]
        );
    }

    #[test]
    fn a_cadence_is_told_for_kinds_and_groups() {
        let text = "[cadence]\nsettings = \"14d\"\nLook = 'on-request'\n";
        let file = parse(Path::new("x.toml"), text).unwrap();
        assert_eq!(file.cadence.get("settings").unwrap().1.to_string(), "x.toml:2 (cadence.settings)");
        assert_eq!(file.cadence.get("looks").unwrap().1.to_string(), "x.toml:3 (cadence.Look)");
        let errors =
            ["[cadence]\n\ndashbords = 'weekly'\n", "[cadence]\nlooks = 7\n", "cadence = 'weekly'\n"]
                .map(|text| shown(&fail(text)))
                .join("\n");
        insta::assert_snapshot!(errors, @r"
        in [cadence]: `dashbords` is no content kind; did you mean `dashboards`? | lookervault.toml:3 | 
        `cadence.looks` must be every-run, daily, weekly, on-request or days such as 14d, not an integer | lookervault.toml:2 | 
        `cadence` must be a table: [cadence] | lookervault.toml:1 | 
        ");
    }

    #[test]
    fn the_secret_is_hidden_from_debug() {
        let file = parse(Path::new("x.toml"), SAMPLE).unwrap();
        assert!(!format!("{file:?}").contains("hunter2"));
    }

    #[test]
    fn unknown_keys_come_with_line_and_suggestion() {
        let errors = [
            "vualt = 1\n",
            "[extract]\n\nworker = 3\n",
            "[instances.prod]\nbase-url = \"https://x\"\n",
            "[instance.prod]\n",
            "password = 1\n",
        ]
        .map(|text| shown(&fail(text)))
        .join("\n");
        insta::assert_snapshot!(errors, @r"
        unknown key `vualt` at the top of the file | lookervault.toml:1 | did you mean `vault`?
        unknown key `worker` in [extract] | lookervault.toml:3 | did you mean `workers`?
        unknown key `base-url` in [instances.prod] | lookervault.toml:2 | did you mean `base_url`?
        unknown key `instance` at the top of the file | lookervault.toml:1 | did you mean `instances`?
        unknown key `password` at the top of the file | lookervault.toml:1 | keys at the top of the file: vault, default_instance, extract, cadence, instances
        ");
    }

    #[test]
    fn faults_name_the_line_and_never_repeat_it() {
        let error = fail("[instances.a]\nclient_secret = \"hunter2\n");
        assert_eq!(error.place.as_deref(), Some("lookervault.toml:2"));
        assert!(!format!("{error:?}").contains("hunter2"));
        assert_eq!(
            shown(&fail("extract = 3\n")),
            "`extract` must be a table: [extract] | lookervault.toml:1 | "
        );
        assert_eq!(
            shown(&fail("vault = 2020-01-01\n")),
            "`vault` cannot be a datetime | lookervault.toml:1 | "
        );
    }
}
