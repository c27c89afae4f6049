//! What a restore costs in calls, against the formulas of `docs/restore.md`.

use std::collections::BTreeMap;

use looker_sim::{Kind, SimConfig};
use serde_json::json;

use crate::support::looker::Looker;
use crate::support::requests::reads_and_writes;
use crate::support::restoration::{Damage, Documents, pages};
use crate::support::sum;
use crate::support::targets::metered;

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
        // What is not metered is not asked twice either: who plans goes on to write.
        let asked = |operation| looker.requests().iter().filter(|one| one.operation == operation).count();
        assert_eq!([asked("login"), asked("versions")], [1, 1]);

        // Once more it does nothing, and costs the reads.
        looker.reset_stats();
        let again = world.run("restore bulk dashboards --as-of 1 --yes --json");
        assert_eq!((again.code, &again.report()["steps"]), (0, &json!([])), "{}", again.all());
        let (reads, writes) = reads_and_writes(&looker.requests());
        assert_eq!((reads, writes), (BTreeMap::from([("search_dashboards", pages(&documents))]), vec![]));
    }
}

/// On an instance that takes no lists of ids.
#[test]
fn what_lies_in_one_folder_is_read_by_its_pages() {
    let looker = Looker::start(SimConfig {
        folder_sizes: vec![60, 200, 200],
        dashboards: 460,
        dashboard_bytes: 4_000,
        looks: 0,
        trash_percent: 0,
        id_lists: false,
        folder_id_lists: false,
        ..SimConfig::default()
    });
    let world = looker.world();
    world.extract("").complete();
    let folder = looker.shared_folder_ids()[0].clone();
    let dashboards = looker.ids_in(Kind::Dashboard, &folder, false);
    for id in &dashboards {
        looker.edit(Kind::Dashboard, id, &[("title", &format!("\"Other {id}\""))]).unwrap();
    }
    looker.reset_stats();
    let line =
        format!("restore --folder {folder} -t dashboards --as-of 1 --on-conflict overwrite --yes --json");
    let ran = world.run(&line);
    assert_eq!(ran.code, 0, "{}", ran.all());
    let (reads, writes) = reads_and_writes(&looker.requests());
    assert_eq!(writes.len(), dashboards.len());
    assert_eq!(reads["search_dashboards"], 2, "before and after: {reads:?}");
}

/// A page that a server cuts short without saying so takes nothing for gone.
#[test]
fn capped_pages_make_nothing_anew() {
    let looker = Looker::start(SimConfig {
        dashboards: 130,
        dashboard_bytes: 3_000,
        looks: 0,
        trash_percent: 0,
        page_cap: Some(40),
        // Fewer folders than that, with those of users.
        users: 5,
        id_lists: false,
        ..SimConfig::default()
    });
    let world = looker.world();
    world.extract("").complete();
    let gone = looker.ids(Kind::Dashboard, false)[7].clone();
    looker.purge(Kind::Dashboard, &gone).unwrap();
    let plan = world.run("restore plan -t dashboards --json").report();
    let objects = plan["objects"].as_array().unwrap().iter();
    let made: Vec<_> =
        objects.filter(|one| one["action"] == "create").map(|one| one["key"].clone()).collect();
    assert_eq!(made, [json!(gone)]);
}
