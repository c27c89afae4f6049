//! The folder tree: two roots, nested shared folders, personal folders, and
//! the virtual folder of LookML dashboards.

use fastrand::Rng;

use super::people::Person;
use super::{moments, words};
use crate::config::SimConfig;
use crate::json::Writer;

/// Ids below this belong to roots and are skipped (`looker-api-facts.md` §7).
const FIRST_FREE_ID: u64 = 6;

/// A folder, ready to be embedded in what lies in it.
#[derive(Debug, Clone)]
pub(crate) struct Folder {
    pub(crate) id: String,
    pub(crate) parent: Option<String>,
    /// Whether it is a user's own, or lies in one.
    pub(crate) personal: bool,
    /// Its `FolderBase`.
    pub(crate) body: String,
}

struct Draft {
    id: String,
    name: Option<String>,
    parent: Option<String>,
    creator: Option<u64>,
    personal: bool,
    below_personal: bool,
    created: Option<i64>,
}

/// All folders, ids ascending, `lookml` last; and the ids of the shared ones
/// in the order of `folder_sizes`.
pub(super) fn generate(config: &SimConfig, people: &[Person]) -> (Vec<Folder>, Vec<String>) {
    let mut rng = Rng::with_seed(config.seed ^ 0xF01D);
    let mut drafts = vec![Draft::root("1", "Shared"), Draft::root("2", "Users")];
    let count = (config.folders as usize).max(config.folder_sizes.len());
    let mut shared = Vec::new();
    for n in 0..count {
        let draft = shared_folder(n, config.folder_sizes.len(), &shared, &drafts, &mut rng);
        shared.push(draft.id.clone());
        drafts.push(draft);
    }
    let first_personal = FIRST_FREE_ID + count as u64;
    for (n, person) in people.iter().enumerate() {
        drafts.push(Draft::personal(first_personal + n as u64, person, &mut rng));
    }
    if let Some(owner) = people.last() {
        let id = first_personal + people.len() as u64;
        drafts.push(Draft::below_personal(id, first_personal + people.len() as u64 - 1, owner));
    }
    drafts.push(Draft { created: None, ..Draft::root("lookml", "LookML Dashboards") });
    let children = |id: &str| drafts.iter().filter(|d| d.parent.as_deref() == Some(id)).count();
    let folders = drafts.iter().map(|draft| draft.folder(children(&draft.id))).collect();
    (folders, shared)
}

/// The n-th shared folder. Those with a size of their own hang on `Shared` and
/// have no children; the others may nest.
fn shared_folder(n: usize, sized: usize, shared: &[String], drafts: &[Draft], rng: &mut Rng) -> Draft {
    let nests = n > sized && rng.u8(..3) > 0;
    let parent = if nests { shared[rng.usize(sized..n)].clone() } else { "1".to_owned() };
    let taken = |name: &str| {
        drafts.iter().any(|d| {
            d.parent.as_deref() == Some(&parent)
                && d.name.as_ref().is_some_and(|have| have.to_lowercase() == name.to_lowercase())
        })
    };
    let mut name = words::folder(rng);
    if taken(&name) {
        name = format!("{name} {}", n + 1);
    }
    Draft {
        id: (FIRST_FREE_ID + n as u64).to_string(),
        name: Some(name),
        parent: Some(parent),
        creator: Some(1),
        personal: false,
        below_personal: false,
        created: Some(moments::past(rng)),
    }
}

impl Draft {
    fn root(id: &str, name: &str) -> Draft {
        Draft {
            id: id.to_owned(),
            name: Some(name.to_owned()),
            parent: None,
            creator: None,
            personal: false,
            below_personal: false,
            created: Some(1_609_718_400),
        }
    }

    fn personal(id: u64, owner: &Person, rng: &mut Rng) -> Draft {
        Draft {
            id: id.to_string(),
            name: owner.name.clone(),
            parent: Some("2".to_owned()),
            creator: Some(owner.id),
            personal: true,
            below_personal: false,
            created: Some(moments::past(rng)),
        }
    }

    fn below_personal(id: u64, parent: u64, owner: &Person) -> Draft {
        Draft {
            id: id.to_string(),
            name: Some("Drafts".to_owned()),
            parent: Some(parent.to_string()),
            creator: Some(owner.id),
            personal: false,
            below_personal: true,
            created: Some(1_700_000_000),
        }
    }

    fn folder(&self, children: usize) -> Folder {
        let root = self.parent.is_none();
        let editable = !root && !self.personal;
        let mut w = Writer::with_capacity(700);
        w.begin('{');
        w.opt("name", self.name.as_deref());
        w.opt("parent_id", self.parent.as_deref());
        w.text("id", &self.id);
        match self.id.parse::<u64>() {
            Ok(id) => w.id("content_metadata_id", id),
            Err(_) => w.raw("content_metadata_id", "null"),
        }
        w.opt("created_at", self.created.map(moments::stamp).as_deref());
        w.opt("creator_id", self.creator.map(|id| id.to_string()).as_deref());
        w.int("child_count", children as u64);
        w.raw("external_id", "null");
        w.members(r#""is_embed":false,"is_embed_shared_root":false,"is_embed_users_root":false"#);
        w.bool("is_personal", self.personal);
        w.bool("is_personal_descendant", self.below_personal);
        w.bool("is_shared_root", self.id == "1");
        w.bool("is_users_root", self.id == "2");
        w.begin_at("can", '{');
        w.members(r#""index":true,"show":true,"create":true,"see_admin_spaces":true"#);
        w.bool("update", editable);
        w.bool("destroy", editable);
        w.bool("move_content", true);
        w.bool("edit_content", true);
        w.end('}');
        w.members(r#""x_folder_theme":null"#);
        w.end('}');
        Folder {
            id: self.id.clone(),
            parent: self.parent.clone(),
            personal: self.personal || self.below_personal,
            body: w.out,
        }
    }
}
