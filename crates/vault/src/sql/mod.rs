//! SQL of people's own, read-only.
//!
//! The vault has views for any SQLite tool. What documents say is compressed, so
//! only a connection from here can look into them: it has the function
//! `document(body)` and views made with it. Such a connection reads the file
//! without a lock, can change nothing, attach nothing and load nothing: the file
//! is opened for reading, and an authorizer lets through what reads.

mod export;

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use rusqlite::functions::FunctionFlags;
use rusqlite::hooks::{AuthAction, AuthContext, Authorization};
use rusqlite::types::{Value, ValueRef};
use rusqlite::{Connection, OptionalExtension, Row};

use crate::error::AtPath;
use crate::query::gather;
use crate::reader::Frame;
use crate::vault::open_read_only;
use crate::{BodyHash, Reader, Result, Vault, VaultError};

pub use export::ExportedView;

const CONTENT_VIEWS: &str = include_str!("content.sql");

/// How many steps of SQLite's machine go between two looks at the clock.
const STEPS_BETWEEN_LOOKS: i32 = 10_000;

/// Pragmas that only tell of the schema.
const HARMLESS_PRAGMAS: [&str; 7] = [
    "table_info",
    "table_xinfo",
    "table_list",
    "index_list",
    "index_info",
    "foreign_key_list",
    "user_version",
];

/// A connection for queries of people's own.
#[derive(Debug)]
pub struct Queries {
    connection: Connection,
    /// By what the function `document` reads.
    documents: Arc<Mutex<Reader>>,
}

/// A value of a row.
#[derive(Debug, Clone, PartialEq)]
pub enum SqlValue {
    /// Nothing.
    Null,
    /// A whole number.
    Integer(i64),
    /// A number.
    Real(f64),
    /// A text.
    Text(String),
    /// Bytes.
    Blob(Vec<u8>),
}

/// A view and its columns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ViewInfo {
    /// Its name.
    pub name: String,
    /// Whether it is stored in the vault, where any SQLite tool sees it.
    pub is_stored: bool,
    /// Its columns.
    pub columns: Vec<String>,
}

/// Why a query was not answered.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum SqlError {
    /// SQLite does not understand it.
    #[error("{message}")]
    Wrong {
        /// What SQLite says.
        message: String,
        /// Where in the text, in bytes, if SQLite knows.
        offset: Option<usize>,
    },
    /// It would do something else than read.
    #[error("the query does something else than read: only SELECT is allowed")]
    NotReading,
    /// There are several.
    #[error("there are several statements: give one")]
    Several,
    /// A parameter is missing or unknown.
    #[error("{0}")]
    Parameter(String),
    /// It took too long.
    #[error("the query was stopped after {} s", .0.as_secs_f64())]
    TimedOut(Duration),
    /// There is a file already where the views should be written to.
    #[error("the file exists already")]
    Exists,
    /// The file that the views are written to failed.
    #[error("the file cannot be written: {0}")]
    Export(String),
    /// The vault could not be read.
    #[error(transparent)]
    Vault(#[from] VaultError),
}

impl Vault {
    /// Opens the vault at `path` for queries of people's own; takes no lock and
    /// disturbs no writer.
    ///
    /// # Errors
    /// As [`Vault::open_for_reading`].
    pub fn open_for_queries(path: &Path) -> Result<Queries> {
        let documents = Self::open_for_reading(path)?;
        let path = documents.path().to_owned();
        let mut connection = open_read_only(&path)?;
        let documents = Arc::new(Mutex::new(documents));
        offer_documents(&connection, Arc::clone(&documents)).at(&path)?;
        connection.execute_batch("PRAGMA query_only = OFF").at(&path)?;
        connection.execute_batch(CONTENT_VIEWS).at(&path)?;
        connection.execute_batch("PRAGMA query_only = ON; PRAGMA cache_size = -64000").at(&path)?;
        connection.authorizer(Some(authorize)).at(&path)?;
        Ok(Queries { connection, documents })
    }
}

impl Queries {
    /// Answers one query. `columns` is told their names first, then `each` every
    /// row until it answers false. `:name` in the query is the parameter `name`.
    ///
    /// # Errors
    /// When the query is wrong or does more than read, a parameter is missing or
    /// unknown, it takes longer than `limit`, or the vault cannot be read.
    pub fn query(
        &mut self,
        sql: &str,
        parameters: &[(String, SqlValue)],
        limit: Option<Duration>,
        columns: impl FnOnce(Vec<String>),
        mut each: impl FnMut(Vec<SqlValue>) -> bool,
    ) -> Result<(), SqlError> {
        let until = limit.map(|limit| Instant::now() + limit);
        let handler = until.map(|until| move || Instant::now() >= until);
        let wrong = |error| SqlError::new(error, limit);
        self.connection.progress_handler(STEPS_BETWEEN_LOOKS, handler).map_err(wrong)?;
        let mut select = self.connection.prepare(sql).map_err(wrong)?;
        if !select.readonly() {
            return Err(SqlError::NotReading);
        }
        bind(&mut select, parameters)?;
        columns(select.column_names().map(str::to_owned).collect());
        let width = select.column_count();
        let mut rows = select.raw_query();
        while let Some(row) = rows.next().map_err(wrong)? {
            let values = (0..width).map(|column| row.get_ref(column).map(SqlValue::from));
            if !each(values.collect::<rusqlite::Result<_>>().map_err(wrong)?) {
                break;
            }
        }
        Ok(())
    }

    /// The views with their columns, those that are stored first.
    ///
    /// # Errors
    /// When the vault cannot be read.
    pub fn views(&self) -> Result<Vec<ViewInfo>, SqlError> {
        let wrong = |error| SqlError::new(error, None);
        let select = "SELECT name, 1 FROM main.sqlite_schema WHERE type = 'view'
             UNION ALL SELECT name, 0 FROM temp.sqlite_schema WHERE type = 'view' ORDER BY 2 DESC, 1";
        let named = |row: &Row<'_>| Ok((row.get::<_, String>(0)?, row.get::<_, bool>(1)?));
        let views = gather(&self.connection, select, (), named).map_err(wrong)?;
        let info = |(name, is_stored): (String, bool)| {
            let columns = "SELECT name FROM pragma_table_info(?1)";
            let columns = gather(&self.connection, columns, [&name], |row| row.get(0)).map_err(wrong)?;
            Ok(ViewInfo { name, is_stored, columns })
        };
        views.into_iter().map(info).collect()
    }
}

fn bind(select: &mut rusqlite::Statement<'_>, parameters: &[(String, SqlValue)]) -> Result<(), SqlError> {
    let mut missing: BTreeSet<usize> = (1..=select.parameter_count()).collect();
    for (name, value) in parameters {
        let place = [":", "@", "$"]
            .iter()
            .find_map(|sign| select.parameter_index(&format!("{sign}{name}")).ok().flatten());
        let Some(place) = place else {
            return Err(SqlError::Parameter(format!("the query has no parameter :{name}")));
        };
        missing.remove(&place);
        let bound = select.raw_bind_parameter(place, Value::from(value.clone()));
        bound.map_err(|error| SqlError::new(error, None))?;
    }
    match missing.first() {
        None => Ok(()),
        Some(place) => {
            let name = select.parameter_name(*place).unwrap_or("?").to_owned();
            Err(SqlError::Parameter(format!("the parameter {name} has no value")))
        }
    }
}

fn authorize(context: AuthContext<'_>) -> Authorization {
    match context.action {
        AuthAction::Select | AuthAction::Read { .. } | AuthAction::Recursive => Authorization::Allow,
        AuthAction::Function { function_name } if !function_name.eq_ignore_ascii_case("load_extension") => {
            Authorization::Allow
        }
        AuthAction::Pragma { pragma_name, .. } if HARMLESS_PRAGMAS.contains(&pragma_name) => {
            Authorization::Allow
        }
        _ => Authorization::Deny,
    }
}

/// The function `document(body)`: the JSON text of a body, null where there is none.
fn offer_documents(connection: &Connection, reader: Arc<Mutex<Reader>>) -> rusqlite::Result<()> {
    let flags =
        FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_DETERMINISTIC | FunctionFlags::SQLITE_INNOCUOUS;
    connection.create_scalar_function("document", 1, flags, move |context| {
        match context.get::<Option<i64>>(0)? {
            Some(body) => document(&locked(&reader), body),
            None => Ok(None),
        }
    })
}

fn locked(reader: &Mutex<Reader>) -> MutexGuard<'_, Reader> {
    reader.lock().unwrap_or_else(PoisonError::into_inner)
}

fn document(reader: &Reader, body: i64) -> rusqlite::Result<Option<String>> {
    let select = "SELECT raw_len, dictionary, data, hash FROM body WHERE id = ?1";
    let mut select = reader.connection.prepare_cached(select)?;
    let read = |row: &Row<'_>| {
        let frame = Frame { raw_len: row.get(0)?, dictionary: row.get(1)?, data: row.get(2)? };
        Ok((frame, BodyHash(row.get(3)?)))
    };
    let Some((frame, hash)) = select.query_row([body], read).optional()? else { return Ok(None) };
    let damaged = |why: &str| {
        rusqlite::Error::UserFunctionError(format!("body {body} is damaged ({why}): run verify").into())
    };
    let bytes = reader.decode(&frame)?.map_err(damaged)?;
    if BodyHash::of(&bytes) != hash {
        return Err(damaged("it is not what was stored"));
    }
    String::from_utf8(bytes).map(Some).map_err(|_| damaged("it is no text"))
}

impl SqlError {
    fn new(error: rusqlite::Error, limit: Option<Duration>) -> Self {
        use rusqlite::ErrorCode::{AuthorizationForStatementDenied, OperationInterrupted, ReadOnly};
        match error {
            rusqlite::Error::SqlInputError { error, msg, .. }
                if error.code == AuthorizationForStatementDenied || msg.contains("not authorized") =>
            {
                Self::NotReading
            }
            rusqlite::Error::SqlInputError { msg, offset, .. } => {
                Self::Wrong { message: msg, offset: usize::try_from(offset).ok() }
            }
            rusqlite::Error::MultipleStatement => Self::Several,
            other => match (other.sqlite_error_code(), limit) {
                (Some(OperationInterrupted), Some(limit)) => Self::TimedOut(limit),
                (Some(AuthorizationForStatementDenied | ReadOnly), _) => Self::NotReading,
                _ => Self::Wrong { message: other.to_string(), offset: None },
            },
        }
    }
}

impl From<ValueRef<'_>> for SqlValue {
    fn from(value: ValueRef<'_>) -> Self {
        match value {
            ValueRef::Null => Self::Null,
            ValueRef::Integer(number) => Self::Integer(number),
            ValueRef::Real(number) => Self::Real(number),
            ValueRef::Text(text) => Self::Text(String::from_utf8_lossy(text).into_owned()),
            ValueRef::Blob(bytes) => Self::Blob(bytes.to_vec()),
        }
    }
}

impl From<SqlValue> for Value {
    fn from(value: SqlValue) -> Self {
        match value {
            SqlValue::Null => Self::Null,
            SqlValue::Integer(number) => Self::Integer(number),
            SqlValue::Real(number) => Self::Real(number),
            SqlValue::Text(text) => Self::Text(text),
            SqlValue::Blob(bytes) => Self::Blob(bytes),
        }
    }
}
