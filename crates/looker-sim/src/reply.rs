//! Answers and the errors among them, worded as real instances word them
//! (`looker-api-facts.md` §1).

use std::collections::VecDeque;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use hyper::StatusCode;

use crate::json::{Writer, quoted};
use crate::kinds::Kind;

/// An answer before it is sent, with what it cost.
#[derive(Debug, Default)]
pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) chunks: VecDeque<Bytes>,
    pub(crate) rows: Rows,
}

/// The rows an answer holds.
#[derive(Debug, Default)]
pub(crate) struct Rows {
    pub(crate) kind: Option<Kind>,
    pub(crate) full: u32,
    pub(crate) light: u32,
    /// Folder and number of dashboards sent whole.
    pub(crate) dashboards_by_folder: Vec<(Box<str>, u64)>,
}

/// One entry of a 422's `errors`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Problem {
    pub(crate) field: String,
    code: &'static str,
    message: String,
}

impl Problem {
    pub(crate) fn invalid(field: &str, message: String) -> Problem {
        Problem { field: field.to_owned(), code: "invalid", message }
    }

    pub(crate) fn missing(field: &str, message: &str) -> Problem {
        Problem { field: field.to_owned(), code: "missing", message: message.to_owned() }
    }

    pub(crate) fn missing_field(field: &str, message: &str) -> Problem {
        Problem { field: field.to_owned(), code: "missing_field", message: message.to_owned() }
    }

    pub(crate) fn already_exists(field: &str, message: &str) -> Problem {
        Problem { field: field.to_owned(), code: "already_exists", message: message.to_owned() }
    }
}

const JSON: &str = "application/json;charset=utf-8";

impl Reply {
    /// 200 with JSON.
    pub(crate) fn json(body: impl Into<Bytes>) -> Reply {
        Reply {
            headers: vec![("content-type", JSON.to_owned())],
            chunks: [body.into()].into(),
            ..Reply::default()
        }
    }

    /// 204 without a body, as deletions answer.
    pub(crate) fn nothing() -> Reply {
        Reply { status: StatusCode::NO_CONTENT, ..Reply::default() }
    }

    /// A page of HTML, under whatever content type the case had.
    pub(crate) fn html(status: StatusCode, content_type: &str, title: &str, text: &str) -> Reply {
        let page = format!(
            "<!DOCTYPE html>\n<html>\n<head><title>{title}</title></head>\n<body><h1>{title}</h1>\n<p>{text}</p></body>\n</html>\n"
        );
        Reply {
            status,
            headers: vec![("content-type", content_type.to_owned())],
            chunks: [Bytes::from(page)].into(),
            ..Reply::default()
        }
    }

    /// An error with a message and the address of its explanation; `route` is
    /// the operation's, `get/dashboards/:dashboard_id`.
    pub(crate) fn error(status: u16, route: &str, message: &str) -> Reply {
        Reply::error_with(status, route, message, None)
    }

    /// 422 with all that is wrong.
    pub(crate) fn invalid(route: &str, problems: &[Problem]) -> Reply {
        Reply::error_with(422, route, "Validation Failed", Some(problems))
    }

    /// 404 for what is absent or may not be seen.
    pub(crate) fn not_found(route: &str) -> Reply {
        Reply::error(404, route, "Not found")
    }

    fn error_with(status: u16, route: &str, message: &str, problems: Option<&[Problem]>) -> Reply {
        let link = quoted(&format!("https://docs.cloud.google.com/looker/docs/r/err/4.0/{status}/{route}"));
        let mut w = Writer::default();
        w.begin('{');
        w.text("message", message);
        if let Some(problems) = problems {
            w.begin_at("errors", '[');
            for problem in problems {
                w.begin('{');
                w.text("field", &problem.field);
                w.text("code", problem.code);
                w.text("message", &problem.message);
                w.raw("documentation_url", &link);
                w.end('}');
            }
            w.end(']');
        }
        w.raw("documentation_url", &link);
        w.end('}');
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        Reply { status, ..Reply::json(w.out) }
    }

    pub(crate) fn header(mut self, name: &'static str, value: impl Into<String>) -> Reply {
        self.headers.push((name, value.into()));
        self
    }

    /// Length of the body in bytes.
    pub(crate) fn len(&self) -> u64 {
        self.chunks.iter().map(|chunk| chunk.len() as u64).sum()
    }

    /// Breaks the JSON off: the last third of the body is left out, and the
    /// length is that of what is left.
    pub(crate) fn broken(mut self) -> Reply {
        if self.status == StatusCode::NO_CONTENT {
            return self;
        }
        let keep = self.len() * 2 / 3;
        cut(&mut self.chunks, keep);
        if self.chunks.is_empty() {
            self.chunks.push_back(Bytes::from_static(b"{"));
        }
        self
    }
}

/// Keeps the first `keep` bytes.
fn cut(chunks: &mut VecDeque<Bytes>, keep: u64) {
    let mut left = keep as usize;
    chunks.retain_mut(|chunk| {
        chunk.truncate(left);
        left -= chunk.len();
        !chunk.is_empty()
    });
}

/// A body on its way: chunks as they are, without copying. What `held` holds
/// is dropped when the body is sent, or is not going to be.
pub(crate) struct Sending<T> {
    chunks: VecDeque<Bytes>,
    /// Length that was announced and is not sent yet.
    left: u64,
    /// Set for a body that is to end early: then, after a moment in which what
    /// is there can leave, the connection breaks.
    cut: Option<Pin<Box<tokio::time::Sleep>>>,
    _held: T,
}

impl<T> Sending<T> {
    pub(crate) fn new(reply: Reply, is_cut: bool, held: T) -> Sending<T> {
        let left = reply.len();
        let mut chunks = reply.chunks;
        if is_cut {
            cut(&mut chunks, left / 2);
        }
        let cut = is_cut.then(|| Box::pin(tokio::time::sleep(Duration::from_millis(10))));
        Sending { chunks, left, cut, _held: held }
    }
}

impl<T: Unpin> Body for Sending<T> {
    type Data = Bytes;
    type Error = std::io::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        let this = self.get_mut();
        if let Some(chunk) = this.chunks.pop_front() {
            this.left -= chunk.len() as u64;
            return Poll::Ready(Some(Ok(Frame::data(chunk))));
        }
        match &mut this.cut {
            None => Poll::Ready(None),
            Some(moment) => moment.as_mut().poll(cx).map(|()| Some(Err(std::io::Error::other("cut short")))),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.chunks.is_empty() && self.cut.is_none()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.left)
    }
}
