//! Objects as they are named to people.

use std::collections::HashMap;

use looker::Kind;
use looker::catalogue::Source;
use vault::{AsOf, FolderPaths, Reader, Referrer, Result, Side};

use crate::documents::{Node, title_of};

/// The kind whose objects are folders.
pub(crate) const FOLDERS: &str = "folders";

/// An object as people know it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObjectName {
    /// Its kind.
    pub kind: String,
    /// Its id.
    pub key: String,
    /// Title or name; of a list that has none, of what it belongs to.
    pub title: Option<String>,
    /// The key of its folder.
    pub folder: Option<String>,
    /// That folder's path.
    pub folder_path: Option<String>,
    /// Live or trash.
    pub side: Side,
}

/// Puts names to objects.
pub(crate) struct Names<'r> {
    reader: &'r Reader,
    of: AsOf,
    folders: FolderPaths,
    /// Folders by the id of their access list, once asked for.
    access: Option<HashMap<String, String>>,
}

impl<'r> Names<'r> {
    pub(crate) fn new(reader: &'r Reader, of: AsOf) -> Result<Self> {
        Ok(Self { reader, of, folders: reader.folders(of)?, access: None })
    }

    /// The object with its folder's path. A folder's own path is its title too.
    pub(crate) fn name(&mut self, object: Referrer) -> Result<ObjectName> {
        let Referrer { kind, key, title, folder, side } = object;
        let title = match title {
            None => self.owner(&kind, &key)?,
            title => title,
        };
        let folder_path = folder.as_ref().and_then(|folder| self.folders.path(folder));
        Ok(ObjectName { kind, key, title, folder, folder_path, side })
    }

    /// What a list that has no title of its own belongs to.
    fn owner(&mut self, kind: &str, key: &str) -> Result<Option<String>> {
        let source = Kind::find(kind).and_then(Kind::each).map(|each| &each.source);
        match source {
            Some(Source::Objects(of)) => {
                let body = self.reader.body_of(self.of, of, key)?;
                let owner = body.as_deref().and_then(Node::of);
                Ok(owner.and_then(|owner| owner.text(title_of(of)).map(str::to_owned)))
            }
            Some(Source::Fields(_)) if kind.starts_with("content_metadata") => {
                if self.access.is_none() {
                    self.access = Some(self.access_lists()?);
                }
                Ok(self.access.as_ref().and_then(|access| access.get(key).cloned()))
            }
            _ => Ok(None),
        }
    }

    fn access_lists(&self) -> Result<HashMap<String, String>> {
        let mut lists = HashMap::new();
        self.reader.bodies(self.of, FOLDERS, |folder, body| {
            let list = Node::of(body).and_then(|node| node.text("content_metadata_id").map(str::to_owned));
            if let (Some(list), Some(path)) = (list, self.folders.path(folder)) {
                lists.insert(list, path);
            }
        })?;
        Ok(lists)
    }
}
