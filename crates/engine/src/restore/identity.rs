//! Whether what is there is what was stored.
//!
//! Ids say so only together with a birth mark that Looker makes, or with the natural
//! key where there is none: on an instance that was rebuilt under the same address,
//! dashboard 42 may be a stranger.

use std::collections::BTreeMap;

use jiff::Timestamp;
use looker::Kind;
use vault::Stored;

use super::live::Live;

/// What a stored object is on the instance.
pub(super) enum Standing<'l> {
    /// It is there.
    There(&'l Live),
    /// It is not; why that may surprise.
    Absent(Option<String>),
    /// Nobody can say.
    Doubtful(String),
}

/// Looks for a stored object, as it was then and as the vault has it now, under the
/// id that it would have.
pub(super) fn standing<'l>(
    kind: &'static Kind,
    id: &str,
    linked: bool,
    stored: [Option<&Stored>; 2],
    lives: &'l BTreeMap<String, Live>,
) -> Standing<'l> {
    let live = lives.get(id);
    if let Some(live) = live
        && (linked || is_same(kind, live, stored))
    {
        return Standing::There(live);
    }
    if let Some(other) = by_name(kind, stored, lives) {
        return Standing::There(other);
    }
    match live {
        None => Standing::Absent(None),
        Some(live) if has_birth(live, stored) => {
            let name = live.row.title.as_deref().unwrap_or_default();
            Standing::Absent(Some(format!(
                "{} {id} is another one now ({name:?}), made at another time: it gets an id of its own",
                kind.singular
            )))
        }
        Some(_) if kind.name == "alerts" => {
            Standing::Absent(Some(format!("alert {id} hangs on another tile now: it gets an id of its own")))
        }
        Some(live) => {
            let name = live.row.title.as_deref().unwrap_or_default();
            Standing::Doubtful(format!(
                "{} {id} is called {name:?} there: renamed since, or another one; extract first",
                kind.singular
            ))
        }
    }
}

fn has_birth(live: &Live, stored: [Option<&Stored>; 2]) -> bool {
    live.row.created_at.is_some() && stored.iter().flatten().any(|stored| stored.row.created_at.is_some())
}

fn is_same(kind: &'static Kind, live: &Live, stored: [Option<&Stored>; 2]) -> bool {
    let seconds = Timestamp::as_second;
    for stored in stored.into_iter().flatten() {
        if let (Some(then), Some(now)) = (stored.row.created_at, live.row.created_at) {
            return seconds(then) == seconds(now);
        }
    }
    if stored.iter().all(Option::is_none) {
        // Of what the vault never had, only a key that is a name says what it is.
        return kind.envelope.id == kind.natural_key;
    }
    let name = natural_key(kind, &live.row.raw);
    let mut keys = stored.into_iter().flatten().map(|stored| natural_key(kind, &stored.body));
    // A kind that nothing but its id identifies.
    kind.natural_key.is_empty() || keys.any(|key| key == name)
}

/// One that has the natural key, where that alone identifies a kind.
fn by_name<'l>(
    kind: &'static Kind,
    stored: [Option<&Stored>; 2],
    lives: &'l BTreeMap<String, Live>,
) -> Option<&'l Live> {
    let has_births = kind.envelope.created_at.is_some() && kind.name != "folders";
    if has_births || kind.natural_key.is_empty() || kind.name == "alerts" {
        return None;
    }
    let wanted = natural_key(kind, &stored[0]?.body)?;
    lives.values().find(|live| natural_key(kind, &live.row.raw).is_some_and(|key| key == wanted))
}

/// What identifies an object of a kind on any instance, as a text.
fn natural_key(kind: &Kind, document: &[u8]) -> Option<String> {
    let document: serde_json::Value = serde_json::from_slice(document).ok()?;
    let fields: &[&str] = match kind.name {
        // What a person can change about an alert is not what it is.
        "alerts" => &["dashboard_element_id"],
        // The path is looked for by its last step; roots by what they are.
        "folders" => &["name", "parent_id"],
        _ => kind.natural_key,
    };
    let values: Vec<String> = fields.iter().filter_map(|field| text(&document[*field])).collect();
    (!values.is_empty()).then(|| values.join("\u{0}"))
}

fn text(value: &serde_json::Value) -> Option<String> {
    match value {
        serde_json::Value::Null => None,
        serde_json::Value::String(text) => Some(text.clone()),
        other => Some(other.to_string()),
    }
}
