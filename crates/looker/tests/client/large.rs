//! Answers that are parsed on a thread of their own.

use looker::catalogue::Operation;
use looker::client::{Call, Reply};
use looker::error::{Error, ErrorKind, Result};
use looker::pacing::{Ledger, Reason};

use crate::writes::{CREATED, CUT, Scripted};

static READ: Operation = Operation { id: "look", path: "/looks/1", ledger: Ledger::Administrative };

/// As long as it says, and no JSON.
const NO_JSON: &str =
    "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 10\r\n\r\n{\"id\":\"1\",";

fn call() -> Call {
    Call::new(&READ, "looks", Reason::Item)
}

fn id(reply: &Reply) -> Result<String> {
    let look: serde_json::Value = serde_json::from_slice(&reply.body)
        .map_err(|error| Error::new(ErrorKind::BadBody, error.to_string()))?;
    Ok(look["id"].to_string())
}

#[tokio::test]
async fn a_large_answer_that_cannot_be_parsed_is_asked_for_again() {
    for script in [&[CUT, CREATED], &[NO_JSON, CREATED]] {
        let server = Scripted::start(script);
        let read = server.client().get_large(&call(), id).await;
        assert_eq!(read.unwrap(), r#""1""#);
        assert_eq!(server.seen.lock().unwrap().len(), 2);
        server.close();
    }
}

#[tokio::test]
async fn a_large_answer_fails_as_any_other() {
    let server = Scripted::start(&[NO_JSON]);
    let apart = server.client().get_large(&call(), id).await.unwrap_err();
    let in_place = server.client().get(&call(), id).await.unwrap_err();
    assert_eq!((apart.kind, apart.to_string()), (in_place.kind, in_place.to_string()));
    let client = server.client();
    let panics = |_: &Reply| -> Result<()> { panic!("while it is parsed") };
    let ended = tokio::spawn(async move { client.get_large(&call(), panics).await }).await;
    assert!(ended.unwrap_err().is_panic());
    server.close();
}
