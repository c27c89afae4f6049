//! What the account may, held against a plan before anything is sent.
//!
//! A step that the account lacks a permission for would fail, and what needs it would
//! be left undone halfway. So when there is something to write, the roles of the
//! account are read once. Where the instance does not tell them, the plan says so, and
//! each step finds out for itself.
//!
//! Of some operations nobody says what they need, and it is only inferred. There is no
//! way round what is blocked, so what an inference speaks against is tried: the plan
//! warns.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use looker::Client;
use looker::catalogue::{ADMINISTER, Evidence, Operation, Permission};
use looker::client::{Call, LOGIN_USER};
use looker::error::{Error, ErrorKind};
use looker::pacing::{Ledger, Reason};
use serde::Deserialize;

use super::plan::{Action, Plan};
use super::session::Session;
use super::step::{Step, Verb};
use super::{RestoreError, order};
use crate::account::Account;
use crate::check::cannot_heal;

/// All roles of a user, also those of its groups, with their permission sets.
const ROLES: Operation =
    Operation { id: "user_roles", path: "/users/{user_id}/roles", ledger: Ledger::Administrative };

/// What the account may.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum May {
    /// What these permissions allow.
    What(BTreeSet<String>),
    /// The instance does not tell, and why.
    Unknown(String),
}

#[derive(Deserialize)]
struct Role {
    permission_set: Option<PermissionSet>,
}

#[derive(Deserialize)]
struct PermissionSet {
    #[serde(default)]
    all_access: bool,
    permissions: Option<Vec<String>>,
}

impl May {
    /// Asks the instance: one call, and one more where nobody knows yet whose key it is.
    ///
    /// # Errors
    /// When a call fails for another reason than that it is not allowed.
    pub(super) async fn ask(client: &Client, user: Option<String>) -> Result<Self, RestoreError> {
        let told = async {
            let user = match user {
                Some(user) => user,
                None => Account::ask(client).await?.id,
            };
            let call =
                Call::new(&ROLES, "session", Reason::Session).at(&user).with("fields", "permission_set");
            let bad = |error| Error::new(ErrorKind::BadBody, looker::rows::fault(&error));
            client.get(&call, |reply| serde_json::from_slice::<Vec<Role>>(&reply.body).map_err(bad)).await
        };
        match told.await {
            Ok(roles) => Ok(Self::of(roles)),
            Err(error) if cannot_heal(&error) => {
                Ok(Self::Unknown(format!("its roles cannot be read ({})", error.message)))
            }
            Err(error) => Err(error.into()),
        }
    }

    fn of(roles: Vec<Role>) -> Self {
        // Looker answers a list without what may not be seen, and nobody is without roles.
        if roles.is_empty() {
            return Self::Unknown("no role is shown".to_owned());
        }
        let mut permissions = BTreeSet::new();
        for role in roles {
            let Some(set) = role.permission_set else {
                return Self::Unknown("a role is shown without its permission set".to_owned());
            };
            permissions.extend(set.permissions.unwrap_or_default());
            permissions.extend(set.all_access.then(|| ADMINISTER.to_owned()));
        }
        Self::What(permissions)
    }

    /// The permission that a step needs and the account lacks, as far as both are known. As
    /// another user it needs that one's for the rest.
    fn lacks(&self, step: &Step) -> Option<&'static Permission> {
        let Self::What(permissions) = self else { return None };
        let needed = match &step.as_user {
            Some(_) => LOGIN_USER.permission()?,
            None => step.write()?.permission()?,
        };
        (!needed.is_among(|name| permissions.contains(name))).then_some(needed)
    }
}

/// Blocks what the account may not, and what needs that. Asks nothing for a plan
/// without steps.
///
/// # Errors
/// When the instance or the vault cannot be read.
pub(super) async fn hold_against(session: &Session, plan: &mut Plan) -> Result<(), RestoreError> {
    if plan.is_empty() {
        return Ok(());
    }
    let may = session.may().await?;
    if let May::Unknown(why) = may {
        let note = format!("whether the account may do all of it is not known: {why}");
        if !plan.notes.contains(&note) {
            plan.notes.push(note);
        }
    }
    warn(plan, may);
    block(plan, may);
    Ok(())
}

/// Says of objects that the account seems to lack a permission for them.
fn warn(plan: &mut Plan, may: &May) {
    let seems_to_lack = |step: &Step| {
        let needed = may.lacks(step)?;
        (needed.evidence == Evidence::Inferred).then_some(needed.name)
    };
    let mut warned: BTreeSet<(usize, &str)> = BTreeSet::new();
    let mut of_queries: BTreeMap<u32, &str> = BTreeMap::new();
    for step in &plan.steps {
        if let Some(name) = seems_to_lack(step) {
            warned.insert((step.object, name));
            of_queries.extend((step.verb == Verb::Reuse).then_some((step.number, name)));
        }
        // A query belongs to whatever shows it.
        warned.extend(step.needs.iter().filter_map(|need| Some((step.object, *of_queries.get(need)?))));
    }
    for (at, name) in warned {
        let note = format!("the account seems to lack the permission {name}: it is tried all the same");
        let notes = &mut plan.objects[at].notes;
        if !notes.contains(&note) {
            notes.push(note);
        }
    }
}

fn block(plan: &mut Plan, may: &May) {
    let mut blocked: BTreeMap<usize, String> = BTreeMap::new();
    let lacks = |step: &Step| may.lacks(step).filter(|one| one.evidence != Evidence::Inferred);
    let lacking: BTreeMap<u32, &str> =
        plan.steps.iter().filter_map(|step| Some((step.number, lacks(step)?.name))).collect();
    let queries: BTreeSet<u32> =
        plan.steps.iter().filter(|step| step.verb == Verb::Reuse).map(|step| step.number).collect();
    loop {
        let before = blocked.len();
        // A query is asked for by one object and serves all: it is made all the same.
        let owners: BTreeMap<u32, usize> = plan
            .steps
            .iter()
            .filter(|step| step.verb != Verb::Reuse && blocked.contains_key(&step.object))
            .map(|step| (step.number, step.object))
            .collect();
        for step in &plan.steps {
            if blocked.contains_key(&step.object) {
                continue;
            }
            // A query belongs to whatever shows it.
            let shown = step.needs.iter().filter(|need| queries.contains(need));
            let own = std::iter::once(&step.number).chain(shown).find_map(|number| lacking.get(number));
            let needed = step.needs.iter().find_map(|number| owners.get(number));
            let why = own.map(|name| format!("the account lacks the permission {name}")).or_else(|| {
                needed.map(|at| format!("it needs {}, which is blocked", plan.objects[*at].name()))
            });
            if let Some(why) = why {
                blocked.insert(step.object, why);
            }
        }
        if blocked.len() == before {
            break;
        }
    }
    let all: HashSet<usize> = blocked.keys().copied().collect();
    for (at, why) in blocked {
        plan.objects[at].action = Action::Blocked(why);
    }
    plan.steps = order::without(std::mem::take(&mut plan.steps), &all);
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::restore::plan::{FORMAT, Known, Object};
    use crate::restore::step::{At, Given, Id, Symbol};

    fn may(permissions: &[&str]) -> May {
        let role = json!([{ "permission_set": { "all_access": false, "permissions": permissions } }]);
        May::of(serde_json::from_value(role).unwrap())
    }

    fn object(kind: &str, key: &str) -> Object {
        Object {
            kind: kind.to_owned(),
            key: key.to_owned(),
            live_id: None,
            title: None,
            folder: None,
            action: Action::Create,
            changes: Vec::new(),
            notes: Vec::new(),
            conflict: false,
            edited: Vec::new(),
            referrers: Vec::new(),
            live_referrers: Vec::new(),
            lacks: Vec::new(),
            asleep: false,
            favored_by: Vec::new(),
            is_along: false,
            live: None,
            edges: None,
            intended: String::new(),
            as_of: None,
        }
    }

    fn step(number: u32, object: usize, verb: Verb, resource: &str, needs: &[u32]) -> Step {
        let symbol = Symbol::new(resource, number.to_string());
        Step {
            number,
            object,
            verb,
            resource: resource.to_owned(),
            key: number.to_string(),
            about: String::new(),
            target: (verb == Verb::Update).then(|| Id::Known(number.to_string())),
            second: None,
            as_user: None,
            body: Vec::new(),
            needs: needs.iter().copied().collect(),
            gives: vec![Given { symbol, at: At::Id }],
            among: None,
            irreversible: None,
        }
    }

    /// A folder with a dashboard in it; a look and another dashboard of the same query.
    fn plan() -> Plan {
        Plan {
            format: FORMAT.to_owned(),
            address: String::new(),
            instance: 1,
            as_of: 1,
            made_at: jiff::Timestamp::UNIX_EPOCH,
            manner: crate::restore::Manner::default(),
            skip_existing: false,
            relink: false,
            stored_references_only: false,
            references: None,
            favorites: false,
            objects: vec![
                object("folders", "1"),
                object("dashboards", "2"),
                object("looks", "3"),
                object("dashboards", "4"),
            ],
            steps: vec![
                step(1, 0, Verb::Create, "folders", &[]),
                step(2, 1, Verb::Create, "dashboards", &[1]),
                step(3, 2, Verb::Reuse, "queries", &[]),
                step(4, 2, Verb::Create, "looks", &[3]),
                step(5, 3, Verb::Create, "dashboards", &[]),
                step(6, 3, Verb::Create, "dashboard_elements", &[3, 5]),
            ],
            ids: Known::default(),
            notes: Vec::new(),
        }
    }

    /// The steps that are left, by the resource, and why each object is blocked.
    fn held(may: &May) -> (Vec<String>, Vec<String>) {
        let mut plan = plan();
        block(&mut plan, may);
        let why = plan.objects.iter().map(|object| match &object.action {
            Action::Blocked(why) => why.clone(),
            _ => String::new(),
        });
        (plan.steps.iter().map(|step| step.resource.clone()).collect(), why.collect())
    }

    #[test]
    fn what_is_lacking_blocks_its_object_and_what_needs_that() {
        let (steps, why) = held(&may(&["explore", "save_content"]));
        assert_eq!(steps, ["queries", "looks", "dashboards", "dashboard_elements"]);
        assert_eq!(why[0], "the account lacks the permission manage_spaces");
        assert_eq!(why[1], "it needs folder 1, which is blocked");
        assert_eq!((&*why[2], &*why[3]), ("", ""));
    }

    #[test]
    fn a_query_outlives_the_object_that_asked_for_it_first() {
        let (steps, why) = held(&may(&["explore", "save_dashboards", "manage_spaces"]));
        assert_eq!(steps, ["folders", "dashboards", "queries", "dashboards", "dashboard_elements"]);
        assert_eq!(why[2], "the account lacks the permission save_content");
    }

    #[test]
    fn what_is_only_inferred_blocks_nothing_and_is_said_of_all_that_need_it() {
        let mut plan = plan();
        let steps = plan.steps.len();
        let may = may(&["save_content", "manage_spaces"]);
        warn(&mut plan, &may);
        warn(&mut plan, &may);
        block(&mut plan, &may);
        assert_eq!(plan.steps.len(), steps);
        let warned: Vec<usize> = plan.objects.iter().map(|object| object.notes.len()).collect();
        assert_eq!(warned, [0, 0, 1, 1], "a look and a dashboard show a query");
        assert!(plan.objects[3].notes[0].contains("seems to lack the permission explore"));
    }

    #[test]
    fn nobody_is_kept_from_what_is_not_known() {
        let admin = json!([{ "permission_set": { "all_access": true, "permissions": [] } }]);
        let without_set = json!([{ "permission_set": null }]);
        for roles in [admin, without_set, json!([])] {
            let may = May::of(serde_json::from_value(roles).unwrap());
            assert_eq!(held(&may).0.len(), plan().steps.len(), "{may:?}");
        }
    }
}
