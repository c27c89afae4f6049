"""What is changed, thrown away and refused."""

from looker_sdk import models40 as models
from looker_sdk.rtl.model import EXPLICIT_NULL

from checklist import check, holds, ids, refused, same
from content import ABSENT

TITLE = 'Umsätze "2024" – 100 % 🎉\nzweite Zeile'


@check("update_dashboard changes the title, and updated_at with it")
def title(at):
    before = at.dashboards[0]
    after = at.sdk.update_dashboard(before.id, models.WriteDashboard(title=TITLE))
    same((after.title, after.dashboard_elements), (TITLE, before.dashboard_elements))
    holds(after.updated_at > before.updated_at, "updated_at stood still")
    same(at.sdk.dashboard(before.id), after)


@check("update_dashboard changes nothing that was not sent, and sets null")
def null(at):
    id = at.dashboards[1].id
    said = at.sdk.update_dashboard(id, models.WriteDashboard(description="said", show_title=True))
    same((said.description, said.show_title, said.title), ("said", True, at.dashboards[1].title))
    empty = at.sdk.update_dashboard(id, models.WriteDashboard(description=EXPLICIT_NULL))
    same((empty.description, empty.show_title), (None, True))


@check("a dashboard goes to the trash and comes back whole")
def trash(at):
    before = at.sdk.dashboard(at.dashboards[2].id)
    gone = at.sdk.update_dashboard(before.id, models.WriteDashboard(deleted=True))
    holds(gone.deleted and gone.deleted_at and gone.deleter_id, "it is not marked")
    same(at.sdk.search_dashboards(id=before.id), [])
    same(ids(at.sdk.search_dashboards(id=before.id, deleted="true")), {before.id})
    holds(before.id not in ids(at.sdk.all_dashboards()), "all_dashboards lists it")
    holds(at.sdk.dashboard(before.id).deleted, "it cannot be read in the trash")
    back = at.sdk.update_dashboard(before.id, models.WriteDashboard(deleted=False))
    same((back.deleted, back.deleted_at), (False, None))
    same((back.slug, back.folder, back.dashboard_elements), (before.slug, before.folder, before.dashboard_elements))


@check("a dashboard moves by its folder_id")
def move(at):
    folder = next(f for f in at.folders if f.parent_id == "1" and f.id != at.busiest)
    one = next(d for d in at.dashboards[10:] if d.folder.id == at.busiest)
    moved = at.sdk.update_dashboard(one.id, models.WriteDashboard(folder_id=folder.id))
    same((moved.folder_id, moved.folder.id, moved.folder.name), (folder.id, folder.id, folder.name))
    holds(one.id in ids(at.sdk.folder_dashboards(folder.id)), "it is not in its new folder")
    holds(one.id not in ids(at.sdk.folder_dashboards(at.busiest)), "it is still in its old folder")


@check("a title that the folder has is refused with 422")
def taken_title(at):
    one, other = [d for d in at.sdk.search_dashboards(folder_id=at.busiest) if d.title != TITLE][:2]
    error = refused(422, at.sdk.update_dashboard, one.id, models.WriteDashboard(title=other.title))
    same((error.message, error.errors[0].code), ("Validation Failed", "already_exists"))
    holds(error.errors[0].field and error.errors[0].message, "the error has no field or message")


@check("a slug in use is refused with 409, a missing folder with 422")
def taken_slug(at):
    one, other = at.dashboards[3], at.dashboards[4]
    refused(409, at.sdk.update_dashboard, one.id, models.WriteDashboard(slug=other.slug))
    error = refused(422, at.sdk.update_dashboard, one.id, models.WriteDashboard(folder_id=ABSENT))
    same(error.errors[0].field, "folder_id")


@check("unknown parameters and sorts are refused with 422, all named at once")
def parameters(at):
    answer = at.get("/api/4.0/dashboards/search", f"token {at.token}", folder="1", limit="many")
    same(answer.status_code, 422)
    same([error["field"] for error in answer.json()["errors"]], ["folder", "limit"])
    refused(422, at.sdk.search_dashboards, sorts="no_such_field")


@check("update_look: title, trash and back")
def look(at):
    before = at.sdk.look(at.looks[0].id)
    after = at.sdk.update_look(before.id, models.WriteLookWithQuery(title=TITLE))
    same((after.title, after.query), (TITLE, before.query))
    at.sdk.update_look(before.id, models.WriteLookWithQuery(deleted=True))
    same(at.sdk.search_looks(id=before.id), [])
    same(ids(at.sdk.search_looks(id=before.id, deleted=True)), {before.id})
    back = at.sdk.update_look(before.id, models.WriteLookWithQuery(deleted=False), fields="id,deleted")
    same((back.deleted, back.title), (False, None))
    same(at.sdk.look(before.id).title, TITLE)


@check("delete_dashboard and delete_look are for ever")
def delete(at):
    dashboard, look = at.dashboards[5].id, at.looks[1].id
    for id, delete, read in [
        (dashboard, at.sdk.delete_dashboard, at.sdk.dashboard),
        (look, at.sdk.delete_look, at.sdk.look),
    ]:
        same(delete(id), "")
        refused(404, read, id)
        refused(404, delete, id)
    same(at.sdk.search_dashboards(id=dashboard), [])
    same(at.sdk.search_dashboards(id=dashboard, deleted="true"), [])


@check("changing what is absent is refused with 404")
def absent(at):
    refused(404, at.sdk.update_dashboard, ABSENT, models.WriteDashboard(title="x"))
    refused(404, at.sdk.update_look, ABSENT, models.WriteLookWithQuery(title="x"))


@check("an operation the simulator has not: 404 Sinatra::NotFound")
def missing(at):
    answer = at.get("/api/4.0/no_such_thing", f"token {at.token}")
    same((answer.status_code, answer.json()["message"]), (404, "Sinatra::NotFound"))
