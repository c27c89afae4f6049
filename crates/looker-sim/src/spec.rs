//! The instance's own API document, in small: every operation it serves, with
//! its parameters, and every type that a write sends. Clients that look for an
//! operation or a field in it find what this release has.

use crate::json::{Writer, quoted};
use crate::params::Holds;
use crate::reply::Reply;
use crate::routes::{Operation, operations};
use crate::server::{Call, Server};
use crate::writes::given;

/// Operations that older releases lack, and the first release that has them.
/// Which release brought them is not recorded; one boundary keeps it simple.
const YOUNG: [&str; 5] =
    ["search_agents", "get_agent", "artifact_namespaces", "search_artifacts", "artifact"];
const YOUNG_SINCE: (u32, u32) = (26, 0);

/// Whether the instance, by its release and its configuration, has an
/// operation.
pub(crate) fn serves(server: &Server, operation: &Operation) -> bool {
    let config = &server.config;
    let young = YOUNG.contains(&operation.id) && release(&config.release) < YOUNG_SINCE;
    !young && !config.missing_endpoints.iter().any(|id| id == operation.id)
}

/// The first two numbers of a release: 25.4 of `25.4.12`.
fn release(text: &str) -> (u32, u32) {
    let mut numbers = text.split('.').map(|number| number.parse().unwrap_or(0));
    (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0))
}

/// `GET /api_spec/4.0/swagger.json`.
pub(crate) fn document(server: &Server, call: &Call) -> Reply {
    let [version, name] = &call.path_params[..] else { return call.not_found() };
    if version != "4.0" || name != "swagger.json" {
        return call.not_found();
    }
    let operations: Vec<&Operation> = operations().filter(|op| serves(server, op)).collect();
    let mut routes: Vec<&str> = operations.iter().map(|op| op.route).collect();
    routes.sort_unstable();
    routes.dedup();
    let mut w = Writer::default();
    w.begin('{');
    w.members(r#""swagger":"2.0","basePath":"/api/4.0","schemes":["https"],"produces":["application/json"]"#);
    w.begin_at("info", '{');
    w.text("title", "Looker API 4.0 Reference");
    w.text("version", &format!("4.0.{}", server.config.release));
    w.text("x-looker-release-version", &server.config.release);
    w.end('}');
    w.begin_at("paths", '{');
    for route in routes {
        w.begin_at(route, '{');
        for operation in operations.iter().filter(|op| op.route == route) {
            push_operation(&mut w, operation);
        }
        w.end('}');
    }
    w.end('}');
    w.begin_at("definitions", '{');
    given::push_definitions(&server.config, &mut w);
    w.end('}');
    w.end('}');
    Reply::json(w.out)
}

fn push_operation(w: &mut Writer, operation: &Operation) {
    w.begin_at(&operation.method.to_ascii_lowercase(), '{');
    w.text("operationId", operation.id);
    w.begin_at("parameters", '[');
    for name in operation.route.split('/').filter_map(|part| part.strip_prefix('{')) {
        let name = quoted(name.trim_end_matches('}'));
        w.element(&format!(r#"{{"name":{name},"in":"path","required":true,"type":"string"}}"#));
    }
    for (name, holds) in operation.params.iter().copied().flatten() {
        let kind = match holds {
            Holds::Text => "string",
            Holds::Bool => "boolean",
            Holds::Count => "integer",
        };
        w.element(&format!(r#"{{"name":{},"in":"query","required":false,"type":"{kind}"}}"#, quoted(name)));
    }
    w.end(']');
    w.raw("responses", r#"{"200":{"description":"OK"}}"#);
    w.end('}');
}
