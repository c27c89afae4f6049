//! Objects that were composed each for itself, put together.
//!
//! What one object needs to be written depends on no other, but for queries: equal ones
//! are asked for once. So an object's own steps ask for all its queries, and when they
//! join the others, those that somebody asks for already go by that step's symbol.

use std::collections::{BTreeSet, HashMap};

use super::compose::Composer;
use super::step::{Id, Step, Symbol, Verb};

/// What was composed of one object.
#[derive(Default)]
pub(super) struct Apart {
    pub(super) steps: Vec<Step>,
    pub(super) changes: Vec<String>,
    pub(super) notes: Vec<String>,
    pub(super) requires: BTreeSet<(&'static str, String)>,
    pub(super) impossible: Option<String>,
    pub(super) met_unknown: bool,
    /// Whether it arrives disabled, to be enabled by hand.
    pub(super) asleep: bool,
    /// Its queries, by their content.
    queries: HashMap<String, Symbol>,
}

impl Apart {
    /// Whether it needs nothing, and there is nothing to be told of it.
    pub(super) fn says_nothing(&self) -> bool {
        let Self { steps, changes, notes, requires, impossible, met_unknown: _, asleep, queries } = self;
        let has_nothing = steps.is_empty() && changes.is_empty() && notes.is_empty() && queries.is_empty();
        has_nothing && requires.is_empty() && impossible.is_none() && !asleep
    }
}

impl Composer<'_> {
    /// What was composed, as something that can join others.
    pub(super) fn apart(self) -> Apart {
        let Self { steps, changes, notes, requires, impossible, met_unknown, asleep, queries, .. } = self;
        Apart { steps, changes, notes, requires, impossible, met_unknown, asleep, queries }
    }

    /// Takes in the steps of an object.
    pub(super) fn join(&mut self, apart: Apart) {
        let contents: HashMap<Symbol, String> =
            apart.queries.into_iter().map(|(content, symbol)| (symbol, content)).collect();
        let mut renamed: HashMap<Symbol, Symbol> = HashMap::new();
        for mut step in apart.steps {
            if !renamed.is_empty() {
                rename(&mut step, &renamed);
            }
            let asks = step.gives.first().filter(|_| step.verb == Verb::Reuse).map(|given| &given.symbol);
            if let Some((symbol, content)) = asks.and_then(|symbol| contents.get_key_value(symbol)) {
                if let Some(known) = self.queries.get(content) {
                    if known != symbol {
                        renamed.insert(symbol.clone(), known.clone());
                    }
                    continue;
                }
                let own = self.free(symbol, content);
                if own != *symbol {
                    renamed.insert(symbol.clone(), own.clone());
                    own.key.clone_into(&mut step.key);
                    rename(&mut step, &renamed);
                }
                self.queries.insert(content.clone(), own.clone());
                self.asked.insert(own);
            }
            self.steps.push(step);
        }
    }
}

fn rename(step: &mut Step, names: &HashMap<Symbol, Symbol>) {
    let rename = |symbol: &mut Symbol| {
        if let Some(name) = names.get(symbol) {
            symbol.clone_from(name);
        }
    };
    step.ids_mut(&mut |id| {
        if let Id::Of(symbol) = id {
            rename(symbol);
        }
    });
    step.gives.iter_mut().for_each(|given| rename(&mut given.symbol));
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use looker::catalogue::Resource;

    use super::super::compose::{Manner, World};
    use super::*;
    use crate::diff::Value;
    use crate::restore::step::{Ids, Part};

    fn add_tile(composer: &mut Composer<'_>, query: &str) {
        let id = composer.query(&Value::parse(query.as_bytes()).unwrap());
        let tiles = Resource::find("dashboard_elements").unwrap();
        let body = vec![("query_id".to_owned(), Part::Id(id))];
        composer.add(Verb::Create, tiles, "t".to_owned(), String::new(), None, body);
    }

    #[test]
    fn what_is_joined_is_as_if_it_was_composed_together() {
        let (ids, absent, made, manner) = (Ids::new(), BTreeSet::new(), HashSet::new(), Manner::default());
        let stored = |_: &str, _: &str| None;
        let composer = || {
            Composer::new(World {
                ids: &ids,
                absent: &absent,
                stored: &stored,
                manner: &manner,
                host: "h",
                made: &made,
                accepted: None,
                in_place: false,
            })
        };
        let (mut joined, mut together) = (composer(), composer());
        for query in [
            r#"{"id":"7","model":"m","view":"v"}"#,
            // The same content under another id.
            r#"{"id":"8","model":"m","view":"v"}"#,
            // Another content under the same id.
            r#"{"id":"7","model":"m","view":"w"}"#,
        ] {
            let mut own = composer();
            add_tile(&mut own, query);
            joined.join(own.apart());
            add_tile(&mut together, query);
        }
        let told = |composer: &Composer<'_>| -> Vec<String> {
            let told = |step: &Step| format!("{:?} {} {:?} {:?}", step.verb, step.key, step.body, step.gives);
            composer.steps.iter().map(told).collect()
        };
        assert_eq!(told(&joined), told(&together));
        assert_eq!(joined.steps.len(), 5, "three tiles and two queries");
    }
}
