//! Schedules that no list has.
//!
//! A schedule that a restore makes is disabled, and disabled ones are in no list
//! (`looker-api-facts.md` §10). So when the answer to such a creation was lost, System
//! Activity is asked which there are, and those of its name are read by id. Where that
//! cannot be asked nobody can say whether the schedule is there, and it is not sent again.

use looker::client::Call;
use looker::error::{Error, ErrorKind};
use looker::pacing::Reason;

use super::answer::{self, Row};
use super::carry::{Carried, Halt, Outcome};
use crate::extract::{MOST_DISABLED, ONE_PLAN, disabled_schedules, item_call};

const ID: &str = "scheduled_plan.id";
const NAME: &str = "scheduled_plan.name";

impl Carried<'_> {
    /// Whether what it makes would be in no list.
    pub(super) fn is_unlisted(&self) -> bool {
        self.step.resource == "scheduled_plans" && self.sent_member("enabled").as_deref() != Some("true")
    }

    /// The disabled schedules of the name that it sent, but for those that are known.
    pub(super) async fn unlisted(&self) -> Result<Result<Vec<Row>, Outcome>, Halt> {
        let Some(kind) = looker::Kind::find("scheduled_plans") else { return Ok(Ok(Vec::new())) };
        let call = disabled_schedules(Reason::Recovery, &[ID, NAME]);
        let rows = match self.ask(call).await? {
            Ok(rows) if rows.len() >= MOST_DISABLED => {
                return Ok(Err(self.unknowable("there are more than System Activity tells at once")));
            }
            Ok(rows) if rows.iter().all(|row| answer::id(row, ID).is_some()) => rows,
            Ok(_) => return Ok(Err(self.unknowable("System Activity does not tell them"))),
            Err(error) => return Ok(Err(self.unknowable(&error.to_string()))),
        };
        let name = self.sent_member("name");
        let taken = self.taken();
        let ids = rows.iter().filter(|row| row.get(NAME).and_then(|own| own.as_str()) == name.as_deref());
        let mut found = Vec::new();
        for id in ids.filter_map(|row| answer::id(row, ID)).filter(|id| !taken.contains(id)) {
            let call = Call { reason: Reason::Recovery, ..item_call(kind, &ONE_PLAN, &id) };
            let bad = |why| Error::new(ErrorKind::BadBody, why);
            match self.work.session.client.get(&call, |reply| answer::whole(&reply.body).map_err(bad)).await {
                Ok(row) => found.push(row),
                Err(error) if error.kind == ErrorKind::NotFound => {}
                Err(error) => return Ok(Err(self.failed(&error))),
            }
        }
        Ok(Ok(found))
    }

    fn unknowable(&self, why: &str) -> Outcome {
        self.impossible(format!(
            "its answer was lost, and whether the schedule was made cannot be found out, since disabled ones are \
             in no list ({why}): look for it, delete it where it is there, and retry it"
        ))
    }

    /// What it sent in a field, as text.
    fn sent_member(&self, field: &str) -> Option<String> {
        let body: Row = serde_json::from_str(self.request.call.body.as_deref()?).ok()?;
        let value = body.get(field)?;
        Some(value.as_str().map_or_else(|| value.to_string(), str::to_owned))
    }
}
