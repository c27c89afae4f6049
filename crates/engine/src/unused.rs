//! What nothing refers to.

use std::collections::HashSet;

use vault::{AsOf, FieldFilter, Reader, Referrer, Result};

use crate::impact::{Names, ObjectName};

/// A kind, and the kinds whose references make an object of it used.
#[derive(Debug)]
struct Use {
    kind: &'static str,
    by: &'static [&'static str],
}

/// Owning and lying in a folder is no use; being read is, and so is giving
/// somebody a right.
const USES: &[Use] = &[
    Use { kind: "folders", by: &["folders", "dashboards", "looks", "users"] },
    Use { kind: "dashboards", by: SHOWING },
    Use {
        kind: "looks",
        by: &["dashboards", "boards", "homepage_sections", "scheduled_plans", "content_favorites"],
    },
    Use { kind: "boards", by: &["content_favorites"] },
    Use { kind: "lookml_dashboards", by: SHOWING },
    Use { kind: "merge_queries", by: &["dashboards"] },
    Use { kind: "queries", by: &["looks", "merge_queries", "scheduled_plans", "alerts"] },
    Use {
        kind: "groups",
        by: &[
            "users",
            "groups",
            "content_metadata_access",
            "user_attribute_group_values",
            "instance_settings",
        ],
    },
    Use { kind: "roles", by: &["users", "groups", "instance_settings"] },
    Use { kind: "permission_sets", by: &["roles"] },
    Use { kind: "model_sets", by: &["roles"] },
    Use {
        kind: "user_attributes",
        by: &["user_attribute_group_values", "user_attribute_values", "instance_settings"],
    },
    Use { kind: "connections", by: &["lookml_models", "explores"] },
    Use { kind: "ssh_tunnels", by: &["connections"] },
    Use { kind: "external_oauth_applications", by: &["connections"] },
    Use { kind: "projects", by: &["lookml_models"] },
    Use { kind: "integration_hubs", by: &["integrations"] },
    Use { kind: "color_collections", by: &["themes"] },
];

const SHOWING: &[&str] = &["boards", "homepage_sections", "scheduled_plans", "content_favorites"];

/// Kinds that are used by queries on them: their uses are fields.
const QUERIED: [&str; 2] = ["lookml_models", "explores"];

/// Objects of a kind that nothing refers to.
#[derive(Debug, Clone)]
pub struct Unused {
    /// The kind.
    pub kind: &'static str,
    /// The kinds whose references were looked for; none where queries were.
    pub by: &'static [&'static str],
    /// Those of them of which the vault has nothing: what only they refer to
    /// seems unused.
    pub not_stored: Vec<&'static str>,
    /// The objects.
    pub objects: Vec<ObjectName>,
}

/// The kinds that can be asked for.
pub fn kinds() -> impl Iterator<Item = &'static str> {
    USES.iter().map(|entry| entry.kind).chain(QUERIED)
}

/// Live objects that no live object refers to in a way that counts as use, of
/// these kinds, or of all that can be asked for if none are named. Kinds of which
/// the vault has nothing are left out.
///
/// # Errors
/// When the vault cannot be read.
pub fn unused(reader: &Reader, of: impl Into<AsOf>, wanted: &[&str]) -> Result<Vec<Unused>> {
    let of = of.into();
    let stored = reader.live_kinds(of)?;
    let mut names = Names::new(reader, of)?;
    let mut found = Vec::new();
    for kind in kinds().filter(|kind| stored.contains(*kind) && (wanted.is_empty() || wanted.contains(kind)))
    {
        let by = USES.iter().find(|entry| entry.kind == kind).map_or(&[][..], |entry| entry.by);
        let objects = if QUERIED.contains(&kind) {
            unqueried(reader, of, kind)?
        } else {
            reader.unreferred(of, kind, by)?
        };
        found.push(Unused {
            kind,
            by,
            not_stored: by.iter().copied().filter(|kind| !stored.contains(*kind)).collect(),
            objects: objects.into_iter().map(|object| names.name(object)).collect::<Result<_>>()?,
        });
    }
    Ok(found)
}

/// Models or explores that no query is on.
fn unqueried(reader: &Reader, of: AsOf, kind: &str) -> Result<Vec<Referrer>> {
    let fields = reader.fields_in_use(of, &FieldFilter::default(), false)?;
    let used: HashSet<String> = fields
        .into_iter()
        .map(|field| match kind {
            "explores" => format!("{}::{}", field.model, field.explore),
            _ => field.model,
        })
        .collect();
    let all = reader.unreferred(of, kind, &[])?;
    Ok(all.into_iter().filter(|object| !used.contains(&object.key)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_use_is_one_of_the_catalogue() {
        for entry in USES {
            for by in entry.by {
                let by = looker::Kind::find(by).unwrap();
                let refers = by.references.iter().any(|reference| reference.kind == entry.kind);
                assert!(refers, "{} does not refer to {}", by.name, entry.kind);
            }
        }
        assert!(QUERIED.iter().all(|kind| looker::Kind::find(kind).is_some()));
    }
}
