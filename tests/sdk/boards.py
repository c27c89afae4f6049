"""Boards, favourites, access lists, merge queries and LookML, read."""

from checklist import check, holds, ids, pages, refused, same

ABSENT = "987654321"


@check("all_boards holds sections and items, each of which reads the same alone")
def boards(at):
    same(ids(at.sdk.search_boards(title="%")), ids(at.boards))
    sections = [section for board in at.boards for section in board.board_sections]
    items = [item for section in sections for item in section.board_items]
    holds(len(items) > 10, "too few items to tell")
    same(ids(at.sdk.all_board_sections()), ids(sections))
    same(ids(at.sdk.all_board_items()), ids(items))
    for board in at.boards:
        same(at.sdk.board(board.id), board)
        same(set(board.section_order), ids(board.board_sections))
    for section in sections:
        same(at.sdk.board_section(section.id), section)
        same(set(section.item_order), ids(section.board_items))
    for item in items:
        same(at.sdk.board_item(item.id), item)
    refused(404, at.sdk.board, ABSENT)


@check("search_boards pages")
def search_boards(at):
    same(ids(pages(at.sdk.search_boards, 4, sorts="id")), ids(at.boards))
    own = at.sdk.search_boards(creator_id=at.boards[0].user_id)
    same(ids(own), {board.id for board in at.boards if board.user_id == at.boards[0].user_id})


@check("search_content_favorites: the caller's, and those of other users by id")
def favorites(at):
    own = at.sdk.search_content_favorites()
    same({row.user_id for row in own}, {"1"})
    named = {row.content_favorite_id for row in at.dashboards if row.content_favorite_id}
    holds(named and named <= ids(own), "content names favourites that are not there")
    users = ",".join(user.id for user in at.users)
    rows = pages(at.sdk.search_content_favorites, 6, user_id=users, sorts="id")
    holds(len({row.user_id for row in rows}) > 3, "only of few users")
    for row in rows:
        same(at.sdk.content_favorite(row.id), row)
        same(at.sdk.content_metadata(row.content_metadata_id).id, row.content_metadata_id)


@check("all_content_metadatas below a folder is what lies in it")
def metadata(at):
    busiest = next(folder for folder in at.folders if folder.id == at.busiest)
    below = at.sdk.all_content_metadatas(busiest.content_metadata_id)
    inside = {row.id for row in at.dashboards if row.folder.id == at.busiest}
    same({row.dashboard_id for row in below} - {None}, inside)
    same({row.parent_id for row in below}, {busiest.content_metadata_id})
    for row in below:
        same(at.sdk.content_metadata(row.id), row)
    refused(404, at.sdk.content_metadata, ABSENT)


@check("all_content_metadata_accesses: rows where nothing is inherited")
def accesses(at):
    own = inherited = 0
    for folder in at.folders:
        if folder.content_metadata_id is None:
            continue
        meta = at.sdk.content_metadata(folder.content_metadata_id)
        rows = at.sdk.all_content_metadata_accesses(meta.id)
        same({row.content_metadata_id for row in rows} - {meta.id}, set())
        same([row.id for row in rows if (row.group_id is None) == (row.user_id is None)], [])
        own += not meta.inherits
        inherited += meta.inherits
        holds(not (meta.inherits and rows), f"{meta.name!r} inherits and has rows")
    holds(own > 3 and inherited > 3, f"{own} with a list of their own, {inherited} without")


@check("merge_query and query_for_slug lead to the sources of merged tiles")
def merges(at):
    holds(len(at.merged) > 5, "too few merged tiles to tell")
    for tile in at.merged[:20]:
        merge = at.sdk.merge_query(tile.merge_result_id)
        same(tile.result_maker.merge_result_id, merge.id)
        for source in merge.source_queries:
            same(at.sdk.query_for_slug(source.query_slug), at.sdk.query(source.query_id))
    refused(404, at.sdk.merge_query, "nothing")


@check("search_lookml_dashboards and the LookML of dashboards")
def lookml(at):
    rows = at.sdk.search_lookml_dashboards()
    same({"::" in row.id for row in rows}, {True})
    for id in [*ids(rows), at.dashboards[0].id]:
        text = at.sdk.dashboard_lookml(id)
        same(text.dashboard_id, id)
        holds(text.lookml.startswith("- dashboard: "), "no LookML")
