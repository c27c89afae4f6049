//! Where the members of a body are in its text.
//!
//! A dashboard is a hundred kilobytes, nearly all of it tiles, and most writes change some
//! short members beside these. To look for one of them, or to write a body anew with some
//! of them changed, nobody has to walk over the tiles again: the place of each member is
//! kept, and known of a changed body without a look at its text.

use crate::json;

/// The members of an object by their places in its text.
#[derive(Debug, Clone, Default)]
pub(crate) struct Outline {
    members: Box<[Place]>,
}

/// Where a key begins, without its quote, and where its value begins and ends.
#[derive(Debug, Clone, Copy)]
struct Place {
    key: u32,
    value: u32,
    end: u32,
}

impl Place {
    fn key<'o>(&self, object: &'o str) -> &'o str {
        // Between them are a quote and a colon.
        &object[self.key as usize..self.value as usize - 2]
    }

    fn value<'o>(&self, object: &'o str) -> &'o str {
        &object[self.value as usize..self.end as usize]
    }
}

impl Outline {
    /// Walks over an object once.
    pub(crate) fn of(object: &str) -> Outline {
        let at = |text: &str| (text.as_ptr().addr() - object.as_ptr().addr()) as u32;
        let place = |(key, value): (&str, &str)| Place {
            key: at(key),
            value: at(value),
            end: at(value) + value.len() as u32,
        };
        Outline { members: json::members(object).map(place).collect() }
    }

    /// The members of the object that it is of.
    pub(crate) fn members<'o>(&self, object: &'o str) -> impl Iterator<Item = (&'o str, &'o str)> {
        self.members.iter().map(|place| (place.key(object), place.value(object)))
    }

    /// One member's value.
    pub(crate) fn member<'o>(&self, object: &'o str, key: &str) -> Option<&'o str> {
        self.members(object).find(|(name, _)| *name == key).map(|(_, value)| value)
    }

    /// What [`json::patch`] makes of the object, and the outline of that.
    pub(crate) fn patch(&self, object: &str, changes: &[(&str, String)]) -> (String, Outline) {
        let mut out = String::with_capacity(object.len() + 256);
        let mut members = Vec::with_capacity(self.members.len() + changes.len());
        out.push('{');
        let mut add = |key: &str, value: &str| {
            json::push_key(key, &mut out);
            let start = out.len();
            out.push_str(value);
            let [key, value, end] = [start - key.len() - 2, start, out.len()].map(|at| at as u32);
            members.push(Place { key, value, end });
        };
        let mut done = vec![false; changes.len()];
        for (key, value) in self.members(object) {
            let change = changes.iter().position(|(name, _)| *name == key);
            add(key, change.map_or(value, |nth| &changes[nth].1));
            if let Some(nth) = change {
                done[nth] = true;
            }
        }
        for ((key, value), _) in changes.iter().zip(done).filter(|(_, done)| !done) {
            add(key, value);
        }
        out.push('}');
        (out, Outline { members: members.into() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_patched_body_has_the_text_and_the_outline_of_one_that_is_walked_over() {
        let mut body =
            r#"{"id":"7","title":"a \"b\" {","tiles":[{"id":"1"},{"x":[]}],"é":null,"n":1E5}"#.to_owned();
        let mut outline = Outline::of(&body);
        let changes: [&[(&str, &str)]; 5] = [
            &[],
            &[("title", r#""longer than it was before""#), ("n", "0")],
            &[("tiles", "[]"), ("new", r#"{"a":[1,2]}"#)],
            &[("new", "false"), ("id", r#""8""#), ("newer", r#""ü}""#)],
            &[("newer", "1"), ("newest", "2")],
        ];
        for changes in changes {
            let changes: Vec<(&str, String)> =
                changes.iter().map(|(key, value)| (*key, (*value).to_owned())).collect();
            let (patched, of_patched) = outline.patch(&body, &changes);
            assert_eq!(patched, json::patch(&body, &changes));
            assert!(of_patched.members(&patched).eq(json::members(&patched)), "{patched}");
            assert_eq!(of_patched.member(&patched, "é"), Some("null"));
            (body, outline) = (patched, of_patched);
        }
        assert_eq!(Outline::of("{}").patch("{}", &[("a", "1".into())]).0, r#"{"a":1}"#);
    }
}
