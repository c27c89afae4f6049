//! User attributes, and the values groups and users have of them
//! (`looker-api-facts.md` §6).

use super::template::{Source, list, opt};
use crate::config::SimConfig;
use crate::json::quoted;
use crate::kinds::Kind;

const ATTRIBUTE: &str = include_str!("bodies/user_attribute.json");
const GROUP_VALUE: &str = include_str!("bodies/user_attribute_group_value.json");

/// Attributes every instance has: name, label, type, default, whether users
/// may change their own.
const SYSTEM: [(&str, &str, &str, Option<&str>, bool); 10] = [
    ("email", "Email", "string", None, false),
    ("first_name", "First Name", "string", None, false),
    ("last_name", "Last Name", "string", None, false),
    ("name", "Full Name", "string", None, false),
    ("id", "ID", "number", None, false),
    ("google_user_id", "Google User ID", "string", None, false),
    ("landing_page", "Landing Page", "relative_url", Some("/browse"), true),
    ("locale", "Locale", "string", Some("en"), true),
    ("number_format", "Number format", "string", Some("1,234.56"), true),
    (
        "looker_internal_email_domain_allowlist",
        "Email Domain Allowlist",
        "advanced_filter_string",
        None,
        false,
    ),
];

/// Attributes somebody made: name, label, type, default. The one of a hidden
/// value is `warehouse_password`.
const CUSTOM: [(&str, &str, &str, Option<&str>); 8] = [
    ("region", "Région / Größe", "string", Some("EMEA")),
    ("warehouse_password", "Warehouse „Password“", "string", None),
    ("allowed_brands", "Allowed brands", "advanced_filter_string", Some("%, NULL")),
    ("min_margin", "Minimum margin %", "advanced_filter_number", Some("<0, >=0, NULL")),
    ("sales_target", "Sales target 🎯", "number", Some("12345678901234567890123")),
    ("is_beta", "Beta?", "yesno", Some("no")),
    ("contract_start", "Contract\tstart", "datetime", None),
    ("store_zip", "Store ZIP", "zipcode", Some("01067")),
];

/// The value that reads as blank.
const HIDDEN: &str = "warehouse_password";

/// Name of the n-th custom attribute, from 0.
fn custom(n: usize) -> (String, String, &'static str, Option<&'static str>) {
    let (name, label, kind, default) = CUSTOM[n % CUSTOM.len()];
    match n / CUSTOM.len() {
        0 => (name.to_owned(), label.to_owned(), kind, default),
        round => (format!("{name}_{}", round + 1), format!("{label} {}", round + 1), kind, default),
    }
}

/// Id of the n-th custom attribute: ids ascend with a gap behind the system's.
fn custom_id(n: usize) -> u64 {
    SYSTEM.len() as u64 + 5 + n as u64
}

/// An attribute whose value is given to users, for other kinds to refer to:
/// id and body.
pub(super) fn region(config: &SimConfig) -> Option<(String, String)> {
    let first = (config.user_attributes > 0).then(|| attributes(config).swap_remove(SYSTEM.len()))?;
    Some((custom_id(0).to_string(), first))
}

/// Name of an attribute that exists, if any custom one does.
pub(super) fn name_of_one(config: &SimConfig) -> Option<String> {
    (config.user_attributes > 0).then(|| custom(0).0)
}

/// All attributes, and what groups and users have of the custom ones.
pub(super) fn generate(config: &SimConfig) -> Vec<(Kind, Vec<String>)> {
    vec![
        (Kind::UserAttribute, attributes(config)),
        (Kind::UserAttributeGroupValue, group_values(config)),
        (Kind::UserAttributeUserValue, user_values(config)),
    ]
}

fn attributes(config: &SimConfig) -> Vec<String> {
    let mut source = Source::new(config, 0xA77);
    let system = SYSTEM.iter().enumerate().map(|(n, (name, label, kind, default, editable))| {
        let own = [
            ("id", quoted(&(n + 1).to_string())),
            ("name", quoted(name)),
            ("label", quoted(label)),
            ("type", quoted(kind)),
            ("default_value", opt(*default)),
            ("is_system", "true".to_owned()),
            ("hidden", "false".to_owned()),
            ("can_view", "true".to_owned()),
            ("can_edit", editable.to_string()),
            ("domains", "null".to_owned()),
        ];
        own.to_vec()
    });
    let made = (0..config.user_attributes as usize).map(|n| {
        let (name, label, kind, default) = custom(n);
        let hidden = name.starts_with(HIDDEN);
        let own = [
            ("id", quoted(&custom_id(n).to_string())),
            ("name", quoted(&name)),
            ("label", quoted(&label)),
            ("type", quoted(kind)),
            ("default_value", opt(default)),
            ("is_system", "false".to_owned()),
            ("hidden", hidden.to_string()),
            ("can_view", (n % 3 != 1).to_string()),
            ("can_edit", (n % 4 == 0).to_string()),
            ("domains", opt(hidden.then_some("my_domain/route/*,*.example.com/größe"))),
        ];
        own.to_vec()
    });
    system.chain(made).map(|own| source.fill(ATTRIBUTE, &own)).collect()
}

/// Every third group has a value, ranks from 1 against the order of ids; the
/// value of a hidden attribute is null.
fn group_values(config: &SimConfig) -> Vec<String> {
    let mut source = Source::new(config, 0x6A7);
    let mut values = Vec::new();
    for n in 0..config.user_attributes as usize {
        let groups: Vec<u32> =
            (1..=config.groups.max(1)).filter(|group| (group + n as u32) % 3 == 1).collect();
        for (rank, group) in groups.iter().rev().enumerate() {
            let hidden = custom(n).0.starts_with(HIDDEN);
            let id = values.len() as u64 + 1;
            let own = [
                ("id", format!("\"{id}\"")),
                ("group_id", format!("\"{group}\"")),
                ("user_attribute_id", format!("\"{}\"", custom_id(n))),
                ("hidden", hidden.to_string()),
                ("rank", (rank + 1).to_string()),
                ("value", if hidden { "null".to_owned() } else { value(&mut source, n) }),
            ];
            values.push(source.fill(GROUP_VALUE, &own));
        }
    }
    values
}

/// A value of the type the n-th attribute has.
fn value(source: &mut Source, n: usize) -> String {
    let number = source.rng.u32(..100_000);
    quoted(&match custom(n).2 {
        "advanced_filter_string" => format!("%Größe {number}%,-EMPTY"),
        "advanced_filter_number" => format!(">={number}.0, NULL"),
        "number" => number.to_string(),
        "yesno" => "yes".to_owned(),
        "datetime" => format!("2024-02-{:02} 00:00:00", 1 + number % 28),
        "zipcode" => format!("{number:05}"),
        _ => format!("Süd „{number}“"),
    })
}

/// What single users have, one in seven of each attribute: not a type of
/// Looker's, but what `user_attribute_user_values` is made of.
fn user_values(config: &SimConfig) -> Vec<String> {
    let mut source = Source::new(config, 0x0A7);
    let mut values = Vec::new();
    for user in 1..=u64::from(config.users.max(1)) {
        for n in (0..config.user_attributes as usize).filter(|n| (user as usize + n * 3) % 7 == 1) {
            let hidden = custom(n).0.starts_with(HIDDEN);
            let value = if hidden { "null".to_owned() } else { value(&mut source, n) };
            values.push(format!(
                r#"{{"id":"{user}.{attribute}","user_id":"{user}","user_attribute_id":"{attribute}","value":{value}}}"#,
                attribute = custom_id(n),
            ));
        }
    }
    values
}

/// Names of attributes as a list, for what may take its values from them.
pub(super) fn names(config: &SimConfig) -> String {
    list(name_of_one(config))
}
