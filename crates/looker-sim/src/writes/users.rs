//! Users (`looker-api-facts.md` §3). Nothing here sends mail.

use super::rows::{of, rows};
use super::{Edit, Failure, Wrote, bodies, groups};
use crate::access::texts;
use crate::edits;
use crate::json::{self, quoted};
use crate::kinds::Kind;
use crate::metadata;
use crate::objects;
use crate::owned;
use crate::routes::View;
use crate::state::{Changes, World, change};
use crate::table::Row;

/// Members of the type that have operations of their own.
const CREDENTIALS: [&str; 8] = [
    "credentials_email",
    "credentials_google",
    "credentials_ldap",
    "credentials_looker_openid",
    "credentials_oidc",
    "credentials_saml",
    "credentials_totp",
    "credentials_workforce",
];

fn shown(id: String) -> Wrote {
    Wrote::Object(Kind::User, View::Whole, id)
}

/// What was given. Flags cannot be null.
fn writable(edit: &mut Edit<'_>) -> Changes<'static> {
    let mut changes = edit.take_given().without(&CREDENTIALS).into_changes();
    changes
        .retain(|(name, value)| value != "null" || !matches!(*name, "is_disabled" | "can_manage_api3_creds"));
    changes
}

fn check_home(edit: &Edit<'_>) -> Result<(), Failure> {
    match edit.given.text("home_folder_id") {
        Some(folder) if edit.world.get(Kind::Folder, &folder).is_none() => {
            Err(Failure::invalid("home_folder_id", "folder not found for home_folder_id"))
        }
        _ => Ok(()),
    }
}

/// The name that others see: it takes both parts.
fn display_name(first: &str, last: &str) -> String {
    if first.is_empty() || last.is_empty() { String::new() } else { format!("{first} {last}") }
}

/// `POST /users`: a user without credentials and roles, in the groups that
/// everybody is in, with a folder of its own.
pub(crate) fn create(edit: &mut Edit<'_>) -> Result<Wrote, Failure> {
    check_home(edit)?;
    let name = |name| edit.given.text(name).unwrap_or_default();
    let display = display_name(&name("first_name"), &name("last_name"));
    let joined: Vec<String> = rows(edit.world, Kind::Group)
        .filter(|group| of(group, "include_by_default") == "true")
        .map(|group| group.id.to_string())
        .collect();
    let folder = (edit.world.table(Kind::Folder).largest_key() + 1).to_string();
    let mut changes = writable(edit);
    change(&mut changes, "display_name", quoted(&display));
    change(&mut changes, "group_ids", super::rows::listed(&joined));
    change(&mut changes, "personal_folder_id", quoted(&folder));
    let id = edit.create(Kind::User, |id| {
        change(&mut changes, "id", quoted(&id.to_string()));
        change(&mut changes, "url", quoted(&format!("https://localhost:19999/api/4.0/users/{id}")));
        bodies::filled(bodies::USER, &changes)
    });
    own_folder(edit, &id, &display)?;
    for group in joined {
        groups::count(edit.world, &group)?;
    }
    Ok(shown(id))
}

/// The folder of a new user, which it alone may edit. Who has no name has a
/// folder without one (`looker-api-facts.md` §7).
fn own_folder(edit: &mut Edit<'_>, user: &str, name: &str) -> Result<(), Failure> {
    let now = edit.now();
    let number = edit.world.table(Kind::Folder).largest_key() + 1;
    let list = metadata::next_id(edit.world, Kind::Folder, number);
    edit.world.create(Kind::Folder, |id| {
        let name = if name.is_empty() { "null".to_owned() } else { quoted(name) };
        let changes = [
            ("content_metadata_id", quoted(&list)),
            ("id", quoted(&id.to_string())),
            ("name", name),
            ("created_at", now),
            ("creator_id", quoted(user)),
        ];
        bodies::filled(bodies::PERSONAL_FOLDER, &changes)
    });
    edit.world.own_lists.insert(list.clone());
    let grant = [
        ("content_metadata_id", quoted(&list)),
        ("user_id", quoted(user)),
        ("permission_type", quoted("edit")),
    ];
    objects::create(edit.world, Kind::ContentMetadataAccess, &bodies::filled(bodies::ACCESS, &grant))?;
    Ok(())
}

/// `PATCH /users/{id}`: only what is sent. Names that are set to null read back
/// as empty, and the address belongs to the credentials.
pub(crate) fn update(edit: &mut Edit<'_>) -> Result<Wrote, Failure> {
    let id = edit.id();
    edit.row(Kind::User, &id)?;
    check_home(edit)?;
    let mut changes = writable(edit);
    for (_, value) in changes.iter_mut().filter(|(name, _)| matches!(*name, "first_name" | "last_name")) {
        if value == "null" {
            *value = quoted("");
        }
    }
    let row = edit.row(Kind::User, &id)?;
    let after = |name: &str| {
        let given = changes.iter().find(|(have, _)| *have == name).map(|(_, value)| value.as_str());
        json::text(given.unwrap_or_else(|| of(row, name))).unwrap_or_default()
    };
    let display = display_name(&after("first_name"), &after("last_name"));
    let email = of(row, "credentials_email").to_owned();
    if let Some((_, is_disabled)) = changes.iter().find(|(name, _)| *name == "is_disabled")
        && email != "null"
    {
        let email = json::patch(&email, &[("is_disabled", is_disabled.clone())]);
        changes.push(("credentials_email", email));
    }
    changes.push(("display_name", quoted(&display)));
    edit.world.set(Kind::User, &id, &changes)?;
    Ok(shown(id))
}

/// `DELETE /users/{id}`: nobody deletes himself or the last administrator. What
/// lies in the user's own folder goes to the trash.
pub(crate) fn delete(edit: &mut Edit<'_>) -> Result<Wrote, Failure> {
    let id = edit.id();
    let row = edit.row(Kind::User, &id)?;
    let is_last = || {
        let mut others = rows(edit.world, Kind::User).filter(|row| *row.id != *id);
        owned::is_admin(edit.world, &id) && !others.any(|row| owned::is_admin(edit.world, &row.id))
    };
    if id == edit.call.user || is_last() {
        return Err(Failure::Denied);
    }
    let joined = texts(row, "group_ids");
    let own = json::text(of(row, "personal_folder_id"));
    let own = own.filter(|folder| is_personal(edit.world.get(Kind::Folder, folder)));
    if let Some(folder) = own {
        let user = edit.call.user.clone();
        drop_folder(edit.world, &folder, &user)?;
    }
    objects::purge(edit.world, Kind::User, &id)?;
    for group in joined
        .iter()
        .filter(|group| edit.world.get(Kind::Group, group).is_some())
        .cloned()
        .collect::<Vec<_>>()
    {
        groups::count(edit.world, &group)?;
    }
    Ok(Wrote::Nothing)
}

fn is_personal(folder: Option<&Row>) -> bool {
    folder.is_some_and(|folder| of(folder, "is_personal") == "true")
}

/// Takes a folder away with those below it, its content into the trash.
fn drop_folder(world: &mut World, folder: &str, user: &str) -> Result<(), Failure> {
    let inside = |world: &World, kind: Kind| -> Vec<String> {
        let table = world.table(kind);
        table.slots_in(&[folder], false).iter().map(|slot| table.row(*slot).id.to_string()).collect()
    };
    for below in inside(world, Kind::Folder) {
        drop_folder(world, &below, user)?;
    }
    for kind in [Kind::Dashboard, Kind::Look] {
        for id in inside(world, kind) {
            edits::update(world, kind, &id, vec![("deleted", "true".to_owned())], user)?;
        }
    }
    let list =
        world.get(Kind::Folder, folder).and_then(|row| metadata::id_of(Kind::Folder, row)).map(str::to_owned);
    objects::purge(world, Kind::Folder, folder)?;
    if let Some(list) = list {
        world.own_lists.remove(&list);
    }
    Ok(())
}
