//! Which elements of a list changed their order.

/// Of every element, whether it was moved, given the place each had: the fewest
/// that, taken out, leave the rest in its old order.
pub(super) fn moved(froms: &[Option<usize>]) -> Vec<bool> {
    let mut moved: Vec<bool> = froms.iter().map(Option::is_some).collect();
    for at in longest_rise(froms) {
        moved[at] = false;
    }
    moved
}

/// The positions of a longest rising subsequence.
fn longest_rise(values: &[Option<usize>]) -> Vec<usize> {
    // `ends[n]`: where the rise of length n + 1 with the smallest end stops.
    let mut ends: Vec<(usize, usize)> = Vec::new();
    let mut before = vec![None; values.len()];
    for (at, value) in values.iter().enumerate() {
        let Some(value) = *value else { continue };
        let length = ends.partition_point(|(end, _)| *end < value);
        before[at] = length.checked_sub(1).map(|shorter| ends[shorter].1);
        match ends.get_mut(length) {
            Some(end) => *end = (value, at),
            None => ends.push((value, at)),
        }
    }
    let mut rise: Vec<usize> =
        std::iter::successors(ends.last().map(|(_, at)| *at), |at| before[*at]).collect();
    rise.reverse();
    rise
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fewest_are_called_moved() {
        let places = |moves: &[Option<usize>]| -> Vec<usize> {
            let moved = moved(moves);
            (0..moved.len()).filter(|at| moved[*at]).collect()
        };
        assert!(places(&[Some(0), None, Some(1), Some(4)]).is_empty());
        assert_eq!(places(&[Some(3), Some(0), Some(1), Some(2)]), [0]);
        assert_eq!(places(&[Some(1), Some(2), None, Some(0)]), [3]);
        assert_eq!(places(&[Some(2), Some(1), Some(0)]).len(), 2);
        assert!(places(&[]).is_empty());
    }
}
