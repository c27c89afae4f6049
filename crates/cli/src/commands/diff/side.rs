//! The two sides of a comparison: what people type for them, and what it means.

use std::path::{Path, PathBuf};

use engine::diff::State;
use vault::{InstanceInfo, Reader, Vault};

use super::live::{self, Live};
use super::{DiffArgs, usage};
use crate::args::Spending;
use crate::config::{BaseUrl, Config};
use crate::context::Context;
use crate::exit::Exit;
use crate::moments::{self, Meant};
use crate::report::Failure;

/// One side: what a run left of an instance.
pub(super) struct Side {
    /// The vault.
    pub(super) reader: Reader,
    /// The instance in it.
    pub(super) instance: InstanceInfo,
    /// The run.
    pub(super) meant: Meant,
    /// The vault's path, when it is not the usual one.
    pub(super) vault: Option<PathBuf>,
    /// Whether it was read for this comparison.
    pub(super) is_live: bool,
}

/// A side as it was typed.
#[derive(Debug, PartialEq, Eq)]
enum Typed<'a> {
    Live,
    Stored { vault: Option<&'a str>, place: &'a str },
}

impl<'a> Typed<'a> {
    fn parse(text: &'a str) -> Self {
        let text = text.trim();
        if text.eq_ignore_ascii_case("live") {
            return Self::Live;
        }
        match text.rsplit_once('@') {
            Some((vault, place)) => Self::Stored { vault: Some(vault), place },
            None => Self::Stored { vault: None, place: text },
        }
    }
}

impl Side {
    /// As the comparison wants it.
    pub(super) fn state(&self) -> State<'_> {
        State { reader: &self.reader, instance: self.instance.id, run: self.meant.moment.run }
    }

    fn open(
        context: &Context,
        config: &Config,
        vault: Option<&str>,
        place: &str,
        beside: Option<&Self>,
    ) -> Result<Self, Failure> {
        let path = vault.map_or_else(|| config.vault.value.clone(), |path| context.cwd.join(path));
        let reader = reader(&path, beside)?;
        let stored = reader.instances()?;
        let (named, moment) = split(context, config, &stored, place)?;
        let moment = if moment.is_empty() { "latest" } else { moment };
        let now = context.now();
        let meant = match &named {
            Some(instance) => moments::find_in(&reader, instance, moment, &now)?,
            None => moments::find(&reader, moment, &now, || context.instance_in(&reader))?,
        };
        let of = |info: &InstanceInfo| info.id == meant.moment.instance;
        let instance = stored.into_iter().find(of).ok_or_else(|| no_instance(place, None))?;
        let vault = vault.map(|_| path);
        Ok(Self { reader, instance, meant, vault, is_live: false })
    }

    /// Closes the vault.
    pub(super) fn close(self) -> Closed {
        let Self { reader, instance, meant, vault, .. } = self;
        let path = reader.path().to_owned();
        Closed { path, instance, meant, vault }
    }

    /// The newest run, which has just been made.
    fn after(context: &Context, path: &Path, live: &Live) -> Result<Self, Failure> {
        let reader = Vault::open_for_reading(path)?;
        let run = live.run.to_string();
        let meant = moments::find(&reader, &run, &context.now(), || context.instance_in(&reader))?;
        let of = |info: &InstanceInfo| info.id == meant.moment.instance;
        let instance = reader.instances()?.into_iter().find(of).ok_or_else(|| no_instance(&run, None))?;
        Ok(Self { reader, instance, meant, vault: None, is_live: true })
    }
}

/// A stored side whose vault is closed, as it is while this process writes it.
pub(super) struct Closed {
    path: PathBuf,
    instance: InstanceInfo,
    meant: Meant,
    vault: Option<PathBuf>,
}

impl Closed {
    fn open(self, beside: &Side) -> Result<Side, Failure> {
        let Self { path, instance, meant, vault } = self;
        Ok(Side { reader: reader(&path, Some(beside))?, instance, meant, vault, is_live: false })
    }
}

/// A reader of the vault at `path`, which another side may be reading already.
fn reader(path: &Path, beside: Option<&Side>) -> Result<Reader, Failure> {
    let is_open = |side: &&Side| path.canonicalize().is_ok_and(|path| path == side.reader.path());
    Ok(match beside.filter(is_open) {
        Some(side) => Reader::beside(side.reader.path())?,
        None => Vault::open_for_reading(path)?,
    })
}

/// Finds both sides; a live one is read once the other is known.
///
/// # Errors
/// When a side names no state, or the instance cannot be read.
pub(super) fn both(context: &Context, args: &DiffArgs) -> Result<(Side, Side, Option<Live>), Failure> {
    let config = context.config()?;
    let open = |vault, place| Side::open(context, &config, vault, place, None);
    let live = |stored: Side| -> Result<(Side, Side, Live), Failure> {
        let (stored, live) = live::read(context, &config, args, stored)?;
        let made = Side::after(context, &config.vault.value, &live)?;
        Ok((stored.open(&made)?, made, live))
    };
    match (Typed::parse(&args.from), Typed::parse(&args.to)) {
        (Typed::Live, Typed::Live) => {
            Err(usage("both sides are live", "name what the instance is compared with: a run, a tag, a time"))
        }
        (Typed::Live, Typed::Stored { vault, place }) => {
            let (to, from, read) = live(open(vault, place)?)?;
            Ok((from, to, Some(read)))
        }
        (Typed::Stored { vault, place }, Typed::Live) => {
            let (from, to, read) = live(open(vault, place)?)?;
            Ok((from, to, Some(read)))
        }
        (Typed::Stored { vault, place }, Typed::Stored { vault: other, place: there }) => {
            if args.spending != Spending::default() {
                let hint = "they limit the calls of `live`; between runs no call is made";
                return Err(usage("--max-calls and --over-allowance go with `live`", hint));
            }
            let from = open(vault, place)?;
            let to = Side::open(context, &config, other, there, Some(&from))?;
            Ok((from, to, None))
        }
    }
}

/// Splits `INSTANCE:MOMENT`. An instance goes by its name in the configuration, its
/// address or its host, with `#EPOCH` if an older one is meant; times have colons too, so that only what is known counts.
fn split<'t>(
    context: &Context,
    config: &Config,
    stored: &[InstanceInfo],
    text: &'t str,
) -> Result<(Option<InstanceInfo>, &'t str), Failure> {
    let after = |name: &str| moment_after(text, name);
    for name in config.instance_names() {
        if let Some((epoch, moment)) = after(name) {
            let url = context.address_of(name)?;
            let found = stored.iter().find(|info| Some(&info.url) == url.as_ref() && is_epoch(info, epoch));
            let found = found.ok_or_else(|| no_instance(name, epoch))?;
            return Ok((Some(found.clone()), moment));
        }
    }
    for info in stored {
        let host = BaseUrl::parse(&info.url).ok().map(|url| url.host());
        let bare = info.url.split_once("://").map(|(_, rest)| rest);
        let known = [Some(info.url.as_str()), bare, host.as_deref()];
        if let Some((epoch, moment)) = known.into_iter().flatten().find_map(after)
            && is_epoch(info, epoch)
        {
            return Ok((Some(info.clone()), moment));
        }
    }
    Ok((None, text))
}

/// What follows `NAME:` or `NAME#EPOCH:`.
fn moment_after<'t>(text: &'t str, name: &str) -> Option<(Option<u32>, &'t str)> {
    let rest = text.strip_prefix(name)?;
    if let Some(moment) = rest.strip_prefix(':') {
        return Some((None, moment));
    }
    let (epoch, moment) = rest.strip_prefix('#')?.split_once(':')?;
    Some((Some(epoch.parse().ok()?), moment))
}

/// The newest epoch is meant where none is named.
fn is_epoch(info: &InstanceInfo, epoch: Option<u32>) -> bool {
    info.epoch == epoch.unwrap_or(info.newest_epoch)
}

fn no_instance(name: &str, epoch: Option<u32>) -> Failure {
    let epoch = epoch.map(|epoch| format!("epoch {epoch} of ")).unwrap_or_default();
    Failure::new("vault.unknown_instance", Exit::Failed, format!("the vault holds nothing of {epoch}{name}"))
        .hint("`lookervault runs` shows of which instances it holds runs")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_side_may_name_a_vault() {
        let stored = |vault, place| Typed::Stored { vault, place };
        assert_eq!(Typed::parse("live"), Typed::Live);
        assert_eq!(Typed::parse("latest~1"), stored(None, "latest~1"));
        assert_eq!(Typed::parse("2026-03-01T10:00:00Z"), stored(None, "2026-03-01T10:00:00Z"));
        assert_eq!(Typed::parse("old/a@b.db@prod:12"), stored(Some("old/a@b.db"), "prod:12"));
        assert_eq!(Typed::parse("old.db@"), stored(Some("old.db"), ""));
    }

    #[test]
    fn an_instance_may_be_named_with_an_epoch() {
        assert_eq!(moment_after("prod:latest~1", "prod"), Some((None, "latest~1")));
        assert_eq!(moment_after("prod#1:2026-03-01T10:00", "prod"), Some((Some(1), "2026-03-01T10:00")));
        assert_eq!(moment_after("prod#x:1", "prod"), None);
        assert_eq!(moment_after("production:1", "prod"), None);
    }
}
