//! API documents put into the instance as they are, with their ids: so that a
//! test can rehearse on a Looker that holds what a backup says.

use bytes::Bytes;

use crate::access;
use crate::json::{self, quoted};
use crate::kinds::Kind;
use crate::server::Server;
use crate::state::World;
use crate::table::Row;

/// Why documents could not be loaded; none of them was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NotLoaded {
    /// There is no such kind.
    UnknownKind,
    /// The document of that number, from 0, is no JSON object.
    NotAnObject(usize),
    /// The document of that number has no id, or a query's is no number.
    NoId(usize),
}

impl std::fmt::Display for NotLoaded {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            NotLoaded::UnknownKind => f.write_str("there is no such kind"),
            NotLoaded::NotAnObject(nth) => write!(f, "document {nth} is not a JSON object"),
            NotLoaded::NoId(nth) => write!(f, "document {nth} has no id that its kind can have"),
        }
    }
}

impl std::error::Error for NotLoaded {}

/// Loads documents of a kind, by [`Kind::name`] or as the export names those
/// that have no table. One whose id is taken takes the other's place.
pub(crate) fn load(server: &Server, kind: &str, documents: &[&[u8]]) -> Result<(), NotLoaded> {
    let mut bodies = Vec::with_capacity(documents.len());
    for (nth, document) in documents.iter().enumerate() {
        let body = json::compact(document).filter(|body| body.starts_with('{'));
        bodies.push(body.ok_or(NotLoaded::NotAnObject(nth))?);
    }
    let mut world = server.world_mut();
    match (kind, Kind::named(kind)) {
        ("query", _) => load_queries(&mut world, bodies),
        ("merge_query", _) => load_merges(&mut world, bodies),
        ("content_metadata", _) => load_metadata(&mut world, bodies),
        (_, Some(kind)) => load_kind(&mut world, kind, &bodies),
        (_, None) => Err(NotLoaded::UnknownKind),
    }
}

fn id_of(body: &str) -> Option<String> {
    json::member(body, "id").and_then(json::text).filter(|id| !id.is_empty())
}

fn load_queries(world: &mut World, bodies: Vec<String>) -> Result<(), NotLoaded> {
    let id = |body: &String| id_of(body).and_then(|id| id.parse::<u64>().ok());
    if let Some(nth) = bodies.iter().position(|body| id(body).is_none()) {
        return Err(NotLoaded::NoId(nth));
    }
    for body in bodies {
        world.queries.store(id(&body).unwrap_or_default(), body);
    }
    Ok(())
}

fn load_merges(world: &mut World, bodies: Vec<String>) -> Result<(), NotLoaded> {
    if let Some(nth) = bodies.iter().position(|body| id_of(body).is_none()) {
        return Err(NotLoaded::NoId(nth));
    }
    for body in bodies {
        world.queries.store_merge(&id_of(&body).unwrap_or_default(), body);
    }
    Ok(())
}

/// What is told of metadata: who has a list of its own, and what only the
/// document knows.
fn load_metadata(world: &mut World, bodies: Vec<String>) -> Result<(), NotLoaded> {
    if let Some(nth) = bodies.iter().position(|body| id_of(body).is_none()) {
        return Err(NotLoaded::NoId(nth));
    }
    for body in bodies {
        let id = id_of(&body).unwrap_or_default();
        if json::member(&body, "inherits") == Some("false") {
            world.own_lists.insert(id.clone());
        } else {
            world.own_lists.remove(&id);
        }
        world.metadata_documents.insert(id, body);
    }
    Ok(())
}

fn load_kind(world: &mut World, kind: Kind, bodies: &[String]) -> Result<(), NotLoaded> {
    if matches!(kind, Kind::Dashboard | Kind::LookmlDashboard | Kind::Look) {
        for body in bodies {
            keep_queries(world, body);
        }
    }
    let rows: Vec<Row> = bodies
        .iter()
        .filter_map(|body| stored(world, kind, body))
        .map(|body| Row::new(kind, Bytes::from(body)))
        .collect();
    if let Some(nth) = rows.iter().position(|row| row.id.is_empty()) {
        return Err(NotLoaded::NoId(nth));
    }
    match kind {
        Kind::GroupHierarchy => load_groups(world, bodies)?,
        Kind::Board => load_embedded(world, Kind::BoardSection, "board_sections", bodies)?,
        Kind::BoardSection => load_embedded(world, Kind::BoardItem, "board_items", bodies)?,
        Kind::Artifact => load_namespaces(world, bodies)?,
        _ => {}
    }
    world.load(kind, rows);
    Ok(())
}

/// A document as its table has it: without what is put together when it is
/// asked for. `None` is what other rows say already.
fn stored(world: &World, kind: Kind, body: &str) -> Option<String> {
    match kind {
        Kind::Board => Some(json::without(body, &["board_sections"])),
        Kind::BoardSection => Some(json::without(body, &["board_items", "visible_item_order"])),
        Kind::ContentFavorite => Some(json::without(body, &["dashboard", "look", "lookml_dashboard"])),
        // A search answers a look without its query.
        Kind::Look if json::member(body, "query").is_none() => {
            let query = json::member(body, "query_id").and_then(json::text);
            let query = query.and_then(|id| world.queries.get(&id));
            Some(query.map_or_else(|| body.to_owned(), |query| json::patch(body, &[("query", query)])))
        }
        Kind::UserAttributeUserValue => access::own_value(world, body),
        _ => Some(body.to_owned()),
    }
}

/// Keeps the queries that content embeds, as far as they are not known.
fn keep_queries(world: &mut World, body: &str) {
    let object =
        |of: &str, name| json::member(of, name).filter(|value| value.starts_with('{')).map(str::to_owned);
    let mut found: Vec<String> = object(body, "query").into_iter().collect();
    for element in crate::parts::list(body, crate::parts::Part::Element) {
        found.extend(object(element, "query"));
        for holder in ["look", "result_maker"] {
            found.extend(object(element, holder).and_then(|holder| object(&holder, "query")));
        }
    }
    for query in found {
        let id = id_of(&query).filter(|id| world.queries.get(id).is_none());
        if let Some(id) = id.and_then(|id| id.parse().ok()) {
            world.queries.store(id, query);
        }
    }
}

/// What lies in the documents of containers.
fn load_embedded(world: &mut World, kind: Kind, member: &str, bodies: &[String]) -> Result<(), NotLoaded> {
    let list = |body| json::member(body, member).filter(|list| list.starts_with('[')).unwrap_or("[]");
    let inside: Vec<String> =
        bodies.iter().flat_map(|body| json::elements(list(body))).map(str::to_owned).collect();
    load_kind(world, kind, &inside)
}

/// The same groups as the other two kinds show them.
fn load_groups(world: &mut World, bodies: &[String]) -> Result<(), NotLoaded> {
    let plain: Vec<String> =
        bodies.iter().map(|body| json::without(body, &["parent_group_ids", "role_ids"])).collect();
    let with_roles = bodies.iter().zip(&plain).map(|(body, plain)| {
        let ids = json::elements(json::member(body, "role_ids").unwrap_or("[]")).filter_map(json::text);
        let roles = ids.filter_map(|id| world.get(Kind::Role, &id));
        let roles: Vec<String> = roles.map(|row| crate::table::as_text(&row.body).to_owned()).collect();
        json::patch(plain, &[("roles", format!("[{}]", roles.join(",")))])
    });
    let with_roles: Vec<String> = with_roles.collect();
    load_kind(world, Kind::GroupWithRoles, &with_roles)?;
    load_kind(world, Kind::Group, &plain)
}

/// The namespaces that artifacts lie in, as far as they are not known.
fn load_namespaces(world: &mut World, bodies: &[String]) -> Result<(), NotLoaded> {
    let mut names: Vec<String> =
        bodies.iter().filter_map(|body| json::member(body, "namespace").and_then(json::text)).collect();
    names.sort_unstable();
    names.dedup();
    names.retain(|name| world.get(Kind::ArtifactNamespace, name).is_none());
    let body = |name: &String| format!(r#"{{"namespace":{},"count":0}}"#, quoted(name));
    let bodies: Vec<String> = names.iter().map(body).collect();
    load_kind(world, Kind::ArtifactNamespace, &bodies)
}
