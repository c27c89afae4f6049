//! What the impact of is asked, as people spell it.

use vault::{AsOf, FieldFilter, Reader};

use crate::documents::Node;

/// What the impact of is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Subject {
    /// Fields, an explore or a model.
    Fields(FieldFilter),
    /// A connection, by its name.
    Connection(String),
    /// A dashboard or a look.
    Content {
        /// The kind.
        kind: &'static str,
        /// Its id.
        key: String,
    },
    /// A user, by id.
    User(String),
    /// A group, by id.
    Group(String),
}

/// Why there is no such subject.
#[derive(Debug, Clone, thiserror::Error)]
pub enum SubjectError {
    /// A spelling that means nothing.
    #[error("`{text}` is no {what}: write {forms}")]
    Spelling {
        /// What was typed.
        text: String,
        /// What it should be.
        what: &'static str,
        /// How that is spelt.
        forms: &'static str,
    },
    /// The vault has no such object.
    #[error("the vault has no {what} {key}")]
    Unknown {
        /// The kind in the singular.
        what: &'static str,
        /// What was typed.
        key: String,
        /// The kind in the plural.
        kind: &'static str,
    },
    /// The vault could not be read.
    #[error(transparent)]
    Vault(#[from] vault::VaultError),
}

impl Subject {
    /// A field: `view.field`, or with its explore, or with model and explore
    /// before it.
    ///
    /// # Errors
    /// When it is spelt otherwise.
    pub fn field(text: &str) -> Result<Self, SubjectError> {
        let text = text.trim();
        let parts: Vec<&str> = text.split(['.', ':']).filter(|part| !part.is_empty()).collect();
        let (model, explore, view, field) = match parts[..] {
            [view, field] => (None, None, view, field),
            [explore, view, field] => (None, Some(explore), view, field),
            [model, explore, view, field] => (Some(model), Some(explore), view, field),
            _ => {
                let forms = "view.field, explore.view.field or model.explore.view.field";
                return Err(SubjectError::Spelling { text: text.to_owned(), what: "field", forms });
            }
        };
        let owned = |text: Option<&str>| text.map(str::to_owned);
        let name = Some(format!("{view}.{field}"));
        Ok(Self::Fields(FieldFilter { model: owned(model), explore: owned(explore), name }))
    }

    /// An explore: its name, or with its model before it.
    ///
    /// # Errors
    /// When it is spelt otherwise.
    pub fn explore(text: &str) -> Result<Self, SubjectError> {
        let text = text.trim();
        let parts: Vec<&str> = text.split(['.', ':']).filter(|part| !part.is_empty()).collect();
        let (model, explore) = match parts[..] {
            [explore] => (None, explore),
            [model, explore] => (Some(model), explore),
            _ => {
                let forms = "model.explore or explore";
                return Err(SubjectError::Spelling { text: text.to_owned(), what: "explore", forms });
            }
        };
        let filter =
            FieldFilter { model: model.map(str::to_owned), explore: Some(explore.to_owned()), name: None };
        Ok(Self::Fields(filter))
    }

    /// A model, by its name.
    pub fn model(name: &str) -> Self {
        Self::Fields(FieldFilter { model: Some(name.trim().to_owned()), explore: None, name: None })
    }

    /// A dashboard by its id; one that is written in LookML has `::` in it.
    ///
    /// # Errors
    /// When the vault has none, or cannot be read.
    pub fn dashboard(reader: &Reader, of: AsOf, id: &str) -> Result<Self, SubjectError> {
        let kind = if id.contains("::") { "lookml_dashboards" } else { "dashboards" };
        known(reader, of, kind, "dashboard", id).map(|key| Self::Content { kind, key })
    }

    /// A look by its id.
    ///
    /// # Errors
    /// When the vault has none, or cannot be read.
    pub fn look(reader: &Reader, of: AsOf, id: &str) -> Result<Self, SubjectError> {
        known(reader, of, "looks", "look", id).map(|key| Self::Content { kind: "looks", key })
    }

    /// A user by id or mail address.
    ///
    /// # Errors
    /// When the vault has none, or cannot be read.
    pub fn user(reader: &Reader, of: AsOf, who: &str) -> Result<Self, SubjectError> {
        let mut key = who.to_owned();
        if who.contains('@') {
            reader.bodies(of, "users", |id, body| {
                let is_meant = Node::of(body)
                    .is_some_and(|user| addresses(&user).iter().any(|email| email.eq_ignore_ascii_case(who)));
                if is_meant {
                    id.clone_into(&mut key);
                }
            })?;
        }
        known(reader, of, "users", "user", &key).map(Self::User)
    }

    /// A group by id or name.
    ///
    /// # Errors
    /// When the vault has none, or cannot be read.
    pub fn group(reader: &Reader, of: AsOf, which: &str) -> Result<Self, SubjectError> {
        let mut key = which.to_owned();
        reader.bodies(of, "groups", |id, body| {
            let name = Node::of(body).and_then(|group| group.text("name").map(str::to_owned));
            if name.is_some_and(|name| name == which) && which.parse::<u64>().is_err() {
                id.clone_into(&mut key);
            }
        })?;
        known(reader, of, "groups", "group", &key).map(Self::Group)
    }

    /// A connection by its name.
    ///
    /// # Errors
    /// When the vault has none, or cannot be read.
    pub fn connection(reader: &Reader, of: AsOf, name: &str) -> Result<Self, SubjectError> {
        known(reader, of, "connections", "connection", name).map(Self::Connection)
    }
}

/// The mail addresses of a user.
pub(crate) fn addresses<'n>(user: &'n Node<'n>) -> Vec<&'n str> {
    let own = user.text("email");
    let credentials = user.get("credentials_email").and_then(|credentials| credentials.text("email"));
    own.into_iter().chain(credentials).collect()
}

fn known(
    reader: &Reader,
    of: AsOf,
    kind: &'static str,
    what: &'static str,
    key: &str,
) -> Result<String, SubjectError> {
    match reader.body_of(of, kind, key)? {
        Some(_) => Ok(key.to_owned()),
        None => Err(SubjectError::Unknown { what, key: key.to_owned(), kind }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filter(subject: Subject) -> [String; 3] {
        let Subject::Fields(FieldFilter { model, explore, name }) = subject else { panic!("{subject:?}") };
        [model, explore, name].map(Option::unwrap_or_default)
    }

    #[test]
    fn fields_and_explores_are_spelt_with_as_much_as_is_known() {
        assert_eq!(filter(Subject::field("orders.count").unwrap()), ["", "", "orders.count"]);
        assert_eq!(filter(Subject::field("items.orders.count").unwrap()), ["", "items", "orders.count"]);
        assert_eq!(filter(Subject::field("m::e.v.f").unwrap()), ["m", "e", "v.f"]);
        assert_eq!(filter(Subject::explore("m.e").unwrap()), ["m", "e", ""]);
        assert_eq!(filter(Subject::explore("m::e").unwrap()), ["m", "e", ""]);
        assert_eq!(filter(Subject::explore("e").unwrap()), ["", "e", ""]);
        assert_eq!(filter(Subject::model(" m ")), ["m", "", ""]);
        for text in ["count", "a.b.c.d.e", ""] {
            assert!(Subject::field(text).unwrap_err().to_string().contains("view.field"), "{text}");
        }
        assert!(Subject::explore("a.b.c").is_err());
    }
}
