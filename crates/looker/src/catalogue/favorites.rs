//! Favourites: what a user has marked, one by one.
//!
//! Nobody but the user can mark or unmark anything, an administrator neither: one signs in
//! as the user (`looker-api-facts.md` §9). A favourite never changes.

use super::kinds::administrative;
use super::resource::{RESOURCE, Resource, Siblings};
use super::resources::{delete, post};

/// One of them.
pub(super) static FAVORITES: Resource = Resource {
    name: "favorites",
    singular: "favorite",
    looker_type: "ContentFavorite",
    create: Some(post("create_content_favorite", "/content_favorite")),
    delete: Some(delete("delete_content_favorite", "/content_favorite/{content_favorite_id}")),
    fields: &["user_id", "content_metadata_id"],
    // Whoever asks sees those of a user that is named.
    siblings: Some(Siblings {
        operation: administrative("search_content_favorites", "/content_favorite/search"),
        path: &[],
        filters: &["user_id"],
        parameters: &[("limit", "1000"), ("sorts", "id")],
        same: &["content_metadata_id"],
    }),
    ..RESOURCE
};

/// The list of a user, which is nothing but these.
pub(super) static CONTENT_FAVORITES: Resource = Resource {
    name: "content_favorites",
    singular: "favorites",
    looker_type: "ContentFavorite",
    fields: &["user_id", "content_metadata_id"],
    parts: &[&FAVORITES],
    ..RESOURCE
};
