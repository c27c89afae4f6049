//! Versions, logins, and who is asking.

use crate::auth::API_USER;
use crate::config::RejectedLogin;
use crate::content::show;
use crate::json::{self, Writer};
use crate::kinds::Kind;
use crate::owned;
use crate::params::Params;
use crate::permissions;
use crate::reply::{Problem, Reply};
use crate::routes::View;
use crate::search::parse_fields;
use crate::server::{Call, Server};
use crate::table::{Row, as_text};
use hyper::StatusCode;

/// The release and the API versions. The addresses lack the port, as those of
/// a real instance do (`looker-api-facts.md` §1).
pub(crate) fn versions(server: &Server, call: &Call) -> Reply {
    let fields = match parse_fields(&call.params) {
        Ok(fields) => fields,
        Err(problem) => return Reply::invalid(&call.route(), &[problem]),
    };
    let version = |status: &str, number: &str| {
        format!(
            r#"{{"version":"{number}","full_version":"{number}.{}","status":"{status}","swagger_url":"https://127.0.0.1/api/{number}/swagger.json"}}"#,
            server.config.release
        )
    };
    let mut w = Writer::default();
    w.begin('{');
    w.text("looker_release_version", &server.config.release);
    w.raw("current_version", &version("current", "4.0"));
    w.begin_at("supported_versions", '[');
    w.element(&version("experimental", "3.99"));
    w.element(&version("current", "4.0"));
    w.end(']');
    w.text("api_server_url", "https://127.0.0.1");
    w.text("web_server_url", "https://127.0.0.1");
    w.end('}');
    let Some(fields) = fields else { return Reply::json(w.out) };
    let mut out = String::new();
    json::project(&w.out, &fields, &mut out);
    Reply::json(out)
}

/// `POST /login`: credentials in a form body, and nowhere else.
pub(crate) fn login(server: &Server, call: &Call) -> Reply {
    if !call.content_type.starts_with("application/x-www-form-urlencoded") {
        let message = "The credentials must be sent as application/x-www-form-urlencoded.".to_owned();
        return Reply::invalid(&call.route(), &[Problem::invalid("client_id", message)]);
    }
    let form = Params::parse(&String::from_utf8_lossy(&call.body));
    let is_right = form.get("client_id") == Some(&server.config.client_id)
        && form.get("client_secret") == Some(&server.config.client_secret);
    if is_right { token(server, API_USER) } else { rejected(server) }
}

fn rejected(server: &Server) -> Reply {
    match server.config.rejected_login {
        // The path is repeated in real answers (`looker-api-facts.md` §1).
        RejectedLogin::Json404 => Reply::error(404, "post/api/4.0/login", "Not found"),
        RejectedLogin::Html404 => Reply::html(
            StatusCode::NOT_FOUND,
            "*/*",
            "Looker Not Found (404)",
            "Looker is unavailable. If you typed in a URL, double-check the spelling.",
        )
        .header("connection", "close"),
    }
}

/// `POST /login/{user_id}`: a token that acts as another user, for the account that may
/// `sudo`, and for administrators.
pub(crate) fn login_user(server: &Server, call: &Call) -> Reply {
    let world = server.world();
    let enabled = |row: &Row| json::member(as_text(&row.body), "is_disabled") != Some("true");
    let may_be = server.find(&world, Kind::User, call.id()).is_some_and(enabled);
    let may = if call.user == API_USER {
        permissions::has(&server.config.account, "sudo")
    } else {
        owned::is_admin(&world, &call.user)
    };
    drop(world);
    if may && may_be { token(server, call.id()) } else { call.not_found() }
}

fn token(server: &Server, user: &str) -> Reply {
    let lives = server.config.token_ttl;
    let token = server.tokens.give(user, lives, server.config.secret_marker.as_deref());
    Reply::json(format!(
        r#"{{"access_token":"{token}","token_type":"Bearer","expires_in":{},"refresh_token":null}}"#,
        lives.as_secs()
    ))
}

/// `DELETE /logout`: 200 with an empty body.
pub(crate) fn logout(server: &Server, call: &Call) -> Reply {
    if server.tokens.end(call.authorization.as_deref()) { Reply::json("") } else { call.not_found() }
}

/// `GET /user`: the user the token stands for.
pub(crate) fn me(server: &Server, call: &Call) -> Reply {
    show(server, call, Kind::User, View::Whole, &call.user)
}

/// `GET /session`.
pub(crate) fn session(call: &Call) -> Reply {
    let sudo = if call.user == API_USER { "null".to_owned() } else { format!("\"{API_USER}\"") };
    Reply::json(format!(
        r#"{{"can":{{"view":true,"update":true}},"workspace_id":"production","sudo_user_id":{sudo}}}"#
    ))
}
