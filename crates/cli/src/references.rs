//! Where references lead, for people.

use engine::references::{DanglingReference, Holder, ReferenceReport, plural, singular};

use crate::output::human;

/// One line on references that lead nowhere, one for each that the report names,
/// and one on what could not be checked; nothing where all is well.
pub(crate) fn lines(report: &ReferenceReport) -> Vec<String> {
    let mut lines = Vec::new();
    if report.total() > 0 {
        let kinds = report.dangling.iter().map(|kind| counted(kind.references, &kind.kind));
        lines.push(format!("References that lead nowhere: {}.", kinds.collect::<Vec<_>>().join(", ")));
        lines.extend(report.named.iter().map(dangling));
        let rest = report.total() - report.named.len() as u64;
        if rest > 0 {
            let rest = human::count(rest);
            lines.push(format!("  … and {rest} more; see `lookervault verify --references`"));
        }
    }
    if !report.unchecked.is_empty() {
        let one = |left: &engine::references::Unchecked| {
            format!("{} ({})", counted(left.references, left.kind), left.reason)
        };
        let all: Vec<String> = report.unchecked.iter().map(one).collect();
        lines.push(format!("References not checked: {}.", all.join(", ")));
    }
    lines
}

fn counted(references: u64, kind: &str) -> String {
    human::counted(references, singular(kind), plural(kind))
}

/// `look 77, held by dashboard 12 "Sales" and 2 more`.
fn dangling(one: &DanglingReference) -> String {
    let singular = singular(&one.kind);
    let holders: Vec<String> = one.held_by.iter().map(holder).collect();
    let rest = one.holders - one.held_by.len() as u64;
    let more = if rest > 0 { format!(" and {} more", human::count(rest)) } else { String::new() };
    format!("  {singular} {}, held by {}{more}", human::one_line(&one.id), holders.join(", "))
}

fn holder(holder: &Holder) -> String {
    let singular = singular(&holder.kind);
    let id = human::one_line(&holder.id);
    match holder.title.as_deref().filter(|title| !title.is_empty()) {
        Some(title) => format!("{singular} {id} \"{}\"", human::one_line(title)),
        None => format!("{singular} {id}"),
    }
}

#[cfg(test)]
mod tests {
    use engine::references::{DanglingKind, Unchecked};

    use super::*;

    #[test]
    fn people_read_what_is_missing_who_holds_it_and_what_was_not_checked() {
        let held = |id: &str, title: Option<&str>| Holder {
            kind: "dashboards".into(),
            id: id.into(),
            title: title.map(str::to_owned),
            folder_id: None,
        };
        let report = ReferenceReport {
            dangling: vec![
                DanglingKind { kind: "looks".into(), references: 1, holders: 3 },
                DanglingKind { kind: "users".into(), references: 1_200, holders: 1_200 },
            ],
            named: vec![DanglingReference {
                kind: "looks".into(),
                id: "77".into(),
                holders: 3,
                held_by: vec![held("12", Some("Sales\nEMEA")), held("14", None)],
            }],
            unchecked: vec![Unchecked { kind: "queries", references: 4, reason: "never read".into() }],
            built_in: 2,
        };
        insta::assert_snapshot!(lines(&report).join("\n"), @r#"
        References that lead nowhere: 1 look, 1,200 users.
          look 77, held by dashboard 12 "Sales EMEA", dashboard 14 and 1 more
          … and 1,200 more; see `lookervault verify --references`
        References not checked: 4 queries (never read).
        "#);
        assert!(lines(&ReferenceReport::default()).is_empty());
    }
}
