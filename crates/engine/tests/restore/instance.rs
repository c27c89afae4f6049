//! A small instance behind a real socket: things that can be made, changed, deleted
//! and listed, with faults to order. It knows nothing of the crates under test.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard};

use serde_json::{Map, Value, json};
use tokio_util::sync::CancellationToken;

/// What happens to one write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// It is done, and answered 500.
    ErrorAfter,
    /// It is not done, and answered 500.
    ErrorBefore,
    /// It is done, and the connection breaks.
    ResetAfter,
    /// It is not done, and the connection breaks.
    ResetBefore,
    /// It is done, and answered with a page.
    PageAfter,
    /// It is done, and the answer has no id.
    NoIdAfter,
    /// It is not done, because too much is asked.
    TooMany,
    /// It is not done, because the token is no longer good.
    TokenGone,
    /// The process is killed before it is done.
    KillBefore,
    /// The process is killed after it is done.
    KillAfter,
}

impl Fault {
    pub(crate) const ALL: [Self; 10] = [
        Self::ErrorAfter,
        Self::ErrorBefore,
        Self::ResetAfter,
        Self::ResetBefore,
        Self::PageAfter,
        Self::NoIdAfter,
        Self::TooMany,
        Self::TokenGone,
        Self::KillBefore,
        Self::KillAfter,
    ];

    fn is_before(self) -> bool {
        matches!(
            self,
            Self::ErrorBefore | Self::ResetBefore | Self::TooMany | Self::TokenGone | Self::KillBefore
        )
    }
}

/// What a kill leaves: the vault as it was at that moment.
#[derive(Debug, Clone)]
pub(crate) struct Kill {
    pub(crate) vault: PathBuf,
    pub(crate) copy: PathBuf,
    pub(crate) now: CancellationToken,
}

#[derive(Debug, Clone, Default)]
struct Thing {
    fields: Map<String, Value>,
    /// How often it is left out of lists, or not found as a parent, before it shows.
    hidden: u8,
}

/// What the instance holds and is told to do.
#[derive(Default)]
pub(crate) struct State {
    things: BTreeMap<(String, u64), Thing>,
    next: u64,
    writes: usize,
    /// Faults by the number of the write, counted from 1.
    pub(crate) faults: BTreeMap<usize, Fault>,
    /// Who is to be killed.
    pub(crate) kill: Option<Kill>,
    /// How often what is new does not show.
    pub(crate) hide: u8,
    /// Somebody else makes one like these beside every so many of ours.
    pub(crate) strangers: bool,
    /// Answers to creations of dashboards have no layouts.
    pub(crate) silent_layouts: bool,
    /// Tiles get no placement.
    pub(crate) no_placements: bool,
    /// Titles that are refused.
    pub(crate) refused: Vec<String>,
    /// Every request: `POST /boards`.
    pub(crate) requests: Vec<String>,
}

/// A running instance.
pub(crate) struct Instance {
    state: Arc<Mutex<State>>,
    address: SocketAddr,
}

struct Request {
    method: String,
    path: Vec<String>,
    query: BTreeMap<String, String>,
    body: Map<String, Value>,
}

#[derive(Debug)]
enum Answer {
    Json(u16, Value),
    Page,
    Nothing,
}

impl Instance {
    pub(crate) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let state = Arc::new(Mutex::new(State { next: 100, ..State::default() }));
        let shared = Arc::clone(&state);
        std::thread::spawn(move || {
            for socket in listener.incoming().flatten() {
                let shared = Arc::clone(&shared);
                std::thread::spawn(move || serve(socket, &shared));
            }
        });
        Self { state, address }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    /// Makes something behind everybody's back; gives its id.
    pub(crate) fn make(&self, resource: &str, fields: Value) -> String {
        let mut state = self.state();
        let Value::Object(fields) = fields else { panic!("an object") };
        let id = state.create(resource, &fields).unwrap();
        state.show_all();
        id.to_string()
    }

    pub(crate) fn delete(&self, resource: &str, id: &str) {
        self.state().things.remove(&(resource.to_owned(), id.parse().unwrap())).unwrap();
    }

    /// Requests that begin so.
    pub(crate) fn count(&self, prefix: &str) -> usize {
        self.state().requests.iter().filter(|request| request.starts_with(prefix)).count()
    }

    pub(crate) fn writes(&self) -> usize {
        self.state().writes
    }

    /// All that is there, in words without ids.
    pub(crate) fn picture(&self) -> Vec<String> {
        self.state().picture()
    }
}

fn serve(socket: TcpStream, state: &Mutex<State>) {
    let mut writer = socket.try_clone().unwrap();
    let mut reader = BufReader::new(socket);
    while let Some(request) = read(&mut reader) {
        let answer = state.lock().unwrap().answer(&request);
        let (status, kind, body) = match answer {
            // What followed a 204 would be taken for the beginning of the next answer.
            Answer::Json(204, _) => (204, "application/json", String::new()),
            Answer::Json(status, body) => (status, "application/json", body.to_string()),
            Answer::Page => (200, "text/html", "<html><title>Down</title></html>".to_owned()),
            Answer::Nothing => return,
        };
        let more = if status == 429 { "Retry-After: 0\r\n" } else { "" };
        let head = format!(
            "HTTP/1.1 {status} X\r\nContent-Type: {kind}\r\nContent-Length: {}\r\n{more}\r\n",
            body.len()
        );
        if writer.write_all(head.as_bytes()).and_then(|()| writer.write_all(body.as_bytes())).is_err() {
            return;
        }
    }
}

fn read(reader: &mut BufReader<TcpStream>) -> Option<Request> {
    let mut line = String::new();
    reader.read_line(&mut line).ok().filter(|read| *read > 0)?;
    let mut words = line.split(' ');
    let (method, target) = (words.next()?.to_owned(), words.next()?.to_owned());
    let mut length = 0;
    loop {
        let mut header = String::new();
        reader.read_line(&mut header).ok().filter(|read| *read > 0)?;
        if header.trim().is_empty() {
            break;
        }
        if let Some(value) = header.to_ascii_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().ok()?;
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    let (path, query) = target.split_once('?').unwrap_or((&target, ""));
    let path = path.trim_start_matches("/api/4.0").trim_matches('/').split('/').map(decoded).collect();
    let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
    let query = pairs.map(|(name, value)| (decoded(name), decoded(value))).collect();
    Some(Request { method, path, query, body: serde_json::from_slice(&body).unwrap_or_default() })
}

fn decoded(text: &str) -> String {
    let (mut bytes, mut rest) = (Vec::new(), text.bytes());
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'+' => b' ',
            b'%' => {
                let hex = [rest.next().unwrap(), rest.next().unwrap()];
                u8::from_str_radix(std::str::from_utf8(&hex).unwrap(), 16).unwrap()
            }
            other => other,
        });
    }
    String::from_utf8(bytes).unwrap()
}

impl State {
    fn answer(&mut self, request: &Request) -> Answer {
        let path: Vec<&str> = request.path.iter().map(String::as_str).collect();
        match path[..] {
            ["login"] => {
                return Answer::Json(200, json!({ "access_token": "t0ken", "expires_in": 3600 }));
            }
            ["versions"] => return Answer::Json(200, json!({ "looker_release_version": "26.12" })),
            _ => {}
        }
        self.requests.push(format!("{} /{}", request.method, path.join("/")));
        if request.method == "GET" {
            return self.list(&path, &request.query);
        }
        self.writes += 1;
        let fault = self.faults.get(&self.writes).copied();
        if fault.is_none_or(|fault| !fault.is_before()) {
            let answer = self.write(&request.method, &path, &request.body);
            return fault.map_or(answer, |fault| self.fail(fault));
        }
        self.fail(fault.unwrap())
    }

    fn fail(&mut self, fault: Fault) -> Answer {
        match fault {
            Fault::ErrorAfter | Fault::ErrorBefore => Answer::Json(500, json!({ "message": "Sorry" })),
            Fault::ResetAfter | Fault::ResetBefore => Answer::Nothing,
            Fault::PageAfter => Answer::Page,
            Fault::NoIdAfter => Answer::Json(200, json!({ "can": {} })),
            Fault::TooMany => Answer::Json(429, json!({ "message": "Too many" })),
            Fault::TokenGone => Answer::Json(401, json!({ "message": "Requires authentication." })),
            Fault::KillBefore | Fault::KillAfter => {
                // Only the first of those that come before the process is gone.
                if let Some(kill) = self.kill.take() {
                    for end in ["", "-wal"] {
                        let name = |path: &PathBuf| format!("{}{end}", path.display());
                        let _ = std::fs::copy(name(&kill.vault), name(&kill.copy));
                    }
                    kill.now.cancel();
                }
                Answer::Nothing
            }
        }
    }

    fn write(&mut self, method: &str, path: &[&str], body: &Map<String, Value>) -> Answer {
        match (method, path) {
            ("POST", ["queries"]) => {
                let same = self.things.iter().find(|((resource, _), thing)| {
                    resource == "queries"
                        && thing.fields.iter().all(|(name, value)| body.get(name) == Some(value))
                });
                let made = match same.map(|((_, id), _)| *id) {
                    Some(known) => Ok(known),
                    None => self.create("queries", body),
                };
                self.made("queries", made)
            }
            ("POST", [resource]) => {
                self.let_a_stranger_in(resource, body);
                let made = self.create(resource, body);
                self.made(resource, made)
            }
            ("PATCH", [resource, id]) => match self.thing(resource, id) {
                Some(thing) => {
                    thing.fields.extend(body.clone());
                    Answer::Json(200, json!({ "id": id }))
                }
                None => not_found(),
            },
            ("DELETE", [resource, id]) => match self.thing(resource, id) {
                Some(_) => {
                    self.things.remove(&((*resource).to_owned(), id.parse().unwrap()));
                    Answer::Json(204, Value::Null)
                }
                None => not_found(),
            },
            _ => not_found(),
        }
    }

    /// Somebody makes one like it, under another name.
    fn let_a_stranger_in(&mut self, resource: &str, body: &Map<String, Value>) {
        let named = ["title", "name", "body_text"].into_iter().find(|field| body.contains_key(*field));
        if let Some(field) = named.filter(|_| self.strangers && self.writes.is_multiple_of(3)) {
            let mut body = body.clone();
            body.insert(field.to_owned(), json!("of a stranger"));
            // There may be one already.
            let _ = self.create(resource, &body);
        }
    }

    /// A thing that shows. Asking often enough makes it show.
    fn thing(&mut self, resource: &str, id: &str) -> Option<&mut Thing> {
        let thing = self.things.get_mut(&(resource.to_owned(), id.parse().ok()?))?;
        let shows = thing.hidden == 0;
        thing.hidden = thing.hidden.saturating_sub(1);
        shows.then_some(thing)
    }

    fn made(&mut self, resource: &str, made: Result<u64, Answer>) -> Answer {
        let id = match made {
            Ok(id) => id,
            Err(refusal) => return refusal,
        };
        let mut row = self.row(resource, id);
        if self.silent_layouts {
            row.as_object_mut().unwrap().remove("dashboard_layouts");
        }
        Answer::Json(200, row)
    }

    fn create(&mut self, resource: &str, fields: &Map<String, Value>) -> Result<u64, Answer> {
        for (field, parent) in
            [("folder_id", "folders"), ("dashboard_id", "dashboards"), ("query_id", "queries")]
        {
            if let Some(id) = fields.get(field).and_then(Value::as_str)
                && self.thing(parent, id).is_none()
            {
                return Err(not_found());
            }
        }
        let title = fields.get("title").and_then(Value::as_str);
        let taken = resource == "dashboards"
            && self.things.iter().any(|((of, _), thing)| {
                of == resource
                    && ["title", "folder_id"].iter().all(|name| thing.fields.get(*name) == fields.get(*name))
            });
        if taken || title.is_some_and(|title| self.refused.iter().any(|refused| refused == title)) {
            let code = if taken { "already_exists" } else { "invalid" };
            let errors = json!([{ "field": "title", "code": code, "message": "no such title here" }]);
            return Err(Answer::Json(422, json!({ "message": "Validation Failed", "errors": errors })));
        }
        let id = self.insert(resource, fields.clone());
        match resource {
            "dashboards" => {
                let layout = json!({ "dashboard_id": id.to_string(), "active": true, "type": "newspaper" });
                let Value::Object(layout) = layout else { unreachable!() };
                self.insert("dashboard_layouts", layout);
            }
            "dashboard_elements" if !self.no_placements => {
                let of = fields["dashboard_id"].clone();
                let layouts = self.things.iter().filter(|((resource, _), thing)| {
                    resource == "dashboard_layouts" && thing.fields["dashboard_id"] == of
                });
                let layouts: Vec<u64> = layouts.map(|((_, id), _)| *id).collect();
                for layout in layouts {
                    let component = json!({
                        "dashboard_layout_id": layout.to_string(), "dashboard_element_id": id.to_string(), "row": 0
                    });
                    let Value::Object(component) = component else { unreachable!() };
                    let component = self.insert("dashboard_layout_components", component);
                    self.things.get_mut(&("dashboard_layout_components".into(), component)).unwrap().hidden =
                        0;
                }
            }
            _ => {}
        }
        Ok(id)
    }

    fn insert(&mut self, resource: &str, fields: Map<String, Value>) -> u64 {
        self.next += 1;
        self.things.insert((resource.to_owned(), self.next), Thing { fields, hidden: self.hide });
        self.next
    }

    fn show_all(&mut self) {
        self.things.values_mut().for_each(|thing| thing.hidden = 0);
    }

    fn row(&self, resource: &str, id: u64) -> Value {
        let mut row = self.things[&(resource.to_owned(), id)].fields.clone();
        row.insert("id".to_owned(), id.to_string().into());
        for (of, field, parts) in [
            ("dashboards", "dashboard_id", "dashboard_layouts"),
            ("dashboard_layouts", "dashboard_layout_id", "dashboard_layout_components"),
        ] {
            if of == resource {
                let rows = self.ids(parts, field, &id.to_string()).into_iter().map(|id| self.row(parts, id));
                row.insert(parts.to_owned(), rows.collect());
            }
        }
        row.into()
    }

    fn ids(&self, resource: &str, field: &str, value: &str) -> Vec<u64> {
        let of = |((of, _), thing): &(&(String, u64), &Thing)| {
            of == resource && thing.fields.get(field).and_then(Value::as_str) == Some(value)
        };
        self.things.iter().filter(of).map(|((_, id), _)| *id).collect()
    }

    fn list(&mut self, path: &[&str], query: &BTreeMap<String, String>) -> Answer {
        let (resource, mut filters) = match path {
            ["dashboards", "search"] => ("dashboards", Vec::new()),
            ["folders", parent, "children"] => ("folders", vec![("parent_id", (*parent).to_owned())]),
            ["dashboards", dashboard, parts] => (*parts, vec![("dashboard_id", (*dashboard).to_owned())]),
            [resource] => (*resource, Vec::new()),
            _ => return not_found(),
        };
        filters.extend(query.iter().map(|(name, value)| (name.as_str(), value.clone())));
        let fits = |thing: &Thing| {
            filters.iter().all(|(name, value)| thing.fields.get(*name).and_then(Value::as_str) == Some(value))
        };
        let mut ids = Vec::new();
        for ((of, id), thing) in &mut self.things {
            if of == resource && fits(thing) {
                if thing.hidden == 0 {
                    ids.push(*id);
                }
                thing.hidden = thing.hidden.saturating_sub(1);
            }
        }
        Answer::Json(200, ids.into_iter().map(|id| self.row(resource, id)).collect())
    }

    fn picture(&self) -> Vec<String> {
        let shown = |value: &Value| match value.as_str().and_then(|text| text.parse::<u64>().ok()) {
            // An id: what it is of says more.
            Some(id) => self.things.iter().find(|((_, of), _)| *of == id).map_or_else(
                || id.to_string(),
                |((resource, _), thing)| {
                    let name =
                        ["title", "name", "model", "body_text"].iter().find_map(|f| thing.fields.get(*f));
                    format!("{resource}:{}", name.map(Value::to_string).unwrap_or_default())
                },
            ),
            None => value.to_string(),
        };
        let line = |((resource, _), thing): (&(String, u64), &Thing)| {
            let fields = thing.fields.iter().map(|(name, value)| format!("{name}={}", shown(value)));
            format!("{resource} {}", fields.collect::<Vec<_>>().join(" "))
        };
        let mut lines: Vec<String> = self.things.iter().map(line).collect();
        lines.sort();
        lines
    }
}

fn not_found() -> Answer {
    Answer::Json(404, json!({ "message": "Not found" }))
}
