//! A dashboard whose parts are being changed.

use bytes::Bytes;

use super::dashboards::writable;
use super::{Edit, Failure};
use crate::json::quoted;
use crate::kinds::Kind;
use crate::parts::{self, Part, id_of};
use crate::state::Refused;
use crate::table::as_text;

/// The lists of parts of a dashboard, to be changed and put back.
pub(crate) struct Opened {
    pub(crate) id: String,
    body: Bytes,
    changed: Vec<(Part, Vec<String>)>,
}

impl Opened {
    /// Opens a dashboard that the caller may write to.
    ///
    /// # Errors
    ///
    /// 404, or 405 for a LookML dashboard.
    pub(crate) fn of(edit: &Edit<'_>, id: &str) -> Result<Opened, Failure> {
        writable(edit, id)?;
        let body = edit.row(Kind::Dashboard, id)?.body.clone();
        Ok(Opened { id: id.to_owned(), body, changed: Vec::new() })
    }

    /// Opens the dashboard that the part of the path lies in.
    ///
    /// # Errors
    ///
    /// 404 when there is no such part.
    pub(crate) fn with(edit: &mut Edit<'_>, part: Part) -> Result<(Opened, String), Failure> {
        let id = edit.id();
        let dashboard = edit.world.parts().dashboard(part, &id).map(str::to_owned);
        let opened = Opened::of(edit, &dashboard.ok_or(Failure::NotFound)?)?;
        let object = parts::find(opened.body(), part, &id).ok_or(Failure::NotFound)?.to_owned();
        Ok((opened, object))
    }

    /// The dashboard as it was opened.
    pub(crate) fn body(&self) -> &str {
        as_text(&self.body)
    }

    /// A list of parts, with what was changed of it.
    pub(crate) fn list(&self, part: Part) -> Vec<String> {
        match self.changed.iter().find(|(of, _)| *of == part) {
            Some((_, list)) => list.clone(),
            None => parts::list(self.body(), part).map(str::to_owned).collect(),
        }
    }

    /// Puts a list of parts into the place of the old one.
    pub(crate) fn set(&mut self, part: Part, list: Vec<String>) {
        self.changed.retain(|(of, _)| *of != part);
        self.changed.push((part, list));
    }

    /// Puts a part into the place of the one with its id, or at the end.
    pub(crate) fn put(&mut self, part: Part, object: String) {
        let mut list = self.list(part);
        let id = id_of(&object);
        match list.iter_mut().find(|have| parts::has_id(have, &id)) {
            Some(have) => *have = object,
            None => list.push(object),
        }
        self.set(part, list);
    }

    /// Writes the dashboard back; its `updated_at` moves.
    ///
    /// # Errors
    ///
    /// 404 when it is gone.
    pub(crate) fn close(self, edit: &mut Edit<'_>) -> Result<(), Refused> {
        let mut changes = vec![("updated_at", edit.now()), ("last_updater_id", quoted(&edit.call.user))];
        for (part, list) in self.changed {
            changes.push((part.list(), format!("[{}]", list.join(","))));
        }
        edit.world.set(Kind::Dashboard, &self.id, &changes)
    }
}
