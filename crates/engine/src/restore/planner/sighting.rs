//! What refers, as it is now, to what gets a new id.
//!
//! # The problem
//!
//! The vault knows what referred to an object when it read that last. A link that
//! somebody made since leads nowhere after a restore, and nobody would hear of it. But
//! reading all that could hold one costs as much as an extraction.
//!
//! # The choice
//!
//! Only kinds are looked at that can hold such a reference and that a restore could lead:
//! by the catalogue's references, and by links in texts. Of one whose objects have a
//! stamp a light listing tells what is new or was edited since the vault read it, and only
//! that is read; it is the listing that tells which titles are taken. Any other is read as
//! a whole, which mostly is one call. Where that takes too many calls, or is refused, the
//! plan says so, and counts by what the vault read last.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use jiff::Timestamp;
use looker::catalogue::{KINDS, List, Paged, Restore};
use looker::{Client, ErrorKind, Kind};
use vault::{ListFilter, Side};

use super::{Planner, bring, values};
use crate::extract::compiled;
use crate::restore::identity::Lives;
use crate::restore::past::{LINKING, Named};
use crate::restore::plan::{References, StoredOnly};
use crate::restore::selection::is_restorable;
use crate::restore::step::Symbol;
use crate::restore::{RestoreError, clashes, links, paging, read_back};

/// Calls that reading what was edited of a kind may take; a whole kind without stamps too.
const MOST_CALLS: usize = 50;

/// How it was looked for references.
#[derive(Default)]
pub(in crate::restore) struct Looked {
    sights: BTreeMap<&'static str, Sight>,
    /// What has an id in a field or a link as it is now, of all that was read for that.
    holders: HashMap<Symbol, Vec<Named>>,
    /// Kinds that were read whole for nothing else: no plan is made from the rest of them.
    pub(super) only: BTreeSet<&'static str>,
    calls: u64,
}

/// What is known of a kind.
enum Sight {
    /// What is live, and what of it was read: the rest is as the vault read it last.
    Seen { there: HashSet<String>, read: HashSet<String> },
    /// Only what the vault read last, and why.
    Stored(String),
}

impl Looked {
    /// Whether no link counts that the vault knows of an object: it was read as it is now,
    /// or is gone.
    pub(super) fn overrules(&self, kind: &Kind, id: &str) -> bool {
        match self.sights.get(kind.name) {
            Some(Sight::Seen { there, read }) => {
                // A schedule that is in no list may be disabled.
                let may_be_apart = kind.has_trash() || kind.name == "scheduled_plans";
                read.contains(id) || !may_be_apart && !there.contains(id)
            }
            _ => false,
        }
    }

    /// Whether it is known that an object is not live.
    pub(super) fn is_gone(&self, kind: &Kind, id: &str) -> bool {
        let is_listed = kind.name != "scheduled_plans";
        matches!(self.sights.get(kind.name), Some(Sight::Seen { there, .. }) if is_listed && !there.contains(id))
    }

    /// What refers to something as it is now, by the ids of both on the instance.
    pub(super) fn holders(&self, of: &Symbol) -> &[Named] {
        self.holders.get(of).map_or(&[], Vec::as_slice)
    }

    /// What the plan says of it; nothing where there was nothing to look for.
    pub(super) fn told(&self) -> Option<References> {
        let mut told = References { live: Vec::new(), stored: Vec::new(), calls: self.calls };
        for (kind, sight) in &self.sights {
            match sight {
                Sight::Seen { .. } => told.live.push((*kind).to_owned()),
                Sight::Stored(why) => {
                    told.stored.push(StoredOnly { kind: (*kind).to_owned(), why: why.clone() });
                }
            }
        }
        (!self.sights.is_empty()).then_some(told)
    }
}

/// Whether objects of a kind are known by the links in texts as well.
pub(super) fn is_linked(kind: &Kind) -> bool {
    matches!(kind.name, "dashboards" | "looks")
}

/// Whether objects of a kind can refer to one that gets a new id. What lies in a folder
/// goes with it, and what nobody can write is only Looker's note.
fn can_refer(kind: &Kind, to: &Kind) -> bool {
    let is_written = |path| is_not_looked_at(kind).is_some() || read_back::is_writable(kind, path, None);
    let by_field = kind.references.iter().any(|reference| {
        reference.kind == to.name
            && Some(reference.path) != kind.envelope.folder
            && is_written(reference.path)
    });
    by_field && !bring::is_written_apart(kind, to) || is_linked(to) && LINKING.contains(&kind.name)
}

/// Why nobody looks at a kind as it is now, whatever it costs.
fn is_not_looked_at(kind: &Kind) -> Option<&'static str> {
    match kind.list {
        _ if kind.restore != Restore::Full => Some("no restore can lead them"),
        List::Each(_) | List::Singles(_) => Some("each costs a call to read"),
        List::Paged(_) | List::Whole(_) => None,
    }
}

impl Planner<'_> {
    /// Looks for what refers to targets that are made anew, and adds it where it is to be
    /// led. Whether anything was added.
    pub(super) async fn refer(&mut self) -> Result<bool, RestoreError> {
        // What is read back was planned before.
        if self.tells_rest {
            return Ok(false);
        }
        let made = self.made_anew()?.into_iter();
        let made =
            made.filter(|target| is_restorable(target.kind) && values::owner_kind(target.kind).is_none());
        let made: Vec<Named> = made.map(|target| (target.kind, target.key.clone())).collect();
        let symbol = |(kind, key): &Named| Symbol::new(kind.name, key.as_str());
        let new: Vec<Named> = made.into_iter().filter(|one| self.referred.insert(symbol(one))).collect();
        if new.is_empty() {
            return Ok(false);
        }
        self.look_for_references(&new).await?;
        if !self.request.relink {
            return Ok(false);
        }
        let count = self.targets.list.len();
        self.bring_referrers(&new).await?;
        Ok(self.targets.list.len() > count)
    }

    /// Looks at the kinds of which something may refer to these, each once.
    async fn look_for_references(&mut self, made: &[Named]) -> Result<(), RestoreError> {
        let is_wanted = |kind: &&'static Kind| {
            !self.looked.sights.contains_key(kind.name) && made.iter().any(|(to, _)| can_refer(kind, to))
        };
        let wanted: Vec<&'static Kind> = KINDS.iter().filter(is_wanted).collect();
        let before = calls(self.client);
        for kind in wanted {
            let sight = match is_not_looked_at(kind) {
                Some(why) => Sight::Stored(why.to_owned()),
                None if self.request.stored_references_only => {
                    Sight::Stored("--stored-references-only".to_owned())
                }
                None => match self.look_at(kind).await {
                    Ok(sight) => sight,
                    Err(error) => Sight::Stored(refusal(error)?),
                },
            };
            if let Sight::Seen { read, .. } = &sight {
                let found = self.referred_by(kind, read)?;
                for (symbol, holder) in found {
                    self.looked.holders.entry(symbol).or_default().push((kind, holder));
                }
            }
            self.looked.sights.insert(kind.name, sight);
        }
        self.looked.calls += calls(self.client) - before;
        Ok(())
    }

    /// Reads what changed of a kind since the vault read it.
    async fn look_at(&mut self, kind: &'static Kind) -> Result<Sight, RestoreError> {
        if let Some(paged) = kind.paged().filter(|_| kind.envelope.updated_at.is_some()) {
            return self.look_at_edited(kind, paged).await;
        }
        let stock = self.stocks.get(kind.name).cloned().unwrap_or_default();
        let most = kind.paged().map_or(1, |paged| paging::calls(paged, usize::MAX, &stock));
        if most > MOST_CALLS && !self.whole.contains(kind.name) {
            return Ok(Sight::Stored(format!("reading all of them would take {most} calls")));
        }
        if !self.whole.contains(kind.name) {
            self.looked.only.insert(kind.name);
        }
        self.read_list(kind).await?;
        let there: HashSet<String> = self.live_ids(kind).collect();
        Ok(Sight::Seen { read: there.clone(), there })
    }

    async fn look_at_edited(
        &mut self,
        kind: &'static Kind,
        paged: &'static Paged,
    ) -> Result<Sight, RestoreError> {
        let listing = clashes::listing(self.session, kind, paged, Side::Live).await?;
        let known = self.stamps(kind)?;
        let is_as_read = |id: &String, at: Option<Timestamp>| at.is_some() && known.get(id) == Some(&at);
        let there: HashSet<String> = listing.iter().map(|row| row.id.clone()).collect();
        let edited = listing.iter().filter(|row| !is_as_read(&row.id, row.edited_at()));
        let edited: BTreeSet<String> = edited.map(|row| row.id.clone()).collect();
        let asked = self.asked.get(kind.name);
        let unread = edited.iter().filter(|id| asked.is_none_or(|asked| !asked.contains(*id))).count();
        if let Some(stock) = self.stocks.get_mut(kind.name) {
            stock.stored[0] = there.len();
            let most = paging::calls(paged, unread, stock);
            if most > MOST_CALLS && !self.whole.contains(kind.name) {
                return Ok(Sight::Stored(format!(
                    "{unread} are new or were edited since, and reading them would take {most} calls: \
                     extract first"
                )));
            }
        }
        self.read(kind, &edited).await?;
        let read = self.live_ids(kind).filter(|id| edited.contains(id)).collect();
        Ok(Sight::Seen { there, read })
    }

    /// What was read of a kind and is live.
    fn live_ids(&self, kind: &Kind) -> impl Iterator<Item = String> {
        let lives = self.lives.get(kind.name).into_iter().flat_map(Lives::all);
        lives.filter(|live| live.side == Side::Live).map(|live| live.row.id.clone())
    }

    /// When what the vault has of a kind was edited last, where its stamp tells all.
    fn stamps(&self, kind: &Kind) -> Result<HashMap<String, Option<Timestamp>>, RestoreError> {
        let (reader, instance) = (self.past.reader, self.past.instance);
        let mut stamps = HashMap::new();
        let filter = ListFilter { instance: Some(instance), ..ListFilter::of(kind.name) };
        reader.list(&filter, |row| {
            stamps.insert(row.key, row.updated_at);
        })?;
        for unsettled in reader.unsettled(instance, kind.name)? {
            stamps.remove(&unsettled);
        }
        Ok(stamps)
    }

    /// What these refer to as they are now, each with who does.
    pub(super) fn referred_by(
        &self,
        kind: &'static Kind,
        ids: &HashSet<String>,
    ) -> Result<Vec<(Symbol, String)>, RestoreError> {
        let mut found = Vec::new();
        let [rules, _] = compiled(kind);
        let lives = self.lives.get(kind.name).into_iter().flat_map(Lives::all);
        for live in lives.filter(|live| ids.contains(&live.row.id)) {
            let body = live.body(kind, self.past.reader)?;
            let mut symbols: BTreeSet<Symbol> = BTreeSet::new();
            if let Ok(made) = vault::canonicalise(&body, rules) {
                let of_kinds = made.references.into_iter();
                symbols.extend(of_kinds.map(|reference| Symbol::new(&reference.kind, reference.key)));
            }
            if LINKING.contains(&kind.name)
                && let Ok(text) = std::str::from_utf8(&body)
            {
                symbols.extend(links::written(kind, text, &self.host));
            }
            found.extend(symbols.into_iter().map(|symbol| (symbol, live.row.id.clone())));
        }
        Ok(found)
    }
}

/// What the instance refused.
///
/// # Errors
/// Any other error.
fn refusal(error: RestoreError) -> Result<String, RestoreError> {
    match error {
        RestoreError::Looker(error)
            if matches!(
                error.kind,
                ErrorKind::Forbidden | ErrorKind::NotFound | ErrorKind::NoSuchEndpoint
            ) =>
        {
            let status = error.status.map_or_else(String::new, |status| format!(" ({status})"));
            Ok(format!("the instance does not list them{status}"))
        }
        other => Err(other),
    }
}

/// Calls that were made so far.
fn calls(client: &Client) -> u64 {
    client.meter().counts().iter().map(|count| count.calls).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn looked_at(to: &str) -> [Vec<&'static str>; 2] {
        let to = Kind::find(to).unwrap();
        let (not, looked): (Vec<&Kind>, Vec<&Kind>) = KINDS
            .iter()
            .filter(|kind| can_refer(kind, to))
            .partition(|kind| is_not_looked_at(kind).is_some());
        [looked, not].map(|kinds| kinds.into_iter().map(|kind| kind.name).collect())
    }

    #[test]
    fn what_can_refer_to_something_follows_from_the_catalogue() {
        let linking = ["dashboards", "looks", "boards", "scheduled_plans", "alerts"];
        for content in ["dashboards", "looks"] {
            let [looked, not] = looked_at(content);
            assert_eq!(looked, linking, "{content}");
            assert!(not.contains(&"homepage_sections") && !not.contains(&"content_favorites"), "{not:?}");
        }
        let looked = |to| looked_at(to)[0].clone();
        assert_eq!(looked("folders"), ["users"], "what lay in it went with it");
        assert_eq!(looked("color_collections"), ["themes"]);
        assert_eq!(looked("permission_sets"), ["roles"]);
        assert_eq!(looked("roles"), Vec::<&str>::new(), "who has it is an edge");
        assert!(looked_at("groups")[1].contains(&"content_metadata_access"));
        assert!(!looked("users").contains(&"folders"), "who made one is Looker's note");
    }

    #[test]
    fn what_is_not_in_a_list_and_may_be_elsewhere_counts_as_it_was_read() {
        let some = |ids: &[&str]| ids.iter().map(|id| (*id).to_owned()).collect::<HashSet<_>>();
        let mut looked = Looked::default();
        for kind in ["dashboards", "boards", "scheduled_plans"] {
            let sight = Sight::Seen { there: some(&["1", "2"]), read: some(&["2"]) };
            looked.sights.insert(kind, sight);
        }
        let all = |kind: &str| {
            let kind = Kind::find(kind).unwrap();
            ["1", "2", "3"].map(|id| (looked.overrules(kind, id), looked.is_gone(kind, id)))
        };
        assert_eq!(all("dashboards"), [(false, false), (true, false), (false, true)]);
        assert_eq!(all("boards"), [(false, false), (true, false), (true, true)]);
        assert_eq!(all("scheduled_plans"), [(false, false), (true, false), (false, false)]);
        assert_eq!(all("alerts"), [(false, false); 3]);
    }
}
