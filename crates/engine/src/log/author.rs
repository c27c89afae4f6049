//! Who did it, where the API tells.
//!
//! Dashboards and looks name who updated them last and who put them into the
//! trash, and most objects who made them. Nothing names who moved a folder or
//! changed an access list.

use std::collections::HashMap;

use serde::Deserialize;
use vault::{Change, InstanceId, Reader, Result, RunId};

use super::What;
use super::what::Bodies;

/// A user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Author {
    /// Looker's id.
    pub id: String,
    /// The name, if the user is stored or the document tells it.
    pub name: Option<String>,
    /// The e-mail address, if the user is stored.
    pub email: Option<String>,
}

impl Author {
    /// Whether this is who somebody means by an id, an e-mail address or a name.
    pub(super) fn is_called(&self, wanted: &str) -> bool {
        let same = |text: &String| text.to_lowercase() == wanted.trim().to_lowercase();
        self.id == wanted.trim() || self.name.iter().chain(&self.email).any(same)
    }
}

#[derive(Deserialize)]
struct User {
    email: Option<String>,
}

/// Users by their ids, as they were when a run had ended.
pub(super) struct Authors<'a> {
    reader: &'a Reader,
    instance: InstanceId,
    run: Option<RunId>,
    known: HashMap<String, Author>,
}

impl<'a> Authors<'a> {
    pub(super) fn new(reader: &'a Reader, instance: InstanceId) -> Self {
        Self { reader, instance, run: None, known: HashMap::new() }
    }

    /// Who made a change. The last updater is its author only if the stamp of
    /// the last edit moved with it.
    pub(super) fn of(&mut self, change: &Change, what: &[What], bodies: &Bodies) -> Result<Option<Author>> {
        let Change { before, after, .. } = change;
        let stamp = |at: Option<_>| at.is_some() && before.as_ref().and_then(|b| b.updated_at) != at;
        let (id, name) = match what.first() {
            Some(What::Created) => (["user_id", "creator_id"].as_slice(), Some("user_name")),
            Some(What::Trashed) => (["deleter_id"].as_slice(), None),
            Some(What::Gone | What::Returned) | None => return Ok(None),
            Some(_) if stamp(after.updated_at) => (["last_updater_id"].as_slice(), Some("last_updater_name")),
            Some(_) => return Ok(None),
        };
        let Some(id) = id.iter().find_map(|field| bodies.text(field)) else { return Ok(None) };
        let user = self.user(&id, after.from_run)?;
        let name = user.name.or_else(|| bodies.text(name?));
        Ok(Some(Author { name, ..user }))
    }

    /// A user as of a run, or, if it had not read that user yet, as of now.
    fn user(&mut self, id: &str, run: RunId) -> Result<Author> {
        if self.run.replace(run) != Some(run) {
            self.known.clear();
        }
        if let Some(known) = self.known.get(id) {
            return Ok(known.clone());
        }
        let mut stored = self.reader.show_at(self.instance, "users", id, Some(run))?;
        if stored.is_none() {
            stored = self.reader.show(self.instance, "users", id)?;
        }
        let email = |body: &[u8]| serde_json::from_slice::<User>(body).ok()?.email;
        let author = Author {
            id: id.to_owned(),
            email: stored.as_ref().and_then(|user| email(&user.body)),
            name: stored.and_then(|user| user.row.title),
        };
        self.known.insert(id.to_owned(), author.clone());
        Ok(author)
    }
}
