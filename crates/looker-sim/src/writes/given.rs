//! What the body of a write may send: the table `writable.txt`, and bodies
//! read by it.
//!
//! Members that are read-only or unknown are passed over, as instances do: the
//! whole object as it was read may be sent back (`looker-api-facts.md` §3). A
//! member of the wrong JSON type is refused, and all that is wrong is named at
//! once.

use std::collections::HashMap;
use std::sync::LazyLock;

use crate::config::SimConfig;
use crate::json::{self, Writer, quoted};
use crate::reply::Problem;
use crate::state::Changes;

/// What a member holds.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Holds {
    Text,
    Bool,
    Int,
    Number,
    Object,
    Any,
    Of(&'static str),
    List(Box<Holds>),
}

#[derive(Debug)]
struct Member {
    name: &'static str,
    holds: Holds,
    required: bool,
}

/// Members that instances take although the API document does not name them,
/// or calls them read-only (`looker-api-facts.md` §14, §17).
const TAKEN: [(&str, &str, Holds); 14] = [
    ("Query", "analysis_config", Holds::Object),
    ("ResultMakerFilterables", "listen", Holds::Any),
    ("AlertAppliedDashboardFilter", "filter_description", Holds::Text),
    // All members of these are called read-only.
    ("ContentMetaGroupUser", "content_metadata_id", Holds::Text),
    ("ContentMetaGroupUser", "permission_type", Holds::Text),
    ("ContentMetaGroupUser", "group_id", Holds::Text),
    ("ContentMetaGroupUser", "user_id", Holds::Text),
    ("GroupIdForGroupInclusion", "group_id", Holds::Text),
    ("GroupIdForGroupUserInclusion", "user_id", Holds::Text),
    ("UserAttributeGroupValue", "group_id", Holds::Text),
    ("UserAttributeGroupValue", "user_attribute_id", Holds::Text),
    ("UserAttributeGroupValue", "value_is_hidden", Holds::Bool),
    ("UserAttributeGroupValue", "rank", Holds::Int),
    ("UserAttributeGroupValue", "value", Holds::Text),
];

/// Members that are passed over although the API document does not call them
/// read-only: it cannot, since they are references to other types.
const PASSED_OVER: [(&str, &[&str]); 4] = [
    ("Dashboard", &["certification_metadata", "folder", "model"]),
    ("DashboardElement", &["certification_metadata", "look", "query"]),
    ("LookWithQuery", &["certification_metadata", "folder", "model", "query"]),
    ("ResultMakerWithIdVisConfigAndDynamicFields", &["query"]),
];

static TYPES: LazyLock<HashMap<&'static str, Vec<Member>>> = LazyLock::new(|| {
    let mut types = read_table(include_str!("writable.txt"));
    for (of, name, holds) in TAKEN {
        types.entry(of).or_default().push(Member { name, holds, required: false });
    }
    for (of, names) in PASSED_OVER {
        types.entry(of).or_default().retain(|member| !names.contains(&member.name));
    }
    types
});

fn read_table(table: &'static str) -> HashMap<&'static str, Vec<Member>> {
    let mut types: HashMap<&str, Vec<Member>> = HashMap::new();
    let mut of = "";
    for line in table.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        match line.trim().split_once(' ') {
            None => of = line,
            Some((name, holds)) => {
                let required = holds.ends_with('!');
                let holds = holds_of(holds.trim_end_matches('!'));
                types.entry(of).or_default().push(Member { name, holds, required });
            }
        }
    }
    types
}

fn holds_of(name: &'static str) -> Holds {
    match name {
        "text" => Holds::Text,
        "bool" => Holds::Bool,
        "int" => Holds::Int,
        "number" => Holds::Number,
        "object" => Holds::Object,
        "any" => Holds::Any,
        _ => match name.strip_prefix('[').and_then(|name| name.strip_suffix(']')) {
            Some(each) => Holds::List(Box::new(holds_of(each))),
            None => Holds::Of(name),
        },
    }
}

/// Writes the types of the table as the instance's own document declares them. Members
/// that are read-only are not part of the table, nor of this.
pub(crate) fn push_definitions(config: &SimConfig, w: &mut Writer) {
    for (of, members) in read_table(include_str!("writable.txt")) {
        w.begin_at(of, '{');
        w.text("type", "object");
        w.begin_at("properties", '{');
        let has = |member: &&Member| !config.missing_fields.contains(&(of, member.name));
        for member in members.iter().filter(has) {
            w.raw(member.name, &member.holds.schema());
        }
        for (_, name) in config.new_fields.iter().filter(|(new_of, _)| *new_of == of) {
            w.raw(name, &Holds::Any.schema());
        }
        w.end('}');
        w.end('}');
    }
}

impl Holds {
    /// The type in the words of a Swagger document.
    fn schema(&self) -> String {
        let named = |name| format!(r#"{{"type":"{name}"}}"#);
        match self {
            Holds::Text => named("string"),
            Holds::Bool => named("boolean"),
            Holds::Int => named("integer"),
            Holds::Number => named("number"),
            Holds::Object => named("object"),
            Holds::Any => named("any"),
            Holds::Of(of) => format!(r#"{{"$ref":{}}}"#, quoted(&format!("#/definitions/{of}"))),
            Holds::List(each) => format!(r#"{{"type":"array","items":{}}}"#, each.schema()),
        }
    }

    /// The type in the words of an error.
    fn words(&self) -> &'static str {
        match self {
            Holds::Text => "a string",
            Holds::Bool => "a boolean",
            Holds::Int => "an integer",
            Holds::Number => "a number",
            Holds::Object | Holds::Of(_) => "an object",
            Holds::Any => "anything",
            Holds::List(_) => "an array",
        }
    }

    fn fits(&self, value: &str) -> bool {
        let first = value.as_bytes().first().copied().unwrap_or_default();
        match self {
            Holds::Text => first == b'"',
            Holds::Bool => matches!(value, "true" | "false"),
            Holds::Int => value.parse::<i64>().is_ok(),
            Holds::Number => first == b'-' || first.is_ascii_digit(),
            Holds::Object | Holds::Of(_) => first == b'{',
            Holds::Any => true,
            Holds::List(_) => first == b'[',
        }
    }

    /// Notes what does not fit in a value, null always does.
    fn check(&self, value: &str, path: &str, problems: &mut Vec<Problem>) {
        if value == "null" {
            return;
        }
        if !self.fits(value) {
            problems.push(Problem::invalid(path, format!("{path} must be {}", self.words())));
            return;
        }
        match self {
            Holds::List(each) => {
                for (n, element) in json::elements(value).enumerate() {
                    each.check(element, &format!("{path}[{n}]"), problems);
                }
            }
            Holds::Of(of) => {
                for (member, value) in of_type(of, value) {
                    member.holds.check(value, &format!("{path}.{}", member.name), problems);
                }
            }
            _ => {}
        }
    }
}

/// The members of an object that its type may send.
fn of_type<'b>(of: &str, object: &'b str) -> impl Iterator<Item = (&'static Member, &'b str)> {
    let members = TYPES.get(of).map_or(&[][..], Vec::as_slice);
    json::members(object)
        .filter_map(|(name, value)| Some((members.iter().find(|member| member.name == name)?, value)))
}

/// The members a body sends, as JSON text.
#[derive(Debug, Default)]
pub(crate) struct Given {
    members: Vec<(&'static str, String)>,
}

impl Given {
    /// Reads what a body, a compact JSON object, sends of a type.
    ///
    /// # Errors
    ///
    /// All that does not fit.
    pub(crate) fn read(of: &str, body: &str) -> Result<Given, Vec<Problem>> {
        let mut problems = Vec::new();
        let mut members = Vec::new();
        for (member, value) in of_type(of, body) {
            member.holds.check(value, member.name, &mut problems);
            members.push((member.name, value.to_owned()));
        }
        if problems.is_empty() { Ok(Given { members }) } else { Err(problems) }
    }

    /// The same as this release has it: without the members that it lacks, with those
    /// that only it has.
    pub(crate) fn of_release(mut self, config: &SimConfig, of: &str, body: &str) -> Given {
        self.members.retain(|(name, _)| !config.missing_fields.contains(&(of, name)));
        let new = config.new_fields.iter().filter(|(new_of, _)| *new_of == of);
        self.members.extend(new.filter_map(|(_, name)| Some((*name, json::member(body, name)?.to_owned()))));
        self
    }

    /// A problem for each required member of a type that is absent or null.
    pub(crate) fn missing(&self, of: &str) -> Vec<Problem> {
        let members = TYPES.get(of).map_or(&[][..], Vec::as_slice);
        let lacks = |member: &&Member| member.required && self.some(member.name).is_none();
        members.iter().filter(lacks).map(|member| required(member.name)).collect()
    }

    /// The JSON text of a member, null included.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.members.iter().find(|(have, _)| *have == name).map(|(_, value)| value.as_str())
    }

    /// The JSON text of a member that is not null.
    pub(crate) fn some(&self, name: &str) -> Option<&str> {
        self.get(name).filter(|value| *value != "null")
    }

    /// A member that is a text.
    pub(crate) fn text(&self, name: &str) -> Option<String> {
        self.get(name).and_then(json::text)
    }

    /// Leaves members out.
    pub(crate) fn without(mut self, names: &[&str]) -> Given {
        self.members.retain(|(name, _)| !names.contains(name));
        self
    }

    /// Leaves all but some members out.
    pub(crate) fn only(mut self, names: &[&str]) -> Given {
        self.members.retain(|(name, _)| names.contains(name));
        self
    }

    /// The members as changes of a body.
    pub(crate) fn into_changes(self) -> Changes<'static> {
        self.members
    }
}

/// The problem of a member that is needed.
pub(crate) fn required(name: &str) -> Problem {
    Problem::missing_field(name, "is not present")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn read_only_and_unknown_members_are_passed_over() {
        let body = r#"{"id":"7","title":"t","view_count":"many","x":{},"folder":{"id":"3"},"hidden":null}"#;
        let given = Given::read("Dashboard", body).unwrap();
        assert_eq!(given.text("title").as_deref(), Some("t"));
        assert_eq!((given.get("hidden"), given.some("hidden")), (Some("null"), None));
        assert_eq!(given.into_changes().len(), 2);
    }

    #[test]
    fn all_that_does_not_fit_is_named() {
        let body = r#"{"title":7,"hidden":"yes","appearance":{"tile_space_between":1.5,"own":1},"slug":[]}"#;
        let problems = Given::read("Dashboard", body).unwrap_err();
        let fields: Vec<_> = problems.iter().map(|problem| problem.field.as_str()).collect();
        assert_eq!(fields, ["title", "hidden", "appearance.tile_space_between", "slug"]);
        let lists = r#"{"model":"m","view":"v","fields":["a",1],"limit":500,"filters":{"a":1}}"#;
        let problems = Given::read("Query", lists).unwrap_err();
        let fields: Vec<_> = problems.iter().map(|problem| problem.field.as_str()).collect();
        assert_eq!(fields, ["fields[1]", "limit"]);
    }

    #[test]
    fn what_is_required_is_missed() {
        let given = Given::read("CreateFolder", r#"{"name":null}"#).unwrap();
        let fields: Vec<_> = given.missing("CreateFolder").into_iter().map(|p| p.field).collect();
        assert_eq!(fields, ["name", "parent_id"]);
    }

    /// Checked against the API document where the checkout has it beside it.
    #[test]
    fn the_table_agrees_with_the_api_document() {
        let facts = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/looker-api/");
        let Ok(document) = std::fs::read(format!("{facts}Looker.4.0.oas.json")) else { return };
        let document: serde_json::Value = serde_json::from_slice(&document).unwrap();
        for (of, members) in read_table(include_str!("writable.txt")) {
            let schema = &document["components"]["schemas"][of];
            let properties = schema["properties"].as_object().unwrap();
            let mut writable: Vec<_> =
                properties.iter().filter(|(_, it)| it["readOnly"] != true).map(|(name, _)| name).collect();
            writable.sort_unstable();
            assert_eq!(members.iter().map(|member| member.name).collect::<Vec<_>>(), writable, "{of}");
            for Member { name, holds, required } in members {
                let listed = schema["required"].as_array();
                let is_required = listed.is_some_and(|names| names.iter().any(|have| have == name));
                assert_eq!(required, is_required, "{of}.{name}");
                let documented = match properties[name]["type"].as_str() {
                    Some("string") => "a string",
                    Some("boolean") => "a boolean",
                    Some("integer") => "an integer",
                    Some("number") => "a number",
                    Some("array") => "an array",
                    Some("any") => "anything",
                    _ => holds.words(),
                };
                assert_eq!(holds.words(), documented, "{of}.{name}");
            }
        }
    }
}
