//! Who a run is signed in as, and whether that account still sees what it saw.
//!
//! Looker answers lists without what an account may not see, and says nothing of
//! it. So the account is kept with each run: user, roles, and what the roles
//! permit, as far as the vault has them.

use std::collections::BTreeSet;

use looker::Client;
use serde::{Deserialize, Serialize};
use vault::{InstanceId, Missing, Moment, Reader, RunId, RunState, Suspicion, VaultError};

use super::report::Stop;
use crate::Watch;
use crate::account::Account;

/// The kind whose objects say what an account may.
pub(super) const ROLES: &str = "roles";

/// The account as the vault keeps it with a run. What is not known is `null`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct SignedIn {
    client_id: String,
    user_id: Option<String>,
    role_ids: Option<BTreeSet<String>>,
    permissions: Option<BTreeSet<String>>,
}

impl SignedIn {
    /// What is known before anybody was asked.
    pub(super) fn of_key(client: &Client) -> Self {
        Self { client_id: client.settings().client_id.clone(), ..Self::default() }
    }

    /// Asks who we are. An instance that does not tell is no reason not to read it.
    pub(super) async fn ask(client: &Client, watch: &dyn Watch) -> Self {
        let key = Self::of_key(client);
        match Account::ask(client).await {
            Ok(Account { id, role_ids, .. }) => {
                Self { user_id: Some(id), role_ids: Some(role_ids.into_iter().collect()), ..key }
            }
            Err(error) => {
                // The run itself will say that a limit is met.
                if Stop::of_limit(&error).is_none() {
                    watch.warn(&format!("the instance does not tell who the account is: {error}"));
                }
                key
            }
        }
    }

    /// As it was kept with a run.
    pub(super) fn of_run(account: &str) -> Self {
        serde_json::from_str(account).unwrap_or_default()
    }

    /// As it is kept with a run.
    pub(super) fn to_json(&self) -> String {
        serde_json::json!(self).to_string()
    }

    /// Looks up what the roles permit, as far as the vault has them. `read_by`: the
    /// run, if it has read the roles; those it did not see the account may not see.
    /// Answers whether one is hidden so.
    pub(super) fn learn_permissions(
        &mut self,
        reader: &Reader,
        instance: InstanceId,
        read_by: Option<RunId>,
    ) -> Result<bool, VaultError> {
        let mut permissions = BTreeSet::new();
        for role in self.role_ids.iter().flatten() {
            if let Some(run) = read_by
                && !reader.has_seen(run, ROLES, role)?
            {
                return Ok(true);
            }
            let Some(stored) = reader.show(instance, ROLES, role)? else { return Ok(false) };
            let role: Role = serde_json::from_slice(&stored.body).unwrap_or_default();
            permissions.extend(role.permission_set.unwrap_or_default().permissions.unwrap_or_default());
        }
        self.permissions = self.role_ids.is_some().then_some(permissions);
        Ok(false)
    }

    /// What speaks against believing this account, after `before` read the same.
    /// `roles_hidden`: it may not see roles now.
    pub(super) fn doubts(&self, before: &Self, roles_hidden: bool) -> Vec<Suspicion> {
        match (&before.user_id, &self.user_id) {
            (Some(then), Some(now)) if then == now => self.losses(before, roles_hidden),
            (Some(_), None) if before.client_id == self.client_id => vec![Suspicion::UnknownAccount],
            // Whose key it was nobody knew; the same key is the same user.
            (None, _) if before.client_id == self.client_id => Vec::new(),
            _ => vec![Suspicion::OtherAccount { before: before.words(), now: self.words() }],
        }
    }

    /// What speaks against believing this account, after the `readers` of the runs that
    /// found what is missing now, each of them since the scope was read last.
    pub(super) fn doubts_of_missing(
        &self,
        readers: &[(RunId, Self)],
        missing: &[Missing],
        roles_hidden: bool,
    ) -> Vec<Suspicion> {
        let found = |run: &RunId| missing.iter().any(|one| one.found_by == *run);
        let readers = readers.iter().filter(|(run, _)| found(run));
        let mut doubts = readers.map(|(_, reader)| self.doubts(reader, roles_hidden));
        doubts.find(|doubts| !doubts.is_empty()).unwrap_or_default()
    }

    fn losses(&self, before: &Self, roles_hidden: bool) -> Vec<Suspicion> {
        let lost = |before: &Option<BTreeSet<String>>, now: &Option<BTreeSet<String>>| -> Vec<String> {
            let (Some(before), Some(now)) = (before, now) else { return Vec::new() };
            before.difference(now).cloned().collect()
        };
        let mut losses = Vec::new();
        let ids = lost(&before.role_ids, &self.role_ids);
        if !ids.is_empty() {
            losses.push(Suspicion::LostRoles { ids });
        }
        if roles_hidden && before.permissions.is_some() {
            losses.push(Suspicion::HiddenRoles);
        }
        let names = lost(&before.permissions, &self.permissions);
        if !names.is_empty() {
            losses.push(Suspicion::LostPermissions { names });
        }
        losses
    }

    fn words(&self) -> String {
        match &self.user_id {
            Some(id) => format!("user {id}"),
            None => format!("API key {}", self.client_id),
        }
    }
}

/// Runs that are looked through for the user of a key: one of them knows it.
const RECENT_RUNS: usize = 100;

/// The user that a key belongs to, as far as a run learned it. It never changes.
pub(crate) fn user_of_key(
    reader: &Reader,
    instance: InstanceId,
    client_id: &str,
) -> Result<Option<String>, VaultError> {
    let runs = reader.runs(RECENT_RUNS)?.into_iter().filter(|run| run.instance.id == instance);
    let mut accounts = runs.map(|run| SignedIn::of_run(&run.account));
    Ok(accounts.find_map(|account| account.user_id.filter(|_| account.client_id == client_id)))
}

/// Whether a run tells whose account it was read by; those that only compare or
/// restore do not ask.
pub(crate) fn tells_user(run: &Moment) -> bool {
    SignedIn::of_run(&run.account).user_id.is_some()
}

/// The run whose account one of this scope is held against, of those before it, the
/// newest first: the last complete one of the scope, else the last complete one
/// that tells who read.
pub(crate) fn read_before<'m>(earlier: &'m [Moment], scope: &str) -> Option<&'m Moment> {
    let mut complete = earlier.iter().filter(|run| run.state == RunState::Complete);
    complete.clone().find(|run| run.scope == scope).or_else(|| complete.find(|run| tells_user(run)))
}

#[derive(Default, Deserialize)]
struct Role {
    permission_set: Option<PermissionSet>,
}

#[derive(Default, Deserialize)]
struct PermissionSet {
    permissions: Option<Vec<String>>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn account(user: &str, roles: &[&str], permissions: Option<&[&str]>) -> SignedIn {
        let set = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        SignedIn {
            client_id: "key".into(),
            user_id: Some(user.into()),
            role_ids: Some(set(roles)),
            permissions: permissions.map(set),
        }
    }

    #[test]
    fn an_account_that_sees_no_less_is_not_doubted() {
        let before = account("1", &["2"], Some(&["see_looks"]));
        assert_eq!(before.doubts(&before, false), []);
        let more = account("1", &["2", "3"], Some(&["see_looks", "see_users"]));
        assert_eq!(more.doubts(&before, false), []);
        let unread = account("1", &["2", "3"], None);
        assert_eq!(unread.doubts(&before, false), [], "a new role that was not read hides nothing");
        // A run of an older build kept the key only.
        let old = SignedIn::of_run(r#"{"client_id":"key"}"#);
        assert_eq!(before.doubts(&old, false), []);
        assert_eq!(SignedIn::of_run(&before.to_json()), before);
    }

    #[test]
    fn losses_are_named() {
        let before = account("1", &["2", "3"], Some(&["see_looks", "see_users"]));
        let now = account("1", &["3"], Some(&["see_looks"]));
        let roles = Suspicion::LostRoles { ids: vec!["2".into()] };
        let permissions = Suspicion::LostPermissions { names: vec!["see_users".into()] };
        assert_eq!(now.doubts(&before, false), [roles.clone(), permissions]);
        let blind = account("1", &["3"], None);
        assert_eq!(blind.doubts(&before, true), [roles, Suspicion::HiddenRoles]);
    }

    #[test]
    fn another_user_is_another_account_whatever_it_may_see() {
        let before = account("1", &["2"], None);
        let other = Suspicion::OtherAccount { before: "user 1".into(), now: "user 4".into() };
        assert_eq!(account("4", &["2"], None).doubts(&before, false), [other]);
        let silent = SignedIn { client_id: "key".into(), ..SignedIn::default() };
        assert_eq!(silent.doubts(&before, false), [Suspicion::UnknownAccount]);
        let key = SignedIn { client_id: "new".into(), ..SignedIn::default() };
        let other = Suspicion::OtherAccount { before: "user 1".into(), now: "API key new".into() };
        assert_eq!(key.doubts(&before, false), [other]);
        assert_eq!(key.doubts(&silent, false).len(), 1, "another key, of nobody knows whom");
    }

    fn run(instance: InstanceId, id: i64, scope: &str, state: RunState, account: &SignedIn) -> Moment {
        Moment {
            run: RunId::from_number(id),
            instance,
            state,
            started_at: jiff::Timestamp::UNIX_EPOCH,
            ended_at: None,
            scope: scope.into(),
            account: account.to_json(),
            totals_json: None,
        }
    }

    #[test]
    fn a_first_run_of_a_scope_is_held_against_the_last_run_of_another() {
        let known = account("1", &["2"], None);
        let key = SignedIn { client_id: "key".into(), ..SignedIn::default() };
        let place = tempfile::tempdir().unwrap();
        let mut vault = vault::Vault::open_for_writing(&place.path().join("vault.db"), "test").unwrap();
        let instance = vault.instance("https://made-up.looker.example").unwrap();
        let run = |id, scope, state, account| run(instance, id, scope, state, account);
        let runs = [
            run(5, "restore", RunState::Complete, &key),
            run(4, "all", RunState::Suspect, &known),
            run(3, "all", RunState::Complete, &known),
            run(2, "looks", RunState::Complete, &key),
        ];
        let before = |scope: &str| read_before(&runs, scope).map(|run| run.run.number());
        assert_eq!(before("looks"), Some(2), "its own scope first");
        assert_eq!(before("all"), Some(3), "a suspect run is none");
        assert_eq!(before("dashboards"), Some(3), "of a restore nobody knows who it was");
        assert_eq!(read_before(&[], "all"), None);
    }

    #[test]
    fn what_another_account_found_since_is_missed_with_doubt() {
        let now = account("4", &["2"], None);
        let readers =
            [(RunId::from_number(8), now.clone()), (RunId::from_number(7), account("1", &["1"], None))];
        let missing = |run: i64| {
            vec![Missing { kind: "dashboards".into(), key: "3".into(), found_by: RunId::from_number(run) }]
        };
        assert_eq!(now.doubts_of_missing(&readers, &missing(8), false), []);
        assert_eq!(now.doubts_of_missing(&readers, &missing(6), false), [], "before the scope was read last");
        assert_eq!(now.doubts_of_missing(&readers, &missing(7), false).len(), 1);
    }
}
