//! The settings of `extract`.

use std::fmt;
use std::num::{NonZeroU32, NonZeroU64};
use std::str::FromStr;
use std::time::Duration;

use clap::ValueEnum;
use engine::extract::{FolderScope, FolderSelector, SUSPECT_SHARE};
use looker::Kind;
use serde::Serialize;

use super::error::ConfigError;
use super::layers::Layers;
use super::setting::{Origin, Setting};
use crate::kinds::{self, KindName};

/// A number of concurrent requests, 1 to 64.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Workers(u16);

impl Workers {
    /// What runs when nobody says otherwise: a modest share of the 200 request
    /// threads that a Looker node has for people and programs together.
    pub const DEFAULT: Self = Self(8);

    /// The number.
    pub const fn get(self) -> u16 {
        self.0
    }
}

impl FromStr for Workers {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let number = text.trim().parse::<u16>().ok().filter(|n| (1..=64).contains(n));
        number.map(Self).ok_or_else(|| "must be a whole number from 1 to 64".into())
    }
}

impl fmt::Display for Workers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A share in percent, 0 to 100.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Share(u8);

impl Share {
    /// The number.
    pub const fn get(self) -> u8 {
        self.0
    }
}

impl FromStr for Share {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let number = text.trim().trim_end_matches('%').trim_end();
        let number = number.parse::<u8>().ok().filter(|percent| *percent <= 100);
        number.map(Self).ok_or_else(|| "must be a whole percentage from 0 to 100".into())
    }
}

impl fmt::Display for Share {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}%", self.0)
    }
}

/// How folders are read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum FolderStrategy {
    /// Whichever of the other two costs fewer calls.
    #[default]
    Auto,
    /// Ask the server for each folder by itself.
    PerFolder,
    /// Read everything and keep what lies in the folders.
    Scan,
}

/// How many requests run at once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Pacing {
    /// Grows and shrinks with what the server bears, up to --workers.
    #[default]
    Adaptive,
    /// Always --workers.
    Fixed,
}

/// The settled settings of `extract`, each with its origin.
#[derive(Clone, Debug, Serialize)]
pub struct ExtractSettings {
    /// What to extract, in catalogue order.
    #[serde(serialize_with = "names")]
    pub kinds: Setting<Vec<KindName>>,
    /// The folders to read; none: all.
    pub folders: Setting<Vec<FolderSelector>>,
    /// Whether what lies below those folders is read too.
    pub recursive: Setting<bool>,
    /// Folders that are left out with all below them.
    pub exclude: Setting<Vec<FolderSelector>>,
    /// Whether personal folders are read.
    pub personal: Setting<bool>,
    /// Ceiling of concurrent requests.
    pub workers: Setting<Workers>,
    /// Whether concurrency adapts below that ceiling.
    pub pacing: Setting<Pacing>,
    /// The largest page asked for, in objects; `None`: each kind's own default.
    pub page_size: Option<Setting<NonZeroU32>>,
    /// How folders are read.
    pub folder_strategy: Setting<FolderStrategy>,
    /// Whether the trash is read too.
    pub trash: Setting<bool>,
    /// Whether addresses are stored that let whoever knows them send.
    pub keep_destinations: Setting<bool>,
    /// The most API calls the run may make.
    pub max_calls: Option<Setting<NonZeroU64>>,
    /// How often one call is tried.
    pub tries: Setting<NonZeroU32>,
    /// How long a server may stay down before the run gives up.
    pub patience: Setting<Duration>,
    /// Days after which is read again what changes without a stamp.
    pub max_age_days: Setting<NonZeroU32>,
    /// How much of a kind may vanish from the scope at once before the run is
    /// suspect.
    pub suspect_share: Setting<Share>,
    /// Days between two readings of everything, changed or not.
    pub full_every_days: Setting<NonZeroU32>,
}

/// How often one call is tried when nobody says otherwise.
const TRIES: NonZeroU32 = NonZeroU32::new(8).expect("8 is not 0");
/// Days after which is read again what changes without a stamp, when nobody
/// says otherwise.
const MAX_AGE_DAYS: NonZeroU32 = NonZeroU32::new(30).expect("30 is not 0");
const FULL_EVERY_DAYS: NonZeroU32 = NonZeroU32::new(30).expect("30 is not 0");
/// How long a server may stay down when nobody says otherwise.
const PATIENCE: Duration = Duration::from_secs(120);

impl ExtractSettings {
    /// Whether somebody named the kinds, rather than taking all.
    pub fn kinds_named(&self) -> bool {
        self.kinds.origin != Origin::Default
    }

    /// The kinds as the catalogue has them.
    pub fn catalogue_kinds(&self) -> Vec<&'static Kind> {
        self.kinds.value.iter().map(|kind| kind.entry()).collect()
    }

    /// The folders that are meant, when not all are.
    pub fn scope(&self) -> Option<FolderScope> {
        let scope = FolderScope {
            include: self.folders.value.clone(),
            recursive: self.recursive.value && !self.folders.value.is_empty(),
            exclude: self.exclude.value.clone(),
            personal: self.personal.value,
        };
        (!scope.is_everything()).then_some(scope)
    }

    /// Reads the settings from `layers`.
    pub(super) fn read(layers: &Layers) -> Result<Self, ConfigError> {
        Ok(Self {
            kinds: layers.get_or("kinds", Vec::new())?.map(|choices| kinds::resolve(&choices)),
            folders: layers.get_or("folders", Vec::new())?,
            recursive: layers.get_or("recursive", false)?,
            exclude: layers.get_or("exclude", Vec::new())?,
            personal: layers.get_or("personal", true)?,
            workers: layers.get_or("workers", Workers::DEFAULT)?,
            pacing: layers.get_or("pacing", Pacing::default())?,
            page_size: layers.get("page_size")?,
            folder_strategy: layers.get_or("folder_strategy", FolderStrategy::default())?,
            trash: layers.get_or("trash", true)?,
            keep_destinations: layers.get_or("keep_destinations", false)?,
            max_calls: layers.get("max_calls")?,
            tries: layers.get_or("tries", TRIES)?,
            patience: layers.get_or("patience", PATIENCE)?,
            max_age_days: layers.get_or("max_age_days", MAX_AGE_DAYS)?,
            suspect_share: layers.get_or("suspect_share", Share(SUSPECT_SHARE))?,
            full_every_days: layers.get_or("full_every_days", FULL_EVERY_DAYS)?,
        })
    }
}

fn names<S: serde::Serializer>(kinds: &Setting<Vec<KindName>>, serializer: S) -> Result<S::Ok, S::Error> {
    let plain = Setting {
        value: kinds.value.iter().map(|kind| kind.plural()).collect::<Vec<_>>(),
        origin: kinds.origin.clone(),
    };
    plain.serialize(serializer)
}
