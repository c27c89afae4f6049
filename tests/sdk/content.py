"""Folders, dashboards, looks and queries, read."""

import re

from checklist import check, holds, ids, pages, refused, same

ABSENT = "987654321"


def within(row):
    return row.folder.id


def like(pattern, text):
    """Looker's search: % is any text, _ any character, case does not matter."""
    parts = [{"%": ".*", "_": "."}.get(c, re.escape(c)) for c in pattern]
    return re.fullmatch("".join(parts), text, re.IGNORECASE | re.DOTALL) is not None


@check("all_folders is a tree with one Shared and one Users root")
def all_folders(at):
    known = ids(at.folders)
    same([f.id for f in at.folders if f.is_shared_root], ["1"])
    same(len([f for f in at.folders if f.is_users_root]), 1)
    lost = [f.id for f in at.folders if f.parent_id is not None and f.parent_id not in known]
    same(lost, [], "folders below none")
    below = [f.parent_id for f in at.folders]
    wrong = [f.id for f in at.folders if f.child_count != below.count(f.id)]
    same(wrong, [], "folders with a wrong child_count")


@check("all_folders with fields answers those alone")
def folders_fields(at):
    rows = at.sdk.all_folders(fields="id, name, parent_id")
    same({(r.id, r.parent_id) for r in rows}, {(f.id, f.parent_id) for f in at.folders})
    holds(all(r.child_count is None and r.can is None for r in rows), "more than was asked for")


@check("search_folders pages through all of all_folders")
def search_folders(at):
    rows = pages(at.sdk.search_folders, 7, sorts="id", fields="id,name")
    same(ids(rows), ids(at.folders))


@check("search_folders by parent_id, name and creator")
def search_folders_by(at):
    found = at.sdk.search_folders(parent_id="1")
    same(ids(found), {f.id for f in at.folders if f.parent_id == "1"})
    name = found[0].name
    same(ids(at.sdk.search_folders(name=name.upper())), {f.id for f in at.folders if like(name, f.name or "")})
    same(at.sdk.search_folders(name="no folder has this name"), [])
    roots = at.sdk.search_folders(is_users_root=True, is_shared_root=True, filter_or=True)
    same(ids(roots), {f.id for f in at.folders if f.is_users_root or f.is_shared_root})


@check("folder holds its dashboards and looks")
def folder(at):
    one = at.sdk.folder(at.busiest)
    same(ids(one.dashboards), {d.id for d in at.dashboards if within(d) == one.id})
    same(ids(one.looks), {row.id for row in at.looks if within(row) == one.id})
    refused(404, at.sdk.folder, ABSENT)


@check("folder_children, paged")
def children(at):
    want = {f.id for f in at.folders if f.parent_id == "1"}
    same(ids(at.sdk.folder_children("1")), want)
    rows = pages(lambda **page: at.sdk.folder_children("1", **page), 3, sorts="id", fields="id,name,parent_id")
    same(ids(rows), want)
    same({row.parent_id for row in rows}, {"1"})


@check("folder_parent and folder_ancestors climb the tree")
def ancestors(at):
    parents = {f.id: f.parent_id for f in at.folders}
    chain = {}
    for id in parents:
        above, up = [], parents[id]
        while up is not None:
            above, up = [up, *above], parents[up]
        chain[id] = above
    deepest = max(chain, key=lambda id: len(chain[id]))
    holds(len(chain[deepest]) >= 3, "no folder lies deep")
    same([f.id for f in at.sdk.folder_ancestors(deepest)], chain[deepest])
    same(at.sdk.folder_parent(deepest).id, parents[deepest])
    same(at.sdk.folder_ancestors("1"), [])
    refused(404, at.sdk.folder_parent, "1")


@check("all_dashboards is the live ones and those of LookML")
def all_dashboards(at):
    listed = ids(at.sdk.all_dashboards())
    lookml = {id for id in listed if "::" in id}
    holds(lookml, "there are no LookML dashboards")
    same(listed - lookml, ids(at.dashboards))
    same(ids(at.sdk.folder_dashboards("lookml")), lookml)
    same(at.sdk.dashboard(min(lookml)).id, min(lookml))


@check("search_dashboards pages to the end, each row once")
def paging(at):
    rows = pages(at.sdk.search_dashboards, 30, sorts="id", fields="id,title")
    same(ids(rows), ids(at.dashboards))
    same([int(row.id) for row in rows], sorted(int(row.id) for row in rows), "order")
    same(at.sdk.search_dashboards(limit=30, offset=len(rows)), [], "the page behind the last")
    down = at.sdk.search_dashboards(sorts="id desc", fields="id", limit=3)
    same([row.id for row in down], [row.id for row in rows[:-4:-1]])


@check("search_dashboards by deprecated page and per_page")
def deprecated_paging(at):
    new = at.sdk.search_dashboards(limit=20, offset=20, sorts="id", fields="id")
    same(at.sdk.search_dashboards(per_page=20, page=2, sorts="id", fields="id"), new)


@check("search_dashboards by folder_id: the folders together are the whole")
def folder_filter(at):
    seen = []
    for folder in at.folders:
        rows = at.sdk.search_dashboards(folder_id=folder.id, fields="id,folder_id,folder(id,name)")
        same({(row.folder_id, row.folder.id) for row in rows} - {(folder.id, folder.id)}, set())
        seen += rows
    same(ids(seen), ids(at.dashboards))
    same(at.sdk.search_dashboards(folder_id=ABSENT), [])


@check("folder_dashboards equals the search in that folder")
def folder_dashboards(at):
    listed = sorted(at.sdk.folder_dashboards(at.busiest), key=lambda row: row.id)
    found = sorted(at.sdk.search_dashboards(folder_id=at.busiest), key=lambda row: row.id)
    holds(len(found) > 3, "too few dashboards to tell")
    same(listed, found)
    refused(404, at.sdk.folder_dashboards, ABSENT)


@check("the trash of dashboards: deleted=true lists it, and nothing else does")
def trashed_dashboards(at):
    trash = at.sdk.search_dashboards(deleted="true")
    holds(trash, "the trash is empty")
    holds(all(row.deleted and row.deleted_at for row in trash), "some are not marked as deleted")
    holds(not any(row.deleted or row.deleted_at for row in at.dashboards), "live ones are marked as deleted")
    same(ids(trash) & ids(at.dashboards), set())
    same(ids(at.sdk.search_dashboards(deleted="false", fields="id")), ids(at.dashboards))
    paged = pages(at.sdk.search_dashboards, 5, deleted="true", sorts="id", fields="id")
    same(ids(paged), ids(trash))


@check("search_dashboards with fields answers those alone, at every depth")
def dashboard_fields(at):
    fields = "id,title,dashboard_elements(id,query(model,view)),folder(id,name)"
    rows = at.sdk.search_dashboards(fields=fields, limit=20, sorts="id")
    whole = {row.id: row for row in at.dashboards}
    for row in rows:
        same(row.title, whole[row.id].title)
        same([t.id for t in row.dashboard_elements], [t.id for t in whole[row.id].dashboard_elements])
        holds(row.created_at is None and row.folder.parent_id is None, "more than was asked for")
        holds(all(t.type is None for t in row.dashboard_elements), "tiles are whole")
        holds(all(t.query.id is None for t in row.dashboard_elements if t.query), "queries are whole")


@check("search_dashboards by title, % and _ and any case")
def titles(at):
    title = max((row.title for row in at.dashboards), key=len)
    half = title[: len(title) // 2]
    for pattern in (title, title.upper(), f"{half}%", f"%{title[3:9]}%", f"_{title[1:]}", "%e%", "%"):
        want = {row.id for row in at.dashboards if like(pattern, row.title)}
        same(ids(at.sdk.search_dashboards(title=pattern, fields="id")), want, f"title={pattern!r}")
    same(at.sdk.search_dashboards(title=f"{title} not"), [])


@check("search_dashboards by id, slug and user; all of them or any")
def dashboard_criteria(at):
    one, other = at.dashboards[0], next(d for d in at.dashboards if d.user_id != at.dashboards[0].user_id)
    same(at.sdk.search_dashboards(id=one.id), [one])
    same(at.sdk.search_dashboards(slug=one.slug), [one])
    mine = {row.id for row in at.dashboards if row.user_id == one.user_id}
    same(ids(at.sdk.search_dashboards(user_id=one.user_id)), mine)
    same(ids(at.sdk.search_dashboards(user_id=one.user_id, not_owned_by=True)), ids(at.dashboards) - mine)
    same(at.sdk.search_dashboards(id=one.id, user_id=other.user_id), [])
    either = at.sdk.search_dashboards(id=one.id, user_id=other.user_id, filter_or=True)
    same(ids(either), {one.id} | {row.id for row in at.dashboards if row.user_id == other.user_id})


@check("search_dashboards sorts by moments and counts, up and down")
def sorting(at):
    for column in ("created_at", "view_count"):
        up = [getattr(row, column) for row in at.sdk.search_dashboards(sorts=column, fields=column)]
        same(up, sorted(up), column)
        down = at.sdk.search_dashboards(sorts=f"{column} desc", fields=column)
        same([getattr(row, column) for row in down], sorted(up, reverse=True), f"{column} desc")


@check("dashboard is the row of the search, with its parts")
def dashboard(at):
    tiles = max(at.dashboards, key=lambda row: len(row.dashboard_elements))
    filters = max(at.dashboards, key=lambda row: len(row.dashboard_filters))
    holds(filters.dashboard_filters, "no dashboard has filters")
    for row in (tiles, filters, min(at.dashboards, key=lambda row: len(row.dashboard_elements))):
        same(at.sdk.dashboard(row.id), row)
    refused(404, at.sdk.dashboard, ABSENT)


@check("dashboard_dashboard_elements, filters and layouts equal what is embedded")
def parts(at):
    sdk = at.sdk
    row = max(at.dashboards, key=lambda row: len(row.dashboard_filters))
    same(sdk.dashboard_dashboard_elements(row.id), row.dashboard_elements)
    same(sdk.dashboard_dashboard_filters(row.id), row.dashboard_filters)
    same(sdk.dashboard_dashboard_layouts(row.id), row.dashboard_layouts)
    only = sdk.dashboard_dashboard_layouts(row.id, fields="id")
    same([(item.id, item.type) for item in only], [(item.id, None) for item in row.dashboard_layouts])
    for part in ("elements", "filters", "layouts"):
        refused(404, getattr(sdk, f"dashboard_dashboard_{part}"), ABSENT)


@check("the parts of dashboards refer to each other")
def wiring(at):
    for row in at.dashboards:
        tiles = ids(row.dashboard_elements)
        same({tile.dashboard_id for tile in row.dashboard_elements} - {row.id}, set())
        for layout in row.dashboard_layouts:
            same(layout.dashboard_id, row.id)
            places = {part.dashboard_element_id for part in layout.dashboard_layout_components}
            same(places - tiles, set(), f"places of tiles that dashboard {row.id} has not")
        wrong = [tile.id for tile in row.dashboard_elements if tile.query and tile.query.id != tile.query_id]
        same(wrong, [], "tiles with a query that is not the one they name")


@check("query equals the one embedded in a tile")
def query(at):
    tiles = [tile for row in at.dashboards for tile in row.dashboard_elements if tile.query]
    for tile in tiles[:: max(1, len(tiles) // 20)]:
        same(at.sdk.query(tile.query_id), tile.query)
    only = at.sdk.query(tiles[0].query_id, fields="id,model,view")
    same((only.id, only.vis_config), (tiles[0].query_id, None))
    refused(404, at.sdk.query, ABSENT)


@check("all_looks, search_looks and its pages agree")
def looks(at):
    same(len(at.looks), 70)
    same(ids(at.sdk.search_looks()), ids(at.looks))
    same(ids(pages(at.sdk.search_looks, 20, sorts="id", fields="id")), ids(at.looks))
    title = at.looks[0].title
    same(ids(at.sdk.search_looks(title=title)), {row.id for row in at.looks if like(title, row.title)})


@check("search_looks and folder_looks by folder: the folders together are the whole")
def looks_of_folders(at):
    found, listed = [], []
    for folder in at.folders:
        found += at.sdk.search_looks(folder_id=folder.id, fields="id,folder_id")
        listed += at.sdk.folder_looks(folder.id, fields="id,query(id,model,view)")
    same(ids(found), ids(at.looks))
    same({row.id: row.folder_id for row in found}, {row.id: within(row) for row in at.looks})
    same(ids(listed), ids(at.looks))
    same([row.id for row in listed if row.query is None], [], "looks listed without their query")
    folder = within(at.looks[0])
    same(at.sdk.folder_looks(folder)[0].folder.id, folder)
    refused(404, at.sdk.folder_looks, ABSENT)


@check("the trash of looks: deleted=True")
def trashed_looks(at):
    trash = at.sdk.search_looks(deleted=True)
    holds(trash and all(row.deleted and row.deleted_at for row in trash), "no trash, or not marked")
    same(ids(trash) & ids(at.looks), set())


@check("look comes with its query")
def look(at):
    for row in at.looks[:5]:
        whole = at.sdk.look(row.id)
        same((whole.title, whole.query_id, whole.folder), (row.title, row.query_id, row.folder))
        same(whole.query, at.sdk.query(row.query_id))
    same(at.sdk.look(at.looks[0].id, fields="title").id, None)
    refused(404, at.sdk.look, ABSENT)
