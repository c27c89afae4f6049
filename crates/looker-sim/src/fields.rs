//! The `fields` parameter: an allow-list with nested parentheses.

/// A parsed `fields`: the names at one level, and what is wanted below each
/// (`None`: all of it).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Fields {
    names: Vec<(Box<str>, Option<Fields>)>,
}

/// What is asked for of one member.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wanted<'f> {
    /// All of it.
    Everything,
    /// These members of it.
    Only(&'f Fields),
}

impl Fields {
    /// Parses `id, title,dashboard_elements(id,query(model,view))`. Blanks are
    /// tolerated (`looker-api-facts.md` §2); parentheses that do not match are
    /// not.
    pub(crate) fn parse(text: &str) -> Result<Fields, String> {
        let mut rest = text;
        let fields = Fields::level(&mut rest, false)?;
        if rest.is_empty() { Ok(fields) } else { Err(format!("unexpected `{rest}` in fields `{text}`")) }
    }

    fn level(rest: &mut &str, nested: bool) -> Result<Fields, String> {
        let mut fields = Fields::default();
        loop {
            let end = rest.find([',', '(', ')']).unwrap_or(rest.len());
            let (name, after) = rest.split_at(end);
            *rest = after;
            let mut below = None;
            if let Some(inside) = rest.strip_prefix('(') {
                *rest = inside;
                below = Some(Fields::level(rest, true)?);
                *rest = rest.trim_start();
            }
            fields.add(name.trim(), below);
            if let Some(next) = rest.strip_prefix(',') {
                *rest = next;
            } else if nested {
                *rest = rest.strip_prefix(')').ok_or("a parenthesis in fields is not closed")?;
                return Ok(fields);
            } else {
                return Ok(fields);
            }
        }
    }

    fn add(&mut self, name: &str, below: Option<Fields>) {
        if !name.is_empty() && self.get(name).is_none() {
            self.names.push((name.into(), below));
        }
    }

    /// Whether `name` is asked for, and what of it.
    pub(crate) fn get(&self, name: &str) -> Option<Wanted<'_>> {
        let (_, below) = self.names.iter().find(|(have, _)| &**have == name)?;
        Some(below.as_ref().map_or(Wanted::Everything, Wanted::Only))
    }

    /// Number of names at this level.
    pub(crate) fn len(&self) -> usize {
        self.names.len()
    }

    /// The names at this level.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.names.iter().map(|(name, _)| &**name)
    }

    /// Whether a name has parentheses behind it.
    pub(crate) fn is_nested(&self) -> bool {
        self.names.iter().any(|(_, below)| below.is_some())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parses_nesting_and_blanks() {
        let fields = Fields::parse("id, title ,dashboard_elements( id,query(model, view) ),x").unwrap();
        assert_eq!(fields.names().collect::<Vec<_>>(), ["id", "title", "dashboard_elements", "x"]);
        let Some(Wanted::Only(below)) = fields.get("dashboard_elements") else { panic!() };
        assert_eq!(below.get("id"), Some(Wanted::Everything));
        let Some(Wanted::Only(query)) = below.get("query") else { panic!() };
        assert_eq!(query.names().collect::<Vec<_>>(), ["model", "view"]);
        assert!(fields.get("y").is_none());
    }

    #[test]
    fn refuses_parentheses_that_do_not_match() {
        for wrong in ["a(b", "a)b", "a(b))", "a(b,c(d)"] {
            assert!(Fields::parse(wrong).is_err(), "{wrong}");
        }
    }
}
