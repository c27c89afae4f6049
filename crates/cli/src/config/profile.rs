//! Profiles: `[extract.NAME]`, chosen by name, so that a cron line is short.

use super::Config;
use super::error::{ConfigError, ErrorKind};
use crate::suggest::nearest;

impl Config {
    /// The same with the values of a profile, which weigh more than those of
    /// `[extract]`.
    ///
    /// # Errors
    /// When there is no such profile.
    pub fn with_profile(mut self, name: &str) -> Result<Self, ConfigError> {
        let Some(profile) = self.file.profiles.get(name) else {
            let names: Vec<&str> = self.file.profiles.keys().map(String::as_str).collect();
            return Err(unknown(name, &names));
        };
        self.profile = profile.clone();
        Ok(self)
    }
}

fn unknown(wanted: &str, names: &[&str]) -> ConfigError {
    let hint = match nearest(wanted, names.iter().copied()) {
        Some(name) => format!("did you mean `{name}`?"),
        None if names.is_empty() => "no profile is configured: add [extract.NAME] to lookervault.toml".into(),
        None => format!("configured profiles: {}", names.join(", ")),
    };
    ConfigError::new(ErrorKind::UnknownProfile, format!("no profile `{wanted}` is configured"))
        .at("flag --profile")
        .hint(hint)
}
