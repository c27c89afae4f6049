//! Attribute values of what is restored: whose lists are read, which come along, and
//! those of groups and attributes that are made anew.

use std::collections::BTreeSet;

use looker::Kind;
use looker::catalogue::{Resource, Source};

use super::Planner;
use crate::diff::Value;
use crate::restore::RestoreError;
use crate::restore::compose::Composer;
use crate::restore::identity::Standing;
use crate::restore::plan::{Action, Object};
use crate::restore::step::{Id, Symbol};
use crate::restore::values::{Place, follows, of_each_group, own, set};

const OF_GROUPS: &str = "user_attribute_group_values";
const OF_USERS: &str = "user_attribute_values";

/// The kind whose objects have the lists of a kind, one each: a list is known by its
/// owner.
pub(super) fn owner_kind(kind: &Kind) -> Option<&'static Kind> {
    Resource::find(kind.name)?;
    match &kind.each()?.source {
        Source::Objects(owner) => Kind::find(owner),
        _ => None,
    }
}

impl Planner<'_> {
    /// Reads the lists of those owners that are there.
    pub(super) async fn read_values(&mut self) -> Result<(), RestoreError> {
        let mut wanted: Vec<(&'static Kind, String)> = Vec::new();
        for target in &self.targets.list {
            if let Some(owner) = owner_kind(target.kind)
                && let Standing::There(live) = self.standing(owner, &target.key)?
            {
                wanted.push((target.kind, live.row.id.clone()));
            }
        }
        for kind in [OF_GROUPS, OF_USERS].into_iter().filter_map(Kind::find) {
            let keys: BTreeSet<String> =
                wanted.iter().filter(|(of, _)| of.name == kind.name).map(|(_, key)| key.clone()).collect();
            if !keys.is_empty() {
                self.read(kind, &keys).await?;
            }
        }
        Ok(())
    }

    /// The lists of users and attributes that are made anew.
    pub(super) fn values_of_new(&self) -> Result<Vec<(&'static Kind, String)>, RestoreError> {
        let mut lists = Vec::new();
        for target in self.made_anew()? {
            let of = match target.kind.name {
                "users" => OF_USERS,
                "user_attributes" => OF_GROUPS,
                _ => continue,
            };
            if let Some(kind) = Kind::find(of)
                && self.past.was_there(kind, &target.key)?
            {
                lists.push((kind, target.key.clone()));
            }
        }
        Ok(lists)
    }

    /// Composes the values that groups and attributes had which are made anew, as far
    /// as they stand in lists that are not restored themselves.
    pub(super) fn compose_values(
        &self,
        composer: &mut Composer<'_>,
        objects: &mut [Object],
    ) -> Result<(), RestoreError> {
        for (at, object) in objects.iter_mut().enumerate() {
            if object.action != Action::Create {
                continue;
            }
            composer.object = at;
            match object.kind.as_str() {
                "groups" => self.values_in(composer, object, OF_GROUPS)?,
                "user_attributes" => self.values_in(composer, object, OF_USERS)?,
                "users" if !self.request.with_dependencies => {
                    let left = self.left_values(composer, object, OF_USERS)?;
                    note_left(object, left);
                }
                _ => continue,
            }
            object.changes.append(&mut composer.changes);
            for note in std::mem::take(&mut composer.notes) {
                if !object.notes.contains(&note) {
                    object.notes.push(note);
                }
            }
        }
        Ok(())
    }

    /// The values in lists of others that are of one object: of a group in the lists of
    /// attributes, of an attribute in those of users.
    fn values_in(
        &self,
        composer: &mut Composer<'_>,
        object: &mut Object,
        lists: &'static str,
    ) -> Result<(), RestoreError> {
        let (Some(kind), Some(resource)) = (Kind::find(lists), Resource::find(lists)) else { return Ok(()) };
        let Some(owner) = owner_kind(kind) else { return Ok(()) };
        let mut count = 0;
        for referrer in self.past.reader.referrers(self.past.then(), &object.kind, &object.key)? {
            let is_restored = self.is_target(&Symbol::new(lists, referrer.key.as_str()));
            if referrer.kind != lists || is_restored {
                continue;
            }
            let body = self.past.body_then(kind, &referrer.key)?.unwrap_or_default();
            let Ok(list) = Value::parse(&body) else { continue };
            let all = if lists == OF_GROUPS { of_each_group(&list) } else { own(&list) };
            let Some(one) = all.iter().find(|one| one.key == object.key) else { continue };
            if !self.request.with_dependencies {
                count += 1;
                continue;
            }
            let its = Id::Of(Symbol::new(&object.kind, object.key.as_str()));
            let other = composer.id(owner.name, &referrer.key);
            let other_key = referrer.key.clone();
            let name = self.name(owner, &referrer.key)?;
            if let Id::Of(symbol) = &other
                && composer.world.absent.contains(symbol)
            {
                composer
                    .note(format!("{} {name} is not there any more: its value is left out", owner.singular));
                continue;
            }
            let (ids, keys) = if lists == OF_GROUPS {
                ([its, other], [object.key.clone(), other_key])
            } else {
                ([other, its], [other_key, object.key.clone()])
            };
            if !set(composer, resource, Place { ids, keys }, one, &name) {
                continue;
            }
            count += 1;
            if lists == OF_GROUPS && all.last().is_some_and(|last| last.key != object.key) {
                let list = format!("user_attribute_group_value:{}", referrer.key);
                composer.note(format!(
                    "its value of {name} counts after those of other groups now (restore {list} puts them in order)"
                ));
            }
        }
        if self.request.with_dependencies {
            let said = (count > 0).then(|| format!("values: +{count}"));
            composer.changes.extend(said);
            return Ok(());
        }
        let own = if lists == OF_USERS { self.left_values(composer, object, OF_GROUPS)? } else { 0 };
        note_left(object, count + own);
        Ok(())
    }

    /// How many values an object has in the list of its own, where that does not come along.
    fn left_values(
        &self,
        composer: &Composer<'_>,
        object: &Object,
        lists: &'static str,
    ) -> Result<usize, RestoreError> {
        let Some(kind) = Kind::find(lists) else { return Ok(0) };
        if self.targets.has(kind, &object.key) {
            return Ok(0);
        }
        let body = self.past.body_then(kind, &object.key)?.unwrap_or_default();
        let Ok(list) = Value::parse(&body) else { return Ok(0) };
        if lists == OF_GROUPS {
            return Ok(of_each_group(&list).len());
        }
        Ok(own(&list).iter().filter(|one| !follows(composer, &one.key)).count())
    }
}

fn note_left(object: &mut Object, count: usize) {
    if count > 0 {
        let values = if count == 1 { "1 value" } else { &format!("{count} values") };
        object.notes.push(format!("{values} of user attributes stay away (--with-dependencies brings them)"));
    }
}
