//! What the instance would have sent to people: mails, deliveries of plans,
//! notices of alerts. Nothing leaves the simulator; a test reads here that
//! nothing would have.

use jiff::Timestamp;
use serde::Serialize;

use crate::kinds::Kind;

/// Something that would have reached people.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Sent {
    /// When it would have been sent.
    pub at: Timestamp,
    /// What it is: `plan_delivery`, `password_reset`, ...
    pub what: &'static str,
    /// Id of the operation that made it go.
    pub operation: &'static str,
    /// Kind of the object that it is about.
    pub kind: Kind,
    /// Its id.
    pub id: String,
    /// Addresses it would have gone to, as far as they are known.
    pub to: Vec<String>,
}
