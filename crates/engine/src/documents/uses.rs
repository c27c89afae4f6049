//! The fields that a document uses, and where.
//!
//! A query names fields in many places: what it shows and pivots, filters and
//! sorts, custom fields and table calculations (JSON within a string, with
//! expressions within that), options of its chart. A dashboard holds queries in
//! its tiles, in up to three places of each, and more fields in its filters and in
//! what tiles listen to them with. Where a document does not say what explore its
//! fields are on (merge queries, alerts), explore and model stay empty.

use vault::FieldName;

use super::names;
use super::node::Node;
use super::place::{Part, Place};
use super::wanted::Wanted;

/// A field at a place. The name is empty where an explore as a whole is used.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FieldUse {
    /// The field.
    pub field: FieldName,
    /// Where.
    pub place: Place,
}

/// The fields that a document of a kind uses, in order, each at each place once; only
/// those that are `wanted`, if that is said.
pub(super) fn uses(kind: &str, document: &Node, wanted: Option<&Wanted<'_>>) -> Vec<FieldUse> {
    let mut found = Found { wanted, ..Found::default() };
    match kind {
        "dashboards" | "lookml_dashboards" => found.dashboard(document),
        "queries" => found.query(document),
        "looks" => found.query_at(document, "query"),
        "merge_queries" => found.merge_query(document),
        "alerts" => found.alert(document),
        "agents" => document.items("sources").iter().for_each(|source| found.source(source)),
        _ => {}
    }
    found.uses.sort_unstable();
    found.uses.dedup();
    found.uses
}

#[derive(Default)]
struct Found<'w> {
    wanted: Option<&'w Wanted<'w>>,
    uses: Vec<FieldUse>,
    /// The explore that names are on now.
    model: String,
    explore: String,
    /// The part that the walk is in.
    part: Option<Part>,
}

impl Found<'_> {
    fn note(&mut self, name: &str, place: &str) {
        if self.wanted.is_some_and(|wanted| !wanted.is_meant(&self.model, &self.explore, name)) {
            return;
        }
        self.uses.push(FieldUse {
            field: FieldName {
                model: self.model.clone(),
                explore: self.explore.clone(),
                name: name.to_owned(),
            },
            place: Place { part: self.part.clone(), field: place.to_owned() },
        });
    }

    /// Whether a text may name a field that is wanted; most do not, and need not be
    /// taken apart.
    fn may_name(&self, text: &str) -> bool {
        self.wanted.is_none_or(|wanted| wanted.may_name(text))
    }

    fn note_field(&mut self, name: &str, place: &str) {
        if !self.may_name(name) {
            return;
        }
        if let Some(name) = names::of_field(name) {
            self.note(name, place);
        }
    }

    /// From here on names are on this explore.
    fn on(&mut self, model: Option<&str>, explore: Option<&str>) {
        model.unwrap_or_default().clone_into(&mut self.model);
        explore.unwrap_or_default().clone_into(&mut self.explore);
    }

    fn dashboard(&mut self, dashboard: &Node) {
        for tile in dashboard.items("dashboard_elements") {
            self.part = Part::of("dashboard_elements", tile);
            self.tile(tile);
        }
        for filter in dashboard.items("dashboard_filters") {
            self.part = Part::of("dashboard_filters", filter);
            self.on(filter.text("model"), filter.text("explore"));
            if let Some(dimension) = filter.text("dimension") {
                self.note_field(dimension, "dimension");
            }
        }
        self.part = None;
    }

    /// A tile's query is in itself, in its look, in what computes its data.
    fn tile(&mut self, tile: &Node) {
        self.query_at(tile, "query");
        if let Some(look) = tile.get("look") {
            self.query_at(look, "query");
        }
        let Some(maker) = tile.get("result_maker") else { return };
        self.query_at(maker, "query");
        let query = [maker.get("query"), tile.get("query")].into_iter().flatten().next();
        self.on(query.and_then(|query| query.text("model")), query.and_then(|query| query.text("view")));
        self.computed(maker);
        for filterable in maker.items("filterables") {
            self.on(filterable.text("model"), filterable.text("view"));
            for listener in filterable.items("listen") {
                let filter = listener.text("dashboard_filter_name").unwrap_or_default();
                if let Some(field) = listener.text("field") {
                    self.note_field(field, &format!("listens to \"{filter}\""));
                }
            }
        }
    }

    fn query_at(&mut self, holder: &Node, key: &str) {
        if let Some(query) = holder.get(key) {
            self.query(query);
        }
    }

    fn query(&mut self, query: &Node) {
        let (model, explore) = (query.text("model"), query.text("view"));
        if model.is_none() && explore.is_none() {
            return;
        }
        self.on(model, explore);
        self.note("", "query");
        for list in ["fields", "fill_fields", "subtotals"] {
            self.list(query, list);
        }
        for map in ["filters", "filter_config"] {
            self.keys(query, map);
        }
        if let Some(expression) = query.text("filter_expression") {
            self.expression(expression, "filter_expression");
        }
        self.computed(query);
    }

    /// What queries, merge queries and result makers have in common.
    fn computed(&mut self, query: &Node) {
        self.list(query, "pivots");
        for sort in query.items("sorts").iter().filter_map(Node::as_text) {
            if let Some(field) = names::in_sort(sort) {
                self.note(field, "sorts");
            }
        }
        match query.get("dynamic_fields") {
            Some(Node::Text(text)) => {
                if let Some(fields) = Node::parse(text) {
                    fields.elements().iter().for_each(|field| self.dynamic_field(field));
                }
            }
            Some(fields) => fields.elements().iter().for_each(|field| self.dynamic_field(field)),
            None => {}
        }
        for place in ["vis_config", "analysis_config"] {
            if let Some(options) = query.get(place) {
                self.options(options, place);
            }
        }
    }

    fn list(&mut self, query: &Node, key: &str) {
        for name in query.items(key).iter().filter_map(Node::as_text) {
            self.note_field(name, key);
        }
    }

    fn keys(&mut self, query: &Node, key: &str) {
        for (name, _) in query.get(key).map_or(&[][..], Node::members) {
            self.note_field(name, key);
        }
    }

    fn expression(&mut self, expression: &str, place: &str) {
        for name in names::in_expression(expression) {
            self.note(name, place);
        }
    }

    /// A table calculation, a custom dimension or a custom measure.
    fn dynamic_field(&mut self, field: &Node) {
        let calculation = field.text("table_calculation");
        let own = ["dimension", "measure"].iter().find_map(|key| field.text(key));
        let label = field.text("label").or(calculation).or(own).unwrap_or_default();
        let sort = if calculation.is_some() { "table calculation" } else { "dynamic field" };
        let place = format!("{sort} \"{label}\"");
        for key in ["expression", "filter_expression"] {
            if let Some(expression) = field.text(key) {
                self.expression(expression, &place);
            }
        }
        if let Some(based_on) = field.text("based_on") {
            self.note_field(based_on, &place);
        }
        for name in field.items("args").iter().filter_map(Node::as_text) {
            self.note_field(name, &place);
        }
        for (name, _) in field.get("filters").map_or(&[][..], Node::members) {
            self.note_field(name, &place);
        }
    }

    /// Options of a chart name fields as keys and as values, hidden ones too.
    fn options(&mut self, options: &Node, place: &str) {
        match options {
            Node::Text(text) if !self.may_name(text) => {}
            Node::Text(text) => names::in_option(text).for_each(|name| self.note(name, place)),
            Node::List(elements) => elements.iter().for_each(|element| self.options(element, place)),
            Node::Object(members) => {
                for (key, value) in members {
                    if self.may_name(key) {
                        names::in_option(key).for_each(|name| self.note(name, place));
                    }
                    self.options(value, place);
                }
            }
            Node::Null | Node::Plain(_) => {}
        }
    }

    /// Names are those of its sources, which it refers to by id.
    fn merge_query(&mut self, merge: &Node) {
        self.computed(merge);
        for source in merge.items("source_queries") {
            self.part = Part::of("source_queries", source);
            for pair in source.items("merge_fields") {
                for key in ["field_name", "source_field_name"] {
                    if let Some(name) = pair.text(key) {
                        self.note_field(name, "merge_fields");
                    }
                }
            }
        }
    }

    fn alert(&mut self, alert: &Node) {
        if let Some(field) = alert.get("field") {
            if let Some(name) = field.text("name") {
                self.note_field(name, "field");
            }
            for filter in field.items("filter").iter().filter_map(|filter| filter.text("field_name")) {
                self.note_field(filter, "field");
            }
        }
        for filter in alert.items("applied_dashboard_filters") {
            if let Some(name) = filter.text("field_name") {
                self.note_field(name, "applied_dashboard_filters");
            }
        }
    }

    /// An explore that an agent answers from.
    fn source(&mut self, source: &Node) {
        if source.text("model").is_some() {
            self.on(source.text("model"), source.text("explore"));
            self.note("", "sources");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As `model::explore field, place`.
    fn found(kind: &str, document: &str) -> Vec<String> {
        let uses = uses(kind, &Node::parse(document).unwrap(), None);
        let line = |one: &FieldUse| {
            let FieldName { model, explore, name } = &one.field;
            format!("{model}::{explore} {name} | {}", one.place)
        };
        uses.iter().map(line).collect()
    }

    #[test]
    fn a_nasty_dashboard_gives_up_every_field_it_uses() {
        insta::assert_snapshot!(found("dashboards", include_str!("nasty_dashboard.json")).join("\n"));
    }

    #[test]
    fn merge_queries_and_alerts_do_not_say_the_explore() {
        let merge = r#"{"id":"x","sorts":["orders.count desc"],"pivots":null,
            "dynamic_fields":"[{\"table_calculation\":\"c\",\"expression\":\"${orders.total}\"}]",
            "source_queries":[{"name":"q1","query_id":"7","merge_fields":[]},
                {"name":null,"query_id":"8","merge_fields":[{"field_name":"orders.id","source_field_name":"items.order_id"}]}]}"#;
        assert_eq!(
            found("merge_queries", merge),
            [
                ":: items.order_id | merge source: merge_fields",
                ":: orders.count | sorts",
                ":: orders.id | merge source: merge_fields",
                ":: orders.total | table calculation \"c\"",
            ]
        );
        let alert = r#"{"field":{"name":"orders.count","filter":[{"field_name":"orders.state"}]},
            "applied_dashboard_filters":[{"field_name":"orders.region"}]}"#;
        assert_eq!(
            found("alerts", alert),
            [
                ":: orders.count | field",
                ":: orders.region | applied_dashboard_filters",
                ":: orders.state | field",
            ]
        );
    }

    #[test]
    fn what_is_broken_or_of_another_kind_uses_nothing() {
        assert_eq!(found("queries", r#"{"model":null,"view":null,"fields":["a.b"]}"#), [""; 0]);
        assert_eq!(found("users", r#"{"model":"m","view":"v","fields":["a.b"]}"#), [""; 0]);
        let broken =
            r#"{"model":"m","view":"v","fields":"a.b","sorts":{},"dynamic_fields":"[{","filters":["a.b"]}"#;
        assert_eq!(found("queries", broken), ["m::v  | query"]);
    }
}
