//! What is never stored: names under which secrets are returned, today or by a
//! release to come.
//!
//! Where people choose keys (in documents of content: a filter on
//! `users.reset_password`), names are whole keys only, and those must survive; a
//! LookML field has a dot in its name, these have none. Where all keys are
//! Looker's own, their ends tell as well.
//!
//! Some fields are secret by what they hold: an address with a password in it.

use super::Content::{Address, Credentials};
use super::FieldPattern::{self, Anywhere, Holding, Path, Suffix};

macro_rules! names {
    ($($more:expr),* $(,)?) => {
        &[
            Anywhere("password"),
            Anywhere("encrypted_password"),
            Anywhere("secret"),
            Anywhere("client_secret"),
            Anywhere("clientSecret"),
            Anywhere("api_secret"),
            Anywhere("api_key"),
            Anywhere("apikey"),
            Anywhere("apiKey"),
            Anywhere("private_key"),
            Anywhere("privateKey"),
            Anywhere("passphrase"),
            Anywhere("token"),
            Anywhere("access_token"),
            Anywhere("accessToken"),
            Anywhere("refresh_token"),
            Anywhere("auth_token"),
            Anywhere("bearer_token"),
            Anywhere("authorization_token"),
            Anywhere("secret_parameters"),
            Anywhere("webhook_secret"),
            $($more),*
        ]
    };
}

macro_rules! names_and_ends {
    ($($more:expr),* $(,)?) => {
        names!(
            Suffix("_secret"),
            Suffix("_secrets"),
            Suffix("_password"),
            Suffix("_passphrase"),
            Suffix("_token"),
            Suffix("_private_key"),
            Suffix("_secret_key"),
            Suffix("_access_key"),
            Suffix("_api_key"),
            Suffix("_credentials"),
            $($more),*
        )
    };
}

/// Of kinds whose documents hold keys that people choose.
pub(super) const OF_PEOPLES_KEYS: &[FieldPattern] = names!();

/// Of all others.
pub(super) const OF_LOOKER_KEYS: &[FieldPattern] = names_and_ends!();

/// Of the settings: where backups go has a key of its own.
pub(super) const OF_SETTINGS: &[FieldPattern] = names_and_ends!(Anywhere("custom_s3_key"));

/// Of users: addresses that let their reader in.
pub(super) const OF_USERS: &[FieldPattern] = names_and_ends!(
    Path(&["credentials_email", "password_reset_url"]),
    Path(&["credentials_email", "account_setup_url"]),
);

/// Of connections: what people put into parameters and statements.
pub(super) const OF_CONNECTIONS: &[FieldPattern] = names_and_ends!(
    Anywhere("certificate"),
    Suffix("_certificate"),
    Holding("jdbc_additional_params", Credentials),
    Holding("after_connect_statements", Credentials),
);

/// Of projects: an address of a repository may have a password in it.
pub(super) const OF_PROJECTS: &[FieldPattern] = names_and_ends!(Holding("git_remote_url", Credentials));

/// Of integrations: a parameter's value may be a key in clear.
pub(super) const OF_INTEGRATIONS: &[FieldPattern] =
    names_and_ends!(Path(&["params", "value"]), Path(&["url"]));

/// Of schedules: whoever knows a webhook's address may use it; parameters hold
/// the names of keys, and whatever a destination asks for.
pub(super) const OF_PLANS: &[FieldPattern] =
    &[Holding("address", Address), Path(&["scheduled_plan_destination", "parameters"])];

/// Of alerts: the form of an action holds what its author asks for.
pub(super) const OF_ALERTS: &[FieldPattern] = &[Path(&["destinations", "action_hub_form_params_json"])];
