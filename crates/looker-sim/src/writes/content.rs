//! What dashboards and looks have in common: folder, owner, trash, title,
//! certification.

use super::{Edit, Failure, Wrote};
use crate::edits;
use crate::json::{self, quoted};
use crate::kinds::Kind;
use crate::metadata;
use crate::parts::Part;
use crate::reply::Problem;
use crate::routes::View;
use crate::state::{Changes, Refused, change};
use crate::table::as_text;

/// Wrote a dashboard or look.
pub(crate) fn shown(kind: Kind, id: String) -> Wrote {
    Wrote::Object(kind, View::Whole, id)
}

/// The `FolderBase` of a folder that content can lie in.
pub(crate) fn folder(edit: &Edit<'_>, id: &str) -> Result<String, Failure> {
    match edit.row(Kind::Folder, id) {
        Ok(row) if id != "lookml" => Ok(as_text(&row.body).to_owned()),
        _ => Err(Refused::NoFolder.into()),
    }
}

/// The members that name an owner.
pub(crate) fn owner(edit: &Edit<'_>, user: &str) -> Result<Changes<'static>, Failure> {
    let Ok(row) = edit.row(Kind::User, user) else {
        return Err(Failure::invalid("user_id", "user not found for user_id"));
    };
    let of_user = |name| json::member(as_text(&row.body), name);
    let is_disabled = of_user("is_disabled") == Some("true");
    Ok(vec![
        ("user_id", quoted(user)),
        ("user_name", of_user("display_name").unwrap_or("null").to_owned()),
        ("is_owner_disabled", is_disabled.to_string()),
    ])
}

/// Refuses a title that is taken, by what this instance takes for taken.
fn check_title(edit: &Edit<'_>, kind: Kind, folder: &str, title: &str, but: &str) -> Result<(), Failure> {
    let config = &edit.server.config;
    let taken = |trashed| edits::title_taken_among(edit.world, kind, folder, title, but, trashed);
    match kind {
        Kind::Look if config.look_titles_unique && taken(false) => Err(Refused::LookTitleTaken.into()),
        Kind::Dashboard if taken(false) || config.trash_blocks_titles && taken(true) => {
            Err(Refused::TitleTaken.into())
        }
        _ => Ok(()),
    }
}

/// The members of new content, from what was given: all but id and metadata.
///
/// # Errors
///
/// What Looker refuses: no title, no folder, a title that is taken.
pub(crate) fn born(edit: &mut Edit<'_>, kind: Kind) -> Result<Changes<'static>, Failure> {
    let (title, folder_id) = (edit.given.text("title"), edit.given.text("folder_id"));
    let (Some(title), Some(folder_id)) = (&title, &folder_id) else {
        let absent = [("title", &title), ("folder_id", &folder_id)];
        let absent = absent.iter().filter(|(_, value)| value.is_none());
        return Err(Failure::Invalid(absent.map(|(name, _)| super::given::required(name)).collect()));
    };
    let folder = folder(edit, folder_id)?;
    let owner = owner(edit, &edit.given.text("user_id").unwrap_or_else(|| edit.call.user.clone()))?;
    let trashed = edit.given.get("deleted") == Some("true");
    if !trashed {
        check_title(edit, kind, folder_id, title, "")?;
    }
    let now = edit.now();
    let user = quoted(&edit.call.user);
    let mut changes = edit.take_given().into_changes();
    for (name, value) in owner {
        change(&mut changes, name, value);
    }
    for (name, value) in [
        ("folder", folder),
        ("created_at", now.clone()),
        ("updated_at", now.clone()),
        ("last_updater_id", user.clone()),
        ("deleted_at", if trashed { now } else { "null".to_owned() }),
        ("deleter_id", if trashed { user } else { "null".to_owned() }),
        ("deleted", trashed.to_string()),
    ] {
        change(&mut changes, name, value);
    }
    Ok(changes)
}

/// The members that new content has from its id.
pub(crate) fn numbered(kind: Kind, id: u64, content_metadata_id: &str, changes: &mut Changes<'_>) {
    change(changes, "id", quoted(&id.to_string()));
    change(changes, "content_metadata_id", quoted(content_metadata_id));
    let path = if kind == Kind::Look { format!("/looks/{id}") } else { format!("/dashboards/{id}") };
    change(changes, "url", quoted(&path));
    if kind == Kind::Look {
        change(changes, "short_url", quoted(&path));
    } else {
        change(changes, "edit_uri", quoted(&format!("https://localhost:19999{path}/edit")));
    }
}

/// The id of the metadata of the next object of a kind.
pub(crate) fn next_metadata(edit: &Edit<'_>, kind: Kind) -> String {
    metadata::next_id(edit.world, kind, edit.world.table(kind).largest_key() + 1)
}

/// Carries a `PATCH` out.
///
/// # Errors
///
/// What Looker refuses.
pub(crate) fn update(edit: &mut Edit<'_>, kind: Kind, id: &str) -> Result<Wrote, Failure> {
    check_update(edit, kind, id)?;
    let changes = update_changes(edit, kind)?;
    edits::update(edit.world, kind, id, changes, &edit.call.user)?;
    Ok(shown(kind, id.to_owned()))
}

/// Refuses changes that Looker refuses.
fn check_update(edit: &Edit<'_>, kind: Kind, id: &str) -> Result<(), Failure> {
    let row = edit.row(kind, id)?;
    let after = |name| edit.given.text(name).unwrap_or_else(|| row.text(kind, name).to_owned());
    let (folder_id, title) = (after("folder_id"), after("title"));
    let trashed = edit.given.get("deleted").map_or(row.deleted, |value| value == "true");
    let places = ["title", "folder_id", "deleted"];
    if edit.given.get("title") == Some("null") {
        return Err(Failure::Invalid(vec![super::given::required("title")]));
    }
    if kind == Kind::Look && edit.given.get("query_id") == Some("null") {
        return Err(Failure::Invalid(vec![super::given::required("query_id")]));
    }
    if let Some(id) = edit.given.get("folder_id") {
        folder(edit, &json::text(id).unwrap_or_default())?;
    }
    if !trashed && places.iter().any(|name| edit.given.get(name).is_some()) {
        check_title(edit, kind, &folder_id, &title, id)?;
    }
    Ok(())
}

/// What was given, with what follows from it.
fn update_changes(edit: &mut Edit<'_>, kind: Kind) -> Result<Changes<'static>, Failure> {
    let given = edit.take_given();
    let owner = match given.text("user_id").filter(|_| edit.server.config.owner_can_be_changed) {
        Some(user) => owner(edit, &user)?,
        None => Vec::new(),
    };
    let title = given.get("title").map(str::to_owned).filter(|_| kind == Kind::Dashboard);
    let mut changes = given.without(&["user_id"]).into_changes();
    changes.extend(owner);
    if let Some(title) = title {
        let row = edit.row(kind, edit.call.id())?;
        let layouts = json::elements(row.member(Part::Layout.list()).unwrap_or("[]"));
        let layouts: Vec<String> =
            layouts.map(|layout| json::patch(layout, &[("dashboard_title", title.clone())])).collect();
        changes.push(("dashboard_layouts", format!("[{}]", layouts.join(","))));
    }
    Ok(changes)
}

/// `PATCH .../move?folder_id=`: a folder in the body is none
/// (`looker-api-facts.md` §13).
///
/// # Errors
///
/// What Looker refuses.
pub(crate) fn move_to(edit: &mut Edit<'_>, kind: Kind) -> Result<Wrote, Failure> {
    let id = edit.id();
    let row = edit.row(kind, &id)?;
    let title = row.text(kind, "title").to_owned();
    let trashed = row.deleted;
    let folder_id = edit.call.params.get("folder_id").ok_or(Refused::NoFolder)?.to_owned();
    folder(edit, &folder_id)?;
    if !trashed {
        check_title(edit, kind, &folder_id, &title, &id)?;
    }
    edits::update(edit.world, kind, &id, vec![("folder_id", quoted(&folder_id))], &edit.call.user)?;
    Ok(shown(kind, id))
}

/// The folder a copy goes to, and its title there: `(copy)` or `(copy N)` is
/// appended to one that is taken.
///
/// # Errors
///
/// 422 when there is no such folder.
pub(crate) fn copy_place(edit: &Edit<'_>, kind: Kind, id: &str) -> Result<(String, String), Failure> {
    let row = edit.row(kind, id)?;
    let own = row.text(kind, "folder_id").to_owned();
    let folder_id = edit.call.params.get("folder_id").map_or(own, str::to_owned);
    folder(edit, &folder_id)?;
    let title = row.text(kind, "title");
    let taken = |title: &str| edits::title_taken(edit.world, kind, &folder_id, title, "");
    let names = std::iter::once(title.to_owned())
        .chain(std::iter::once(format!("{title} (copy)")))
        .chain((2..).map(|n| format!("{title} (copy {n})")));
    let free = names.into_iter().find(|title| !taken(title)).unwrap_or_default();
    Ok((folder_id, free))
}

/// The members of a copy that are not its original's.
///
/// # Errors
///
/// 404 when the caller is no user.
pub(crate) fn copied(edit: &Edit<'_>, folder_id: &str, title: &str) -> Result<Changes<'static>, Failure> {
    let now = edit.now();
    let null = || "null".to_owned();
    let mut changes = owner(edit, &edit.call.user)?;
    changes.extend([
        ("title", quoted(title)),
        ("folder_id", quoted(folder_id)),
        ("folder", folder(edit, folder_id)?),
        ("created_at", now.clone()),
        ("updated_at", now),
        ("deleted", "false".to_owned()),
        ("deleted_at", null()),
        ("deleter_id", null()),
        ("last_updater_id", quoted(&edit.call.user)),
        ("view_count", "0".to_owned()),
        ("favorite_count", "0".to_owned()),
        ("usage_count", "0".to_owned()),
        ("content_favorite_id", null()),
        ("last_viewed_at", null()),
        ("last_accessed_at", null()),
    ]);
    Ok(changes)
}

/// Certifies content, or revokes that. It moves no `updated_at`.
///
/// # Errors
///
/// 422 for a status that is neither.
pub(crate) fn certify(edit: &mut Edit<'_>, kind: Kind) -> Result<Wrote, Failure> {
    let id = edit.id();
    edit.row(kind, &id)?;
    let status = edit.given.text("certification_status");
    if status.as_deref().is_none_or(|status| !matches!(status, "certified" | "revoked")) {
        let message = "certification_status must be certified or revoked".to_owned();
        return Err(Failure::Invalid(vec![Problem::invalid("certification_status", message)]));
    }
    let status = quoted(&status.unwrap_or_default());
    let notes = edit.given.get("notes").unwrap_or("null");
    let name = edit.row(Kind::User, &edit.call.user).ok();
    let name = name.and_then(|row| json::member(as_text(&row.body), "display_name")).unwrap_or("null");
    let now = edit.now();
    let certification = format!(
        r#"{{"certification_status":{status},"ui_status":{status},"user_name":{name},"notes":{notes},"updated_at":{now}}}"#
    );
    edit.world.set(kind, &id, &vec![("certification_metadata", certification)])?;
    // A `Look`, not the `LookWithQuery` that other writes answer.
    let view = if kind == Kind::Look { View::Brief } else { View::Whole };
    Ok(Wrote::Object(kind, view, id))
}
