//! The back door, `/_sim/...`: what the library can read and set, for tests
//! that run the simulator as a process of its own. No token, no latency, no
//! trace in the statistics.

use http_body_util::BodyExt;
use hyper::body::Incoming;
use hyper::{Request, Response};

use crate::auth::API_USER;
use crate::export;
use crate::json::{self, Writer};
use crate::kinds::Kind;
use crate::load::{self, NotLoaded};
use crate::metadata;
use crate::objects;
use crate::params::Params;
use crate::reply::{Reply, Sending};
use crate::routes::decode;
use crate::server::{Presence, Server, respond};
use crate::state::{Refused, State};
use crate::table::as_text;
use crate::writes::alerts;

/// Answers a request to the back door.
pub(crate) async fn serve(server: &Server, request: Request<Incoming>) -> Response<Sending<Presence>> {
    let (head, body) = request.into_parts();
    let body = body.collect().await.map(http_body_util::Collected::to_bytes).unwrap_or_default();
    let path: Vec<&str> = head.uri.path().trim_start_matches("/_sim/").split('/').collect();
    let reply = match (head.method.as_str(), &path[..]) {
        ("GET", ["stats"]) => of(&server.log.stats()),
        ("GET", ["requests"]) => of(&server.log.requests()),
        ("GET", ["outbox"]) => of(&server.world().outbox),
        ("DELETE", ["outbox"]) => {
            server.world_mut().outbox.clear();
            Reply::nothing()
        }
        ("GET", ["followers", id]) => of(&alerts::followers(&server.world(), id)),
        ("GET", ["history", kind, id @ ..]) => history(server, kind, &decode(&id.join("/"))),
        ("GET", ["export"]) => export_of(server, head.uri.query().unwrap_or_default()),
        ("POST", ["load", kind]) => load_lines(server, kind, &body),
        ("POST", ["objects", kind]) => with_kind(kind, |kind| create(server, kind, &body)),
        ("PATCH", ["objects", kind, id @ ..]) => set_object(server, kind, &decode(&id.join("/")), &body),
        ("DELETE", ["objects", kind, id @ ..]) => {
            let id = decode(&id.join("/"));
            with_kind(kind, |kind| done(objects::purge(&mut server.world_mut(), kind, &id)))
        }
        ("POST", ["reset"]) => {
            server.log.reset();
            Reply::nothing()
        }
        ("POST", ["faults"]) => set(&body, |faults| server.set_faults(faults)),
        ("POST", ["churn"]) => set(&body, |churn| server.set_churn(churn)),
        ("POST", ["revoke_tokens"]) => {
            server.tokens.revoke_all();
            Reply::nothing()
        }
        _ => Reply::error(404, "_sim", "The simulator has no such control."),
    };
    respond(reply, false, Presence::none())
}

/// Sets what the body says as JSON.
fn set<T: serde::de::DeserializeOwned>(body: &[u8], setter: impl FnOnce(T)) -> Reply {
    match serde_json::from_slice(body) {
        Ok(value) => {
            setter(value);
            Reply::nothing()
        }
        Err(wrong) => Reply::error(400, "_sim", &wrong.to_string()),
    }
}

/// `?kind=board,look` picks kinds; without it, all.
fn export_of(server: &Server, query: &str) -> Reply {
    let params = Params::parse(query);
    let wanted: Vec<&str> = match params.get("kind") {
        Some(kinds) => kinds.split(',').collect(),
        None => export::names().collect(),
    };
    match wanted.iter().find(|kind| !export::names().any(|name| name == **kind)) {
        Some(_) => no_kind(),
        None => export::lines(server, &wanted),
    }
}

fn no_kind() -> Reply {
    Reply::error(404, "_sim", "There is no such kind.")
}

fn with_kind(name: &str, answer: impl FnOnce(Kind) -> Reply) -> Reply {
    Kind::named(name).map_or_else(no_kind, answer)
}

/// Sets members of an object. Of content metadata that is `inherits`.
fn set_object(server: &Server, kind: &str, id: &str, body: &[u8]) -> Reply {
    let body = match compact(body) {
        Ok(body) => body,
        Err(wrong) => return wrong,
    };
    let mut world = server.world_mut();
    if kind == "content_metadata" {
        let inherits = json::member(&body, "inherits") != Some("false");
        return done(metadata::set_inherits(&mut world, id, inherits));
    }
    let changes = json::members(&body).map(|(name, value)| (name, value.to_owned())).collect();
    with_kind(kind, |kind| done(objects::set(&mut world, kind, id, changes, API_USER)))
}

/// Creates an object and answers its id.
fn create(server: &Server, kind: Kind, body: &[u8]) -> Reply {
    let body = match compact(body) {
        Ok(body) => body,
        Err(wrong) => return wrong,
    };
    match objects::create(&mut server.world_mut(), kind, &body) {
        Ok(id) => Reply::json(format!(r#"{{"id":{}}}"#, json::quoted(&id))),
        Err(refused) => done(Err(refused)),
    }
}

/// Loads documents, one a line.
fn load_lines(server: &Server, kind: &str, body: &[u8]) -> Reply {
    let lines: Vec<&[u8]> = body.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()).collect();
    match load::load(server, kind, &lines) {
        Ok(()) => Reply::nothing(),
        Err(NotLoaded::UnknownKind) => no_kind(),
        Err(wrong) => Reply::error(400, "_sim", &wrong.to_string()),
    }
}

fn done(result: Result<(), Refused>) -> Reply {
    match result {
        Ok(()) => Reply::nothing(),
        Err(refused) => {
            let status = match refused {
                Refused::NotFound => 404,
                Refused::IdTaken => 409,
                _ => 422,
            };
            Reply::error(status, "_sim", &refused.to_string())
        }
    }
}

/// A JSON object without blanks, as all bodies are.
fn compact(body: &[u8]) -> Result<String, Reply> {
    json::compact(body)
        .filter(|body| body.starts_with('{'))
        .ok_or_else(|| Reply::error(400, "_sim", "The body is not a JSON object."))
}

fn of<T: serde::Serialize>(value: &T) -> Reply {
    match serde_json::to_vec(value) {
        Ok(json) => Reply::json(json),
        Err(wrong) => Reply::error(500, "_sim", &wrong.to_string()),
    }
}

fn history(server: &Server, kind: &str, id: &str) -> Reply {
    let Some(kind) = Kind::named(kind) else {
        return Reply::error(404, "_sim/history", "There is no such kind.");
    };
    let mut w = Writer::default();
    w.begin('[');
    for State { at, order, deleted, gone, body } in server.world().history(kind, id) {
        w.begin('{');
        w.text("at", &at.to_string());
        w.int("order", order);
        w.bool("deleted", deleted);
        w.bool("gone", gone);
        w.raw("body", as_text(&body));
        w.end('}');
    }
    w.end(']');
    Reply::json(w.out)
}
