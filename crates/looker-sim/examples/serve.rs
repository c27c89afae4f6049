//! A simulated Looker to try a client on:
//! `cargo run -p looker-sim --example serve`.

#![expect(clippy::print_stdout, reason = "an example talks to whoever runs it")]

use looker_sim::{Sim, SimConfig};

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let sim = Sim::start(SimConfig { port: 19999, ..SimConfig::default() }).await?;
    println!("LOOKERSDK_BASE_URL={}", sim.url());
    println!("LOOKERSDK_CLIENT_ID={}", sim.client_id());
    println!("LOOKERSDK_CLIENT_SECRET={}", sim.client_secret());
    std::future::pending().await
}
