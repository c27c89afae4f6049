//! In which order steps can be made: each after those that give what it waits for.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use super::step::{Ids, Step, Symbol, Verb};

/// Orders steps, numbers them anew, and notes what each needs. Gives the symbols
/// that no step gives, with the steps that wait for them.
///
/// Steps that would wait for each other are broken in two: a field that holds an
/// id of something that itself waits for the object is written by a second step,
/// when both are there.
///
/// `above` has the objects that must be done before others: access of outer folders, and
/// content in the trash that others hang on.
pub(super) fn order(
    steps: Vec<Step>,
    known: &Ids,
    above: &HashMap<usize, BTreeSet<usize>>,
) -> (Vec<Step>, BTreeMap<Symbol, Vec<u32>>) {
    let steps = break_cycles(steps);
    let givers = givers(&steps);
    let mut of_object: HashMap<usize, Vec<usize>> = HashMap::new();
    let mut needs: Vec<BTreeSet<usize>> = Vec::with_capacity(steps.len());
    for (at, step) in steps.iter().enumerate() {
        let earlier = of_object.entry(step.object).or_default();
        needs.push(self::needs(&steps, at, earlier, &givers));
        earlier.push(at);
    }
    for (at, step) in steps.iter().enumerate() {
        let before = above.get(&step.object).into_iter().flatten();
        needs[at].extend(before.filter_map(|object| of_object.get(object)).flatten());
    }
    let mut placed = vec![false; steps.len()];
    let mut sequence = Vec::with_capacity(steps.len());
    // In rounds, so that what does not wait keeps its place.
    while sequence.len() < steps.len() {
        let before = sequence.len();
        for at in 0..steps.len() {
            if !placed[at] && needs[at].iter().all(|need| placed[*need]) {
                placed[at] = true;
                sequence.push(at);
            }
        }
        if sequence.len() == before {
            // Broken cycles leave none; were there one, its steps would fail by
            // their symbols, one by one.
            sequence.extend((0..steps.len()).filter(|at| !placed[*at]));
        }
    }
    let numbers: HashMap<usize, u32> = sequence.iter().copied().zip(1..).collect();
    let mut missing: BTreeMap<Symbol, Vec<u32>> = BTreeMap::new();
    let mut steps: Vec<Option<Step>> = steps.into_iter().map(Some).collect();
    let mut ordered = Vec::with_capacity(steps.len());
    for at in sequence {
        let Some(mut step) = steps[at].take() else { continue };
        step.number = numbers[&at];
        step.needs = needs[at].iter().map(|need| numbers[need]).collect();
        step.symbols(&mut |symbol| {
            if !givers.contains_key(symbol) && !known.contains_key(symbol) {
                missing.entry(symbol.clone()).or_default().push(numbers[&at]);
            }
        });
        ordered.push(step);
    }
    (ordered, missing)
}

/// Leaves out the steps of these objects, those that need one of them, and queries
/// that nobody asks for then; numbers the rest anew.
pub(super) fn without(steps: Vec<Step>, objects: &HashSet<usize>) -> Vec<Step> {
    let mut gone: HashSet<u32> = HashSet::new();
    for step in &steps {
        let own = objects.contains(&step.object) && step.verb != Verb::Reuse;
        if own || step.needs.iter().any(|need| gone.contains(need)) {
            gone.insert(step.number);
        }
    }
    loop {
        let needed: HashSet<u32> = steps
            .iter()
            .filter(|step| !gone.contains(&step.number))
            .flat_map(|step| step.needs.iter().copied())
            .collect();
        let idle = |step: &&Step| {
            step.verb == Verb::Reuse && !gone.contains(&step.number) && !needed.contains(&step.number)
        };
        let idle: Vec<u32> = steps.iter().filter(idle).map(|step| step.number).collect();
        if idle.is_empty() {
            break;
        }
        gone.extend(idle);
    }
    let kept: Vec<Step> = steps.into_iter().filter(|step| !gone.contains(&step.number)).collect();
    let numbers: HashMap<u32, u32> = kept.iter().map(|step| step.number).zip(1..).collect();
    let renumbered = kept.into_iter().map(|step| Step {
        number: numbers[&step.number],
        needs: step.needs.iter().filter_map(|need| numbers.get(need).copied()).collect(),
        ..step
    });
    renumbered.collect()
}

fn givers(steps: &[Step]) -> HashMap<Symbol, usize> {
    let given = steps.iter().enumerate();
    given.flat_map(|(at, step)| step.gives.iter().map(move |given| (given.symbol.clone(), at))).collect()
}

/// The steps that must come before one: those that give its symbols; those of the
/// same thing that stand before it; and before anything is deleted of an object,
/// all that is made or changed of it, but for a deletion that stands first.
///
/// `earlier` are the steps of the same object that stand before it.
fn needs(steps: &[Step], at: usize, earlier: &[usize], givers: &HashMap<Symbol, usize>) -> BTreeSet<usize> {
    let step = &steps[at];
    let mut needs = BTreeSet::new();
    step.symbols(&mut |symbol| needs.extend(givers.get(symbol)));
    for place in earlier {
        let other = &steps[*place];
        let same_thing =
            other.resource == step.resource && other.target.is_some() && at_same_place(other, step);
        let filters = step.resource == "dashboard_filters" && other.resource == step.resource;
        // Edges do not hang on each other, and may be thousands.
        let is_edge = step.second.is_some();
        let after_all = step.verb == Verb::Delete && other.verb != Verb::Delete && !is_edge;
        // What lies in the trash is brought back before anything else is done to it, and
        // content stops to inherit before there is anything in its own list.
        let opens = other.verb == Verb::Undelete || other.resource == "content_metadata_access";
        if same_thing || filters || after_all || opens || closes(step) {
            needs.insert(*place);
        }
    }
    needs.remove(&at);
    needs
}

/// Whether a step puts something into the trash that the plan makes: the last that is done.
fn closes(step: &Step) -> bool {
    let is_made = step.verb == Verb::Update && matches!(step.target, Some(super::step::Id::Of(_)));
    is_made
        && step
            .body
            .iter()
            .any(|(field, part)| field == "deleted" && *part == super::special::literal("true"))
}

fn at_same_place(a: &Step, b: &Step) -> bool {
    a.target == b.target && a.second == b.second
}

/// Takes out of creations what waits for something that waits for them.
fn break_cycles(mut steps: Vec<Step>) -> Vec<Step> {
    let mut later = Vec::new();
    loop {
        let givers = givers(&steps);
        let Some((at, symbol)) = find_cycle(&steps, &givers) else { break };
        let step = &mut steps[at];
        let holds = |part: &super::step::Part| {
            let mut found = false;
            part.symbols(&mut |other| found |= *other == symbol);
            found
        };
        let (late, now): (Vec<_>, Vec<_>) =
            std::mem::take(&mut step.body).into_iter().partition(|(_, part)| holds(part));
        step.body = now;
        if late.is_empty() {
            break;
        }
        let own = step.gives.iter().find(|given| matches!(given.at, super::step::At::Id));
        let target =
            step.target.clone().or_else(|| own.map(|given| super::step::Id::Of(given.symbol.clone())));
        later.push(Step {
            verb: Verb::Update,
            about: format!("{}, once what it refers to is there", step.about),
            target,
            body: late,
            gives: Vec::new(),
            among: None,
            ..step.clone()
        });
    }
    steps.extend(later);
    steps
}

/// Steps that could not be made in any order, since they wait for themselves or for such.
fn in_circles(steps: &[Step], givers: &HashMap<Symbol, usize>) -> Vec<usize> {
    let mut unmet = vec![0; steps.len()];
    let mut waiting = vec![Vec::new(); steps.len()];
    for (at, step) in steps.iter().enumerate() {
        step.symbols(&mut |symbol| {
            if let Some(giver) = givers.get(symbol) {
                unmet[at] += 1;
                waiting[*giver].push(at);
            }
        });
    }
    let mut free: Vec<usize> = (0..steps.len()).filter(|at| unmet[*at] == 0).collect();
    while let Some(made) = free.pop() {
        for at in &waiting[made] {
            unmet[*at] -= 1;
            if unmet[*at] == 0 {
                free.push(*at);
            }
        }
    }
    (0..steps.len()).filter(|at| unmet[*at] > 0).collect()
}

/// A creation that waits for itself, with the symbol of its body by which it does.
fn find_cycle(steps: &[Step], givers: &HashMap<Symbol, usize>) -> Option<(usize, Symbol)> {
    let waits = |at: usize| {
        let mut all = Vec::new();
        steps[at].symbols(&mut |symbol| all.extend(givers.get(symbol).map(|giver| (symbol.clone(), *giver))));
        all
    };
    for start in in_circles(steps, givers) {
        for (symbol, first) in waits(start) {
            let mut open = vec![first];
            let mut seen = BTreeSet::new();
            while let Some(at) = open.pop() {
                if at == start {
                    return Some((start, symbol));
                }
                if seen.insert(at) {
                    open.extend(waits(at).into_iter().map(|(_, giver)| giver));
                }
            }
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::super::step::{At, Given, Id, Part};
    use super::*;

    fn made(resource: &str, key: &str, waits: &[(&str, &str, &str)]) -> Step {
        Step {
            number: 0,
            object: 0,
            verb: Verb::Create,
            resource: resource.to_owned(),
            key: key.to_owned(),
            about: format!("{resource} {key}"),
            target: None,
            second: None,
            as_user: None,
            body: waits
                .iter()
                .map(|(field, resource, key)| {
                    ((*field).to_owned(), Part::Id(Id::Of(Symbol::new(resource, *key))))
                })
                .collect(),
            needs: BTreeSet::new(),
            gives: vec![Given { symbol: Symbol::new(resource, key), at: At::Id }],
            among: None,
            irreversible: None,
        }
    }

    #[test]
    fn what_gives_comes_before_what_waits() {
        let steps = vec![
            made(
                "dashboard_elements",
                "1",
                &[("query_id", "queries", "q"), ("dashboard_id", "dashboards", "d")],
            ),
            made("queries", "q", &[]),
            made("dashboards", "d", &[("folder_id", "folders", "f")]),
        ];
        let (ordered, missing) = order(steps, &Ids::new(), &HashMap::new());
        let names: Vec<&str> = ordered.iter().map(|step| step.about.as_str()).collect();
        assert_eq!(names, ["queries q", "dashboards d", "dashboard_elements 1"]);
        assert_eq!(ordered[2].needs, BTreeSet::from([1, 2]));
        assert_eq!(missing, BTreeMap::from([(Symbol::new("folders", "f"), vec![2])]));
    }

    #[test]
    fn those_that_wait_for_each_other_are_written_twice() {
        let steps = vec![
            made("boards", "b", &[("section_order", "board_sections", "s")]),
            made("board_sections", "s", &[("board_id", "boards", "b")]),
        ];
        let (ordered, missing) = order(steps, &Ids::new(), &HashMap::new());
        let verbs: Vec<Verb> = ordered.iter().map(|step| step.verb).collect();
        assert_eq!(verbs, [Verb::Create, Verb::Create, Verb::Update]);
        assert_eq!(ordered[2].needs, BTreeSet::from([1, 2]));
        assert!(ordered[0].body.is_empty() && missing.is_empty());
    }
}
