//! Layers of values: the topmost one that has a key decides.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use secrecy::SecretString;

use super::error::{ConfigError, ErrorKind};
use super::keys::Key;
use super::setting::{Origin, Setting};
use super::value::{FromValue, Value};
use crate::environment::Environment;

/// What one source says: values by key.
#[derive(Clone, Debug, Default)]
pub struct Layer(BTreeMap<&'static str, (Value, Origin)>);

impl Layer {
    /// Adds a value.
    pub fn set(&mut self, key: &'static str, value: Value, origin: Origin) {
        self.0.insert(key, (value, origin));
    }

    /// Adds a value from the command line, when it was given.
    pub fn flag(&mut self, key: &'static str, name: &'static str, value: Option<Value>) {
        if let Some(value) = value {
            self.set(key, value, Origin::Flag { name });
        }
    }

    /// What the environment says about `keys`.
    pub fn from_env(keys: &[Key], env: &Environment) -> Self {
        let mut layer = Self::default();
        for key in keys {
            let found = key.env.iter().find_map(|name| Some((*name, env.get(name)?)));
            if let Some((name, text)) = found {
                layer.set(key.name, value_of(key, text), Origin::Env { name });
            }
        }
        layer
    }

    /// The layer with nothing but `key`.
    #[must_use]
    pub fn only(&self, key: &'static str) -> Self {
        Self(self.0.get_key_value(key).map(|(k, v)| (*k, v.clone())).into_iter().collect())
    }

    /// The value of `key` with its origin.
    pub fn get(&self, key: &str) -> Option<&(Value, Origin)> {
        self.0.get(key)
    }

    /// Whether the source says nothing.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// Text as the value of `key`; a secret is wrapped at once.
pub(super) fn value_of(key: &Key, text: &str) -> Value {
    if key.secret { Value::Secret(SecretString::from(text)) } else { Value::Text(text.into()) }
}

/// Layers in falling order of weight, and what relative paths are relative to.
#[derive(Clone, Debug)]
pub(super) struct Layers<'a> {
    layers: Vec<&'a Layer>,
    places: &'a Places,
}

/// The directories that paths in the configuration refer to.
#[derive(Clone, Debug, Default)]
pub struct Places {
    /// The working directory.
    pub cwd: PathBuf,
    /// What `~/` stands for.
    pub home: Option<PathBuf>,
}

impl Places {
    /// Relative to the file that says it, else to the working directory.
    fn resolve(&self, path: &Path, origin: &Origin) -> PathBuf {
        if let (Ok(rest), Some(home)) = (path.strip_prefix("~"), &self.home) {
            return home.join(rest);
        }
        match origin {
            Origin::File { path: file, .. } | Origin::LookerIni { path: file, .. } => {
                file.parent().map_or_else(|| path.to_owned(), |folder| folder.join(path))
            }
            _ => path.to_owned(),
        }
    }
}

impl<'a> Layers<'a> {
    /// Layers, the weightiest first.
    pub(super) fn new(places: &'a Places, layers: impl IntoIterator<Item = &'a Layer>) -> Self {
        Self { layers: layers.into_iter().collect(), places }
    }

    /// The working directory.
    pub(super) fn cwd(&self) -> &'a Path {
        &self.places.cwd
    }

    /// The layers, the weightiest first.
    pub(super) fn iter(&self) -> impl Iterator<Item = &'a Layer> + '_ {
        self.layers.iter().copied()
    }

    /// The weightiest value of `key`.
    ///
    /// # Errors
    /// When it cannot be read as `T`.
    pub(super) fn get<T: FromValue>(&self, key: &str) -> Result<Option<Setting<T>>, ConfigError> {
        self.layers.iter().find_map(|layer| layer.get(key)).map(|found| read(key, found)).transpose()
    }

    /// As [`Layers::get`], with a default.
    ///
    /// # Errors
    /// As [`Layers::get`].
    pub(super) fn get_or<T: FromValue>(&self, key: &str, default: T) -> Result<Setting<T>, ConfigError> {
        Ok(self.get(key)?.unwrap_or(Setting::default_value(default)))
    }

    /// As [`Layers::get`] for a path, made relative to where it was written.
    ///
    /// # Errors
    /// As [`Layers::get`].
    pub(super) fn path(&self, key: &str) -> Result<Option<Setting<PathBuf>>, ConfigError> {
        Ok(self.get::<PathBuf>(key)?.map(|found| Setting {
            value: self.places.resolve(&found.value, &found.origin),
            origin: found.origin,
        }))
    }
}

/// Reads one found value as `T`.
///
/// # Errors
/// When it is something else; the message never shows a secret.
pub(super) fn read<T: FromValue>(
    key: &str,
    (value, origin): &(Value, Origin),
) -> Result<Setting<T>, ConfigError> {
    match T::from_value(value) {
        Some(value) => Ok(Setting { value, origin: origin.clone() }),
        None => Err(ConfigError::new(
            ErrorKind::WrongValue,
            format!("`{key}` must be {}, not {}", T::EXPECTED, value.shown()),
        )
        .at(origin)),
    }
}
