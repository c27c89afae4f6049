//! Who may see and edit content: access lists, and the rows in them.
//!
//! Content has an entry in a tree of access, its content metadata, and inherits the list
//! of what it lies in until it is told not to; then it has one of its own, which begins
//! as a copy of what it inherited (`looker-api-facts.md` §8).

use super::kinds::administrative;
use super::resource::{Method, RESOURCE, Resource, Siblings, Write};
use super::resources::{delete, patch, post};

const METADATA: Resource = Resource {
    name: "content_metadata",
    singular: "access",
    looker_type: "ContentMeta",
    update: Some(patch("update_content_metadata", "/content_metadata/{content_metadata_id}")),
    fields: &["inherits"],
    ..RESOURCE
};

/// Whether content inherits.
pub(super) static CONTENT_METADATA: Resource = METADATA;

/// A list of its own: that there is one is written as for [`CONTENT_METADATA`], what is
/// in it row by row.
pub(super) static CONTENT_ACCESS: Resource =
    Resource { name: "content_metadata_access", singular: "access list", ..METADATA };

/// A group or a user in a list. The API document says of all fields that they are
/// read-only; only `permission_type` can be changed. Nobody is told, unless that is asked
/// for (`send_boards_notification_email`).
pub(super) static ACCESS_ROWS: Resource = Resource {
    name: "access_rows",
    singular: "access",
    create: Some(post("create_content_metadata_access", "/content_metadata_access")),
    update: Some(Write {
        method: Method::Put,
        operation: administrative(
            "update_content_metadata_access",
            "/content_metadata_access/{content_metadata_access_id}",
        ),
    }),
    delete: Some(delete(
        "delete_content_metadata_access",
        "/content_metadata_access/{content_metadata_access_id}",
    )),
    fields: &["content_metadata_id", "group_id", "user_id", "permission_type"],
    siblings: Some(Siblings {
        operation: administrative("all_content_metadata_accesses", "/content_metadata_access"),
        path: &[],
        filters: &["content_metadata_id"],
        parameters: &[],
        same: &["group_id", "user_id"],
    }),
    ..RESOURCE
};
