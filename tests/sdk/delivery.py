"""Schedules and alerts, read."""

import json

from looker_sdk.sdk.api40 import models

from checklist import check, holds, ids, pages, refused, same

ABSENT = "987654321"


def disabled(at):
    """Ids of disabled plans, as System Activity tells them."""
    body = models.WriteQuery(
        model="system__activity",
        view="scheduled_plan",
        fields=["scheduled_plan.id"],
        filters={"scheduled_plan.enabled": "no"},
        limit="-1",
    )
    rows = json.loads(at.sdk.run_inline_query("json", body))
    return {str(row["scheduled_plan.id"]) for row in rows}


@check("all_scheduled_plans lists enabled plans of the caller, or of all users")
def plans(at):
    holds(all(plan.enabled for plan in at.plans), "a disabled plan is listed")
    own = {plan.id for plan in at.plans if plan.user_id == "1"}
    holds(own and len(own) < len(at.plans), "all plans are the caller's, or none")
    same(ids(at.sdk.all_scheduled_plans()), own)
    holds(all(plan.user.id == plan.user_id for plan in at.plans), "owners differ")
    kinds = {to.type for plan in at.plans for to in plan.scheduled_plan_destination}
    same(kinds, {"email", "webhook", "s3", "sftp"})
    same([to.id for plan in at.plans for to in plan.scheduled_plan_destination if to.secret_parameters], [])


@check("run_inline_query on System Activity finds the disabled plans")
def system_activity(at):
    hidden = disabled(at)
    holds(hidden, "there are none")
    same(hidden & ids(at.plans), set())
    holds(not any(at.sdk.scheduled_plan(id).enabled for id in hidden), "they are enabled")
    elsewhere = models.WriteQuery(model="ecommerce", view="orders", fields=[])
    refused(404, at.sdk.run_inline_query, "json", elsewhere)


@check("search_scheduled_plans pages and finds by name, owner and destination")
def search_plans(at):
    rows = pages(at.sdk.search_scheduled_plans, 7, all_users=True, sorts="id")
    same(ids(rows), ids(at.plans))
    name = at.plans[0].name
    found = at.sdk.search_scheduled_plans(all_users=True, name=name.upper())
    holds(at.plans[0].id in ids(found), f"not found by its name {name!r}")
    found = at.sdk.search_scheduled_plans(all_users=True, destination_type="sftp")
    holds(found and {to.type for plan in found for to in plan.scheduled_plan_destination} == {"sftp"}, "other types")


@check("scheduled_plans_for_dashboard, _look and _lookml_dashboard")
def plans_of_content(at):
    for member, read in [
        ("dashboard_id", at.sdk.scheduled_plans_for_dashboard),
        ("look_id", at.sdk.scheduled_plans_for_look),
        ("lookml_dashboard_id", at.sdk.scheduled_plans_for_lookml_dashboard),
    ]:
        targets = {getattr(plan, member) for plan in at.plans} - {None}
        holds(targets, f"no plan has a {member}")
        for target in targets:
            same(ids(read(target, all_users=True)), {p.id for p in at.plans if getattr(p, member) == target})
        refused(404, read, ABSENT)


@check("search_alerts pages through those of all owners, on tiles that exist")
def alerts(at):
    rows = pages(at.sdk.search_alerts, 5, all_owners=True)
    holds(len(rows) > 8, "too few alerts to tell")
    own = {alert.id for alert in rows if alert.owner_id == "1"}
    same(ids(at.sdk.search_alerts()), own)
    off = {alert.id for alert in rows if alert.is_disabled}
    same(ids(at.sdk.search_alerts(all_owners=True, disabled=True)), off)
    for alert in rows:
        same(at.sdk.get_alert(alert.id), alert)
        tiles = at.sdk.dashboard(alert.investigative_content_id).dashboard_elements
        holds(alert.dashboard_element_id in ids(tiles), f"alert {alert.id} hangs on no tile")
    refused(404, at.sdk.get_alert, ABSENT)
