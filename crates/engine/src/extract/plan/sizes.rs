//! Sizes of an instance that the vault does not know, learned before its content is
//! read: light listings of what is read by pages, and of what has a call for each of
//! it. They are booked with a run of their own, which keeps nothing else.

use std::collections::{BTreeSet, HashMap, HashSet};

use looker::catalogue::{List, Source};
use looker::client::Call;
use looker::pacing::Reason;
use looker::rows::{self, Row};
use looker::{Client, Kind};
use serde::Deserialize;
use tokio_util::sync::CancellationToken;
use vault::{RunState, Side, Vault};

use super::Planner;
use crate::Watch;
use crate::bookkeeping::Errand;
use crate::check::cannot_heal;
use crate::extract::FolderScope;
use crate::extract::allowance;
use crate::extract::error::ExtractError;
use crate::extract::groups::{Group, LISTING_PAGE, Sizes};
use crate::extract::keys::in_list;
use crate::extract::pool::Rows;
use crate::extract::report::Stop;
use crate::extract::request::Request;
use crate::extract::tree::FolderTree;
use crate::extract::whole::{folders_kind, whole_call};

/// Kinds whose size is not known and decides what a run costs.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sizing {
    kinds: BTreeSet<&'static str>,
    trash: bool,
}

/// Sizes that were learned.
#[derive(Debug, Default)]
pub struct Learned {
    /// Light listings by kind and side: rows by folder, and all of them.
    listed: HashMap<(&'static str, Side), Sizes>,
    counts: HashMap<&'static str, usize>,
    folders: Option<Vec<Row>>,
    /// The run that the calls are booked with.
    pub run: Option<i64>,
    /// Metered calls that it took.
    pub calls: u64,
}

impl Planner<'_> {
    /// What would have to be learned.
    pub(super) fn sizing(&self) -> Sizing {
        let request = &self.request;
        let wants = |names: &[&str]| request.kinds.iter().any(|kind| names.contains(&kind.name));
        let mut kinds: BTreeSet<&'static str> = request
            .kinds
            .iter()
            .filter(|kind| kind.paged().is_some() && kind.envelope.updated_at.is_some())
            .filter(|kind| !self.known.has_size_of(kind))
            .map(|kind| kind.name)
            .collect();
        let needs_tree = request.folders.as_ref().is_some_and(FolderScope::needs_tree);
        let counted = [
            ("folders", needs_tree || wants(&["content_metadata"])),
            ("users", wants(&["user_attribute_values", "content_favorites"])),
            ("user_attributes", wants(&["user_attribute_group_values"])),
            ("lookml_dashboards", wants(&["lookml_dashboards"])),
        ];
        for (name, is_wanted) in counted {
            let is_known = Kind::find(name).is_none_or(|kind| self.known.has_size_of(kind));
            kinds.extend((is_wanted && !is_known).then_some(name));
        }
        Sizing { kinds, trash: request.trash }
    }
}

impl Sizing {
    /// Whether everything is known.
    pub fn is_empty(&self) -> bool {
        self.kinds.is_empty()
    }

    /// The kinds.
    pub fn kinds(&self) -> impl Iterator<Item = &'static str> {
        self.kinds.iter().copied()
    }

    /// Calls that learning them costs, unless a kind has more rows than one answer
    /// holds; all are administrative.
    pub fn calls(&self) -> u64 {
        let sides = |kind: &Kind| if kind.has_trash() && self.trash { 2 } else { 1 };
        self.kinds.iter().filter_map(|name| Kind::find(name)).map(sides).sum()
    }
}

impl Learned {
    pub(super) fn has(&self, kind: &str) -> bool {
        self.counts.contains_key(kind) || self.listed.keys().any(|(name, _)| *name == kind)
    }

    pub(super) fn count(&self, kind: &str) -> Option<usize> {
        let listed = || self.listed.iter().find(|((name, side), _)| *name == kind && *side == Side::Live);
        let rows = || usize::try_from(listed()?.1.total?).ok();
        self.counts.get(kind).copied().or_else(rows)
    }

    pub(super) fn tree(&self) -> Option<FolderTree> {
        self.folders.as_deref().map(FolderTree::new)
    }

    /// The sizes of a group, within its folders.
    pub(super) fn sizes(&self, group: &Group) -> Option<Sizes> {
        if let Some(sizes) = self.listed.get(&(group.kind.name, group.side)) {
            let mut sizes = sizes.clone();
            sizes.folders.retain(|folder, _| group.holds(Some(folder)));
            return Some(sizes);
        }
        let rows = *self.counts.get(group.kind.name)? as u64;
        Some(Sizes { total: Some(rows), largest_answer: rows, ..Sizes::default() })
    }

    /// Folders with access of their own in which a folder, dashboard or look lies.
    pub(super) fn filled_folders(&self) -> Option<usize> {
        #[derive(Deserialize)]
        struct Marks {
            content_metadata_id: Option<serde_json::Value>,
        }
        let rows = self.folders.as_ref()?;
        let live = |kind| self.listed.get(&(kind, Side::Live));
        let content = [live("dashboards")?, live("looks")?];
        let filled: HashSet<&str> = content
            .iter()
            .flat_map(|sizes| sizes.folders.keys().map(String::as_str))
            .chain(rows.iter().filter_map(|row| row.folder.as_deref()))
            .collect();
        let has_access = |row: &&Row| {
            serde_json::from_slice::<Marks>(&row.raw).is_ok_and(|marks| marks.content_metadata_id.is_some())
        };
        Some(rows.iter().filter(has_access).filter(|row| filled.contains(row.id.as_str())).count())
    }

    /// Folders that hold several live looks.
    pub(super) fn folders_of_looks(&self) -> Option<usize> {
        let looks = self.listed.get(&("looks", Side::Live))?;
        Some(looks.folders.values().filter(|looks| **looks > 1).count())
    }
}

/// Learns the sizes. What cannot be listed stays unknown.
///
/// # Errors
/// When there is no connection or sign-in, nothing is left of the allowance, or the
/// vault cannot be written.
pub async fn learn(
    client: &Client,
    vault: Vault,
    request: &Request,
    sizing: &Sizing,
    watch: &dyn Watch,
    interrupt: &CancellationToken,
) -> Result<Learned, ExtractError> {
    allowance::claim(client, &vault, request)?;
    watch.phase("signing in");
    let kinds: Vec<&str> = sizing.kinds().collect();
    let scope = serde_json::json!({ "folders": null, "kinds": kinds, "plan": true, "trash": sizing.trash });
    let errand = Errand::begin(client, vault, vault::PLANNING, &scope).await?;
    watch.phase("counting");
    let mut learned = Learned::default();
    let asked = tokio::select! {
        asked = learned.ask(client, sizing) => asked,
        () = interrupt.cancelled() => Err(looker::Error::new(looker::ErrorKind::Stopped, "interrupted")),
    };
    let state = if asked.is_ok() { RunState::Complete } else { RunState::Incomplete };
    learned.calls = client.meter().metered();
    learned.run = Some(errand.end(state).await?);
    asked?;
    Ok(learned)
}

impl Learned {
    async fn ask(&mut self, client: &Client, sizing: &Sizing) -> looker::error::Result<()> {
        for kind in sizing.kinds().filter_map(Kind::find) {
            let asked = match &kind.list {
                List::Paged(paged) => {
                    let mut groups = vec![Group::live(kind, paged)];
                    if kind.has_trash() && sizing.trash {
                        groups.push(Group { side: Side::Trash, ..Group::live(kind, paged) });
                    }
                    self.list(client, groups).await
                }
                List::Whole(whole) => {
                    let whole = whole_call(kind, whole).with("fields", fields(kind));
                    let call = Call { reason: Reason::Listing, class: Reason::Listing.name(), ..whole };
                    let rows = client.get(&call, |reply| rows::split(&reply.body, kind)).await;
                    rows.map(|rows| {
                        self.counts.insert(kind.name, rows.len());
                        if folders_kind().is_some_and(|(folders, _)| folders == kind) {
                            self.folders = Some(rows);
                        }
                    })
                }
                List::Each(each) => self.count_keys(client, kind, &each.source).await,
                List::Singles(_) => Ok(()),
            };
            match asked {
                Err(error) if Stop::of_limit(&error).is_some() || !cannot_heal(&error) => return Err(error),
                // A closed kind costs what finding that out costs.
                Ok(()) | Err(_) => {}
            }
        }
        Ok(())
    }

    async fn list(&mut self, client: &Client, groups: Vec<Group>) -> looker::error::Result<()> {
        for group in groups {
            let mut sizes = Sizes { total: Some(0), ..Sizes::default() };
            for page in 0.. {
                let call = group.call(None, Rows::Light, Reason::Listing);
                let call = call.with("limit", LISTING_PAGE.to_string());
                let call = call.with("offset", (page * u64::from(LISTING_PAGE)).to_string());
                let rows = client.get(&call, |reply| rows::split(&reply.body, group.kind)).await?;
                let count = rows.len() as u64;
                sizes.total = sizes.total.map(|total| total + count);
                sizes.largest_answer = sizes.largest_answer.max(count);
                for folder in rows.into_iter().filter_map(|row| row.folder) {
                    *sizes.folders.entry(folder).or_default() += 1;
                }
                if count < u64::from(LISTING_PAGE) {
                    break;
                }
            }
            self.listed.insert((group.kind.name, group.side), sizes);
        }
        Ok(())
    }

    async fn count_keys(
        &mut self,
        client: &Client,
        kind: &'static Kind,
        source: &'static Source,
    ) -> looker::error::Result<()> {
        let Source::Listing { operation, parameters, keys } = source else { return Ok(()) };
        let call = Call::new(operation, kind.name, Reason::Listing);
        let call = parameters.iter().fold(call, |call, (name, value)| call.with(name, *value));
        let found = client.get(&call, |reply| in_list(&reply.body, keys)).await?;
        self.counts.insert(kind.name, found.len());
        Ok(())
    }
}

/// What is asked of each row: its key, and what places it in the tree of folders.
fn fields(kind: &Kind) -> String {
    let id = kind.envelope.id.join(",");
    if kind.name == "folders" {
        return format!(
            "{id},name,parent_id,content_metadata_id,is_personal,is_personal_descendant,is_shared_root"
        );
    }
    id
}
