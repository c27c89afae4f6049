//! JSON that is printed as it was stored.

use serde::Serialize;
use serde_json::value::RawValue;

/// JSON that was stored with a run goes out as JSON, anything else as text.
#[derive(Serialize)]
#[serde(untagged)]
pub enum Kept<'a> {
    /// JSON.
    Json(&'a RawValue),
    /// Anything else.
    Text(&'a str),
}

impl<'a> Kept<'a> {
    /// What `text` holds.
    pub fn new(text: &'a str) -> Self {
        serde_json::from_str(text).map_or(Self::Text(text), Self::Json)
    }
}
