//! The environment variables of the process, taken once and handed on.

use std::collections::BTreeMap;

/// A copy of environment variables, so that nothing below `main` reads global
/// state. Names or values that are not UTF-8 are left out.
#[derive(Clone, Default)]
pub struct Environment(BTreeMap<String, String>);

impl Environment {
    /// The variables of this process.
    pub fn of_process() -> Self {
        Self(
            std::env::vars_os()
                .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
                .collect(),
        )
    }

    /// Given variables.
    pub fn from_pairs<'a>(pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        Self(pairs.into_iter().map(|(name, value)| (name.into(), value.into())).collect())
    }

    /// The value of `name`; an empty value counts as none.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }

    /// Whether `name` is set to anything but `0` and `false`.
    pub fn is_on(&self, name: &str) -> bool {
        self.get(name).is_some_and(|value| !matches!(value, "0" | "false"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn empty_is_unset_and_zero_is_off() {
        let env = Environment::from_pairs([("A", ""), ("B", "0"), ("C", "1")]);
        assert_eq!((env.get("A"), env.get("B")), (None, Some("0")));
        assert!(!env.is_on("A") && !env.is_on("B") && env.is_on("C"));
    }
}
