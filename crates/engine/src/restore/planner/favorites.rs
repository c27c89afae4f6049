//! Favourites of what is restored: whose come along, which are there, and which are set
//! again.
//!
//! A user's favourites are one list, which a restore only adds to: whatever its user marked
//! or unmarked since is the user's own. Nobody else can mark anything, so each favourite is
//! set as its user (`looker-api-facts.md` §9), the account's own but for that.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use bytes::Bytes;
use looker::Kind;
use looker::catalogue::{List, Resource};
use looker::client::Call;
use looker::pacing::Reason;
use looker::rows::{self, Row};
use vault::{ListFilter, Side};

use super::access::{INHERITING, give_place, text};
use super::{Planner, Target};
use crate::diff::Value;
use crate::restore::RestoreError;
use crate::restore::compose::Composer;
use crate::restore::identity::Standing;
use crate::restore::live::{self, Live};
use crate::restore::paging::Stock;
use crate::restore::past::Named;
use crate::restore::plan::{Action, Object};
use crate::restore::session::Session;
use crate::restore::step::{Id, Part, Step, Symbol, Verb};

/// What each user has marked, one list a user.
pub(in crate::restore) const LISTS: &str = "content_favorites";
/// Entries of these lists.
pub(in crate::restore) const ENTRIES: &str = "favorites";

/// What can be marked, by the field that names it.
const CONTENT: [(&str, &str); 4] = [
    ("dashboard_id", "dashboards"),
    ("look_id", "looks"),
    ("board_id", "boards"),
    ("lookml_dashboard_id", "lookml_dashboards"),
];

/// Users whose lists one call asks for, where an instance takes lists of them.
const USERS_A_CALL: usize = 50;

/// A favourite that the vault has.
struct Favorite {
    /// The place that its content had in the tree of access, by which it goes.
    place: String,
    content: Named,
}

/// Where a favourite's content is now.
enum Place {
    /// Where its user has marked it.
    Marked,
    /// There, or it will be.
    At(Id),
    /// Nowhere that a favourite could lead to, and why.
    Nowhere(&'static str),
}

/// Who the user of a list is.
enum User {
    /// The account.
    Own,
    /// Another one, who has to be signed in.
    Other,
    /// One as whom nothing can be done, and why.
    Closed(&'static str),
}

impl Planner<'_> {
    /// Adds the favourites of what is restored, with those of users that are made anew, and
    /// everybody's where everything comes back; unless they are asked for, only the account's
    /// own, of what is made anew.
    pub(super) async fn bring_favorites(&mut self) -> Result<(), RestoreError> {
        let all = self.request.favorites;
        let Some(lists) = Kind::find(LISTS).filter(|_| all || self.request.with_dependencies) else {
            return self.tell_own(&[]).await;
        };
        let (mut whole, mut along) = (BTreeSet::new(), BTreeSet::new());
        if all && self.request.selection.all {
            let (instance, at) = (Some(self.past.instance), Some(self.past.as_of));
            let filter = ListFilter { instance, at, ..ListFilter::of(LISTS) };
            self.past.reader.list(&filter, |row| whole.extend([row.key]))?;
        }
        for target in &self.targets.list {
            let is_new = matches!(self.standing(target.kind, &target.key)?, Standing::Absent(_));
            if all && is_new && target.kind.name == "users" && self.past.was_there(lists, &target.key)? {
                whole.insert(target.key.clone());
            } else if (all || is_new) && !self.past.is_led(target.kind, &target.key) {
                along.extend(self.fans(target)?);
            }
        }
        let has = |planner: &Self, key: &String| planner.targets.has(lists, key);
        let mut brought: Vec<String> = whole.union(&along).filter(|key| !has(self, key)).cloned().collect();
        self.tell_own(&brought).await?;
        if !all {
            brought.retain(|key| self.is_own(key));
        }
        if brought.is_empty() {
            return Ok(());
        }
        self.along.extend(brought.iter().filter(|key| !whole.contains(*key)).cloned());
        self.bring(brought.into_iter().map(|key| (lists, key)).collect()).await
    }

    /// Finds out which user the account is, where there are favourites to be set.
    async fn tell_own(&mut self, brought: &[String]) -> Result<(), RestoreError> {
        let is_needed = !brought.is_empty() || self.targets.list.iter().any(is_list);
        if is_needed && self.own.is_none() {
            self.own = self.session.account().await?.map(str::to_owned);
        }
        Ok(())
    }

    /// Whether a stored user is the one that the account is.
    fn is_own(&self, key: &str) -> bool {
        let id = Kind::find("users").map(|users| self.live_key(users, key));
        id.is_some() && id == self.own
    }

    /// Users who had something among their favourites, if it was live then.
    fn fans(&self, target: &Target) -> Result<Vec<String>, RestoreError> {
        if !CONTENT.iter().any(|(_, kind)| *kind == target.kind.name) {
            return Ok(Vec::new());
        }
        let was = self.past.marks(target.kind, &target.key)?;
        if was.then.as_ref().is_none_or(|then| then.row.side != Side::Live) {
            return Ok(Vec::new());
        }
        let referrers = self.past.reader.referrers(self.past.then(), target.kind.name, &target.key)?;
        Ok(referrers.into_iter().filter(|one| one.kind == LISTS).map(|one| one.key).collect())
    }

    /// The favourites of a list that are to come back.
    fn favorites_then(&self, list: &Target) -> Result<Vec<Favorite>, RestoreError> {
        let body = self.past.body_then(list.kind, &list.key)?.unwrap_or_default();
        let Ok(rows) = Value::parse(&body) else { return Ok(Vec::new()) };
        let favorite = |row: &Value<'_>| {
            let content =
                CONTENT.iter().find_map(|(field, kind)| Some((Kind::find(kind)?, text(row, field)?)));
            Some(Favorite { place: text(row, "content_metadata_id")?, content: content? })
        };
        let mut all: Vec<Favorite> = rows.elements().iter().filter_map(favorite).collect();
        if self.along.contains(&list.key) {
            all.retain(|one| self.targets.has(one.content.0, &one.content.1));
        }
        Ok(all)
    }

    /// Reads the content of whole lists, and those lists in which a favourite may be there
    /// already: of what is made anew nobody has any.
    pub(super) async fn read_favorites(&mut self) -> Result<(), RestoreError> {
        let mut contents: BTreeMap<&'static str, (&'static Kind, BTreeSet<String>)> = BTreeMap::new();
        let lists = || self.targets.list.iter().filter(|target| is_list(target));
        for list in lists().filter(|list| !self.along.contains(&list.key)) {
            for Favorite { content: (kind, key), .. } in self.favorites_then(list)? {
                let key = self.live_key(kind, &key);
                contents.entry(kind.name).or_insert((kind, BTreeSet::new())).1.insert(key);
            }
        }
        for (kind, keys) in contents.into_values() {
            self.read(kind, &keys).await?;
        }
        let Some(users) = Kind::find("users") else { return Ok(()) };
        let mut wanted = BTreeSet::new();
        for list in self.targets.list.iter().filter(|target| is_list(target)) {
            let Standing::There(user) = self.standing(users, &list.key)? else { continue };
            for Favorite { content: (kind, key), .. } in self.favorites_then(list)? {
                if matches!(self.standing(kind, &key)?, Standing::There(_)) {
                    wanted.insert(user.row.id.clone());
                }
            }
        }
        let asked = self.asked.entry(LISTS).or_default();
        wanted.retain(|user| asked.insert(user.clone()));
        let found = read_lists(self.session, &wanted).await?;
        self.lives.entry(LISTS).or_default().extend(found);
        Ok(())
    }

    /// Composes the favourites, when it is known where all content is.
    pub(super) fn compose_favorites(
        &self,
        composer: &mut Composer<'_>,
        objects: &mut [Object],
    ) -> Result<(), RestoreError> {
        let is_blocked = |object: &&Object| matches!(object.action, Action::Blocked(_));
        let blocked: HashSet<(String, String)> =
            objects.iter().filter(is_blocked).map(|one| (one.kind.clone(), one.key.clone())).collect();
        for (at, target) in self.targets.list.iter().enumerate() {
            let object = &mut objects[at];
            if object.action == Action::Create {
                self.note_left_favorites(target, object)?;
            }
            if !is_list(target) || is_blocked(&&*object) {
                continue;
            }
            composer.object = at;
            let before = composer.steps.len();
            object.title = self.user_name(&target.key)?;
            object.notes.clear();
            let (user, standing) = self.user_of(&target.key, &blocked)?;
            let missing = self.missing(composer, target, user.as_ref(), &blocked)?;
            object.notes.append(&mut composer.notes);
            match (user, standing) {
                (Some(user), User::Own) => self.mark(composer, target, &user, None, missing)?,
                (Some(user), User::Other) if self.request.favorites => {
                    self.mark(composer, target, &user, Some(&user), missing)?;
                }
                _ if missing.is_empty() => {}
                (_, User::Closed(why)) => {
                    object.notes.push(format!("{} cannot be set: its user {why}", counted(missing.len())));
                }
                _ => {
                    object.favored_by.push(target.key.clone());
                    let why = "to set favorites of another user takes --favorites";
                    object.action = Action::Blocked(why.to_owned());
                    continue;
                }
            }
            let is_set = composer.steps.len() > before;
            object.action = if is_set { Action::Update } else { Action::Skip };
        }
        Ok(())
    }

    /// What is missing in the list of a user, with where it is now; notes what cannot come
    /// back.
    fn missing(
        &self,
        composer: &mut Composer<'_>,
        list: &Target,
        user: Option<&Id>,
        blocked: &HashSet<(String, String)>,
    ) -> Result<Vec<(Favorite, Id)>, RestoreError> {
        let marked = self.places_marked(user);
        let (mut missing, mut lost) = (Vec::new(), BTreeMap::<&str, usize>::new());
        for favorite in self.favorites_then(list)? {
            match self.place_of(composer, &favorite, &marked, blocked)? {
                Place::Marked => {}
                Place::At(place) => missing.push((favorite, place)),
                Place::Nowhere(why) => *lost.entry(why).or_default() += 1,
            }
        }
        for (why, count) in lost {
            composer.note(format!("{} left out: what it is of {why}", counted(count)));
        }
        Ok(missing)
    }

    /// Adds favourites to the list of `user`, as whom that is done where it is not the
    /// account.
    fn mark(
        &self,
        composer: &mut Composer<'_>,
        list: &Target,
        user: &Id,
        as_user: Option<&Id>,
        missing: Vec<(Favorite, Id)>,
    ) -> Result<(), RestoreError> {
        let Some(resource) = Resource::find(ENTRIES) else { return Ok(()) };
        for (Favorite { place: was, content: (kind, key) }, place) in missing {
            let name = self.name(kind, &key)?;
            let about = if name.starts_with('"') { format!("{} {name}", kind.singular) } else { name };
            let body = vec![
                ("user_id".to_owned(), Part::Id(user.clone())),
                ("content_metadata_id".to_owned(), Part::Id(place)),
            ];
            composer.add(Verb::Create, resource, format!("{}/{was}", list.key), about, None, body);
            if let Some(step) = composer.steps.last_mut() {
                step.as_user = as_user.cloned();
            }
        }
        Ok(())
    }

    /// What a user is on the instance.
    fn user_of(
        &self,
        key: &str,
        blocked: &HashSet<(String, String)>,
    ) -> Result<(Option<Id>, User), RestoreError> {
        const GONE: (Option<Id>, User) = (None, User::Closed("is not there any more"));
        let Some(users) = Kind::find("users") else { return Ok(GONE) };
        let is_made =
            self.targets.has(users, key) && !blocked.contains(&(users.name.to_owned(), key.to_owned()));
        let (id, document) = match self.standing(users, key)? {
            Standing::There(live) => {
                (Id::Known(live.row.id.clone()), live.document(self.past.reader)?.into_owned())
            }
            Standing::Absent(_) if is_made => {
                let body = self.past.body_then(users, key)?;
                (Id::Of(Symbol::new(users.name, key)), body.unwrap_or_default())
            }
            _ => return Ok(GONE),
        };
        let document = Value::parse(&document).ok();
        let is_disabled = document.as_ref().and_then(|user| user.member("is_disabled"));
        let is_own = matches!(&id, Id::Known(id) if self.own.as_ref() == Some(id));
        let standing = match is_disabled {
            _ if is_own => User::Own,
            // Nobody can sign in as one that is disabled.
            Some(disabled) if disabled.text() == "true" => User::Closed("is disabled"),
            _ => User::Other,
        };
        Ok((Some(id), standing))
    }

    /// The places that a user has marked, as far as the list was read.
    fn places_marked(&self, user: Option<&Id>) -> HashSet<String> {
        let list = match user {
            Some(Id::Known(user)) => self.lives.get(LISTS).and_then(|lists| lists.get(user)),
            _ => None,
        };
        list.map(places).unwrap_or_default()
    }

    /// Where the content of a favourite is, for a user who has marked these places.
    fn place_of(
        &self,
        composer: &mut Composer<'_>,
        favorite: &Favorite,
        marked: &HashSet<String>,
        blocked: &HashSet<(String, String)>,
    ) -> Result<Place, RestoreError> {
        let (kind, key) = &favorite.content;
        let mut is_trashed = false;
        if let Standing::There(live) = self.standing(kind, key)? {
            let document = live.document(self.past.reader)?;
            let place = Value::parse(&document).ok().and_then(|it| text(&it, "content_metadata_id"));
            let Some(place) = place else { return Ok(Place::Nowhere("does not say where it is")) };
            if marked.contains(&place) {
                return Ok(Place::Marked);
            }
            if live.side == Side::Live {
                return Ok(Place::At(Id::Known(place)));
            }
            is_trashed = true;
        }
        if !self.targets.has(kind, key) {
            return Ok(Place::Nowhere(if is_trashed { "lies in the trash" } else { "is not there" }));
        }
        let was = self.past.marks(kind, key)?;
        if was.then.as_ref().is_some_and(|then| then.row.side == Side::Trash) {
            return Ok(Place::Nowhere("lay in the trash"));
        }
        let is_blocked = blocked.contains(&(kind.name.to_owned(), key.clone()));
        Ok(if !is_blocked && give_place(composer, &favorite.place, &favorite.content) {
            Place::At(Id::Of(Symbol::new(INHERITING, favorite.place.as_str())))
        } else {
            Place::Nowhere("does not come back")
        })
    }

    /// Says that favourites do not come along with what is made anew.
    fn note_left_favorites(&self, target: &Target, object: &mut Object) -> Result<(), RestoreError> {
        let Some(lists) = Kind::find(LISTS) else { return Ok(()) };
        if self.request.favorites {
            return Ok(());
        }
        if target.kind.name == "users" {
            let body = self.past.body_then(lists, &target.key)?.unwrap_or_default();
            let count = Value::parse(&body).map_or(0, |list| list.elements().len());
            if count > 0 && !self.targets.has(lists, &target.key) {
                object.favored_by.push(target.key.clone());
                object.notes.push(format!("{} would be lost (--favorites sets them again)", counted(count)));
            }
            return Ok(());
        }
        let mut fans = self.fans(target)?;
        fans.retain(|user| !self.targets.has(lists, user));
        if !fans.is_empty() {
            let lose = if fans.len() == 1 {
                "1 user loses".to_owned()
            } else {
                format!("{} users lose", fans.len())
            };
            object
                .notes
                .push(format!("it gets a new id, and {lose} it as a favorite (--favorites sets it again)"));
            object.favored_by = fans;
        }
        Ok(())
    }

    fn user_name(&self, key: &str) -> Result<Option<String>, RestoreError> {
        let Some(users) = Kind::find("users") else { return Ok(None) };
        let marks = self.past.marks(users, key)?;
        Ok(marks.each().find_map(|mark| mark.row.title.clone()).filter(|name| !name.is_empty()))
    }
}

/// Says of lists what is set in them, now that it is known what else is blocked.
pub(super) fn tell(objects: &mut [Object], steps: &[Step]) {
    let mut set: HashMap<usize, Vec<String>> = HashMap::new();
    for step in steps.iter().filter(|step| step.resource == ENTRIES) {
        set.entry(step.object).or_default().push(format!("+{}", step.about));
    }
    for (at, object) in objects.iter_mut().enumerate().filter(|(_, object)| object.kind == LISTS) {
        object.changes = set.remove(&at).unwrap_or_default();
        if object.changes.is_empty() && object.action == Action::Update {
            object.action = Action::Skip;
            object.notes.push("what its favorites are of is blocked".to_owned());
        }
    }
}

/// The lists of these users, by fifties where the instance is known to take lists of them.
pub(in crate::restore) async fn read_lists(
    session: &Session,
    users: &BTreeSet<String>,
) -> Result<BTreeMap<String, Live>, RestoreError> {
    let Some(kind) = Kind::find(LISTS).filter(|_| !users.is_empty()) else { return Ok(BTreeMap::new()) };
    let (mut found, mut left) = (BTreeMap::new(), users.clone());
    if users.len() > 1 && session.takes_lists_of_users()? {
        let users: Vec<&str> = users.iter().map(String::as_str).collect();
        for users in users.chunks(USERS_A_CALL) {
            for (user, live) in several(session, kind, users).await? {
                left.remove(&user);
                found.insert(user, live);
            }
        }
    }
    found.extend(live::read(session, kind, &left, &Stock::default()).await?.lives);
    Ok(found)
}

/// The lists of several users by one call; nothing where they are more than it answers.
async fn several(
    session: &Session,
    kind: &'static Kind,
    users: &[&str],
) -> Result<Vec<(String, Live)>, RestoreError> {
    let List::Each(each) = &kind.list else { return Ok(Vec::new()) };
    let call = Call::new(&each.operation, kind.name, Reason::Item).with("user_id", users.join(","));
    let call = each.parameters.iter().fold(call, |call, (name, value)| call.with(name, *value));
    let limit =
        each.parameters.iter().find(|(name, _)| *name == "limit").and_then(|(_, limit)| limit.parse().ok());
    let all = session.client().get(&call, |reply| rows::cut(&reply.body)).await?;
    if limit.is_some_and(|limit: usize| all.len() >= limit) {
        return Ok(Vec::new());
    }
    let of = |user: &str| -> Vec<Bytes> {
        let is_its =
            |row: &&Bytes| Value::parse(row).is_ok_and(|row| text(&row, "user_id").as_deref() == Some(user));
        all.iter().filter(is_its).cloned().collect()
    };
    let live = |user: &&str| {
        let row = Row::keyed(user, rows::join(&of(user)), kind, each.answer)?;
        Ok(((*user).to_owned(), Live { row, side: Side::Live, packed: None, as_meant: None }))
    };
    users.iter().map(live).collect()
}

/// The places that a list has.
pub(in crate::restore) fn places(list: &Live) -> HashSet<String> {
    let list = Value::parse(&list.row.raw);
    list.map(|list| list.elements().iter().filter_map(|row| text(row, "content_metadata_id")).collect())
        .unwrap_or_default()
}

fn is_list(target: &Target) -> bool {
    target.kind.name == LISTS
}

fn counted(count: usize) -> String {
    if count == 1 { "1 favorite".to_owned() } else { format!("{count} favorites") }
}
