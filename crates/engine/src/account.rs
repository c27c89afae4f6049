//! The user that an API key belongs to.

use looker::Client;
use looker::catalogue::Operation;
use looker::client::Call;
use looker::error::{Error, ErrorKind, Result};
use looker::pacing::{Ledger, Reason};
use serde::{Deserialize, Serialize};

const ME: Operation = Operation { id: "me", path: "/user", ledger: Ledger::Administrative };

/// A user as `GET /user` names it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    /// Looker's id.
    pub id: String,
    /// First and last name.
    pub display_name: Option<String>,
    /// E-mail address.
    pub email: Option<String>,
    /// Ids of the roles held.
    #[serde(default)]
    pub role_ids: Vec<String>,
}

impl Account {
    /// Asks who we are: one call.
    pub(crate) async fn ask(client: &Client) -> Result<Self> {
        let call = Call::new(&ME, "session", Reason::Session);
        let read = |body: &[u8]| {
            serde_json::from_slice(body).map_err(|error| {
                Error::new(
                    ErrorKind::BadBody,
                    format!("the answer is not as expected: {}", looker::rows::fault(&error)),
                )
            })
        };
        client.get(&call, |reply| read(&reply.body)).await
    }
}
