//! What to do about a step that Looker refused.

use engine::restore::{Action, AppliedObject, Object, Owner, Plan, Restored, Step, StepFailure};
use vault::{RestoreId, StepState};

use crate::output::human;

/// What Looker says against single fields, a line each, and what can be done about it.
pub(super) fn lines(failure: &StepFailure, step: Option<&Step>, restore: RestoreId) -> Vec<String> {
    let of_field = |field: &looker::error::FieldError| {
        format!("{}: {}", human::one_line(&field.field), human::one_line(&field.message))
    };
    failure.fields.iter().map(of_field).chain(advice(failure, step, restore)).collect()
}

/// What a restore left disabled that may be enabled: what it did not come to, or what failed,
/// is not there to be enabled.
pub(super) fn asleep<'p>(plan: &'p Plan, restored: &'p Restored) -> impl Iterator<Item = &'p Object> {
    let objects = plan.objects.iter().zip(&restored.applied.objects);
    let is_done = |(object, applied): &(&Object, &AppliedObject)| {
        !matches!(object.action, Action::Blocked(_) | Action::Conflict)
            && applied.steps.keys().all(|state| *state == StepState::Done)
    };
    objects.filter(|(object, _)| object.asleep).filter(is_done).map(|(object, _)| object)
}

/// The command that enables what a restore left disabled.
pub(super) fn enabling(plan: &Plan, restored: &Restored) -> Option<String> {
    let name = |object: &Object| {
        let kind = looker::Kind::find(&object.kind).map_or(object.kind.as_str(), |kind| kind.singular);
        format!("{kind}:{}", object.key)
    };
    let asleep: Vec<String> = asleep(plan, restored).map(name).collect();
    // In the same manner, or they would go back to whom and where they were.
    let owner = match &plan.manner.owner {
        Owner::Keep => String::new(),
        Owner::Me => " --owner me".to_owned(),
        Owner::User(user) => format!(" --owner {user}"),
    };
    let into = plan.manner.into.as_ref().map(|folder| format!(" --into {folder}")).unwrap_or_default();
    let objects = asleep.join(" ");
    (!asleep.is_empty()).then(|| {
        format!("lookervault restore {objects} --as-of {}{owner}{into} --enable-schedules", plan.as_of)
    })
}

fn advice(failure: &StepFailure, step: Option<&Step>, restore: RestoreId) -> Option<String> {
    let again = format!("then `lookervault restore failed retry {restore}` makes it again");
    // Where nobody could be signed in, what was to be written did not matter.
    let permission = if failure.request.contains(" /login/") {
        looker::client::LOGIN_USER.permission()
    } else {
        step.and_then(Step::write).and_then(looker::catalogue::Write::permission)
    };
    let needed = permission.map(|permission| permission.name);
    Some(match failure.status? {
        403 => match needed {
            Some(name) => {
                format!("give the account the permission {name}, and access to edit what it writes; {again}")
            }
            None => format!("give the account the permission to do that; {again}"),
        },
        404 => {
            let permission = needed.map(|name| format!(" (it takes the permission {name})"));
            format!(
                "what it names is not there, or the account may not write it{}: put that right; {again}",
                permission.unwrap_or_default()
            )
        }
        400 | 409 | 422 => format!(
            "put right on the instance what stands in the way; {again}, and \
             `lookervault restore failed clear {restore}` gives it up"
        ),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failure(status: u16) -> StepFailure {
        serde_json::from_value(serde_json::json!({
            "request": "PATCH /folders/1", "status": status, "reason": "no",
            "fields": [{ "field": "name", "code": "taken", "message": "name\nis taken" }],
        }))
        .unwrap()
    }

    #[test]
    fn every_refusal_says_what_stands_in_the_way_and_how_to_go_on() {
        for status in [400, 403, 404, 409, 422] {
            let lines = lines(&failure(status), None, RestoreId::from_number(4));
            assert_eq!(lines.len(), 2, "{status}");
            assert!(lines[0].starts_with("name: name") && !lines[0].contains('\n'), "{}", lines[0]);
            assert!(lines[1].contains("`lookervault restore failed retry 4`"), "{}", lines[1]);
        }
        assert_eq!(lines(&failure(500), None, RestoreId::from_number(4)).len(), 1);
    }
}
