//! Query parameters: parsed, and refused where the operation does not know
//! them.
//!
//! What a real server does with an unknown parameter is not recorded. Refusing
//! is the strict reading: it catches the client that sends `folder` and takes
//! the whole instance for the folder it asked for.

use crate::reply::Problem;

/// What a parameter holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Holds {
    /// Any text; searches compare it.
    Text,
    /// `true` or `false`.
    Bool,
    /// A whole number from 0.
    Count,
}

/// A parameter an operation knows.
pub(crate) type Param = (&'static str, Holds);

/// `limit`, `offset` and the deprecated `page`, `per_page`.
pub(crate) const PAGED: &[Param] =
    &[("limit", Holds::Count), ("offset", Holds::Count), ("page", Holds::Count), ("per_page", Holds::Count)];

/// The parameters of one request, percent-decoded, in their order.
#[derive(Debug, Clone, Default)]
pub(crate) struct Params {
    pairs: Vec<(String, String)>,
}

impl Params {
    pub(crate) fn parse(query: &str) -> Params {
        Params { pairs: url::form_urlencoded::parse(query.as_bytes()).into_owned().collect() }
    }

    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.pairs.iter().find(|(have, _)| have == name).map(|(_, value)| value.as_str())
    }

    pub(crate) fn pairs(&self) -> &[(String, String)] {
        &self.pairs
    }

    pub(crate) fn into_pairs(self) -> Vec<(String, String)> {
        self.pairs
    }

    /// Whether a boolean parameter is `true`.
    pub(crate) fn is_set(&self, name: &str) -> bool {
        self.get(name) == Some("true")
    }

    /// A numeric parameter; [`Params::check`] made sure that it is a number.
    pub(crate) fn count(&self, name: &str) -> Option<usize> {
        self.get(name)?.parse().ok()
    }

    /// Everything that is wrong with these parameters for an operation that
    /// knows `known`.
    pub(crate) fn check(&self, known: &[&[Param]]) -> Vec<Problem> {
        let mut problems = Vec::new();
        for (n, (name, value)) in self.pairs.iter().enumerate() {
            let holds = known.iter().copied().flatten().find(|(have, _)| have == name);
            let wrong = match holds {
                None => Some("is not a parameter of this operation"),
                Some(_) if self.pairs[..n].iter().any(|(have, _)| have == name) => {
                    Some("is given more than once")
                }
                Some((_, Holds::Bool)) if !matches!(value.as_str(), "true" | "false") => {
                    Some("must be true or false")
                }
                Some((_, Holds::Count)) if value.parse::<u32>().is_err() => Some("must be a whole number"),
                Some(_) => None,
            };
            if let Some(wrong) = wrong {
                problems.push(Problem::invalid(name, format!("{name} {wrong}")));
            }
        }
        problems
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_every_wrong_parameter_at_once() {
        let params = Params::parse("limit=ten&folder=1&filter_or=yes&offset=0&offset=5&title=%25a%2Cb");
        let known: &[&[Param]] = &[PAGED, &[("filter_or", Holds::Bool), ("title", Holds::Text)]];
        let fields: Vec<_> = params.check(known).into_iter().map(|p| p.field).collect();
        assert_eq!(fields, ["limit", "folder", "filter_or", "offset"]);
        assert_eq!(params.get("title"), Some("%a,b"));
    }
}
