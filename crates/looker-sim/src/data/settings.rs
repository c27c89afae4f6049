//! What an instance has one of: settings, sign-in, mail, appearance. Each is a
//! table of one row.

use super::attributes;
use super::template::{Source, array, list};
use crate::config::SimConfig;
use crate::json::{self, quoted};
use crate::kinds::Kind;

/// What is put together from a template alone.
const PLAIN: [(Kind, &str); 13] = [
    (Kind::WhitelabelConfiguration, include_str!("bodies/whitelabel_configuration.json")),
    (Kind::SessionConfig, include_str!("bodies/session_config.json")),
    (Kind::PasswordConfig, include_str!("bodies/password_config.json")),
    (Kind::CustomWelcomeEmail, include_str!("bodies/custom_welcome_email.json")),
    (Kind::DigestEmails, include_str!("bodies/digest_emails.json")),
    (Kind::InternalHelpResourcesContent, include_str!("bodies/internal_help_resources_content.json")),
    (Kind::InternalHelpResources, include_str!("bodies/internal_help_resources.json")),
    (Kind::MobileSettings, include_str!("bodies/mobile_settings.json")),
    (Kind::CloudStorage, include_str!("bodies/cloud_storage_configuration.json")),
    (Kind::SmtpStatus, include_str!("bodies/smtp_status.json")),
    (Kind::SupportAccessStatus, include_str!("bodies/support_access_status.json")),
    (Kind::EgressIpAddresses, include_str!("bodies/egress_ip_addresses.json")),
    (Kind::Setting, include_str!("bodies/setting.json")),
];

/// The ways to sign in through a directory; they name groups, roles and user
/// attributes.
const SIGN_IN: [(Kind, &str); 3] = [
    (Kind::SamlConfig, include_str!("bodies/saml_config.json")),
    (Kind::LdapConfig, include_str!("bodies/ldap_config.json")),
    (Kind::OidcConfig, include_str!("bodies/oidc_config.json")),
];

/// All of them; `groups` and `roles` are the bodies they refer to.
pub(super) fn generate(config: &SimConfig, groups: &[String], roles: &[String]) -> Vec<(Kind, Vec<String>)> {
    let mut kinds = Vec::new();
    for (kind, template) in PLAIN {
        let mut source = Source::new(config, 0x5E7 + kind as u64);
        let own = [
            ("timezone", quoted(["Europe/Berlin", "UTC", "America/Los_Angeles"][source.rng.usize(..3)])),
            ("embed_secrets", embed_secrets(&mut source)),
        ];
        kinds.push((kind, vec![source.fill(template, &own)]));
    }
    for (kind, template) in SIGN_IN {
        let mut source = Source::new(config, 0x5E7 + kind as u64);
        kinds.push((kind, vec![sign_in(&mut source, kind, template, groups, roles)]));
    }
    kinds
}

/// Embed secrets are shown once, when they are made; with a marker the
/// settings name one, as a careless release would.
fn embed_secrets(source: &mut Source) -> String {
    if source.config.secret_marker.is_none() {
        return "null".to_owned();
    }
    format!(r#"[{{"id":"1","algorithm":"hmac/sha-1","secret":{}}}]"#, quoted(&source.secret()))
}

fn sign_in(source: &mut Source, kind: Kind, template: &str, groups: &[String], roles: &[String]) -> String {
    let member = |body: &str, name| json::member(body, name).unwrap_or("null").to_owned();
    // Not the groups of everybody and not the administrators, where there are
    // others.
    let group = &groups[groups.len() - 1];
    let role = &roles[roles.len() - 1];
    let attribute = attributes::region(source.config);
    let certificate =
        format!("MIIDpDCCAoygAwIBAgIGAV{:032x}{:032x}==", source.rng.u128(..), source.rng.u128(..));
    let own = [
        ("enabled", (kind == Kind::SamlConfig).to_string()),
        ("group", member(group, "id")),
        ("group_name", member(group, "name")),
        ("groups", array([group])),
        ("roles", array([role])),
        ("role_ids", array([member(role, "id")])),
        ("attributes", array(attribute.iter().map(|(_, body)| body))),
        ("attribute_ids", list(attribute.iter().map(|(id, _)| id))),
        ("certificate", quoted(&certificate)),
    ];
    source.fill(template, &own)
}
