//! What a restore changes where it is, looked at as soon as it is read back.
//!
//! Ten thousand objects that all differ in who wrote them last, and when, have to be
//! compared with what they were to be: seconds of processor time when all is written, none
//! that anybody waits for while others still are. What is found to be as it was meant is not
//! looked at again by the plan that reads back; whatever else is, is composed there.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use looker::Kind;
use vault::{AsOf, BodyHash, Reader, RunId};

use super::composed::{Composed, Ground, Task};
use super::{Planner, Request, host};
use crate::restore::RestoreError;
use crate::restore::accepted::Accepted;
use crate::restore::live::Live;
use crate::restore::paging::Stock;
use crate::restore::plan::Plan;
use crate::restore::read_back::Beyond;
use crate::restore::session::Session;
use crate::restore::step::{Ids, Symbol};

/// What objects of one kind are to be that a plan changes where they are.
#[derive(Debug)]
pub(in crate::restore) struct Meant {
    kind: &'static Kind,
    /// By id, the key that the vault has of it, and its body.
    objects: HashMap<String, (String, BodyHash)>,
    /// All that will be known by then, unless a step gives an id.
    ids: Ids,
    request: Request,
    /// What the instance accepts, where that was asked for.
    accepted: Option<Arc<Accepted>>,
    then: AsOf,
}

/// That an object is as it was meant.
#[derive(Debug, Clone)]
pub(in crate::restore) struct AsMeant {
    /// The body that it was meant to have.
    pub(in crate::restore) then: BodyHash,
    /// Fields that differ and that nobody can write.
    pub(in crate::restore) rest: Beyond,
    /// Whether it was known what the instance accepts.
    pub(in crate::restore) by_document: bool,
}

/// What is known of a kind before objects of a plan are read back, which stand there at these
/// places, by their ids; and what they are to be, where nothing gets another id.
///
/// # Errors
/// When the vault cannot be read.
pub(in crate::restore) fn before_reading_back(
    session: &Session,
    plan: &Plan,
    kind: &'static Kind,
    objects: &HashMap<String, usize>,
) -> Result<(Stock, Option<Meant>), RestoreError> {
    let reader = session.writer.reader()?;
    let instance = reader.moment(RunId::from_number(plan.as_of))?.instance;
    let request = Request::again(plan, plan.ids.ids(), plan.manner.clone());
    let planner = Planner::new(session, &reader, request, instance)?;
    planner.foresee(kind, objects.values().map(|at| plan.objects[*at].key.as_str()))?;
    let stock = planner.stock(kind, &objects.keys().cloned().collect())?;
    let meant = Meant::of(&planner, plan, kind, objects, session.shared_accepted())?;
    Ok((stock, meant))
}

impl Meant {
    fn of(
        planner: &Planner<'_>,
        plan: &Plan,
        kind: &'static Kind,
        objects: &HashMap<String, usize>,
        accepted: Option<Arc<Accepted>>,
    ) -> Result<Option<Self>, RestoreError> {
        let (mut ids, mut meant) = (planner.ids.clone(), HashMap::new());
        for (id, at) in objects {
            let object = &plan.objects[*at];
            ids.insert(Symbol::new(kind.name, object.key.as_str()), id.clone());
            // What is only led is nothing that it was.
            if object.as_of.is_none()
                && let Some(then) = &planner.past.marks(kind, &object.key)?.then
            {
                meant.insert(id.clone(), (object.key.clone(), then.hash));
            }
        }
        let request = planner.request.clone();
        let is_in_place = Ground::is_in_place(&ids, &HashSet::new(), &request.manner);
        let then = planner.past.then();
        Ok(is_in_place.then_some(Self { kind, objects: meant, ids, request, accepted, then }))
    }

    /// Says of an object that was read whether it is as it was meant.
    ///
    /// # Errors
    /// When the vault cannot be read.
    pub(in crate::restore) fn look_at(
        &self,
        reader: &Reader,
        live: &Live,
    ) -> Result<Option<AsMeant>, RestoreError> {
        let Some((key, then)) = self.objects.get(&live.row.id) else { return Ok(None) };
        let ground = Ground {
            ids: &self.ids,
            made: &HashSet::new(),
            absent: &BTreeSet::new(),
            lost: &HashSet::new(),
            request: &self.request,
            leading: Ground::leading(&self.request.manner),
            host: host(&self.request.address),
            accepted: self.accepted.as_deref(),
            then: self.then,
            in_place: true,
            tells_rest: true,
            asks_document: AtomicBool::new(false),
        };
        let task =
            Task { at: 0, kind: self.kind, key, then: Some(*then), last: None, live: Some(live), led: false };
        let composed = ground.compose(reader, &task)?;
        if ground.asks_document.into_inner() {
            return Ok(None);
        }
        let by_document = self.accepted.is_some();
        let rest = composed.and_then(Composed::rest_if_nothing_else);
        Ok(rest.map(|rest| AsMeant { then: *then, rest, by_document }))
    }
}
