//! `GET /_sim/export`: every object of every kind as a line of JSON, so that a
//! test can hold it against what a client stored.

use std::collections::VecDeque;

use bytes::Bytes;

use crate::access;
use crate::composed;
use crate::json::quoted;
use crate::kinds::Kind;
use crate::metadata;
use crate::reply::Reply;
use crate::server::Server;
use crate::state::World;

/// Kinds that are made when asked for and have no table.
const MADE: [&str; 3] = ["content_metadata", "query", "merge_query"];

/// Names of every kind.
pub(crate) fn names() -> impl Iterator<Item = &'static str> {
    Kind::ALL.into_iter().map(Kind::name).chain(MADE)
}

/// `{"kind":…,"id":…,"body":…}` for each object of the kinds `wanted` names,
/// the trash included; `body` is what reading that one object answers, without
/// the content of a folder.
pub(crate) fn lines(server: &Server, wanted: &[&str]) -> Reply {
    let world = server.world();
    let mut chunks = VecDeque::new();
    for name in names().filter(|name| wanted.contains(name)) {
        match Kind::named(name) {
            Some(kind) => table(&world, kind, &mut chunks),
            None => {
                for (id, body) in made(server, &world, name) {
                    push(name, &id, body.into(), &mut chunks);
                }
            }
        }
    }
    let mut reply = Reply::json(Bytes::new());
    reply.headers = vec![("content-type", "application/x-ndjson".to_owned())];
    reply.chunks = chunks;
    reply
}

fn table(world: &World, kind: Kind, chunks: &mut VecDeque<Bytes>) {
    for (id, body) in bodies(world, kind) {
        push(kind.name(), &id, body, chunks);
    }
}

/// Ids and bodies of all objects of a kind in the order of ids, with what they
/// embed. Of values users have of attributes those that count.
pub(crate) fn bodies(world: &World, kind: Kind) -> Vec<(String, Bytes)> {
    if kind == Kind::UserAttributeUserValue {
        return access::all_user_values(world).into_iter().map(|(id, body)| (id, body.into())).collect();
    }
    let table = world.table(kind);
    let mut slots = [table.slots(false), table.slots(true)].concat();
    slots.sort_unstable();
    let body = |row| match composed::whole(world, kind, row) {
        std::borrow::Cow::Borrowed(_) => row.body.clone(),
        std::borrow::Cow::Owned(whole) => whole.into(),
    };
    slots.into_iter().map(|slot| table.row(slot)).map(|row| (row.id.to_string(), body(row))).collect()
}

fn push(kind: &str, id: &str, body: Bytes, chunks: &mut VecDeque<Bytes>) {
    chunks.push_back(format!(r#"{{"kind":"{kind}","id":{},"body":"#, quoted(id)).into());
    chunks.push_back(body);
    chunks.push_back(Bytes::from_static(b"}\n"));
}

/// Ids and bodies of a kind without a table; none of a name that is unknown.
pub(crate) fn made(server: &Server, world: &World, name: &str) -> Vec<(String, String)> {
    match name {
        "content_metadata" => metadata::all(world),
        "query" => world.queries.all().collect(),
        "merge_query" => world.queries.all_merges(&server.ground),
        _ => Vec::new(),
    }
}
