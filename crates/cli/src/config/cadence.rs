//! How often kinds are read: `[cadence]`, the environment, `--cadence`.
//!
//! Each names kinds or groups of them. The weightiest source that names a kind
//! decides, and within one a kind weighs more than its group, a group more than
//! `all`.

use std::str::FromStr;

use engine::extract::Cadences;
use looker::Kind;
use looker::catalogue::Cadence;

use super::error::{ConfigError, ErrorKind};
use super::layers::{Layer, read};
use super::setting::{Origin, Setting};
use super::value::{FromValue, Value};
use super::{Config, keys};
use crate::environment::Environment;
use crate::kinds::{KindChoice, KindName};

/// What `--cadence` takes: `settings=14d`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KindCadence {
    kinds: KindChoice,
    cadence: Cadence,
}

/// How often kinds are read, where somebody said so, in catalogue order.
#[derive(Clone, Debug, Default)]
pub struct CadenceSettings(Vec<(KindName, Setting<Cadence>)>);

impl CadenceSettings {
    /// Each kind that somebody said something of, with that and where.
    pub fn iter(&self) -> impl Iterator<Item = &(KindName, Setting<Cadence>)> {
        self.0.iter()
    }

    /// How often a kind is read, and who says so.
    pub fn of(&self, kind: &Kind) -> Setting<Cadence> {
        let said = self.0.iter().find(|(name, _)| name.plural() == kind.name);
        said.map_or(Setting::default_value(kind.cadence), |(_, setting)| setting.clone())
    }

    /// As an extraction takes them.
    pub fn cadences(&self) -> Cadences {
        self.0.iter().map(|(kind, setting)| (kind.entry(), setting.value)).collect()
    }

    fn read(layers: [&Layer; 3]) -> Result<Self, ConfigError> {
        let mut settings = Vec::new();
        for kind in KindName::all() {
            let names = [kind.plural(), kind.entry().group.name(), KindChoice::ALL];
            let found =
                layers.iter().find_map(|layer| names.iter().find_map(|name| Some((*name, layer.get(name)?))));
            if let Some((name, found)) = found {
                settings.push((kind, read(&format!("cadence.{name}"), found)?));
            }
        }
        Ok(Self(settings))
    }
}

impl Config {
    /// How often kinds are read, with what the command line says of it.
    ///
    /// # Errors
    /// A value that is no cadence.
    pub fn cadence(&self, flags: &[KindCadence]) -> Result<CadenceSettings, ConfigError> {
        let mut layer = Layer::default();
        for flag in flags {
            let value = Value::Text(flag.cadence.to_string());
            layer.flag(flag.kinds.name(), "--cadence", Some(value));
        }
        CadenceSettings::read([&layer, &self.env_cadence, &self.file.cadence])
    }
}

/// What the environment says: `settings=14d,explores=weekly`.
pub(super) fn from_env(env: &Environment) -> Result<Layer, ConfigError> {
    let mut layer = Layer::default();
    for part in
        env.get(keys::CADENCE_ENV).unwrap_or_default().split(',').filter(|part| !part.trim().is_empty())
    {
        let origin = Origin::Env { name: keys::CADENCE_ENV };
        let KindCadence { kinds, cadence } = part
            .parse()
            .map_err(|message: String| ConfigError::new(ErrorKind::WrongValue, message).at(&origin))?;
        layer.set(kinds.name(), Value::Text(cadence.to_string()), origin);
    }
    Ok(layer)
}

impl FromValue for Cadence {
    const EXPECTED: &'static str = "every-run, daily, weekly, on-request or days such as 14d";

    fn from_value(value: &Value) -> Option<Self> {
        value.as_text()?.parse().ok()
    }
}

impl FromStr for KindCadence {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (kinds, cadence) = text.split_once('=').ok_or_else(|| {
            format!("write a kind and how often it is read, for instance settings=14d; not `{text}`")
        })?;
        let kinds = kinds.parse()?;
        let cadence = cadence
            .parse()
            .map_err(|()| format!("how often must be {}, not `{}`", Cadence::EXPECTED, cadence.trim()))?;
        Ok(Self { kinds, cadence })
    }
}
