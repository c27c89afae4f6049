//! Parts that something else refers to, and the objects that hold them.

use std::collections::{BTreeSet, HashMap};

use super::RestoreError;
use super::past::Past;
use super::step::Symbol;
use crate::documents::Node;

/// More parts than this are not looked for as text first.
const FEW: usize = 16;

/// The dashboards that have these tiles or layouts, as the run left them. All
/// dashboards are read once: nothing that refers to a tile says where it is.
///
/// # Errors
/// When the vault cannot be read.
pub(super) fn owners_of(
    past: &Past<'_>,
    parts: &BTreeSet<Symbol>,
) -> Result<HashMap<Symbol, String>, RestoreError> {
    let mut owners = HashMap::new();
    if parts.is_empty() {
        return Ok(owners);
    }
    let lists: BTreeSet<&str> = parts.iter().map(|part| part.resource.as_str()).collect();
    past.reader.bodies(past.then(), "dashboards", |key, body| {
        let Ok(text) = std::str::from_utf8(body) else { return };
        // Most dashboards have none of a few parts, and need not be parsed.
        if parts.len() <= FEW && !parts.iter().any(|part| text.contains(&part.key)) {
            return;
        }
        let Some(document) = Node::parse(text) else { return };
        for list in &lists {
            for id in document.items(list).iter().filter_map(|one| one.text("id")) {
                let part = Symbol::new(list, id);
                if parts.contains(&part) {
                    owners.insert(part, key.to_owned());
                }
            }
        }
    })?;
    Ok(owners)
}

/// Whether a document has the part.
pub(super) fn has_part(document: &[u8], part: &Symbol) -> bool {
    let Ok(text) = std::str::from_utf8(document) else { return false };
    let Some(document) = Node::parse(text) else { return false };
    document.items(&part.resource).iter().any(|one| one.text("id") == Some(&part.key))
}
