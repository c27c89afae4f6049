//! Every key of the configuration, with the environment variables that
//! override it. The reader of the file, the reader of the environment, the
//! suggestions and the help text all use these tables.

/// One key.
#[derive(Debug)]
pub struct Key {
    /// Its name in the TOML file and in `looker.ini`.
    pub name: &'static str,
    /// Environment variables that set it, the strongest first.
    pub env: &'static [&'static str],
    /// Whether its value must never be shown.
    pub secret: bool,
}

const fn key(name: &'static str, env: &'static [&'static str]) -> Key {
    Key { name, env, secret: false }
}

/// Keys at the top of the file. Tables beside them: `[extract]`, `[cadence]`, whose
/// keys are kinds and groups of them, and `[instances.NAME]`.
pub const TOP: &[Key] = &[
    key("vault", &["LOOKERVAULT_VAULT", "LOOKERVAULT_DB_PATH"]),
    key("default_instance", &["LOOKERVAULT_INSTANCE"]),
];

/// Tables at the top of the file.
pub const TABLES: &[&str] = &["extract", "cadence", "instances"];

/// Keys of `[extract]`, the defaults of the command of that name, and of its
/// profiles `[extract.NAME]`.
pub const EXTRACT: &[Key] = &[
    key("kinds", &["LOOKERVAULT_KINDS"]),
    key("folders", &["LOOKERVAULT_FOLDERS"]),
    key("recursive", &["LOOKERVAULT_RECURSIVE"]),
    key("exclude", &["LOOKERVAULT_EXCLUDE"]),
    key("personal", &["LOOKERVAULT_PERSONAL"]),
    key("workers", &["LOOKERVAULT_WORKERS"]),
    key("pacing", &["LOOKERVAULT_PACING"]),
    key("page_size", &["LOOKERVAULT_PAGE_SIZE"]),
    key("folder_strategy", &["LOOKERVAULT_FOLDER_STRATEGY"]),
    key("trash", &["LOOKERVAULT_TRASH"]),
    key("keep_destinations", &["LOOKERVAULT_KEEP_DESTINATIONS"]),
    key("max_calls", &["LOOKERVAULT_MAX_CALLS"]),
    key("tries", &["LOOKERVAULT_TRIES"]),
    key("patience", &["LOOKERVAULT_PATIENCE"]),
    key("max_age_days", &["LOOKERVAULT_MAX_AGE_DAYS"]),
    key("suspect_share", &["LOOKERVAULT_SUSPECT_SHARE"]),
    key("full_every_days", &["LOOKERVAULT_FULL_EVERY_DAYS"]),
];

/// Keys of `[instances.NAME]`. The names the official SDK knows are accepted
/// beside our own; the SDK's `looker.ini` has the same keys.
pub const INSTANCE: &[Key] = &[
    key("base_url", &["LOOKERVAULT_API_URL", "LOOKERSDK_BASE_URL"]),
    key("client_id", &["LOOKERVAULT_CLIENT_ID", "LOOKERSDK_CLIENT_ID"]),
    Key {
        name: "client_secret",
        env: &["LOOKERVAULT_CLIENT_SECRET", "LOOKERSDK_CLIENT_SECRET"],
        secret: true,
    },
    key("client_secret_file", &["LOOKERVAULT_CLIENT_SECRET_FILE"]),
    key("client_secret_command", &["LOOKERVAULT_CLIENT_SECRET_COMMAND"]),
    key("verify_ssl", &["LOOKERSDK_VERIFY_SSL"]),
    key("ca_bundle", &["LOOKERVAULT_CA_BUNDLE"]),
    key("allow_http", &["LOOKERVAULT_ALLOW_HTTP"]),
    key("timeout", &["LOOKERSDK_TIMEOUT"]),
    key("workers", &[]),
    key("monthly_calls", &["LOOKERVAULT_MONTHLY_CALLS"]),
    key("monthly_query_calls", &["LOOKERVAULT_MONTHLY_QUERY_CALLS"]),
    key("month_starts_on", &["LOOKERVAULT_MONTH_STARTS_ON"]),
    key("time_zone", &["LOOKERVAULT_TIME_ZONE"]),
    key("restore_reserve", &["LOOKERVAULT_RESTORE_RESERVE"]),
];

/// The variable that says how often kinds are read.
pub const CADENCE_ENV: &str = "LOOKERVAULT_CADENCE";
/// The variable that names the configuration file.
pub const CONFIG_FILE_ENV: &str = "LOOKERVAULT_CONFIG";
/// The variable that names the SDK's configuration file.
pub const LOOKER_INI_ENV: &str = "LOOKERSDK_INI";
