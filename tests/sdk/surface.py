"""The simulator's table of operations beside the SDK's methods."""

import datetime
import inspect
import re
import typing
from pathlib import Path

import attr
from looker_sdk.error import SDKError
from looker_sdk.rtl.model import DelimSequence
from looker_sdk.sdk.api40 import methods

from checklist import check, holds, same

SIMULATOR = Path(__file__).parents[2] / "crates" / "looker-sim" / "src"
ROUTES = [SIMULATOR / "routes.rs", SIMULATOR / "writes" / "routes.rs", SIMULATOR / "writes" / "admin_routes.rs"]

# Seen in answers of real instances, though not in the API document.
UNDOCUMENTED = {"Query.analysis_config", "ScheduledPlanDestination.can"}


def served():
    """Operation, verb and path of everything the simulator has."""
    tables = "".join(path.read_text() for path in ROUTES)
    rows = re.findall(r'^    op\("(\w+)", "([A-Z]+)", "([^"]+)"', tables, re.MULTILINE)
    holds(len(rows) > 40, f"only {len(rows)} operations found in {ROUTES}")
    return rows


@check("every operation has its name, verb and path from the SDK")
def operations(_):
    source = Path(inspect.getsourcefile(methods)).read_text()
    documented = re.findall(r"# ([A-Z]+) (/\S*) -> .*\n    def (\w+)\(", source)
    known = {(name, verb, path) for verb, path, name in documented}
    same([row for row in served() if row not in known], [])


@check("every parameter the SDK has is taken by its operation")
def parameters(at):
    model = at.sdk.all_lookml_models()[0]
    places = {
        "dashboard_id": at.dashboards[7].id,
        "folder_id": at.busiest,
        "look_id": at.looks[7].id,
        "query_id": at.looks[7].query_id,
        "lookml_model_name": model.name,
        "explore_name": model.explores[0].name,
        "collection_id": at.sdk.default_color_collection().id,
        "connection_name": at.sdk.all_connections()[0].name,
        "project_id": at.sdk.all_projects()[0].id,
        "integration_id": at.sdk.all_integrations()[0].id,
        "client_guid": at.sdk.all_oauth_client_apps()[0].client_guid,
        "namespace": at.sdk.artifact_namespaces()[0].namespace,
        "theme_type": "internal",
        "api_version": "4.0",
        "specification": "swagger.json",
        "lookml_dashboard_id": at.sdk.search_lookml_dashboards(fields="id")[0].id,
        "slug": at.sdk.query(at.looks[7].query_id).slug,
        "board_id": at.boards[0].id,
        "board_section_id": at.sdk.all_board_sections()[0].id,
        "board_item_id": at.sdk.all_board_items()[0].id,
        "scheduled_plan_id": at.plans[0].id,
        "alert_id": at.sdk.search_alerts(all_owners=True)[0].id,
        "content_favorite_id": at.sdk.search_content_favorites()[0].id,
        "merge_query_id": at.merged[0].merge_result_id,
    }
    refusals = []
    for name, verb, path in served():
        method = getattr(at.sdk, name)
        needed = [param for param, it in inspect.signature(method).parameters.items() if it.default is it.empty]
        hints = typing.get_type_hints(method)
        ids = {param: places.get(param, "1") for param in needed}
        for param in hints.keys() - {*needed, "transport_options", "return"} if verb == "GET" else ():
            # The only search of rows without an id.
            by_email = (name, param) == ("search_user_login_lockouts", "sorts")
            refusals += attempt(method, ids, param, "email" if by_email else value_for(param, hints))
    same(refusals, [], "refused parameters")


def attempt(method, ids, param, value):
    """What is refused of a call with that parameter, which answers as little as can be."""
    hints = typing.get_type_hints(method)
    little = {name: value_for(name, hints) for name in ("limit", "fields") if name in hints}
    try:
        method(**{**ids, **little, param: value})
    except SDKError as error:
        return [f"{method.__name__}({param}={value!r}): {[e.message for e in error.errors] or error.message}"]
    return []


def value_for(param, hints):
    """A value that fits a parameter."""
    kind = typing.get_args(hints[param])[0]
    if param == "fields":
        return required(hints["return"])
    if param == "deleted" and kind is str:
        return "false"
    if typing.get_origin(kind) is DelimSequence:
        return DelimSequence(["1"])
    moment = datetime.datetime(2024, 2, 29, tzinfo=datetime.UTC)
    return {str: "id" if param == "sorts" else "1", int: 1, bool: False, datetime.datetime: moment}[kind]


def required(answer):
    """The members a model cannot be read without."""
    model = (typing.get_args(answer) or (answer,))[0]
    return ",".join(field.name for field in attr.fields(model) if field.default is attr.NOTHING) or "can"


@check("searches sort by every field the SDK's documentation names")
def sortable(at):
    refusals = []
    for name, _, _ in served():
        method = getattr(at.sdk, name)
        named = re.search(r"Sortable fields: \[(.*?)\]", inspect.getsource(method))
        for field in re.findall(r":(\w+)", named[1]) if named else ():
            refusals += attempt(method, {}, "sorts", f"{field} desc")
    same(refusals, [], "refused sorts")


@check("members the SDK's models lack are those sent on purpose")
def unknown_members(at):
    # Others, whose names begin with x_, stand for those of releases to come.
    here = {name for name in at.reader.unknown if not name.partition(".")[2].startswith("x_")}
    same(here - UNDOCUMENTED, set(), "misspelt or unknown")


@check("every operation was asked for in this run, and nothing unknown")
def coverage(at):
    seen = {(row["operation"], row["status"]) for row in at.requests()}
    answered = {name for name, status in seen if status in (200, 204)}
    same({name for name, _, _ in served()} - answered, set(), "operations never answered")
    same([row["path"] for row in at.requests() if row["operation"] == "unknown"], ["/api/4.0/no_such_thing"])
