//! Whether what was restored is what there was: the one comparison of all tests of
//! restores.
//!
//! What only the server writes is left out. Ids of what was made anew are led from the
//! old to the new ones before anything is compared; parts that were made anew go by
//! what people see of them.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use looker_sim::Kind;
use serde_json::{Map, Value, json};

use super::looker::Looker;

/// The kinds that a restore writes, and their names in reports.
pub(crate) const COMPARED: [(Kind, &str); 14] = [
    (Kind::Folder, "folders"),
    (Kind::Dashboard, "dashboards"),
    (Kind::Look, "looks"),
    (Kind::Board, "boards"),
    (Kind::ScheduledPlan, "scheduled_plans"),
    (Kind::Alert, "alerts"),
    (Kind::User, "users"),
    (Kind::GroupHierarchy, "groups"),
    (Kind::Role, "roles"),
    (Kind::PermissionSet, "permission_sets"),
    (Kind::ModelSet, "model_sets"),
    (Kind::UserAttribute, "user_attributes"),
    (Kind::Theme, "themes"),
    (Kind::ColorCollection, "color_collections"),
];

/// Fields that are left out here: those that nobody can write, and those that other tests
/// hold, by names instead of ids (who belongs to what in `test_restore_people`,
/// certification in `test_restore_links`). Values of attributes and access lists are
/// whole kinds with tests of their own, and not in [`COMPARED`].
const LEFT_OUT: &[(Kind, &[&str])] = &[
    (
        Kind::User,
        &[
            "allow_direct_roles",
            "allow_normal_group_membership",
            "allow_roles_from_normal_groups",
            "avatar_url_without_sizing",
            "credentials_api3",
            "credentials_email",
            "credentials_embed",
            "credentials_google",
            "credentials_ldap",
            "credentials_looker_openid",
            "credentials_oidc",
            "credentials_saml",
            "credentials_totp",
            "email",
            "group_ids",
            "home_folder_id",
            "looker_versions",
            "personal_folder_id",
            "presumed_looker_employee",
            "role_ids",
            "sessions",
            "ui_state",
            "verified_looker_employee",
        ],
    ),
    (Kind::GroupHierarchy, &["parent_group_ids", "role_ids"]),
    (Kind::UserAttribute, &["hidden_value_domain_whitelist"]),
    (Kind::Dashboard, &["certification_metadata"]),
    (Kind::Look, &["certification_metadata"]),
];

/// Fields that only the server writes, or that move by themselves.
const SERVERS: &[&str] = &[
    "alert_count",
    "can",
    "child_count",
    "content_created_by",
    "content_favorite_id",
    "content_updated_at",
    "deleted_at",
    "deleter_id",
    "favorite_count",
    "last_accessed_at",
    "last_updater_id",
    "last_updater_name",
    "last_viewed_at",
    "updated_at",
    "usage_count",
    "user_count",
    "view_count",
];

/// And those that something which was made anew cannot have again.
pub(crate) const OF_NEW: &[&str] = &[
    "board_id",
    "board_section_id",
    "client_id",
    "content_metadata_id",
    "created_at",
    "creator_id",
    "dashboard_element_id",
    "dashboard_id",
    "dashboard_layout_id",
    "followed",
    "google_spreadsheet_formula",
    "has_table_calculations",
    "id",
    "last_run_at",
    "looker_recipient",
    "merge_result_id",
    // Of a look, that of its query.
    "model (of a look)",
    "next_run_at",
    "owner_display_name",
    "primary_homepage",
    "public_slug",
    "query_id",
    "result_maker_id",
    "scheduled_plan_id",
    "slug",
    "user_name",
    "visible_item_order",
];

/// Fields that hold the id of another object.
const REFERENCES: [(&str, Kind); 11] = [
    ("dashboard_id", Kind::Dashboard),
    ("folder_id", Kind::Folder),
    ("home_folder_id", Kind::Folder),
    ("investigative_content_id", Kind::Dashboard),
    ("look_id", Kind::Look),
    ("model_set_id", Kind::ModelSet),
    ("owner_id", Kind::User),
    ("parent_id", Kind::Folder),
    ("permission_set_id", Kind::PermissionSet),
    ("personal_folder_id", Kind::Folder),
    ("user_id", Kind::User),
];

/// Fields that hold ids of parts, and the lists that hold these.
const PARTS: [(&str, &str); 4] = [
    ("dashboard_element_id", "dashboard_elements"),
    ("filter_id", "dashboard_filters"),
    ("item_order", "board_items"),
    ("section_order", "board_sections"),
];

/// What a document says: without these fields, links and rendered texts, fields that
/// no release takes, and what repeats something else; lists of parts in any order.
fn said(document: &Value, fields: &[&str]) -> Value {
    const REPEATED: &[&str] = &["edit_uri", "element_title", "element_title_hidden", "vis_type"];
    match document {
        Value::Object(members) => {
            let kept = members.iter().filter(|(name, _)| {
                let name = name.as_str();
                let is_foreign = name.starts_with("x_") && name != "x_axis_scale";
                let is_made = name.ends_with("_as_html") || name.ends_with("url") || REPEATED.contains(&name);
                !fields.contains(&name) && !is_foreign && !is_made
            });
            kept.map(|(name, value)| (name.clone(), said(value, fields))).collect()
        }
        Value::Array(list) => {
            // Parts that are deleted stay in answers for a while.
            let there = list.iter().filter(|one| one["deleted"] != true);
            let mut list: Vec<Value> = there.map(|one| said(one, fields)).collect();
            if list.iter().all(Value::is_object) {
                list.sort_by_key(|one| (called(one), one.to_string()));
            }
            list.into()
        }
        other => other.clone(),
    }
}

/// What people call a part by: so that equal ones stand beside each other although
/// something in them differs.
fn called(part: &Value) -> String {
    ["title", "title_text", "name", "label", "custom_title", "dashboard_element_id (seen)"]
        .map(|field| part[field].to_string())
        .concat()
}

/// The places in which two documents differ.
fn differences(before: &Value, after: &Value, at: &str, found: &mut Vec<String>) {
    match (before, after) {
        (Value::Object(a), Value::Object(b)) => {
            let names: BTreeSet<&String> = a.keys().chain(b.keys()).collect();
            for name in names {
                let of = |side: &Map<String, Value>| side.get(name).cloned().unwrap_or(Value::Null);
                differences(&of(a), &of(b), &format!("{at}/{name}"), found);
            }
        }
        (Value::Array(a), Value::Array(b)) if a.len() == b.len() => {
            for (index, (a, b)) in a.iter().zip(b).enumerate() {
                differences(a, b, &format!("{at}/{index}"), found);
            }
        }
        (Value::Array(a), Value::Array(b)) if a.iter().chain(b).all(Value::is_object) => {
            let names = |list: &[Value]| list.iter().map(called).collect::<BTreeSet<String>>();
            let (a, b) = (names(a), names(b));
            let only = |of: &BTreeSet<String>, not_in: &BTreeSet<String>| {
                of.difference(not_in).map(|name| format!("{name:.90}")).collect::<Vec<_>>()
            };
            found.push(format!("{at}: {:?} are gone, {:?} came", only(&a, &b), only(&b, &a)));
        }
        (before, after) if before == after => {}
        (before, after) => found.push(format!("{at}: {before:.200} became {after:.200}")),
    }
}

/// One document is what it was, but for what only the server writes and `ignored`.
#[track_caller]
pub(crate) fn assert_is_back(before: &Value, after: &Value, ignored: &[&str]) {
    let ignored = [SERVERS, ignored].concat();
    let seen = |document: &Value| {
        let mut names = HashMap::new();
        note_parts(document, &mut names);
        said(&named(document, &names), &ignored)
    };
    let mut found = Vec::new();
    differences(&seen(before), &seen(after), "", &mut found);
    assert!(found.is_empty(), "{}", found.join("\n"));
}

/// Objects of a report that did not come back, with what is said of them.
pub(crate) fn lost(report: &Value) -> Vec<String> {
    let objects = report["objects"].as_array().unwrap().iter();
    let is_lost = |object: &&Value| object["exact"] == false || object["action"] == "blocked";
    let words = |object: &Value| {
        let [kind, id] = ["kind", "id"].map(|name| object[name].as_str().unwrap());
        let failures = object["failures"].as_array().unwrap().iter();
        let reasons: Vec<&str> = failures.filter_map(|failure| failure["reason"].as_str()).collect();
        let [action, why, refused] = ["action", "blocked", "refused"].map(|name| &object[name]);
        format!("{kind} {id}: {action} {why} {refused} {}", reasons.join(", "))
    };
    objects.filter(is_lost).map(words).collect()
}

/// What was made anew, with the ids that it has now.
#[derive(Debug, Default, Clone)]
pub(crate) struct NewIds(HashMap<(Kind, String), String>);

impl NewIds {
    /// Those that the report of a restore names.
    pub(crate) fn told(report: &Value) -> Self {
        let mut ids = Self::default();
        ids.add(report);
        ids
    }

    /// And those of another one.
    pub(crate) fn add(&mut self, report: &Value) {
        for object in report["objects"].as_array().unwrap() {
            let kind = COMPARED.iter().find(|(_, name)| object["kind"] == *name).map(|(kind, _)| *kind);
            let id = object["id"].as_str().unwrap();
            let now = object["new_id"].as_str();
            // What is made may come by the id that it had.
            let now = now.or_else(|| (object["action"] == "create").then_some(id));
            if let (Some(kind), Some(now)) = (kind, now) {
                self.0.insert((kind, id.to_owned()), now.to_owned());
            }
        }
    }

    /// The id that an object has now.
    pub(crate) fn now<'i>(&'i self, kind: Kind, id: &'i str) -> &'i str {
        self.0.get(&(kind, id.to_owned())).map_or(id, String::as_str)
    }

    /// And the folders that came with new users.
    pub(crate) fn add_personal_folders(&mut self, before: &State, after: &State) {
        for id in before.ids(Kind::User) {
            let folder = |state: &State, id: &str| {
                state
                    .get(Kind::User, id)
                    .and_then(|user| user["personal_folder_id"].as_str().map(str::to_owned))
            };
            if let (Some(was), Some(is)) = (folder(before, id), folder(after, self.now(Kind::User, id))) {
                self.0.insert((Kind::Folder, was), is);
            }
        }
    }

    fn is_new(&self, kind: Kind, id: &str) -> bool {
        self.0.contains_key(&(kind, id.to_owned()))
    }

    /// The document with these ids where it refers to other objects.
    fn lead(&self, document: &Value) -> Value {
        match document {
            Value::Object(members) => {
                members.iter().map(|(name, value)| self.lead_member(name, value)).collect()
            }
            Value::Array(list) => list.iter().map(|one| self.lead(one)).collect(),
            other => other.clone(),
        }
    }

    fn lead_member(&self, name: &str, value: &Value) -> (String, Value) {
        let kind = REFERENCES.iter().find(|(field, _)| *field == name).map(|(_, kind)| *kind);
        let value = match (kind, value.as_str()) {
            (Some(kind), Some(id)) => json!(self.now(kind, id)),
            _ => self.lead(value),
        };
        (name.to_owned(), value)
    }
}

/// All that an instance has of [`COMPARED`], live and in the trash.
#[derive(Debug, Clone)]
pub(crate) struct State {
    objects: BTreeMap<(Kind, String), Value>,
}

impl State {
    pub(crate) fn of(looker: &Looker) -> Self {
        let mut objects = BTreeMap::new();
        for (kind, _) in COMPARED {
            let trashed: BTreeSet<String> = looker.ids(kind, true).into_iter().collect();
            for (id, body) in looker.export(kind) {
                let mut document: Value = serde_json::from_slice(&body).unwrap();
                // As `deleted` says of some kinds only.
                document["in_the_trash"] = json!(trashed.contains(&id));
                objects.insert((kind, id), document);
            }
        }
        Self { objects }
    }

    /// Ids of a kind.
    pub(crate) fn ids(&self, kind: Kind) -> BTreeSet<&str> {
        self.objects.keys().filter(|(of, _)| *of == kind).map(|(_, id)| id.as_str()).collect()
    }

    pub(crate) fn get(&self, kind: Kind, id: &str) -> Option<&Value> {
        self.objects.get(&(kind, id.to_owned()))
    }

    /// Only those that `keep` wants.
    pub(crate) fn only(mut self, keep: impl Fn(Kind, &Value) -> bool) -> Self {
        self.objects.retain(|(kind, _), document| keep(*kind, document));
        self
    }

    /// Changes every object of a kind.
    pub(crate) fn change(&mut self, kind: Kind, change: &dyn Fn(&mut Value)) {
        self.objects.iter_mut().filter(|((of, _), _)| *of == kind).for_each(|(_, document)| change(document));
    }

    /// Changes what was made anew.
    pub(crate) fn change_made(&mut self, ids: &NewIds, change: &dyn Fn(Kind, &mut Value)) {
        let made = self.objects.iter_mut().filter(|((kind, id), _)| ids.is_new(*kind, id));
        made.for_each(|((kind, _), document)| change(*kind, document));
    }

    /// Where another state is not this one again: objects that are missing or differ.
    /// What the other one has besides is not looked at.
    pub(crate) fn differences(&self, after: &Self, ids: &NewIds) -> Vec<String> {
        let mut found = Vec::new();
        let names = [self.part_names(ids), after.part_names(&NewIds::default())];
        for ((kind, id), document) in &self.objects {
            let now = ids.now(*kind, id);
            let Some(there) = after.get(*kind, now) else {
                found.push(format!("{} {id}: is not there as {now}", kind.name()));
                continue;
            };
            let written = LEFT_OUT.iter().find(|(of, _)| of == kind).map_or(&[][..], |(_, fields)| *fields);
            let has_new_parts = part_ids(document) != part_ids(there);
            let made = if ids.is_new(*kind, id) || has_new_parts { OF_NEW } else { &[][..] };
            let ignored = [SERVERS, written, made].concat();
            let [before, there] = [named(&ids.lead(document), &names[0]), named(there, &names[1])]
                .map(|one| said(&one, &ignored));
            let there = placed(there, &before);
            let at = format!("{} {id}", kind.name());
            differences(&before, &there, &at, &mut found);
        }
        found
    }

    /// What people see of parts, by list and id.
    fn part_names(&self, ids: &NewIds) -> HashMap<(&'static str, String), String> {
        let mut names = HashMap::new();
        for document in self.objects.values() {
            note_parts(&ids.lead(document), &mut names);
        }
        names
    }
}

/// A dashboard without the places of tiles that had none: Looker gives every new tile one.
fn placed(mut dashboard: Value, before: &Value) -> Value {
    const COMPONENTS: &str = "dashboard_layout_components";
    let layouts = |document: &Value| document["dashboard_layouts"].as_array().cloned().unwrap_or_default();
    let tiles = |layout: &Value| layout[COMPONENTS].as_array().cloned().unwrap_or_default();
    let had: BTreeSet<String> = layouts(before).iter().flat_map(tiles).map(|one| called(&one)).collect();
    for layout in dashboard["dashboard_layouts"].as_array_mut().into_iter().flatten() {
        if let Some(components) = layout[COMPONENTS].as_array_mut() {
            components.retain(|one| had.contains(&called(one)));
        }
    }
    dashboard
}

/// Ids of the parts of a document.
pub(crate) fn part_ids(document: &Value) -> BTreeSet<(&'static str, String)> {
    const LISTS: [&str; 4] =
        ["dashboard_elements", "dashboard_filters", "dashboard_layouts", "board_sections"];
    let mut ids = BTreeSet::new();
    for list in LISTS {
        for part in document[list].as_array().into_iter().flatten() {
            ids.extend(part["id"].as_str().map(|id| (list, id.to_owned())));
            let items = part["board_items"].as_array().into_iter().flatten();
            ids.extend(items.filter_map(|item| Some(("board_items", item["id"].as_str()?.to_owned()))));
        }
    }
    ids
}

/// Takes away what cannot be brought back: a role without a permission set, which real
/// instances were seen to have, what lies in the trash, and what lies in the folder of the
/// API key's user, who is there on any instance, and has none there.
pub(crate) fn tidy(looker: &Looker) {
    looker.purge(Kind::Role, "4").unwrap();
    let user: Value = serde_json::from_slice(&looker.export(Kind::User)[0].1).unwrap();
    let own = user["personal_folder_id"].as_str().unwrap();
    for kind in [Kind::Dashboard, Kind::Look] {
        for id in looker.ids(kind, true) {
            looker.purge(kind, &id).unwrap();
        }
        for id in looker.ids_in(kind, own, false) {
            looker.move_to(kind, &id, &looker.shared_folder_ids()[0]).unwrap();
        }
    }
}

/// Every object is there again as it was.
#[track_caller]
pub(crate) fn assert_all_back(before: &State, after: &State, ids: &NewIds) {
    let found = before.differences(after, ids);
    assert!(found.is_empty(), "{} differences\n{}", found.len(), found[..found.len().min(40)].join("\n"));
}

fn note_parts(document: &Value, names: &mut HashMap<(&'static str, String), String>) {
    const SEEN: [&str; 11] = [
        "type",
        "title",
        "title_text",
        "body_text",
        "rich_content_json",
        "name",
        "label",
        "order",
        "custom_title",
        "dashboard_id",
        "look_id",
    ];
    let Value::Object(members) = document else { return };
    for (_, list) in PARTS {
        for part in members.get(list).and_then(Value::as_array).into_iter().flatten() {
            if let Some(id) = part["id"].as_str() {
                let own = match list {
                    "dashboard_elements" => &SEEN[..5],
                    "dashboard_filters" => &["name"],
                    _ => &SEEN[..],
                };
                let seen: Vec<String> = own.iter().map(|field| part[*field].to_string()).collect();
                names.insert((list, id.to_owned()), seen.join(" "));
            }
            note_parts(part, names);
        }
    }
}

/// Whether a member of a tile is its look's, which is compared by itself.
fn is_of_a_look(field: &str, tile: &Map<String, Value>) -> bool {
    matches!(field, "look" | "query" | "result_maker") && tile.get("look_id").is_some_and(|id| !id.is_null())
}

/// The query of a tile, which some have in their result maker only.
fn query_of(tile: &Map<String, Value>) -> Option<&Value> {
    tile.get("query").filter(|query| !query.is_null()).or_else(|| tile.get("result_maker")?.get("query"))
}

/// The document with what people see of parts in the place of their ids.
fn named(document: &Value, names: &HashMap<(&'static str, String), String>) -> Value {
    let name = |list: &'static str, id: &Value| {
        let known = id.as_str().and_then(|id| names.get(&(list, id.to_owned())));
        known.map_or_else(|| id.clone(), |name| json!(name))
    };
    match document {
        Value::Object(members) => members
            .iter()
            .filter(|(field, _)| !is_of_a_look(field, members))
            .map(|(field, value)| {
                let part = PARTS.iter().find(|(of, _)| of == field).map(|(_, list)| *list);
                let value = if field == "query" { query_of(members).unwrap_or(value) } else { value };
                let value = match (part, value) {
                    // Answered for what runs by a datagroup, and not taken.
                    _ if field == "crontab" && value == "" => Value::Null,
                    (Some(list), Value::Array(ids)) => ids.iter().map(|id| name(list, id)).collect(),
                    (Some(list), id) => name(list, id),
                    (None, value) => named(value, names),
                };
                // Under another name: it is compared also where ids are not.
                let field = match field.as_str() {
                    _ if part.is_some() => format!("{field} (seen)"),
                    "model" if value.is_object() => "model (of a look)".to_owned(),
                    _ => field.clone(),
                };
                (field, value)
            })
            .collect(),
        Value::Array(list) => list.iter().map(|one| named(one, names)).collect(),
        other => other.clone(),
    }
}
