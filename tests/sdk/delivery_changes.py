"""Schedules and alerts: created asleep, changed, run, deleted; what is sent by that."""

from looker_sdk import models40 as models

from checklist import check, holds, ids, refused, same
from delivery import ABSENT


def outbox(at):
    """What would have reached people."""
    return [(row["what"], row["id"]) for row in at.get("/_sim/outbox").json()]


def mail(address):
    return [models.ScheduledPlanDestination(type="email", address=address, format="csv")]


def sleeping(at, **more):
    plan = {"name": "SDK", "dashboard_id": at.dashboards[8].id, "crontab": "0 6 * * *", "enabled": False}
    return models.WriteScheduledPlan(**{**plan, "scheduled_plan_destination": mail("a@example.com"), **more})


@check("create_, update_ and delete_scheduled_plan of one that is asleep send nothing")
def plan(at):
    before = outbox(at)
    made = at.sdk.create_scheduled_plan(sleeping(at))
    same(at.sdk.scheduled_plan(made.id), made)
    same((made.enabled, made.user_id, made.title), (False, "1", at.dashboards[8].title))
    to = made.scheduled_plan_destination[0]
    same((to.address, to.scheduled_plan_id, to.secret_parameters), ("a@example.com", made.id, None))
    after = at.sdk.update_scheduled_plan(made.id, models.WriteScheduledPlan(name="Other", user_id="2"))
    same((after.name, after.user_id, after.user.id, after.crontab), ("Other", "2", "2", "0 6 * * *"))
    other = models.WriteScheduledPlan(scheduled_plan_destination=mail("b@example.com"))
    changed = at.sdk.update_scheduled_plan(made.id, other)
    same([row.address for row in changed.scheduled_plan_destination], ["b@example.com"])
    holds(changed.scheduled_plan_destination[0].id != to.id, "the destination kept its id")
    same(at.sdk.delete_scheduled_plan(made.id), "")
    refused(404, at.sdk.delete_scheduled_plan, made.id)
    same(outbox(at), before)


@check("a schedule without a target, a trigger or a destination is refused with 422")
def plan_refused(at):
    error = refused(422, at.sdk.create_scheduled_plan, models.WriteScheduledPlan(name="x"))
    same([row.field for row in error.errors], ["dashboard_id", "crontab", "scheduled_plan_destination"])
    error = refused(422, at.sdk.create_scheduled_plan, sleeping(at, send_all_results=True))
    same(error.errors[0].message, "Cannot send all results for dashboards")
    on_look = sleeping(at, dashboard_id=None, look_id=at.looks[8].id)
    error = refused(422, at.sdk.create_scheduled_plan, on_look)
    same(len(error.errors), 3)


@check("scheduled_plan_run_once, run_once_by_id, and enabling a schedule send at once")
def plan_runs(at):
    before = outbox(at)
    made = at.sdk.create_scheduled_plan(sleeping(at))
    once = at.sdk.scheduled_plan_run_once(sleeping(at))
    copy = at.sdk.scheduled_plan_run_once_by_id(made.id, models.WriteScheduledPlan(name="Copy"))
    same((copy.name, copy.run_once, copy.dashboard_id), ("Copy", True, made.dashboard_id))
    at.sdk.update_scheduled_plan(made.id, models.WriteScheduledPlan(enabled=True))
    want = [("plan_delivery", row.id) for row in (once, copy, made)]
    same(outbox(at)[len(before) :], want)
    for row in (once, copy, made):
        at.sdk.delete_scheduled_plan(row.id)


@check("create_, update_ and delete_alert, and who follows it")
def alert(at):
    tile = next(t for d in at.dashboards[20:] for t in d.dashboard_elements if t.type == "vis")
    to = models.AlertDestination(destination_type=models.DestinationType.EMAIL, email_address="a@example.com")
    body = models.WriteAlert(
        comparison_type=models.ComparisonType.LESS_THAN,
        cron="0 5 * * *",
        destinations=[to],
        field=models.AlertField(title="Number", name="items.count"),
        owner_id="1",
        threshold=1000,
        dashboard_element_id=tile.id,
        is_disabled=True,
    )
    before = outbox(at)
    made = at.sdk.create_alert(body)
    same(at.sdk.get_alert(made.id), made)
    same((made.dashboard_element_id, made.is_disabled, made.followed), (tile.id, True, False))
    body.threshold = 5
    same(at.sdk.update_alert(made.id, body).threshold, 5)
    patched = at.sdk.update_alert_field(made.id, models.AlertPatch(owner_id="2", is_disabled=False))
    same((patched.owner_id, patched.is_disabled, patched.threshold), ("2", False, 5))
    at.sdk.follow_alert(made.id)
    holds(at.sdk.get_alert(made.id).followed, "it is not followed")
    at.sdk.unfollow_alert(made.id)
    same(outbox(at), before)
    at.sdk.enqueue_alert(made.id)
    same(outbox(at)[len(before) :], [("alert_notice", made.id)])
    holds(made.id in ids(at.sdk.search_alerts(all_owners=True)), "it is not found")
    at.sdk.delete_alert(made.id)
    refused(404, at.sdk.get_alert, made.id)
    body.dashboard_element_id = ABSENT
    error = refused(422, at.sdk.create_alert, body)
    same([row.field for row in error.errors], ["dashboard_element_id"])
