//! The operations that change something, as `routes` has those that read.

use super::Takes::{self, Nothing, Type};
use super::{Handler, dashboards, looks};
use crate::params::Holds::Text;
use crate::params::Param;
use crate::routes::{Action, Operation};

const FIELDS: &[Param] = &[("fields", Text)];

/// A row of the table.
pub(super) const fn op(
    id: &'static str,
    method: &'static str,
    route: &'static str,
    params: &'static [&'static [Param]],
    takes: Takes,
    handler: Handler,
) -> Operation {
    Operation { id, method, route, params, action: Action::Write(takes, handler) }
}

/// Every operation that changes something.
#[rustfmt::skip]
pub(crate) static WRITES: &[Operation] = &[
    op("update_dashboard", "PATCH", "/dashboards/{dashboard_id}", &[], Type("Dashboard"), dashboards::update),
    op("delete_dashboard", "DELETE", "/dashboards/{dashboard_id}", &[], Nothing, dashboards::delete),

    op("update_look", "PATCH", "/looks/{look_id}", &[FIELDS], Type("LookWithQuery"), looks::update),
    op("delete_look", "DELETE", "/looks/{look_id}", &[], Nothing, looks::delete),
];
