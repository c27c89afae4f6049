//! What restores of dashboards cost: formulas, counted on the documents that come back.
//!
//! What comes first in each is the least that the API allows; what comes on top has
//! its reason beside it.

use std::collections::{BTreeMap, BTreeSet};

use looker_sim::Kind;
use serde_json::Value;

use super::looker::Looker;

/// Rows of a page of dashboards.
const PAGE: usize = 100;

/// What somebody has done to every dashboard of an instance.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Damage {
    /// Given it another title.
    Titles,
    /// Moved it to the trash.
    Trashed,
    /// Deleted it for good.
    Purged,
}

/// Calls by what they are for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Price {
    /// Requests that write.
    pub(crate) writes: u64,
    /// Pages and looks without which nobody could write or check.
    pub(crate) reads: u64,
    /// Beyond the least, each with its reason.
    pub(crate) above: BTreeMap<&'static str, u64>,
}

/// What is to come back, as the instance has it before anything is done to it.
pub(crate) struct Documents {
    pub(crate) dashboards: Vec<Value>,
    /// Sources of merge queries, by id.
    sources: BTreeMap<String, Value>,
    /// By id, as they are told by themselves.
    queries: BTreeMap<String, Value>,
    /// Calls that list the alerts once the dashboards are gone: that others went with these
    /// is believed when a second page is empty.
    pages_of_alerts: u64,
}

impl Documents {
    pub(crate) fn of(looker: &Looker) -> Self {
        let dashboards = looker.export(Kind::Dashboard);
        let dashboards: Vec<Value> =
            dashboards.iter().map(|(_, body)| serde_json::from_slice(body).unwrap()).collect();
        let made = |name| -> BTreeMap<String, Value> {
            let made = looker.export_made(name).into_iter();
            made.map(|(id, body)| (id, serde_json::from_str(&body).unwrap())).collect()
        };
        let mut sources = made("merge_query");
        for merge in sources.values_mut() {
            *merge = merge["source_queries"].take();
        }
        let pages_of_alerts = pages_of_alerts(looker, &dashboards);
        Self { dashboards, sources, queries: made("query"), pages_of_alerts }
    }

    /// Queries and merge queries of tiles with what is merged, each content once.
    fn queries(&self) -> u64 {
        let (mut merges, mut asked) = (BTreeSet::new(), BTreeSet::new());
        for tile in self.dashboards.iter().flat_map(|one| one["dashboard_elements"].as_array().unwrap()) {
            if let Some(id) = tile["merge_result_id"].as_str() {
                merges.insert(id);
                let sources = self.sources[id].as_array().unwrap().iter();
                let ids = sources.filter_map(|one| one["query_id"].as_str());
                asked.extend(ids.map(|id| content(&self.queries[id])));
                continue;
            }
            // A tile of the newer sort has its query in what makes its results.
            for place in [tile, &tile["result_maker"]] {
                if place["query"].is_object() {
                    asked.insert(content(&place["query"]));
                    break;
                }
            }
        }
        (merges.len() + asked.len()) as u64
    }
}

fn pages_of_alerts(looker: &Looker, dashboards: &[Value]) -> u64 {
    let tiles = dashboards.iter().flat_map(|one| one["dashboard_elements"].as_array().unwrap());
    let tiles: BTreeSet<&str> = tiles.filter_map(|tile| tile["id"].as_str()).collect();
    let alerts = looker.export(Kind::Alert);
    let alerts = alerts.iter().map(|(_, body)| serde_json::from_slice::<Value>(body).unwrap());
    let goes = |alert: Value| alert["dashboard_element_id"].as_str().is_some_and(|tile| tiles.contains(tile));
    let (gone, left): (Vec<bool>, Vec<bool>) = alerts.map(goes).partition(|goes| *goes);
    if gone.is_empty() || left.is_empty() { 1 } else { 2 }
}

/// What a query asks, without what Looker makes of it.
fn content(query: &Value) -> String {
    const MADE: &[&str] = &[
        "can",
        "client_id",
        "expanded_share_url",
        "has_table_calculations",
        "id",
        "share_url",
        "slug",
        "url",
    ];
    let members = query.as_object().unwrap().iter();
    let asks: BTreeMap<&String, &Value> =
        members.filter(|(name, value)| !MADE.contains(&name.as_str()) && !value.is_null()).collect();
    serde_json::to_string(&asks).unwrap()
}

impl Price {
    /// The least that the API allows.
    pub(crate) fn least(&self) -> u64 {
        self.writes + self.reads
    }

    pub(crate) fn total(&self) -> u64 {
        self.least() + self.above.values().sum::<u64>()
    }
}

impl Damage {
    pub(crate) const ALL: [Self; 3] = [Self::Titles, Self::Trashed, Self::Purged];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Titles => "titles changed",
            Self::Trashed => "trashed",
            Self::Purged => "purged",
        }
    }

    /// Does it to every dashboard.
    pub(crate) fn wreck(self, looker: &Looker) {
        for id in looker.ids(Kind::Dashboard, false) {
            match self {
                Self::Titles => looker.edit(Kind::Dashboard, &id, &[("title", &format!("\"Other {id}\""))]),
                Self::Trashed => looker.trash(Kind::Dashboard, &id),
                Self::Purged => {
                    looker.trash(Kind::Dashboard, &id).and_then(|()| looker.purge(Kind::Dashboard, &id))
                }
            }
            .unwrap();
        }
    }

    /// What it costs to bring all of these back, on an instance that has no others.
    pub(crate) fn price(self, documents: &Documents) -> Price {
        let dashboards = &documents.dashboards;
        let count = dashboards.len();
        let pages = pages(documents);
        let mut price = Price { writes: count as u64, reads: 2 * pages, ..Price::default() };
        price.above.insert("what the account may do", 1);
        if self != Self::Titles {
            price.above.insert("what is live is looked at before the trash", 1);
            price.above.insert("titles and slugs that are taken, on either side", 2);
        }
        if self == Self::Purged {
            // Nothing is left to be read but what came back, and nothing is in the trash.
            price.reads = pages;
            price.above.insert("whether it is in the trash", 1);
            price.above.insert("folders, models and owners that it needs", 3);
            // Dashboards are in the listing of titles.
            price.above.insert("looks, boards and schedules that may refer to it", 3);
            price.above.insert("alerts that may refer to it", documents.pages_of_alerts);
            // The places of new tiles have ids that only a look tells.
            price.reads += count as u64;
            price.writes += dashboards.iter().map(parts).sum::<u64>() + documents.queries();
        }
        price
    }
}

/// Pages of all these. A full last page does not tell that it is the last.
pub(crate) fn pages(documents: &Documents) -> u64 {
    (documents.dashboards.len() / PAGE + 1) as u64
}

/// Requests for the parts of a dashboard that is made anew, beside its queries. It is
/// born with its first layout, which is set right by one, as every other place is.
fn parts(dashboard: &Value) -> u64 {
    let list = |of: &Value, name: &str| of[name].as_array().map_or(0, Vec::len) as u64;
    let layouts = dashboard["dashboard_layouts"].as_array().into_iter().flatten();
    let places: u64 = layouts.map(|layout| list(layout, "dashboard_layout_components")).sum();
    let own: u64 = ["dashboard_filters", "dashboard_elements", "dashboard_layouts"]
        .into_iter()
        .map(|name| list(dashboard, name))
        .sum();
    let is_certified = dashboard["certification_metadata"]["certification_status"] == "certified";
    own + places + u64::from(is_certified)
}
