//! Targets composed each for itself, on all cores: what becomes of one depends on the
//! ids of others, and on nothing else of them.

use std::collections::{BTreeSet, HashSet};
use std::sync::atomic::{AtomicBool, Ordering};

use looker::Kind;
use looker::catalogue::Resource;
use vault::{AsOf, BodyHash, Reader, Side};

use super::{OnConflict, Request, bring};
use crate::diff::Value;
use crate::restore::accepted::Accepted;
use crate::restore::compose::{Composer, Manner, Owner, Sides, World};
use crate::restore::edited::{self, Edited};
use crate::restore::joined::Apart;
use crate::restore::live::Live;
use crate::restore::past::body_of;
use crate::restore::read_back::Beyond;
use crate::restore::step::{Ids, Symbol, Verb};
use crate::restore::{RestoreError, parts, read_back, special};

/// Tested to be all parts of a dashboard.
pub(in crate::restore) const PARTS_OF_DASHBOARDS: [&str; 3] =
    ["dashboard_filters", "dashboard_elements", "dashboard_layouts"];

/// What all targets are composed by.
pub(super) struct Ground<'g> {
    pub(super) ids: &'g Ids,
    pub(super) made: &'g HashSet<Symbol>,
    pub(super) absent: &'g BTreeSet<Symbol>,
    /// Content that is not on the instance, by the field of a board's item.
    pub(super) lost: &'g HashSet<(&'static str, String)>,
    pub(super) request: &'g Request,
    /// The manner of what is only led to new ids.
    pub(super) leading: Manner,
    pub(super) host: &'g str,
    pub(super) accepted: Option<&'g Accepted>,
    pub(super) then: AsOf,
    pub(super) in_place: bool,
    /// Whether it is told what differs that nobody can write.
    pub(super) tells_rest: bool,
    /// Whether the instance's document has to be read first.
    pub(super) asks_document: AtomicBool,
}

/// A target on both sides.
pub(super) struct Task<'l> {
    /// Its place among all targets.
    pub(super) at: usize,
    pub(super) kind: &'static Kind,
    pub(super) key: &'l str,
    /// What it is to be; nothing where that is what it is.
    pub(super) then: Option<BodyHash>,
    /// What the vault read last of it, and on which side.
    pub(super) last: Option<(BodyHash, Side)>,
    pub(super) live: Option<&'l Live>,
    /// Whether it is only led to new ids.
    pub(super) led: bool,
}

impl Task<'_> {
    /// Whether the vault knows of what is there, live or in the trash as it is.
    pub(super) fn is_as_read(&self) -> bool {
        self.live.is_none_or(|live| self.last.is_some_and(|(_, side)| side == live.side))
    }
}

/// What was found out about a target.
pub(super) struct Composed {
    /// The hash of the live body, made as the stored one was.
    pub(super) live: Option<BodyHash>,
    /// Its steps, or why it is left as it is.
    pub(super) outcome: Result<Apart, String>,
    /// What somebody changed of it after the vault last read it, if there are steps; `None`
    /// where the three sides cannot be compared.
    pub(super) edited: Option<Vec<Edited>>,
    /// Fields that differ and that nobody can write, where that was to be told and there is
    /// one way to store it.
    pub(super) rest: Option<Beyond>,
}

impl Composed {
    /// Fields that differ and that nobody can write, where nothing else is to be said.
    pub(super) fn rest_if_nothing_else(self) -> Option<Beyond> {
        let is_as_it_should_be = self.outcome.is_ok_and(|apart| apart.says_nothing());
        self.rest.filter(|_| is_as_it_should_be)
    }
}

impl Ground<'_> {
    /// Whether nothing has another id than the one it was stored with, and nothing is to be
    /// written otherwise than it was.
    pub(super) fn is_in_place(ids: &Ids, made: &HashSet<Symbol>, manner: &Manner) -> bool {
        let as_it_was = manner.owner == Owner::Keep && manner.into.is_none();
        as_it_was && made.is_empty() && ids.iter().all(|(symbol, id)| symbol.key == *id)
    }

    /// How what is only led is written: nobody asked for it to lie elsewhere, or to be
    /// somebody else's.
    pub(super) fn leading(manner: &Manner) -> Manner {
        Manner { leaves_lost: manner.leaves_lost, ..Manner::default() }
    }

    pub(super) fn world<'w>(
        &'w self,
        stored: &'w dyn Fn(&str, &str) -> Option<Vec<u8>>,
        manner: &'w Manner,
    ) -> World<'w> {
        World {
            ids: self.ids,
            absent: self.absent,
            stored,
            manner,
            host: self.host,
            made: self.made,
            accepted: self.accepted,
            in_place: self.in_place,
        }
    }

    /// Composes a target; nothing comes of it once the document has to be read.
    pub(super) fn compose(&self, reader: &Reader, task: &Task<'_>) -> Result<Option<Composed>, RestoreError> {
        if self.asks_document.load(Ordering::Relaxed) {
            return Ok(None);
        }
        if let Some(composed) = self.as_it_was(task) {
            return Ok(Some(composed));
        }
        let damaged = |reason: String| RestoreError::Damaged {
            kind: task.kind.singular,
            key: task.key.to_owned(),
            reason,
        };
        let gone = || damaged("it is gone from the vault".to_owned());
        let stored = task.then.map(|then| reader.body(&then)?.ok_or_else(gone)).transpose()?;
        let compared = compare(task, stored.as_deref(), reader)?;
        // What is only led is changed by nobody.
        let is_newest = task.then.is_none() || compared.as_ref().is_none_or(|(_, is_newest)| *is_newest);
        let live_body = compared.map(|(body, _)| body);
        let stored = stored.or_else(|| live_body.clone()).ok_or_else(gone)?;
        let live = task.live.and_then(Live::hash).or_else(|| live_body.as_deref().map(BodyHash::of));
        let composed = |outcome| Composed { live, outcome, edited: Some(Vec::new()), rest: None };
        let sides = match live_body.as_deref() {
            None => Value::parse(&stored).map(|wanted| (wanted, None)),
            Some(live) => {
                let packed = task.live.and_then(|live| live.packed.as_ref());
                let known = packed.map_or(&[][..], |packed| &packed.parts);
                Value::parse_both([&stored, live], self.apart(task.kind, &stored), known)
                    .map(|[wanted, there]| (wanted, Some(there)))
            }
        };
        let (wanted, there) = sides.map_err(|error| damaged(error.to_string()))?;
        if let Some(why) = special::untouchable(task.kind.name, &wanted) {
            return Ok(Some(composed(Err(format!("left as it is: {why}")))));
        }
        if self.request.skip_existing && task.live.is_some() {
            return Ok(Some(composed(Err("left as it is, since it is there".to_owned()))));
        }
        let Some(resource) = Resource::find(task.kind.name) else {
            return Ok(Some(composed(Ok(Apart::default()))));
        };
        let stored = |kind: &str, key: &str| body_of(reader, self.then, kind, key).ok().flatten();
        let manner = if task.led { &self.leading } else { &self.request.manner };
        let mut composer = Composer::new(self.world(&stored, manner));
        composer.object = task.at;
        let sides = Sides { live: there.as_ref(), wanted: &wanted };
        parts::compose(&mut composer, resource, &task.kind.compare, sides);
        let apart = composer.apart();
        let skips_changed = self.request.on_conflict == OnConflict::Skip;
        let stands = apart.impossible.is_none() && (is_newest || !skips_changed);
        if self.accepted.is_none() && (apart.met_unknown || stands && writes(&apart.steps)) {
            self.asks_document.store(true, Ordering::Relaxed);
        }
        let rest = task.live.filter(|live| self.tells_rest && live.packed.is_some()).and(there.as_ref());
        let rest = rest.map(|there| {
            let moved = task.live.is_some_and(|live| live.row.id != task.key);
            read_back::beyond(task.kind, &wanted, there, moved, self.accepted)
        });
        let edited = match &there {
            Some(there) if !is_newest && apart.impossible.is_none() && !apart.steps.is_empty() => {
                self.edited(task, [&wanted, there], reader)?
            }
            _ => Some(Vec::new()),
        };
        Ok(Some(Composed { edited, rest, ..composed(Ok(apart)) }))
    }

    /// Lists of parts that need not be looked into where they are equal on both sides, as
    /// in [`as_it_was`](Self::as_it_was): nothing comes of parts that are as they should be,
    /// and nothing else of a dashboard is made from them. Of a board the order is.
    fn apart(&self, kind: &Kind, stored: &[u8]) -> &'static [&'static str] {
        let is_so = self.in_place && kind.name == "dashboards" && vault::redactions(stored).is_empty();
        if is_so { &PARTS_OF_DASHBOARDS } else { &[] }
    }

    /// What somebody changed of an object after the vault last read it; `None` where the
    /// three sides cannot be compared. `wanted` is that of then, `there` that of now.
    fn edited(
        &self,
        task: &Task<'_>,
        [wanted, there]: [&Value<'_>; 2],
        reader: &Reader,
    ) -> Result<Option<Vec<Edited>>, RestoreError> {
        let (Some(live), Some((last, _))) = (task.live, &task.last) else { return Ok(None) };
        let told = |wanted: &Value<'_>, last: &Value<'_>, now: &Value<'_>| {
            let bodies = [last, now].map(|side| side.text().as_bytes());
            // What lay on a board and was deleted left it without anybody's doing.
            if task.kind.name == "boards" && bring::differ_by(task.kind, bodies[0], bodies[1], self.lost) {
                return Vec::new();
            }
            edited::of(task.kind, [wanted, last, now], self.ids, self.accepted)
        };
        // Mostly the vault read last what comes back.
        if Some(*last) == task.then {
            return Ok(Some(told(wanted, wanted, there)));
        }
        let Some(last) = reader.body(last)? else { return Ok(None) };
        let Ok(parsed) = Value::parse(&last) else { return Ok(None) };
        // The third side may differ in what is equal on the two others.
        let whole = [wanted, there].map(|side| Value::parse(side.text().as_bytes()));
        let [Ok(wanted), Ok(there)] = &whole else { return Ok(None) };
        if task.kind.destinations.is_empty() {
            return Ok(Some(told(wanted, &parsed, there)));
        }
        // It may have been read last with destinations, and before without, or the reverse.
        let (now, _) = live.body_like(task.kind, None, vault::redactions(&last).is_empty(), reader)?;
        Ok(Value::parse(&now).ok().map(|now| told(wanted, &parsed, &now)))
    }

    /// What needs no look at the documents: what is there is what was stored, or was found to
    /// be as it was meant.
    fn as_it_was(&self, task: &Task<'_>) -> Option<Composed> {
        let live = task.live.filter(|_| self.in_place && !self.request.skip_existing)?;
        let packed = live.packed.as_ref()?;
        let is_same = packed.prepared.redacted == 0 && task.then.is_none_or(|then| packed.hash() == then);
        let meant = live.as_meant.as_ref();
        let by_document = self.accepted.is_some();
        let meant = meant.filter(|meant| task.then == Some(meant.then) && meant.by_document == by_document);
        let rest = if is_same { Beyond::default() } else { meant?.rest.clone() };
        Some(Composed {
            live: Some(packed.hash()),
            outcome: Ok(Apart::default()),
            edited: Some(Vec::new()),
            rest: Some(rest),
        })
    }
}

/// Whether any of the steps sends something of which the instance's document tells whether
/// it is taken.
pub(super) fn writes(steps: &[crate::restore::Step]) -> bool {
    steps.iter().any(|step| !step.body.is_empty() && step.verb != Verb::Look)
}

/// What is live of a target, as a body that can be compared with the stored one, and
/// whether that is the newest that the vault has.
fn compare(
    task: &Task<'_>,
    stored: Option<&[u8]>,
    reader: &Reader,
) -> Result<Option<(Vec<u8>, bool)>, RestoreError> {
    let Some(live) = task.live else { return Ok(None) };
    let last = task.last.as_ref().map(|(hash, _)| hash);
    let newest = match (stored, last) {
        (None, Some(last)) if !task.kind.destinations.is_empty() => reader.body(last)?,
        _ => None,
    };
    let with_destinations =
        stored.or(newest.as_deref()).is_some_and(|stored| vault::redactions(stored).is_empty());
    let (body, is_newest) = live.body_like(task.kind, last, with_destinations, reader)?;
    Ok(Some((body, is_newest && task.is_as_read())))
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;
    use proptest::sample::select;

    use super::*;

    #[test]
    fn what_is_left_out_where_it_is_equal_are_all_parts_of_dashboards() {
        let parts = Resource::find("dashboards").unwrap().parts.iter().map(|part| part.name);
        assert_eq!(parts.collect::<Vec<_>>(), PARTS_OF_DASHBOARDS);
    }

    /// A dashboard of parts that have ids, as Looker gives them, with its title.
    fn dashboard() -> impl Strategy<Value = (String, String)> {
        const SAID: [&str; 6] = [
            r#""deleted":true,"title":"x""#,
            r#""row":2,"title":"\"y]\"""#,
            r#""query":{"id":"7","model":"m","view":"v"},"title":"1.0""#,
            r#""dashboard_layout_components":[{"dashboard_element_id":"t1","id":"c1","row":1}]"#,
            r#""active":true,"type":"newspaper""#,
            r#""name":"n","unheard_of":[{}]"#,
        ];
        let list = |of: &'static str| {
            vec(select(&SAID[..]), 0..4).prop_map(move |parts| {
                let parts = parts.iter().enumerate();
                let parts: Vec<_> =
                    parts.map(|(nth, said)| format!("{{\"id\":\"{of}{nth}\",{said}}}")).collect();
                parts.join(",")
            })
        };
        (list("t"), list("f"), list("l"), "[ab]").prop_map(|(tiles, filters, layouts, title)| {
            let lists = format!(
                r#""dashboard_elements":[{tiles}],"dashboard_filters":[{filters}],"dashboard_layouts":[{layouts}]"#
            );
            (lists, title)
        })
    }

    proptest! {
        #[test]
        fn nothing_else_comes_of_dashboards_whose_equal_parts_are_left_out(
            (parts, title) in dashboard(),
            (other_parts, other_title) in dashboard(),
            is_edited in any::<bool>(),
        ) {
            let document = |parts: &str, title: &str| {
                format!(r#"{{{parts},"id":"1","title":"{title}","unknown":"{title}"}}"#)
            };
            let there = document(if is_edited { &other_parts } else { &parts }, &other_title);
            let wanted = document(&parts, &title);
            let (ids, absent, made, manner) = (Ids::new(), BTreeSet::new(), HashSet::new(), Manner::default());
            let dashboards = Kind::find("dashboards").unwrap();
            let told = |lists: &[&str]| {
                let [wanted, there] = Value::parse_both([wanted.as_bytes(), there.as_bytes()], lists, &[]).unwrap();
                let stored = |_: &str, _: &str| None;
                let world = World {
                    ids: &ids,
                    absent: &absent,
                    stored: &stored,
                    manner: &manner,
                    host: "h",
                    made: &made,
                    accepted: None,
                    in_place: true,
                };
                let mut composer = Composer::new(world);
                let sides = Sides { live: Some(&there), wanted: &wanted };
                let resource = Resource::find("dashboards").unwrap();
                parts::compose(&mut composer, resource, &dashboards.compare, sides);
                let apart = composer.apart();
                let steps = serde_json::to_string(&apart.steps).unwrap();
                let said = (apart.changes, apart.notes, apart.requires, apart.impossible, apart.met_unknown);
                (steps, said, read_back::beyond(dashboards, &wanted, &there, false, None))
            };
            prop_assert_eq!(told(&PARTS_OF_DASHBOARDS), told(&[]));
        }
    }
}
