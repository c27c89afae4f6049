//! Disabled schedules: no list has them (`looker-api-facts.md` §10).
//!
//! One query of System Activity finds their ids; what is new or was not stored
//! as disabled is read by id.

use std::collections::HashSet;

use looker::Kind;
use looker::catalogue::{AnswerShape, Each, KeyIn, Operation, Refresh, Source};
use looker::client::Call;
use looker::pacing::{Ledger, Reason};
use serde::Deserialize;
use vault::{InstanceId, Reader, VaultError};

use super::each::Read;
use super::error::ExtractError;
use super::keys;
use super::pool::blocking;
use super::report::GapReport;
use super::run::Run;
use crate::check::{cannot_heal, unavailable};

pub(super) const ACTIVITY: Operation =
    Operation { id: "run_inline_query", path: "/queries/run/{result_format}", ledger: Ledger::QueryBased };

/// Most rows of the query.
pub(crate) const MOST_DISABLED: usize = 5000;

/// How one schedule is read, disabled or not.
pub(crate) static ONE_PLAN: Each = Each {
    operation: Operation {
        id: "scheduled_plan",
        path: "/scheduled_plans/{scheduled_plan_id}",
        ledger: Ledger::QueryBased,
    },
    key: KeyIn::Path,
    parameters: &[],
    source: Source::References,
    answer: AnswerShape::Object,
    lists: None,
    refresh: Refresh::ByAge,
};

/// Asks System Activity for the disabled schedules.
pub(crate) fn disabled_schedules(reason: Reason, fields: &[&str]) -> Call {
    Call::new(&ACTIVITY, "scheduled_plans", reason).at("json").sending(&serde_json::json!({
        "model": "system__activity",
        "view": "scheduled_plan",
        "fields": fields,
        "filters": { "scheduled_plan.enabled": "no" },
        "limit": MOST_DISABLED.to_string(),
    }))
}

/// The disabled schedules that are stored.
pub(crate) fn disabled(reader: &Reader, instance: InstanceId) -> Result<Vec<String>, VaultError> {
    #[derive(Deserialize)]
    struct Plan {
        enabled: Option<bool>,
    }
    let mut disabled = Vec::new();
    reader.bodies(instance, "scheduled_plans", |id, body| {
        if serde_json::from_slice::<Plan>(body).is_ok_and(|plan| plan.enabled == Some(false)) {
            disabled.push(id.to_owned());
        }
    })?;
    Ok(disabled)
}

impl Run {
    /// Reads the disabled schedules, when schedules are read.
    pub(super) async fn read_disabled_plans(&mut self) -> Result<(), ExtractError> {
        let name = "scheduled_plans";
        let Some(kind) = self.request.kinds.iter().copied().find(|kind| kind.name == name) else {
            return Ok(());
        };
        let is_closed = self.findings.unavailable.iter().any(|entry| entry.kind == name);
        if is_closed || self.brake.pulled().is_some() || self.findings.gaps.iter().any(|gap| gap.kind == name)
        {
            return Ok(());
        }
        let call = disabled_schedules(Reason::Listing, &["scheduled_plan.id"]);
        let found = tokio::select! {
            found = self.client.get(&call, |reply| keys::in_list(&reply.body, &["scheduled_plan.id"])) => found,
            () = self.brake.at_once() => return Ok(()),
        };
        match found {
            Ok(ids) => self.read_plans(kind, ids).await,
            Err(error) if cannot_heal(&error) => {
                self.without_disabled_plans(&unavailable(&error, call.operation));
                Ok(())
            }
            Err(error) => {
                self.without_disabled_plans(&error.to_string());
                self.kind_failed(kind, &error);
                Ok(())
            }
        }
    }

    async fn read_plans(&mut self, kind: &'static Kind, ids: Vec<String>) -> Result<(), ExtractError> {
        if ids.len() >= MOST_DISABLED {
            let reason = format!("there are more than {MOST_DISABLED} disabled schedules");
            self.findings.gaps.push(GapReport::of_list(kind.name, kind.name.to_owned(), &reason, 1));
        }
        let (writer, instance, all) = (self.writer.clone(), self.instance, ids.clone());
        let stored: HashSet<String> = blocking(move || {
            writer.flush()?;
            let reader = writer.reader()?;
            let disabled = disabled(&reader, instance)?.into_iter().collect::<HashSet<_>>();
            Ok(all.into_iter().filter(|id| disabled.contains(id)).collect())
        })
        .await?;
        let (known, new): (Vec<String>, Vec<String>) =
            ids.iter().cloned().partition(|id| stored.contains(id));
        let read = Read { kind, each: &ONE_PLAN };
        let mut due = self.slice(read, known).await?;
        due.keys.extend(new);
        let answers = self.read_keys(read, due).await?;
        if let Some(reason) = &answers.closed {
            self.without_disabled_plans(reason);
        }
        // Of those that were just disabled too, whatever became of reading them.
        let kept = ids.into_iter().filter(|key| !answers.absent.contains(key)).collect();
        self.keep(kind, kept).await
    }

    /// A schedule that is no longer in the list may just be disabled: none is gone.
    fn without_disabled_plans(&mut self, why: &str) {
        self.watch.warn(&format!("disabled scheduled plans were not read: {why}"));
        self.findings.absence.retain(|scope| scope.kind != "scheduled_plans");
        self.findings.not_read.push(format!("disabled scheduled plans: {why}"));
    }
}
