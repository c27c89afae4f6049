//! A client small enough to be trusted: it sends what it is told and shows
//! what came back.

#![allow(
    clippy::unwrap_used,
    clippy::assigning_clones,
    dead_code,
    missing_docs,
    unreachable_pub,
    reason = "each test file uses its own part"
)]

use looker_sim::{Sim, SimConfig};
use serde_json::Value;

/// An instance and a client that is logged in.
pub struct House {
    pub sim: Sim,
    pub http: reqwest::Client,
    pub token: String,
}

/// What came back.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: reqwest::header::HeaderMap,
    pub text: String,
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|wrong| panic!("{wrong} in {}", self.text))
    }

    /// One member of every row.
    pub fn column(&self, name: &str) -> Vec<String> {
        let text = |row: &Value| row[name].as_str().unwrap_or("?").to_owned();
        self.json().as_array().unwrap().iter().map(text).collect()
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }
}

impl House {
    pub async fn new(config: SimConfig) -> House {
        let sim = Sim::start(config).await.unwrap();
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        let mut house = House { sim, http, token: String::new() };
        house.login().await;
        house.sim.reset_stats();
        house
    }

    pub async fn login(&mut self) {
        let answer = self.post_login(self.sim.client_id(), self.sim.client_secret()).await;
        self.token = answer.json()["access_token"].as_str().unwrap().to_owned();
    }

    pub async fn post_login(&self, id: &str, secret: &str) -> Answer {
        let form = [("client_id", id), ("client_secret", secret)];
        let request = self.http.post(format!("{}/api/4.0/login", self.sim.url())).form(&form);
        answer(request).await.unwrap()
    }

    pub fn request(&self, method: &str, path: &str) -> reqwest::RequestBuilder {
        let method = reqwest::Method::from_bytes(method.as_bytes()).unwrap();
        let url = format!("{}{path}", self.sim.url());
        self.http.request(method, url).header("authorization", format!("token {}", self.token))
    }

    pub async fn try_get(&self, path: &str) -> Result<Answer, reqwest::Error> {
        answer(self.request("GET", &format!("/api/4.0{path}"))).await
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.try_get(path).await.unwrap()
    }

    pub async fn send(&self, method: &str, path: &str, body: &str) -> Answer {
        let request = self.request(method, &format!("/api/4.0{path}")).body(body.to_owned());
        answer(request).await.unwrap()
    }

    /// Sends JSON, expects a status, and answers the JSON that came back, null
    /// when there was none.
    pub async fn ask(&self, method: &str, path: &str, body: Value, status: u16) -> Value {
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let answer = self.send(method, path, &body).await;
        assert_eq!(answer.status, status, "{method} {path} {body}: {}", answer.text);
        if answer.text.is_empty() { Value::Null } else { answer.json() }
    }

    /// Sends what must be refused with 422, and answers the fields it names.
    pub async fn wrong(&self, method: &str, path: &str, body: Value) -> Vec<String> {
        let answer = self.ask(method, path, body, 422).await;
        assert_eq!(answer["message"], "Validation Failed");
        let errors = answer["errors"].as_array().unwrap();
        errors.iter().map(|error| error["field"].as_str().unwrap().to_owned()).collect()
    }

    /// Every row of a list, whose status must be 200.
    pub async fn rows(&self, path: &str) -> Vec<Value> {
        self.ask("GET", path, Value::Null, 200).await.as_array().unwrap().clone()
    }

    /// Acts as another user from now on.
    pub async fn become_user(&mut self, user: &str) {
        self.login().await;
        let token = self.ask("POST", &format!("/login/{user}"), Value::Null, 200).await;
        self.token = token["access_token"].as_str().unwrap().to_owned();
    }
}

pub async fn answer(request: reqwest::RequestBuilder) -> Result<Answer, reqwest::Error> {
    let response = request.send().await?;
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    Ok(Answer { status, headers, text: response.text().await? })
}
