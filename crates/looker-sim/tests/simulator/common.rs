//! A client small enough to be trusted: it sends what it is told and shows
//! what came back.

use looker_sim::{Sim, SimConfig};
use serde_json::Value;

/// An instance and a client that is logged in.
pub(crate) struct House {
    pub(crate) sim: Sim,
    pub(crate) http: reqwest::Client,
    pub(crate) token: String,
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: reqwest::header::HeaderMap,
    pub(crate) text: String,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|wrong| panic!("{wrong} in {}", self.text))
    }

    /// One member of every row.
    pub(crate) fn column(&self, name: &str) -> Vec<String> {
        let text = |row: &Value| row[name].as_str().unwrap_or("?").to_owned();
        self.json().as_array().unwrap().iter().map(text).collect()
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }
}

impl House {
    pub(crate) async fn new(config: SimConfig) -> House {
        let sim = Sim::start(config).await.unwrap();
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        let mut house = House { sim, http, token: String::new() };
        house.login().await;
        house.sim.reset_stats();
        house
    }

    pub(crate) async fn login(&mut self) {
        let answer = self.post_login(self.sim.client_id(), self.sim.client_secret()).await;
        answer.json()["access_token"].as_str().unwrap().clone_into(&mut self.token);
    }

    pub(crate) async fn post_login(&self, id: &str, secret: &str) -> Answer {
        let form = [("client_id", id), ("client_secret", secret)];
        let request = self.http.post(format!("{}/api/4.0/login", self.sim.url())).form(&form);
        answer(request).await.unwrap()
    }

    pub(crate) fn request(&self, method: &str, path: &str) -> reqwest::RequestBuilder {
        let method = reqwest::Method::from_bytes(method.as_bytes()).unwrap();
        let url = format!("{}{path}", self.sim.url());
        self.http.request(method, url).header("authorization", format!("token {}", self.token))
    }

    pub(crate) async fn try_get(&self, path: &str) -> Result<Answer, reqwest::Error> {
        answer(self.request("GET", &format!("/api/4.0{path}"))).await
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.try_get(path).await.unwrap()
    }

    pub(crate) async fn send(&self, method: &str, path: &str, body: &str) -> Answer {
        let request = self.request(method, &format!("/api/4.0{path}")).body(body.to_owned());
        answer(request).await.unwrap()
    }

    /// Sends JSON, expects a status, and answers the JSON that came back, null
    /// when there was none.
    pub(crate) async fn ask(&self, method: &str, path: &str, body: Value, status: u16) -> Value {
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let answer = self.send(method, path, &body).await;
        assert_eq!(answer.status, status, "{method} {path} {body}: {}", answer.text);
        if answer.text.is_empty() { Value::Null } else { answer.json() }
    }

    /// Sends what must be refused with 422, and answers the fields it names.
    pub(crate) async fn wrong(&self, method: &str, path: &str, body: Value) -> Vec<String> {
        let answer = self.ask(method, path, body, 422).await;
        assert_eq!(answer["message"], "Validation Failed");
        let errors = answer["errors"].as_array().unwrap();
        errors.iter().map(|error| error["field"].as_str().unwrap().to_owned()).collect()
    }

    /// Every row of a list, whose status must be 200.
    pub(crate) async fn rows(&self, path: &str) -> Vec<Value> {
        self.ask("GET", path, Value::Null, 200).await.as_array().unwrap().clone()
    }

    /// Acts as another user from now on.
    pub(crate) async fn become_user(&mut self, user: &str) {
        self.login().await;
        let token = self.ask("POST", &format!("/login/{user}"), Value::Null, 200).await;
        token["access_token"].as_str().unwrap().clone_into(&mut self.token);
    }
}

pub(crate) async fn answer(request: reqwest::RequestBuilder) -> Result<Answer, reqwest::Error> {
    let response = request.send().await?;
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    Ok(Answer { status, headers, text: response.text().await? })
}
