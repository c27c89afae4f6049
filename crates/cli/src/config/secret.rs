//! Where a client secret is kept, and how it is fetched.
//!
//! The configuration knows the source; the secret itself is fetched only when
//! a command signs in, and lives in a [`SecretString`], which is not printed
//! and is wiped when dropped.

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use secrecy::SecretString;
use serde::{Serialize, Serializer};

use super::error::{ConfigError, ErrorKind};
use super::layers::{Layer, Layers, read};
use super::setting::{Origin, Setting};
use super::value::Argv;

/// Where the client secret comes from.
#[derive(Clone, Debug)]
pub enum SecretSource {
    /// Given as it is.
    Given(SecretString),
    /// The text of a file.
    File(PathBuf),
    /// What a program writes to its stdout.
    Command(Argv),
}

const KEYS: [&str; 3] = ["client_secret", "client_secret_file", "client_secret_command"];

impl SecretSource {
    /// The source that `layers` name, from the weightiest layer that names one.
    pub(super) fn find(layers: &Layers) -> Result<Option<Setting<Self>>, ConfigError> {
        for layer in layers.iter() {
            let given: Vec<&str> = KEYS.into_iter().filter(|key| layer.get(key).is_some()).collect();
            match given.as_slice() {
                [] => {}
                [key] => return Self::read(layers, layer, key),
                [first, second, ..] => return Err(two_sources(layer, first, second)),
            }
        }
        Ok(None)
    }

    fn read(layers: &Layers, layer: &Layer, key: &str) -> Result<Option<Setting<Self>>, ConfigError> {
        if key == "client_secret_file" {
            return Ok(layers.path(key)?.map(|path| path.map(Self::File)));
        }
        let Some(found) = layer.get(key) else { return Ok(None) };
        let setting = match key {
            "client_secret" => read::<SecretString>(key, found)?.map(Self::Given),
            _ => read::<Argv>(key, found)?.map(Self::Command),
        };
        Ok(Some(setting))
    }

    /// Fetches the secret: reads the file or runs the program.
    ///
    /// # Errors
    /// When there is none. The message never holds any of what was read.
    pub fn fetch(&self) -> Result<SecretString, ConfigError> {
        match self {
            Self::Given(secret) => Ok(secret.clone()),
            Self::File(path) => trimmed(&read_file(path)?, &path.display()),
            Self::Command(argv) => trimmed(&run(argv)?, &program(argv)),
        }
    }
}

fn two_sources(layer: &Layer, first: &str, second: &str) -> ConfigError {
    let error = ConfigError::new(ErrorKind::WrongValue, format!("both `{first}` and `{second}` are given"))
        .hint("keep one of them");
    match layer.get(second) {
        Some((_, origin)) => error.at(origin),
        None => error,
    }
}

fn secret_error(message: impl Into<String>) -> ConfigError {
    ConfigError::new(ErrorKind::Secret, message)
}

fn read_file(path: &Path) -> Result<Vec<u8>, ConfigError> {
    fs::read(path).map_err(|e| secret_error(format!("cannot read the client secret: {e}")).at(path.display()))
}

/// Runs the program without a shell; it may ask on the terminal through stderr.
fn run(argv: &Argv) -> Result<Vec<u8>, ConfigError> {
    let failed = |what: String| {
        secret_error(format!("client_secret_command failed: {what}"))
            .at(program(argv))
            .hint("the program must print the secret to stdout and end with 0; it runs without a shell")
    };
    let (name, arguments) = argv.0.split_first().ok_or_else(|| failed("no program".into()))?;
    let output = Command::new(name)
        .args(arguments)
        .stdin(Stdio::inherit())
        .stderr(Stdio::inherit())
        .output()
        .map_err(|e| failed(e.to_string()))?;
    if output.status.success() { Ok(output.stdout) } else { Err(failed(output.status.to_string())) }
}

/// The program alone: its arguments may be private.
fn program(argv: &Argv) -> &str {
    argv.0.first().map_or("", String::as_str)
}

/// The text without the line break that editors and programs end it with.
fn trimmed(bytes: &[u8], place: &dyn fmt::Display) -> Result<SecretString, ConfigError> {
    let text = std::str::from_utf8(bytes)
        .map_err(|_| secret_error("the client secret is not UTF-8 text").at(place))?;
    let text = text.trim_end_matches(['\r', '\n']);
    if text.is_empty() {
        return Err(secret_error("the client secret is empty").at(place));
    }
    Ok(SecretString::from(text))
}

impl fmt::Display for SecretSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Given(_) => f.write_str("(hidden)"),
            Self::File(path) => write!(f, "(in {})", path.display()),
            Self::Command(argv) => write!(f, "(from the program {})", program(argv)),
        }
    }
}

impl Serialize for SecretSource {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// Whether others than the owner may read the file. On systems without Unix
/// permissions nothing is known, and nothing is said.
pub(super) fn readable_by_others(path: &Path) -> bool {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        fs::metadata(path).is_ok_and(|file| file.permissions().mode() & 0o044 != 0)
    }
    #[cfg(not(unix))]
    {
        let _ = path;
        false
    }
}

/// The file a secret lies in by `origin` and `source`, when it lies in one.
pub(super) fn file_of(setting: &Setting<SecretSource>) -> Option<&Path> {
    match (&setting.value, &setting.origin) {
        (SecretSource::File(path), _)
        | (SecretSource::Given(_), Origin::File { path, .. } | Origin::LookerIni { path, .. }) => Some(path),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use secrecy::ExposeSecret as _;

    fn command(words: &[&str]) -> SecretSource {
        SecretSource::Command(Argv(words.iter().map(ToString::to_string).collect()))
    }

    #[test]
    fn a_file_gives_its_text_without_the_final_break() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("secret");
        fs::write(&path, "hun ter2\r\n").unwrap();
        assert_eq!(SecretSource::File(path.clone()).fetch().unwrap().expose_secret(), "hun ter2");
        fs::write(&path, "\n").unwrap();
        assert_eq!(SecretSource::File(path).fetch().unwrap_err().message, "the client secret is empty");
    }

    #[cfg(unix)]
    #[test]
    fn a_program_gives_what_it_prints() {
        assert_eq!(command(&["printf", "%s\\n", "$HOME"]).fetch().unwrap().expose_secret(), "$HOME");
        let error = command(&["sh", "-c", "echo hunter2; exit 3"]).fetch().unwrap_err();
        assert!(error.message.contains("exit status: 3"), "{error:?}");
        assert!(!format!("{error:?}").contains("hunter2"));
        assert!(command(&["/nowhere/at/all"]).fetch().is_err());
    }

    #[test]
    fn no_source_shows_its_secret() {
        let given = SecretSource::Given("hunter2".into());
        let program = command(&["vault", "--token=hunter2"]);
        assert!(!format!("{given:?} {given} {program}").contains("hunter2"));
    }
}
