//! Writes: what carries an operation out that changes something, and what such
//! operations have in common.
//!
//! A handler works under the instance's write lock, on what its body sends (see
//! `given`). It looks at everything first and changes something only when
//! nothing can fail any more, so a refused write has changed nothing. What it
//! changed is shown under the same lock: the answer is the object as the write
//! left it.

pub(crate) mod admin_routes;
pub(crate) mod alert_rules;
pub(crate) mod alerts;
pub(crate) mod attributes;
pub(crate) mod boards;
pub(crate) mod bodies;
pub(crate) mod content;
pub(crate) mod copies;
pub(crate) mod credentials;
pub(crate) mod dashboards;
pub(crate) mod elements;
pub(crate) mod favorites;
pub(crate) mod filters;
pub(crate) mod folders;
pub(crate) mod given;
pub(crate) mod grants;
pub(crate) mod groups;
pub(crate) mod layouts;
pub(crate) mod looks;
pub(crate) mod makers;
pub(crate) mod opened;
pub(crate) mod palettes;
pub(crate) mod plan_rules;
pub(crate) mod plans;
pub(crate) mod queries;
pub(crate) mod roles;
pub(crate) mod routes;
pub(crate) mod rows;
pub(crate) mod sets;
pub(crate) mod themes;
pub(crate) mod users;

use jiff::Timestamp;

use self::given::Given;
use crate::data;
use crate::json::{self, quoted};
use crate::kinds::Kind;
use crate::lists::render_one;
use crate::outbox::Sent;
use crate::reply::{Problem, Reply, Rows};
use crate::routes::View;
use crate::search::parse_fields;
use crate::server::{Call, Server};
use crate::state::{Refused, World};
use crate::table::Row;

/// What carries a write out.
pub(crate) type Handler = fn(&mut Edit<'_>) -> Result<Wrote, Failure>;

/// What the body of a write is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Takes {
    /// Nothing, or nothing that is looked at.
    Nothing,
    /// An object of a type of `writable.txt`.
    Type(&'static str),
    /// Any JSON, which the handler reads by itself.
    Json,
}

/// A write under way.
pub(crate) struct Edit<'a> {
    pub(crate) server: &'a Server,
    pub(crate) call: &'a Call,
    pub(crate) world: &'a mut World,
    /// What the body sends.
    pub(crate) given: Given,
    /// The body as compact JSON.
    pub(crate) body: String,
    /// The present second, as bodies have it.
    now: String,
}

/// What a write leaves to be answered.
#[derive(Debug)]
pub(crate) enum Wrote {
    /// 200 with the object of that id.
    Object(Kind, View, String),
    /// 200 with JSON that was put together.
    Json(String),
    /// 204.
    Nothing,
}

/// Why a write was refused.
#[derive(Debug)]
pub(crate) enum Failure {
    /// 404 `Not found`: absent, or not to be seen.
    NotFound,
    /// 404 in the words in which a missing model or a legacy `space_id` is
    /// refused (`looker-api-facts.md` §7).
    NoResource,
    /// 403.
    Denied,
    /// 405: built in.
    BuiltIn,
    /// 409.
    Exists,
    /// 422 with all that is wrong.
    Invalid(Vec<Problem>),
    /// 422 without a list of errors.
    Unexplained,
    /// 500, and nothing was done.
    Broken,
}

impl Failure {
    /// 422 with one problem.
    pub(crate) fn invalid(field: &str, message: &str) -> Failure {
        Failure::Invalid(vec![Problem::invalid(field, message.to_owned())])
    }

    pub(crate) fn reply(self, call: &Call) -> Reply {
        let route = call.route();
        match self {
            Failure::NotFound => call.not_found(),
            Failure::NoResource => {
                Reply::error(404, &route, "The resource you're looking for could not be found")
            }
            Failure::Denied => Reply::error(403, &route, "Permission Denied"),
            Failure::BuiltIn => Reply::error(405, &route, "This resource cannot be modified"),
            Failure::Exists => Reply::error(409, &route, "The resource already exists."),
            Failure::Invalid(problems) => Reply::invalid(&route, &problems),
            Failure::Unexplained => Reply::error(422, &route, "Validation Failed"),
            Failure::Broken => Reply::error(500, &route, "An error has occurred."),
        }
    }
}

/// Refusals, worded as observed (`looker-api-facts.md` §13 to §19).
impl From<Refused> for Failure {
    fn from(refused: Refused) -> Failure {
        let problem = match refused {
            Refused::NotFound => return Failure::NotFound,
            Refused::SlugTaken | Refused::IdTaken => return Failure::Exists,
            Refused::NoFolder => Problem::missing("folder_id", "folder not found for folder_id"),
            Refused::TitleTaken => {
                let message = "Dashboard with this title already exists.";
                Problem::already_exists("[:title, :space_id]", message)
            }
            Refused::LookTitleTaken => {
                Problem::already_exists("[:title, :space_id]", "Look with this title already exists.")
            }
            Refused::Dangling => Problem::invalid("id", refused.to_string()),
        };
        Failure::Invalid(vec![problem])
    }
}

/// Carries a write out.
pub(crate) fn run(server: &Server, call: &Call, takes: Takes, handler: Handler) -> Reply {
    let fields = match parse_fields(&call.params) {
        Ok(fields) => fields,
        Err(problem) => return Reply::invalid(&call.route(), &[problem]),
    };
    let (body, given) = match read(server, call, takes) {
        Ok(read) => read,
        Err(refusal) => return refusal,
    };
    let mut world = server.world_mut();
    let wrote =
        handler(&mut Edit { server, call, world: &mut world, given, body, now: quoted(&data::now()) });
    let json = match wrote {
        Ok(Wrote::Nothing) => return Reply::nothing(),
        Ok(Wrote::Object(kind, view, id)) => {
            let row = world.get(kind, &id);
            return row.map_or_else(
                || call.not_found(),
                |row| render_one(&world, kind, row, view, fields.as_ref()),
            );
        }
        Ok(Wrote::Json(json)) => json,
        Err(failure) => return failure.reply(call),
    };
    let rows = Rows { light: 1, ..Rows::default() };
    let mut out = String::new();
    match fields {
        Some(fields) => json::project(&json, &fields, &mut out),
        None => out = json,
    }
    Reply { rows, ..Reply::json(out) }
}

/// The body, and what it sends.
fn read(server: &Server, call: &Call, takes: Takes) -> Result<(String, Given), Reply> {
    if takes == Takes::Nothing {
        return Ok((String::new(), Given::default()));
    }
    let wrong = |what| Reply::error(400, &call.route(), &format!("The request body is not {what}."));
    let body = json::compact(&call.body).ok_or_else(|| wrong("JSON"))?;
    let Takes::Type(of) = takes else { return Ok((body, Given::default())) };
    if !body.starts_with('{') {
        return Err(wrong("a JSON object"));
    }
    match Given::read(of, &body) {
        Ok(given) => {
            let given = given.of_release(&server.config, of, &body);
            Ok((body, given))
        }
        Err(problems) => Err(Reply::invalid(&call.route(), &problems)),
    }
}

impl Edit<'_> {
    /// The id in the path.
    pub(crate) fn id(&self) -> String {
        self.call.id().to_owned()
    }

    /// The second id in the path.
    pub(crate) fn second_id(&self) -> String {
        self.call.path_params.get(1).cloned().unwrap_or_default()
    }

    /// The second of the write, as JSON text.
    pub(crate) fn now(&self) -> String {
        self.now.clone()
    }

    /// The row of an object that the caller sees.
    ///
    /// # Errors
    ///
    /// 404 when there is none.
    pub(crate) fn row(&self, kind: Kind, id: &str) -> Result<&Row, Failure> {
        self.server.find(self.world, kind, id).ok_or(Failure::NotFound)
    }

    /// The given members that are required and absent, as a failure.
    ///
    /// # Errors
    ///
    /// 422 when any is.
    pub(crate) fn require(&self, of: &str) -> Result<(), Failure> {
        let missing = self.given.missing(of);
        if missing.is_empty() { Ok(()) } else { Err(Failure::Invalid(missing)) }
    }

    /// Takes what was given, to be made the changes of a body.
    pub(crate) fn take_given(&mut self) -> Given {
        std::mem::take(&mut self.given)
    }

    /// Creates an object under the next id, its body made from that id, and
    /// remembers that it is fresh.
    pub(crate) fn create(&mut self, kind: Kind, body: impl FnOnce(u64) -> String) -> String {
        let id = self.world.create(kind, body);
        self.world.freshen(kind, &id);
        id
    }

    /// Notes something that would reach people.
    pub(crate) fn send(&mut self, what: &'static str, kind: Kind, id: &str, to: Vec<String>) {
        let operation = self.call.operation.id;
        self.world.outbox.push(Sent { at: Timestamp::now(), what, operation, kind, id: id.to_owned(), to });
    }
}
