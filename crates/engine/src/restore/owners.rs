//! Parts that something else refers to, and the objects that hold them.

use vault::{InstanceId, ListFilter, Reader, RunId};

use super::RestoreError;
use super::step::Symbol;
use crate::documents::Node;

/// The dashboard that has a tile or a layout, as the run left it.
///
/// # Errors
/// When the vault cannot be read.
pub(super) fn owner_of(
    reader: &Reader,
    instance: InstanceId,
    as_of: RunId,
    part: &Symbol,
) -> Result<Option<String>, RestoreError> {
    let filter = ListFilter { instance: Some(instance), at: Some(as_of), ..ListFilter::of("dashboards") };
    let mut keys = Vec::new();
    reader.list(&filter, |row| keys.push(row.key))?;
    for key in keys {
        let stored = reader.show_at(instance, "dashboards", &key, Some(as_of))?;
        if stored.is_some_and(|stored| has_part(&stored.body, part)) {
            return Ok(Some(key));
        }
    }
    Ok(None)
}

/// Whether a document has the part.
pub(super) fn has_part(document: &[u8], part: &Symbol) -> bool {
    // Looking for the id as text first saves reading most documents.
    let Ok(text) = std::str::from_utf8(document) else { return false };
    if !text.contains(&part.key) {
        return false;
    }
    let Some(document) = Node::parse(text) else { return false };
    document.items(&part.resource).iter().any(|one| one.text("id") == Some(&part.key))
}
