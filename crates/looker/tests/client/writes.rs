//! Writes over the wire: what is sent again, and what is not.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use looker::catalogue::{Method, Operation};
use looker::client::{Call, Client, Reply};
use looker::error::{Fate, Result};
use looker::pacing::{Ledger, Reason};

static CREATE: Operation = Operation { id: "create_look", path: "/looks", ledger: Ledger::Administrative };

pub(super) const CREATED: &str =
    "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 10\r\n\r\n{\"id\":\"1\"}";
const TOO_MANY: &str = "HTTP/1.1 429 Too Many Requests\r\nretry-after: 0\r\ncontent-length: 0\r\n\r\n";
const EXPIRED: &str = "HTTP/1.1 401 Unauthorized\r\ncontent-length: 0\r\n\r\n";
const TROUBLE: &str = "HTTP/1.1 500 Internal Server Error\r\ncontent-length: 0\r\n\r\n";
/// Less comes than was announced.
pub(super) const CUT: &str =
    "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 99\r\n\r\n{\"id\":";

/// A server that lets everybody in and answers writes by a script; the last answer of it
/// goes on.
pub(super) struct Scripted {
    port: u16,
    /// Writes that came.
    pub(super) seen: Arc<Mutex<Vec<String>>>,
    closed: Arc<AtomicBool>,
}

impl Scripted {
    pub(super) fn start(answers: &'static [&'static str]) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let (seen, closed) = (Arc::new(Mutex::new(Vec::new())), Arc::new(AtomicBool::new(false)));
        let (writes, end) = (Arc::clone(&seen), Arc::clone(&closed));
        std::thread::spawn(move || {
            for socket in listener.incoming().flatten() {
                if end.load(Ordering::SeqCst) {
                    return;
                }
                serve(&socket, answers, &mut writes.lock().unwrap());
            }
        });
        Self { port, seen, closed }
    }

    /// Listens no more.
    pub(super) fn close(&self) {
        self.closed.store(true, Ordering::SeqCst);
        drop(TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)));
        while TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).is_ok() {
            std::thread::yield_now();
        }
    }

    pub(super) fn client(&self) -> Client {
        crate::support::client(self.port)
    }
}

fn serve(socket: &TcpStream, answers: &[&str], writes: &mut Vec<String>) -> Option<()> {
    let mut from = BufReader::new(socket);
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if from.read_line(&mut head).ok()? == 0 {
            return None;
        }
    }
    let head = head.to_ascii_lowercase();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")?.trim().parse().ok());
    let mut body = String::new();
    from.take(length.unwrap_or(0)).read_to_string(&mut body).ok()?;
    let token = r#"{"access_token":"t","token_type":"Bearer","expires_in":3600}"#;
    let signed_in = format!(
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{token}",
        token.len()
    );
    let answer = if head.starts_with("post /api/4.0/login ") {
        signed_in
    } else {
        writes.push(body);
        answers[(writes.len() - 1).min(answers.len() - 1)].to_owned()
    };
    let mut socket = socket;
    socket.write_all(answer.replacen("\r\n", "\r\nconnection: close\r\n", 1).as_bytes()).ok()
}

/// Creates a look once; what came of it, and how many requests of that were seen.
async fn create(answers: &'static [&'static str]) -> (Result<Reply>, usize) {
    let server = Scripted::start(answers);
    let written = server.client().write(&call()).await;
    let seen = server.seen.lock().unwrap().clone();
    assert!(seen.iter().all(|body| body == r#"{"title":"New"}"#), "{seen:?}");
    server.close();
    (written, seen.len())
}

fn call() -> Call {
    let body = r#"{"title":"New"}"#.to_owned();
    Call::new(&CREATE, "looks", Reason::Item).writing(Method::Post, Some(body))
}

#[tokio::test]
async fn a_write_that_was_refused_before_it_ran_is_sent_again() {
    let (written, seen) = create(&[TOO_MANY, CREATED]).await;
    assert_eq!((written.unwrap().status, seen), (200, 2), "429");
    let (written, seen) = create(&[EXPIRED, CREATED]).await;
    assert_eq!((written.unwrap().status, seen), (200, 2), "a token that was refused");
}

#[tokio::test]
async fn a_write_that_may_have_run_is_sent_once() {
    for (name, script) in [("500", &[TROUBLE, CREATED]), ("an answer that breaks off", &[CUT, CREATED])] {
        let (written, seen) = create(script).await;
        let error = written.unwrap_err();
        assert_eq!((error.fate(), error.tries, seen), (Fate::Unknown, 1, 1), "{name}: {error}");
    }
}

#[tokio::test]
async fn a_write_that_found_no_connection_is_tried_again() {
    let server = Scripted::start(&[CREATED]);
    let client = server.client();
    client.sign_in().await.unwrap();
    server.close();
    let error = client.write(&call()).await.unwrap_err();
    assert_eq!((error.fate(), error.tries), (Fate::NotRun, 2), "{error}");
    assert!(server.seen.lock().unwrap().is_empty());
}

/// It waits for its place when whoever made it stops waiting for it.
#[tokio::test]
async fn a_write_that_is_dropped_is_not_sent() {
    let server = Scripted::start(&[CREATED]);
    let client = server.client();
    client.sign_in().await.unwrap();
    let mut places = Vec::new();
    for _ in 0..client.gate().window() {
        places.push(client.gate().enter().await);
    }
    let a_while = async {
        for _ in 0..100 {
            tokio::task::yield_now().await;
        }
    };
    let call = call();
    tokio::select! {
        _ = client.write(&call) => panic!("there is no place for it"),
        () = a_while => {}
    }
    drop(places);
    client.write(&call).await.unwrap();
    assert_eq!(server.seen.lock().unwrap().len(), 1);
    server.close();
}
