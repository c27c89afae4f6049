//! How fast the simulator is itself; prints figures, so it is run by hand:
//! `cargo test --release -p looker-sim --test simulator speed:: -- --ignored --nocapture`.

use std::time::Instant;

use looker_sim::SimConfig;

use crate::common::House;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "takes gigabytes and prints figures"]
async fn figures() {
    let begun = Instant::now();
    let config = SimConfig {
        dashboards: 104_000,
        folders: 300,
        dashboard_bytes: 30_000,
        trash_percent: 0,
        ..SimConfig::default()
    };
    let house = House::new(config).await;
    println!("104,000 dashboards of 30 KB made in {:?}", begun.elapsed());
    for fields in
        ["id,updated_at,folder_id", "id,title,updated_at,deleted,folder_id,slug,deleted_at", "id,view_count"]
    {
        for sorts in ["&sorts=id", ""] {
            let begun = Instant::now();
            let listing = house.get(&format!("/dashboards/search?fields={fields}{sorts}")).await;
            println!("listing of {fields}{sorts}: {} bytes in {:?}", listing.text.len(), begun.elapsed());
        }
    }
    let begun = Instant::now();
    for page in 0..40 {
        house.get(&format!("/dashboards/search?sorts=id&limit=100&offset={}", page * 2_000)).await;
    }
    println!("4,000 full dashboards by one client in {:?}", begun.elapsed());
}
