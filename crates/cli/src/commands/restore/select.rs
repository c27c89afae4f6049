//! What is to be restored, and how: the options that planning commands share.

use std::num::NonZeroU64;

use clap::{Args, ValueEnum};
use engine::restore::{Ids, Manner, OnConflict, Owner, Plan, Request, Selection, Symbol, user_id};
use looker::Kind;
use vault::{InstanceId, Reader, RunId};

use crate::config::Workers;
use crate::context::Context;
use crate::exit::Exit;
use crate::kinds::{KindChoice, KindName, resolve};
use crate::moments;
use crate::report::Failure;

/// What to restore and how.
#[derive(Args, Clone, Debug, Default)]
#[expect(clippy::struct_excessive_bools, reason = "flags of a command line")]
pub struct SelectArgs {
    /// Objects as KIND:ID, for instance `dashboard:42 look:7`; or `all`
    #[arg(value_name = "OBJECTS")]
    pub objects: Vec<String>,

    /// What lay in this folder, by id or path; may be repeated
    #[arg(long = "folder", value_name = "FOLDER")]
    pub folders: Vec<String>,

    /// And in all folders below
    #[arg(short, long, requires = "folders")]
    pub recursive: bool,

    /// Only these kinds or groups of them, with commas
    #[arg(short = 't', long = "kind", visible_aliases = ["types", "only"], value_name = "KINDS", value_delimiter = ',')]
    pub kinds: Vec<KindChoice>,

    /// What was changed or removed since: a run, a tag or a time
    #[arg(long, value_name = "RUN|TIME")]
    pub changed_since: Option<String>,

    /// What was trashed or removed since: a run, a tag or a time
    #[arg(long, value_name = "RUN|TIME", conflicts_with = "changed_since")]
    pub deleted_since: Option<String>,

    /// What this user owned: an id or an e-mail address
    #[arg(long, value_name = "USER")]
    pub owned_by: Option<String>,

    /// What had this in its title, in any case
    #[arg(long = "match", value_name = "WORDS")]
    pub matching: Option<String>,

    /// The state that comes back: a run, a tag or a time [default: latest]
    #[arg(long, value_name = "RUN|TIME")]
    pub as_of: Option<String>,

    /// Bring what the selection needs and is not there, and the schedules and alerts
    /// of what is made anew
    #[arg(long)]
    pub with_dependencies: bool,

    /// Lead what refers to something that is made anew to its new id
    #[arg(long)]
    pub relink: bool,

    /// Look for what refers to something that is made anew only in the vault, and make
    /// no calls for that
    #[arg(long)]
    pub stored_references_only: bool,
    /// Set again what users had among their favorites, signing in as each of them
    #[arg(long)]
    pub favorites: bool,

    /// Make only what is not there
    #[arg(long)]
    pub skip_existing: bool,

    /// What to do with objects that somebody changed after the vault last read them
    /// [default: ask on a terminal, else fail]
    #[arg(long, value_name = "WHAT")]
    pub on_conflict: Option<ConflictChoice>,

    /// Who owns what is restored: keep, me, or a user by id or e-mail address
    #[arg(long, value_name = "WHO", default_value = "keep")]
    pub owner: String,

    /// Put everything into this folder, by id
    #[arg(long, value_name = "FOLDER")]
    pub into: Option<String>,

    /// Let schedules and alerts arrive enabled: a schedule is then sent at once
    #[arg(long)]
    pub enable_schedules: bool,

    /// Ceiling of concurrent requests, 1 to 64 [default: 8]
    #[arg(short, long, value_name = "N")]
    pub workers: Option<Workers>,

    /// Make no more than N API calls
    #[arg(long, value_name = "N")]
    pub max_calls: Option<NonZeroU64>,

    /// Go on though the month's allowance is spent, its reserve for restores included
    #[arg(long)]
    pub over_allowance: bool,
}

/// What to do with a conflict.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ConflictChoice {
    /// Leave what somebody changed as it is.
    Skip,
    /// Restore it all the same.
    Overwrite,
    /// Restore nothing.
    Fail,
}

impl SelectArgs {
    /// What they ask for, of the instance at this address.
    ///
    /// # Errors
    /// When they select nothing, or name something that the vault does not know.
    pub fn request(&self, context: &Context, reader: &Reader, address: &str) -> Result<Request, Failure> {
        let now = context.now();
        let find = |text: &str| moments::find(reader, text, &now, || context.instance_in(reader));
        let as_of = find(self.as_of.as_deref().unwrap_or("latest"))?;
        if self.as_of.is_some() {
            context.printer.status(format!("As of {}.", as_of.describe(&context.printer)));
        }
        let run_of = |text: &Option<String>| -> Result<Option<RunId>, Failure> {
            text.as_deref().map(|text| Ok(find(text)?.moment.run)).transpose()
        };
        let all = self.objects.iter().any(|object| object.eq_ignore_ascii_case("all"));
        let named = self.objects.iter().filter(|object| !object.eq_ignore_ascii_case("all"));
        let selection = Selection {
            objects: named.map(|object| object_of(object)).collect::<Result<_, _>>()?,
            kinds: if self.kinds.is_empty() { Vec::new() } else { self.restorable_kinds() },
            folders: self.folders.clone(),
            recursive: self.recursive,
            changed_since: run_of(&self.changed_since)?,
            deleted_since: run_of(&self.deleted_since)?,
            owner: self.owned_by.clone(),
            matching: self.matching.clone(),
            all,
        };
        if selection.is_empty() {
            return Err(Failure::new("usage", Exit::Usage, "nothing is selected").hint(
                "name objects (dashboard:42), a --folder, a --kind, a query such as --deleted-since, or all",
            ));
        }
        let instance = as_of.moment.instance;
        let owner = match self.owner.as_str() {
            "keep" => Owner::Keep,
            "me" => Owner::Me,
            user => Owner::User(user_id(reader, instance, as_of.moment.run, user)?),
        };
        Ok(Request {
            address: address.to_owned(),
            as_of: as_of.moment.run,
            selection,
            manner: Manner {
                enable_schedules: self.enable_schedules,
                owner,
                into: self.into.clone(),
                leaves_lost: false,
            },
            with_dependencies: self.with_dependencies,
            relink: self.relink,
            stored_references_only: self.stored_references_only,
            favorites: self.favorites,
            skip_existing: self.skip_existing,
            on_conflict: what(self.on_conflict),
            links: links(reader, instance)?,
            others: Vec::new(),
        })
    }

    /// The kinds that were named, as far as they can be written: a group may hold
    /// others.
    fn restorable_kinds(&self) -> Vec<&'static Kind> {
        let named = resolve(&self.kinds).into_iter();
        // Favourites of others are meant where they are asked for, not with all of a group.
        let is_meant = |name: &KindName| {
            name.plural() != "content_favorites"
                || self.favorites
                || self.kinds.contains(&KindChoice::One(*name))
        };
        named
            .filter(is_meant)
            .map(KindName::entry)
            .filter(|kind| engine::restore::is_restorable(kind))
            .collect()
    }
}

/// What plans the objects of a plan again, in the manner of it.
///
/// # Errors
/// When the vault cannot be read.
pub(super) fn again(
    reader: &Reader,
    plan: &Plan,
    on_conflict: Option<ConflictChoice>,
) -> Result<Request, Failure> {
    let as_of = RunId::from_number(plan.as_of);
    let instance = reader.moment(as_of)?.instance;
    let mut request = Request::again(plan, links(reader, instance)?, plan.manner.clone());
    request.on_conflict = what(on_conflict);
    request.skip_existing = plan.skip_existing;
    // What leads to new ids is looked for anew: it may have been edited, and read, since.
    request.relink = plan.relink;
    request.favorites = plan.favorites;
    request.others.clear();
    Ok(request)
}

/// Ids on the instance that earlier restores have given to stored keys.
fn links(reader: &Reader, instance: InstanceId) -> Result<Ids, Failure> {
    let links = reader.links(instance, instance)?.into_iter();
    Ok(links.map(|link| (Symbol::new(&link.resource, link.key), link.id)).collect())
}

fn what(on_conflict: Option<ConflictChoice>) -> OnConflict {
    match on_conflict {
        None | Some(ConflictChoice::Fail) => OnConflict::Fail,
        Some(ConflictChoice::Skip) => OnConflict::Skip,
        Some(ConflictChoice::Overwrite) => OnConflict::Overwrite,
    }
}

/// `dashboard:42`.
fn object_of(text: &str) -> Result<(&'static Kind, String), Failure> {
    let wrong = |message: String| {
        Failure::new("usage", Exit::Usage, message)
            .hint("an object is named KIND:ID, for instance dashboard:42")
    };
    let (kind, key) = text.split_once(':').ok_or_else(|| wrong(format!("`{text}` names no object")))?;
    let entry = Kind::find(kind).ok_or_else(|| wrong(format!("`{kind}` in `{text}` is no kind")))?;
    if key.is_empty() {
        return Err(wrong(format!("`{text}` lacks an id")));
    }
    Ok((entry, key.to_owned()))
}
