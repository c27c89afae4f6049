//! Configuration: a TOML file, the official SDK's `looker.ini`, the
//! environment and the command line.
//!
//! Each source becomes a [`layers::Layer`], a map from key to value and origin.
//! A value is looked up from the weightiest layer down: command line,
//! environment, file, `looker.ini`, built-in default. Nothing here reads global
//! state: environment and directories are handed in.

mod allowance;
mod base_url;
mod cadence;
mod error;
mod extract;
mod file;
mod instance;
pub mod keys;
mod layers;
mod looker_ini;
mod profile;
mod secret;
mod setting;
mod value;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

pub use allowance::{AllowanceSettings, MonthDay, Percent, Zone};
pub use base_url::{BaseUrl, BaseUrlError};
pub use cadence::{CadenceSettings, KindCadence};
pub use error::{ConfigError, ErrorKind};
pub use extract::{ExtractSettings, FolderStrategy, Pacing, Share, Workers};
pub use instance::{Configured, Instance};
pub use layers::{Layer, Places};
pub use secret::SecretSource;
pub use setting::{Origin, Setting};
pub use value::Value;

use crate::environment::Environment;
use layers::Layers;

/// The vault's file when nobody says otherwise.
pub const DEFAULT_VAULT: &str = "lookervault.db";

/// Something the user should know, with what to do about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Warning {
    /// What it is.
    pub message: String,
    /// What to do.
    pub hint: String,
}

/// The command line's part in the configuration.
#[derive(Clone, Debug, Default)]
pub struct Flags {
    /// `--config`.
    pub config: Option<PathBuf>,
    /// `--instance`.
    pub instance: Option<String>,
    /// `--vault`.
    pub vault: Option<PathBuf>,
}

/// All sources, read and checked for unknown keys.
#[derive(Clone, Debug)]
pub struct Config {
    /// The configuration file in use, when there is one.
    pub path: Option<PathBuf>,
    /// The `looker.ini` in use, when there is one.
    pub looker_ini_path: Option<PathBuf>,
    /// The vault's file.
    pub vault: Setting<PathBuf>,
    /// The instance named by flag, environment or file.
    pub default_instance: Option<Setting<String>>,
    file: file::ConfigFile,
    looker_ini: looker_ini::LookerIni,
    env_instance: Layer,
    env_extract: Layer,
    env_cadence: Layer,
    /// The profile that was chosen.
    profile: Layer,
    places: Places,
}

impl Config {
    /// Reads all sources.
    ///
    /// # Errors
    /// A file that cannot be read or understood, an unknown key, a value of the
    /// wrong type.
    pub fn load(flags: &Flags, env: &Environment, cwd: &Path) -> Result<Self, ConfigError> {
        let home = env.get("HOME").map(PathBuf::from);
        let places = Places { cwd: cwd.into(), home };
        let (path, file) = read_file(flags, env, &places)?;
        let (looker_ini_path, looker_ini) = read_looker_ini(env, cwd)?;
        let mut top = Layer::default();
        top.flag(
            "vault",
            "--vault",
            flags.vault.as_ref().map(|path| Value::Text(path.display().to_string())),
        );
        top.flag("default_instance", "--instance", flags.instance.clone().map(Value::Text));
        let env_top = Layer::from_env(keys::TOP, env);
        let layers = Layers::new(&places, [&top, &env_top, &file.top]);
        Ok(Self {
            path,
            looker_ini_path,
            vault: layers.path("vault")?.unwrap_or_else(|| Setting::default_value(DEFAULT_VAULT.into())),
            default_instance: layers.get("default_instance")?,
            env_instance: Layer::from_env(keys::INSTANCE, env),
            env_extract: Layer::from_env(keys::EXTRACT, env),
            env_cadence: cadence::from_env(env)?,
            profile: Layer::default(),
            file,
            looker_ini,
            places,
        })
    }

    /// The settings of `extract`, with `flags` from its command line. An
    /// instance's own `workers` weighs more than a profile's, a profile more than
    /// `[extract]`.
    ///
    /// # Errors
    /// A value of the wrong type or out of range.
    pub fn extract(&self, flags: &Layer, instance: &Instance) -> Result<ExtractSettings, ConfigError> {
        let of_instance = self.file.instances.get(&instance.name).map(|layer| layer.only("workers"));
        let of_instance = of_instance.unwrap_or_default();
        let layers = [flags, &self.env_extract, &of_instance, &self.profile, &self.file.extract];
        ExtractSettings::read(&Layers::new(&self.places, layers))
    }
}

fn read_file(
    flags: &Flags,
    env: &Environment,
    places: &Places,
) -> Result<(Option<PathBuf>, file::ConfigFile), ConfigError> {
    let named = flags.config.clone().or_else(|| env.get(keys::CONFIG_FILE_ENV).map(PathBuf::from));
    let config_home = env
        .get("XDG_CONFIG_HOME")
        .map(PathBuf::from)
        .or_else(|| places.home.as_ref().map(|home| home.join(".config")));
    let (paths, required) = match named {
        Some(path) => (vec![places.cwd.join(path)], true),
        None => (file::candidates(&places.cwd, config_home.as_deref()), false),
    };
    for path in paths {
        if let Some(text) = read_text(&path, required)? {
            let shown = path.strip_prefix(&places.cwd).unwrap_or(&path).to_owned();
            let file = file::parse(&shown, &text)?;
            return Ok((Some(shown), file));
        }
    }
    Ok((None, file::ConfigFile::default()))
}

fn read_looker_ini(
    env: &Environment,
    cwd: &Path,
) -> Result<(Option<PathBuf>, looker_ini::LookerIni), ConfigError> {
    let named = env.get(keys::LOOKER_INI_ENV);
    let path = cwd.join(named.unwrap_or("looker.ini"));
    let shown = path.strip_prefix(cwd).unwrap_or(&path);
    match read_text(&path, named.is_some())? {
        Some(text) => Ok((Some(shown.into()), looker_ini::parse(shown, &text)?)),
        None => Ok((None, looker_ini::LookerIni::default())),
    }
}

/// The text of a file; `None` when it is absent and need not be there.
fn read_text(path: &Path, required: bool) -> Result<Option<String>, ConfigError> {
    match fs::read_to_string(path) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == io::ErrorKind::NotFound && !required => Ok(None),
        Err(error) => {
            let message = format!("cannot read the configuration file: {error}");
            Err(ConfigError::new(ErrorKind::Unreadable, message).at(path.display()))
        }
    }
}

#[cfg(test)]
mod tests;
