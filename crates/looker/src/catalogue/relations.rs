//! Who belongs to what, and what each has of its own.
//!
//! That a user is in a group stands in the user's document, and is written at the
//! group. Such an edge between two objects is a [`Relation`]: which documents state
//! it, and which calls make and unmake it. What one object has of another by a value
//! (an attribute), or has at most one of (an address to sign in by), is written by
//! calls with two places or none of its own id; they are here as well.

use super::kinds::administrative;
use super::resource::{Method, RESOURCE, Resource, Siblings, Write};
use super::resources::{delete, patch, post};

/// An edge between two objects: one belongs to the other.
#[derive(Debug, PartialEq, Eq)]
pub struct Relation {
    /// The kind whose documents state it.
    pub member: &'static str,
    /// Their field that holds ids of what they belong to.
    pub field: &'static str,
    /// The kind of those ids.
    pub whole: &'static str,
    /// What the whole calls its members.
    pub members: &'static str,
    /// What a member calls what it belongs to.
    pub wholes: &'static str,
    /// The calls that write it.
    pub by: By,
}

/// How an edge is written.
#[derive(Debug, PartialEq, Eq)]
pub enum By {
    /// One call makes or unmakes one edge, and touches no other. The whole fills the
    /// first place of its path; the member is in its body, or fills the second place.
    Pair(&'static Resource),
    /// One call replaces all edges of the whole, or all of the member where that can
    /// be written too.
    List {
        /// The list of members.
        of_whole: &'static Resource,
        /// The list of what a member belongs to.
        of_member: Option<&'static Resource>,
    },
}

/// All of them.
pub const RELATIONS: &[Relation] = &[
    Relation {
        member: "users",
        field: "group_ids",
        whole: "groups",
        members: "members",
        wholes: "groups",
        by: By::Pair(&GROUP_USERS),
    },
    Relation {
        member: "groups",
        field: "parent_group_ids",
        whole: "groups",
        members: "groups in it",
        wholes: "lies in",
        by: By::Pair(&GROUP_GROUPS),
    },
    Relation {
        member: "groups",
        field: "role_ids",
        whole: "roles",
        members: "groups",
        wholes: "roles",
        by: By::List { of_whole: &ROLE_GROUPS, of_member: None },
    },
    Relation {
        member: "users",
        field: "role_ids",
        whole: "roles",
        members: "users",
        wholes: "roles",
        by: By::List { of_whole: &ROLE_USERS, of_member: Some(&USER_ROLES) },
    },
];

impl Relation {
    /// Whether documents of a kind refer to another kind by edges, which are written
    /// for themselves.
    pub fn is_between(member: &str, whole: &str) -> bool {
        RELATIONS.iter().any(|relation| relation.member == member && relation.whole == whole)
    }

    /// Whether a field of a kind's documents states edges.
    pub fn is_stated_by(kind: &str, field: &str) -> bool {
        RELATIONS.iter().any(|relation| relation.member == kind && relation.field == field)
    }
}

const DIRECTLY: &[(&str, &str)] = &[("fields", "id"), ("direct_association_only", "true")];

/// Where a list is read that a `PUT` replaces: only what is there by itself, not what
/// comes by a group.
const fn list(
    id: &'static str,
    path: &'static str,
    parameters: &'static [(&'static str, &'static str)],
) -> Siblings {
    Siblings { operation: administrative(id, path), path: &[], filters: &[], parameters, same: &[] }
}

const fn put(id: &'static str, path: &'static str) -> Write {
    Write { method: Method::Put, operation: administrative(id, path) }
}

pub(super) static GROUP_USERS: Resource = Resource {
    name: "group_users",
    singular: "membership",
    create: Some(post("add_group_user", "/groups/{group_id}/users")),
    delete: Some(delete("delete_group_user", "/groups/{group_id}/users/{user_id}")),
    fields: &["user_id"],
    ..RESOURCE
};

pub(super) static GROUP_GROUPS: Resource = Resource {
    name: "group_groups",
    singular: "membership",
    create: Some(post("add_group_group", "/groups/{group_id}/groups")),
    delete: Some(delete("delete_group_from_group", "/groups/{group_id}/groups/{deleting_group_id}")),
    fields: &["group_id"],
    ..RESOURCE
};

pub(super) static ROLE_GROUPS: Resource = Resource {
    name: "role_groups",
    singular: "list of groups",
    update: Some(put("set_role_groups", "/roles/{role_id}/groups")),
    siblings: Some(list("role_groups", "/roles/{role_id}/groups", &[("fields", "id")])),
    fields: &["group_ids"],
    is_list: true,
    ..RESOURCE
};

pub(super) static ROLE_USERS: Resource = Resource {
    name: "role_users",
    singular: "list of users",
    update: Some(put("set_role_users", "/roles/{role_id}/users")),
    siblings: Some(list("role_users", "/roles/{role_id}/users", DIRECTLY)),
    fields: &["user_ids"],
    is_list: true,
    ..RESOURCE
};

pub(super) static USER_ROLES: Resource = Resource {
    name: "user_roles",
    singular: "list of roles",
    update: Some(put("set_user_roles", "/users/{user_id}/roles")),
    siblings: Some(list("user_roles", "/users/{user_id}/roles", DIRECTLY)),
    fields: &["role_ids"],
    is_list: true,
    ..RESOURCE
};

/// One value of one group. A new one counts after those of the other groups.
pub(super) static GROUP_VALUES: Resource = Resource {
    name: "user_attribute_group_values",
    singular: "value",
    update: Some(patch(
        "update_user_attribute_group_value",
        "/groups/{group_id}/attribute_values/{user_attribute_id}",
    )),
    delete: Some(delete(
        "delete_user_attribute_group_value",
        "/groups/{group_id}/attribute_values/{user_attribute_id}",
    )),
    fields: &["value"],
    ..RESOURCE
};

/// The values of all groups in the order in which they count: the one call that says
/// that order. Of a value it takes the group and the text; what else it answers of
/// one it was seen to refuse (`looker-api-facts.md` §6).
pub(super) static GROUP_VALUE_LISTS: Resource = Resource {
    name: "user_attribute_group_value_lists",
    singular: "list of values",
    update: Some(post(
        "set_user_attribute_group_values",
        "/user_attributes/{user_attribute_id}/group_values",
    )),
    fields: &["group_values"],
    is_list: true,
    ..RESOURCE
};

/// A value of a user's own. Set to null it stays one: only deleting it lets groups
/// and the default decide (`looker-api-facts.md` §6).
pub(super) static USER_VALUES: Resource = Resource {
    name: "user_attribute_values",
    singular: "value",
    looker_type: "UserAttributeWithValue",
    update: Some(patch(
        "set_user_attribute_user_value",
        "/users/{user_id}/attribute_values/{user_attribute_id}",
    )),
    delete: Some(delete(
        "delete_user_attribute_user_value",
        "/users/{user_id}/attribute_values/{user_attribute_id}",
    )),
    fields: &["value"],
    ..RESOURCE
};

/// The address by which a user signs in; there is one at most. No call here sends
/// mail.
pub(super) static CREDENTIALS_EMAIL: Resource = Resource {
    name: "credentials_email",
    singular: "e-mail address",
    looker_type: "CredentialsEmail",
    create: Some(post("create_user_credentials_email", "/users/{user_id}/credentials_email")),
    update: Some(patch("update_user_credentials_email", "/users/{user_id}/credentials_email")),
    delete: Some(delete("delete_user_credentials_email", "/users/{user_id}/credentials_email")),
    fields: &["email"],
    ..RESOURCE
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Kind;

    #[test]
    fn edges_are_stated_by_fields_that_refer() {
        for relation in RELATIONS {
            let member = Kind::find(relation.member).unwrap();
            let refers = |reference: &&crate::catalogue::Reference| reference.path == relation.field;
            let reference = member.references.iter().find(refers).unwrap();
            assert_eq!(reference.kind, relation.whole, "{relation:?}");
            assert!(Relation::is_stated_by(relation.member, relation.field));
            assert!(!member.writable.contains(&relation.field), "{relation:?} is written at the other end");
        }
    }

    #[test]
    fn edges_are_written_by_calls_that_may_be_made_twice() {
        for relation in RELATIONS {
            match relation.by {
                By::Pair(pair) => {
                    assert!(pair.create.is_some() && pair.delete.is_some() && pair.siblings.is_none());
                    assert_eq!(pair.fields().len(), 1, "{}", pair.name);
                }
                By::List { of_whole, of_member } => {
                    for list in std::iter::once(of_whole).chain(of_member) {
                        assert!(list.is_list && list.create.is_none(), "{}", list.name);
                        assert!(list.siblings.is_some(), "{} may be read before it is replaced", list.name);
                        assert_eq!(list.update.as_ref().map(|write| write.method), Some(Method::Put));
                    }
                }
            }
        }
    }
}
