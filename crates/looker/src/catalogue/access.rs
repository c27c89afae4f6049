//! Who may do and see what.

use super::FieldPattern::{Anywhere, Path};
use super::compare;
use super::kinds::{PLAIN, administrative, whole};
use super::{
    AnswerShape, Cadence, Each, Envelope, Field, Group, KeyIn, Kind, List, Only, Reference, Refresh, Restore,
    Source,
};

const UNNAMED: Envelope = Envelope { id: &[], title: "", folder: None, updated_at: None, created_at: None };

pub(super) const PERMISSION_SETS: Kind = Kind {
    name: "permission_sets",
    singular: "permission_set",
    looker_type: "PermissionSet",
    about: "named sets of permissions",
    group: Group::Access,
    list: whole("all_permission_sets", "/permission_sets"),
    writable: &["name", "permissions"],
    volatile: &[Anywhere("can"), Path(&["url"])],
    compare: compare::PERMISSION_SETS,
    ..PLAIN
};

pub(super) const MODEL_SETS: Kind = Kind {
    name: "model_sets",
    singular: "model_set",
    looker_type: "ModelSet",
    about: "named sets of models",
    group: Group::Access,
    list: whole("all_model_sets", "/model_sets"),
    references: &[Reference { path: "models", kind: "lookml_models" }],
    writable: &["name", "models"],
    volatile: &[Anywhere("can"), Path(&["url"])],
    compare: compare::MODEL_SETS,
    ..PLAIN
};

pub(super) const USER_ATTRIBUTES: Kind = Kind {
    name: "user_attributes",
    singular: "user_attribute",
    looker_type: "UserAttribute",
    about: "definitions of user attributes",
    group: Group::Access,
    list: whole("all_user_attributes", "/user_attributes"),
    writable: &[
        "name",
        "label",
        "type",
        "default_value",
        "value_is_hidden",
        "user_can_view",
        "user_can_edit",
        "hidden_value_domain_whitelist",
    ],
    never_saved: &["hidden values"],
    ..PLAIN
};

pub(super) const GROUP_VALUES: Kind = Kind {
    name: "user_attribute_group_values",
    singular: "user_attribute_group_value",
    about: "values that groups have of an attribute in order of precedence, one list an attribute",
    group: Group::Access,
    list: List::Each(Each {
        operation: administrative(
            "all_user_attribute_group_values",
            "/user_attributes/{user_attribute_id}/group_values",
        ),
        key: KeyIn::Path,
        parameters: &[],
        source: Source::Objects("user_attributes"),
        answer: AnswerShape::List { limit: None },
        lists: None,
        refresh: Refresh::ByAge,
    }),
    cadence: Cadence::EveryRun,
    envelope: UNNAMED,
    natural_key: &[],
    references: &[
        Reference { path: "group_id", kind: "groups" },
        Reference { path: "user_attribute_id", kind: "user_attributes" },
    ],
    never_saved: &["hidden values"],
    compare: compare::GROUP_VALUES,
    ..PLAIN
};

pub(super) const USER_VALUES: Kind = Kind {
    name: "user_attribute_values",
    singular: "user_attribute_value",
    about: "attribute values of a user, one list a user",
    group: Group::Access,
    list: List::Each(Each {
        operation: administrative("user_attribute_user_values", "/users/{user_id}/attribute_values"),
        key: KeyIn::Path,
        parameters: &[],
        source: Source::Objects("users"),
        answer: AnswerShape::List { limit: None },
        lists: None,
        refresh: Refresh::ByAge,
    }),
    cadence: Cadence::EveryRun,
    envelope: UNNAMED,
    natural_key: &[],
    references: &[
        Reference { path: "user_id", kind: "users" },
        Reference { path: "user_attribute_id", kind: "user_attributes" },
    ],
    never_saved: &["hidden values"],
    compare: compare::USER_VALUES,
    ..PLAIN
};

pub(super) const CONTENT_METADATA: Kind = Kind {
    name: "content_metadata",
    singular: "content_metadata",
    about: "whether the content of a folder inherits its access, one list a folder that holds any",
    group: Group::Access,
    list: List::Each(Each {
        operation: administrative("all_content_metadatas", "/content_metadata"),
        key: KeyIn::Parameter("parent_id"),
        parameters: &[],
        // What holds nothing has an empty list.
        source: Source::Fields(&[Field {
            kind: "folders",
            paths: &["content_metadata_id"],
            only: Only::Holding(&["folders", "dashboards", "looks"]),
        }]),
        answer: AnswerShape::List { limit: None },
        lists: None,
        refresh: Refresh::ByAge,
    }),
    cadence: Cadence::EveryRun,
    restore: Restore::Full,
    envelope: UNNAMED,
    natural_key: &[],
    // The server's own list of what lies in the folder.
    told: &[
        Reference { path: "folder_id", kind: "folders" },
        Reference { path: "dashboard_id", kind: "dashboards" },
        Reference { path: "look_id", kind: "looks" },
        Reference { path: "homepage_id", kind: "boards" },
        Reference { path: "agent_id", kind: "agents" },
    ],
    compare: compare::CONTENT_METADATA,
    ..PLAIN
};

pub(super) const CONTENT_ACCESS: Kind = Kind {
    name: "content_metadata_access",
    singular: "content_metadata_access",
    about: "who may view or edit what has an access list of its own, one list each",
    group: Group::Access,
    list: List::Each(Each {
        operation: administrative("all_content_metadata_accesses", "/content_metadata_access"),
        key: KeyIn::Parameter("content_metadata_id"),
        parameters: &[],
        // The lists of folders name what lies in them: roots lie in none, and have
        // nothing to inherit from.
        source: Source::Fields(&[
            Field { kind: "content_metadata", paths: &["id"], only: Only::False("inherits") },
            Field { kind: "folders", paths: &["content_metadata_id"], only: Only::Null("parent_id") },
        ]),
        answer: AnswerShape::List { limit: None },
        lists: None,
        refresh: Refresh::ByAge,
    }),
    cadence: Cadence::EveryRun,
    envelope: UNNAMED,
    natural_key: &[],
    references: &[
        Reference { path: "group_id", kind: "groups" },
        Reference { path: "user_id", kind: "users" },
    ],
    compare: compare::CONTENT_ACCESS,
    ..PLAIN
};
