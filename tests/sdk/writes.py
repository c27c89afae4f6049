"""Content created, changed, brought back and deleted."""

from looker_sdk import models40 as models

from checklist import check, holds, ids, refused, same
from content import ABSENT

TITLE = "Written by the SDK – ✓"
CERTIFIED = models.CertificationStatus.certified


def query(**more):
    more = {"fields": ["users.count", "users.city"], "limit": "77", **more}
    return models.WriteQuery(model="ecommerce", view="users", **more)


def new_dashboard(at, title, **more):
    return at.sdk.create_dashboard(models.WriteDashboard(title=title, folder_id="1", **more))


@check("create_query answers equal content with the query there is")
def queries(at):
    made = at.sdk.create_query(query(filters={"users.city": "Köln, \"Rhein\""}))
    same(at.sdk.query(made.id), made)
    same(at.sdk.query_for_slug(made.slug), made)
    same(at.sdk.create_query(query(filters={"users.city": "Köln, \"Rhein\""})).id, made.id)
    holds(at.sdk.create_query(query(limit="78")).id != made.id, "another limit is another query")
    same((made.limit, made.filters), ("77", {"users.city": "Köln, \"Rhein\""}))


@check("create_query refuses what is not there, and a client_id in use")
def refused_queries(at):
    error = refused(422, at.sdk.create_query, models.WriteQuery(model="", view=None))
    same([(e.field, e.code) for e in error.errors], [("view", "missing_field")])
    same(refused(404, at.sdk.create_query, models.WriteQuery(model="absent", view="users")).message, "Not found")
    taken = at.sdk.query("1").client_id
    same(refused(422, at.sdk.create_query, query(client_id=taken)).errors[0].code, "already_exists")


@check("create_merge_query shares equal ones and completes its sources")
def merge_queries(at):
    source = models.MergeQuerySourceQuery
    fields = [models.MergeFields(field_name="users.city", source_field_name="users.city")]
    body = models.WriteMergeQuery(
        source_queries=[source(name="a", query_id="1"), source(name="b", query_id="2", merge_fields=fields)]
    )
    made = at.sdk.create_merge_query(body)
    same(at.sdk.merge_query(made.id), made)
    same(at.sdk.create_merge_query(body).id, made.id)
    same(made.source_queries[1].query_slug, at.sdk.query("2").slug)


@check("create_dashboard: one active layout, refused title, slug and folder")
def dashboards(at):
    made = new_dashboard(at, TITLE, slug="the-sdk", description="d")
    same(at.sdk.dashboard(made.id), made)
    same([layout.active for layout in made.dashboard_layouts], [True])
    same((made.user_id, made.folder.id, made.deleted), ("1", "1", False))
    error = refused(422, new_dashboard, at, TITLE.upper())
    same(error.errors[0].message, "Dashboard with this title already exists.")
    same(refused(409, new_dashboard, at, "another", slug="the-sdk").message, "The resource already exists.")
    absent = models.WriteDashboard(title="x", folder_id=ABSENT)
    same(refused(422, at.sdk.create_dashboard, absent).errors[0].field, "folder_id")
    same(refused(422, at.sdk.create_dashboard, models.WriteDashboard()).errors[1].field, "folder_id")


@check("a dashboard is trashed, brought back, moved, copied, certified, deleted")
def life_of_a_dashboard(at):
    made = at.sdk.search_dashboards(slug="the-sdk")[0]
    at.sdk.update_dashboard(made.id, models.WriteDashboard(deleted=True))
    refused(409, new_dashboard, at, "another", slug="the-sdk")
    back = at.sdk.update_dashboard(made.id, models.WriteDashboard(deleted=False))
    same((back.id, back.title, back.deleted_at), (made.id, TITLE, None))
    moved = at.sdk.move_dashboard(made.id, at.busiest)
    same(moved.folder.id, at.busiest)
    copy = at.sdk.copy_dashboard(made.id)
    same((copy.title, copy.folder_id), (f"{TITLE} (copy)", at.busiest))
    certified = at.sdk.update_dashboard_certification(
        copy.id, models.WriteCertification(certification_status=CERTIFIED, notes="n")
    )
    same(certified.certification_metadata.notes, "n")
    for id in (made.id, copy.id):
        same(at.sdk.delete_dashboard(id), "")
        refused(404, at.sdk.dashboard, id)


@check("a LookML dashboard can be certified and not changed")
def lookml(at):
    id = at.sdk.search_lookml_dashboards(fields="id")[0].id
    status = models.WriteCertification(certification_status=models.CertificationStatus.revoked)
    same(at.sdk.update_lookml_certification(id, status).certification_metadata.certification_status, status.certification_status)
    refused(405, at.sdk.update_dashboard, id, models.WriteDashboard(title="x"))
    refused(405, at.sdk.delete_dashboard, id)


def listening(*pairs):
    listen = [models.ResultMakerFilterablesListen(dashboard_filter_name=name, field=field) for name, field in pairs]
    filterables = [models.ResultMakerFilterables(model="ecommerce", view="users", listen=listen)]
    return models.WriteResultMakerWithIdVisConfigAndDynamicFields(filterables=filterables)


@check("tiles keep their ids and listeners when their query is changed")
def tiles(at):
    dashboard = new_dashboard(at, "Tiles")
    first, second = (at.sdk.create_query(query(limit=limit)).id for limit in ("1", "2"))
    tile = at.sdk.create_dashboard_element(
        models.WriteDashboardElement(
            dashboard_id=dashboard.id,
            type="vis",
            title="T",
            query_id=first,
            result_maker=listening(("Date", "users.created_month"), ("City", "users.city")),
        )
    )
    same(at.sdk.dashboard_element(tile.id), tile)
    same([pair.field for pair in tile.result_maker.filterables[0].listen], ["users.created_month", "users.city"])
    nested = models.WriteDashboardElement(query=query(limit="9"))
    same(at.sdk.update_dashboard_element(tile.id, nested).query.limit, "1")
    changed = at.sdk.update_dashboard_element(tile.id, models.WriteDashboardElement(query_id=second))
    same((changed.id, changed.query.limit, changed.result_maker.query.limit), (tile.id, "2", "2"))
    same(changed.result_maker.filterables, tile.result_maker.filterables)
    error = refused(422, at.sdk.update_dashboard_element, tile.id, models.WriteDashboardElement(type="text"))
    same(error.errors[0].message, "Result Maker IDs should not be provided for text elements")
    none = models.WriteDashboardElement(dashboard_id=dashboard.id, type="vis")
    same(refused(422, at.sdk.create_dashboard_element, none).errors[0].field, "type")
    text = models.WriteDashboardElement(dashboard_id=dashboard.id, type="text", body_text="x")
    text = at.sdk.create_dashboard_element(text)
    same([it.id for it in at.sdk.dashboard_dashboard_elements(dashboard.id)], [tile.id, text.id])
    same(at.sdk.delete_dashboard_element(text.id), "")
    refused(404, at.sdk.dashboard_element, text.id)


def tiled(at):
    return at.sdk.search_dashboards(title="Tiles")[0]


@check("filters are unique by name and title")
def filters(at):
    dashboard = tiled(at)
    body = models.WriteCreateDashboardFilter(dashboard_id=dashboard.id, name="Date", title="Date", type="date_filter")
    made = at.sdk.create_dashboard_filter(body)
    same((made.required, made.allow_multiple_values), (False, False))
    same(at.sdk.dashboard_filter(made.id), made)
    same(len(refused(422, at.sdk.create_dashboard_filter, body).errors), 2)
    changed = at.sdk.update_dashboard_filter(made.id, models.WriteDashboardFilter(default_value="7 days", row=2))
    same((changed.name, changed.default_value, changed.row), ("Date", "7 days", 2))
    same(at.sdk.dashboard_dashboard_filters(dashboard.id), [changed])
    same(at.sdk.delete_dashboard_filter(made.id), "")


@check("components appear with their tiles, in the tab that a tile names")
def layouts(at):
    dashboard = tiled(at)
    tab = at.sdk.create_dashboard_layout(models.WriteDashboardLayout(dashboard_id=dashboard.id, label="Tab"))
    same((tab.active, tab.dashboard_layout_components), (False, []))
    body = models.WriteDashboardElement(dashboard_id=dashboard.id, type="text", dashboard_layout_id=tab.id)
    tile = at.sdk.create_dashboard_element(body)
    component = at.sdk.dashboard_layout_dashboard_layout_components(tab.id)[0]
    same((component.dashboard_element_id, component.width), (tile.id, 8))
    same(at.sdk.dashboard_layout_component(component.id), component)
    place = models.WriteDashboardLayoutComponent(row=4, column=8, width=16, height=5)
    placed = at.sdk.update_dashboard_layout_component(component.id, place)
    same((placed.row, placed.width, placed.dashboard_layout_id), (4, 16, tab.id))
    at.sdk.update_dashboard_layout(tab.id, models.WriteDashboardLayout(active=True))
    same([it.active for it in at.sdk.dashboard_dashboard_layouts(dashboard.id)], [False, True])
    same(at.sdk.dashboard_layout(tab.id).label, "Tab")
    first = dashboard.dashboard_layouts[0].id
    same(at.sdk.delete_dashboard_layout(first), "")
    refused(422, at.sdk.delete_dashboard_layout, tab.id)


@check("looks are created with a query, trashed, brought back, moved, copied, certified, deleted")
def looks(at):
    first, second = (at.sdk.create_query(query(limit=limit)).id for limit in ("1", "2"))
    body = dict(title="Look ✓", folder_id=at.busiest, query_id=first, public=False)
    made = at.sdk.create_look(models.WriteLookWithQuery(**body))
    same(at.sdk.look(made.id), made)
    same((made.query.id, made.folder.id), (first, at.busiest))
    body["folder_id"] = ABSENT
    refused(422, at.sdk.create_look, models.WriteLookWithQuery(**body))
    same(at.sdk.update_look(made.id, models.WriteLookWithQuery(query_id=second)).query.id, second)
    at.sdk.update_look(made.id, models.WriteLookWithQuery(deleted=True))
    same(at.sdk.update_look(made.id, models.WriteLookWithQuery(deleted=False)).deleted, False)
    same(at.sdk.move_look(made.id, "1").folder.id, "1")
    copy = at.sdk.copy_look(made.id, at.busiest)
    same((copy.title, copy.query_id), ("Look ✓", second))
    status = models.WriteCertification(certification_status=CERTIFIED)
    same(at.sdk.update_look_certification(copy.id, status).certification_metadata.certification_status, CERTIFIED)
    for id in (made.id, copy.id):
        same(at.sdk.delete_look(id), "")


@check("folders are created, renamed, moved, and deleted with all in them")
def folders(at):
    top = at.sdk.create_folder(models.CreateFolder(name="SDK", parent_id="1"))
    refused(422, at.sdk.create_folder, models.CreateFolder(name="sdk", parent_id="1"))
    refused(404, at.sdk.create_folder, models.CreateFolder(name="x", parent_id=ABSENT))
    inner = at.sdk.create_folder(models.CreateFolder(name="Inner", parent_id=top.id))
    dashboard = at.sdk.create_dashboard(models.WriteDashboard(title="In", folder_id=inner.id))
    same(at.sdk.update_folder(inner.id, models.UpdateFolder(name="Renamed")).name, "Renamed")
    same(at.sdk.dashboard(dashboard.id).folder.name, "Renamed")
    same(at.sdk.update_folder(inner.id, models.UpdateFolder(parent_id="1")).parent_id, "1")
    at.sdk.update_folder(inner.id, models.UpdateFolder(parent_id=top.id))
    same(ids(at.sdk.folder_children(top.id)), {inner.id})
    same(at.sdk.content_metadata(inner.content_metadata_id).parent_id, top.content_metadata_id)
    same(at.sdk.delete_folder(top.id), "")
    refused(404, at.sdk.folder, inner.id)
    refused(404, at.sdk.dashboard, dashboard.id)
    refused(404, at.sdk.delete_folder, "1")


@check("boards are made in three calls, and their orders follow")
def boards(at):
    board = at.sdk.create_board(models.WriteBoard(title="Board ✓"))
    sections = [
        at.sdk.create_board_section(models.WriteBoardSection(board_id=board.id, title=title)) for title in "ab"
    ]
    item = models.WriteBoardItem(board_section_id=sections[0].id, dashboard_id=tiled(at).id)
    item = at.sdk.create_board_item(item)
    same((item.title, at.sdk.board_item(item.id)), ("Tiles", item))
    order = [section.id for section in sections]
    same(at.sdk.board(board.id).section_order, order)
    turned = at.sdk.update_board(board.id, models.WriteBoard(section_order=order[::-1], description="d"))
    same((turned.section_order, turned.description), (order[::-1], "d"))
    moved = at.sdk.update_board_item(item.id, models.WriteBoardItem(board_section_id=order[1]))
    same(moved.board_section_id, order[1])
    named = at.sdk.update_board_section(order[1], models.WriteBoardSection(title="c", item_order=[item.id]))
    same((named.title, named.item_order), ("c", [item.id]))
    same(at.sdk.delete_board_item(item.id), "")
    same(at.sdk.delete_board_section(order[0]), "")
    same(at.sdk.board(board.id).section_order, order[1:])
    same(at.sdk.delete_board(board.id), "")
    refused(404, at.sdk.board, board.id)


@check("nothing of all that would have reached people")
def outbox(at):
    same(at.get("/_sim/outbox").json(), [])
