//! Certification, which has a call of its own.

use looker::catalogue::Resource;

use super::compose::{Composer, Sides, name_of};
use super::special::literal;
use super::step::{Part, Verb};
use crate::diff::Value;

/// The status of what is certified, and the notes to it.
type Certified<'v> = (&'v str, Option<&'v str>);

fn certified<'v>(document: &'v Value<'v>) -> Option<Certified<'v>> {
    let said = |path: &str| document.at(path).map(Value::text).filter(|text| *text != "null");
    Some((said("certification_metadata.certification_status")?, said("certification_metadata.notes")))
}

/// Certifies a dashboard or a look as it was. Nothing takes a certification away but
/// its being revoked.
pub(super) fn compose(composer: &mut Composer<'_>, resource: &'static Resource, sides: Sides<'_>) {
    const REVOKED: Certified<'_> = (r#""revoked""#, None);
    let name = match resource.name {
        "dashboards" => "dashboard_certifications",
        "looks" => "look_certifications",
        _ => return,
    };
    let Some(certification) = Resource::find(name) else { return };
    let live = sides.live.and_then(certified).unwrap_or(REVOKED);
    let wanted = certified(sides.wanted).unwrap_or(REVOKED);
    if live == wanted || (live.0 == wanted.0 && wanted.0 == REVOKED.0) {
        return;
    }
    let (status, notes) = wanted;
    let mut body = vec![("certification_status".to_owned(), Part::json(status).unwrap_or(literal("null")))];
    body.extend(notes.and_then(Part::json).map(|notes| ("notes".to_owned(), notes)));
    let word = if status == REVOKED.0 { "certification revoked" } else { "certified" };
    if sides.live.is_some() {
        composer.changes.push(word.to_owned());
    }
    if status != REVOKED.0 {
        composer.note("who restores it certifies it".to_owned());
    }
    let about = format!("{}: {word}", name_of(resource, sides.wanted));
    let id = Composer::own_id(resource, sides);
    composer.push(Verb::Update, certification, sides.wanted, about, Some(id), body);
}
