//! Acting as another user: one sign-in, a token of its own, and its end.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use looker::catalogue::Operation;
use looker::client::{Call, Client};
use looker::error::{ErrorKind, Fate};
use looker::pacing::{Ledger, Reason};

static ME: Operation = Operation { id: "me", path: "/user", ledger: Ledger::Administrative };

/// A server that gives the API key the token `own`, user 7 the tokens `other1`, `other2`...,
/// and lets nobody sign in as user 8. What it is told to refuse is refused once, with the
/// token in the answer.
struct Server {
    port: u16,
    /// Requests: method, path, token.
    seen: Arc<Mutex<Vec<String>>>,
    refused: Arc<Mutex<Option<(String, u16)>>>,
}

impl Server {
    fn start() -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let server = Self { port, seen: Arc::default(), refused: Arc::default() };
        let (seen, refused) = (Arc::clone(&server.seen), Arc::clone(&server.refused));
        std::thread::spawn(move || {
            for socket in listener.incoming().flatten() {
                answer(&socket, &seen, &refused);
            }
        });
        server
    }

    fn client(&self) -> Client {
        crate::support::client(self.port)
    }

    /// Refuses what is asked with this token, once.
    fn refuse(&self, token: &str, status: u16) {
        *self.refused.lock().unwrap() = Some((token.to_owned(), status));
    }

    fn seen(&self) -> Vec<String> {
        std::mem::take(&mut self.seen.lock().unwrap())
    }
}

fn answer(
    socket: &TcpStream,
    seen: &Mutex<Vec<String>>,
    refused: &Mutex<Option<(String, u16)>>,
) -> Option<()> {
    let mut from = BufReader::new(socket);
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if from.read_line(&mut head).ok()? == 0 {
            return None;
        }
    }
    let header = |name: &str| {
        let line = head.lines().find(|line| line.to_ascii_lowercase().starts_with(name))?;
        Some(line.split_once(' ')?.1.trim().to_owned())
    };
    let length = header("content-length:").and_then(|length| length.parse().ok());
    from.take(length.unwrap_or(0)).read_to_end(&mut Vec::new()).ok()?;
    let token = header("authorization:").and_then(|text| Some(text.split_once(' ')?.1.to_owned()));
    let token = token.unwrap_or_default();
    let request = head.split(" HTTP").next()?.replace("/api/4.0", "");
    let mut seen = seen.lock().unwrap();
    seen.push(format!("{request} {token}"));
    let signed_in = |token: &str| (200, format!(r#"{{"access_token":"{token}","expires_in":3600}}"#));
    let mut refused = refused.lock().unwrap();
    let (status, body) = match (&*request, refused.take_if(|(of, _)| *of == token)) {
        (_, Some((token, status))) => (status, format!(r#"{{"message":"not by {token}"}}"#)),
        ("POST /login", None) => signed_in("own"),
        ("POST /login/7", None) => {
            let nth = seen.iter().filter(|one| one.starts_with("POST /login/7")).count();
            signed_in(&format!("other{nth}"))
        }
        ("POST /login/8", None) => (404, r#"{"message":"Not found"}"#.to_owned()),
        ("DELETE /logout", None) => (200, String::new()),
        _ => (200, r#"{"id":"1"}"#.to_owned()),
    };
    let mut socket = socket;
    let head = format!(
        "HTTP/1.1 {status} X\r\nconnection: close\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    socket.write_all((head + &body).as_bytes()).ok()
}

fn me() -> Call {
    Call::new(&ME, "users", Reason::Item)
}

#[tokio::test]
async fn a_user_is_signed_in_once_by_the_account_and_out_once() {
    let server = Server::start();
    let client = server.client();
    let other = client.acting_as("7");
    other.attempt(&me()).await.unwrap();
    other.attempt(&me()).await.unwrap();
    client.attempt(&me()).await.unwrap();
    other.sign_out().await.unwrap();
    other.sign_out().await.unwrap();
    let seen = [
        "POST /login ",
        "POST /login/7 own",
        "GET /user other1",
        "GET /user other1",
        "GET /user own",
        "DELETE /logout other1",
    ];
    assert_eq!(server.seen(), seen);
    // All of them are counted in one place.
    assert_eq!((client.meter().metered(), other.meter().metered()), (3, 3));
    // Whoever is needed again is signed in again.
    other.attempt(&me()).await.unwrap();
    assert_eq!(server.seen(), ["POST /login/7 own", "GET /user other1"]);
}

#[tokio::test]
async fn an_expired_token_is_renewed_and_no_token_is_told() {
    let server = Server::start();
    let other = server.client().acting_as("7");
    other.sign_in().await.unwrap();
    server.refuse("other1", 401);
    other.attempt(&me()).await.unwrap();
    assert_eq!(server.seen()[2..], ["GET /user other1", "POST /login/7 own", "GET /user other2"]);
    for (token, call) in [("other2", "GET /user"), ("own", "POST /login/7")] {
        server.refuse(token, 403);
        let error = other.attempt(&me()).await.unwrap_err();
        assert_eq!((&*error.call, error.message.contains(token)), (call, false), "{error}");
        assert!(error.message.contains("[token]"), "{error}");
        // The next one has to sign in.
        other.sign_out().await.unwrap();
    }
    // A token that the server knows no more is as good as given back.
    other.sign_in().await.unwrap();
    server.refuse("other2", 404);
    other.sign_out().await.unwrap();
}

#[tokio::test]
async fn a_refused_sign_in_is_for_good() {
    let server = Server::start();
    let other = server.client().acting_as("8");
    let error = other.sign_in().await.unwrap_err();
    assert_eq!(
        (error.kind, error.fate(), &*error.call),
        (ErrorKind::NotFound, Fate::Refused, "POST /login/8")
    );
    assert_eq!(server.seen(), ["POST /login ", "POST /login/8 own"]);
    other.sign_out().await.unwrap();
    assert_eq!(server.seen(), [""; 0]);
}
