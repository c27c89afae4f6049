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
}

pub async fn answer(request: reqwest::RequestBuilder) -> Result<Answer, reqwest::Error> {
    let response = request.send().await?;
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    Ok(Answer { status, headers, text: response.text().await? })
}
