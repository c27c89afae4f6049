//! What plain dumps would take: all dashboards as JSON, every day.
//!
//! Two ways of keeping them are summed up. One by one: each dashboard is compressed
//! by itself. In one piece: all of a day are one compressed file, which finds what
//! dashboards have in common and can be read only whole. Nothing is kept.

use std::collections::HashMap;
use std::io::{self, Write};

use crate::year::Body;

/// The level that `zstd` takes by itself.
const LEVEL: i32 = 3;

/// Days from one whole dump that is measured to the next.
const MEASURED_EVERY: u32 = 28;

/// Bytes that dumps come to.
#[derive(Debug, Default)]
pub(crate) struct Dumps {
    /// What each dashboard takes today.
    today: HashMap<String, u64>,
    /// Uncompressed, what each takes today.
    raw_today: HashMap<String, u64>,
    /// What a whole dump took when it was last measured.
    whole_today: u64,
    /// Of all days.
    pub(crate) raw: u64,
    pub(crate) one_by_one: u64,
    pub(crate) whole: u64,
}

impl Dumps {
    /// Whether a whole dump is measured on that day. On the days between, it is
    /// taken to be as large as the last one was.
    pub(crate) fn measures_whole(day: u32) -> bool {
        day.is_multiple_of(MEASURED_EVERY)
    }

    /// Takes in what is new or changed on a day; what is not is as large as before.
    ///
    /// # Errors
    /// When compression fails.
    pub(crate) fn day(&mut self, changed: &[Body]) -> io::Result<()> {
        for (id, body) in changed {
            let packed = zstd::bulk::compress(body, LEVEL)?.len() as u64;
            self.today.insert(id.clone(), packed);
            self.raw_today.insert(id.clone(), body.len() as u64);
        }
        self.raw += self.raw_today.values().sum::<u64>();
        self.one_by_one += self.today.values().sum::<u64>();
        Ok(())
    }

    /// Takes in a day's dump as one piece.
    ///
    /// # Errors
    /// When compression fails.
    pub(crate) fn whole_day(&mut self, all: Option<&[Body]>) -> io::Result<()> {
        if let Some(all) = all {
            let mut packed = zstd::Encoder::new(Counter(0), LEVEL)?;
            for (_, body) in all {
                packed.write_all(body)?;
                packed.write_all(b"\n")?;
            }
            self.whole_today = packed.finish()?.0;
        }
        self.whole += self.whole_today;
        Ok(())
    }
}

/// Counts bytes and keeps none.
struct Counter(u64);

impl Write for Counter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 += bytes.len() as u64;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
