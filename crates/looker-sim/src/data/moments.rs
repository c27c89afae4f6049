//! Timestamps the way Looker writes them.

use jiff::Timestamp;

/// The oldest moment in generated content: 2021-01-04, in seconds.
const FIRST: i64 = 1_609_718_400;
/// The span of generated content: four years, in seconds.
const SPAN: i64 = 4 * 365 * 86_400;

/// A moment in the instance's past, in seconds.
pub(super) fn past(rng: &mut fastrand::Rng) -> i64 {
    FIRST + rng.i64(0..SPAN)
}

/// `2022-06-14T12:26:50.000+00:00`: whole seconds, as recorded replies have
/// them (`looker-api-facts.md` §1).
pub(crate) fn stamp(seconds: i64) -> String {
    let moment = Timestamp::from_second(seconds).unwrap_or(Timestamp::UNIX_EPOCH);
    jiff::tz::Offset::UTC.to_datetime(moment).strftime("%Y-%m-%dT%H:%M:%S.000+00:00").to_string()
}

/// [`stamp`] of the present second.
pub(crate) fn now() -> String {
    stamp(Timestamp::now().as_second())
}

#[cfg(test)]
mod tests {
    #[test]
    fn writes_stamps_as_looker_does() {
        assert_eq!(super::stamp(1_655_209_610), "2022-06-14T12:26:50.000+00:00");
    }
}
