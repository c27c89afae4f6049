//! Names of fields within other texts.

/// The fields that an expression or a Liquid template names: `${orders.count}`,
/// also with a suffix as in `${orders.count:row_total}`.
pub(super) fn in_expression(text: &str) -> impl Iterator<Item = &str> {
    text.split("${").skip(1).filter_map(|rest| {
        let (name, _) = rest.split_once('}')?;
        of_field(name.split(':').next().unwrap_or(name))
    })
}

/// The field of a sort: `orders.count desc 0`.
pub(super) fn in_sort(text: &str) -> Option<&str> {
    text.split_whitespace().next().and_then(of_field)
}

/// The fields that an option of a chart names: whole texts, and the parts of what
/// stands for a series of a pivot (`Complete - orders.count`).
pub(super) fn in_option(text: &str) -> impl Iterator<Item = &str> {
    // Most options are words without a dot, and one byte is found faster than three.
    let parts = memchr::memchr(b'.', text.as_bytes()).map(|_| text.split(" - "));
    parts.into_iter().flatten().filter_map(of_field)
}

/// The name, if it is one of a field: a view, a dot and a name. Calculations and
/// other fields that a query makes for itself have no view.
pub(super) fn of_field(text: &str) -> Option<&str> {
    let text = text.trim();
    let (view, name) = text.split_once('.')?;
    let word = |text: &str| {
        !text.is_empty()
            && text.chars().all(|c| c.is_alphanumeric() || c == '_')
            && !text.starts_with(|c: char| c.is_ascii_digit())
    };
    (word(view) && word(name)).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_found_in_all_places_that_name_them() {
        let text = r#"if(${orders.count} > 5, pivot_index(${orders.total:total}, 1), ${calc}) + "${" "#;
        assert_eq!(in_expression(text).collect::<Vec<_>>(), ["orders.count", "orders.total"]);
        assert_eq!(in_sort("order_items.größe desc 0"), Some("order_items.größe"));
        assert_eq!((in_sort("of_all desc"), in_sort("")), (None, None));
        let series = in_option("Jeans - orders.count - 2 - users.age").collect::<Vec<_>>();
        assert_eq!(series, ["orders.count", "users.age"]);
    }

    #[test]
    fn what_only_looks_like_a_field_is_none() {
        for text in ["1.5", "0.1em", "a.b.c", "https://x.y", "orders", "a. b", "#fff.x", "."] {
            assert_eq!(of_field(text), None, "{text}");
        }
    }
}
