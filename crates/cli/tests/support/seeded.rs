//! Numbers that look random and are the same in every run.

/// The seed of that number; another one, by chance as good, with another value
/// of `TEST_SEED` in the environment, to look for what the usual seeds miss.
pub(crate) fn seed(number: u64) -> u64 {
    let other = std::env::var("TEST_SEED").ok().and_then(|text| text.parse::<u64>().ok());
    number + 1000 * other.unwrap_or(0)
}

/// A xorshift generator.
pub(crate) struct Seeded(u64);

impl Seeded {
    pub(crate) fn new(seed: u64) -> Self {
        Self(self::seed(seed).wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    /// A number from `low` up to, not with, `high`.
    pub(crate) fn between(&mut self, low: u64, high: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        low + self.0 % (high - low)
    }
}
