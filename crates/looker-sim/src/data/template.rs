//! Bodies that are written down as JSON with holes, in `bodies/`: the shape is
//! data to be read beside Looker's API document, and only what differs between
//! two objects is put in by code.

use fastrand::Rng;

use super::{moments, words};
use crate::config::SimConfig;
use crate::json::{quoted, skip_string, without};

/// Members that Looker takes and does not give back: passwords, tokens,
/// secrets. They are left out, as a real instance does, unless
/// [`SimConfig::secret_marker`] asks for a careless one.
const WRITE_ONLY: [&str; 11] = [
    "auth_password",
    "authorization_token",
    "certificate",
    "client_secret",
    "custom_s3_key",
    "custom_s3_secret",
    "deploy_secret",
    "git_password",
    "password",
    "secret",
    "test_ldap_password",
];

/// What a hole is filled with.
pub(super) type Own<'a> = &'a [(&'a str, String)];

/// Where the contents of holes come from: the seed and the configuration.
pub(super) struct Source<'c> {
    pub(super) rng: Rng,
    pub(super) config: &'c SimConfig,
}

impl<'c> Source<'c> {
    /// A source of its own for each kind: `salt` sets it apart.
    pub(super) fn new(config: &'c SimConfig, salt: u64) -> Source<'c> {
        Source { rng: Rng::with_seed(config.seed ^ salt.wrapping_mul(0x9E37_79B9)), config }
    }

    /// A template as compact JSON. `$name` outside of strings is a hole; what
    /// `own` does not fill, [`Source::any`] does.
    pub(super) fn fill(&mut self, template: &str, own: Own) -> String {
        let mut out = String::with_capacity(template.len());
        let mut rest = template;
        while let Some(first) = rest.chars().next() {
            let end = match first {
                '"' => skip_string(rest.as_bytes(), 0),
                '$' => 1 + rest[1..].find(|c: char| !is_name(c)).unwrap_or(rest.len() - 1),
                _ => first.len_utf8(),
            };
            let (token, after) = rest.split_at(end);
            match token.strip_prefix('$') {
                Some(name) => out.push_str(&self.hole(name, own)),
                None if token.trim().is_empty() => {}
                None => out.push_str(token),
            }
            rest = after;
        }
        if self.config.secret_marker.is_none() { without(&out, &WRITE_ONLY) } else { out }
    }

    fn hole(&mut self, name: &str, own: Own) -> String {
        match own.iter().find(|(have, _)| *have == name) {
            Some((_, value)) => value.clone(),
            None => self.any(name),
        }
    }

    /// What does for a hole of that name when nothing particular is wanted.
    fn any(&mut self, name: &str) -> String {
        let (rng, config) = (&mut self.rng, self.config);
        let one_of = |rng: &mut Rng, count: u32| format!("\"{}\"", 1 + rng.u32(..count.max(1)));
        match name {
            "moment" => quoted(&moments::stamp(moments::past(rng))),
            "epoch" => moments::past(rng).to_string(),
            "title" => quoted(&words::title(rng)),
            "prose" => quoted(&words::prose(rng, 60)),
            "slug" => quoted(&words::slug(rng)),
            "guid" => quoted(&guid(rng)),
            "color" => format!("\"#{:06x}\"", rng.u32(..0x0100_0000)),
            "flag" => rng.bool().to_string(),
            "number" => rng.u32(1..100_000).to_string(),
            "user" => one_of(rng, config.users),
            "group" => one_of(rng, config.groups),
            "secret" => quoted(&secret(config, rng)),
            _ => {
                debug_assert!(false, "nothing fills the hole ${name}");
                "null".to_owned()
            }
        }
    }

    /// A secret in clear.
    pub(super) fn secret(&mut self) -> String {
        secret(self.config, &mut self.rng)
    }
}

fn is_name(c: char) -> bool {
    c.is_ascii_lowercase() || c == '_'
}

/// A text that must never be stored; it holds the marker, if there is one.
pub(super) fn secret(config: &SimConfig, rng: &mut Rng) -> String {
    let marker = config.secret_marker.as_deref().unwrap_or("sk_live");
    format!("{marker}-{}", words::slug(rng))
}

/// An id as Looker gives colour collections and applications.
pub(crate) fn guid(rng: &mut Rng) -> String {
    let (a, b) = (rng.u64(..), rng.u64(..));
    format!(
        "{:08x}-{:04x}-4{:03x}-{:04x}-{:012x}",
        a >> 32,
        (a >> 16) & 0xFFFF,
        a & 0xFFF,
        0x8000 | (b >> 48 & 0x3FFF),
        b & 0xFFFF_FFFF_FFFF
    )
}

/// A JSON array of texts.
pub(super) fn list<T: AsRef<str>>(items: impl IntoIterator<Item = T>) -> String {
    array(items.into_iter().map(|item| quoted(item.as_ref())))
}

/// A JSON array of what is JSON already.
pub(super) fn array<T: AsRef<str>>(items: impl IntoIterator<Item = T>) -> String {
    let mut out = String::from("[");
    for (n, item) in items.into_iter().enumerate() {
        if n > 0 {
            out.push(',');
        }
        out.push_str(item.as_ref());
    }
    out.push(']');
    out
}

/// A text or null.
pub(super) fn opt(text: Option<&str>) -> String {
    text.map_or_else(|| "null".to_owned(), quoted)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fills_holes_and_leaves_strings_and_numbers_as_they_are() {
        let config = SimConfig::default();
        let filled = Source::new(&config, 1).fill(
            "{\n  \"a b\": $own, \"c\": [ 1E5, -0.0 ], \"d\": \"$own \\\" {\", \"e\": $flag }\n",
            &[("own", "null".to_owned())],
        );
        let either = |flag| format!(r#"{{"a b":null,"c":[1E5,-0.0],"d":"$own \" {{","e":{flag}}}"#);
        assert!(filled == either("true") || filled == either("false"), "{filled}");
    }

    #[test]
    fn write_only_members_are_there_only_with_a_marker() {
        let template = r#"{"client_secret":$secret,"name":"x"}"#;
        let plain = SimConfig::default();
        assert_eq!(Source::new(&plain, 1).fill(template, &[]), r#"{"name":"x"}"#);
        let marked = SimConfig { secret_marker: Some("MARK".to_owned()), ..SimConfig::default() };
        assert!(Source::new(&marked, 1).fill(template, &[]).contains(r#""client_secret":"MARK-"#));
    }
}
