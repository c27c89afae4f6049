//! Which fields the instance itself accepts.
//!
//! Instances run different releases, and each serves its own API document. It costs
//! nothing that is metered, so it is read once when something is to be written: what
//! this build's table has and the instance has not is left out of bodies and named,
//! and what the vault has and only the instance knows is compared and sent like any
//! other field. Without a document the table alone decides.

use std::collections::{BTreeMap, HashMap};

use looker::Client;
use looker::catalogue::{Operation, Property, RESOURCES, Resource, property};
use looker::client::{Call, Reply};
use looker::error::{Error, ErrorKind};
use looker::pacing::{Ledger, Reason};
use serde::Deserialize;
use serde_json::Value as Json;

use super::RestoreError;
use super::compose::{Composer, Sides};
use super::step::Part;
use crate::extract::Stop;

const DOCUMENT: Operation =
    Operation { id: "api_spec", path: "/api_spec/{api_version}/{specification}", ledger: Ledger::Unmetered };

/// What an instance's API document says of the types that are written.
#[derive(Debug, Default)]
pub(super) struct Accepted {
    /// By type, its properties, with what is said of each: of one that is another type a
    /// document can say nothing.
    types: HashMap<&'static str, HashMap<String, Option<Property>>>,
    /// Why there is nothing to go by.
    pub(super) note: Option<String>,
}

/// An API document, of which only the types are looked at: `definitions` in Swagger 2,
/// which is what instances serve; `components` in `OpenAPI` 3, which is published.
#[derive(Deserialize)]
struct Document {
    #[serde(default)]
    definitions: BTreeMap<String, Json>,
    #[serde(default)]
    components: Components,
}

#[derive(Default, Deserialize)]
struct Components {
    #[serde(default)]
    schemas: BTreeMap<String, Json>,
}

impl Accepted {
    /// Asks the instance: one call that is not metered, with the retries of any read. One
    /// that fails again and again is no reason not to restore.
    ///
    /// # Errors
    /// When nothing may be asked any more.
    pub(super) async fn ask(client: &Client) -> Result<Self, RestoreError> {
        let mut call = Call::new(&DOCUMENT, "session", Reason::Session).at("4.0::swagger.json");
        call.class = "api_spec";
        // Of the document in one piece there is no smaller one to ask for, but to wait for
        // it as long as for content would hold the restore up for minutes.
        let whole = |reply: &Reply| {
            let document = serde_json::from_slice::<Document>(&reply.body);
            document.map_err(|error| Error::new(ErrorKind::BadBody, looker::rows::fault(&error)))
        };
        let why = match client.get_several(&call, whole).await {
            Ok(document) => match Self::read(&document) {
                Ok(accepted) => return Ok(accepted),
                Err(why) => why,
            },
            Err(error) if Stop::of_limit(&error).is_some() => return Err(error.into()),
            Err(error) => error.to_string(),
        };
        let note = format!("the instance's API document cannot be read, so its release may differ: {why}");
        Ok(Self { note: Some(note), ..Self::default() })
    }

    /// Reads a document.
    fn read(document: &Document) -> Result<Self, String> {
        let mut types = HashMap::new();
        for of in RESOURCES.iter().map(|resource| resource.looker_type) {
            let schema = document.definitions.get(of).or_else(|| document.components.schemas.get(of));
            if let Some(properties) = schema.and_then(|schema| schema["properties"].as_object()) {
                let each = properties.iter().map(|(name, schema)| (name.clone(), said(schema)));
                types.insert(of, each.collect());
            }
        }
        if types.is_empty() {
            Err("it describes no types".to_owned())
        } else {
            Ok(Self { types, note: None })
        }
    }

    /// Whether a field of this build's table may be sent. What the instance's document
    /// lacks or calls read-only is believed only where this build's own document has it
    /// and does not: some fields are taken although no document says so.
    pub(super) fn takes(&self, looker_type: &str, field: &str) -> bool {
        let Some(properties) = self.types.get(looker_type) else { return true };
        match properties.get(field) {
            Some(None | Some(Property::Writable)) => true,
            Some(Some(Property::ReadOnly)) => property(looker_type, field) == Some(Property::ReadOnly),
            None => property(looker_type, field).is_none(),
        }
    }

    /// Whether a stored member that this build does not know may be sent. One that is
    /// another type may not: most of these only show what an id leads to.
    pub(super) fn is_new(&self, resource: &Resource, member: &str) -> bool {
        let properties = self.types.get(resource.looker_type);
        let said = properties.and_then(|properties| properties.get(member));
        said == Some(&Some(Property::Writable)) && !resource.knows(member)
    }
}

/// What a document says of a property.
fn said(schema: &Json) -> Option<Property> {
    let is_said = schema.get("$ref").is_none();
    is_said.then(|| if schema["readOnly"] == true { Property::ReadOnly } else { Property::Writable })
}

/// The fields to compare: those of the table, and what is stored and new to this build.
pub(super) fn fields<'v>(composer: &mut Composer<'_>, resource: &Resource, sides: Sides<'v>) -> Vec<&'v str> {
    let mut fields: Vec<&'v str> = resource.fields().to_vec();
    for (member, value) in sides.wanted.members() {
        if resource.knows(member) || fields.contains(member) {
            continue;
        }
        let live = sides.live.map(|live| live.member(member).map_or("null", crate::diff::Value::text));
        match composer.world.accepted {
            None => composer.met_unknown |= live.is_some_and(|live| live != value.text()),
            Some(accepted) if !accepted.is_new(resource, member) => {}
            Some(_) if live.is_none() && (member.ends_with("_id") || member.ends_with("_ids")) => {
                // What it is the id of nobody knows, so nobody knows what it is now.
                let field = named(resource, member);
                composer.note(format!("{field} is new to this version and may hold an id: set it again"));
            }
            Some(_) => fields.push(member),
        }
    }
    fields
}

/// Takes out of a body what the instance does not accept, and says so.
pub(super) fn settle(composer: &mut Composer<'_>, resource: &Resource, body: &mut Vec<(String, Part)>) {
    let Some(accepted) = composer.world.accepted else { return };
    let mut refused = Vec::new();
    body.retain(|(field, _)| {
        let takes = accepted.takes(resource.looker_type, field);
        if !takes {
            refused.push(named(resource, field));
        }
        takes
    });
    for field in refused {
        composer.note(not_sent(&field));
    }
}

pub(super) fn not_sent(field: &str) -> String {
    format!("{field} is not sent: the instance's release does not take it")
}

/// A field, with the part that it is of.
fn named(resource: &Resource, field: &str) -> String {
    if resource.parent.is_some() { format!("{}: {field}", resource.singular) } else { field.to_owned() }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn resource(name: &str) -> &'static Resource {
        Resource::find(name).unwrap()
    }

    fn types() -> Json {
        json!({ "Dashboard": { "properties": {
            "title": { "type": "string" },
            "description": { "type": "string", "readOnly": true },
            "view_count": { "type": "integer", "readOnly": true },
            "mood": { "type": "string", "x-looker-nullable": true },
            "mood_set_at": { "type": "string", "readOnly": true },
            "appearance": { "$ref": "#/definitions/DashboardAppearance" },
            "mood_of": { "$ref": "#/definitions/Mood" },
        } } })
    }

    #[test]
    fn both_forms_of_a_document_say_the_same() {
        for document in [
            json!({ "swagger": "2.0", "definitions": types() }),
            json!({ "openapi": "3.0.0", "components": { "schemas": types() } }),
        ] {
            let accepted = Accepted::read(&serde_json::from_value(document).unwrap()).unwrap();
            let takes = |field| accepted.takes("Dashboard", field);
            assert!(takes("title") && takes("appearance"));
            assert!(!takes("description"), "it is read-only here, and was not");
            assert!(!takes("crossfilter_enabled"), "it is not there");
            assert!(takes("in_no_document"), "nobody says anything of it");
            assert!(accepted.takes("Board", "description"), "the type is not described");
            let is_new = |member| accepted.is_new(resource("dashboards"), member);
            assert!(is_new("mood"));
            for member in ["mood_set_at", "mood_of", "title", "view_count", "absent"] {
                assert!(!is_new(member), "{member}");
            }
        }
    }

    #[test]
    fn what_is_no_document_is_told_without_repeating_it() {
        for body in ["{}", r#"{"definitions":{"Dashboard":"SECRET"}}"#] {
            let why = Accepted::read(&serde_json::from_str(body).unwrap()).unwrap_err();
            assert!(!why.contains("SECRET"), "{why}");
        }
    }

    /// Checked against the API document where the checkout has it beside it.
    #[test]
    fn the_release_that_this_build_knows_takes_everything_and_has_nothing_new() {
        let facts = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/looker-api/");
        let Ok(document) = std::fs::read(format!("{facts}Looker.4.0.oas.json")) else { return };
        let accepted = Accepted::read(&serde_json::from_slice(&document).unwrap()).unwrap();
        for resource in RESOURCES {
            for field in resource.fields() {
                assert!(accepted.takes(resource.looker_type, field), "{}.{field}", resource.name);
            }
            let properties = accepted.types.get(resource.looker_type).into_iter().flatten();
            for (member, _) in properties {
                assert!(!accepted.is_new(resource, member), "{}.{member}", resource.name);
            }
        }
    }
}
