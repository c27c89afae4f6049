//! A user's address and password (`looker-api-facts.md` §3). Of these only
//! `send_password_reset` sends mail.

use super::rows::{nameless, of, refuse, rows};
use super::{Edit, Failure, Wrote, bodies};
use crate::PLANTED_SECRET;
use crate::json::{self, quoted};
use crate::kinds::Kind;
use crate::reply::Problem;
use crate::state::Changes;
use crate::table::as_text;

/// Credentials of other kinds that name an address.
const OTHERS: [&str; 4] = ["credentials_saml", "credentials_google", "credentials_ldap", "credentials_oidc"];

/// The credentials that are there.
fn existing(edit: &Edit<'_>, id: &str) -> Result<String, Failure> {
    let row = edit.row(Kind::User, id)?;
    Some(of(row, "credentials_email"))
        .filter(|email| *email != "null")
        .map(str::to_owned)
        .ok_or(Failure::NotFound)
}

/// What is wrong with the address that is given.
fn check(edit: &Edit<'_>, user: &str, is_new: bool) -> Result<(), Failure> {
    let given = edit.given.text("email");
    let address = given.as_deref().unwrap_or_default();
    let malformed = given.is_some() && !address.contains('@');
    let taken = given.is_some()
        && rows(edit.world, Kind::User)
            .any(|row| *row.id != *user && row.text(Kind::User, "email").eq_ignore_ascii_case(address));
    refuse(nameless(edit, "email", is_new).or_else(|| {
        if malformed {
            Some(Problem::invalid("email", "email is not a valid address".to_owned()))
        } else {
            taken.then(|| Problem::already_exists("email", "Email is already in use."))
        }
    }))
}

/// Stores credentials, and what the user shows of them.
fn store(edit: &mut Edit<'_>, user: &str, email: &str) -> Result<Wrote, Failure> {
    let address = json::member(email, "email").unwrap_or("null").to_owned();
    let changes = vec![("credentials_email", email.to_owned()), ("email", address)];
    edit.world.set(Kind::User, user, &changes)?;
    Ok(Wrote::Json(email.to_owned()))
}

fn given(edit: &mut Edit<'_>) -> Changes<'static> {
    let mut changes = edit.take_given().into_changes();
    changes.retain(|(_, value)| value != "null");
    changes
}

/// A link that lets whoever has it set a password.
fn link(edit: &Edit<'_>, what: &str) -> String {
    let mark =
        edit.server.config.secret_marker.as_ref().map(|marker| format!("{marker}-")).unwrap_or_default();
    quoted(&format!("https://demo.looker.example/{what}/{PLANTED_SECRET}-{mark}{:x}", fastrand::u64(..)))
}

/// `POST /users/{id}/credentials_email`: a second one is refused.
pub(crate) fn create(edit: &mut Edit<'_>) -> Result<Wrote, Failure> {
    let user = edit.id();
    let row = edit.row(Kind::User, &user)?;
    let is_disabled = of(row, "is_disabled").to_owned();
    if of(row, "credentials_email") != "null" {
        return Err(Failure::Exists);
    }
    check(edit, &user, true)?;
    let url = format!("https://localhost:19999/api/4.0/users/{user}");
    let mut changes = vec![
        ("is_disabled", is_disabled),
        ("created_at", edit.now()),
        ("user_id", quoted(&user)),
        ("account_setup_url", link(edit, "account/setup")),
        ("url", quoted(&format!("{url}/credentials_email"))),
        ("user_url", quoted(&url)),
    ];
    changes.extend(given(edit));
    store(edit, &user, &bodies::filled(bodies::CREDENTIALS_EMAIL, &changes))
}

/// `PATCH /users/{id}/credentials_email`.
pub(crate) fn update(edit: &mut Edit<'_>) -> Result<Wrote, Failure> {
    let user = edit.id();
    let email = existing(edit, &user)?;
    check(edit, &user, false)?;
    let changes = given(edit);
    store(edit, &user, &json::patch(&email, &changes))
}

/// `DELETE /users/{id}/credentials_email`: the user keeps the address of other
/// credentials, if there are any.
pub(crate) fn delete(edit: &mut Edit<'_>) -> Result<Wrote, Failure> {
    let user = edit.id();
    existing(edit, &user)?;
    let body = as_text(&edit.row(Kind::User, &user)?.body);
    let other = OTHERS.iter().find_map(|kind| json::member(json::member(body, kind)?, "email"));
    let address = other.unwrap_or("null").to_owned();
    let changes = vec![("credentials_email", "null".to_owned()), ("email", address)];
    edit.world.set(Kind::User, &user, &changes)?;
    Ok(Wrote::Nothing)
}

/// Gives the user a new link to set a password by.
fn renew(edit: &mut Edit<'_>, user: &str) -> Result<Wrote, Failure> {
    let email = existing(edit, user)?;
    let changes = [
        ("password_reset_url", link(edit, "password/reset")),
        ("password_reset_url_expired", "false".to_owned()),
    ];
    store(edit, user, &json::patch(&email, &changes))
}

/// `POST /users/{id}/credentials_email/password_reset`: a link, and no mail.
pub(crate) fn reset(edit: &mut Edit<'_>) -> Result<Wrote, Failure> {
    let user = edit.id();
    renew(edit, &user)
}

/// `POST /users/{id}/credentials_email/send_password_reset`: a link by mail.
pub(crate) fn send_reset(edit: &mut Edit<'_>) -> Result<Wrote, Failure> {
    let user = edit.id();
    let wrote = renew(edit, &user)?;
    let to = edit.row(Kind::User, &user)?.text(Kind::User, "email").to_owned();
    edit.send("password_reset", Kind::User, &user, vec![to]);
    Ok(wrote)
}
