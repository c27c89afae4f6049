//! What the tests of the client share.

use std::time::Duration;

use looker::client::{Client, Settings};
use looker::paging::RetryPolicy;

/// A client of a server on this machine, which tries twice and waits for nothing.
pub(crate) fn client(port: u16) -> Client {
    let base_url = format!("http://127.0.0.1:{port}").parse().unwrap();
    let moment = Duration::from_millis(1);
    let retry =
        RetryPolicy { tries: 2, patience: Duration::ZERO, first_delay: moment, longest_delay: moment };
    Client::new(Settings { retry, ..Settings::new(base_url, "id".into(), "secret".into()) }).unwrap()
}
