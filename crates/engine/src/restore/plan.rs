//! What a restore is going to do, object by object, as a document.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::compose::Manner;
use super::edited::Edited;
use super::step::{Id, Ids, Step, Symbol};
use crate::live::Cost;

/// The shape of a plan's file.
pub const FORMAT: &str = "lookervault.restore_plan/1";

/// A restore, planned.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[expect(clippy::struct_excessive_bools, reason = "what was asked for, each by itself")]
pub struct Plan {
    /// [`FORMAT`].
    pub format: String,
    /// The instance it is for.
    pub address: String,
    /// Its number in the vault.
    pub instance: i64,
    /// The run whose state is to come back.
    pub as_of: i64,
    /// When the first was read of what it was made from.
    pub made_at: Timestamp,
    /// How things are written.
    pub manner: Manner,
    /// The objects that were selected, or are needed by them.
    pub objects: Vec<Object>,
    /// What is to be done, in an order in which it can be.
    pub steps: Vec<Step>,
    /// What stored keys were found to be on the instance.
    pub ids: Known,
    /// What could not be found out before it is done.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
    /// Whether what was there was to be left as it is.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub skip_existing: bool,
    /// Whether what refers to something with a new id was to be led there.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub relink: bool,
    /// Whether only what the vault read last was looked at for what refers to them.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub stored_references_only: bool,
    /// How it was looked for what refers to something with a new id; none where nothing gets
    /// one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub references: Option<References>,
    /// Whether favourites of others were to be set again.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub favorites: bool,
}

/// How it was looked for what refers to something that gets a new id.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct References {
    /// Kinds that were looked at as they are now.
    pub live: Vec<String>,
    /// Kinds of which counts what the vault read last.
    pub stored: Vec<StoredOnly>,
    /// Calls that this took.
    pub calls: u64,
}

/// A kind that was not looked at as it is now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredOnly {
    /// The kind.
    pub kind: String,
    /// Why.
    pub why: String,
}

/// Keys of the vault with the ids they have on the instance, where these differ.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Known(pub BTreeMap<String, BTreeMap<String, String>>);

/// One object of a plan.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Object {
    /// Kind, in the plural.
    pub kind: String,
    /// The key that the vault has of it.
    pub key: String,
    /// The id that it has on the instance, when it is there.
    pub live_id: Option<String>,
    /// Title or name.
    pub title: Option<String>,
    /// The path of its folder.
    pub folder: Option<String>,
    /// What is to be done with it.
    pub action: Action,
    /// The same, piece by piece, in words.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub changes: Vec<String>,
    /// What the reader should know before it is done.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
    /// Whether somebody changed it after the vault last read it.
    pub conflict: bool,
    /// What of it, on all three sides.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub edited: Vec<Edited>,
    /// What has its old id and could be led to the new one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub referrers: Vec<String>,
    /// What of that refers to it only since the vault read it last.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub live_referrers: Vec<String>,
    /// What it needs, is not there, and could be brought along.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lacks: Vec<String>,
    /// Users who had it among their favourites, or whose favourites it is, where these could
    /// come back and do not.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub favored_by: Vec<String>,
    /// Whether of a list of favourites only those come back that are of other objects of the
    /// plan.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_along: bool,
    /// Whether it was enabled and stays disabled, though it may be enabled.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub asleep: bool,
    /// The hash of the live body that the plan was made from; none where there
    /// was none.
    pub live: Option<String>,
    /// The same of its memberships and roles, or of who has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub edges: Option<String>,
    /// The hash of the stored body that is to come back.
    pub intended: String,
    /// The run as of which it is written, if it is only led to new ids: the one that keeps
    /// it as it was found, for in all else it stays so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub as_of: Option<i64>,
}

/// What is to be done with an object.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// It is not there and is made anew.
    Create,
    /// It comes back from the trash.
    Undelete,
    /// It is there and differs.
    Update,
    /// It is there, and lies elsewhere; nothing else differs.
    Move,
    /// It is there, and belongs to somebody else; nothing else differs.
    #[serde(rename = "re-own")]
    ReOwn,
    /// It is there and equal.
    Skip,
    /// It differs, and somebody changed it after the vault last read it; it is left
    /// as it is.
    Conflict,
    /// A restore made it, and its undo takes it away.
    Remove,
    /// It cannot be done.
    Blocked(String),
}

impl Action {
    /// The word for it.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Undelete => "undelete",
            Self::Update => "update",
            Self::Move => "move",
            Self::ReOwn => "re-own",
            Self::Skip => "skip",
            Self::Conflict => "conflict",
            Self::Remove => "remove",
            Self::Blocked(_) => "blocked",
        }
    }
}

impl Object {
    /// `dashboard 42 "Sales"`.
    pub fn name(&self) -> String {
        let singular = looker::Kind::find(&self.kind).map_or(self.kind.as_str(), |kind| kind.singular);
        let title = self.title.as_deref().filter(|title| !title.is_empty());
        title.map_or_else(
            || format!("{singular} {}", self.key),
            |title| format!("{singular} {} {title:?}", self.key),
        )
    }

    /// Whether it is led to new ids, and is in all else what it was when the plan was made.
    pub(super) fn stays_as_it_is(&self) -> bool {
        self.as_of.is_some() && self.live.as_ref() == Some(&self.intended)
    }

    /// It misses something, and cannot be done.
    pub(super) fn block(&mut self, missing: &Symbol) {
        let singular =
            looker::Kind::find(&missing.resource).map_or(missing.resource.as_str(), |kind| kind.singular);
        let why = format!("{singular} {} is not there", missing.key);
        match &mut self.action {
            Action::Blocked(reason) if !reason.contains(&why) => {
                reason.push_str("; ");
                reason.push_str(&why);
            }
            Action::Blocked(_) => {}
            action => *action = Action::Blocked(why),
        }
    }
}

impl Known {
    /// Notes what a stored key is on the instance.
    pub fn insert(&mut self, symbol: &Symbol, id: &str) {
        self.0.entry(symbol.resource.clone()).or_default().insert(symbol.key.clone(), id.to_owned());
    }

    /// As steps want them.
    pub fn ids(&self) -> Ids {
        let all = self.0.iter().flat_map(|(resource, keys)| {
            keys.iter().map(move |(key, id)| (Symbol::new(resource, key.as_str()), id.clone()))
        });
        all.collect()
    }
}

impl Plan {
    /// Calls that carrying it out makes, by ledger; reading back and retries come on
    /// top.
    pub fn cost(&self) -> Cost {
        let mut cost = Cost::default();
        for (_, _, ledger) in self.steps.iter().filter_map(Step::operation) {
            cost.add(ledger);
        }
        cost
    }

    /// The users as whom steps are made, each of whom is signed in once, and out: by their
    /// ids, or the keys of those that the plan makes.
    pub fn acts_as(&self) -> BTreeSet<&str> {
        let users = self.steps.iter().filter_map(|step| step.as_user.as_ref());
        users.map(Id::text).collect()
    }

    /// Objects with steps that somebody changed after the vault last read them, by
    /// their places.
    pub fn conflicts(&self) -> Vec<usize> {
        let with_steps: BTreeSet<usize> = self.steps.iter().map(|step| step.object).collect();
        with_steps.into_iter().filter(|at| self.objects[*at].conflict).collect()
    }

    /// Leaves these objects as they are, and what needs them undone.
    pub fn leave_out(&mut self, objects: &[usize]) {
        for at in objects {
            self.objects[*at].action = Action::Conflict;
        }
        let left = objects.iter().copied().collect();
        self.steps = super::order::without(std::mem::take(&mut self.steps), &left);
    }

    /// Whether there is anything to do.
    pub fn is_empty(&self) -> bool {
        self.steps.is_empty()
    }

    /// Steps that could not be undone exactly, with the reason.
    pub fn irreversible(&self) -> impl Iterator<Item = (&Step, &str)> {
        self.steps.iter().filter_map(|step| Some((step, step.irreversible.as_deref()?)))
    }
}
