//! What a restore costs in calls, against the formulas of `docs/restore.md`.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on must fail")]

mod support;

use std::collections::BTreeMap;

use looker_sim::SimConfig;
use serde_json::json;
use support::looker::Looker;
use support::restoration::{Damage, Documents, pages, reads_and_writes};
use support::sum;
use support::targets::metered;

#[test]
fn each_case_costs_what_its_formula_says() {
    for damage in Damage::ALL {
        let looker = Looker::start(SimConfig {
            dashboards: 220,
            dashboard_bytes: 14_000,
            looks: 0,
            trash_percent: 0,
            ..SimConfig::default()
        });
        let world = looker.world();
        world.extract("").complete();
        let documents = Documents::of(&looker);
        damage.wreck(&looker);
        looker.reset_stats();
        let ran = world.run(
            "restore bulk dashboards --as-of 1 --on-conflict overwrite --allow-irreversible --yes --json",
        );
        let report = ran.report();
        assert_eq!(report["state"], "complete", "{}", ran.all());
        assert_eq!(sum(&report["calls"], "calls"), looker.served());
        let price = damage.price(&documents);
        let (calls, formula) = (metered(&report).iter().sum::<u64>(), price.total());
        assert_eq!(calls, formula, "{damage:?}: {price:?}\n{}", report["calls"]);

        // Once more it does nothing, and costs the reads.
        looker.reset_stats();
        let again = world.run("restore bulk dashboards --as-of 1 --yes --json");
        assert_eq!((again.code, &again.report()["steps"]), (0, &json!([])), "{}", again.all());
        let (reads, writes) = reads_and_writes(&looker.requests());
        assert_eq!((reads, writes), (BTreeMap::from([("search_dashboards", pages(&documents))]), vec![]));
    }
}
