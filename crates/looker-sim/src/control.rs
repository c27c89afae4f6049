//! The back door, `/_sim/...`: what the library can read and set, for tests
//! that run the simulator as a process of its own. No token, no latency, no
//! trace in the statistics.

use http_body_util::BodyExt;
use hyper::body::Incoming;
use hyper::{Request, Response};

use crate::json::Writer;
use crate::reply::{Reply, Sending};
use crate::server::{Presence, Server, respond};
use crate::state::State;
use crate::table::{Kind, as_text};

/// Answers a request to the back door.
pub(crate) async fn serve(server: &Server, request: Request<Incoming>) -> Response<Sending<Presence>> {
    let (head, body) = request.into_parts();
    let body = body.collect().await.map(http_body_util::Collected::to_bytes).unwrap_or_default();
    let path: Vec<&str> = head.uri.path().trim_start_matches("/_sim/").split('/').collect();
    let reply = match (head.method.as_str(), &path[..]) {
        ("GET", ["stats"]) => of(&server.log.stats()),
        ("GET", ["requests"]) => of(&server.log.requests()),
        ("GET", ["history", kind, id]) => history(server, kind, id),
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
