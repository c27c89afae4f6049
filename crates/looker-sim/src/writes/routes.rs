//! The operations that change something, as `routes` has those that read.

use super::Takes::{self, Nothing, Type};
use super::{Handler, boards, dashboards, elements, filters, folders, layouts, looks, queries};
use crate::params::Holds::{Bool, Text};
use crate::params::Param;
use crate::routes::{Action, Operation};

const FIELDS: &[Param] = &[("fields", Text)];
const FOLDER: &[Param] = &[("folder_id", Text)];
const APPLY: &[Param] = &[("apply_filters", Bool)];

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
    op("create_dashboard", "POST", "/dashboards", &[], Type("Dashboard"), dashboards::create),
    op("update_dashboard", "PATCH", "/dashboards/{dashboard_id}", &[], Type("Dashboard"), dashboards::update),
    op("delete_dashboard", "DELETE", "/dashboards/{dashboard_id}", &[], Nothing, dashboards::delete),
    op("move_dashboard", "PATCH", "/dashboards/{dashboard_id}/move", &[FOLDER], Nothing, dashboards::move_to),
    op("copy_dashboard", "POST", "/dashboards/{dashboard_id}/copy", &[FOLDER], Nothing, dashboards::copy),
    op("update_dashboard_certification", "PATCH", "/dashboards/{dashboard_id}/certification", &[], Type("Certification"), dashboards::certify),
    op("update_lookml_certification", "PATCH", "/dashboards/lookml/{dashboard_id}/certification", &[], Type("Certification"), dashboards::certify_lookml),

    op("create_dashboard_element", "POST", "/dashboard_elements", &[FIELDS, APPLY], Type("DashboardElement"), elements::create),
    op("update_dashboard_element", "PATCH", "/dashboard_elements/{dashboard_element_id}", &[FIELDS], Type("DashboardElement"), elements::update),
    op("delete_dashboard_element", "DELETE", "/dashboard_elements/{dashboard_element_id}", &[], Nothing, elements::delete),
    op("create_dashboard_filter", "POST", "/dashboard_filters", &[FIELDS], Type("CreateDashboardFilter"), filters::create),
    op("update_dashboard_filter", "PATCH", "/dashboard_filters/{dashboard_filter_id}", &[FIELDS], Type("DashboardFilter"), filters::update),
    op("delete_dashboard_filter", "DELETE", "/dashboard_filters/{dashboard_filter_id}", &[], Nothing, filters::delete),
    op("create_dashboard_layout", "POST", "/dashboard_layouts", &[FIELDS], Type("DashboardLayout"), layouts::create),
    op("update_dashboard_layout", "PATCH", "/dashboard_layouts/{dashboard_layout_id}", &[FIELDS], Type("DashboardLayout"), layouts::update),
    op("delete_dashboard_layout", "DELETE", "/dashboard_layouts/{dashboard_layout_id}", &[], Nothing, layouts::delete),
    op("update_dashboard_layout_component", "PATCH", "/dashboard_layout_components/{dashboard_layout_component_id}", &[FIELDS], Type("DashboardLayoutComponent"), layouts::update_component),

    op("create_look", "POST", "/looks", &[FIELDS], Type("LookWithQuery"), looks::create),
    op("update_look", "PATCH", "/looks/{look_id}", &[FIELDS], Type("LookWithQuery"), looks::update),
    op("delete_look", "DELETE", "/looks/{look_id}", &[], Nothing, looks::delete),
    op("move_look", "PATCH", "/looks/{look_id}/move", &[FOLDER], Nothing, looks::move_to),
    op("copy_look", "POST", "/looks/{look_id}/copy", &[FOLDER], Nothing, looks::copy),
    op("update_look_certification", "PATCH", "/looks/{look_id}/certification", &[], Type("Certification"), looks::certify),

    op("create_query", "POST", "/queries", &[FIELDS], Type("Query"), queries::create),
    op("create_merge_query", "POST", "/merge_queries", &[FIELDS], Type("MergeQuery"), queries::merge),

    op("create_folder", "POST", "/folders", &[], Type("CreateFolder"), folders::create),
    op("update_folder", "PATCH", "/folders/{folder_id}", &[], Type("UpdateFolder"), folders::update),
    op("delete_folder", "DELETE", "/folders/{folder_id}", &[], Nothing, folders::delete),

    op("create_board", "POST", "/boards", &[FIELDS], Type("Board"), boards::create_board),
    op("update_board", "PATCH", "/boards/{board_id}", &[FIELDS], Type("Board"), boards::update_board),
    op("delete_board", "DELETE", "/boards/{board_id}", &[], Nothing, boards::delete_board),
    op("create_board_section", "POST", "/board_sections", &[FIELDS], Type("BoardSection"), boards::create_section),
    op("update_board_section", "PATCH", "/board_sections/{board_section_id}", &[FIELDS], Type("BoardSection"), boards::update_section),
    op("delete_board_section", "DELETE", "/board_sections/{board_section_id}", &[], Nothing, boards::delete_section),
    op("create_board_item", "POST", "/board_items", &[FIELDS], Type("BoardItem"), boards::create_item),
    op("update_board_item", "PATCH", "/board_items/{board_item_id}", &[FIELDS], Type("BoardItem"), boards::update_item),
    op("delete_board_item", "DELETE", "/board_items/{board_item_id}", &[], Nothing, boards::delete_item),
];
