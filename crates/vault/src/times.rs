//! Times as the vault stores them: microseconds since 1970, UTC.

use jiff::Timestamp;
use rusqlite::types::Type;

/// A stored time.
pub(crate) fn timestamp(micros: i64) -> rusqlite::Result<Timestamp> {
    Timestamp::from_microsecond(micros)
        .map_err(|error| rusqlite::Error::FromSqlConversionFailure(0, Type::Integer, error.into()))
}

/// A stored time that may be absent.
pub(crate) fn maybe_timestamp(micros: Option<i64>) -> rusqlite::Result<Option<Timestamp>> {
    micros.map(timestamp).transpose()
}

/// A time to store.
pub(crate) fn micros(time: Option<Timestamp>) -> Option<i64> {
    time.map(Timestamp::as_microsecond)
}

/// The start of the quarter of an hour in which a call was sent, as it is stored.
pub(crate) fn quarter(time: Timestamp) -> i64 {
    const MICROS: i64 = 15 * 60 * 1_000_000;
    time.as_microsecond().div_euclid(MICROS) * MICROS
}
