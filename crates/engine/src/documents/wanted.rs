//! Fields that are looked for in documents.
//!
//! A field that half of all dashboards use is looked for in half a gigabyte of JSON.
//! Of a dashboard only its tiles and filters can use one, and only those in which
//! its name stands, so only they are read.

use memchr::memmem::{Finder, find_iter};
use vault::FieldFilter;

use super::node::{Node, Sought};

/// A tile's explore and title are read from these, whatever else they hold.
const KEPT: [&str; 3] = ["query", "look", "result_maker"];

/// Options of charts are a tile's largest part, and name fields in any place.
const OPTIONS: [&str; 2] = ["vis_config", "analysis_config"];

/// The fields that are meant, and the texts without which none of them is named.
pub(crate) struct Wanted<'f> {
    filter: &'f FieldFilter,
    /// The name of the field, as a text to look for.
    name: Option<Finder<'f>>,
    texts: Vec<(&'f str, Finder<'f>)>,
}

impl<'f> Wanted<'f> {
    pub(crate) fn new(filter: &'f FieldFilter) -> Self {
        // Not every document says on what explore its fields are.
        let texts: Vec<&str> = match &filter.name {
            Some(name) => vec![name],
            None => filter.model.iter().chain(&filter.explore).map(String::as_str).collect(),
        };
        let is_spelt_one_way = |text: &&str| !text.contains(|c: char| c.is_control() || "\"\\/".contains(c));
        let texts = texts.into_iter().filter(is_spelt_one_way);
        Self {
            filter,
            name: filter.name.as_deref().map(Finder::new),
            texts: texts.map(|text| (text, Finder::new(text))).collect(),
        }
    }

    /// Whether a use is of what was asked for, by the rule of the index.
    pub(super) fn is_meant(&self, model: &str, explore: &str, name: &str) -> bool {
        let FieldFilter { model: wanted_model, explore: wanted_explore, name: wanted_name } = self.filter;
        let fits = |wanted: &Option<String>, value: &str| {
            wanted.as_ref().is_none_or(|wanted| wanted == value || value.is_empty() && wanted_name.is_some())
        };
        fits(wanted_model, model)
            && fits(wanted_explore, explore)
            && wanted_name.as_ref().is_none_or(|wanted| wanted == name)
    }

    /// Whether a text may name one of the fields, alone or among others.
    pub(super) fn may_name(&self, text: &str) -> bool {
        self.name.as_ref().is_none_or(|name| name.find(text.as_bytes()).is_some())
    }

    /// Reads of a body what may use one of the fields.
    pub(super) fn read<'b>(&self, kind: &str, body: &'b [u8]) -> Option<Node<'b>> {
        if !["dashboards", "lookml_dashboards"].contains(&kind) {
            return Node::of(body);
        }
        let lists = ["dashboard_elements", "dashboard_filters"];
        if self.is_hidden_in(body) {
            return Node::of_lists(body, &lists, body.len(), None, |_| true);
        }
        let last = self.texts.iter().map(|(_, text)| text.find_iter(body).last()).min();
        let last = last.unwrap_or(Some(body.len()))?;
        // Where an explore as a whole is meant, every field on it is.
        let name = self.filter.name.as_ref().and_then(|_| self.texts.first());
        let sought = name.map(|(_, name)| Sought { name, kept: &KEPT, bare: &OPTIONS });
        Node::of_lists(body, &lists, last, sought, |text| {
            self.texts.iter().all(|(_, wanted)| wanted.find(text.as_bytes()).is_some())
        })
    }

    /// Whether one of the letters that are looked for is spelt as an escape somewhere:
    /// then a text may stand where it is not found.
    fn is_hidden_in(&self, body: &[u8]) -> bool {
        find_iter(body, b"\\u").any(|at| {
            let code = body.get(at + 2..at + 6).and_then(|digits| std::str::from_utf8(digits).ok());
            let code = code.and_then(|digits| u32::from_str_radix(digits, 16).ok());
            // Half of a letter may be any.
            let letter = code.and_then(char::from_u32);
            letter.is_none_or(|letter| self.texts.iter().any(|(text, _)| text.contains(letter)))
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::documents::uses::{FieldUse, uses};
    use crate::documents::wanted_uses;

    const NASTY: &str = include_str!("nasty_dashboard.json");

    /// As by reading all of the document and leaving out what is not meant.
    fn the_long_way(document: &str, filter: &FieldFilter) -> Vec<FieldUse> {
        let wanted = Wanted::new(filter);
        let all = uses("dashboards", &Node::parse(document).unwrap(), None).into_iter();
        all.filter(|used| wanted.is_meant(&used.field.model, &used.field.explore, &used.field.name)).collect()
    }

    #[test]
    fn what_is_stepped_over_uses_nothing_that_is_wanted() {
        let all = uses("dashboards", &Node::parse(NASTY).unwrap(), None);
        assert!(all.len() > 20, "the document is worth the test");
        for FieldUse { field, .. } in &all {
            let some = |text: &String| Some(text.clone());
            let (model, explore, name) = (some(&field.model), some(&field.explore), some(&field.name));
            for filter in [
                FieldFilter { name: name.clone(), ..FieldFilter::default() },
                FieldFilter { model: model.clone(), explore: explore.clone(), name },
                FieldFilter { explore, ..FieldFilter::default() },
                FieldFilter { model, ..FieldFilter::default() },
            ] {
                let found = wanted_uses("dashboards", NASTY.as_bytes(), &Wanted::new(&filter));
                assert_eq!(found, the_long_way(NASTY, &filter), "{filter:?}");
            }
        }
    }

    proptest! {
        /// Names may be spelt with escapes.
        #[test]
        fn escapes_hide_nothing(at in 0usize..12) {
            let name = "orders.count";
            let escaped = format!("{}\\u{:04x}{}", &name[..at], name.as_bytes()[at], &name[at + 1..]);
            let document = format!(
                r#"{{"dashboard_elements":[{{"id":"1","query":{{"model":"m","view":"e","fields":["{escaped}"]}}}}]}}"#
            );
            let filter = FieldFilter { name: Some(name.to_owned()), ..FieldFilter::default() };
            let found = wanted_uses("dashboards", document.as_bytes(), &Wanted::new(&filter));
            prop_assert_eq!(&found, &the_long_way(&document, &filter));
            prop_assert_eq!(found.len(), 1);
        }
    }
}
