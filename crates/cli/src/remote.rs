//! From configuration to a client, and from a client's errors to a report.

use engine::extract::{ExtractError, UnknownPath};
use looker::pacing::Pacing;
use looker::paging::RetryPolicy;
use looker::{Client, ErrorKind, Settings};

use crate::config::{self, ExtractSettings, Instance};
use crate::exit::Exit;
use crate::report::Failure;
use crate::suggest::nearest;

/// A client of `instance`, paced and limited by `settings`.
///
/// # Errors
/// When the secret cannot be fetched or a certificate cannot be read.
pub fn client(instance: &Instance, settings: &ExtractSettings) -> Result<Client, Failure> {
    let mut made = Settings::new(
        instance.base_url.value.as_url().clone(),
        instance.client_id.value.clone(),
        instance.secret()?,
    );
    made.verify_ssl = instance.verify_ssl.value;
    made.timeout = instance.timeout.value;
    if let Some(path) = &instance.ca_bundle {
        let pem = std::fs::read(&path.value).map_err(|error| {
            Failure::new("config.ca_bundle", Exit::Usage, format!("cannot read the CA bundle: {error}"))
                .at(path.value.display())
        })?;
        made.certificates = Some(pem);
    }
    made.ceiling = usize::from(settings.workers.value.get());
    made.pacing = match settings.pacing.value {
        config::Pacing::Adaptive => Pacing::Adaptive,
        config::Pacing::Fixed => Pacing::Fixed,
    };
    made.budget = settings.max_calls.as_ref().map(|calls| calls.value.get());
    made.retry = RetryPolicy {
        tries: settings.tries.value.get(),
        patience: settings.patience.value,
        ..RetryPolicy::default()
    };
    Ok(Client::new(made)?)
}

/// The word of a failure that another instance answers than the vault knows.
pub const OTHER_INSTANCE: &str = "instance.other";

/// What to do when the month's allowance is spent.
const OVER_ALLOWANCE: &str = "`lookervault calls` shows where it went; --over-allowance goes on regardless";

impl From<looker::Error> for Failure {
    fn from(error: looker::Error) -> Self {
        let (kind, hint) = explain(&error);
        let exit = match error.kind {
            ErrorKind::Budget | ErrorKind::Allowance => Exit::Budget,
            ErrorKind::Settings => Exit::Usage,
            ErrorKind::Stopped => Exit::Interrupted,
            ErrorKind::Invalid | ErrorKind::BadBody | ErrorKind::TooLarge => Exit::Failed,
            _ => Exit::Connection,
        };
        let failure = Self::new(kind, exit, error.to_string());
        match hint {
            Some(hint) => failure.hint(hint),
            None => failure,
        }
    }
}

/// The error's stable word and what to do about it.
fn explain(error: &looker::Error) -> (&'static str, Option<&'static str>) {
    match error.kind {
        ErrorKind::Dns => {
            ("looker.dns", Some("check the host name in base_url, and the network's name service"))
        }
        ErrorKind::Refused => (
            "looker.refused",
            Some(
                "nothing listens there: check the port (self-hosted Looker: 19999, *.cloud.looker.com: 443), \
                 and the proxy if HTTPS_PROXY names one",
            ),
        ),
        ErrorKind::Tls => (
            "looker.tls",
            Some(
                "check that the port speaks https; name a private authority with ca_bundle, or set verify_ssl = false",
            ),
        ),
        ErrorKind::Proxy => ("looker.proxy", Some("check HTTPS_PROXY and NO_PROXY in the environment")),
        ErrorKind::Timeout => {
            ("looker.timeout", Some("the server or the way to it is slow: try a longer --timeout"))
        }
        ErrorKind::Network => ("looker.network", Some("the connection broke; try again")),
        ErrorKind::RejectedLogin => (
            "looker.rejected_login",
            Some(
                "check client_id and client_secret (`lookervault check` shows where they come from) and base_url",
            ),
        ),
        ErrorKind::Unauthorized => {
            ("looker.unauthorized", Some("the API key may have been removed while we worked"))
        }
        ErrorKind::Forbidden => {
            ("looker.forbidden", Some("ask an admin for the permission, or use another API key"))
        }
        ErrorKind::NotFound => {
            ("looker.not_found", Some("Looker also says so of what the account may not see"))
        }
        ErrorKind::NoSuchEndpoint => {
            ("looker.no_such_endpoint", Some("this Looker release does not offer it"))
        }
        ErrorKind::Invalid => ("looker.invalid", None),
        ErrorKind::RateLimited => ("looker.rate_limited", Some("use fewer --workers, or try later")),
        ErrorKind::Server => ("looker.server", Some("the server is in trouble; try again later")),
        ErrorKind::NotJson => (
            "looker.not_json",
            Some("a web page answered: check that base_url is the API host, with its port"),
        ),
        ErrorKind::Budget => ("looker.budget", Some("raise --max-calls")),
        ErrorKind::Allowance => ("looker.allowance", Some(OVER_ALLOWANCE)),
        _ => ("looker.failed", None),
    }
}

impl From<ExtractError> for Failure {
    fn from(error: ExtractError) -> Self {
        match error {
            ExtractError::Looker(error) => error.into(),
            ExtractError::Vault(error) => error.into(),
            ExtractError::UnknownFolder { .. } => Self::new("folder.unknown", Exit::Usage, error.to_string())
                .hint("`lookervault list folders` shows those that were stored; the account may lack access"),
            ExtractError::UnknownPath(unknown) => {
                Self::new("folder.unknown", Exit::Usage, unknown.to_string()).hint(meant(&unknown))
            }
            ExtractError::NoFolderMatches { .. } => {
                Self::new("folder.unknown", Exit::Usage, error.to_string())
                    .hint("* stands for any part of one name, ** for any number of folders; `lookervault list folders` shows those that were stored")
            }
            ExtractError::AmbiguousFolder(_) => {
                Self::new("folder.ambiguous", Exit::Usage, error.to_string())
                    .hint("spell it exactly as one of these, or give the id in brackets")
            }
            ExtractError::NoFolderLeft => Self::new("folder.none_left", Exit::Usage, error.to_string())
                .hint("look at --exclude and --no-personal; `lookervault check` shows where they come from"),
            ExtractError::NothingInFolders { .. } => {
                Self::new("folder.no_kinds", Exit::Usage, error.to_string())
                    .hint("dashboards and looks lie in folders")
            }
            ExtractError::OtherInstance(other) => Self::new(OTHER_INSTANCE, Exit::Failed, other.to_string())
                .at(&other.address)
                .hint(
                    "--new-epoch begins a new history for this address; --same-instance goes on with the old one, \
                     for instance after a migration that changed times of creation",
                ),
            ExtractError::AllowanceSpent { .. } => {
                Self::new("allowance.spent", Exit::Budget, error.to_string()).hint(OVER_ALLOWANCE)
            }
            _ => Self::new("extract.failed", Exit::Failed, error.to_string()),
        }
    }
}

/// What a path that leads nowhere may have been meant to be.
fn meant(unknown: &UnknownPath) -> String {
    const MOST_NAMES: usize = 12;
    let above = unknown.deepest.as_deref().unwrap_or_default();
    let slip = nearest(&unknown.missing, unknown.siblings.iter().map(String::as_str));
    if let Some(name) = slip {
        return format!("did you mean `{above}/{name}`?");
    }
    if !unknown.elsewhere.is_empty() {
        return format!("elsewhere there is {}", unknown.elsewhere.join(", "));
    }
    let place = unknown.deepest.as_deref().unwrap_or("the root");
    match unknown.siblings.as_slice() {
        [] => format!("no folder lies in {place}; a slash within a name is written \\/"),
        names if names.len() <= MOST_NAMES => format!("in {place}: {}", names.join(", ")),
        names => {
            format!("in {place}: {} and {} more", names[..MOST_NAMES].join(", "), names.len() - MOST_NAMES)
        }
    }
}
