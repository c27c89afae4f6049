//! Queries and merge queries: created once, shared by all who create the same
//! (`looker-api-facts.md` §17).

use super::dashboards::new_slug;
use super::{Edit, Failure, Wrote, bodies};
use crate::json::{self, quoted};
use crate::kinds::Kind;
use crate::reply::Problem;
use crate::state::change;

/// `POST /queries`.
pub(crate) fn create(edit: &mut Edit<'_>) -> Result<Wrote, Failure> {
    edit.require("Query")?;
    let model = edit.given.text("model").unwrap_or_default();
    let view = edit.given.text("view").unwrap_or_default();
    let explore = format!("{model}::{view}");
    if edit.world.get(Kind::LookmlModel, &model).is_none()
        || edit.world.get(Kind::Explore, &explore).is_none()
    {
        return Err(Failure::NotFound);
    }
    let ground = &edit.server.ground;
    let client_id = edit.given.text("client_id");
    if client_id.as_deref().is_some_and(|id| edit.world.queries.of_client_id(ground, id).is_some()) {
        let problem = Problem::already_exists("client_id", "client_id already in use by another query");
        return Err(Failure::Invalid(vec![problem]));
    }
    let mut changes = edit.take_given().into_changes();
    let calculates =
        changes.iter().any(|(name, value)| *name == "dynamic_fields" && value.contains("table_calculation"));
    let content = bodies::filled(bodies::QUERY, &changes);
    if let Some(id) = edit.world.queries.same(ground, &content) {
        return edit.world.queries.get(&id.to_string()).map(Wrote::Json).ok_or(Failure::NotFound);
    }
    let id = edit.world.queries.next_id();
    let slug = new_slug(id);
    for (name, value) in [
        ("id", id.to_string()),
        ("slug", slug.clone()),
        ("client_id", client_id.unwrap_or_else(|| new_slug(id))),
        ("share_url", format!("https://localhost/x/{slug}")),
        (
            "expanded_share_url",
            format!("https://localhost/explore/{model}/{view}?qid={slug}&origin=share-expanded"),
        ),
        ("url", format!("/explore/{model}/{view}?qid={slug}")),
    ] {
        change(&mut changes, name, quoted(&value));
    }
    change(&mut changes, "has_table_calculations", calculates.to_string());
    let body = bodies::filled(bodies::QUERY, &changes);
    edit.world.queries.store(id, body.clone());
    Ok(Wrote::Json(body))
}

/// `POST /merge_queries`.
pub(crate) fn merge(edit: &mut Edit<'_>) -> Result<Wrote, Failure> {
    let sources = edit.given.some("source_queries").unwrap_or("[]").to_owned();
    let sources: Vec<String> =
        json::elements(&sources).map(|source| complete(edit, source)).collect::<Result<_, _>>()?;
    if sources.is_empty() {
        return Err(Failure::Invalid(vec![super::given::required("source_queries")]));
    }
    let mut changes = edit.take_given().into_changes();
    change(&mut changes, "source_queries", format!("[{}]", sources.join(",")));
    let content = bodies::filled(bodies::MERGE_QUERY, &changes);
    let ground = &edit.server.ground;
    if let Some(id) = edit.world.queries.same_merge(ground, &content) {
        return edit.world.queries.merge(ground, &id).map(Wrote::Json).ok_or(Failure::NotFound);
    }
    let number = edit.world.queries.stored_merges() + 1;
    let id = new_slug(number);
    change(&mut changes, "id", quoted(&id));
    change(&mut changes, "result_maker_id", quoted(&(7_500_000 + number).to_string()));
    let body = bodies::filled(bodies::MERGE_QUERY, &changes);
    edit.world.queries.store_merge(&id, body.clone());
    Ok(Wrote::Json(body))
}

/// A source by its query's id and slug, whichever of them was given.
fn complete(edit: &Edit<'_>, source: &str) -> Result<String, Failure> {
    let text = |name| json::member(source, name).and_then(json::text);
    let by_id = text("query_id").and_then(|id| edit.world.queries.get(&id));
    let by_slug = || edit.world.queries.of_slug(&edit.server.ground, &text("query_slug")?);
    let query = by_id.or_else(by_slug).ok_or(Failure::NotFound)?;
    let given = |name| json::member(source, name).unwrap_or("null");
    let of_query = |name| json::member(&query, name).unwrap_or("null");
    let fields = given("merge_fields");
    Ok(format!(
        r#"{{"name":{},"query_id":{},"query_slug":{},"merge_fields":{}}}"#,
        given("name"),
        of_query("id"),
        of_query("slug"),
        if fields == "null" { "[]" } else { fields }
    ))
}
