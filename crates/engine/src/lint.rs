//! Lint: what an administrator would want to tidy up.
//!
//! Each check is an entry of [`CHECKS`]: what it finds, what to do about it, and
//! how it is found. They read the vault only.

use std::collections::{BTreeMap, HashMap, HashSet};

use looker::catalogue::Group;
use vault::{AsOf, ListFilter, ListRow, Reader, Referrer, Result, Side};

use crate::documents::{Node, recipients};
use crate::impact::{FOLDERS, Names, ObjectName, addresses};
use crate::references::{Dangling, references, singular};

/// A check.
pub struct Check {
    /// Its name, as typed.
    pub name: &'static str,
    /// What it finds, as a heading.
    pub what: &'static str,
    /// What to do about it.
    pub advice: &'static str,
    /// The kinds that must be in the vault for it to mean anything.
    pub needs: &'static [&'static str],
    find: fn(&mut Work<'_>) -> Result<Vec<Finding>>,
}

/// All checks, in the order in which they are made.
pub const CHECKS: &[Check] = &[
    Check {
        name: "dangling-references",
        what: "references to what is not there",
        advice: "edit what refers to it, or restore what is gone",
        needs: &[],
        find: dangling_references,
    },
    Check {
        name: "disabled-owners",
        what: "content owned by disabled users",
        advice: "give it another owner: plans of disabled users do not run",
        needs: &["users"],
        find: disabled_owners,
    },
    Check {
        name: "plans-of-trash",
        what: "schedules of content in the trash",
        advice: "delete the schedule, or bring its content back",
        needs: &["scheduled_plans"],
        find: plans_of_trash,
    },
    Check {
        name: "plans-without-recipients",
        what: "schedules that nobody receives",
        advice: "add somebody who receives it, or delete the schedule",
        needs: &["scheduled_plans"],
        find: plans_without_recipients,
    },
    Check {
        name: "duplicate-titles",
        what: "dashboards and looks with the same title",
        advice: "rename all but one, or delete what is a copy",
        needs: &[],
        find: duplicate_titles,
    },
    Check {
        name: "empty-folders",
        what: "folders with nothing in them",
        advice: "delete them",
        needs: &["folders", "dashboards", "looks"],
        find: empty_folders,
    },
    Check {
        name: "dashboards-without-tiles",
        what: "dashboards without tiles",
        advice: "fill them or delete them",
        needs: &["dashboards"],
        find: dashboards_without_tiles,
    },
];

/// What a check has found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The objects to look at.
    pub objects: Vec<ObjectName>,
    /// What else belongs to it: the owner, what is missing.
    pub detail: String,
}

/// A check with what it has found.
pub struct Checked {
    /// The check.
    pub check: &'static Check,
    /// Kinds that it needs and the vault has nothing of: then it was not made.
    pub not_stored: Vec<&'static str>,
    /// What it has found.
    pub findings: Vec<Finding>,
}

/// Makes checks, all if none are named.
///
/// # Errors
/// When the vault cannot be read.
pub fn lint(reader: &Reader, of: impl Into<AsOf>, only: &[&str]) -> Result<Vec<Checked>> {
    let of = of.into();
    let mut work = Work { reader, of, names: Names::new(reader, of)? };
    let stored = reader.live_kinds(of)?;
    let chosen = CHECKS.iter().filter(|check| only.is_empty() || only.contains(&check.name));
    chosen
        .map(|check| {
            let lacks = |kind: &&&'static str| !stored.contains(**kind);
            let not_stored: Vec<&'static str> = check.needs.iter().filter(lacks).copied().collect();
            let findings = if not_stored.is_empty() { (check.find)(&mut work)? } else { Vec::new() };
            Ok(Checked { check, not_stored, findings })
        })
        .collect()
}

/// What checks work with.
struct Work<'r> {
    reader: &'r Reader,
    of: AsOf,
    names: Names<'r>,
}

impl Work<'_> {
    fn finding(&mut self, objects: Vec<Referrer>, detail: String) -> Result<Finding> {
        let objects = objects.into_iter().map(|object| self.names.name(object)).collect::<Result<_>>()?;
        Ok(Finding { objects, detail })
    }

    fn list(&self, kind: &str, side: Side) -> Result<Vec<Referrer>> {
        let mut rows = Vec::new();
        let filter = ListFilter {
            instance: Some(self.of.instance),
            at: self.of.run,
            sides: vec![side],
            ..ListFilter::of(kind)
        };
        self.reader.list(&filter, |row| rows.push(object_of(row)))?;
        Ok(rows)
    }

    /// Live objects of a kind whose document fits, by key.
    fn keys_where(&self, kind: &str, fits: impl Fn(&[u8]) -> bool) -> Result<HashSet<String>> {
        let mut keys = HashSet::new();
        self.reader.bodies(self.of, kind, |key, body| {
            if fits(body) {
                keys.insert(key.to_owned());
            }
        })?;
        Ok(keys)
    }

    /// One finding for each live object of a kind whose document fits.
    fn findings_where(
        &mut self,
        kind: &str,
        fits: impl Fn(&[u8]) -> bool,
        detail: &str,
    ) -> Result<Vec<Finding>> {
        let keys = self.keys_where(kind, fits)?;
        let objects = self.list(kind, Side::Live)?.into_iter().filter(|object| keys.contains(&object.key));
        let objects: Vec<Referrer> = objects.collect();
        objects.into_iter().map(|object| self.finding(vec![object], detail.to_owned())).collect()
    }
}

fn object_of(row: ListRow) -> Referrer {
    let ListRow { kind, key, title, folder, side, .. } = row;
    Referrer { kind, key, title, folder, side }
}

/// Those of which it is certain; `verify --references` also tells what cannot be
/// checked, and why.
fn dangling_references(work: &mut Work<'_>) -> Result<Vec<Finding>> {
    let dangling = references(work.reader, work.of)?.dangling;
    let finding = |one: Dangling| {
        let detail = format!("no {} {}", singular(one.kind), one.key);
        work.finding(one.referrers, detail)
    };
    dangling.into_iter().map(finding).collect()
}

/// Content and what is sent; the owner of what an extension stores does not matter.
fn disabled_owners(work: &mut Work<'_>) -> Result<Vec<Finding>> {
    let disabled =
        work.keys_where("users", |body| Node::of(body).is_some_and(|user| user.is_true("is_disabled")))?;
    let users = work.list("users", Side::Live)?;
    let owned = |kind: &str| {
        let group = looker::Kind::find(kind).map(|kind| kind.group);
        !["folders", "content_favorites"].contains(&kind)
            && group.is_some_and(|group| [Group::Content, Group::Delivery].contains(&group))
    };
    let mut findings = Vec::new();
    for user in users.into_iter().filter(|user| disabled.contains(&user.key)) {
        let referrers = work.reader.referrers(work.of, "users", &user.key)?;
        let content: Vec<Referrer> =
            referrers.into_iter().filter(|object| object.side == Side::Live && owned(&object.kind)).collect();
        if !content.is_empty() {
            let name = user.title.map(|title| format!(" {title}")).unwrap_or_default();
            findings.push(work.finding(content, format!("owned by user {}{name}", user.key))?);
        }
    }
    Ok(findings)
}

fn plans_of_trash(work: &mut Work<'_>) -> Result<Vec<Finding>> {
    let mut findings = Vec::new();
    for kind in ["dashboards", "looks"] {
        let singular = looker::Kind::find(kind).map_or(kind, |kind| kind.singular);
        for trashed in work.list(kind, Side::Trash)? {
            let referrers = work.reader.referrers(work.of, kind, &trashed.key)?;
            let plans: Vec<Referrer> = referrers
                .into_iter()
                .filter(|object| object.kind == "scheduled_plans" && object.side == Side::Live)
                .collect();
            if !plans.is_empty() {
                let title = trashed.title.map(|title| format!(" \"{title}\"")).unwrap_or_default();
                findings
                    .push(work.finding(plans, format!("{singular} {}{title} is in the trash", trashed.key))?);
            }
        }
    }
    Ok(findings)
}

/// Plans without a destination, and those that are sent to disabled users only, as far
/// as their addresses are known.
fn plans_without_recipients(work: &mut Work<'_>) -> Result<Vec<Finding>> {
    let disabled = disabled_addresses(work)?;
    let mut why: HashMap<String, String> = HashMap::new();
    work.reader.bodies(work.of, "scheduled_plans", |key, body| {
        let Some(plan) = Node::of(body) else { return };
        let destinations = plan.items("scheduled_plan_destination").len();
        let addresses = recipients(&plan).into_iter().map(|(_, address)| address.to_lowercase());
        let unread: Vec<String> = addresses.filter(|address| disabled.contains(address)).collect();
        if destinations == 0 {
            why.insert(key.to_owned(), "no destination".to_owned());
        } else if unread.len() == destinations {
            why.insert(key.to_owned(), format!("sent to disabled users only: {}", unread.join(", ")));
        }
    })?;
    let mut findings = Vec::new();
    for plan in work.list("scheduled_plans", Side::Live)? {
        if let Some(why) = why.remove(&plan.key) {
            findings.push(work.finding(vec![plan], why)?);
        }
    }
    Ok(findings)
}

/// Mail addresses that only disabled users have, in lower case.
fn disabled_addresses(work: &Work<'_>) -> Result<HashSet<String>> {
    let (mut disabled, mut enabled) = (HashSet::new(), HashSet::new());
    work.reader.bodies(work.of, "users", |_, body| {
        let Some(user) = Node::of(body) else { return };
        let list = if user.is_true("is_disabled") { &mut disabled } else { &mut enabled };
        list.extend(addresses(&user).into_iter().map(str::to_lowercase));
    })?;
    disabled.retain(|address| !enabled.contains(address));
    Ok(disabled)
}

/// The same but for case and blanks; Looker itself allows no two in one folder.
fn duplicate_titles(work: &mut Work<'_>) -> Result<Vec<Finding>> {
    let mut findings = Vec::new();
    for kind in ["dashboards", "looks"] {
        let mut same: BTreeMap<String, Vec<Referrer>> = BTreeMap::new();
        for object in work.list(kind, Side::Live)? {
            let words: Option<Vec<&str>> =
                object.title.as_ref().map(|title| title.split_whitespace().collect());
            if let Some(title) = words.map(|words| words.join(" ").to_lowercase()) {
                same.entry(title).or_default().push(object);
            }
        }
        for objects in same.into_values().filter(|objects| objects.len() > 1) {
            let detail = format!("{} {kind}", objects.len());
            findings.push(work.finding(objects, detail)?);
        }
    }
    Ok(findings)
}

/// What lies in the trash is nothing; folders of persons stay with them.
fn empty_folders(work: &mut Work<'_>) -> Result<Vec<Finding>> {
    let by: Vec<&str> = [FOLDERS, "dashboards", "looks", "users"].into();
    let special = work.keys_where(FOLDERS, |body| {
        let marks = ["is_personal", "is_personal_descendant", "is_shared_root", "is_users_root", "is_embed"];
        Node::of(body).is_some_and(|folder| {
            marks.iter().any(|mark| folder.is_true(mark)) || folder.get("parent_id").is_none()
        })
    })?;
    let empty = work.reader.unreferred(work.of, FOLDERS, &by)?;
    let empty: Vec<Referrer> = empty.into_iter().filter(|folder| !special.contains(&folder.key)).collect();
    empty.into_iter().map(|folder| work.finding(vec![folder], "empty".to_owned())).collect()
}

/// Bodies are canonical, so that the text of the empty list is always the same,
/// and only what has it needs to be read: a text in a title may have it too.
fn dashboards_without_tiles(work: &mut Work<'_>) -> Result<Vec<Finding>> {
    let empty = |body: &[u8]| {
        let mark = br#""dashboard_elements":[]"#;
        body.windows(mark.len()).any(|window| window == mark)
            && Node::of(body).is_some_and(|dashboard| dashboard.items("dashboard_elements").is_empty())
    };
    work.findings_where("dashboards", empty, "no tiles")
}
