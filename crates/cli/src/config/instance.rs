//! Which Looker instance is meant, and how to reach it.
//!
//! An instance is described by `[instances.NAME]` of the configuration file, by
//! a section of `looker.ini`, by the environment alone, or by several of these:
//! for each value the environment weighs more than the file, the file more
//! than `looker.ini`. One rule guards against mixing two instances up: when an
//! instance is named on purpose (with `--instance` or `LOOKERVAULT_INSTANCE`)
//! and the environment gives the address of another one, the environment's
//! instance settings are left aside and a warning says so.

use std::path::{Path, PathBuf};
use std::time::Duration;

use secrecy::SecretString;
use serde::Serialize;

use super::base_url::BaseUrl;
use super::error::{ConfigError, ErrorKind};
use super::extract::Workers;
use super::layers::{Layer, Layers};
use super::secret::{SecretSource, file_of, readable_by_others};
use super::setting::{Origin, Setting};
use super::{Config, Warning};
use crate::suggest::nearest;

/// A Looker instance with all that is needed to sign in.
#[derive(Clone, Debug, Serialize)]
pub struct Instance {
    /// Its name: the one in the configuration, else the host.
    pub name: String,
    /// Scheme, host and port.
    pub base_url: Setting<BaseUrl>,
    /// The API client id.
    pub client_id: Setting<String>,
    /// Where the client secret is.
    pub client_secret: Setting<SecretSource>,
    /// Whether the server's certificate is checked.
    pub verify_ssl: Setting<bool>,
    /// Further certificate authorities to trust, in PEM.
    pub ca_bundle: Option<Setting<PathBuf>>,
    /// How long one answer may be silent.
    pub timeout: Setting<Duration>,
    /// Whether unencrypted connections across a network are allowed.
    pub allow_http: Setting<bool>,
    /// The ceiling of concurrent requests for this instance.
    pub workers: Option<Setting<Workers>>,
    /// What to tell the user before signing in.
    #[serde(skip)]
    pub warnings: Vec<Warning>,
}

/// An instance of the files under its name, or what is wrong with it.
#[derive(Debug)]
pub struct Configured {
    /// Its name in the configuration.
    pub name: String,
    /// What is needed to sign in.
    pub instance: Result<Instance, ConfigError>,
}

/// How long one answer may be silent when nobody says otherwise; a large page
/// can take a busy server over a minute.
const TIMEOUT: Duration = Duration::from_secs(120);

impl Instance {
    /// Fetches the client secret: reads its file or runs its program.
    ///
    /// # Errors
    /// When there is none.
    pub fn secret(&self) -> Result<SecretString, ConfigError> {
        self.client_secret.value.fetch()
    }

    fn read(name: Option<&str>, layers: &Layers) -> Result<Self, ConfigError> {
        let who = name.map_or_else(|| "the instance".to_owned(), |name| format!("instance `{name}`"));
        let missing = |key: &str, env: &str| {
            ConfigError::new(ErrorKind::Missing, format!("{who} has no {key}")).hint(format!(
                "set {env}, or `{key}` in [instances.{}] of lookervault.toml",
                name.unwrap_or("NAME")
            ))
        };
        let base_url = base_url(layers)?.ok_or_else(|| missing("base_url", "LOOKERSDK_BASE_URL"))?;
        let client_id =
            layers.get("client_id")?.ok_or_else(|| missing("client_id", "LOOKERSDK_CLIENT_ID"))?;
        let client_secret =
            SecretSource::find(layers)?.ok_or_else(|| missing("client_secret", "LOOKERSDK_CLIENT_SECRET"))?;
        let mut instance = Self {
            name: name.map_or_else(|| base_url.value.host(), str::to_owned),
            base_url,
            client_id,
            client_secret,
            verify_ssl: layers.get_or("verify_ssl", true)?,
            ca_bundle: layers.path("ca_bundle")?,
            timeout: layers.get_or("timeout", TIMEOUT)?,
            allow_http: layers.get_or("allow_http", false)?,
            workers: layers.get("workers")?,
            warnings: Vec::new(),
        };
        instance.refuse_exposure()?;
        instance.note_risks(layers.cwd());
        Ok(instance)
    }

    fn refuse_exposure(&self) -> Result<(), ConfigError> {
        if !self.base_url.value.is_exposed() || self.allow_http.value {
            return Ok(());
        }
        Err(ConfigError::new(
            ErrorKind::BaseUrl,
            format!("{} would send the client secret unencrypted across the network", self.base_url.value),
        )
        .at(&self.base_url.origin)
        .hint("use https, or set `allow_http = true` for the instance if the network is trusted"))
    }

    /// The environment gives the address, a file the secret: legal, and worth
    /// a word, since the secret goes to a host it was not written for.
    fn warned_of_borrowed_secret(mut self) -> Self {
        if !matches!(self.client_secret.origin, Origin::Env { .. }) {
            self.warnings.push(Warning {
                message: format!(
                    "the client secret from {} is used for {}",
                    self.client_secret.origin, self.base_url.value
                ),
                hint: "set LOOKERSDK_CLIENT_ID and LOOKERSDK_CLIENT_SECRET too, or unset LOOKERSDK_BASE_URL"
                    .into(),
            });
        }
        self
    }

    fn note_risks(&mut self, cwd: &Path) {
        if let Some(path) = file_of(&self.client_secret).filter(|path| readable_by_others(&cwd.join(path))) {
            self.warnings.push(Warning {
                message: format!("{} holds a client secret and can be read by other users", path.display()),
                hint: format!("chmod 600 {}", path.display()),
            });
        }
        if !self.verify_ssl.value {
            self.warnings.push(Warning {
                message: format!("the certificate of {} is not checked", self.base_url.value),
                hint: format!("verify_ssl is off by {}; give `ca_bundle` instead", self.verify_ssl.origin),
            });
        }
    }
}

pub(super) fn base_url(layers: &Layers) -> Result<Option<Setting<BaseUrl>>, ConfigError> {
    let Some(text) = layers.get::<String>("base_url")? else { return Ok(None) };
    match BaseUrl::parse(&text.value) {
        Ok(value) => Ok(Some(Setting { value, origin: text.origin })),
        Err(error) => {
            Err(ConfigError::new(ErrorKind::BaseUrl, error.message).at(text.origin).hint(error.hint))
        }
    }
}

impl Config {
    /// The instance that `--instance`, the environment or the files mean.
    ///
    /// # Errors
    /// When none or several could be meant, or the one meant lacks something.
    pub fn instance(&self) -> Result<Instance, ConfigError> {
        let Some(name) = self.chosen_name()? else {
            return Instance::read(None, &Layers::new(&self.places, [&self.env_instance]));
        };
        let empty = Layer::default();
        let in_file = self.file.instances.get(&name).unwrap_or(&empty);
        let in_ini = self.looker_ini.sections.get(&name).unwrap_or(&empty);
        let files = Layers::new(&self.places, [in_file, in_ini]);
        let all = Layers::new(&self.places, [&self.env_instance, in_file, in_ini]);
        match self.foreign_address(&files)? {
            Some(warning) if self.is_named() => {
                let mut instance = Instance::read(Some(&name), &files)?;
                instance.warnings.push(warning);
                Ok(instance)
            }
            // The name belongs to another address, and may not label this one.
            Some(_) => Ok(Instance::read(None, &all)?.warned_of_borrowed_secret()),
            None => Instance::read(Some(&name), &all),
        }
    }

    /// Every instance that the files describe, ours before those of `looker.ini`.
    /// The environment can describe one only and is left aside. Of several names
    /// for one address the first stands.
    ///
    /// # Errors
    /// When the files describe none. What is wrong with one is told in its place.
    pub fn all_instances(&self) -> Result<Vec<Configured>, ConfigError> {
        let ours = self.file.instances.keys();
        let theirs = self.looker_ini.sections.keys().filter(|name| !self.file.instances.contains_key(*name));
        let mut found: Vec<Configured> = Vec::new();
        for name in ours.chain(theirs) {
            let empty = Layer::default();
            let in_file = self.file.instances.get(name).unwrap_or(&empty);
            let in_ini = self.looker_ini.sections.get(name).unwrap_or(&empty);
            let instance = Instance::read(Some(name), &Layers::new(&self.places, [in_file, in_ini]));
            match instance.as_ref().ok().and_then(|instance| same_address(&mut found, instance)) {
                Some(first) => first.warnings.push(Warning {
                    message: format!("`{name}` has the address of `{}`, which is read once", first.name),
                    hint: format!("remove one of the two from {}", self.files()),
                }),
                None => found.push(Configured { name: name.clone(), instance }),
            }
        }
        if found.is_empty() {
            let message = "no instance is configured in a file, where --all-instances looks for them";
            return Err(ConfigError::new(ErrorKind::UnknownInstance, message)
                .hint("add [instances.NAME] to lookervault.toml, or leave out --all-instances"));
        }
        Ok(found)
    }

    /// The files in use, for messages.
    fn files(&self) -> String {
        let paths = [&self.path, &self.looker_ini_path].into_iter().flatten();
        paths.map(|path| path.display().to_string()).collect::<Vec<_>>().join(" or ")
    }

    /// The address of the instance that is meant, without asking for its
    /// credentials; what works offline needs no more. `None` when nothing
    /// says which.
    ///
    /// # Errors
    /// When an instance is named that is not configured, or its address cannot
    /// be used.
    pub fn address(&self) -> Result<Option<BaseUrl>, ConfigError> {
        let chosen = match self.chosen_name() {
            Err(error) if self.default_instance.is_some() => return Err(error),
            chosen => chosen.ok().flatten(),
        };
        let empty = Layer::default();
        let name = chosen.unwrap_or_default();
        let in_file = self.file.instances.get(&name).unwrap_or(&empty);
        let in_ini = self.looker_ini.sections.get(&name).unwrap_or(&empty);
        let mut layers = vec![in_file, in_ini];
        layers.insert(if self.is_named() { layers.len() } else { 0 }, &self.env_instance);
        Ok(base_url(&Layers::new(&self.places, layers))?.map(|url| url.value))
    }

    /// Names of all configured instances.
    pub fn instance_names(&self) -> Vec<&str> {
        let mut names: Vec<&str> =
            self.file.instances.keys().chain(self.looker_ini.sections.keys()).map(String::as_str).collect();
        names.sort_unstable();
        names.dedup();
        names
    }

    fn is_named(&self) -> bool {
        let from_file = |setting: &Setting<String>| matches!(setting.origin, Origin::File { .. });
        self.default_instance.as_ref().is_some_and(|setting| !from_file(setting))
    }

    /// The configured instance that is meant; `None` for the environment's own.
    pub(super) fn chosen_name(&self) -> Result<Option<String>, ConfigError> {
        let names = self.instance_names();
        if let Some(wanted) = &self.default_instance {
            let found = names.contains(&wanted.value.as_str());
            return if found { Ok(Some(wanted.value.clone())) } else { Err(unknown(wanted, &names)) };
        }
        let implied = match self.file.instances.len() {
            0 => self.looker_ini.default.clone(),
            1 => self.file.instances.keys().next().cloned(),
            _ => None,
        };
        match implied {
            None if names.len() > 1 && self.env_instance.get("base_url").is_none() => Err(several(&names)),
            implied => Ok(implied),
        }
    }

    /// A warning when the environment gives an address that is not the files'.
    fn foreign_address(&self, files: &Layers) -> Result<Option<Warning>, ConfigError> {
        let env = Layers::new(&self.places, [&self.env_instance]);
        let (Some(theirs), Some(ours)) = (base_url(&env)?, base_url(files)?) else { return Ok(None) };
        Ok((theirs.value != ours.value).then(|| Warning {
            message: format!("the {} is {}, another instance: not used", theirs.origin, theirs.value),
            hint: "unset the LOOKERSDK_ variables, or leave out --instance to use them".into(),
        }))
    }
}

/// The instance among `found` that has the address of another.
fn same_address<'f>(found: &'f mut [Configured], other: &Instance) -> Option<&'f mut Instance> {
    let mut instances = found.iter_mut().filter_map(|one| one.instance.as_mut().ok());
    instances.find(|one| one.base_url.value == other.base_url.value)
}

fn unknown(wanted: &Setting<String>, names: &[&str]) -> ConfigError {
    let hint = match nearest(&wanted.value, names.iter().copied()) {
        Some(name) => format!("did you mean `{name}`?"),
        None if names.is_empty() => {
            "no instance is configured: add [instances.NAME] to lookervault.toml".into()
        }
        None => format!("configured instances: {}", names.join(", ")),
    };
    ConfigError::new(ErrorKind::UnknownInstance, format!("no instance `{}` is configured", wanted.value))
        .at(&wanted.origin)
        .hint(hint)
}

fn several(names: &[&str]) -> ConfigError {
    ConfigError::new(
        ErrorKind::UnknownInstance,
        format!("several instances are configured: {}", names.join(", ")),
    )
    .hint("choose one with --instance, or set `default_instance` in lookervault.toml")
}
