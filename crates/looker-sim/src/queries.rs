//! Queries and merge queries: those that are made of their number when they
//! are asked for (`data`), and those that were created or loaded, which are
//! stored. None of them ever changes.

use std::collections::{BTreeMap, HashMap};
use std::hash::{DefaultHasher, Hash, Hasher};

use crate::data::{self, Ground};
use crate::json::{self, Writer};

/// What makes a query the same as another, besides `filters`.
const OF_QUERY: [&str; 17] = [
    "analysis_config",
    "column_limit",
    "dynamic_fields",
    "fields",
    "fill_fields",
    "filter_config",
    "filter_expression",
    "limit",
    "model",
    "pivots",
    "query_timezone",
    "row_total",
    "sorts",
    "subtotals",
    "total",
    "view",
    "vis_config",
];

/// The same of a merge query, besides its sources.
const OF_MERGE: [&str; 7] =
    ["column_limit", "dynamic_fields", "limit", "pivots", "sorts", "total", "vis_config"];

/// The queries of an instance.
#[derive(Debug, Default)]
pub(crate) struct Queries {
    seed: u64,
    /// Queries from 1 to this are made; none of an instance with built-ins
    /// only.
    made: u64,
    stored: BTreeMap<u64, String>,
    slugs: HashMap<String, u64>,
    merges: Vec<String>,
    merge_ids: HashMap<String, usize>,
    /// What is there by its content; found out when it is first asked for.
    known: Option<Known>,
}

/// Ids by what they stand for. Contents are told apart by 64 bits of a hash.
#[derive(Debug, Default)]
struct Known {
    queries: HashMap<u64, u64>,
    client_ids: HashMap<String, u64>,
    merges: HashMap<u64, String>,
}

impl Queries {
    pub(crate) fn new(seed: u64, made: u64) -> Queries {
        Queries { seed, made, ..Queries::default() }
    }

    /// Whether any are made of their numbers.
    pub(crate) fn are_made(&self) -> bool {
        self.made > 0
    }

    fn number(&self, number: u64) -> Option<String> {
        if let Some(body) = self.stored.get(&number) {
            return Some(body.clone());
        }
        (1..=self.made).contains(&number).then(|| {
            let mut w = Writer::default();
            data::push_query(self.seed, number, &mut w);
            w.out
        })
    }

    /// The `Query` of an id.
    pub(crate) fn get(&self, id: &str) -> Option<String> {
        self.number(id.parse().ok()?)
    }

    /// The `Query` of a slug.
    pub(crate) fn of_slug(&self, ground: &Ground, slug: &str) -> Option<String> {
        let stored = self.slugs.get(slug).copied();
        self.number(stored.or_else(|| ground.query_of_slug(slug).filter(|_| self.are_made()))?)
    }

    /// The `MergeQuery` of an id.
    pub(crate) fn merge(&self, ground: &Ground, id: &str) -> Option<String> {
        if let Some(at) = self.merge_ids.get(id) {
            return Some(self.merges[*at].clone());
        }
        let number = ground.merge_of_slug(id).filter(|_| self.are_made())?;
        let mut w = Writer::default();
        data::push_merge_query(ground, number, &mut w);
        Some(w.out)
    }

    /// Ids and bodies of all queries, ascending.
    pub(crate) fn all(&self) -> impl Iterator<Item = (String, String)> {
        let made = (1..=self.made).filter(|number| !self.stored.contains_key(number));
        let numbers = made.chain(self.stored.keys().copied());
        numbers.filter_map(|number| Some((number.to_string(), self.number(number)?)))
    }

    /// Ids and bodies of all merge queries.
    pub(crate) fn all_merges(&self, ground: &Ground) -> Vec<(String, String)> {
        let made = ground.merges().filter(|_| self.are_made()).map(|number| ground.merge_slug(number));
        let stored = self.merges.iter().filter_map(|body| json::member(body, "id").and_then(json::text));
        made.chain(stored).filter_map(|id| Some((id.clone(), self.merge(ground, &id)?))).collect()
    }

    /// The id a new query gets.
    pub(crate) fn next_id(&self) -> u64 {
        self.stored.last_key_value().map_or(0, |(id, _)| *id).max(self.made) + 1
    }

    /// Number of merge queries that are stored.
    pub(crate) fn stored_merges(&self) -> u64 {
        self.merges.len() as u64
    }

    /// Id of the query with the content of a body. `filters` compare as texts:
    /// the first type of a value wins (`looker-api-facts.md` §17).
    pub(crate) fn same(&mut self, ground: &Ground, body: &str) -> Option<u64> {
        let content = query_content(body);
        self.known(ground).queries.get(&content).copied()
    }

    /// Id of the query that has a `client_id`.
    pub(crate) fn of_client_id(&mut self, ground: &Ground, client_id: &str) -> Option<u64> {
        self.known(ground).client_ids.get(client_id).copied()
    }

    /// Id of the merge query with the content of a body.
    pub(crate) fn same_merge(&mut self, ground: &Ground, body: &str) -> Option<String> {
        let content = merge_content(body);
        self.known(ground).merges.get(&content).cloned()
    }

    fn known(&mut self, ground: &Ground) -> &Known {
        if self.known.is_none() {
            let mut known = Known::default();
            for (id, body) in self.all() {
                known.add(id.parse().unwrap_or(0), &body);
            }
            for (id, body) in self.all_merges(ground) {
                known.merges.entry(merge_content(&body)).or_insert(id);
            }
            self.known = Some(known);
        }
        self.known.get_or_insert_default()
    }

    /// Stores a query under its id.
    pub(crate) fn store(&mut self, id: u64, body: String) {
        if let Some(slug) = json::member(&body, "slug").and_then(json::text) {
            self.slugs.insert(slug, id);
        }
        if let Some(known) = &mut self.known {
            known.add(id, &body);
        }
        self.stored.insert(id, body);
    }

    /// Stores a merge query under its id.
    pub(crate) fn store_merge(&mut self, id: &str, body: String) {
        if let Some(known) = &mut self.known {
            known.merges.entry(merge_content(&body)).or_insert_with(|| id.to_owned());
        }
        if let Some(at) = self.merge_ids.get(id) {
            self.merges[*at] = body;
        } else {
            self.merge_ids.insert(id.to_owned(), self.merges.len());
            self.merges.push(body);
        }
    }
}

impl Known {
    fn add(&mut self, id: u64, body: &str) {
        self.queries.entry(query_content(body)).or_insert(id);
        if let Some(client_id) = json::member(body, "client_id").and_then(json::text) {
            self.client_ids.entry(client_id).or_insert(id);
        }
    }
}

fn query_content(body: &str) -> u64 {
    let mut filters = String::new();
    if let Some(object) = json::member(body, "filters").filter(|filters| filters.starts_with('{')) {
        let mut members: Vec<_> = json::members(object).collect();
        members.sort_unstable();
        for (field, value) in members {
            let value = json::text(value).unwrap_or_else(|| value.to_owned());
            filters.push_str(&format!("{field}\0{value}\0"));
        }
    }
    let mut hasher = DefaultHasher::new();
    (content(body, &OF_QUERY), filters).hash(&mut hasher);
    hasher.finish()
}

/// Of sources only what a client says of them.
fn merge_content(body: &str) -> u64 {
    let sources = json::elements(json::member(body, "source_queries").unwrap_or("[]"));
    let named = |object: &str, names: [&str; 3]| {
        let values = names.map(|name| json::member(object, name).unwrap_or("null").to_owned());
        values.join(",")
    };
    let source = |source: &str| {
        let fields = json::elements(json::member(source, "merge_fields").unwrap_or("[]"));
        let fields: Vec<_> =
            fields.map(|field| named(field, ["field_name", "source_field_name", ""])).collect();
        format!("{}({})", named(source, ["name", "query_id", ""]), fields.join(";"))
    };
    let sources: Vec<String> = sources.map(source).collect();
    let mut hasher = DefaultHasher::new();
    (content(body, &OF_MERGE), sources).hash(&mut hasher);
    hasher.finish()
}

/// A hash of some members; what is null is as what is absent.
fn content(body: &str, members: &[&str]) -> u64 {
    let mut text = String::new();
    for name in members {
        let value = json::member(body, name).filter(|value| *value != "null");
        sorted(value.unwrap_or("null"), &mut text);
        text.push('\n');
    }
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    hasher.finish()
}

/// Appends a value with the members of its objects in the order of their
/// names.
fn sorted(value: &str, out: &mut String) {
    match value.as_bytes().first() {
        Some(b'{') => {
            let mut members: Vec<_> = json::members(value).collect();
            members.sort_unstable();
            for (name, value) in members {
                out.push_str(&format!("{{{name}:"));
                sorted(value, out);
                out.push('}');
            }
        }
        Some(b'[') => {
            out.push('[');
            for element in json::elements(value) {
                sorted(element, out);
                out.push(',');
            }
            out.push(']');
        }
        _ => out.push_str(value),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn content_knows_no_order_of_members_and_no_type_of_filter_values() {
        let one = r#"{"model":"m","view":"v","filters":{"a":"1","b":"x"},"vis_config":{"p":1,"q":[2]},"total":null,"id":"3"}"#;
        let other = r#"{"vis_config":{"q":[2],"p":1},"filters":{"b":"x","a":1},"view":"v","model":"m","client_id":"c"}"#;
        assert_eq!(query_content(one), query_content(other));
        assert_ne!(query_content(one), query_content(&one.replace("[2]", "[3]")));
        assert_ne!(query_content(one), query_content(&one.replace(r#""b":"x""#, r#""b":"y""#)));
    }
}
