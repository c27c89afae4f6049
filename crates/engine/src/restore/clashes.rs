//! Names that only one may have: found out before anything is written.
//!
//! A title is unique among the live dashboards of a folder, a slug on the whole
//! instance, the trash included (`looker-api-facts.md` §13). One light listing of each
//! side tells both, and which looks are there, so that a look that was made without
//! an answer is told from those of before. What changed since the vault read it is seen
//! in the same listing ([`sighting`](super::planner)).

use std::collections::HashMap;
use std::sync::Arc;

use jiff::Timestamp;
use looker::catalogue::Paged;
use looker::pacing::Reason;
use looker::{Client, Kind};
use serde::Deserialize;
use vault::Side;

use super::RestoreError;
use super::plan::{Action, Object};
use super::session::Session;
use super::step::{Id, Part, Step, Verb};
use crate::extract::{Group, Rows};

/// Rows of a light listing asked for at once.
const LISTING_PAGE: usize = 50_000;

/// What is there of kinds of which something is made.
#[derive(Debug, Default)]
pub(super) struct Clashes {
    kinds: HashMap<&'static str, Names>,
}

/// Names of a kind.
#[derive(Debug, Default)]
struct Names {
    /// By title.
    titled: HashMap<String, Vec<(Side, Named)>>,
    /// Ids by slug.
    slugs: HashMap<String, String>,
    /// Folders by id.
    folders: HashMap<String, String>,
}

/// An object as a light listing has it.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Named {
    pub(super) id: String,
    title: Option<String>,
    folder_id: Option<String>,
    slug: Option<String>,
    updated_at: Option<String>,
}

impl Named {
    /// When it was edited last.
    pub(super) fn edited_at(&self) -> Option<Timestamp> {
        self.updated_at.as_deref().and_then(looker::rows::timestamp)
    }
}

/// Lists the kinds of which the steps make something and whose names may clash.
pub(super) async fn find(
    session: &Session,
    objects: &[Object],
    steps: &[Step],
) -> Result<Clashes, RestoreError> {
    let mut clashes = Clashes::default();
    for kind in ["dashboards", "looks"].into_iter().filter_map(Kind::find) {
        let is_made = |step: &Step| {
            step.resource == kind.name
                && matches!(step.verb, Verb::Create | Verb::Undelete)
                && !matches!(objects[step.object].action, Action::Blocked(_))
        };
        let Some(paged) = kind.paged().filter(|_| steps.iter().any(is_made)) else { continue };
        clashes.kinds.insert(kind.name, names(session, kind, paged).await?);
    }
    Ok(clashes)
}

async fn names(session: &Session, kind: &'static Kind, paged: &'static Paged) -> Result<Names, RestoreError> {
    let mut names = Names::default();
    let sides: &[Side] = if kind.name == "dashboards" { &[Side::Live, Side::Trash] } else { &[Side::Live] };
    for side in sides {
        for row in listing(session, kind, paged, *side).await?.iter() {
            if let Some(slug) = &row.slug {
                names.slugs.insert(slug.clone(), row.id.clone());
            }
            if let Some(folder) = &row.folder_id {
                names.folders.insert(row.id.clone(), folder.clone());
            }
            let title = row.title.clone().unwrap_or_default();
            names.titled.entry(title).or_default().push((*side, row.clone()));
        }
    }
    Ok(names)
}

/// What there is of a kind on a side; each is listed once in a session.
pub(super) async fn listing(
    session: &Session,
    kind: &'static Kind,
    paged: &'static Paged,
    side: Side,
) -> Result<Arc<Vec<Named>>, RestoreError> {
    if let Some(known) = session.known_listing(kind, side) {
        return Ok(known);
    }
    let listing = Arc::new(listed(session.client(), kind, paged, side).await?);
    session.note_listing(kind, side, &listing);
    Ok(listing)
}

async fn listed(
    client: &Client,
    kind: &'static Kind,
    paged: &'static Paged,
    side: Side,
) -> Result<Vec<Named>, RestoreError> {
    let mut rows: Vec<Named> = Vec::new();
    loop {
        let mut call = Group::on(kind, paged, side)
            .call(None, Rows::Full, Reason::Listing)
            .with(
                "fields",
                if kind.name == "dashboards" {
                    "id,title,folder_id,slug,updated_at"
                } else {
                    "id,title,folder_id,updated_at"
                },
            )
            .with("limit", LISTING_PAGE.to_string())
            .with("offset", rows.len().to_string());
        call.class = "listing";
        let parse = |reply: &looker::client::Reply| {
            serde_json::from_slice::<Vec<Named>>(&reply.body)
                .map_err(|error| looker::Error::new(looker::ErrorKind::BadBody, looker::rows::fault(&error)))
        };
        let page = client.get(&call, parse).await?;
        let is_last = page.len() < LISTING_PAGE;
        rows.extend(page);
        if is_last {
            return Ok(rows);
        }
    }
}

impl Clashes {
    /// Blocks what cannot have its title, drops slugs that are in use, and notes what
    /// was there before anything is made.
    pub(super) fn settle(&self, objects: &mut [Object], steps: &mut [Step]) {
        for step in steps.iter_mut() {
            let Some(names) = self.kinds.get(step.resource.as_str()) else { continue };
            let object = &mut objects[step.object];
            let namesakes = object.title.as_ref().and_then(|title| names.titled.get(title));
            let namesakes = namesakes.map_or(&[][..], Vec::as_slice);
            let is_own = |id: &str| object.live_id.as_deref() == Some(id);
            if step.resource == "dashboards" && matches!(step.verb, Verb::Create | Verb::Undelete) {
                let own_folder = object.live_id.as_ref().and_then(|id| names.folders.get(id));
                let folder = folder_of(step).or(own_folder.map(String::as_str));
                let taken = namesakes.iter().find(|(side, row)| {
                    *side == Side::Live
                        && !is_own(&row.id)
                        && folder.is_some()
                        && row.folder_id.as_deref() == folder
                });
                let slug = text(step, "slug");
                let owner = slug.and_then(|slug| names.slugs.get(&slug)).filter(|id| !is_own(id));
                if let Some(owner) = owner {
                    step.body.retain(|(field, _)| field != "slug");
                    object.notes.push(format!(
                        "it gets another slug, and so another address: dashboard {owner} has it"
                    ));
                }
                if let Some((_, row)) = taken {
                    object.action =
                        Action::Blocked(format!("dashboard {} has its title in that folder", row.id));
                }
            }
            // Only one of its title could be taken for what it makes.
            if let (Verb::Create, Some(among)) = (step.verb, &mut step.among) {
                among.known = namesakes.iter().map(|(_, row)| row.id.clone()).collect();
            }
        }
    }
}

fn folder_of(step: &Step) -> Option<&str> {
    step.body.iter().find(|(field, _)| field == "folder_id").and_then(|(_, part)| match part {
        Part::Id(Id::Known(id)) => Some(id.as_str()),
        Part::Id(Id::Of(symbol)) => Some(symbol.key.as_str()),
        _ => None,
    })
}

fn text(step: &Step, field: &str) -> Option<String> {
    step.body.iter().find(|(name, _)| name == field).and_then(|(_, part)| match part {
        Part::Json(text) => serde_json::from_str(text.get()).ok(),
        _ => None,
    })
}
