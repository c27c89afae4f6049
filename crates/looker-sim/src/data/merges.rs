//! Merge queries: like queries, each a function of its number. They are asked
//! for by a slug (`looker-api-facts.md` §18).

use std::collections::HashMap;
use std::sync::OnceLock;

use fastrand::Rng;

use super::queries::{self, explore_of, push_vis_config};
use super::{Ground, words};
use crate::json::{Writer, quoted};

/// One of the queries whose results are merged.
#[derive(Debug)]
pub(super) struct Source {
    pub(super) query: u64,
    pub(super) name: String,
}

/// Merge queries have numbers from 1 to this; tiles share some of them.
pub(super) fn count(queries: u64) -> u64 {
    queries / 6 + 1
}

/// The id of a merge query.
pub(super) fn slug_of(seed: u64, number: u64) -> String {
    words::slug(&mut Rng::with_seed(seed ^ number.wrapping_mul(0x2545_F491) ^ 0x3E26))
}

/// The queries that are merged, the primary one first.
pub(super) fn sources(seed: u64, number: u64, queries: u64) -> Vec<Source> {
    let mut rng = Rng::with_seed(seed ^ number.wrapping_mul(0x8564_18E7) ^ 0x50);
    let mut source = |n: usize| {
        let heading = words::title(&mut rng);
        Source { query: 1 + rng.u64(..queries.max(1)), name: format!("{heading} (q{n})") }
    };
    (1..=2 + number as usize % 3).map(&mut source).collect()
}

/// Appends a `MergeQuery`.
pub(crate) fn push_merge_query(ground: &Ground, number: u64, w: &mut Writer) {
    let seed = ground.seed;
    let mut rng = Rng::with_seed(seed ^ number.wrapping_mul(0x1656_67B1) ^ 0x3E);
    let sources = sources(seed, number, ground.queries);
    let (_, _, primary) = explore_of(seed, sources[0].query);
    w.begin('{');
    w.members(r#""can":{"run":true,"show":true,"create":true,"index":true,"download":true}"#);
    w.text("id", &slug_of(seed, number));
    w.raw("column_limit", ["\"50\"", "null"][rng.usize(..2)]);
    w.raw("limit", ["\"500\"", "\"5000\"", "null"][rng.usize(..3)]);
    w.raw("pivots", if rng.u8(..4) == 0 { "[]" } else { "null" });
    w.id("result_maker_id", 7_000_000 + number);
    w.raw("sorts", &format!("[{}]", quoted(&format!("{} desc 0", primary[0]))));
    w.bool("total", rng.bool());
    push_dynamic_fields(primary, &mut rng, w);
    w.begin_at("source_queries", '[');
    for (n, source) in sources.iter().enumerate() {
        push_source(seed, n, source, primary, w);
    }
    w.end(']');
    push_vis_config("vis_config", primary, &mut rng, w);
    w.members(r#""x_merge":{"strategy":null,"weight":1.0}"#);
    w.end('}');
}

/// JSON inside a string, as Looker sends it.
fn push_dynamic_fields(fields: &[&str], rng: &mut Rng, w: &mut Writer) {
    let calculation = format!(
        r#"[{{"category":"table_calculation","expression":"${{{}}} * 1.0","label":"größer","table_calculation":"more"}}]"#,
        fields[0]
    );
    w.opt("dynamic_fields", rng.bool().then_some(calculation.as_str()));
}

/// The first source has no fields to map: the others are mapped onto its.
fn push_source(seed: u64, n: usize, source: &Source, primary: &[&str], w: &mut Writer) {
    let (_, _, fields) = explore_of(seed, source.query);
    w.begin('{');
    w.text("name", &source.name);
    w.id("query_id", source.query);
    w.text("query_slug", &queries::slug_of(seed, source.query));
    w.begin_at("merge_fields", '[');
    let pairs = primary.iter().zip(fields).take(if n == 0 { 0 } else { 2 });
    for (field, of_source) in pairs {
        w.begin('{');
        w.text("field_name", field);
        w.text("source_field_name", of_source);
        w.members(r#""x_join":null"#);
        w.end('}');
    }
    w.end(']');
    w.members(r#""x_source":{"order":1E0}"#);
    w.end('}');
}

/// Slugs and what they stand for, written down when first asked for.
#[derive(Debug, Default)]
pub(crate) struct Slugs {
    queries: OnceLock<HashMap<String, u64>>,
    merges: OnceLock<HashMap<String, u64>>,
}

impl Ground {
    /// The query of a slug.
    pub(crate) fn query_of_slug(&self, slug: &str) -> Option<u64> {
        let all = || (1..=self.queries).map(|id| (queries::slug_of(self.seed, id), id)).collect();
        self.slugs.queries.get_or_init(all).get(slug).copied()
    }

    /// The number of the merge query of a slug.
    pub(crate) fn merge_of_slug(&self, slug: &str) -> Option<u64> {
        let all = || self.merges().map(|number| (slug_of(self.seed, number), number)).collect();
        self.slugs.merges.get_or_init(all).get(slug).copied()
    }

    /// The numbers of all merge queries.
    pub(crate) fn merges(&self) -> std::ops::RangeInclusive<u64> {
        1..=count(self.queries)
    }

    /// The id of a merge query.
    pub(crate) fn merge_slug(&self, number: u64) -> String {
        slug_of(self.seed, number)
    }
}
