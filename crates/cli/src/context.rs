//! What a command works with.

use std::path::PathBuf;

use jiff::{Timestamp, ZonedDateTime};
use vault::{AsOf, InstanceInfo, Reader, Vault};

use crate::args::GlobalArgs;
use crate::config::{BaseUrl, Config, Flags, Instance};
use crate::environment::Environment;
use crate::exit::Exit;
use crate::moments::{self, Meant};
use crate::output::Printer;
use crate::report::Failure;

/// What every command is handed: options, environment, printer.
pub struct Context {
    /// Options of every command.
    pub global: GlobalArgs,
    /// The environment, taken once.
    pub env: Environment,
    /// The working directory.
    pub cwd: PathBuf,
    /// Where all output goes.
    pub printer: Printer,
}

impl Context {
    /// Reads the configuration.
    ///
    /// # Errors
    /// A fault in it.
    pub fn config(&self) -> Result<Config, Failure> {
        Ok(Config::load(&self.global.flags(), &self.env, &self.cwd)?)
    }

    /// The instance to sign in to; its warnings are printed.
    ///
    /// # Errors
    /// When none is configured, several could be meant, or one of the past is.
    pub fn instance(&self, config: &Config) -> Result<Instance, Failure> {
        if let Some((name, Some(epoch))) = self.global.instance_and_epoch() {
            let message = format!("epoch {epoch} of {name} is in the vault only: nobody can sign in to it");
            return Err(Failure::new("usage", Exit::Usage, message).hint(format!("--instance {name}")));
        }
        let instance = config.instance()?;
        for warning in &instance.warnings {
            self.printer.warn(&warning.message, Some(&warning.hint));
        }
        Ok(instance)
    }

    /// Opens the vault for reading and finds the instance that is meant in it.
    ///
    /// # Errors
    /// When there is no vault, it is empty, or several instances in it could
    /// be meant.
    pub fn read_vault(&self) -> Result<Opened, Failure> {
        let config = self.config()?;
        let reader = Vault::open_for_reading(&config.vault.value)?;
        let instance = self.stored_instance(&config, &reader.instances()?)?;
        Ok(Opened { reader, instance })
    }

    /// The instance that is meant of those in an opened vault.
    ///
    /// # Errors
    /// As [`Context::read_vault`].
    pub fn instance_in(&self, reader: &Reader) -> Result<InstanceInfo, Failure> {
        self.stored_instance(&self.config()?, &reader.instances()?)
    }

    /// The address of a configured instance.
    ///
    /// # Errors
    /// A fault in the configuration.
    pub fn address_of(&self, name: &str) -> Result<Option<String>, Failure> {
        let flags = Flags { instance: Some(name.to_owned()), ..self.global.flags() };
        let config = Config::load(&flags, &self.env, &self.cwd)?;
        Ok(config.address()?.map(|url| url.to_string()))
    }

    /// Now, in the zone in which people read and write times.
    pub fn now(&self) -> ZonedDateTime {
        Timestamp::now().to_zoned_datetime(self.printer.zone().clone())
    }

    /// Runs `future` to its end on the program's runtime.
    ///
    /// # Errors
    /// When the runtime cannot start, or what the future gives.
    pub fn block_on<T>(&self, future: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
        runtime.map_err(Failure::from)?.block_on(future)
    }

    fn stored_instance(&self, config: &Config, stored: &[InstanceInfo]) -> Result<InstanceInfo, Failure> {
        if stored.is_empty() {
            return Err(Failure::new("vault.empty", Exit::Failed, "the vault holds nothing yet")
                .at(config.vault.value.display())
                .hint("read something into it with `lookervault extract`"));
        }
        let (named, epoch) = self.global.instance_and_epoch().unzip();
        let address = match named_address(config, named)? {
            Some(named) => named,
            None if stored.iter().all(|info| info.url == stored[0].url) => stored[0].url.clone(),
            None => {
                let implied = config.address()?.map(|url| url.to_string());
                let known = implied.filter(|url| stored.iter().any(|info| info.url == *url));
                known.ok_or_else(|| several(stored))?
            }
        };
        let epochs: Vec<&InstanceInfo> = stored.iter().filter(|info| info.url == address).collect();
        let Some(newest) = epochs.first().map(|info| info.newest_epoch) else {
            return Err(absent(&address, stored));
        };
        let wanted = epoch.flatten().unwrap_or(newest);
        let found = epochs.into_iter().find(|info| info.epoch == wanted).cloned();
        found.ok_or_else(|| no_such_epoch(&address, wanted, newest))
    }
}

/// The address that `--instance` names: a configured name or a URL.
fn named_address(config: &Config, name: Option<&str>) -> Result<Option<String>, Failure> {
    let Some(name) = name else { return Ok(None) };
    if let Ok(url) = BaseUrl::parse(name) {
        return Ok(Some(url.to_string()));
    }
    Ok(config.address()?.map(|url| url.to_string()))
}

/// A vault opened for reading, with the instance that is meant.
pub struct Opened {
    /// The vault.
    pub reader: Reader,
    /// The instance.
    pub instance: InstanceInfo,
}

impl Opened {
    /// Tells people which epoch they see, where there are several.
    pub fn tell_epoch(&self, printer: &Printer) {
        let InstanceInfo { url, epoch, newest_epoch, .. } = &self.instance;
        if *newest_epoch > 1 {
            printer.status(format!("Epoch {epoch} of {newest_epoch} of {url}:"));
        }
    }

    /// The moment that `--as-of` names, said on stderr as it was understood;
    /// `None` means now.
    ///
    /// # Errors
    /// When it names no run of the instance.
    pub fn as_of(&self, context: &Context, moment: &moments::AsOf) -> Result<Option<Meant>, Failure> {
        let Some(text) = &moment.as_of else { return Ok(None) };
        let meant = moments::find_in(&self.reader, &self.instance, text, &context.now())?;
        context.printer.status(format!("As of {}.", meant.describe(&context.printer)));
        Ok(Some(meant))
    }

    /// The instance at the moment that was meant.
    pub fn at(&self, as_of: Option<&Meant>) -> AsOf {
        AsOf { instance: self.instance.id, run: as_of.map(|meant| meant.moment.run) }
    }
}

fn absent(address: &str, stored: &[InstanceInfo]) -> Failure {
    Failure::new("vault.unknown_instance", Exit::Failed, format!("the vault holds nothing of {address}"))
        .hint(format!("it holds {}", addresses(stored)))
}

fn no_such_epoch(address: &str, epoch: u32, newest: u32) -> Failure {
    let message = format!("the vault has no epoch {epoch} of {address}");
    Failure::new("vault.unknown_epoch", Exit::Failed, message)
        .hint(format!("it has {}", if newest == 1 { "one".to_owned() } else { format!("1 to {newest}") }))
}

fn several(stored: &[InstanceInfo]) -> Failure {
    Failure::new("vault.several_instances", Exit::Usage, "the vault holds several instances")
        .hint(format!("choose one with --instance: {}", addresses(stored)))
}

fn addresses(stored: &[InstanceInfo]) -> String {
    let mut urls: Vec<&str> = stored.iter().map(|info| info.url.as_str()).collect();
    let mut known = std::collections::HashSet::new();
    urls.retain(|url| known.insert(*url));
    urls.join(", ")
}
