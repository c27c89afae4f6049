//! How two documents of a kind are compared.
//!
//! A document is more than a tree of JSON: its lists hold parts that have an
//! identity of their own (a tile, a filter, a placement in a layout), some of its
//! fields repeat what others say, some say only when and by whom it was edited.
//! What that is differs between kinds, and is said here, kind by kind. What is
//! not named here is compared as plain JSON: objects key by key, lists in order,
//! their elements by `id` where all have one.

/// What to know of the documents of a kind to compare two of them.
#[derive(Debug, PartialEq, Eq)]
pub struct Compare {
    /// Lists whose elements are matched by more than their position.
    pub parts: &'static [Part],
    /// Fields that follow from others or repeat what is kept as an object of its
    /// own: a difference in them alone is no edit. Paths from the root; arrays are
    /// passed through.
    pub derived: &'static [&'static str],
    /// Fields that usually repeat another one; both are paths. A difference that
    /// both show is told once.
    pub echoes: &'static [(&'static str, &'static str)],
    /// Fields that say when, by whom and on which side it was last edited.
    pub stamps: &'static [&'static str],
    /// Fields that say where parts are placed.
    pub geometry: &'static [&'static str],
}

impl Compare {
    /// What is said of the list at these keys from the root.
    pub fn part(&self, path: &[&str]) -> Option<&Part> {
        self.parts.iter().find(|part| is_at(part.path, path))
    }
}

/// Whether a path with dots is these keys.
fn is_at(path: &str, keys: &[&str]) -> bool {
    path.split('.').filter(|key| !key.is_empty()).eq(keys.iter().copied())
}

/// A list of parts.
#[derive(Debug, PartialEq, Eq)]
pub struct Part {
    /// Where the list is: a path from the root, arrays are passed through; empty
    /// when the document itself is the list.
    pub path: &'static str,
    /// One of its elements, as people call it.
    pub singular: &'static str,
    /// What identifies an element on its instance: a field, or several that do so
    /// together. Without any, an element is its content.
    pub key: &'static [&'static str],
    /// Whether the key is all there is to it, so that elements with different
    /// keys are never the same one changed. Such a key means the same on every
    /// instance, unless it is that of a part in another list.
    pub only_key: bool,
    /// Paths to what people call an element by; the first that says something does.
    pub names: &'static [&'static str],
    /// The field of an element that holds the key of an element of another list,
    /// and that list's path: it is then called as that one is.
    pub named_by: Option<(&'static str, &'static str)>,
    /// Whether the order of the elements means anything.
    pub ordered: bool,
}

/// Nothing is known.
pub(super) const PLAIN: Compare =
    Compare { parts: &[], derived: &[], echoes: &[], stamps: &[], geometry: &[] };

const NAMES: &[&str] = &["title", "label", "name"];

/// Parts with ids, in no order.
const fn parts(path: &'static str, singular: &'static str) -> Part {
    Part { path, singular, key: &["id"], only_key: false, names: NAMES, named_by: None, ordered: false }
}

/// Parts that a field names, here and on every other instance.
const fn named(path: &'static str, singular: &'static str, key: &'static [&'static str]) -> Part {
    Part { key, only_key: true, names: key, ..parts(path, singular) }
}

/// Values of which only the presence matters.
const fn set(path: &'static str, singular: &'static str) -> Part {
    Part { key: &[], names: &[], ..parts(path, singular) }
}

pub(super) const DASHBOARDS: Compare = Compare {
    parts: &[
        Part {
            names: &["title", "title_text", "look.title", "extension_id"],
            ..parts("dashboard_elements", "tile")
        },
        Part {
            key: &[],
            names: &["name", "view"],
            ordered: true,
            ..parts("dashboard_elements.result_maker.filterables", "source")
        },
        named(
            "dashboard_elements.result_maker.filterables.listen",
            "listener",
            &["dashboard_filter_name", "field"],
        ),
        parts("dashboard_filters", "filter"),
        parts("dashboard_layouts", "layout"),
        Part {
            key: &["dashboard_element_id"],
            only_key: true,
            names: &[],
            named_by: Some(("dashboard_element_id", "dashboard_elements")),
            ..parts("dashboard_layouts.dashboard_layout_components", "placement")
        },
    ],
    derived: &[
        "folder",
        "user_name",
        "is_owner_disabled",
        "dashboard_filters.field",
        "dashboard_elements.look",
        // Ids of a query name its content, which is compared itself.
        "dashboard_elements.query_id",
        "dashboard_elements.query.id",
        "dashboard_elements.query.slug",
        "dashboard_elements.query.client_id",
        "dashboard_elements.result_maker.query_id",
        "dashboard_elements.result_maker.query.id",
        "dashboard_elements.result_maker.query.slug",
        "dashboard_elements.result_maker.query.client_id",
        "dashboard_layouts.dashboard_title",
        "dashboard_layouts.dashboard_layout_components.element_title",
        "dashboard_layouts.dashboard_layout_components.element_title_hidden",
        "dashboard_layouts.dashboard_layout_components.vis_type",
    ],
    echoes: &[
        ("dashboard_elements.result_maker.query", "dashboard_elements.query"),
        ("dashboard_elements.result_maker.query", "dashboard_elements.look.query"),
        ("dashboard_elements.result_maker.vis_config", "dashboard_elements.query.vis_config"),
        ("dashboard_elements.result_maker.vis_config", "dashboard_elements.result_maker.query.vis_config"),
        ("dashboard_elements.result_maker.dynamic_fields", "dashboard_elements.query.dynamic_fields"),
        ("dashboard_elements.result_maker.sorts", "dashboard_elements.query.sorts"),
        ("dashboard_elements.result_maker.total", "dashboard_elements.query.total"),
        ("dashboard_elements.result_maker.merge_result_id", "dashboard_elements.merge_result_id"),
    ],
    stamps: &["updated_at", "last_updater_id", "last_updater_name", "deleted", "deleted_at", "deleter_id"],
    geometry: &[
        "dashboard_layouts.column_width",
        "dashboard_layouts.width",
        "dashboard_layouts.dashboard_layout_components.row",
        "dashboard_layouts.dashboard_layout_components.column",
        "dashboard_layouts.dashboard_layout_components.width",
        "dashboard_layouts.dashboard_layout_components.height",
        "dashboard_layouts.dashboard_layout_components.granular_row",
        "dashboard_layouts.dashboard_layout_components.granular_column",
        "dashboard_layouts.dashboard_layout_components.granular_width",
        "dashboard_layouts.dashboard_layout_components.granular_height",
    ],
};

pub(super) const LOOKS: Compare = Compare {
    derived: &["folder", "user_name", "is_owner_disabled"],
    stamps: &["updated_at", "last_updater_id", "deleted", "deleted_at", "deleter_id"],
    ..PLAIN
};

pub(super) const BOARDS: Compare = Compare {
    parts: &[
        parts("board_sections", "section"),
        Part {
            names: &["custom_title", "title", "dashboard_id", "look_id", "lookml_dashboard_id", "url"],
            ..parts("board_sections.board_items", "item")
        },
    ],
    stamps: &["updated_at", "board_sections.updated_at"],
    ..PLAIN
};

pub(super) const HOMEPAGE_SECTIONS: Compare = Compare {
    parts: &[Part {
        names: &["custom_title", "title", "dashboard_id", "look_id", "lookml_dashboard_id", "url"],
        ..parts("homepage_items", "item")
    }],
    stamps: &["updated_at"],
    ..PLAIN
};

pub(super) const MERGE_QUERIES: Compare = Compare {
    parts: &[Part { key: &[], ordered: true, ..parts("source_queries", "source") }],
    // It is named by what it holds.
    derived: &["id", "source_queries.query_slug"],
    ..PLAIN
};

pub(super) const QUERIES: Compare = Compare { derived: &["id", "slug", "client_id"], ..PLAIN };

pub(super) const FAVORITES: Compare = Compare {
    parts: &[Part { names: &["dashboard_id", "look_id", "board_id"], ..parts("", "favourite") }],
    ..PLAIN
};

pub(super) const SCHEDULED_PLANS: Compare = Compare {
    parts: &[Part {
        names: &["address", "looker_recipient", "type"],
        ..parts("scheduled_plan_destination", "destination")
    }],
    stamps: &["updated_at"],
    ..PLAIN
};

pub(super) const ALERTS: Compare = Compare {
    parts: &[
        Part {
            key: &[],
            names: &["email_address", "action_hub_integration_id", "destination_type"],
            ..parts("destinations", "destination")
        },
        Part {
            key: &[],
            names: &["filter_title", "field_name"],
            ..parts("applied_dashboard_filters", "filter")
        },
    ],
    ..PLAIN
};

pub(super) const USERS: Compare = Compare {
    parts: &[set("group_ids", "group"), set("role_ids", "role"), parts("credentials_api3", "API key")],
    ..PLAIN
};

pub(super) const GROUPS: Compare =
    Compare { parts: &[set("parent_group_ids", "parent"), set("role_ids", "role")], ..PLAIN };

pub(super) const ROLES: Compare = Compare {
    parts: &[set("permission_set.permissions", "permission"), set("model_set.models", "model")],
    ..PLAIN
};

pub(super) const PERMISSION_SETS: Compare = Compare { parts: &[set("permissions", "permission")], ..PLAIN };

pub(super) const MODEL_SETS: Compare = Compare { parts: &[set("models", "model")], ..PLAIN };

/// Values of an attribute, the first that fits a user counts.
pub(super) const GROUP_VALUES: Compare =
    Compare { parts: &[Part { ordered: true, ..named("", "value for group", &["group_id"]) }], ..PLAIN };

pub(super) const USER_VALUES: Compare =
    Compare { parts: &[Part { names: NAMES, ..named("", "value of", &["user_attribute_id"]) }], ..PLAIN };

pub(super) const CONTENT_METADATA: Compare = Compare { parts: &[parts("", "content")], ..PLAIN };

pub(super) const CONTENT_ACCESS: Compare =
    Compare { parts: &[Part { names: &[], ..named("", "access of", &["group_id", "user_id"]) }], ..PLAIN };

pub(super) const LOOKML_MODELS: Compare = Compare {
    parts: &[named("explores", "explore", &["name"]), set("allowed_db_connection_names", "connection")],
    ..PLAIN
};

pub(super) const EXPLORES: Compare = Compare {
    parts: &[
        named("fields.dimensions", "dimension", &["name"]),
        named("fields.measures", "measure", &["name"]),
        named("fields.filters", "filter", &["name"]),
        named("fields.parameters", "parameter", &["name"]),
        named("joins", "join", &["name"]),
    ],
    ..PLAIN
};

pub(super) const COLOR_COLLECTIONS: Compare = Compare {
    parts: &[
        parts("categoricalPalettes", "palette"),
        parts("sequentialPalettes", "palette"),
        parts("divergingPalettes", "palette"),
    ],
    ..PLAIN
};

pub(super) const INTEGRATIONS: Compare =
    Compare { parts: &[named("params", "parameter", &["name"])], ..PLAIN };

pub(super) const ARTIFACTS: Compare =
    Compare { parts: &[named("", "artifact", &["key"])], stamps: &["updated_at"], ..PLAIN };

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use crate::catalogue::KINDS;

    /// Whether a schema has a field at a path; arrays are passed through. What the
    /// document leaves open may hold anything.
    fn has(document: &Value, schema: &Value, path: &[&str]) -> bool {
        if let Some(name) = schema["$ref"].as_str().and_then(|name| name.rsplit('/').next()) {
            return has(document, &document["components"]["schemas"][name], path);
        }
        if schema["items"].is_object() {
            return has(document, &schema["items"], path);
        }
        let [key, rest @ ..] = path else { return true };
        schema["properties"]
            .as_object()
            .is_none_or(|fields| fields.get(*key).is_some_and(|field| has(document, field, rest)))
    }

    /// An entry about a field that a release renames would go unnoticed.
    #[test]
    fn paths_are_those_of_the_api_document() {
        let facts = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/looker-api/");
        let Ok(document) = std::fs::read(format!("{facts}Looker.4.0.oas.json")) else { return };
        let document: Value = serde_json::from_slice(&document).unwrap();
        for kind in KINDS.iter().filter(|kind| !kind.looker_type.is_empty()) {
            let schema = &document["components"]["schemas"][kind.looker_type];
            let compare = &kind.compare;
            let parts = compare.parts.iter().map(|part| part.path).filter(|path| !path.is_empty());
            let fields = [compare.derived, compare.stamps, compare.geometry].into_iter().flatten().copied();
            let echoes = compare.echoes.iter().flat_map(|(echo, of)| [*echo, *of]);
            let unknown: Vec<&str> = (parts.chain(fields).chain(echoes))
                .filter(|path| !has(&document, schema, &path.split('.').collect::<Vec<_>>()))
                .collect();
            assert!(unknown.is_empty(), "{}: {unknown:?}", kind.name);
        }
    }

    #[test]
    fn a_part_that_is_its_key_has_one_and_a_list_is_named_once() {
        for kind in KINDS {
            for (index, part) in kind.compare.parts.iter().enumerate() {
                assert!(!part.only_key || !part.key.is_empty(), "{} {}", kind.name, part.path);
                let later = &kind.compare.parts[index + 1..];
                assert!(later.iter().all(|other| other.path != part.path), "{} {}", kind.name, part.path);
                if let Some((_, list)) = part.named_by {
                    assert!(kind.compare.parts.iter().any(|other| other.path == list), "{list}");
                }
            }
        }
    }
}
