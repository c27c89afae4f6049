//! Addresses of pages, as people open them.

/// The port of the API, on instances whose pages have another one.
const API_PORT: &str = ":19999";

/// The address of an object's page; none of a kind that has none.
pub(super) fn page(instance: &str, kind: &str, id: &str) -> Option<String> {
    let page = match kind {
        "dashboards" | "looks" | "folders" | "boards" => kind,
        _ => return None,
    };
    let instance = instance.trim_end_matches('/');
    let instance = instance.strip_suffix(API_PORT).unwrap_or(instance);
    Some(format!("{instance}/{page}/{id}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_lie_beside_the_api() {
        let page = |instance: &str| page(instance, "dashboards", "42").unwrap();
        assert_eq!(page("https://bi.example.com/"), "https://bi.example.com/dashboards/42");
        assert_eq!(page("https://bi.example.com:19999"), "https://bi.example.com/dashboards/42");
        assert_eq!(page("https://bi.example.com:443"), "https://bi.example.com:443/dashboards/42");
        assert_eq!(super::page("https://bi.example.com", "alerts", "1"), None);
    }
}
