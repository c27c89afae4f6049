//! The ways a user signs in, as `all_users` embeds them: one of each type, or
//! null, and lists of API keys and embed credentials.

use fastrand::Rng;

use super::template::secret;
use super::{moments, words};
use crate::PLANTED_SECRET;
use crate::config::SimConfig;
use crate::json::Writer;

/// Whose credentials are written.
pub(super) struct Owner<'a> {
    pub(super) id: u64,
    pub(super) email: &'a str,
    pub(super) is_disabled: bool,
    pub(super) is_service: bool,
    /// Signs in through SAML and has no password.
    pub(super) sso_only: bool,
}

/// Appends all members `credentials_*`.
pub(super) fn push(w: &mut Writer, owner: &Owner, config: &SimConfig, rng: &mut Rng) {
    let n = owner.id - 1;
    let person = !owner.is_service;
    if owner.sso_only || owner.is_service {
        w.raw("credentials_email", "null");
    } else {
        email(w, owner, config, rng);
    }
    let provider = |wanted: bool| wanted && person;
    directory(
        w,
        "saml",
        provider(owner.sso_only),
        owner,
        rng,
        "saml_user_id",
        &format!("saml|größe|{}", owner.id),
    );
    directory(w, "google", provider(n % 7 == 3), owner, rng, "google_user_id", &format!("1{:020}", owner.id));
    directory(w, "ldap", provider(n % 17 == 9), owner, rng, "ldap_id", &format!("uid={}", owner.id));
    directory(w, "oidc", provider(n % 19 == 12), owner, rng, "oidc_user_id", &format!("auth0|{}", owner.id));
    w.members(r#""credentials_looker_openid":null,"credentials_workforce":null"#);
    totp(w, provider(n % 5 == 1 && !owner.sso_only), owner, rng);
    api_keys(w, owner, config, rng);
    embed(w, owner, rng);
}

fn url(owner: &Owner, kind: &str) -> String {
    format!("https://localhost:19999/api/4.0/users/{}/credentials_{kind}", owner.id)
}

fn moment(rng: &mut Rng) -> String {
    moments::stamp(moments::past(rng))
}

fn email(w: &mut Writer, owner: &Owner, config: &SimConfig, rng: &mut Rng) {
    let mark = config.secret_marker.as_ref().map(|marker| format!("{marker}-")).unwrap_or_default();
    let mut link = |what: &str| {
        format!("https://demo.looker.example/{what}/{PLANTED_SECRET}-{mark}{}", words::slug(rng))
    };
    let (reset, setup) = (link("password/reset"), link("account/setup"));
    w.begin_at("credentials_email", '{');
    w.members(r#""can":{"show_password_reset_url":true},"forced_password_reset_at_next_login":false"#);
    w.bool("is_disabled", owner.is_disabled);
    w.text("type", "email");
    w.text("created_at", &moment(rng));
    w.text("logged_in_at", &moment(rng));
    w.text("email", owner.email);
    w.id("user_id", owner.id);
    w.text("password_reset_url", &reset);
    w.bool("password_reset_url_expired", false);
    w.text("account_setup_url", &setup);
    w.bool("account_setup_url_expired", true);
    w.text("url", &url(owner, "email"));
    w.text("user_url", &format!("https://localhost:19999/api/4.0/users/{}", owner.id));
    w.end('}');
}

/// A credential of SAML, Google, LDAP or OpenID Connect; `id_name` is the
/// member that holds the other side's id of the user.
fn directory(w: &mut Writer, kind: &str, has: bool, owner: &Owner, rng: &mut Rng, id_name: &str, id: &str) {
    let key = format!("credentials_{kind}");
    if !has {
        w.raw(&key, "null");
        return;
    }
    w.begin_at(&key, '{');
    w.members(r#""can":{"show":true}"#);
    w.bool("is_disabled", owner.is_disabled);
    w.text("type", kind);
    w.opt("logged_in_at", rng.bool().then(|| moment(rng)).as_deref());
    w.text("created_at", &moment(rng));
    w.text("email", owner.email);
    match kind {
        "google" => w.text("domain", "example.com"),
        "ldap" => w.text("ldap_dn", &format!("uid={},ou=größe,dc=example", owner.id)),
        _ => {}
    }
    w.text(id_name, id);
    w.text("url", &url(owner, kind));
    w.members(r#""x_claims":{"amr":null}"#);
    w.end('}');
}

fn totp(w: &mut Writer, has: bool, owner: &Owner, rng: &mut Rng) {
    if !has {
        w.raw("credentials_totp", "null");
        return;
    }
    w.begin_at("credentials_totp", '{');
    w.members(r#""can":{"show":true}"#);
    w.text("created_at", &moment(rng));
    w.bool("is_disabled", owner.is_disabled);
    w.bool("verified", rng.bool());
    w.text("type", "totp");
    w.text("url", &url(owner, "totp"));
    w.end('}');
}

/// The API key's own user has its key, service accounts have one each, a few
/// others two, the second of them disabled. Secrets are shown only when a key
/// is made (`looker-api-facts.md` §3).
fn api_keys(w: &mut Writer, owner: &Owner, config: &SimConfig, rng: &mut Rng) {
    let count = match owner.id {
        1 => 1,
        _ if owner.is_service => 1,
        id if id % 6 == 3 => 2,
        _ => 0,
    };
    w.begin_at("credentials_api3", '[');
    for n in 0..count {
        let id = if owner.id == 1 { 1 } else { owner.id * 10 + n };
        w.begin('{');
        w.members(r#""can":{"show":true,"index":true}"#);
        w.id("id", id);
        match owner.id {
            1 => w.text("client_id", &config.client_id),
            _ => w.text("client_id", &words::slug(rng)[..20]),
        }
        if config.secret_marker.is_some() {
            w.text("client_secret", &secret(config, rng));
        }
        w.bool("is_disabled", n == 1);
        w.text("type", "api3");
        w.opt("purpose", (n == 1).then_some("Nächtlicher „Export“ 🌙"));
        w.text("created_at", &moment(rng));
        w.text("url", &format!("{}/{id}", url(owner, "api3")));
        w.end('}');
    }
    w.end(']');
}

/// Every thirteenth user comes from an application Looker is embedded in.
fn embed(w: &mut Writer, owner: &Owner, rng: &mut Rng) {
    w.begin_at("credentials_embed", '[');
    if owner.id.is_multiple_of(13) {
        w.begin('{');
        w.members(r#""can":{"show":true}"#);
        w.id("id", owner.id);
        w.text("created_at", &moment(rng));
        w.text("external_group_id", "tenant:größe");
        w.text("external_user_id", &format!("u{}", owner.id));
        w.bool("is_disabled", owner.is_disabled);
        w.raw("logged_in_at", "null");
        w.text("type", "embed");
        w.text("url", &format!("{}/{}", url(owner, "embed"), owner.id));
        w.end('}');
    }
    w.end(']');
}
