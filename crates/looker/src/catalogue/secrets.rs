//! What is never stored: names under which secrets are returned, today or by a
//! release to come.
//!
//! Names for any depth are whole keys only. Documents of content hold keys that
//! people choose (a filter on `users.reset_password`), and those must survive; a
//! LookML field has a dot in its name, these have none.

use super::FieldPattern::{self, Anywhere, Path, Suffix};

macro_rules! names {
    ($($more:expr),* $(,)?) => {
        &[
            Anywhere("password"),
            Anywhere("encrypted_password"),
            Anywhere("secret"),
            Anywhere("client_secret"),
            Anywhere("api_secret"),
            Anywhere("api_key"),
            Anywhere("apikey"),
            Anywhere("private_key"),
            Anywhere("passphrase"),
            Anywhere("token"),
            Anywhere("access_token"),
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

/// Of every kind.
pub(super) const NAMES: &[FieldPattern] = names!();

/// Of users: addresses that let their reader in.
pub(super) const OF_USERS: &[FieldPattern] = names!(
    Path(&["credentials_email", "password_reset_url"]),
    Path(&["credentials_email", "account_setup_url"]),
);

/// Of what administrators configure: keys there are Looker's, so that their ends
/// tell as well.
pub(super) const OF_SETTINGS: &[FieldPattern] = names!(
    Suffix("_secret"),
    Suffix("_secrets"),
    Suffix("_private_key"),
    Suffix("_passphrase"),
    Suffix("_access_token"),
    Suffix("_api_key"),
    Anywhere("auth_password"),
    Anywhere("git_password"),
    Anywhere("test_ldap_password"),
    Anywhere("custom_s3_key"),
    Anywhere("certificate"),
);

/// Of integrations: a parameter's value may be a key in clear.
pub(super) const OF_INTEGRATIONS: &[FieldPattern] = names!(
    Suffix("_secret"),
    Suffix("_access_token"),
    Suffix("_api_key"),
    Path(&["params", "value"]),
    Path(&["url"]),
);
