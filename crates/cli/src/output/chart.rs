//! Bars made of block characters.

const FULL: char = '█';
const EIGHTHS: [&str; 8] = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];

/// A bar as long as `value` is of `most`, which takes `width` columns. What is
/// not nothing is seen.
pub fn bar(value: u64, most: u64, width: u64) -> String {
    if value == 0 || most == 0 {
        return String::new();
    }
    let wanted = u128::from(value) * u128::from(width) * 8 / u128::from(most);
    let eighths = (wanted.max(1) as u64).min(width * 8);
    let full: String = std::iter::repeat_n(FULL, (eighths / 8) as usize).collect();
    full + EIGHTHS[(eighths % 8) as usize]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_are_as_long_as_their_values() {
        let bars = [0, 1, 500, 750, 1_000, 9_999].map(|value| bar(value, 1_000, 4));
        assert_eq!(bars, ["", "▏", "██", "███", "████", "████"]);
        assert_eq!((bar(9, 16, 2), bar(3, 0, 4)), ("█▏".to_owned(), String::new()));
        assert_eq!(bar(u64::MAX, u64::MAX, 3), "███");
    }
}
