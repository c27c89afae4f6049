//! Users, groups, roles and their sets.

use fastrand::Rng;

use super::credentials::{self, Owner};
use super::lists::PERMISSIONS;
use super::{models, moments, words};
use crate::config::SimConfig;
use crate::json::{Writer, quoted};
use crate::kinds::Kind;

/// Permission sets: name, what is in it. The first is built in
/// (`looker-api-facts.md` §5) and has all permissions.
const PERMISSION_SETS: [(&str, &[&str]); 4] = [
    ("Admin", &[]),
    (
        "Developer",
        &[
            "access_data",
            "see_lookml_dashboards",
            "see_looks",
            "see_user_dashboards",
            "explore",
            "create_table_calculations",
            "save_content",
            "see_lookml",
            "develop",
            "deploy",
            "use_sql_runner",
            "see_datagroups",
        ],
    ),
    (
        "User",
        &["access_data", "explore", "save_content", "see_looks", "schedule_look_emails", "create_alerts"],
    ),
    ("Viewer", &["access_data", "see_looks", "see_user_dashboards"]),
];

/// Model sets: name, what is in it. The first is built in and has all models,
/// the last one names a model that is gone.
const MODEL_SETS: [(&str, &[&str]); 3] =
    [("All", &[]), ("Finance only", &["finance"]), ("Retired", &["a_model_that_is_gone", "ecommerce"])];

/// A user as others see it.
#[derive(Debug, Clone)]
pub(crate) struct Person {
    pub(crate) id: u64,
    /// First and last name, if it has any.
    pub(crate) name: Option<String>,
    pub(super) first: Option<&'static str>,
    pub(super) last: Option<&'static str>,
}

impl Person {
    pub(super) fn first(&self) -> Option<&str> {
        self.first
    }

    pub(super) fn last(&self) -> Option<&str> {
        self.last
    }
}

/// Bodies of everything but users, each kind in the order of ids.
pub(super) fn sets_roles_groups(config: &SimConfig) -> Vec<(Kind, Vec<String>)> {
    let mut rng = Rng::with_seed(config.seed ^ 0x6E0);
    let permissions: Vec<&str> = PERMISSIONS.iter().map(|(name, _)| *name).collect();
    let models = models::names(config);
    let models: Vec<&str> = models.iter().map(String::as_str).collect();
    let permission_sets = sets("permission", &PERMISSION_SETS, &permissions);
    let model_sets = sets("model", &MODEL_SETS, &models);
    let roles: Vec<_> =
        (0..config.roles.max(1)).map(|n| role(n as usize, &permission_sets, &model_sets)).collect();
    let groups: Vec<_> = (0..config.groups.max(1)).map(|n| group(n, config, &mut rng)).collect();
    let with_hierarchy = groups.iter().enumerate().map(|(n, body)| hierarchy(n, body, roles.len())).collect();
    let with_roles = groups.iter().enumerate().map(|(n, body)| with_roles(n, body, &roles)).collect();
    vec![
        (Kind::PermissionSet, permission_sets),
        (Kind::ModelSet, model_sets),
        (Kind::Role, roles),
        (Kind::Group, groups),
        (Kind::GroupHierarchy, with_hierarchy),
        (Kind::GroupWithRoles, with_roles),
    ]
}

/// Sets, of which the first holds everything.
fn sets(what: &str, sets: &[(&str, &[&str])], everything: &[&str]) -> Vec<String> {
    let contents = |n: usize| if n == 0 { everything } else { sets[n].1 };
    (0..sets.len()).map(|n| set(n, what, sets[n].0, contents(n))).collect()
}

fn set(n: usize, what: &str, name: &str, contents: &[&str]) -> String {
    let contents: Vec<_> = contents.iter().map(|item| quoted(item)).collect();
    let mut w = Writer::default();
    w.begin('{');
    w.members(r#""can":{"show":true,"index":true,"update":true}"#);
    w.id("id", n as u64 + 1);
    w.text("name", name);
    w.bool("built_in", n == 0);
    w.bool("all_access", n == 0);
    w.raw(&format!("{what}s"), &format!("[{}]", contents.join(",")));
    w.text("url", &format!("https://localhost:19999/api/4.0/{what}_sets/{}", n + 1));
    w.end('}');
    w.out
}

/// Role 1 is the built-in one; role 4 lost its permission set
/// (`looker-api-facts.md` §5).
fn role(n: usize, permission_sets: &[String], model_sets: &[String]) -> String {
    let permissions = if n < permission_sets.len() { n } else { 1 + n % (permission_sets.len() - 1) };
    let models = (n * 2) % model_sets.len();
    let lost = n == 3;
    let mut w = Writer::default();
    w.begin('{');
    w.members(r#""can":{"show":true,"index":true,"update":true}"#);
    w.id("id", n as u64 + 1);
    match n {
        0..4 => w.text("name", PERMISSION_SETS[n].0),
        4 => w.text("name", "Büro \"Süd\" / Lesen"),
        _ => w.text("name", &format!("{} {}", PERMISSION_SETS[permissions].0, n + 1)),
    }
    if lost {
        w.members(r#""permission_set":null,"permission_set_id":null"#);
    } else {
        w.raw("permission_set", &permission_sets[permissions]);
        w.id("permission_set_id", permissions as u64 + 1);
    }
    w.raw("model_set", &model_sets[models]);
    w.id("model_set_id", models as u64 + 1);
    w.bool("internal", false);
    w.members(r#""x_review":{"due":null,"score":1.50}"#);
    w.text("url", &format!("https://localhost:19999/api/4.0/roles/{}", n + 1));
    w.text("users_url", &format!("https://localhost:19999/api/4.0/roles/{}/users", n + 1));
    w.end('}');
    w.out
}

fn group(n: u32, config: &SimConfig, rng: &mut Rng) -> String {
    let external = n % 5 == 4;
    let everyone = n == 0;
    let mut w = Writer::default();
    w.begin('{');
    w.members(r#""can":{"show":true,"create":true,"index":true,"update":true,"delete":true,"edit_in_ui":true,"add_to_content_metadata":true}"#);
    w.bool("can_add_to_content_metadata", true);
    w.bool("contains_current_user", everyone);
    w.opt("external_group_id", external.then(|| format!("cn=grp-{n},dc=example")).as_deref());
    w.bool("externally_managed", external);
    w.id("id", u64::from(n) + 1);
    w.bool("include_by_default", everyone);
    match n {
        0 => w.text("name", "All Users"),
        1 => w.text("name", "Équipe «Données» 📊"),
        _ => w.text("name", &format!("{} {}", words::team(rng), n + 1)),
    }
    let members = (0..u64::from(config.users)).filter(|user| in_group(*user, n, config)).count();
    w.int("user_count", members as u64);
    w.members(r#""x_sync":null,"x_weight":-0.0"#);
    w.end('}');
    w.out
}

/// Whether the n-th user is in the n-th group, both from 0.
fn in_group(user: u64, group: u32, config: &SimConfig) -> bool {
    group == 0 || user % u64::from(config.groups.max(2)) == u64::from(group)
}

fn group_role(n: usize, roles: usize) -> usize {
    n % roles
}

/// Every third group lies in group 2; each has one role.
fn hierarchy(n: usize, group: &str, roles: usize) -> String {
    let parents = if n > 1 && n.is_multiple_of(3) { r#"["2"]"# } else { "[]" };
    let body = group.trim_end_matches('}');
    format!(r#"{body},"parent_group_ids":{parents},"role_ids":["{}"]}}"#, group_role(n, roles) + 1)
}

fn with_roles(n: usize, group: &str, roles: &[String]) -> String {
    let body = group.trim_end_matches('}');
    format!(r#"{body},"roles":[{}]}}"#, roles[group_role(n, roles.len())])
}

/// Everybody. User 1 is the API key's, user 3 has no name.
pub(super) fn people(config: &SimConfig) -> Vec<Person> {
    let mut rng = Rng::with_seed(config.seed ^ 0x9E09);
    let person = |n: u64| {
        let (first, last) = if n == 0 { ("Api", "Reader") } else { words::person(&mut rng) };
        let named = n != 2;
        Person {
            id: n + 1,
            name: named.then(|| format!("{first} {last}")),
            first: named.then_some(first),
            last: named.then_some(last),
        }
    };
    (0..u64::from(config.users.max(1))).map(person).collect()
}

/// The body of one user; `personal_folder` is the id of their own.
pub(super) fn user(person: &Person, personal_folder: u64, config: &SimConfig) -> String {
    let mut rng = Rng::with_seed(config.seed ^ (person.id << 20) ^ 0x05E6);
    let n = person.id - 1;
    let disabled = n % 9 == 5;
    let sso_only = n % 7 == 6;
    let service = n % 11 == 10;
    let email = email(person.id);
    let mut w = Writer::with_capacity(4000);
    w.begin('{');
    w.members(r#""can":{"show":true,"index":true,"show_details":true,"index_details":true,"sudo":true}"#);
    w.id("id", person.id);
    w.opt("first_name", person.first);
    w.opt("last_name", person.last);
    w.text("display_name", person.name.as_deref().unwrap_or(""));
    w.opt("email", (!service).then_some(email.as_str()));
    w.bool("is_disabled", disabled);
    w.bool("is_service_account", service);
    w.opt("service_account_name", service.then_some("nightly export"));
    w.members(r#""is_iam_admin":false,"verified_looker_employee":false,"presumed_looker_employee":false"#);
    w.bool("can_manage_api3_creds", n == 0);
    w.members(r#""allow_direct_roles":true,"allow_normal_group_membership":true,"allow_roles_from_normal_groups":true"#);
    w.bool("roles_externally_managed", sso_only);
    w.opt("locale", [Some("en"), Some("fr_FR"), None][rng.usize(..3)]);
    w.raw("group_ids", &group_ids(n, config));
    w.raw("role_ids", &format!("[\"{}\"]", n % u64::from(config.roles.max(1)) + 1));
    w.text("home_folder_id", if n % 4 == 1 { "lookml" } else { "1" });
    w.id("personal_folder_id", personal_folder);
    w.members(r#""embed_group_folder_id":null,"embed_group_space_id":null,"models_dir_validated":null,"looker_versions":["26.10.4","26.12.33"]"#);
    w.text(
        "avatar_url",
        &format!("https://gravatar.lookercdn.com/avatar/{:032x}?s=156&d=blank", rng.u128(..)),
    );
    w.text(
        "avatar_url_without_sizing",
        &format!("https://gravatar.lookercdn.com/avatar/{:032x}", rng.u128(..)),
    );
    w.text("url", &format!("https://localhost:19999/api/4.0/users/{}", person.id));
    w.raw(
        "ui_state",
        &format!(r#"{{"homepageGroupIdPath":"/","lastSeen":{},"zoom":1.0}}"#, rng.u64(..u64::MAX)),
    );
    let owner = Owner { id: person.id, email: &email, is_disabled: disabled, is_service: service, sso_only };
    credentials::push(&mut w, &owner, config, &mut rng);
    sessions(&mut w, person.id, &mut rng);
    w.members(r#""x_preferences":{"density":-0.0,"beta":null}"#);
    w.end('}');
    w.out
}

/// The address of a user.
pub(super) fn email(user: u64) -> String {
    format!("user.{user}+looker@example.com")
}

fn group_ids(n: u64, config: &SimConfig) -> String {
    let ids = (0..config.groups.max(1)).filter(|group| in_group(n, *group, config));
    let ids: Vec<_> = ids.map(|group| format!("\"{}\"", group + 1)).collect();
    format!("[{}]", ids.join(","))
}

fn sessions(w: &mut Writer, user: u64, rng: &mut Rng) {
    w.begin_at("sessions", '[');
    for n in 0..rng.u64(..3) {
        w.begin('{');
        w.raw("can", "{}");
        w.id("id", user * 10 + n);
        w.members(r#""ip_address":"203.0.113.7","browser":"Firefox","operating_system":"Linux","city":"Zürich","state":null,"country":"CH","credentials_type":"email","extended_count":0,"sudo_user_id":null"#);
        for key in ["created_at", "expires_at", "extended_at"] {
            w.text(key, &moments::stamp(moments::past(rng)));
        }
        w.text("url", &format!("https://localhost:19999/api/4.0/users/{user}/sessions/{n}"));
        w.end('}');
    }
    w.end(']');
}
