//! What a text holds that makes it a secret, where its name does not tell.

use memchr::memmem::find;

/// Something that a text may hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Content {
    /// An address that is no e-mail address: a webhook's, a bucket's, a server's.
    /// Whoever knows a webhook's may use it.
    Address,
    /// A password, key or token: in an address (`https://name:password@host`), or
    /// assigned to a name that says so (`password=...`).
    Credentials,
}

/// Ends of names, in lower case, whose values are secrets.
const SECRET_NAMES: [&[u8]; 7] = [b"password", b"passwd", b"pwd", b"passphrase", b"secret", b"token", b"key"];

impl Content {
    /// Whether a canonical JSON value is a text that holds it.
    pub(super) fn is_in(self, value: &[u8]) -> bool {
        let [b'"', text @ .., b'"'] = value else { return false };
        match self {
            Self::Address => find(text, b"://").is_some() || (text.contains(&b'/') && !text.contains(&b'@')),
            Self::Credentials => has_login(text) || has_assignment(text),
        }
    }
}

/// An address with credentials: `git@` before a host is none.
fn has_login(text: &[u8]) -> bool {
    let mut rest = text;
    while let Some(start) = find(rest, b"://") {
        let is_web = rest[..start].to_ascii_lowercase().ends_with(b"http")
            || rest[..start].to_ascii_lowercase().ends_with(b"https");
        rest = &rest[start + 3..];
        let authority = rest.split(|byte| matches!(byte, b'/' | b'?' | b'#')).next().unwrap_or_default();
        if let Some(login) = authority.iter().rposition(|byte| *byte == b'@').map(|at| &authority[..at])
            && !login.is_empty()
            && (is_web || login.contains(&b':'))
        {
            return true;
        }
    }
    false
}

/// `name=value` or `name = 'value'` with a telling name.
fn has_assignment(text: &[u8]) -> bool {
    memchr::memchr_iter(b'=', text).any(|at| {
        let before = text[..at].trim_ascii_end();
        let is_value = |byte: &u8| !matches!(byte, b'&' | b';' | b'=');
        let name = before.rsplit(|byte| !byte.is_ascii_alphanumeric()).next().unwrap_or_default();
        let name = name.to_ascii_lowercase();
        text[at + 1..].trim_ascii_start().first().is_some_and(is_value)
            && SECRET_NAMES.iter().any(|end| name.ends_with(end))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn holds(content: Content, text: &str) -> bool {
        content.is_in(format!("\"{text}\"").as_bytes())
    }

    #[test]
    fn e_mail_addresses_and_names_are_no_address() {
        for text in ["https://hooks.example.com/T1", "s3://b/", "sftp://u:p@h:22/in", "hooks.example.com/x"] {
            assert!(holds(Content::Address, text), "{text}");
        }
        for text in ["ada@example.com", "sales/emea@example.com", "#general", "", "Ops"] {
            assert!(!holds(Content::Address, text), "{text}");
        }
        assert!(!Content::Address.is_in(b"[\"https://x.example/y\"]"));
    }

    #[test]
    fn credentials_are_seen_in_addresses_and_assignments() {
        for text in [
            "https://user:pw@git.example.com/x.git",
            "HTTPS://ghp_123@github.com/a/b",
            "see ssh://a and ssh://me:pw@host",
            "privateKeyPassphrase=x",
            "ssl=true&PASSWORD=p%40",
            "a=1;accessToken=t",
            "SET x = 1; SET session.secret = 's'",
        ] {
            assert!(holds(Content::Credentials, text), "{text}");
        }
        for text in [
            "git@github.com:acme/shop.git",
            "ssh://git@github.com/acme/shop.git",
            "https://github.com/a@b",
            "TIMEZONE=UTC&x=1",
            "password=&x=1",
            "SET application_name = 'looker'",
            "password",
            "",
        ] {
            assert!(!holds(Content::Credentials, text), "{text}");
        }
    }
}
