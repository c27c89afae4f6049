//! Short lists an administrator sees: permissions, locales, time zones, legacy
//! features, applications, lockouts, the allowlist of support.

use super::people::Person;
use super::template::{Source, array, opt};
use crate::config::SimConfig;
use crate::json::quoted;
use crate::kinds::Kind;

const PERMISSION: &str = include_str!("bodies/permission.json");
const LOCALE: &str = include_str!("bodies/locale.json");
const TIMEZONE: &str = include_str!("bodies/timezone.json");
const FEATURE: &str = include_str!("bodies/legacy_feature.json");
const APPLICATION: &str = include_str!("bodies/oauth_client_app.json");
const USER_PUBLIC: &str = include_str!("bodies/user_public.json");
const LOCKOUT: &str = include_str!("bodies/user_login_lockout.json");
const SUPPORT: &str = include_str!("bodies/support_access_allowlist_entry.json");

/// Permissions and what each needs (Looker's documentation of roles).
pub(super) const PERMISSIONS: [(&str, Option<&str>); 58] = [
    ("access_data", None),
    ("see_lookml_dashboards", Some("access_data")),
    ("see_looks", Some("access_data")),
    ("see_user_dashboards", Some("see_looks")),
    ("explore", Some("see_looks")),
    ("create_table_calculations", Some("explore")),
    ("create_custom_fields", Some("explore")),
    ("can_create_forecast", Some("explore")),
    ("save_content", Some("see_looks")),
    ("save_dashboards", Some("save_content")),
    ("save_looks", Some("save_content")),
    ("create_public_looks", Some("save_looks")),
    ("download_with_limit", Some("see_looks")),
    ("download_without_limit", Some("see_looks")),
    ("schedule_look_emails", Some("see_looks")),
    ("schedule_external_look_emails", Some("schedule_look_emails")),
    ("create_alerts", Some("see_looks")),
    ("follow_alerts", Some("see_looks")),
    ("send_to_s3", Some("see_looks")),
    ("send_to_sftp", Some("see_looks")),
    ("send_outgoing_webhook", Some("see_looks")),
    ("send_to_integration", Some("see_looks")),
    ("see_sql", Some("see_looks")),
    ("see_drill_overlay", Some("access_data")),
    ("see_lookml", Some("see_looks")),
    ("develop", Some("see_lookml")),
    ("deploy", Some("develop")),
    ("support_access_toggle", Some("develop")),
    ("use_sql_runner", Some("see_lookml")),
    ("clear_cache_refresh", Some("access_data")),
    ("manage_project_models", Some("develop")),
    ("manage_project_connections", Some("develop")),
    ("manage_spaces", None),
    ("manage_homepage", None),
    ("manage_models", None),
    ("manage_stereo", None),
    ("manage_themes", None),
    ("manage_groups", Some("see_users")),
    ("manage_roles", Some("manage_groups")),
    ("manage_user_attributes", Some("see_users")),
    ("create_prefetches", None),
    ("login_special_email", None),
    ("embed_browse_spaces", None),
    ("embed_save_shared_space", None),
    ("see_alerts", None),
    ("see_queries", None),
    ("see_logs", None),
    ("see_users", None),
    ("sudo", Some("see_users")),
    ("see_schedules", None),
    ("see_pdts", Some("access_data")),
    ("see_datagroups", Some("access_data")),
    ("update_datagroups", Some("see_datagroups")),
    ("see_system_activity", None),
    ("mobile_app_access", None),
    ("use_global_connections", Some("access_data")),
    ("gemini_in_looker", None),
    ("administer", None),
];

const LOCALES: [(&str, &str, &str); 12] = [
    ("en", "English", "English"),
    ("cs_CZ", "Čeština", "Czech"),
    ("de_DE", "Deutsch", "German"),
    ("es_ES", "Español", "Spanish"),
    ("fr_FR", "Français", "French"),
    ("it_IT", "Italiano", "Italian"),
    ("ja_JP", "日本語", "Japanese"),
    ("ko_KR", "한국어", "Korean"),
    ("pl_PL", "Polski", "Polish"),
    ("pt_BR", "Português (Brasil)", "Portuguese (Brazil)"),
    ("ru_RU", "Русский", "Russian"),
    ("zh_CN", "中文（简体）", "Chinese (Simplified)"),
];

const TIMEZONES: [(&str, &str, &str); 12] = [
    ("America/Los_Angeles", "America - Los Angeles", "Common"),
    ("America/New_York", "America - New York", "Common"),
    ("America/Sao_Paulo", "America - São Paulo", "Common"),
    ("Asia/Kathmandu", "Asia - Kathmandu", "Other"),
    ("Asia/Tokyo", "Asia - Tokyo", "Common"),
    ("Australia/Lord_Howe", "Australia - Lord Howe", "Other"),
    ("Europe/Berlin", "Europe - Berlin", "Common"),
    ("Europe/London", "Europe - London", "Common"),
    ("Europe/Zurich", "Europe - Zürich", "Common"),
    ("Pacific/Chatham", "Pacific - Chatham", "Other"),
    ("UTC", "UTC", "Common"),
    ("query_timezone", "Query Time Zone", "Other"),
];

const FEATURES: [(&str, &str, &str); 4] = [
    ("Legacy Dashboards „Größe“", "22.0", "27.6"),
    ("Use legacy Join semantics", "7.20", "28.0"),
    ("Explicit \"Views\" in <Search>", "23.6", "27.0"),
    ("Legacy PDF rendering", "24.18", "27.12"),
];

pub(super) fn generate(config: &SimConfig, people: &[Person]) -> Vec<(Kind, Vec<String>)> {
    let mut source = Source::new(config, 0x115);
    let mut fill = |template, own: &[(&str, String)]| source.fill(template, own);
    let permissions = PERMISSIONS.iter().map(|(name, parent)| {
        let about = format!("May „{}“", name.replace('_', " "));
        fill(PERMISSION, &[("name", quoted(name)), ("parent", opt(*parent)), ("description", quoted(&about))])
    });
    let permissions = permissions.collect();
    let locales = LOCALES.iter().map(|(code, native, english)| {
        fill(LOCALE, &[("code", quoted(code)), ("native", quoted(native)), ("english", quoted(english))])
    });
    let locales = locales.collect();
    let timezones = TIMEZONES.iter().map(|(value, label, group)| {
        fill(TIMEZONE, &[("value", quoted(value)), ("label", quoted(label)), ("group", quoted(group))])
    });
    let timezones = timezones.collect();
    vec![
        (Kind::Permission, permissions),
        (Kind::Locale, locales),
        (Kind::Timezone, timezones),
        (Kind::LegacyFeature, features(&mut source)),
        (Kind::OauthClientApp, applications(&mut source, people)),
        (Kind::UserLoginLockout, lockouts(&mut source, people)),
        (Kind::SupportAccessAllowlistEntry, support(&mut source)),
    ]
}

fn features(source: &mut Source) -> Vec<String> {
    let feature = |(n, (label, since, until)): (usize, &(&str, &str, &str))| {
        let own = [
            ("id", format!("\"{}\"", n + 1)),
            ("label", quoted(label)),
            ("description", quoted(&format!("{label} – kept until {until}.\nSee the notes."))),
            ("since", quoted(since)),
            ("until", quoted(until)),
        ];
        source.fill(FEATURE, &own)
    };
    FEATURES.iter().enumerate().map(feature).collect()
}

fn applications(source: &mut Source, people: &[Person]) -> Vec<String> {
    let application = |n: usize| {
        let users: Vec<String> = people
            .iter()
            .take(n + 1)
            .map(|person| public(&mut Source::new(source.config, person.id), person))
            .collect();
        let own = [
            ("client_guid", quoted(["looker-cli-größe", "com.example.sheets"][n])),
            ("redirect", quoted("https://app.example.com/oauth?größe=1")),
            ("users", array(users)),
        ];
        source.fill(APPLICATION, &own)
    };
    (0..2).map(application).collect()
}

/// A user as everybody sees it. The types' names are never null.
fn public(source: &mut Source, person: &Person) -> String {
    let own = [
        ("id", format!("\"{}\"", person.id)),
        ("first", quoted(person.first.unwrap_or_default())),
        ("last", quoted(person.last.unwrap_or_default())),
        ("display", opt(person.name.as_deref())),
        ("avatar", quoted(&format!("https://gravatar.lookercdn.com/avatar/{:032x}", person.id))),
        ("url", quoted(&format!("https://localhost:19999/api/4.0/users/{}", person.id))),
    ];
    source.fill(USER_PUBLIC, &own)
}

fn lockouts(source: &mut Source, people: &[Person]) -> Vec<String> {
    let lockout = |(n, person): (usize, &Person)| {
        let ldap = n % 2 == 1;
        let own = [
            ("key", quoted(&format!("{:032x}", source.rng.u128(..)))),
            ("auth_type", quoted(if ldap { "ldap" } else { "email" })),
            ("user_id", format!("\"{}\"", person.id)),
            ("remote_id", opt(ldap.then_some("uid=größe,dc=example"))),
            ("full_name", opt(person.name.as_deref())),
            ("email", quoted(&super::people::email(person.id))),
            ("fail_count", (5 + n).to_string()),
        ];
        source.fill(LOCKOUT, &own)
    };
    people.iter().skip(1).take(2).enumerate().map(lockout).collect()
}

fn support(source: &mut Source) -> Vec<String> {
    let entry = |n: usize| {
        let own = [
            ("id", format!("\"{}\"", n + 1)),
            ("email", quoted(["ana@support.example", "jörg@support.example"][n])),
            ("full_name", opt([Some("Ana \"Ani\" López"), None][n])),
        ];
        source.fill(SUPPORT, &own)
    };
    (0..2).map(entry).collect()
}
