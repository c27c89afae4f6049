//! What goes wrong, each by itself.

use std::time::{Duration, Instant};

use looker_sim::{Fault, Faults, Kind, Latency, RetryAfter, Served, SimConfig};

use crate::common::House;

async fn house(faults: Faults) -> House {
    House::new(SimConfig { faults, ..SimConfig::default() }).await
}

const PAGE: &str = "/dashboards/search?limit=20&sorts=id";

#[tokio::test]
async fn refusals_and_server_errors() {
    let all = Faults { too_many_requests: 1.0, ..Faults::default() };
    let limited = house(all.clone()).await;
    let answer = limited.get(PAGE).await;
    assert_eq!((answer.status, answer.header("retry-after")), (429, None));
    assert!(answer.json()["message"].is_string());
    let config = SimConfig { faults: all, retry_after: RetryAfter::Seconds, ..SimConfig::default() };
    assert_eq!(House::new(config).await.get(PAGE).await.header("retry-after"), Some("1"));

    let broken = house(Faults { server_error_500: 1.0, ..Faults::default() }).await;
    let answer = broken.get(PAGE).await;
    assert_eq!((answer.status, answer.json()["message"].as_str()), (500, Some("An error has occurred.")));

    let gateway = house(Faults { bad_gateway_html: 1.0, ..Faults::default() }).await;
    let answer = gateway.get(PAGE).await;
    assert!([502, 503, 504].contains(&answer.status) && answer.text.starts_with("<!DOCTYPE html>"));

    let forgetful = house(Faults { unauthorized: 1.0, ..Faults::default() }).await;
    let answer = forgetful.get(PAGE).await;
    assert_eq!((answer.status, answer.json()["message"].as_str()), (401, Some("Requires authentication.")));
}

#[tokio::test]
async fn bodies_that_are_no_answer() {
    let cut = house(Faults { cut_body: 1.0, ..Faults::default() }).await;
    let mut response = cut.request("GET", &format!("/api/4.0{PAGE}")).send().await.unwrap();
    let announced = response.content_length().unwrap();
    let mut came = 0;
    let end = loop {
        match response.chunk().await {
            Ok(Some(chunk)) => came += chunk.len() as u64,
            end => break end,
        }
    };
    assert!(end.is_err(), "the body ended as if it were whole");
    assert!(came > 0 && came < announced, "{came} of {announced} bytes");

    let bad = house(Faults { bad_json: 1.0, ..Faults::default() }).await;
    let answer = bad.get(PAGE).await;
    assert_eq!(answer.status, 200);
    assert!(serde_json::from_str::<serde_json::Value>(&answer.text).is_err());

    let html = house(Faults { html_200: 1.0, ..Faults::default() }).await;
    let answer = html.get(PAGE).await;
    assert!(answer.status == 200 && answer.text.contains("<html>"));

    let reset = house(Faults { reset: 1.0, ..Faults::default() }).await;
    assert!(reset.try_get(PAGE).await.is_err());
    let served = &reset.sim.requests()[0];
    assert_eq!((served.status, served.fault), (0, Some(Fault::Reset)));
}

#[tokio::test]
async fn slow_answers_are_right() {
    let by = Duration::from_millis(150);
    let slow = house(Faults { slow: 1.0, slow_by: by, ..Faults::default() }).await;
    let begun = Instant::now();
    assert_eq!(slow.get(PAGE).await.column("id").len(), 20);
    assert!(begun.elapsed() >= by);
}

#[tokio::test]
async fn a_500_can_hide_a_success() {
    let house = house(Faults { hidden_success: 1.0, ..Faults::default() }).await;
    let answer = house.send("PATCH", "/dashboards/1", r#"{"description":"new"}"#).await;
    assert_eq!(answer.status, 500);
    assert_eq!(house.get("/dashboards/1").await.json()["description"], "new");
}

#[tokio::test]
async fn logins_are_spared_unless_told() {
    let faults = Faults { server_error_500: 1.0, ..Faults::default() };
    let house = house(faults.clone()).await;
    let login = async || house.post_login(house.sim.client_id(), house.sim.client_secret()).await.status;
    assert_eq!(login().await, 200);
    house.sim.set_faults(Faults { login: true, ..faults });
    assert_eq!(login().await, 500);
    assert_eq!(house.sim.stats().logins, 1);
}

#[tokio::test]
async fn mixed_faults_come_as_often_as_asked_and_repeatably() {
    let statuses = async || {
        let house = house(Faults { slow_by: Duration::from_millis(1), ..Faults::mixed(0.3) }).await;
        for _ in 0..300 {
            let _any = house.try_get("/dashboards/1").await;
        }
        house.sim.requests().iter().map(|served| (served.status, served.fault)).collect::<Vec<_>>()
    };
    let (one, again) = (statuses().await, statuses().await);
    let struck = one.iter().filter(|(_, fault)| fault.is_some()).count();
    assert!((50..150).contains(&struck), "{struck} of 300");
    let faults = |list: &[(u16, Option<Fault>)]| list.iter().map(|(_, fault)| *fault).collect::<Vec<_>>();
    assert_eq!(faults(&one)[..250], faults(&again)[..250]);
}

#[tokio::test]
async fn a_rate_limit_refuses_what_is_too_much_and_says_when() {
    let house = House::new(SimConfig { retry_after: RetryAfter::HttpDate, ..SimConfig::default() }).await;
    // So few that it does not matter how long thirty requests take.
    house.sim.set_rate_limit(Some(0.01));
    let mut statuses = Vec::new();
    for _ in 0..30 {
        statuses.push(house.get("/session").await);
    }
    let refused: Vec<_> = statuses.iter().filter(|answer| answer.status == 429).collect();
    assert!((20..30).contains(&refused.len()), "{} of 30 refused", refused.len());
    assert!(refused[0].header("retry-after").unwrap().ends_with(" GMT"));
    house.sim.set_rate_limit(None);
    assert_eq!(house.get("/session").await.status, 200);
}

#[tokio::test]
async fn a_missing_endpoint_is_told_apart_from_a_missing_object() {
    let missing_endpoints = vec!["search_dashboards".to_owned()];
    let house = House::new(SimConfig { missing_endpoints, ..SimConfig::default() }).await;
    let message = async |path: &str| {
        let answer = house.get(path).await;
        (answer.status, answer.json()["message"].as_str().unwrap().to_owned())
    };
    assert_eq!(message(PAGE).await, (404, "Sinatra::NotFound".to_owned()));
    assert_eq!(message("/no_such_thing").await, (404, "Sinatra::NotFound".to_owned()));
    assert_eq!(message("/dashboards/99999999").await, (404, "Not found".to_owned()));
}

#[tokio::test]
async fn answers_take_the_time_of_their_rows_and_threads_are_few() {
    let latency = Latency::new(Duration::from_millis(20), Duration::from_millis(2));
    let config = SimConfig { latency, served_at_once: 2, ..SimConfig::default() };
    let house = House::new(config).await;
    let begun = Instant::now();
    let reads = (0..4).map(|_| house.get(PAGE));
    let all = tokio::join!(async { join_all(reads).await });
    assert_eq!(all.0.len(), 4);
    let took = begun.elapsed();
    // Two rounds of 20 ms and 20 rows of 2 ms.
    assert!(took >= Duration::from_millis(120), "{took:?}");
    let served = house.sim.requests();
    assert!(served.iter().all(|one| one.service_micros == 60_000 && one.full_rows == 20));
    // Those that wait in line are in the house as well.
    let beside = |one: &Served| {
        served.iter().filter(|other| (other.started..other.ended).contains(&one.started)).count()
    };
    let together = served.iter().map(beside).max().unwrap();
    house.get("/dashboards/search?fields=id,updated_at").await;
    let light = house.sim.requests().pop().unwrap();
    assert_eq!((light.full_rows, light.light_rows, light.service_micros), (0, 120, 26_000));
    let stats = house.sim.stats();
    assert_eq!((stats.requests, stats.peak_in_flight as usize), (5, together));
    assert_eq!(stats.full_rows["dashboard"], 80);
    assert_eq!(stats.full_dashboards_by_folder.values().sum::<u64>(), 80);
    assert_eq!(house.sim.ids(Kind::Dashboard, false).len(), 120);
}

/// Runs futures at the same time.
async fn join_all<F: Future>(futures: impl Iterator<Item = F>) -> Vec<F::Output> {
    let mut running: Vec<_> = futures.map(Box::pin).collect();
    let mut done: Vec<Option<F::Output>> = running.iter().map(|_| None).collect();
    std::future::poll_fn(|cx| {
        for (future, done) in running.iter_mut().zip(&mut done) {
            if done.is_none()
                && let std::task::Poll::Ready(output) = future.as_mut().poll(cx)
            {
                *done = Some(output);
            }
        }
        if done.iter().all(Option::is_some) { std::task::Poll::Ready(()) } else { std::task::Poll::Pending }
    })
    .await;
    done.into_iter().flatten().collect()
}

#[tokio::test]
async fn a_write_may_be_done_although_no_good_answer_came() {
    let house = House::new(SimConfig::default()).await;
    let make = async |name: &str| {
        let body = serde_json::json!({ "name": name, "parent_id": "1" }).to_string();
        house
            .http
            .post(format!("{}/api/4.0/folders", house.sim.url()))
            .header("authorization", format!("token {}", house.token))
            .body(body)
            .send()
            .await
            .map(|response| response.status().as_u16())
            .ok()
    };
    let exists = async |name: &str| house.get("/folders").await.column("name").contains(&name.to_owned());
    let once =
        |faults: Faults| Faults { operations: vec!["create_folder".to_owned()], times: Some(1), ..faults };
    house.sim.set_faults(once(Faults { hidden_success: 1.0, ..Faults::default() }));
    assert_eq!((make("A").await, exists("A").await), (Some(500), true));
    house.sim.set_faults(once(Faults { hidden_reset: 1.0, ..Faults::default() }));
    assert_eq!((make("B").await, exists("B").await), (None, true));
    house.sim.set_faults(once(Faults { too_many_requests: 1.0, ..Faults::default() }));
    assert_eq!((make("C").await, exists("C").await), (Some(429), false));
    house.sim.set_faults(once(Faults { reset: 1.0, ..Faults::default() }));
    assert_eq!((make("C").await, exists("C").await), (None, false));
    assert_eq!((make("C").await, exists("C").await), (Some(200), true), "only once");
    let by_fault = house.sim.stats().by_fault;
    assert_eq!(by_fault.get("hidden_reset"), Some(&1));
}

#[tokio::test]
async fn what_was_just_created_may_not_be_found_yet() {
    let house = House::new(SimConfig::default()).await;
    let fresh_for = |time| Faults { fresh_404_for: time, ..Faults::default() };
    house.sim.set_faults(fresh_for(Duration::from_secs(3600)));
    let body = r#"{"name":"Fresh","parent_id":"1"}"#;
    let made = house.send("POST", "/folders", body).await;
    assert_eq!(made.status, 200, "the answer of the write has it");
    let path = format!("/folders/{}", made.json()["id"].as_str().unwrap());
    assert_eq!(house.get(&path).await.status, 404);
    assert_eq!(house.get("/folders/1").await.status, 200);
    house.sim.set_faults(fresh_for(Duration::from_millis(1)));
    tokio::time::sleep(Duration::from_millis(5)).await;
    assert_eq!(house.get(&path).await.status, 200);
}
