//! What tiles and looks show: queries, merge queries, looks.
//!
//! Queries never change under their id, and equal ones are the same: so a changed
//! query is another one, asked for by its content, and its tile or look is given
//! the id. Ids of the vault are never sent for one: they may be another query's on
//! an instance that was rebuilt, and nothing is saved by them but a call.

use looker::catalogue::Resource;

use super::accepted::{self, Accepted};
use super::compose::{Composer, Sides, key};
use super::step::{Id, Part, Symbol, Verb};
use crate::diff::Value;

/// Members of a query that Looker makes; all others are sent, whatever they are
/// called. `client_id` names one query for ever and is refused when it is in use.
const SERVERS: &[&str] =
    &["can", "client_id", "expanded_share_url", "has_table_calculations", "id", "share_url", "slug", "url"];

/// Where a tile has what it shows.
#[derive(Clone, Copy)]
enum Source<'v> {
    /// A query, by its content.
    Query(&'v Value<'v>),
    /// A query of which only the id is known.
    QueryId(&'v Value<'v>),
    /// A look, by its id.
    Look(&'v Value<'v>),
    /// A merge query, by its id.
    Merge(&'v Value<'v>),
}

fn said<'v>(document: &'v Value<'v>, path: &str) -> Option<&'v Value<'v>> {
    document.at(path).filter(|value| value.text() != "null")
}

fn source<'v>(tile: &'v Value<'v>) -> Option<Source<'v>> {
    said(tile, "look_id")
        .map(Source::Look)
        .or_else(|| said(tile, "merge_result_id").map(Source::Merge))
        .or_else(|| said(tile, "result_maker.merge_result_id").map(Source::Merge))
        .or_else(|| said(tile, "query").map(Source::Query))
        .or_else(|| said(tile, "result_maker.query").map(Source::Query))
        .or_else(|| said(tile, "query_id").map(Source::QueryId))
}

/// Whether a tile shows data; others are texts, buttons and the like.
pub(super) fn shows_data(tile: &Value<'_>) -> bool {
    source(tile).is_some()
}

/// The members of a query that make it what it is, as far as the instance takes them.
fn content<'v>(query: &'v Value<'v>, accepted: Option<&Accepted>) -> Vec<(&'v str, &'v str)> {
    let members = query.members().iter().filter(|(name, value)| {
        let takes = accepted.is_none_or(|accepted| accepted.takes("Query", name));
        takes && !SERVERS.contains(name) && value.text() != "null" && !value.text().contains("$lookervault")
    });
    members.map(|(name, value)| (*name, value.text())).collect()
}

/// What a tile shows, and what it listens to.
pub(super) fn of_tile(composer: &mut Composer<'_>, sides: Sides<'_>, body: &mut Vec<(String, Part)>) {
    let live = sides.live.and_then(source);
    if let Some(wanted) = source(sides.wanted)
        && !live.is_some_and(|live| is_same(composer, live, wanted) || is_lost(composer, wanted))
    {
        let (field, id) = match wanted {
            Source::Query(query) => ("query_id", composer.query(query)),
            Source::QueryId(id) => ("query_id", composer.stored_query(&id.as_name().unwrap_or_default())),
            Source::Look(id) => ("look_id", composer.id("looks", &id.as_name().unwrap_or_default())),
            Source::Merge(id) => ("merge_result_id", composer.merge(&id.as_name().unwrap_or_default())),
        };
        body.push((field.to_owned(), Part::Id(id)));
    }
    let mut made = Vec::new();
    // Listeners that are left out are lost, so they are sent all together.
    if listeners(sides.wanted) != sides.live.map(listeners).unwrap_or_default() {
        let all = said(sides.wanted, "result_maker.filterables").map_or("[]", Value::text);
        made.extend(Part::json(all).map(|part| ("filterables".to_owned(), part)));
    }
    if let Some(own) = own_vis(sides.wanted)
        && sides.live.and_then(own_vis) != Some(own)
    {
        made.extend(Part::json(own).map(|part| ("vis_config".to_owned(), part)));
    }
    if !made.is_empty() {
        body.push(("result_maker".to_owned(), Part::Object(made)));
    }
    if let Some(id) = said(sides.wanted, "filter_id").and_then(Value::as_name) {
        let id = composer.id("dashboard_filters", &id);
        let live = sides.live.and_then(|live| said(live, "filter_id")?.as_name());
        let has_it = live.is_some_and(|live| matches!(&id, Id::Known(id) if *id == live));
        if !has_it {
            body.push(("filter_id".to_owned(), Part::Id(id)));
        }
    }
}

/// What a tile listens to, source by source: the rest of an entry the server fills in,
/// and one that listens to nothing says nothing.
fn listeners<'v>(tile: &'v Value<'v>) -> Vec<(&'v str, &'v str)> {
    let all = said(tile, "result_maker.filterables").map_or(&[][..], Value::elements);
    let entry = |one: &'v Value<'v>| {
        let listen = one.member("listen").filter(|listen| !listen.is_nothing())?;
        Some((one.member("name").map_or("null", Value::text), listen.text()))
    };
    all.iter().filter_map(entry).collect()
}

/// What a tile shows its data as, where that is not the query's own; of a merge query
/// nobody can tell without reading it.
fn own_vis<'v>(tile: &'v Value<'v>) -> Option<&'v str> {
    let own = said(tile, "result_maker.vis_config")?.text();
    let of_query = said(tile, "query.vis_config").or_else(|| said(tile, "result_maker.query.vis_config"));
    match source(tile)? {
        Source::Merge(_) => Some(own),
        Source::Query(_) => of_query.is_none_or(|of_query| of_query.text() != own).then_some(own),
        _ => None,
    }
}

fn is_same(composer: &Composer<'_>, live: Source<'_>, wanted: Source<'_>) -> bool {
    let is_id = |live: &Value<'_>, id: Id| match id {
        Id::Known(id) => live.as_name().is_some_and(|live| live == id),
        // One that is made anew has another id, whatever the tile says.
        Id::Of(symbol) => {
            !composer.world.made.contains(&symbol) && live.as_name().is_some_and(|live| live == symbol.key)
        }
    };
    let named = |resource: &str, id: &Value<'_>| composer.id(resource, &id.as_name().unwrap_or_default());
    match (live, wanted) {
        (Source::Query(live), Source::Query(wanted)) => {
            let accepted = composer.world.accepted;
            content(live, accepted) == content(wanted, accepted)
        }
        (Source::Look(live), Source::Look(wanted)) => is_id(live, named("looks", wanted)),
        (Source::Merge(live), Source::Merge(wanted)) => is_id(live, named("merge_queries", wanted)),
        (Source::QueryId(live), Source::QueryId(wanted)) => is_id(live, named("queries", wanted)),
        _ => false,
    }
}

/// Whether a tile is left as it is because the look that it showed is gone.
fn is_lost(composer: &mut Composer<'_>, wanted: Source<'_>) -> bool {
    let Source::Look(id) = wanted else { return false };
    let symbol = Symbol::new("looks", id.as_name().unwrap_or_default());
    let is_lost = composer.world.manner.leaves_lost && composer.world.absent.contains(&symbol);
    if is_lost {
        composer.note(format!("a tile showed look {}, which is gone: it is left as it is", symbol.key));
    }
    is_lost
}

/// What a look shows, or a schedule sends that is on no content.
pub(super) fn by_id(composer: &mut Composer<'_>, sides: Sides<'_>, body: &mut Vec<(String, Part)>) {
    let Some(wanted) = said(sides.wanted, "query_id").and_then(Value::as_name) else { return };
    let known = match composer.id("queries", &wanted) {
        Id::Known(id) => id,
        Id::Of(symbol) => symbol.key,
    };
    let live = sides.live.and_then(|live| said(live, "query_id")?.as_name());
    if live.is_none_or(|live| live != known) {
        let id = composer.stored_query(&wanted);
        body.push(("query_id".to_owned(), Part::Id(id)));
    }
}

impl Composer<'_> {
    /// The id of the query of this content.
    pub(super) fn query(&mut self, query: &Value<'_>) -> Id {
        let content = content(query, self.world.accepted);
        let taken = |(name, _): &(&str, &str)| content.iter().any(|(taken, _)| taken == name);
        for (name, _) in self::content(query, None).iter().filter(|member| !taken(member)) {
            self.note(accepted::not_sent(&format!("query: {name}")));
        }
        let text = format!("{content:?}");
        if let Some(symbol) = self.queries.get(&text) {
            return Id::Of(symbol.clone());
        }
        self.note_colours(query);
        let member = |(name, _): &(&str, &str)| Some(((*name).to_owned(), self.text(query.member(name)?)?));
        let body = content.iter().filter_map(member).collect();
        if let Some(model) = query.member("model").and_then(Value::as_name) {
            self.requires.insert(("lookml_models", model.into_owned()));
        }
        self.reuse("queries", key(query), text, "query".to_owned(), body)
    }

    /// Colours of a chart are those of a collection and a palette in it, both by ids, which
    /// are others where the collection was made anew.
    fn note_colours(&mut self, query: &Value<'_>) {
        let Some(key) = said(query, "vis_config.color_application.collection_id").and_then(Value::as_name)
        else {
            return;
        };
        let symbol = Symbol::new("color_collections", &*key);
        let is_moved = self.world.ids.get(&symbol).is_some_and(|id| *id != symbol.key);
        if is_moved || self.world.made.contains(&symbol) {
            self.note(format!(
                "charts name colour collection {key}, which has another id now: choose it again"
            ));
        }
    }

    /// The id of a query that the vault has as an object of its own.
    fn stored_query(&mut self, id: &str) -> Id {
        let stored = (self.world.stored)("queries", id);
        match stored.as_deref().map(Value::parse) {
            Some(Ok(query)) => self.query(&query),
            // Then it can only be the one of this id.
            _ => Id::Of(Symbol::new("queries", id)),
        }
    }

    /// The id of a merge query, made from its sources.
    fn merge(&mut self, id: &str) -> Id {
        let stored = (self.world.stored)("merge_queries", id);
        let Some(Ok(merge)) = stored.as_deref().map(Value::parse) else {
            return Id::Of(Symbol::new("merge_queries", id));
        };
        let mut body = Vec::new();
        for (name, value) in merge.members() {
            if matches!(*name, "id" | "can" | "result_maker_id") || value.text() == "null" {
                continue;
            }
            let part = if *name == "source_queries" {
                Some(Part::List(value.elements().iter().map(|source| self.merge_source(source)).collect()))
            } else {
                Part::json(value.text())
            };
            body.extend(part.map(|part| ((*name).to_owned(), part)));
        }
        let text = format!("merge {id}");
        if let Some(symbol) = self.queries.get(&text) {
            return Id::Of(symbol.clone());
        }
        self.reuse("merge_queries", Some(id.to_owned()), text, "merge query".to_owned(), body)
    }

    fn merge_source(&mut self, source: &Value<'_>) -> Part {
        let mut members = Vec::new();
        for (name, value) in source.members() {
            match *name {
                "query_slug" => {}
                "query_id" => {
                    let id = self.stored_query(&value.as_name().unwrap_or_default());
                    members.push(("query_id".to_owned(), Part::Id(id)));
                }
                _ => members.extend(Part::json(value.text()).map(|part| ((*name).to_owned(), part))),
            }
        }
        Part::Object(members)
    }

    /// Asks for what there is only one of.
    fn reuse(
        &mut self,
        resource: &'static str,
        key: Option<String>,
        content: String,
        about: String,
        body: Vec<(String, Part)>,
    ) -> Id {
        let symbol = self.free(&Symbol::new(resource, key.unwrap_or_default()), &content);
        self.queries.insert(content, symbol.clone());
        self.asked.insert(symbol.clone());
        let Some(resource) = Resource::find(resource) else { return Id::Of(symbol) };
        self.add(Verb::Reuse, resource, symbol.key.clone(), about, None, body);
        Id::Of(symbol)
    }

    /// What a query of this content goes by. One within a tile may be told otherwise than
    /// by itself: then two have one id, and the second goes by its content.
    pub(super) fn free(&self, symbol: &Symbol, content: &str) -> Symbol {
        if !symbol.key.is_empty() && !self.asked.contains(symbol) {
            return symbol.clone();
        }
        Symbol::new(&symbol.resource, vault::BodyHash::of(content.as_bytes()).to_string())
    }
}
