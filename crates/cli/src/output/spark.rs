//! A series of numbers as a line of small bars.

const BARS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/// The last `most` values, each as a bar between the least and the greatest of
/// them.
pub fn sparkline(values: &[i64], most: usize) -> String {
    let values = &values[values.len().saturating_sub(most)..];
    let least = values.iter().min().copied().unwrap_or(0);
    let span = values.iter().max().map_or(0, |greatest| greatest.abs_diff(least));
    let bar = |value: &i64| match span {
        0 => BARS[0],
        _ => BARS[(u128::from(value.abs_diff(least)) * 7 / u128::from(span)) as usize],
    };
    values.iter().map(bar).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_lie_between_the_least_and_the_greatest() {
        assert_eq!(sparkline(&[0, 7, 3], 10), "▁█▄");
        assert_eq!(sparkline(&[5, 5], 10), "▁▁");
        assert_eq!(sparkline(&[99, 1, 2, 3], 3), "▁▄█");
        assert_eq!(sparkline(&[i64::MIN, i64::MAX], 9), "▁█");
        assert_eq!(sparkline(&[], 9), "");
    }
}
