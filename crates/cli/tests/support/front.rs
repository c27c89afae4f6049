//! A load balancer in front of the simulated Looker, whose answers a test may
//! look at and replace. One request a connection, on plain threads.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU16, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use jiff::Timestamp;
use jiff::fmt::rfc2822::DateTimePrinter;
use rustls::{ServerConfig, ServerConnection, StreamOwned};

/// A request and the answer the server gave.
pub(crate) struct Exchange {
    /// For instance `GET /api/4.0/user HTTP/1.1`.
    pub(crate) request: String,
    pub(crate) request_body: String,
    /// The header of that name; empty when there was none.
    pub(crate) authorization: String,
    pub(crate) status: u16,
    /// The answer's head.
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
}

impl Exchange {
    /// Whether it is a search of that kind, by a light listing or for full rows.
    pub(crate) fn searches(&self, kind: &str, is_light: bool) -> bool {
        self.request.contains(&format!("/{kind}/search?")) && self.request.contains("fields=") == is_light
    }
}

/// Another answer.
pub(crate) struct Instead {
    pub(crate) status: u16,
    pub(crate) content_type: &'static str,
    /// Further headers.
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) body: String,
}

impl Instead {
    /// An error as Looker words it.
    pub(crate) fn error(status: u16, message: &str) -> Self {
        let body = serde_json::json!({ "message": message, "documentation_url": "https://docs.example" });
        Self::json(status, body.to_string())
    }

    /// JSON, or what calls itself so.
    pub(crate) fn json(status: u16, body: String) -> Self {
        Self { status, content_type: "application/json", headers: Vec::new(), body }
    }

    /// The same with another header.
    pub(crate) fn with(mut self, name: &'static str, value: String) -> Self {
        self.headers.push((name, value));
        self
    }

    /// A web page.
    pub(crate) fn page(status: u16, title: &str) -> Self {
        let body = format!("<!DOCTYPE html>\n<html><head><title>{title}</title></head><body></body></html>");
        Self { status, content_type: "text/html", headers: Vec::new(), body }
    }

    fn write(&self) -> String {
        let Self { status, content_type, headers, body } = self;
        let header = |(name, value): &(&str, String)| format!("{name}: {value}\r\n");
        let more = headers.iter().map(header).collect::<Vec<_>>().concat();
        format!(
            "HTTP/1.1 {status} Instead\r\ncontent-type: {content_type}\r\n{more}content-length: {}\r\nconnection: close\r\n\r\n{body}",
            body.len()
        )
    }
}

type Rule = dyn Fn(&Exchange) -> Option<Instead> + Send + Sync;

/// The front; closed when dropped.
pub(crate) struct Front {
    port: u16,
    /// Where it leads; 0: nowhere.
    server: Arc<AtomicU16>,
    /// The server's clock as clients are told, if not as it is.
    date: Arc<Mutex<Option<Timestamp>>>,
    closed: Arc<AtomicBool>,
}

impl Front {
    /// Stands before the server on `server`'s port and lets `rule` replace its
    /// answers.
    pub(crate) fn before(
        server: u16,
        rule: impl Fn(&Exchange) -> Option<Instead> + Send + Sync + 'static,
    ) -> Self {
        Self::open(server, Arc::new(rule), None)
    }

    /// Speaks TLS to clients, and leaves the answers of the server on `server`'s
    /// port as they are.
    pub(crate) fn with_tls(server: u16, tls: Arc<ServerConfig>) -> Self {
        Self::open(server, Arc::new(|_| None), Some(tls))
    }

    /// Stands before nothing: every request gets what `rule` says.
    pub(crate) fn alone(rule: impl Fn(&Exchange) -> Option<Instead> + Send + Sync + 'static) -> Self {
        Self::open(0, Arc::new(rule), None)
    }

    /// From now on stands before another server, under the same address.
    pub(crate) fn lead_to(&self, server: u16) {
        self.server.store(server, Ordering::Relaxed);
    }

    /// From now on the server's clock stands still here, as clients are told.
    pub(crate) fn set_date(&self, date: Timestamp) {
        *self.date.lock().unwrap() = Some(date);
    }

    fn open(server: u16, rule: Arc<Rule>, tls: Option<Arc<ServerConfig>>) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let closed = Arc::new(AtomicBool::new(false));
        let end = Arc::clone(&closed);
        let server = Arc::new(AtomicU16::new(server));
        let leads_to = Arc::clone(&server);
        let date = Arc::new(Mutex::new(None));
        let clock = Arc::clone(&date);
        std::thread::spawn(move || {
            for socket in listener.incoming().flatten() {
                if end.load(Ordering::Relaxed) {
                    return;
                }
                let (rule, tls) = (Arc::clone(&rule), tls.clone());
                let behind =
                    Behind { server: leads_to.load(Ordering::Relaxed), date: *clock.lock().unwrap() };
                std::thread::spawn(move || greet(socket, tls, &behind, &*rule));
            }
        });
        Self { port, server, date, closed }
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    pub(crate) fn https_url(&self) -> String {
        format!("https://127.0.0.1:{}", self.port)
    }
}

impl Drop for Front {
    fn drop(&mut self) {
        self.closed.store(true, Ordering::Relaxed);
        // Wakes the listener, which then sees that it is to end.
        drop(TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)));
    }
}

/// The server behind the front, and its clock where that is another.
struct Behind {
    server: u16,
    date: Option<Timestamp>,
}

fn greet(socket: TcpStream, tls: Option<Arc<ServerConfig>>, behind: &Behind, rule: &Rule) -> Option<()> {
    socket.set_read_timeout(Some(Duration::from_secs(30))).ok()?;
    let Some(tls) = tls else { return serve(&mut &socket, behind, rule) };
    let mut client = StreamOwned::new(ServerConnection::new(tls).ok()?, socket);
    serve(&mut client, behind, rule)?;
    client.conn.send_close_notify();
    client.flush().ok()
}

/// Answers one request; a client that went away is no matter.
fn serve(client: &mut (impl Read + Write), behind: &Behind, rule: &Rule) -> Option<()> {
    let (head, request_body) = read_message(&mut BufReader::new(&mut *client))?;
    let request = head.lines().next()?.to_owned();
    let (answer_head, body) = match behind.server {
        1.. => ask(behind.server, &head, &request_body)?,
        0 => (String::from("HTTP/1.1 404 Not Found\r\n"), Vec::new()),
    };
    let status = answer_head.split(' ').nth(1)?.parse().ok()?;
    let request_body = String::from_utf8_lossy(&request_body).into();
    let authorization = authorization(&head);
    let head = dated(&answer_head, behind.date);
    let exchange = Exchange { request, request_body, authorization, status, head, body };
    let answer = match rule(&exchange) {
        None => [with_close(&exchange.head).into_bytes(), exchange.body].concat(),
        Some(instead) => instead.write().into_bytes(),
    };
    client.write_all(&answer).ok()
}

fn ask(port: u16, head: &str, body: &[u8]) -> Option<(String, Vec<u8>)> {
    let mut server = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).ok()?;
    server.write_all(with_close(head).as_bytes()).ok()?;
    server.write_all(body).ok()?;
    read_message(&mut BufReader::new(server))
}

/// Head with its empty line, and body by `content-length`.
fn read_message(from: &mut impl BufRead) -> Option<(String, Vec<u8>)> {
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if from.read_line(&mut head).ok()? == 0 {
            return None;
        }
    }
    let length = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse::<u64>().ok())?
    });
    let mut body = Vec::new();
    from.take(length.unwrap_or(0)).read_to_end(&mut body).ok()?;
    Some((head, body))
}

fn authorization(head: &str) -> String {
    let named = head.lines().filter_map(|line| line.split_once(':'));
    let mut values = named.filter(|(name, _)| name.eq_ignore_ascii_case("authorization"));
    values.next().map(|(_, value)| value.trim().to_owned()).unwrap_or_default()
}

/// A head with another `Date`.
fn dated(head: &str, date: Option<Timestamp>) -> String {
    let Some(date) = date else { return head.to_owned() };
    let date = DateTimePrinter::new().timestamp_to_rfc9110_string(&date).unwrap();
    let others = head.trim_end().lines().filter(|line| !line.to_ascii_lowercase().starts_with("date:"));
    let lines: Vec<&str> = others.collect();
    format!("{}\r\ndate: {date}\r\n\r\n", lines.join("\r\n"))
}

/// A head that asks for the connection's end.
fn with_close(head: &str) -> String {
    let is_connection = |line: &&str| line.to_ascii_lowercase().starts_with("connection:");
    let lines: Vec<&str> = head.trim_end().lines().filter(|line| !is_connection(line)).collect();
    format!("{}\r\nconnection: close\r\n\r\n", lines.join("\r\n"))
}
