//! Peak memory does not grow with the instance.

use crate::book::Book;
use crate::measured::{Way, extract};
use crate::simulator::{Instance, Simulator};
use crate::table::{megabytes, or_dash};

const SIZES: [u32; 2] = [26_000, 104_000];
/// Bytes that a run of either size stays below.
const LIMIT: u64 = 200_000_000;
/// Bytes that the two stay apart at most.
const APART: u64 = 20_000_000;

pub(crate) fn run(book: &mut Book) -> anyhow::Result<()> {
    let mut peaks = Vec::new();
    for size in SIZES {
        println!("== memory at {size} dashboards, without latency ==\n");
        let simulator = Simulator::start(&Instance::without_latency(size, Vec::new()))?;
        let run = extract(&simulator, &format!("memory at {size}"), &[], Way::AUTO, 1)?;
        book.round(std::slice::from_ref(&run));
        let peak = run.peak_memory;
        let what = format!("peak memory at {size} dashboards, MB");
        let met = peak.is_some_and(|peak| peak < LIMIT);
        book.expect(what, format!("< {}", LIMIT / 1_000_000), or_dash(peak, megabytes), met);
        peaks.extend(run.peak_memory);
    }
    if let [small, large] = peaks[..] {
        let apart = large.abs_diff(small);
        let what = "peak memory, the two apart, MB";
        book.expect(what, format!("< {}", APART / 1_000_000), megabytes(apart), apart < APART);
    }
    Ok(())
}
