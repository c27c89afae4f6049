//! `impact`: what hangs on a field, a dashboard, a user..., or what nothing uses.

mod unused;

use clap::Args;
use engine::impact::{Affected, Cause, Impact, Subject, SubjectError, impact};
use serde::Serialize;
use vault::{FieldFilter, FieldName};

use crate::args::command_help;
use crate::context::{Context, Opened};
use crate::exit::Exit;
use crate::moments::{AsOf, Meant, MomentPart};
use crate::objects::{ObjectPart, PlacePart, places_in_words, short_name, title_and_folder};
use crate::output::{Align, Table, human};
use crate::report::{Failure, Outcome};
use crate::suggest::nearest;

/// Show what uses a field, an explore, a dashboard, a user..., or what nothing uses
///
/// Works offline, on the newest state of the vault or one of the past. Every object that uses the
/// subject is listed with where (tile, filter, table calculation, chart...), and so
/// is what hangs on those: a look's dashboards, a dashboard's boards, schedules and
/// alerts. Of users and groups: what they own, receive, may see or belong to.
#[derive(Args, Debug)]
#[command(override_usage = USAGE, after_long_help = command_help(EXAMPLES, EXITS))]
pub struct ImpactArgs {
    #[command(flatten)]
    subject: SubjectArgs,

    #[command(flatten)]
    as_of: AsOf,
}

/// What is asked about.
#[derive(Args, Debug)]
#[group(required = true, multiple = false)]
struct SubjectArgs {
    /// A field: view.field, explore.view.field or model.explore.view.field
    #[arg(long, value_name = "FIELD")]
    field: Option<String>,

    /// An explore: explore or model.explore
    #[arg(long, value_name = "EXPLORE")]
    explore: Option<String>,

    /// A model
    #[arg(long, value_name = "MODEL")]
    model: Option<String>,

    /// A database connection
    #[arg(long, value_name = "NAME")]
    connection: Option<String>,

    /// A dashboard, by id
    #[arg(long, value_name = "ID")]
    dashboard: Option<String>,

    /// A look, by id
    #[arg(long, value_name = "ID")]
    look: Option<String>,

    /// A user, by id or mail address
    #[arg(long, value_name = "USER")]
    user: Option<String>,

    /// A group, by id or name
    #[arg(long, value_name = "GROUP")]
    group: Option<String>,

    /// What nothing refers to, of these kinds or of all that can be told of
    #[arg(long, value_name = "KIND", num_args = 0.., value_delimiter = ',', value_parser = unused::kind)]
    unused: Option<Vec<&'static str>>,
}

/// The one that would be made names all subjects in one long line.
const USAGE: &str = "lookervault impact [OPTIONS] --SUBJECT <NAME>";

const EXAMPLES: &str = "
  Who would notice if a field were gone:
    lookervault impact --field ecommerce.order_items.orders.count

  Where a dashboard is shown, sent and watched:
    lookervault impact --dashboard 1012

  What a leaver owns and receives:
    lookervault impact --user ada@example.com

  What used an explore before the migration:
    lookervault impact --explore ecommerce.order_items --as-of before-migration

  Looks and roles that nothing uses:
    lookervault impact --unused looks,roles";

const EXITS: &[Exit] = &[Exit::Failed, Exit::Usage, Exit::Damage];

/// Prints what hangs on the subject.
///
/// # Errors
/// When there is no such subject, or the vault cannot be read.
pub fn run(context: &Context, args: &ImpactArgs) -> Outcome {
    if let Some(kinds) = &args.subject.unused {
        let opened = context.read_searchable_vault("impact")?;
        let as_of = opened.as_of(context, &args.as_of)?;
        return unused::run(context, &opened, as_of.as_ref(), kinds);
    }
    let (sort, text) = args.subject.typed();
    let opened = match sort {
        "field" | "explore" | "model" | "connection" => context.read_searchable_vault("impact")?,
        // References are kept with the documents themselves.
        _ => context.read_vault()?,
    };
    let as_of = opened.as_of(context, &args.as_of)?;
    let at = opened.at(as_of.as_ref());
    let subject = subject(&opened, at, sort, text)?;
    let found = impact(&opened.reader, at, &subject)?;
    if context.printer.is_json() {
        let document = Document::new(&opened, sort, text, &found);
        context.printer.json(&Document { as_of: as_of.as_ref().map(Meant::part), ..document })?;
    } else {
        print(context, &opened, at, &subject, &found)?;
    }
    Ok(Exit::Ok)
}

impl SubjectArgs {
    /// The option that was given, and its value.
    fn typed(&self) -> (&'static str, &str) {
        let options = [
            ("field", &self.field),
            ("explore", &self.explore),
            ("model", &self.model),
            ("connection", &self.connection),
            ("dashboard", &self.dashboard),
            ("look", &self.look),
            ("user", &self.user),
            ("group", &self.group),
        ];
        let given = options.into_iter().find_map(|(sort, value)| Some((sort, value.as_deref()?)));
        given.unwrap_or_default()
    }
}

fn subject(opened: &Opened, of: vault::AsOf, sort: &str, text: &str) -> Result<Subject, Failure> {
    let reader = &opened.reader;
    let subject = match sort {
        "field" => Subject::field(text),
        "explore" => Subject::explore(text),
        "connection" => Subject::connection(reader, of, text),
        "dashboard" => Subject::dashboard(reader, of, text),
        "look" => Subject::look(reader, of, text),
        "user" => Subject::user(reader, of, text),
        "group" => Subject::group(reader, of, text),
        _ => Ok(Subject::model(text)),
    };
    subject.map_err(|error| match error {
        SubjectError::Vault(error) => error.into(),
        SubjectError::Spelling { .. } => Failure::new("usage", Exit::Usage, error.to_string()),
        SubjectError::Unknown { kind, .. } => {
            Failure::new("vault.no_such_object", Exit::Failed, error.to_string())
                .at(&opened.instance.url)
                .hint(format!("`lookervault list {kind} --all` shows what it has"))
        }
    })
}

fn print(
    context: &Context,
    opened: &Opened,
    of: vault::AsOf,
    subject: &Subject,
    found: &Impact,
) -> Result<(), Failure> {
    let printer = &context.printer;
    if let Subject::Fields(FieldFilter { name: Some(_), .. }) = subject
        && found.fields.len() > 1
    {
        printer.status(format!("Several fields are meant: {}.", fields_in_words(&found.fields)));
    }
    if found.affected.is_empty() {
        printer.status("Nothing in the vault uses it.");
        if let Some(near) = near(opened, of, subject)? {
            printer.status(format!("Did you mean {near}?"));
        }
        return Ok(());
    }
    let columns =
        [("object", Align::Left), ("title", Align::Left), ("folder", Align::Left), ("how", Align::Left)];
    let mut table = Table::new(&columns);
    for (nth, affected) in found.affected.iter().enumerate() {
        let [title, folder] = title_and_folder(&affected.object);
        let trash = if affected.is_live() { "" } else { " (trash)" };
        let name = format!("{}{trash}", short_name(&affected.object.kind, &affected.object.key));
        table.row([&name, title, folder, &way(found, nth)]);
    }
    printer.table(&table)?;
    printer.status(human::counted(found.affected.len() as u64, "object", "objects") + ".");
    Ok(())
}

fn fields_in_words(fields: &[FieldName]) -> String {
    let words = |field: &FieldName| match (field.model.as_str(), field.explore.as_str()) {
        ("", "") => format!("{} (explore not told)", field.name),
        (model, explore) => format!("{model}.{explore}.{}", field.name),
    };
    fields.iter().map(words).collect::<Vec<_>>().join(", ")
}

/// How an object comes to the subject: `item 4: dashboard_id ← dashboard 12 (tile
/// "Revenue": fields)`.
fn way(found: &Impact, nth: usize) -> String {
    let mut steps = found.way(nth).into_iter();
    let mut text = steps.next().map(|(_, places)| places_in_words(places)).unwrap_or_default();
    for (object, places) in steps {
        let places = Some(places_in_words(places)).filter(|places| !places.is_empty());
        let places = places.map(|places| format!(" ({places})")).unwrap_or_default();
        text += &format!(" ← {}{places}", short_name(&object.kind, &object.key));
    }
    text
}

/// The name in use that is nearest to one that is not.
fn near(opened: &Opened, of: vault::AsOf, subject: &Subject) -> Result<Option<String>, Failure> {
    let Subject::Fields(FieldFilter { model, explore, name }) = subject else { return Ok(None) };
    let all = opened.reader.fields_in_use(of, &FieldFilter::default(), true)?;
    let names = |part: fn(&FieldName) -> &str| all.iter().map(part);
    Ok(match (name, explore, model) {
        (Some(name), _, _) => nearest(name, names(|field| &field.name)),
        (_, Some(explore), _) => nearest(explore, names(|field| &field.explore)),
        (_, _, Some(model)) => nearest(model, names(|field| &field.model)),
        _ => None,
    }
    .filter(|near| !near.is_empty())
    .map(str::to_owned))
}

#[derive(Serialize)]
struct Document<'a> {
    schema: &'static str,
    instance: &'a str,
    as_of: Option<MomentPart<'a>>,
    subject: SubjectPart<'a>,
    fields: Vec<FieldPart<'a>>,
    count: usize,
    objects: Vec<AffectedPart<'a>>,
}

#[derive(Serialize)]
struct SubjectPart<'a> {
    sort: &'static str,
    name: &'a str,
}

#[derive(Serialize)]
struct FieldPart<'a> {
    model: Option<&'a str>,
    explore: Option<&'a str>,
    field: Option<&'a str>,
}

#[derive(Serialize)]
struct AffectedPart<'a> {
    #[serde(flatten)]
    object: ObjectPart<'a>,
    distance: u32,
    causes: Vec<CausePart<'a>>,
}

#[derive(Serialize)]
struct CausePart<'a> {
    through: Option<Through<'a>>,
    places: Vec<PlacePart<'a>>,
}

#[derive(Serialize)]
struct Through<'a> {
    kind: &'a str,
    id: &'a str,
}

impl<'a> Document<'a> {
    fn new(opened: &'a Opened, sort: &'static str, name: &'a str, found: &'a Impact) -> Self {
        fn some(text: &str) -> Option<&str> {
            Some(text).filter(|text| !text.is_empty())
        }
        let field = |field: &'a FieldName| FieldPart {
            model: some(&field.model),
            explore: some(&field.explore),
            field: some(&field.name),
        };
        let cause = |cause: &'a Cause| CausePart {
            through: cause.through.map(|through| {
                let object = &found.affected[through].object;
                Through { kind: &object.kind, id: &object.key }
            }),
            places: cause.places.iter().map(PlacePart::new).collect(),
        };
        let affected = |affected: &'a Affected| AffectedPart {
            object: ObjectPart::new(&affected.object),
            distance: affected.distance,
            causes: affected.causes.iter().map(cause).collect(),
        };
        Self {
            schema: "lookervault.impact/1",
            instance: &opened.instance.url,
            as_of: None,
            subject: SubjectPart { sort, name },
            fields: found.fields.iter().map(field).collect(),
            count: found.affected.len(),
            objects: found.affected.iter().map(affected).collect(),
        }
    }
}
