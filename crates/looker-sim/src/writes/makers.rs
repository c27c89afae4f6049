//! Result makers: what computes a tile's data, and the filters the tile listens
//! to (`looker-api-facts.md` §14).

use super::{Edit, Failure};
use crate::json::{self, quoted};
use crate::kinds::Kind;
use crate::state::{Changes, change};
use crate::table::as_text;

const NULL: &str = "null";

/// What a tile shows.
pub(crate) enum Source {
    Query(String),
    Look(String),
    Merge(String),
}

/// A query as a result maker names it: model, view, and under what name.
struct Filterable {
    model: String,
    view: String,
    name: String,
}

/// A result maker for a source, or the same one with what is given changed.
/// Its server fills in what can be filtered; only `listen` is the client's, and
/// of several entries for one query only the first binds.
///
/// # Errors
///
/// 404 when the source does not exist.
pub(crate) fn written(
    edit: &Edit<'_>,
    maker: &str,
    source: Option<&Source>,
    given: Option<&str>,
) -> Result<String, Failure> {
    let mut changes = source.map_or_else(|| Ok(Vec::new()), |source| of_source(edit, source))?;
    for name in ["dynamic_fields", "sorts", "total", "vis_config"] {
        if let Some(value) = given.and_then(|given| json::member(given, name)).filter(|value| *value != NULL)
        {
            change(&mut changes, name, value.to_owned());
        }
    }
    let maker = json::patch(maker, &changes);
    let listens = given.and_then(|given| json::member(given, "filterables")).filter(|list| *list != NULL);
    let listens = listens.unwrap_or_else(|| json::member(&maker, "filterables").unwrap_or("[]"));
    let filterables = filterables(edit, &maker, listens);
    Ok(json::patch(&maker, &[("filterables", filterables)]))
}

/// The members of a result maker that follow from its source.
fn of_source(edit: &Edit<'_>, source: &Source) -> Result<Changes<'static>, Failure> {
    let member = |object: &str, name| json::member(object, name).unwrap_or(NULL).to_owned();
    let of_query = |query: &str| {
        vec![
            ("query_id", member(query, "id")),
            ("query", query.to_owned()),
            ("merge_result_id", NULL.to_owned()),
            ("vis_config", member(query, "vis_config")),
        ]
    };
    match source {
        Source::Query(id) => {
            edit.world.queries.get(id).map(|query| of_query(&query)).ok_or(Failure::NotFound)
        }
        Source::Look(id) => Ok(of_query(&member(as_text(&edit.row(Kind::Look, id)?.body), "query"))),
        Source::Merge(id) => {
            let merge = edit.world.queries.merge(&edit.server.ground, id).ok_or(Failure::NotFound)?;
            Ok(vec![
                ("query_id", NULL.to_owned()),
                ("query", NULL.to_owned()),
                ("merge_result_id", quoted(id)),
                ("vis_config", member(&merge, "vis_config")),
            ])
        }
    }
}

/// What can be filtered of a result maker, each with what it listens to by
/// `listens`: the entry of its name, of one query the first.
fn filterables(edit: &Edit<'_>, maker: &str, listens: &str) -> String {
    let query = json::member(maker, "query").filter(|query| *query != NULL);
    let of_query = |query: &str, name: &str| Filterable {
        model: json::member(query, "model").unwrap_or(NULL).to_owned(),
        view: json::member(query, "view").unwrap_or(NULL).to_owned(),
        name: name.to_owned(),
    };
    let sources = match query {
        Some(query) => vec![of_query(query, NULL)],
        None => merge_sources(edit, maker, &of_query),
    };
    let single = sources.len() == 1;
    let written: Vec<String> = sources
        .iter()
        .map(|source| {
            let entry = json::elements(listens)
                .find(|entry| single || json::member(entry, "name").unwrap_or(NULL) == source.name);
            let listen = entry.and_then(|entry| json::member(entry, "listen")).unwrap_or("[]");
            let listen = if listen == NULL { "[]" } else { listen };
            let Filterable { model, view, name } = source;
            format!(r#"{{"model":{model},"view":{view},"name":{name},"listen":{listen}}}"#)
        })
        .collect();
    format!("[{}]", written.join(","))
}

fn merge_sources(
    edit: &Edit<'_>,
    maker: &str,
    of_query: &dyn Fn(&str, &str) -> Filterable,
) -> Vec<Filterable> {
    let merge = json::member(maker, "merge_result_id").and_then(json::text);
    let merge = merge.and_then(|id| edit.world.queries.merge(&edit.server.ground, &id)).unwrap_or_default();
    let sources = json::member(&merge, "source_queries").unwrap_or("[]");
    json::elements(sources)
        .map(|source| {
            let id = json::member(source, "query_id").and_then(json::text).unwrap_or_default();
            let query = edit.world.queries.get(&id).unwrap_or_default();
            of_query(&query, json::member(source, "name").unwrap_or(NULL))
        })
        .collect()
}
