//! The walk from a subject to all that hangs on it.

use std::collections::{HashMap, HashSet, VecDeque};

use vault::{AsOf, FieldFilter, Reader, Referrer, Result, Side};

use super::causes::Names;
use super::subject::addresses;
use super::{Affected, Cause, users};
use crate::documents::{Node, Place, mentions, recipients};

/// What stands for content: whoever refers to it shows it.
const CARRIERS: [&str; 5] = ["queries", "merge_queries", "looks", "dashboards", "lookml_dashboards"];

type Key = (String, String);

pub(super) struct Walk<'r> {
    reader: &'r Reader,
    of: AsOf,
    found: Vec<Found>,
    place_of: HashMap<Key, usize>,
    /// Found, and what refers to it is to be found.
    waiting: VecDeque<usize>,
    /// What refers to them was found.
    walked: Vec<usize>,
    /// All alerts by their dashboard, once they are asked for.
    alerts: Option<HashMap<String, Vec<Alert>>>,
    /// What was ever referred to, by the kinds that were asked for.
    referred: HashMap<String, HashSet<String>>,
}

struct Found {
    object: Referrer,
    distance: u32,
    causes: Vec<Cause>,
}

/// An alert and the tile it watches.
struct Alert {
    object: Referrer,
    tile: String,
}

impl<'r> Walk<'r> {
    pub(super) fn new(reader: &'r Reader, of: AsOf) -> Self {
        Self {
            reader,
            of,
            found: Vec::new(),
            place_of: HashMap::new(),
            waiting: VecDeque::new(),
            walked: Vec::new(),
            alerts: None,
            referred: HashMap::new(),
        }
    }

    /// Begins with whatever uses one of the fields.
    pub(super) fn fields(&mut self, filter: &FieldFilter) -> Result<()> {
        self.fields_through(filter, None)
    }

    fn fields_through(&mut self, filter: &FieldFilter, through: Option<usize>) -> Result<()> {
        for (user, places) in users::of_fields(self.reader, self.of, filter)? {
            self.note(user, through, places, true);
        }
        Ok(())
    }

    /// Begins with whatever refers to an object; `on` says whether the walk goes
    /// on from there.
    pub(super) fn referrers_of_subject(&mut self, kind: &str, key: &str, on: bool) -> Result<()> {
        self.referrers(kind, key, None, on)
    }

    fn referrers(&mut self, kind: &str, key: &str, through: Option<usize>, on: bool) -> Result<()> {
        if !self.is_referred_to(kind, key)? {
            return Ok(());
        }
        for referrer in self.reader.referrers(self.of, kind, key)? {
            let body = self.reader.body_of(self.of, &referrer.kind, &referrer.key)?;
            let document = body.as_deref().and_then(Node::of);
            let places = document.map_or_else(Vec::new, |node| mentions(&referrer.kind, &node, kind, key));
            self.note(referrer, through, places, on);
        }
        Ok(())
    }

    /// Whether anything ever referred to an object: of tens of thousands of dashboards
    /// very few are referred to, and to know them all takes no longer than to ask for
    /// one.
    fn is_referred_to(&mut self, kind: &str, key: &str) -> Result<bool> {
        if let Some(keys) = self.referred.get(kind) {
            return Ok(keys.contains(key));
        }
        let keys: HashSet<String> = self.reader.ever_referred_keys(kind)?.into_iter().collect();
        let found = keys.contains(key);
        self.referred.insert(kind.to_owned(), keys);
        Ok(found)
    }

    /// Begins with the models and explores on a connection and goes on with what
    /// uses them. Of a model whose explores are stored only those that are on the
    /// connection count.
    pub(super) fn connection(&mut self, name: &str) -> Result<()> {
        self.referrers("connections", name, None, false)?;
        let mut with_explores = HashSet::new();
        self.reader.bodies(self.of, "explores", |key, _| {
            with_explores.extend(key.split_once("::").map(|(model, _)| model.to_owned()));
        })?;
        let roots: Vec<(usize, Key)> =
            self.found.iter().map(|found| key_of(&found.object)).enumerate().collect();
        for (root, (kind, key)) in roots {
            let (model, explore) = match (kind.as_str(), key.split_once("::")) {
                ("explores", Some((model, explore))) => (model, Some(explore.to_owned())),
                ("lookml_models", _) if !with_explores.contains(&key) => (key.as_str(), None),
                _ => continue,
            };
            let filter = FieldFilter { model: Some(model.to_owned()), explore, name: None };
            self.fields_through(&filter, Some(root))?;
        }
        Ok(())
    }

    /// Begins with the plans and alerts that are sent to a user.
    pub(super) fn received_by(&mut self, user: &str) -> Result<()> {
        let body = self.reader.body_of(self.of, "users", user)?;
        let Some(document) = body.as_deref().and_then(Node::of) else { return Ok(()) };
        let wanted = addresses(&document);
        for kind in ["scheduled_plans", "alerts"] {
            let mut sent = Vec::new();
            self.reader.bodies(self.of, kind, |key, body| {
                let Some(document) = Node::of(body) else { return };
                let places: Vec<Place> = recipients(&document)
                    .into_iter()
                    .filter(|(_, address)| wanted.iter().any(|wanted| wanted.eq_ignore_ascii_case(address)))
                    .map(|(place, _)| place)
                    .collect();
                if !places.is_empty() {
                    sent.push((live(kind, key, &document), places));
                }
            })?;
            for (object, places) in sent {
                self.note(object, None, places, false);
            }
        }
        Ok(())
    }

    /// The alerts on a dashboard, all of them or those of certain tiles.
    pub(super) fn alerts_of(
        &mut self,
        kind: &str,
        dashboard: &str,
        tiles: Option<&HashSet<String>>,
        through: Option<usize>,
    ) -> Result<()> {
        if !["dashboards", "lookml_dashboards"].contains(&kind) {
            return Ok(());
        }
        if self.alerts.is_none() {
            self.alerts = Some(self.all_alerts()?);
        }
        let here = self.alerts.iter().filter_map(|alerts| alerts.get(dashboard)).flatten();
        let here = here.filter(|alert| tiles.is_none_or(|tiles| tiles.contains(&alert.tile)));
        let objects: Vec<Referrer> = here.map(|alert| alert.object.clone()).collect();
        for object in objects {
            let place = Place { part: None, field: "dashboard_element_id".to_owned() };
            self.note(object, through, vec![place], true);
        }
        Ok(())
    }

    fn all_alerts(&self) -> Result<HashMap<String, Vec<Alert>>> {
        let mut alerts: HashMap<String, Vec<Alert>> = HashMap::new();
        self.reader.bodies(self.of, "alerts", |key, body| {
            let Some(document) = Node::of(body) else { return };
            let text = |member: &str| document.text(member).map(str::to_owned);
            let dashboard = text("lookml_dashboard_id").or_else(|| text("investigative_content_id"));
            if let (Some(dashboard), Some(tile)) = (dashboard, text("dashboard_element_id")) {
                let alert = Alert { object: live("alerts", key, &document), tile };
                alerts.entry(dashboard).or_default().push(alert);
            }
        })?;
        Ok(alerts)
    }

    /// Follows what was found to what refers to it, nearest first. Alerts come last: only
    /// then are all tiles known because of which a dashboard was found.
    pub(super) fn go_on(&mut self) -> Result<()> {
        while let Some(here) = self.waiting.pop_front() {
            let (kind, key) = key_of(&self.found[here].object);
            self.referrers(&kind, &key, Some(here), true)?;
            self.walked.push(here);
        }
        for here in std::mem::take(&mut self.walked) {
            let (kind, key) = key_of(&self.found[here].object);
            let tiles = self.tiles_of(here);
            self.alerts_of(&kind, &key, Some(&tiles), Some(here))?;
        }
        Ok(())
    }

    /// The tiles because of which a dashboard was found.
    fn tiles_of(&self, here: usize) -> HashSet<String> {
        let places = self.found[here].causes.iter().flat_map(|cause| &cause.places);
        let tiles = places.filter_map(|place| place.part.as_ref()).filter(|part| part.kind == "tile");
        tiles.filter_map(|part| part.id.clone()).collect()
    }

    fn note(&mut self, object: Referrer, through: Option<usize>, places: Vec<Place>, on: bool) {
        let distance = through.map_or(1, |through| self.found[through].distance + 1);
        let key = key_of(&object);
        let cause = Cause { through, places };
        if let Some(known) = self.place_of.get(&key) {
            let known = &mut self.found[*known];
            let same = known.causes.iter_mut().find(|known| known.through == cause.through);
            match same {
                Some(same) => same.places.extend(cause.places),
                None => known.causes.push(cause),
            }
            return;
        }
        let here = self.found.len();
        if on && CARRIERS.contains(&key.0.as_str()) {
            self.waiting.push_back(here);
        }
        self.place_of.insert(key, here);
        self.found.push(Found { object, distance, causes: vec![cause] });
    }

    /// What was found, with names, nearest first.
    pub(super) fn end(mut self) -> Result<Vec<Affected>> {
        let mut order: Vec<usize> = (0..self.found.len()).collect();
        order.sort_by_key(|at| self.found[*at].distance);
        let mut places = vec![0; order.len()];
        for (place, at) in order.iter().enumerate() {
            places[*at] = place;
        }
        for cause in self.found.iter_mut().flat_map(|found| &mut found.causes) {
            cause.through = cause.through.map(|at| places[at]);
        }
        self.found.sort_by_key(|found| found.distance);
        let mut names = Names::new(self.reader, self.of)?;
        let named = |found: Found| {
            let mut causes = found.causes;
            for cause in &mut causes {
                cause.places.sort_unstable();
                cause.places.dedup();
            }
            Ok(Affected { object: names.name(found.object)?, distance: found.distance, causes })
        };
        self.found.into_iter().map(named).collect()
    }
}

fn key_of(object: &Referrer) -> Key {
    (object.kind.clone(), object.key.clone())
}

/// A live object whose document was just read.
fn live(kind: &str, key: &str, document: &Node) -> Referrer {
    let text = |member: &str| document.text(member).map(str::to_owned);
    Referrer {
        kind: kind.to_owned(),
        key: key.to_owned(),
        title: text(crate::documents::title_of(kind)),
        folder: None,
        side: Side::Live,
    }
}
