//! The folder tree, as one listing of all folders gives it, and what selectors
//! mean in it.
//!
//! A folder whose parent the account cannot see counts as a root. The root of
//! shared content goes by its name, `Shared` and `Home`: some parts of Looker
//! call it one, some the other (`looker-api-facts.md` §2).

use std::collections::{HashMap, HashSet};

use looker::rows::Row;
use serde::Deserialize;

use super::error::{AmbiguousFolder, ExtractError, UnknownPath};
use super::selector::{Case, FolderSelector, PathPattern, Step, escaped};

/// The names that the root of shared content goes by beside its own.
const SHARED_ROOT: [&str; 2] = ["Shared", "Home"];

/// Folders that lie elsewhere and have the wanted name: so many are proposed.
const MOST_PROPOSALS: usize = 3;

/// All folders that the account can see.
#[derive(Debug)]
pub(crate) struct FolderTree {
    folders: Vec<Folder>,
    by_id: HashMap<String, usize>,
    roots: Vec<usize>,
}

#[derive(Debug)]
struct Folder {
    id: String,
    /// What it goes by in a path, its own name first.
    names: Vec<String>,
    parent: Option<usize>,
    children: Vec<usize>,
    is_personal: bool,
}

/// Marks that only folders carry.
#[derive(Default, Deserialize)]
#[expect(clippy::struct_field_names, reason = "Looker's own names")]
struct Marks {
    #[serde(default)]
    is_personal: Option<bool>,
    #[serde(default)]
    is_personal_descendant: Option<bool>,
    #[serde(default)]
    is_shared_root: Option<bool>,
}

impl FolderTree {
    /// The tree of these rows.
    pub(crate) fn new(rows: &[Row]) -> Self {
        let by_id: HashMap<String, usize> = rows.iter().map(|row| row.id.clone()).zip(0..).collect();
        let parent = |row: &Row| row.folder.as_ref().and_then(|parent| by_id.get(parent)).copied();
        let mut folders: Vec<Folder> = rows.iter().map(|row| Folder::new(row, parent(row))).collect();
        let mut roots = Vec::new();
        for at in 0..folders.len() {
            match folders[at].parent {
                Some(parent) => folders[parent].children.push(at),
                None => roots.push(at),
            }
        }
        Self { folders, by_id, roots }
    }

    pub(super) fn id(&self, folder: usize) -> &str {
        &self.folders[folder].id
    }

    /// The folders that a selector means.
    ///
    /// # Errors
    /// When there are none, or a path could mean several.
    pub(super) fn select(&self, selector: &FolderSelector) -> Result<Vec<usize>, ExtractError> {
        match selector {
            FolderSelector::Id(id) => match self.by_id.get(id) {
                Some(folder) => Ok(vec![*folder]),
                None => Err(ExtractError::UnknownFolder { id: id.clone() }),
            },
            FolderSelector::Path(pattern) if pattern.is_glob() => self.glob(pattern),
            FolderSelector::Path(path) => Ok(vec![self.at_path(path)?]),
        }
    }

    /// These folders with all below them, each once.
    pub(super) fn with_descendants(&self, folders: &[usize]) -> Vec<usize> {
        let mut seen = HashSet::new();
        let mut found = Vec::new();
        let mut open: Vec<usize> = folders.iter().rev().copied().collect();
        while let Some(folder) = open.pop() {
            if seen.insert(folder) {
                found.push(folder);
                open.extend(self.folders[folder].children.iter().rev());
            }
        }
        found
    }

    /// Personal folders; what lies below them need not be among these.
    pub(super) fn personal(&self) -> Vec<usize> {
        (0..self.folders.len()).filter(|folder| self.folders[*folder].is_personal).collect()
    }

    /// The folders whose paths match, upper and lower case told apart if that
    /// finds any.
    fn glob(&self, pattern: &PathPattern) -> Result<Vec<usize>, ExtractError> {
        for case in [Case::Exact, Case::Ignored] {
            let found = self.matching(pattern, case);
            if !found.is_empty() {
                return Ok(found);
            }
        }
        Err(ExtractError::NoFolderMatches { pattern: pattern.to_string() })
    }

    fn matching(&self, pattern: &PathPattern, case: Case) -> Vec<usize> {
        let mut found = Vec::new();
        let below = |folders: &[usize], steps: &Vec<usize>| -> Vec<_> {
            folders.iter().rev().map(|at| (*at, steps.clone())).collect()
        };
        let mut open = below(&self.roots, &pattern.start());
        while let Some((at, steps)) = open.pop() {
            let folder = &self.folders[at];
            let next = pattern.advance(&steps, &folder.names, case);
            if pattern.is_end(&next) {
                found.push(at);
            }
            if !next.is_empty() {
                open.extend(below(&folder.children, &next));
            }
        }
        found
    }

    /// The one folder at a path. At each step a name that is spelled exactly so
    /// outweighs one that differs in case.
    fn at_path(&self, path: &PathPattern) -> Result<usize, ExtractError> {
        let mut found: Vec<usize> = Vec::new();
        for (depth, step) in path.steps().iter().enumerate() {
            let among: Vec<usize> = match depth {
                0 => self.roots.clone(),
                _ => found.iter().flat_map(|at| self.folders[*at].children.iter().copied()).collect(),
            };
            let of = |case| -> Vec<usize> {
                let goes_by =
                    |at: &usize| self.folders[*at].names.iter().any(|name| step.matches(name, case));
                among.iter().copied().filter(goes_by).collect()
            };
            let mut next = of(Case::Exact);
            if next.is_empty() {
                next = of(Case::Ignored);
            }
            if next.is_empty() {
                return Err(self.unknown(path, step, &found, &among));
            }
            found = next;
        }
        match found.as_slice() {
            [only] => Ok(*only),
            several => {
                let named = |at: &usize| format!("{} ({})", self.path(*at), self.id(*at));
                let candidates = several.iter().map(named).collect();
                let ambiguous = AmbiguousFolder { path: path.to_string(), candidates };
                Err(ExtractError::AmbiguousFolder(Box::new(ambiguous)))
            }
        }
    }

    fn unknown(&self, path: &PathPattern, step: &Step, above: &[usize], among: &[usize]) -> ExtractError {
        let elsewhere = self.with_descendants(&self.roots).into_iter();
        let elsewhere = elsewhere.filter(|at| step.matches(&self.folders[*at].names[0], Case::Ignored));
        let unknown = UnknownPath {
            path: path.to_string(),
            deepest: above.first().map(|at| self.path(*at)),
            missing: step.plain(),
            siblings: among.iter().map(|at| self.folders[*at].names[0].clone()).collect(),
            elsewhere: elsewhere.take(MOST_PROPOSALS).map(|at| self.path(at)).collect(),
        };
        ExtractError::UnknownPath(Box::new(unknown))
    }

    /// The path of a folder, as a selector may name it.
    fn path(&self, folder: usize) -> String {
        let mut names = Vec::new();
        let mut next = Some(folder);
        while let Some(at) = next.filter(|_| names.len() <= self.folders.len()) {
            names.push(escaped(&self.folders[at].names[0]));
            next = self.folders[at].parent;
        }
        names.reverse();
        format!("/{}", names.join("/"))
    }
}

impl Folder {
    fn new(row: &Row, parent: Option<usize>) -> Self {
        // Marks of another type than a boolean mark nothing.
        let marks: Marks = serde_json::from_slice(&row.raw).unwrap_or_default();
        let own = row.title.clone().unwrap_or_else(|| row.id.clone());
        let mut names = vec![own];
        if marks.is_shared_root == Some(true) {
            names.extend(SHARED_ROOT.iter().map(ToString::to_string));
        }
        Self {
            id: row.id.clone(),
            names,
            parent,
            children: Vec::new(),
            is_personal: marks.is_personal == Some(true) || marks.is_personal_descendant == Some(true),
        }
    }
}
