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

/// The fields of a kind that say who may do what, if it has any; of kinds that
/// are about nothing else, an empty list.
fn access_fields(kind: Option<&Kind>) -> Option<&'static [&'static str]> {
    let kind = kind?;
    let of = ACCESS_FIELDS.iter().find(|(name, _)| *name == kind.name).map(|(_, fields)| *fields);
    of.or((kind.group == Group::Access).then_some(&[]))
}

/// The bodies of two versions; empty where there is none, or none is needed.
pub(super) struct Bodies {
    before: Vec<u8>,
    after: Vec<u8>,
}

impl Bodies {
    /// Reads what is needed to tell what a change is. Where nothing else differs
    /// the content must, and the body before it need not be looked at.
    pub(super) fn read(reader: &Reader, kind: Option<&Kind>, change: &Change) -> Result<Self> {
        let body = |version: Option<&Version>| -> Result<Vec<u8>> {
            let Some(hash) = version.and_then(|version| version.body) else { return Ok(Vec::new()) };
            Ok(reader.body(&hash)?.unwrap_or_default())
        };
        let compared = change.before.as_ref().filter(|before| {
            let Version { side, title, folder, .. } = &change.after;
            let only_edited = before.side == *side && before.title == *title && before.folder == *folder;
            !only_edited || access_fields(kind).is_some()
        });
        Ok(Self { before: body(compared)?, after: body(Some(&change.after))? })
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
    let access = access_fields(kind);
    let is_about_access = access == Some(&[]);
    if is_about_access {
        return vec![What::AccessChanged];
    }
    if bodies.before.is_empty() {
        return vec![What::Edited];
    }
    let envelope = kind.map(|kind| &kind.envelope);
    let told = |field: &str| {
        MARKS.contains(&field)
            || envelope.is_some_and(|envelope| envelope.title == field || envelope.folder == Some(field))
    };
    let (before, after) = (members(&bodies.before), members(&bodies.after));
    let fields = before.keys().chain(after.keys().filter(|field| !before.contains_key(*field)));
    let (access, rest): (Vec<&str>, Vec<&str>) = fields
        .map(Cow::as_ref)
        .filter(|field| !told(field) && !equal(before.get(*field), after.get(*field), change))
        .partition(|field| access.unwrap_or_default().contains(field));
    let named = [(access, What::AccessChanged), (rest, What::Edited)];
    named.into_iter().filter(|(fields, _)| !fields.is_empty()).map(|(_, what)| what).collect()
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

#[cfg(test)]
mod tests {
    use vault::{BodyHash, RunId};

    use super::*;

    fn version(side: Option<Side>, title: &str, folder: &str, body: &str) -> Version {
        Version {
            from_run: RunId::from_number(1),
            side,
            title: Some(title.into()),
            folder: Some(folder.into()),
            updated_at: None,
            created_at: None,
            read_at: Timestamp::UNIX_EPOCH,
            confirmed_at: None,
            body: side.map(|_| BodyHash::of(body.as_bytes())),
        }
    }

    /// What a change of this kind from one (side, title, folder, body) to another is.
    fn told(kind: &str, [before, after]: [(Option<Side>, &str, &str, &str); 2]) -> Vec<&'static str> {
        let of = |(side, title, folder, body)| version(side, title, folder, body);
        let change =
            Change { kind: kind.into(), key: "1".into(), before: Some(of(before)), after: of(after) };
        let bodies = Bodies { before: before.3.into(), after: after.3.into() };
        what(Kind::find(kind), &change, &bodies).into_iter().map(What::name).collect()
    }

    const LIVE: Option<Side> = Some(Side::Live);
    const TRASH: Option<Side> = Some(Side::Trash);

    #[test]
    fn what_versions_tell_is_no_edit_besides() {
        let old = r#"{"dashboard_layouts":[{"dashboard_title":"A","id":"1"}],"folder_id":"1","title":"A"}"#;
        let new = r#"{"dashboard_layouts":[{"dashboard_title":"B","id":"1"}],"folder_id":"2","title":"B","updated_at":"x"}"#;
        let other = r#"{"dashboard_layouts":[{"dashboard_title":"B","id":"2"}],"folder_id":"1","title":"B"}"#;
        for (after, expected) in [
            ((LIVE, "B", "2", new), &["renamed", "moved"][..]),
            ((LIVE, "B", "1", other), &["renamed", "edited"]),
            ((TRASH, "A", "1", old), &["trashed"]),
            ((None, "A", "1", ""), &["gone"]),
        ] {
            assert_eq!(told("dashboards", [(LIVE, "A", "1", old), after]), expected);
        }
        assert_eq!(told("dashboards", [(TRASH, "A", "1", old), (LIVE, "A", "1", old)]), ["restored"]);
        assert_eq!(told("looks", [(None, "A", "1", ""), (LIVE, "A", "2", "{}")]), ["returned", "moved"]);
        assert_eq!(told("dashboards", [(LIVE, "A", "1", old), (LIVE, "A", "1", other)]), ["edited"]);
    }

    #[test]
    fn access_is_told_apart() {
        let pair = |before, after| [(LIVE, "A", "", before), (LIVE, "A", "", after)];
        let told = |kind, before, after| told(kind, pair(before, after));
        assert_eq!(told("content_metadata_access", "[1]", "[2]"), ["access changed"]);
        assert_eq!(told("users", r#"{"role_ids":["1"]}"#, r#"{"role_ids":["2"]}"#), ["access changed"]);
        assert_eq!(told("users", r#"{"locale":"en"}"#, r#"{"locale":"de"}"#), ["edited"]);
        let both = told("users", r#"{"group_ids":[],"locale":"en"}"#, r#"{"group_ids":["1"]}"#);
        assert_eq!(both, ["access changed", "edited"]);
    }
}
