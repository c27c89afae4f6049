//! What a restore changed goes back to what it was.
//!
//! What was there is in the restore's safety run, so an undo is a restore as of that
//! run. What the restore has made goes into the trash, where there is one; folders
//! that it has made are deleted only when nothing lies in them.

use std::collections::{BTreeSet, HashMap, HashSet};

use looker::Kind;
use looker::catalogue::{By, RELATIONS, Relation, Resource};
use looker::pacing::Reason;
use vault::{BodyHash, GivenId, Reader, RestoreId, RunId, Side, StepState, VaultError};

use super::ahead::Listing;
use super::paging::Stock;
use super::plan::{Action, Object, Plan};
use super::planner::{ENTRIES, FAVORITES, OnConflict, Planned, Request, draw_up};
use super::selection::Selection;
use super::session::Session;
use super::step::{At, Id, Ids, Step, Symbol, Verb};
use super::{Manner, RestoreError, live, may, special};
use crate::extract::{Group, Rows};

/// What a restore has made.
#[derive(Debug, Default)]
pub struct Made {
    /// Objects: kind, stored key, title, id.
    objects: Vec<(&'static Kind, String, Option<String>, String)>,
    /// Ids of everything, parts included, by resource.
    ids: HashSet<(String, String)>,
    /// Places in the tree of access that it made stop to inherit.
    own_lists: Vec<String>,
    /// Favourites that it set, by their ids.
    favorites: Vec<Favorite>,
}

/// A favourite that a restore has set.
#[derive(Debug)]
struct Favorite {
    id: String,
    about: String,
    /// As whom it was set, where that is not the account.
    as_user: Option<Id>,
    /// Whose list it is in, and what that user is called.
    key: String,
    title: Option<String>,
}

impl Made {
    /// Whether a step unmakes an edge to something that the restore has made.
    fn ends(&self, step: &Step) -> bool {
        let is_it =
            |relation: &&Relation| matches!(relation.by, By::Pair(pair) if pair.name == step.resource);
        let Some(relation) = RELATIONS.iter().find(is_it) else { return false };
        let ends = [(relation.whole, &step.target), (relation.member, &step.second)];
        ends.into_iter().any(|(kind, id)| {
            let Some(Id::Known(id)) = id else { return false };
            self.objects.iter().any(|(of, .., made)| of.name == kind && made == id)
        })
    }
}

/// What an undo of a restore asks for, and what that restore has made.
///
/// # Errors
/// When there is no such restore, it never began, or the vault cannot be read.
pub fn undo(reader: &Reader, restore: RestoreId) -> Result<(Request, Made), RestoreError> {
    let info = reader.restore(restore)?;
    let plan: Plan = serde_json::from_str(&reader.restore_plan(restore)?)
        .map_err(|error| RestoreError::Plan(error.to_string()))?;
    let safety = info.safety_run.ok_or(RestoreError::NothingSelected { run: plan.as_of })?;
    if let Err(VaultError::ForgottenRun { run, .. }) = reader.moment(safety) {
        return Err(RestoreError::Pruned { restore: restore.number(), run });
    }
    let mut made = Made::default();
    let steps: BTreeSet<u32> = plan.steps.iter().map(|step| step.number).collect();
    for line in reader.restore_steps(restore, Some(StepState::Done))? {
        let step = plan.steps.iter().find(|step| step.number == line.step && steps.contains(&line.step));
        let Some(step) = step else { continue };
        if let (Verb::Add, Some(Id::Known(id))) = (step.verb, &step.target) {
            made.ids.insert((step.resource.clone(), id.clone()));
        }
        if let ("content_metadata_access", Verb::Update, Some(Id::Known(place))) =
            (step.resource.as_str(), step.verb, &step.target)
        {
            made.own_lists.push(place.clone());
        }
        if step.verb != Verb::Create {
            continue;
        }
        if step.resource == ENTRIES {
            made.favorites.extend(favorite(&plan, step, &line.given));
            continue;
        }
        for given in line.given {
            let is_own =
                step.gives.iter().any(|gives| gives.at == At::Id && gives.symbol.resource == given.resource);
            made.ids.insert((given.resource.clone(), given.id.clone()));
            if let (Some(kind), true) = (Kind::find(&given.resource), is_own) {
                let title = plan.objects.get(step.object).and_then(|object| object.title.clone());
                made.objects.push((kind, given.key, title, given.id));
            }
        }
    }
    let written: BTreeSet<usize> = plan.steps.iter().map(|step| step.object).collect();
    let were_there = plan.objects.iter().enumerate().filter(|(at, _)| written.contains(at));
    let (mut objects, mut others) = (Vec::new(), Vec::new());
    for (_, object) in were_there {
        let Some((kind, id)) = Kind::find(&object.kind).zip(object.live_id.clone()) else { continue };
        // Nothing was taken from these.
        if kind.name == FAVORITES {
            continue;
        }
        // What was only led is only led back.
        if object.as_of.is_some() {
            others.push((kind, id, safety));
        } else {
            objects.push((kind, id));
        }
    }
    let request = Request {
        address: plan.address.clone(),
        as_of: safety,
        selection: Selection { objects, ..Selection::default() },
        // It was so a moment ago: what was enabled may be enabled again only when asked.
        manner: Manner { leaves_lost: true, ..Manner::default() },
        with_dependencies: false,
        relink: false,
        stored_references_only: false,
        favorites: false,
        skip_existing: false,
        on_conflict: OnConflict::Overwrite,
        links: Ids::new(),
        others,
    };
    Ok((request, made))
}

/// Plans an undo.
///
/// # Errors
/// When the instance or the vault cannot be read.
pub async fn plan_undo(session: &Session, request: Request, made: Made) -> Result<Planned, RestoreError> {
    let as_of = request.as_of;
    let mut planned = if request.selection.is_empty() && request.others.is_empty() {
        let instance = session.writer.reader()?.moment(as_of)?.instance;
        Planned {
            plan: nothing(&request.address, instance.number(), as_of),
            listing: Listing::default(),
            lives: Vec::new(),
            rest: HashMap::new(),
        }
    } else {
        draw_up(session, request, None).await?
    };
    // What belongs to something that is taken away goes with it.
    planned.plan.steps.retain(|step| !made.ends(step));
    for step in &mut planned.plan.steps {
        // What the restore itself has made nobody has hung anything on.
        let Some(Id::Known(id)) = &step.target else { continue };
        let is_made = made.ids.contains(&(step.resource.clone(), id.clone()));
        // A group that is taken out of another loses its access, whoever put it in.
        if step.verb == Verb::Delete && is_made && step.resource != "group_groups" {
            step.irreversible = None;
        }
    }
    for place in made.own_lists {
        inherit_again(&mut planned.plan, place);
    }
    for favorite in made.favorites {
        unmark(&mut planned.plan, favorite);
    }
    // What lies in a folder and goes before it does not hold it.
    let mut gone = HashSet::new();
    for (kind, key, title, id) in made.objects.into_iter().rev() {
        let object = removal(kind.name, key, id.clone(), title);
        if take_away(session, &mut planned.plan, kind, object, &gone).await? && kind.name == "folders" {
            gone.insert(id);
        }
    }
    may::hold_against(session, &mut planned.plan).await?;
    Ok(planned)
}

/// Adds the step by which content inherits again: its own list goes with that.
fn inherit_again(plan: &mut Plan, place: String) {
    let mut object = removal("content_metadata_access", place.clone(), place.clone(), None);
    object.changes.push("inherits again".to_owned());
    plan.steps.push(Step {
        number: next_number(plan),
        object: plan.objects.len(),
        verb: Verb::Update,
        resource: "content_metadata".to_owned(),
        key: place.clone(),
        about: format!("access {place}: inherits again"),
        target: Some(Id::Known(place)),
        second: None,
        as_user: None,
        body: vec![("inherits".to_owned(), special::literal("true"))],
        needs: BTreeSet::new(),
        gives: Vec::new(),
        among: None,
        irreversible: None,
    });
    plan.objects.push(object);
}

/// A favourite that a step has set; none where its user was made with it, and goes.
fn favorite(plan: &Plan, step: &Step, given: &[GivenId]) -> Option<Favorite> {
    let id = given.iter().find(|given| given.resource == ENTRIES)?.id.clone();
    if matches!(step.as_user, Some(Id::Of(_))) {
        return None;
    }
    let object = plan.objects.get(step.object)?;
    let (key, title) = (object.key.clone(), object.title.clone());
    Some(Favorite { id, about: step.about.clone(), as_user: step.as_user.clone(), key, title })
}

/// Adds the step that takes a favourite away again.
fn unmark(plan: &mut Plan, favorite: Favorite) {
    let Favorite { id, about, as_user, key, title } = favorite;
    let is_its = |object: &Object| object.kind == FAVORITES && object.key == key;
    let object = plan.objects.iter().position(is_its).unwrap_or_else(|| {
        plan.objects.push(removal(FAVORITES, key.clone(), key, title));
        plan.objects.len() - 1
    });
    plan.objects[object].changes.push(format!("-{about}"));
    plan.steps.push(Step {
        number: next_number(plan),
        object,
        verb: Verb::Delete,
        resource: ENTRIES.to_owned(),
        key: id.clone(),
        about,
        target: Some(Id::Known(id)),
        second: None,
        as_user,
        body: Vec::new(),
        needs: BTreeSet::new(),
        gives: Vec::new(),
        among: None,
        irreversible: None,
    });
}

fn next_number(plan: &Plan) -> u32 {
    plan.steps.iter().map(|step| step.number).max().unwrap_or(0) + 1
}

/// An object that is taken away.
fn removal(kind: &str, key: String, id: String, title: Option<String>) -> Object {
    Object {
        kind: kind.to_owned(),
        key,
        live_id: Some(id),
        title,
        folder: None,
        action: Action::Remove,
        changes: Vec::new(),
        notes: Vec::new(),
        conflict: false,
        edited: Vec::new(),
        referrers: Vec::new(),
        live_referrers: Vec::new(),
        lacks: Vec::new(),
        asleep: false,
        favored_by: Vec::new(),
        is_along: false,
        live: None,
        edges: None,
        intended: BodyHash::of(b"").to_string(),
        as_of: None,
    }
}

/// Adds the step that takes away what was made, but for a folder in which something
/// lies beside the folders that are `gone` by then. Whether it does.
async fn take_away(
    session: &Session,
    plan: &mut Plan,
    kind: &'static Kind,
    mut object: Object,
    gone: &HashSet<String>,
) -> Result<bool, RestoreError> {
    let (Some(resource), Some(id)) = (Resource::find(kind.name), object.live_id.clone()) else {
        return Ok(false);
    };
    let at = plan.objects.len();
    let goes_to_trash = kind.has_trash();
    object.changes.push(if goes_to_trash { "into the trash" } else { "deleted" }.to_owned());
    let folder = match kind.name {
        "folders" => Some(id.clone()),
        // It goes with its user, and what lies in it into the trash.
        "users" => folder_of(session, kind, &id).await?,
        _ => None,
    };
    if let Some(folder) = folder
        && !is_empty(session, &folder, gone).await?
    {
        object.action = Action::Skip;
        let its = if kind.name == "users" { "its own folder" } else { "it" };
        object.notes.push(format!("left as it is: something lies in {its}"));
        plan.objects.push(object);
        return Ok(false);
    }
    let number = next_number(plan);
    plan.steps.push(Step {
        number,
        object: at,
        verb: if goes_to_trash { Verb::Update } else { Verb::Delete },
        resource: resource.name.to_owned(),
        key: object.key.clone(),
        about: object.name(),
        target: Some(Id::Known(id.clone())),
        second: None,
        as_user: None,
        body: if goes_to_trash { vec![("deleted".to_owned(), special::literal("true"))] } else { Vec::new() },
        // A folder after what lay in it, which was made after it.
        needs: plan
            .steps
            .iter()
            .filter(|step| kind.name == "folders" && step.object != at)
            .map(|step| step.number)
            .collect(),
        gives: Vec::new(),
        among: None,
        irreversible: None,
    });
    plan.ids.insert(&Symbol::new(kind.name, object.key.as_str()), &id);
    plan.objects.push(object);
    Ok(true)
}

/// The folder that a user has of its own.
async fn folder_of(
    session: &Session,
    users: &'static Kind,
    user: &str,
) -> Result<Option<String>, RestoreError> {
    let keys = BTreeSet::from([user.to_owned()]);
    let found = live::read(session, users, &keys, &Stock::default()).await?.lives;
    let document = found.get(user).map(|live| serde_json::from_slice::<serde_json::Value>(&live.row.raw));
    Ok(document.and_then(Result::ok).and_then(|user| user["personal_folder_id"].as_str().map(str::to_owned)))
}

/// Whether nothing lies in a folder but these folders, the trash included: deleting it
/// would delete that for good.
async fn is_empty(session: &Session, folder: &str, but: &HashSet<String>) -> Result<bool, RestoreError> {
    for kind in ["dashboards", "looks"].into_iter().filter_map(Kind::find) {
        let Some(paged) = kind.paged() else { continue };
        for side in [Side::Live, Side::Trash] {
            let call =
                Group::on(kind, paged, side).call(Some(folder), Rows::Light, Reason::Item).with("limit", "1");
            let rows = session.client.get(&call, |reply| looker::rows::cut(&reply.body)).await?;
            if !rows.is_empty() {
                return Ok(false);
            }
        }
    }
    let Some(children) = Resource::find("folders").and_then(|folders| folders.siblings.as_ref()) else {
        return Ok(false);
    };
    let call = looker::client::Call::new(&children.operation, "folders", Reason::Item).at(folder);
    let rows = session.client.get(&call, |reply| looker::rows::cut(&reply.body)).await?;
    let folders = Kind::find("folders").unwrap_or(&looker::catalogue::KINDS[0]);
    let id = |row: bytes::Bytes| Some(looker::rows::Row::read(row, folders).ok()?.id);
    Ok(rows.into_iter().all(|row| id(row).is_some_and(|id| but.contains(&id))))
}

/// A plan of nothing.
fn nothing(address: &str, instance: i64, as_of: RunId) -> Plan {
    Plan {
        format: super::FORMAT.to_owned(),
        address: address.to_owned(),
        instance,
        as_of: as_of.number(),
        made_at: jiff::Timestamp::now(),
        manner: Manner::default(),
        skip_existing: false,
        relink: false,
        stored_references_only: false,
        references: None,
        favorites: false,
        objects: Vec::new(),
        steps: Vec::new(),
        ids: super::Known::default(),
        notes: Vec::new(),
    }
}
