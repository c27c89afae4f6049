//! Objects that are edited in the moment in which they are read.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use jiff::{SignedDuration, Timestamp};
use looker_sim::{Kind, Served, SimConfig};
use serde_json::{Value, json};

use crate::support::World;
use crate::support::front::{Exchange, Front};
use crate::support::looker::Looker;
use crate::support::requests::is_listing;

fn config() -> SimConfig {
    SimConfig { seed: 17, dashboards: 40, looks: 0, trash_percent: 0, ..SimConfig::default() }
}

/// Gives a dashboard a description and a stamp.
fn edit(looker: &Looker, id: &str, text: &str, stamp: Timestamp) {
    let [text, stamp] = [text.to_owned(), stamp.to_string()].map(|text| Value::from(text).to_string());
    looker.set(Kind::Dashboard, id, &[("description", &text), ("updated_at", &stamp)]).unwrap();
}

fn description(world: &World, id: &str) -> Value {
    world.json(&format!("show dashboard {id}"))["parts"]["object"]["description"].clone()
}

/// The ids of dashboards that were read in full.
fn read(requests: &[Served]) -> Vec<String> {
    let full =
        requests.iter().filter(|served| served.operation == "search_dashboards" && !is_listing(served));
    let ids = full.map(|served| served.query.iter().find(|(name, _)| name == "id"));
    ids.map(|id| id.map_or("a page".to_owned(), |(_, value)| value.clone())).collect()
}

#[test]
fn what_is_edited_before_each_closing_listing_is_named_after_three_of_them() {
    let looker = Arc::new(Looker::start(config()));
    let id = looker.ids(Kind::Dashboard, false)[3].clone();
    let (behind, busy, edits) = (Arc::clone(&looker), id.clone(), Arc::new(AtomicI64::new(0)));
    let counted = Arc::clone(&edits);
    // As soon as it was read, it is edited once more.
    let front = Front::before(looker.port(), move |exchange: &Exchange| {
        let is_full =
            exchange.request.contains("/dashboards/search?") && !exchange.request.contains("fields=");
        if is_full {
            let nth = edits.fetch_add(1, Ordering::SeqCst) + 1;
            let hour_ago = Timestamp::now() - SignedDuration::from_hours(1);
            edit(&behind, &busy, &format!("Edit {nth}"), hour_ago + SignedDuration::from_mins(nth));
        }
        None
    });
    let world = looker.world_at(&front.url());
    let report = world.extract("dashboards").complete();
    assert_eq!(report["closing_rounds"], 3, "{report}");
    assert_eq!(report["moving"], json!([format!("dashboard {id}")]));
    // One page, and once after each listing; the last of them is not held back.
    assert_eq!(read(&looker.requests()), ["a page", &id, &id, &id]);
    assert_eq!(description(&world, &id), format!("Edit {}", counted.load(Ordering::SeqCst) - 1));
    assert_eq!(world.json("runs show 1")["run"]["totals"]["moving"], json!([format!("dashboard {id}")]));

    // The next run finds the edit that came after the last read, and so on.
    let next = world.extract("dashboards").complete();
    assert_eq!(next["kinds"][0]["changed"], 1, "{next}");
}

/// By the server's clock, which is not ours in the second case.
#[test]
fn what_is_edited_within_two_seconds_of_its_read_is_read_again() {
    for ahead in [SignedDuration::ZERO, SignedDuration::from_hours(1), SignedDuration::from_hours(-1)] {
        let looker = Looker::start(config());
        let front = Front::before(looker.port(), |_| None);
        let world = looker.world_at(&front.url());
        let now = Timestamp::from_second((Timestamp::now() + ahead).as_second()).unwrap();
        front.set_date(now);
        world.extract("dashboards").complete();
        let ids = looker.ids(Kind::Dashboard, false);
        let [within, before] = [&ids[4], &ids[9]];
        let just_now = now - SignedDuration::from_secs(1);
        edit(&looker, within, "First", just_now);
        edit(&looker, before, "First", now - SignedDuration::from_secs(3));
        let report = world.extract("dashboards").complete();
        assert_eq!(report["unsettled"], 1, "{ahead}: {report}");

        // Once more in the same second, of which the stamp tells nothing.
        edit(&looker, within, "Second", just_now);
        front.set_date(now + SignedDuration::from_mins(1));
        looker.reset_stats();
        let report = world.extract("dashboards").complete();
        assert_eq!(read(&looker.requests()), std::slice::from_ref(within), "{ahead}");
        assert_eq!((&report["kinds"][0]["changed"], &report["unsettled"]), (&json!(1), &json!(0)));
        assert_eq!(description(&world, within), "Second");
        assert_eq!(description(&world, before), "First");

        looker.reset_stats();
        world.extract("dashboards").complete();
        assert_eq!(read(&looker.requests()), [""; 0], "{ahead}");
    }
}
