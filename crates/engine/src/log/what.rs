//! What happened, by what differs between two versions.

use std::borrow::Cow;
use std::collections::BTreeMap;

use jiff::Timestamp;
use looker::Kind;
use looker::catalogue::Group;
use serde_json::value::RawValue;
use vault::{Change, Reader, Result, Side, Version};

/// A kind of change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum What {
    /// The vault had not seen it before.
    Created,
    /// It is there again after it had been gone.
    Returned,
    /// It came back from the trash.
    Restored,
    /// It went to the trash.
    Trashed,
    /// Purged, or no longer visible to the account: the API does not say which.
    Gone,
    /// It has another title or name.
    Renamed,
    /// It lies in another folder.
    Moved,
    /// Who may see or do something differs.
    AccessChanged,
    /// Anything else of its content.
    Edited,
}

impl What {
    /// In words, for people and in data.
    pub fn name(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Returned => "returned",
            Self::Restored => "restored",
            Self::Trashed => "trashed",
            Self::Gone => "gone",
            Self::Renamed => "renamed",
            Self::Moved => "moved",
            Self::AccessChanged => "access changed",
            Self::Edited => "edited",
        }
    }
}

/// Fields that say again what a version says by itself, and who made it.
const MARKS: [&str; 10] = [
    "updated_at",
    "last_updater_id",
    "last_updater_name",
    "deleted",
    "deleted_at",
    "deleter_id",
    "folder",
    "folder_name",
    "space",
    "user_name",
];

/// Fields of other kinds that say who may do what.
const ACCESS_FIELDS: [(&str, &[&str]); 2] =
    [("users", &["role_ids", "group_ids"]), ("roles", &["permission_set", "model_set"])];

/// The bodies of two versions; empty where there is none.
pub(super) struct Bodies {
    before: Vec<u8>,
    after: Vec<u8>,
}

impl Bodies {
    /// Reads what is needed to tell what a change is.
    pub(super) fn read(reader: &Reader, change: &Change) -> Result<Self> {
        let body = |version: Option<&Version>| -> Result<Vec<u8>> {
            let Some(hash) = version.and_then(|version| version.body) else { return Ok(Vec::new()) };
            Ok(reader.body(&hash)?.unwrap_or_default())
        };
        Ok(Self { before: body(change.before.as_ref())?, after: body(Some(&change.after))? })
    }

    /// The text or number in a field of what the object became.
    pub(super) fn text(&self, field: &str) -> Option<String> {
        text_of(members(&self.after).get(field)?)
    }

    /// When it went to the trash, if that is what happened.
    pub(super) fn deleted_at(&self, what: &[What]) -> Option<Timestamp> {
        what.contains(&What::Trashed).then(|| self.text("deleted_at"))??.parse().ok()
    }
}

/// The text of a scalar; `None` for everything else.
fn text_of(raw: &RawValue) -> Option<String> {
    let raw = raw.get();
    match raw.as_bytes().first()? {
        b'"' => serde_json::from_str(raw).ok().filter(|text: &String| !text.is_empty()),
        b'0'..=b'9' | b'-' => Some(raw.to_owned()),
        _ => None,
    }
}

/// The members of a document; none, if it is no object.
fn members(body: &[u8]) -> BTreeMap<Cow<'_, str>, &RawValue> {
    serde_json::from_slice(body).unwrap_or_default()
}

/// What a change amounts to; never empty.
pub(super) fn what(kind: Option<&Kind>, change: &Change, bodies: &Bodies) -> Vec<What> {
    let Change { before, after, .. } = change;
    let Some(before) = before else { return vec![What::Created] };
    let mut what = Vec::new();
    what.extend(match (before.side, after.side) {
        (_, None) => return vec![What::Gone],
        (None, Some(_)) => Some(What::Returned),
        (Some(Side::Live), Some(Side::Trash)) => Some(What::Trashed),
        (Some(Side::Trash), Some(Side::Live)) => Some(What::Restored),
        _ => None,
    });
    what.extend((before.title != after.title).then_some(What::Renamed));
    what.extend((before.folder != after.folder).then_some(What::Moved));
    if before.side.is_some() && before.body != after.body {
        what.extend(edits(kind, change, bodies));
    }
    if what.is_empty() {
        // What differs is only what was left out above.
        what.push(What::Edited);
    }
    what
}

/// Edits beside those that versions tell: of access, and of the rest.
fn edits(kind: Option<&Kind>, change: &Change, bodies: &Bodies) -> Vec<What> {
    if kind.is_some_and(|kind| kind.group == Group::Access) && members(&bodies.after).is_empty() {
        return vec![What::AccessChanged];
    }
    let envelope = kind.map(|kind| &kind.envelope);
    let told = |field: &str| {
        MARKS.contains(&field)
            || envelope.is_some_and(|envelope| envelope.title == field || envelope.folder == Some(field))
    };
    let (before, after) = (members(&bodies.before), members(&bodies.after));
    let access = ACCESS_FIELDS.iter().find(|(name, _)| *name == change.kind).map_or(&[][..], |(_, of)| *of);
    let fields = before.keys().chain(after.keys().filter(|field| !before.contains_key(*field)));
    let (access, rest): (Vec<&str>, Vec<&str>) = fields
        .map(Cow::as_ref)
        .filter(|field| !told(field) && !equal(before.get(*field), after.get(*field), change))
        .partition(|field| access.contains(field));
    let is_access_kind = kind.is_some_and(|kind| kind.group == Group::Access);
    let mut what = Vec::new();
    what.extend((!access.is_empty() || is_access_kind && !rest.is_empty()).then_some(What::AccessChanged));
    what.extend((!rest.is_empty() && !is_access_kind).then_some(What::Edited));
    what
}

/// Whether a field is the same, but for the dashboard's title, which its
/// layouts repeat. Bodies are canonical, so equal values have equal text.
fn equal(before: Option<&&RawValue>, after: Option<&&RawValue>, change: &Change) -> bool {
    let (Some(before), Some(after)) = (before, after) else { return before.is_none() && after.is_none() };
    if before.get() == after.get() {
        return true;
    }
    let title = |version: Option<&Version>| {
        let title = serde_json::to_string(version?.title.as_ref()?).ok()?;
        Some(format!(r#""dashboard_title":{title}"#))
    };
    match (title(change.before.as_ref()), title(Some(&change.after))) {
        (Some(old), Some(new)) if old != new => before.get().replace(&old, &new) == after.get(),
        _ => false,
    }
}
