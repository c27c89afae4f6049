//! Who we are to an instance, and what we may see.

use looker::catalogue::{Kind, List, Operation};
use looker::client::Call;
use looker::error::{Error, ErrorKind, Result};
use looker::pacing::{Ledger, Reason};
use looker::{Client, rows};
use serde::{Deserialize, Serialize};

use crate::account::Account;

const VERSIONS: Operation = Operation { id: "versions", path: "/versions", ledger: Ledger::Unmetered };

/// What an instance says of itself and of us.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Findings {
    /// Looker's release, where `GET /versions` is served.
    pub release: Option<String>,
    /// The user that the API key belongs to.
    pub user: Option<Account>,
    /// What listing one object of each kind came to.
    pub kinds: Vec<Visible>,
    /// Metered calls this check spent.
    pub calls: u64,
}

/// Whether a kind can be listed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Visible {
    /// The kind.
    pub kind: &'static str,
    /// Why it cannot; `None` when it can.
    pub problem: Option<String>,
    /// Whether anything was listed.
    pub any: bool,
}

/// Signs in and looks around: one call for the account and one for each of `kinds`
/// that is read by a list.
///
/// # Errors
/// When we cannot connect or sign in. A kind that may not be listed is a finding.
pub async fn check(client: &Client, kinds: &[&'static Kind]) -> Result<Findings> {
    let (signed_in, release) = tokio::join!(client.sign_in(), release(client));
    signed_in?;
    let user = match Account::ask(client).await {
        Ok(user) => Some(user),
        Err(error) if cannot_heal(&error) => None,
        Err(error) => return Err(error),
    };
    let mut visible = Vec::with_capacity(kinds.len());
    for kind in kinds {
        visible.extend(look_at(client, kind).await?);
    }
    Ok(Findings { release, user, kinds: visible, calls: client.meter().metered() })
}

/// Looker's release. Costs nothing and needs no token; `None` where the endpoint
/// is missing.
pub async fn release(client: &Client) -> Option<String> {
    #[derive(Deserialize)]
    struct Versions {
        looker_release_version: Option<String>,
    }
    let call = Call::new(&VERSIONS, "session", Reason::Session).anonymous();
    let reply = client.attempt(&call).await.ok()?;
    serde_json::from_slice::<Versions>(&reply.body).ok()?.looker_release_version
}

/// One call; none for a kind that costs a call an object.
async fn look_at(client: &Client, kind: &'static Kind) -> Result<Option<Visible>> {
    let call = match &kind.list {
        List::Paged(paged) => {
            with_all(Call::new(&paged.operation, kind.name, Reason::Listing), paged.parameters)
                .with("limit", "1")
                .with("fields", paged.light_fields)
        }
        List::Whole(whole) => {
            with_all(Call::new(&whole.operation, kind.name, Reason::Listing), whole.parameters)
                .with("fields", kind.envelope.id.join(","))
        }
        List::Singles(_) | List::Each(_) => return Ok(None),
    };
    match client.get(&call, |reply| rows::split(&reply.body, kind)).await {
        Ok(rows) => Ok(Some(Visible { kind: kind.name, problem: None, any: !rows.is_empty() })),
        Err(error) if cannot_heal(&error) => Ok(Some(Visible {
            kind: kind.name,
            problem: Some(unavailable(&error, call.operation)),
            any: false,
        })),
        Err(error) => Err(error),
    }
}

fn with_all(call: Call, parameters: &'static [(&'static str, &'static str)]) -> Call {
    parameters.iter().fold(call, |call, (name, value)| call.with(name, *value))
}

/// Whether a kind is closed to us, rather than the instance in trouble.
pub(crate) fn cannot_heal(error: &Error) -> bool {
    matches!(error.kind, ErrorKind::Forbidden | ErrorKind::NotFound | ErrorKind::NoSuchEndpoint)
}

/// Says why an operation is closed to us: the permission that it needs, where that is
/// known, and what Looker says.
pub(crate) fn unavailable(error: &Error, operation: &Operation) -> String {
    let said = &error.message;
    let needs = operation.permission().map(|permission| format!("needs permission {}", permission.name));
    match (error.kind, needs) {
        (ErrorKind::NoSuchEndpoint, _) => "this Looker release does not offer it".to_owned(),
        (ErrorKind::Forbidden, Some(needs)) => format!("{needs} ({said})"),
        (ErrorKind::Forbidden, None) => format!("needs a permission that the account lacks ({said})"),
        (_, Some(needs)) => format!("{needs}, or is absent ({said})"),
        (_, None) => format!("the account may not see it, or it is absent ({said})"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_closed_is_told_with_its_permission_where_that_is_known() {
        let operation = |name: &str| *Kind::find(name).unwrap().operations().first().unwrap();
        let said = |kind, name| unavailable(&Error::new(kind, "No."), operation(name));
        assert_eq!(said(ErrorKind::Forbidden, "users"), "needs permission see_users (No.)");
        assert_eq!(said(ErrorKind::NotFound, "users"), "needs permission see_users, or is absent (No.)");
        assert_eq!(said(ErrorKind::Forbidden, "boards"), "needs a permission that the account lacks (No.)");
        assert_eq!(said(ErrorKind::NotFound, "boards"), "the account may not see it, or it is absent (No.)");
        assert_eq!(said(ErrorKind::NoSuchEndpoint, "users"), "this Looker release does not offer it");
    }
}
