//! Reading back what is done, while other objects are still written.
//!
//! # The problem
//!
//! Reading back thousands of documents keeps the processors busy, and writing them leaves
//! these idle: one waits for the network while the other does not need it.
//!
//! # The choice
//!
//! Where a plan changes objects of one kind in place, or takes them out of the trash, it is
//! known before the first write which calls will read them back: the same ones as after
//! the last write. Each of these *portions* is read as soon as all objects that it is to
//! bring are settled, which is when no step of theirs will be sent any more by this
//! process. Of a portion only these objects are taken, so that nothing is ever taken for
//! read back that was read before its last write was answered, however rows have moved
//! meanwhile. What comes out of the trash moves the rows behind it: then a page waits for
//! all that comes before it as well.
//!
//! What a portion brings is stored with the run at once. One that does not bring what it
//! should, or cannot be stored, ends the reading ahead. Whatever was not read by then is
//! read after the last write, as all is read there
//!
//! * when the plan makes or takes away anything, or moves what is read by folders, since
//!   nobody knows then on which page anything will be;
//! * when it writes several kinds, for documents repeat what stands in others;
//! * when it is carried on by another process, which does not know how the instance lists
//!   what is there;
//! * when calls are limited: the writes come first.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};

use looker::Kind;
use looker::catalogue::Paged;
use looker::client::Call;
use tokio::sync::Semaphore;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use vault::Side;

use super::identity::Lives;
use super::paging::{Course, Stock, page_of};
use super::plan::Plan;
use super::planner::{Meant, Reads, before_reading_back};
use super::session::Session;
use super::step::{Step, Verb};
use super::{Action, RestoreError, live};

/// Of the requests that may be made at once, one in so many reads while others write.
const A_PART: usize = 4;

/// What is read by one call.
#[derive(Debug)]
pub(super) struct Portion {
    pub(super) call: Call,
    /// Ids of the objects that are taken of it. They are settled before it is sent.
    pub(super) wanted: HashSet<String>,
}

/// What an instance listed of what is live when a plan was made.
#[derive(Debug, Clone, Default)]
pub struct Listing {
    kinds: HashMap<&'static str, Listed>,
}

#[derive(Debug, Clone)]
struct Listed {
    /// Folders that were listed to their end; `None` is the whole instance.
    places: BTreeSet<Option<String>>,
    /// Ids and folders of all that was found.
    live: Vec<(String, Option<String>)>,
}

impl Listing {
    /// By kind, what was read, and the folders that were listed to their end.
    pub(super) fn of(
        lives: &HashMap<&'static str, Lives>,
        listed: &HashMap<&'static str, BTreeSet<Option<String>>>,
    ) -> Self {
        let kinds = listed.iter().filter(|(_, places)| !places.is_empty()).filter_map(|(kind, places)| {
            let live = lives.get(kind)?.all().filter(|live| live.side == Side::Live);
            let live = live.map(|live| (live.row.id.clone(), live.row.folder.clone())).collect();
            Some((*kind, Listed { places: places.clone(), live }))
        });
        Self { kinds: kinds.collect() }
    }

    /// Ids of all that is live of a kind in a folder, or on the whole instance, if that was
    /// listed.
    fn ids(&self, kind: &Kind, folder: Option<&str>) -> Option<Vec<&str>> {
        let Listed { places, live } = self.kinds.get(kind.name)?;
        if !places.contains(&None) && !places.contains(&folder.map(str::to_owned)) {
            return None;
        }
        let there = live.iter().filter(|(_, lies)| folder.is_none() || lies.as_deref() == folder);
        Some(there.map(|(id, _)| id.as_str()).collect())
    }
}

/// What is read while others are written.
#[derive(Debug)]
pub(super) struct Ahead {
    kind: &'static Kind,
    portions: Vec<Portion>,
    /// What is to be read, where that can be told.
    meant: Option<Arc<Meant>>,
    waiting: Mutex<Waiting>,
    /// Portions that may be in memory, on their way or being packed.
    places: Arc<Semaphore>,
    /// How many more there may be when nothing is written any more.
    more: usize,
}

/// Which portions wait for what.
#[derive(Debug)]
struct Waiting {
    /// By object of the plan, the portion that brings it.
    portions: HashMap<usize, usize>,
    /// By portion, how many of its objects are not settled.
    left: Vec<usize>,
    /// Whether each waits for all before it.
    in_turn: bool,
    /// How many were told of.
    told: usize,
    /// Tells of those that may be read; gone when all were told of.
    tell: Option<UnboundedSender<usize>>,
    ripe: Option<UnboundedReceiver<usize>>,
}

impl Ahead {
    /// What may be read ahead of a plan, by what was listed when it was made.
    ///
    /// # Errors
    /// When the vault cannot be read.
    pub(super) fn of(
        session: &Session,
        plan: &Plan,
        listing: &Listing,
    ) -> Result<Option<Self>, RestoreError> {
        let Some(written) = Written::of(plan).filter(|_| !session.client.meter().is_limited()) else {
            return Ok(None);
        };
        let Some(paged) = written.kind.paged() else { return Ok(None) };
        let (stock, meant) = before_reading_back(session, plan, written.kind, &written.objects)?;
        let Some(portions) = written.portions(paged, &stock, listing).filter(|portions| portions.len() > 1)
        else {
            return Ok(None);
        };
        let waiting = Mutex::new(Waiting::new(&portions, &written));
        // The requests and the memory are the writes'.
        let ceiling = session.client.settings().ceiling.max(1);
        let few = ceiling.div_ceil(A_PART);
        let places = Arc::new(Semaphore::new(few));
        let meant = meant.map(Arc::new);
        Ok(Some(Self { kind: written.kind, portions, meant, waiting, places, more: ceiling - few }))
    }

    /// Notes that nothing is written any more: what was not told of by now is not waited for.
    pub(super) fn all_written(&self) {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner).tell = None;
        self.places.add_permits(self.more);
    }

    /// Notes that no step of an object of the plan will be sent any more.
    pub(super) fn settled(&self, object: usize) {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner).settled(object);
    }

    /// Reads each portion as soon as its objects are settled.
    pub(super) async fn read(&self, session: &Session) -> Reads {
        let ripe = self.waiting.lock().unwrap_or_else(PoisonError::into_inner).ripe.take();
        match ripe {
            Some(ripe) => {
                let places = Arc::clone(&self.places);
                let meant = self.meant.as_ref();
                let read = live::read_portions(session, self.kind, &self.portions, ripe, places, meant).await;
                Reads::of(self.kind, read)
            }
            None => Reads::default(),
        }
    }
}

impl Waiting {
    fn new(portions: &[Portion], written: &Written) -> Self {
        let of_ids: HashMap<&str, usize> = portions
            .iter()
            .enumerate()
            .flat_map(|(nth, portion)| portion.wanted.iter().map(move |id| (id.as_str(), nth)))
            .collect();
        let nth = |(id, object): (&String, &usize)| Some((*object, *of_ids.get(id.as_str())?));
        let of_objects = written.objects.iter().filter_map(nth).collect();
        let (tell, ripe) = unbounded_channel();
        let mut waiting = Self {
            portions: of_objects,
            left: portions.iter().map(|portion| portion.wanted.len()).collect(),
            in_turn: !written.undeleted.is_empty(),
            told: 0,
            tell: Some(tell),
            ripe: Some(ripe),
        };
        // What brings nothing waits for nothing.
        (0..portions.len())
            .filter(|nth| portions[*nth].wanted.is_empty())
            .for_each(|nth| waiting.told_of(nth));
        waiting
    }

    fn settled(&mut self, object: usize) {
        let Some(nth) = self.portions.remove(&object) else { return };
        self.left[nth] -= 1;
        self.told_of(nth);
    }

    /// Tells of what may be read now that nothing is left to wait for in this one.
    fn told_of(&mut self, nth: usize) {
        if self.in_turn {
            while self.left.get(self.told) == Some(&0) {
                self.tell(self.told);
            }
        } else if self.left[nth] == 0 {
            self.tell(nth);
        }
    }

    fn tell(&mut self, nth: usize) {
        // Who reads may have ended it.
        let _gone = self.tell.as_ref().map(|tell| tell.send(nth));
        self.told += 1;
        if self.told == self.left.len() {
            self.tell = None;
        }
    }
}

/// Objects of one kind that a plan changes where they are.
struct Written {
    kind: &'static Kind,
    /// Their places in the plan, by id.
    objects: HashMap<String, usize>,
    /// Those that come out of the trash.
    undeleted: HashSet<String>,
    /// Whether any of them changes its folder.
    moves: bool,
}

impl Written {
    fn of(plan: &Plan) -> Option<Self> {
        let with_steps: BTreeSet<usize> = plan.steps.iter().map(|step| step.object).collect();
        let kind = Kind::find(&plan.objects.get(*with_steps.first()?)?.kind)?;
        let (mut objects, mut undeleted) = (HashMap::new(), HashSet::new());
        for at in with_steps {
            let object = plan.objects.get(at).filter(|object| object.kind == kind.name)?;
            let id = object.live_id.clone()?;
            match object.action {
                Action::Update | Action::ReOwn | Action::Move => {}
                Action::Undelete => drop(undeleted.insert(id.clone())),
                _ => return None,
            }
            if objects.insert(id, at).is_some() {
                return None;
            }
        }
        let writes = |step: &Step, field: &str| step.body.iter().any(|(name, _)| name == field);
        // What goes into the trash is not where it was.
        let trashes = |step: &Step| {
            step.resource == kind.name && step.verb != Verb::Undelete && writes(step, "deleted")
        };
        if plan.steps.iter().any(trashes) {
            return None;
        }
        let moves = plan.steps.iter().any(|step| writes(step, "folder_id"));
        Some(Self { kind, objects, undeleted, moves })
    }

    fn ids(&self) -> BTreeSet<String> {
        self.objects.keys().cloned().collect()
    }

    /// The calls that will read them back, as [`live::read`] makes them; `None` where that
    /// is not known.
    fn portions(&self, paged: &'static Paged, stock: &Stock, listing: &Listing) -> Option<Vec<Portion>> {
        let all = self.ids();
        let course = Course::of(&all, stock, paged, stock.stored[0]);
        if self.moves && !course.folders.is_empty() {
            return None;
        }
        let (mut portions, mut rest) = (Vec::new(), all);
        for (folder, _) in &course.folders {
            let lies_in = |id: &&String| stock.folders.get(*id) == Some(folder);
            portions.extend(self.pages(paged, Some(folder), &lies_in, listing)?);
            rest.retain(|id| stock.folders.get(id) != Some(folder));
        }
        if rest.is_empty() {
            return Some(portions);
        }
        let Some(ids_a_call) = course.ids_a_call(rest.len()) else {
            portions.extend(self.pages(paged, None, &|_| true, listing)?);
            return Some(portions).filter(|_| course.folders.is_empty());
        };
        let rest: Vec<&str> = rest.iter().map(String::as_str).collect();
        portions.extend(rest.chunks(ids_a_call).map(|ids| Portion {
            call: live::ids_call(self.kind, paged, Side::Live, ids),
            wanted: ids.iter().map(|id| (*id).to_owned()).collect(),
        }));
        Some(portions)
    }

    /// The pages of what will be live in a folder, or on the whole instance, the last one
    /// included that may be empty.
    fn pages(
        &self,
        paged: &'static Paged,
        folder: Option<&str>,
        lies_there: &dyn Fn(&&String) -> bool,
        listing: &Listing,
    ) -> Option<Vec<Portion>> {
        let back = self.undeleted.iter().filter(lies_there).map(String::as_str);
        let ids = listing.ids(self.kind, folder)?.into_iter().chain(back);
        let numbered = ids.map(|id| Some((id.parse::<u64>().ok()?, id)));
        let rows: Vec<&str> =
            numbered.collect::<Option<BTreeSet<_>>>()?.into_iter().map(|(_, id)| id).collect();
        let is_there: HashSet<&str> = rows.iter().copied().collect();
        if !self.objects.keys().filter(lies_there).all(|id| is_there.contains(id.as_str())) {
            return None;
        }
        let size = page_of(paged);
        let page = |nth: usize| {
            let own = rows.iter().skip(nth * size).take(size);
            Portion {
                call: live::page_call(self.kind, paged, Side::Live, folder, size, nth * size),
                wanted: own.filter(|id| self.objects.contains_key(**id)).map(|id| (*id).to_owned()).collect(),
            }
        };
        Some((0..=rows.len() / size).map(page).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Portions of these objects of a plan, whose ids are their places in it.
    fn waiting(portions: &[&[usize]], undeleted: &[usize]) -> Waiting {
        let kind = Kind::find("dashboards").unwrap();
        let id = |object: &usize| object.to_string();
        let portion = |objects: &&[usize]| Portion {
            call: live::ids_call(kind, kind.paged().unwrap(), Side::Live, &[]),
            wanted: objects.iter().map(id).collect(),
        };
        let all = portions.iter().flat_map(|objects| objects.iter());
        let written = Written {
            kind,
            objects: all.map(|object| (id(object), *object)).collect(),
            undeleted: undeleted.iter().map(id).collect(),
            moves: false,
        };
        Waiting::new(&portions.iter().map(portion).collect::<Vec<_>>(), &written)
    }

    /// What is told of after each object that is settled, what is told of at once first.
    fn told(mut waiting: Waiting, settled: &[usize]) -> Vec<Vec<usize>> {
        let mut ripe = waiting.ripe.take().unwrap();
        let mut all = || std::iter::from_fn(|| ripe.try_recv().ok()).collect();
        let mut told = vec![all()];
        for object in settled {
            waiting.settled(*object);
            told.push(all());
        }
        assert_eq!(waiting.tell.is_none(), waiting.told == waiting.left.len(), "who reads sees the end");
        told
    }

    #[test]
    fn a_portion_is_read_when_its_last_object_is_settled() {
        let portions: [&[usize]; 4] = [&[0, 1], &[2], &[], &[3, 4]];
        let waiting = waiting(&portions, &[]);
        // Of objects that are not read ahead nothing is known.
        let settled = [1, 3, 9, 2, 0, 0, 4];
        let expected = [vec![2], vec![], vec![], vec![], vec![1], vec![0], vec![], vec![3]];
        assert_eq!(told(waiting, &settled), expected);
    }

    /// However it came that something is never settled.
    #[tokio::test]
    async fn when_all_is_written_nothing_is_waited_for() {
        let portions: [&[usize]; 2] = [&[0], &[1]];
        let mut waiting = waiting(&portions, &[]);
        let mut ripe = waiting.ripe.take().unwrap();
        let kind = Kind::find("dashboards").unwrap();
        let (waiting, places) = (Mutex::new(waiting), Arc::new(Semaphore::new(1)));
        let ahead = Ahead { kind, portions: Vec::new(), meant: None, waiting, places, more: 3 };
        ahead.settled(0);
        ahead.all_written();
        ahead.settled(1);
        assert_eq!((ripe.recv().await, ripe.recv().await), (Some(0), None));
        assert_eq!(ahead.places.available_permits(), 4);
    }

    #[test]
    fn what_comes_out_of_the_trash_is_read_in_turn() {
        let portions: [&[usize]; 4] = [&[0, 1], &[2], &[3], &[]];
        let expected = [vec![], vec![], vec![], vec![0, 1], vec![2, 3]];
        assert_eq!(told(waiting(&portions, &[0]), &[2, 1, 0, 3]), expected);
    }
}
