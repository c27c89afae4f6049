//! How users sign in.
//!
//! Of all credentials only an address can be given: creating it sends no mail
//! (`send_password_reset` does, and is never called). Passwords were never stored, and
//! whoever signs in elsewhere gets those credentials by doing so.

use looker::catalogue::Resource;

use super::compose::{Composer, Sides, key, name_of};
use super::step::{Id, Part, Symbol, Verb};
use crate::diff::Value;

/// Credentials that only their owner, or whoever signs users in, can make.
const OTHERS: &[(&str, &str)] = &[
    ("credentials_api3", "API keys"),
    ("credentials_embed", "embed sign-in"),
    ("credentials_google", "Google sign-in"),
    ("credentials_ldap", "LDAP sign-in"),
    ("credentials_looker_openid", "Looker sign-in"),
    ("credentials_oidc", "OIDC sign-in"),
    ("credentials_saml", "SAML sign-in"),
    ("credentials_totp", "a second factor"),
    ("credentials_workforce", "workforce sign-in"),
];

/// Gives a user the address that it had, and says what cannot be given.
pub(super) fn credentials(composer: &mut Composer<'_>, sides: Sides<'_>) {
    let lost: Vec<&str> = OTHERS
        .iter()
        .filter(|(field, _)| {
            has_any(sides.wanted, field) && !sides.live.is_some_and(|live| has_any(live, field))
        })
        .map(|(_, words)| *words)
        .collect();
    if !lost.is_empty() {
        composer.note(format!("{}: not restorable, to be set up again", lost.join(", ")));
    }
    if sides.live.is_none() && has_any(sides.wanted, "is_service_account") {
        composer.note("it was a service account, and comes back as a user like others".to_owned());
    }
    let Some(resource) = Resource::find("credentials_email") else { return };
    let (wanted, live) = (address(sides.wanted), sides.live.and_then(address));
    if wanted.map(Value::text) == live.map(Value::text) {
        return;
    }
    let Some(users) = Resource::find("users") else { return };
    let stored = key(sides.wanted).unwrap_or_default();
    let user = match sides.live.and_then(key) {
        Some(id) => Id::Known(id),
        None => Id::Of(Symbol::new("users", stored.as_str())),
    };
    let about = format!("e-mail address of {}", name_of(users, sides.wanted));
    let (verb, words) = match (wanted, live) {
        (Some(_), None) => (Verb::Add, "e-mail address added"),
        (Some(_), Some(_)) => (Verb::Update, "e-mail address changed"),
        (None, _) => (Verb::Delete, "e-mail address removed"),
    };
    let body = wanted.and_then(|wanted| Part::json(wanted.text()));
    let body = body.map(|email| ("email".to_owned(), email)).into_iter().collect();
    composer.changes.push(words.to_owned());
    composer.add(verb, resource, stored, about, Some(user), body);
    if verb == Verb::Add {
        composer.note("it has no password: it gets one by the link of its set-up or a reset".to_owned());
    }
    if let Some(step) = composer.steps.last_mut().filter(|_| verb == Verb::Delete) {
        step.irreversible = Some("an undo gives the address back without its password".to_owned());
    }
}

/// The address by which a user signs in.
fn address<'v>(user: &'v Value<'v>) -> Option<&'v Value<'v>> {
    user.at("credentials_email.email").filter(|email| email.as_name().is_some())
}

fn has_any(user: &Value<'_>, field: &str) -> bool {
    user.member(field).is_some_and(|value| !value.is_nothing())
}
