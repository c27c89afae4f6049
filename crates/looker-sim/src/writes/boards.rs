//! Boards, their sections, and the items in those: three calls make one
//! (`looker-api-facts.md` §9). Orders name what exists, and new objects come last.

use super::{Edit, Failure, Wrote, bodies};
use crate::json::{self, quoted};
use crate::kinds::Kind;
use crate::metadata;
use crate::objects;
use crate::routes::View;
use crate::state::{Changes, change};
use crate::table::as_text;

/// Members of an item that name content.
const CONTENT: [(&str, Kind); 3] = [
    ("dashboard_id", Kind::Dashboard),
    ("look_id", Kind::Look),
    ("lookml_dashboard_id", Kind::LookmlDashboard),
];

fn shown(kind: Kind, id: String) -> Wrote {
    Wrote::Object(kind, View::Composed, id)
}

/// Creates an object with what was given, and answers it.
fn create(edit: &mut Edit<'_>, kind: Kind, template: &str, changes: &Changes<'_>) -> Result<Wrote, Failure> {
    let id = objects::create(edit.world, kind, &bodies::filled(template, changes))?;
    edit.world.freshen(kind, &id);
    Ok(shown(kind, id))
}

/// What was given, with the moment of creation.
fn born(edit: &mut Edit<'_>) -> Changes<'static> {
    let now = edit.now();
    // The mark of the trash is the server's, although it is not read-only.
    let mut changes = edit.take_given().without(&["deleted_at"]).into_changes();
    changes.extend([("created_at", now.clone()), ("updated_at", now)]);
    changes
}

/// `POST /boards`. Titles need not be unique.
pub(crate) fn create_board(edit: &mut Edit<'_>) -> Result<Wrote, Failure> {
    if edit.given.some("title").is_none() {
        return Err(Failure::Invalid(vec![super::given::required("title")]));
    }
    let user = owner(edit)?.unwrap_or_else(|| edit.call.user.clone());
    let creator = creator(edit, &user);
    let number = edit.world.table(Kind::Board).largest_key() + 1;
    let metadata = metadata::next_id(edit.world, Kind::Board, number);
    let mut changes = born(edit);
    change(&mut changes, "user_id", quoted(&user));
    change(&mut changes, "x_creator", creator);
    change(&mut changes, "content_metadata_id", quoted(&metadata));
    change(&mut changes, "section_order", "[]".to_owned());
    create(edit, Kind::Board, bodies::BOARD, &changes)
}

/// The owner that is given.
fn owner(edit: &Edit<'_>) -> Result<Option<String>, Failure> {
    let Some(user) = edit.given.text("user_id") else { return Ok(None) };
    match edit.row(Kind::User, &user) {
        Ok(_) => Ok(Some(user)),
        Err(_) => Err(Failure::invalid("user_id", "user not found for user_id")),
    }
}

fn creator(edit: &Edit<'_>, user: &str) -> String {
    let row = edit.row(Kind::User, user).ok();
    let name = |name| row.and_then(|row| json::member(as_text(&row.body), name)).unwrap_or("null");
    format!(r#"{{"first_name":{},"last_name":{}}}"#, name("first_name"), name("last_name"))
}

/// `PATCH /boards/{id}`.
pub(crate) fn update_board(edit: &mut Edit<'_>) -> Result<Wrote, Failure> {
    let owner = owner(edit)?;
    let creator = owner.map(|user| creator(edit, &user));
    let mut more = Vec::new();
    more.extend(creator.map(|creator| ("x_creator", creator)));
    update(edit, Kind::Board, Some((Kind::BoardSection, "section_order")), more)
}

/// Carries a `PATCH` out. An order keeps what it names of what there is, and
/// what it leaves out comes last.
fn update(
    edit: &mut Edit<'_>,
    kind: Kind,
    order: Option<(Kind, &'static str)>,
    more: Changes<'static>,
) -> Result<Wrote, Failure> {
    let id = edit.id();
    edit.row(kind, &id)?;
    let now = edit.now();
    let mut changes = edit.take_given().without(&["deleted_at"]).into_changes();
    for (name, value) in more {
        change(&mut changes, name, value);
    }
    if let Some((inside, member)) = order
        && let Some((_, given)) = changes.iter_mut().find(|(name, _)| *name == member)
    {
        let table = edit.world.table(inside);
        let slots = table.slots_in(&[&id], false);
        let own: Vec<String> = slots.iter().map(|slot| quoted(&table.row(*slot).id)).collect();
        let mut ids: Vec<String> = json::elements(given).map(str::to_owned).collect();
        ids.retain(|id| own.contains(id));
        ids.extend(own.into_iter().filter(|id| !json::elements(given).any(|have| have == id)));
        *given = format!("[{}]", ids.join(","));
    }
    if kind != Kind::BoardItem {
        change(&mut changes, "updated_at", now);
    }
    edit.world.set(kind, &id, &changes)?;
    Ok(shown(kind, id))
}

/// `DELETE /boards/{id}`, of a section or of an item: with all that is in it.
fn delete(edit: &mut Edit<'_>, kind: Kind) -> Result<Wrote, Failure> {
    let id = edit.id();
    edit.row(kind, &id)?;
    objects::purge(edit.world, kind, &id)?;
    Ok(Wrote::Nothing)
}

/// `DELETE /boards/{id}`.
pub(crate) fn delete_board(edit: &mut Edit<'_>) -> Result<Wrote, Failure> {
    delete(edit, Kind::Board)
}

/// `POST /board_sections`.
pub(crate) fn create_section(edit: &mut Edit<'_>) -> Result<Wrote, Failure> {
    container(edit, "board_id", Kind::Board)?;
    let mut changes = born(edit);
    change(&mut changes, "item_order", "[]".to_owned());
    create(edit, Kind::BoardSection, bodies::BOARD_SECTION, &changes)
}

/// `PATCH /board_sections/{id}`.
pub(crate) fn update_section(edit: &mut Edit<'_>) -> Result<Wrote, Failure> {
    let moves = edit.given.get("board_id").is_some();
    if moves {
        container(edit, "board_id", Kind::Board)?;
    }
    reordered(edit, Kind::BoardSection, moves, |edit| {
        update(edit, Kind::BoardSection, Some((Kind::BoardItem, "item_order")), Vec::new())
    })
}

/// `DELETE /board_sections/{id}`.
pub(crate) fn delete_section(edit: &mut Edit<'_>) -> Result<Wrote, Failure> {
    delete(edit, Kind::BoardSection)
}

/// `POST /board_items`: of one content, or of an address.
pub(crate) fn create_item(edit: &mut Edit<'_>) -> Result<Wrote, Failure> {
    container(edit, "board_section_id", Kind::BoardSection)?;
    let count = check_content(edit)?;
    if count + usize::from(edit.given.some("custom_url").is_some()) == 0 {
        let message = "one of dashboard_id, look_id, lookml_dashboard_id and custom_url is needed";
        return Err(Failure::invalid("dashboard_id", message));
    }
    let changes = edit.take_given().into_changes();
    create(edit, Kind::BoardItem, bodies::BOARD_ITEM, &changes)
}

/// `PATCH /board_items/{id}`.
pub(crate) fn update_item(edit: &mut Edit<'_>) -> Result<Wrote, Failure> {
    let moves = edit.given.get("board_section_id").is_some();
    if moves {
        container(edit, "board_section_id", Kind::BoardSection)?;
    }
    check_content(edit)?;
    reordered(edit, Kind::BoardItem, moves, |edit| update(edit, Kind::BoardItem, None, Vec::new()))
}

/// `DELETE /board_items/{id}`.
pub(crate) fn delete_item(edit: &mut Edit<'_>) -> Result<Wrote, Failure> {
    delete(edit, Kind::BoardItem)
}

/// Refuses a container that is not there.
fn container(edit: &Edit<'_>, member: &str, kind: Kind) -> Result<(), Failure> {
    let Some(id) = edit.given.text(member) else {
        return Err(Failure::Invalid(vec![super::given::required(member)]));
    };
    edit.row(kind, &id).map(|_| ())
}

/// The number of contents that are named, at most one, all of which exist.
fn check_content(edit: &Edit<'_>) -> Result<usize, Failure> {
    let mut count = 0;
    for (member, kind) in CONTENT {
        let Some(id) = edit.given.text(member) else { continue };
        count += 1;
        if edit.row(kind, &id).is_err() {
            return Err(Failure::invalid(member, &format!("content not found for {member}")));
        }
    }
    if count > 1 {
        return Err(Failure::invalid("dashboard_id", "an item shows one content only"));
    }
    Ok(count)
}

/// Carries a change out, and keeps the orders of containers true when it moves
/// the object from one to another.
fn reordered(
    edit: &mut Edit<'_>,
    kind: Kind,
    moves: bool,
    change: impl FnOnce(&mut Edit<'_>) -> Result<Wrote, Failure>,
) -> Result<Wrote, Failure> {
    let id = edit.id();
    edit.row(kind, &id)?;
    if moves {
        objects::order(edit.world, kind, &id, false);
    }
    let wrote = change(edit)?;
    if moves {
        objects::order(edit.world, kind, &id, true);
    }
    Ok(wrote)
}
