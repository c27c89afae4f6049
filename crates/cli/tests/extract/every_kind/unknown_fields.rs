//! Fields that no document names, in every object at every depth of every answer.

use super::{ALL, small};
use crate::support::VAULT;
use crate::support::content::assert_same;
use crate::support::estate::{estate, redact, stored_estate};
use crate::support::front::{Front, Instead};
use crate::support::json::Json;
use crate::support::looker::Looker;

const NAME: &str = "x_of_a_release_to_come";

fn unknown() -> Json {
    Json::parse(
        br#"{"deep":[{"exact":1.50,"big":12345678901234567890123,"nothing":null}],"text":"\u00e9\n"}"#,
    )
}

#[test]
fn an_unknown_field_at_every_depth_of_every_kind_is_kept() {
    let looker = Looker::start(small());
    let front = Front::before(looker.port(), |exchange| {
        let reads = exchange.request.starts_with("GET") && exchange.status == 200;
        let mut answer = reads.then(|| Json::parse(&exchange.body))?;
        answer.add_everywhere(&[NAME], &unknown());
        Some(Instead::json(200, answer.write()))
    });
    let world = looker.world_at(&front.url());
    world.extract(ALL).complete();
    let mut wanted = estate(&looker);
    for object in wanted.values_mut() {
        object.document.add_everywhere(&[NAME], &unknown());
    }
    redact(&mut wanted);
    assert_same(&stored_estate(&world.path(VAULT)), &wanted);
    assert_eq!(world.verdict(), "sound");
}

/// `fields` is an allow-list: what is stored is never read with it.
#[test]
fn no_body_that_is_stored_is_read_with_fields() {
    let looker = Looker::start(small());
    looker.world().extract(ALL).complete();
    for served in looker.requests() {
        let fields = served.query.iter().find(|(name, _)| name == "fields").map(|(_, value)| value.as_str());
        let light = [
            "id",
            "id,updated_at,folder_id",
            "id,created_at,updated_at,folder_id,view_count,favorite_count,usage_count",
            "id,dashboard_id",
            "id,query",
        ];
        assert!(fields.is_none_or(|fields| light.contains(&fields)), "{} asks for {fields:?}", served.path);
    }
}
