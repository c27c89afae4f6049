//! A layout as a small drawing: boxes on Looker's grid of 24 columns, each
//! with the id of its tile.

use super::node::Node;

/// Letters a column is wide.
const COLUMN: usize = 2;
/// Grid rows to a line.
const ROWS: usize = 2;
/// What lies below this line is counted, not drawn.
const LINES: usize = 60;
/// Looker's grid, and room for what sticks out of it.
const COLUMNS: usize = 32;

/// A box in letters and lines, its last ones included.
struct Frame {
    left: usize,
    right: usize,
    top: usize,
    bottom: usize,
    id: String,
}

/// The drawing without a final line break; `None` when nothing has a place.
pub(super) fn of(layout: Node) -> Option<String> {
    let components = layout.items("dashboard_layout_components");
    let (drawn, below): (Vec<Frame>, Vec<Frame>) =
        components.into_iter().filter_map(Frame::new).partition(|frame| frame.bottom < LINES);
    let width = drawn.iter().map(|frame| frame.right + 1).max()?;
    let height = drawn.iter().map(|frame| frame.bottom + 1).max()?;
    let mut canvas = vec![vec![' '; width]; height];
    for frame in &drawn {
        frame.draw(&mut canvas);
    }
    let mut lines: Vec<String> =
        canvas.into_iter().map(|line| String::from_iter(line).trim_end().to_owned()).collect();
    lines.extend((!below.is_empty()).then(|| format!("... and {} more below", below.len())));
    Some(lines.join("\n"))
}

impl Frame {
    /// The place of a component; `None` for one without, or of a deleted tile.
    fn new(component: Node) -> Option<Self> {
        if component.text("deleted").as_deref() == Some("true") {
            return None;
        }
        let number = |path| component.text(path)?.parse::<usize>().ok();
        let (row, column) = (number("row")?, number("column")?);
        let (width, height) = (number("width")?.clamp(1, COLUMNS), number("height")?.clamp(1, 10_000));
        let column = column.min(COLUMNS - 1);
        let end = (column + width).min(COLUMNS);
        let top = row / ROWS;
        Some(Self {
            left: column * COLUMN,
            right: end * COLUMN,
            top,
            bottom: (row.saturating_add(height) / ROWS).max(top + 2),
            id: component.text("dashboard_element_id").or_else(|| component.text("id"))?,
        })
    }

    fn draw(&self, canvas: &mut [Vec<char>]) {
        for line in [self.top, self.bottom] {
            for place in &mut canvas[line][self.left + 1..self.right] {
                *place = if matches!(*place, '+' | '|') { '+' } else { '-' };
            }
            canvas[line][self.left] = '+';
            canvas[line][self.right] = '+';
        }
        for line in &mut canvas[self.top + 1..self.bottom] {
            for letter in [self.left, self.right] {
                line[letter] = if matches!(line[letter], '+' | '-') { '+' } else { '|' };
            }
        }
        let room = self.left + 1..self.right;
        for (letter, place) in self.id.chars().zip(&mut canvas[self.top + 1][room]) {
            *place = if letter.is_ascii_graphic() { letter } else { '?' };
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::value::RawValue;

    use super::*;

    fn sketch(components: &str) -> Option<String> {
        let layout = format!(r#"{{"dashboard_layout_components":[{components}]}}"#);
        of(Node(&RawValue::from_string(layout).unwrap()))
    }

    fn component(id: &str, row: u64, column: u64, width: u64, height: u64) -> String {
        format!(
            r#"{{"dashboard_element_id":"{id}","row":{row},"column":{column},"width":{width},"height":{height}}}"#
        )
    }

    #[test]
    fn tiles_lie_where_the_layout_puts_them() {
        let tiles =
            [component("12", 0, 0, 12, 6), component("13", 0, 12, 12, 6), component("14", 6, 0, 24, 4)];
        insta::assert_snapshot!(sketch(&tiles.join(",")).unwrap(), @r"
        +-----------------------+-----------------------+
        |12                     |13                     |
        |                       |                       |
        +-----------------------+-----------------------+
        |14                                             |
        +-----------------------------------------------+
        ");
    }

    #[test]
    fn what_has_no_place_is_left_out_and_what_is_far_below_is_counted() {
        assert_eq!(sketch(""), None);
        assert_eq!(
            sketch(r#"{"dashboard_element_id":"1","row":null,"column":0,"width":8,"height":4}"#),
            None
        );
        assert_eq!(
            sketch(r#"{"deleted":true,"dashboard_element_id":"1","row":0,"column":0,"width":8,"height":4}"#),
            None
        );
        let tiles = [component("1", 0, 99, 99, 1), component("2", u64::from(u32::MAX), 0, 8, 4)];
        assert!(sketch(&tiles.join(",")).unwrap().ends_with("... and 1 more below"));
    }
}
