//! Requests of somebody else: what people do to an instance by its web pages.

use std::io::{Read, Write};
use std::net::TcpStream;

use serde_json::Value;

use super::looker::Looker;

/// Somebody who is signed in.
pub(crate) struct Somebody {
    port: u16,
    token: String,
}

impl Somebody {
    pub(crate) fn sign_in(looker: &Looker) -> Self {
        let mut somebody = Self { port: looker.port(), token: String::new() };
        let form = format!("client_id={}&client_secret={}", looker.client_id(), looker.client_secret());
        let (status, body) = somebody.send("POST", "/login", "application/x-www-form-urlencoded", &form);
        assert_eq!(status, 200, "{body}");
        body["access_token"].as_str().unwrap().clone_into(&mut somebody.token);
        somebody
    }

    /// The same, acting as another user.
    pub(crate) fn become_user(&self, user: &str) -> Self {
        let answer = self.done("POST", &format!("/login/{user}"), &Value::Null);
        Self { port: self.port, token: answer["access_token"].as_str().unwrap().to_owned() }
    }

    /// Sends JSON; the status and the answer.
    pub(crate) fn ask(&self, method: &str, path: &str, body: &Value) -> (u16, Value) {
        let body = if body.is_null() { String::new() } else { body.to_string() };
        self.send(method, path, "application/json", &body)
    }

    /// The answer of a request that must succeed.
    #[track_caller]
    pub(crate) fn done(&self, method: &str, path: &str, body: &Value) -> Value {
        let (status, answer) = self.ask(method, path, body);
        assert!(status < 300, "{method} {path}: {status} {answer}");
        answer
    }

    #[track_caller]
    pub(crate) fn get(&self, path: &str) -> Value {
        self.done("GET", path, &Value::Null)
    }

    fn send(&self, method: &str, path: &str, content: &str, body: &str) -> (u16, Value) {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        let length = body.len();
        write!(
            stream,
            "{method} /api/4.0{path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: token {}\r\n\
             Content-Type: {content}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}",
            self.token
        )
        .unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).unwrap();
        let text = String::from_utf8(answer).unwrap();
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        (status, serde_json::from_str(body).unwrap_or(Value::Null))
    }
}
