//! What is referred to and has no key of its own: a tile, a tab, a datagroup by its name.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use looker::catalogue::{Referent, told_name};
use vault::{Referrer, Result, RunId};

use super::{DASHBOARDS, Dangling, LOOKML_DASHBOARDS, Search, is_lookml, too_early};
use crate::documents::Node;

/// What became of one who refers to a part.
enum Lead {
    /// It is there.
    There,
    /// It is not, as the run that read what holds it should know.
    Nowhere(RunId),
    /// Nobody can say, and why.
    Unknown(String),
}

impl Search<'_> {
    /// Looks for parts that are referred to, in the objects that should have them.
    pub(super) fn parts(&mut self, referent: &'static Referent) -> Result<()> {
        let name = told_name(referent.name);
        let keys = self.reader.unknown_keys(self.of, &name, referent.name)?;
        let names = if keys.is_empty() { HashSet::new() } else { self.all_names(referent)? };
        let mut left: BTreeMap<String, usize> = BTreeMap::new();
        for key in keys.into_iter().filter(|key| !names.contains(key)) {
            let (mut nowhere, mut reasons) = (Vec::new(), BTreeSet::new());
            for referrer in self.reader.live_referrers(self.of, &name, &key, None)? {
                match self.lead(referent, &referrer, &key)? {
                    Lead::There => {}
                    Lead::Unknown(reason) => drop(reasons.insert(reason)),
                    Lead::Nowhere(run) if self.brought(&name, &key, run)?.contains(&referrer) => {
                        nowhere.push(referrer);
                    }
                    Lead::Nowhere(run) => drop(reasons.insert(too_early(run))),
                }
            }
            if let Some(reason) = reasons.pop_first().filter(|_| nowhere.is_empty()) {
                *left.entry(reason).or_default() += 1;
            }
            if !nowhere.is_empty() {
                self.found.dangling.push(Dangling { kind: referent.name, key, referrers: nowhere });
            }
        }
        for (reason, count) in left {
            self.leave(referent.name, count, reason);
        }
        Ok(())
    }

    fn brought(&self, name: &str, key: &str, run: RunId) -> Result<Vec<Referrer>> {
        self.reader.live_referrers(self.of, name, key, Some(run))
    }

    /// What all objects are called that a name alone leads to.
    fn all_names(&self, referent: &Referent) -> Result<HashSet<String>> {
        let mut names = HashSet::new();
        for kind in referent.within.iter().filter(|_| referent.object_in.is_empty()) {
            self.reader.bodies(self.of, kind, |_, body| {
                if let Some(document) = Node::of(body) {
                    names.extend(called(referent, &document).map(str::to_owned));
                }
            })?;
        }
        Ok(names)
    }

    /// Where a reference leads that names no object of which the vault has all.
    fn lead(&self, referent: &Referent, referrer: &Referrer, key: &str) -> Result<Lead> {
        let (kind, object) = match referent.object_in {
            [] => (referent.within[0], None),
            fields => {
                let body = self.reader.body_of(self.of, &referrer.kind, &referrer.key)?;
                let document = body.as_deref().and_then(Node::of);
                let named = document.and_then(|one| fields.iter().find_map(|field| filled(&one, field)));
                let Some(object) = named else {
                    return Ok(Lead::Unknown("what refers to them does not say where they are".to_owned()));
                };
                (if is_lookml(&object) { LOOKML_DASHBOARDS } else { DASHBOARDS }, Some(object))
            }
        };
        if let Some(object) = object
            && let Some(body) = self.reader.body_of(self.of, kind, &object)?
            && let Some(document) = Node::of(&body)
        {
            let mut elements = document.items(referent.list).iter();
            if elements.any(|element| called(referent, element).any(|name| name == key)) {
                return Ok(Lead::There);
            }
        }
        Ok(self.run_of(kind).map_or_else(Lead::Unknown, Lead::Nowhere))
    }
}

fn called<'n>(referent: &'n Referent, element: &'n Node<'n>) -> impl Iterator<Item = &'n str> {
    referent.called_by.iter().filter_map(|field| element.text(field))
}

fn filled(document: &Node<'_>, field: &str) -> Option<String> {
    document.text(field).filter(|text| !text.is_empty()).map(str::to_owned)
}
