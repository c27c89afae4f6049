use serde_json::Value;

use super::*;
use crate::catalogue::KINDS;
use crate::pacing::Ledger;

#[test]
fn names_are_unique_and_references_lead_somewhere() {
    for (index, resource) in RESOURCES.iter().enumerate() {
        assert!(RESOURCES[index + 1..].iter().all(|other| other.name != resource.name));
        for (field, referred) in resource.references {
            let known = Resource::find(referred).is_some() || KINDS.iter().any(|k| k.name == *referred);
            assert!(known, "{}.{field} -> {referred}", resource.name);
            let is_sent = resource.fields().contains(field)
                || resource.parts.is_empty() && field.ends_with("_id")
                || *field == "tab_ids";
            assert!(is_sent, "{}.{field} is never sent", resource.name);
        }
        assert!(!resource.fields().is_empty(), "{}", resource.name);
    }
}

fn checked(document: &Value, method: Method, operation: &crate::catalogue::Operation) {
    let entry = &document["paths"][operation.path][method.name().to_lowercase()];
    assert_eq!(entry["operationId"], operation.id);
    let ledger = match entry["x-looker-activity-type"].as_str().unwrap() {
        "non_query" => Ledger::Administrative,
        "db_query" => Ledger::QueryBased,
        _ => Ledger::Unmetered,
    };
    assert_eq!(ledger, operation.ledger, "{}", operation.id);
}

/// Checked against the API document where the checkout has it beside it.
#[test]
fn entries_agree_with_the_api_document() {
    let facts = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/looker-api/");
    let Ok(document) = std::fs::read(format!("{facts}Looker.4.0.oas.json")) else { return };
    let document: Value = serde_json::from_slice(&document).unwrap();
    for resource in RESOURCES {
        let writes = [&resource.create, &resource.update, &resource.delete];
        for write in writes.into_iter().flatten() {
            checked(&document, write.method, &write.operation);
        }
        if let Some(siblings) = &resource.siblings {
            checked(&document, Method::Get, &siblings.operation);
        }
        // The document has no type for a list of ids, and says of what is sent of a
        // membership or a group's value that it is read-only.
        if resource.looker_type.is_empty() {
            continue;
        }
        let properties = &document["components"]["schemas"][resource.looker_type]["properties"];
        for field in resource.fields() {
            assert!(!properties[*field].is_null(), "{}.{field} is unknown", resource.name);
            assert!(properties[*field]["readOnly"] != true, "{}.{field} is read-only", resource.name);
        }
    }
}
