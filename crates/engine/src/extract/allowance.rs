//! What the month's allowance leaves to a run, before its first call.

use jiff::Timestamp;
use looker::Client;
use looker::pacing::Ledger;
use vault::Vault;

use super::error::ExtractError;
use super::request::Request;
use crate::allowance::{Allowance, Standing};

/// Limits each ledger of the client to what is left of the request's allowance,
/// less the reserve.
///
/// # Errors
/// When nothing is left of a ledger that a kind of the request is listed by.
/// What else is booked on it is found out by the run, which then stops.
pub(super) fn claim(client: &Client, vault: &Vault, request: &Request) -> Result<(), ExtractError> {
    let Some(allowance) = request.allowance.as_ref().filter(|allowance| allowance.is_set()) else {
        return Ok(());
    };
    let reader = vault.reader()?;
    let address = client.settings().host();
    let instance = reader.instances()?.into_iter().find(|known| known.url == address).map(|known| known.id);
    let standing = Standing::read(&reader, instance, allowance, Timestamp::now())?;
    for (ledger, left) in left(request, allowance, &standing)? {
        tracing::info!(ledger = ledger.name(), left, "The allowance leaves calls to extraction.");
        client.meter().allow(ledger, left);
    }
    Ok(())
}

fn left(
    request: &Request,
    allowance: &Allowance,
    standing: &Standing,
) -> Result<Vec<(Ledger, u64)>, ExtractError> {
    let mut left = Vec::new();
    for ledger in &standing.ledgers {
        let Some(limit) = ledger.limit else { continue };
        let needing = needing(request, ledger.ledger);
        if limit.left_for_extraction == 0 && !needing.is_empty() {
            let all = needing.len() == request.kinds.len();
            return Err(ExtractError::AllowanceSpent {
                ledger: ledger.ledger,
                calls: limit.calls,
                reserve: limit.reserve,
                spent: ledger.spent,
                kinds: if all { String::new() } else { format!(" (needed by {})", needing.join(", ")) },
                renews_on: standing.month.renews_on,
                zone: allowance.calendar.zone_name().to_owned(),
            });
        }
        left.push((ledger.ledger, limit.left_for_extraction));
    }
    Ok(left)
}

/// The kinds that cannot be listed without a ledger.
fn needing(request: &Request, ledger: Ledger) -> Vec<&'static str> {
    // What costs a call an object is spread over runs: it can wait.
    let listed = request.kinds.iter().filter(|kind| kind.each().is_none());
    let listed_by =
        listed.filter(|kind| kind.operations().iter().any(|operation| operation.ledger == ledger));
    listed_by.map(|kind| kind.name).collect()
}
