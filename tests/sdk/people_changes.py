"""Users, groups, roles and sets: created, changed, deleted, refused."""

from looker_sdk import models40 as models
from looker_sdk.rtl.model import EXPLICIT_NULL

from checklist import check, holds, ids, refused, same
from content import ABSENT
from delivery_changes import outbox


@check("create_user, update_user and delete_user, and nobody deletes himself")
def user(at):
    made = at.sdk.create_user(models.WriteUser(first_name="Zoë", last_name="Groß", locale="uk"))
    same((made.display_name, made.locale, made.email, made.role_ids), ("Zoë Groß", "uk", None, []))
    same(at.sdk.folder(made.personal_folder_id).name, "Zoë Groß")
    after = at.sdk.update_user(made.id, models.WriteUser(first_name=EXPLICIT_NULL, is_disabled=True))
    same((after.first_name, after.last_name, after.is_disabled), ("", "Groß", True))
    same([role.id for role in at.sdk.set_user_roles(made.id, ["3", "2", "3"])], ["3", "2"])
    same(at.sdk.user(made.id).role_ids, ["3", "2"])
    same(at.sdk.delete_user(made.id), "")
    refused(404, at.sdk.user, made.id)
    refused(403, at.sdk.delete_user, "1")


@check("credentials_email: created once, changed, deleted; one call of all sends mail")
def credentials(at):
    before = outbox(at)
    id = at.sdk.create_user(models.WriteUser(first_name="A", last_name="B")).id
    refused(404, at.sdk.user_credentials_email, id)
    body = models.WriteCredentialsEmail(email="sdk@example.com")
    made = at.sdk.create_user_credentials_email(id, body)
    same((made.email, made.user_id), ("sdk@example.com", id))
    same(at.sdk.user_credentials_email(id), made)
    refused(409, at.sdk.create_user_credentials_email, id, body)
    at.sdk.update_user_credentials_email(id, models.WriteCredentialsEmail(email="other@example.com"))
    same(at.sdk.user(id).email, "other@example.com")
    holds(at.sdk.create_user_credentials_email_password_reset(id).password_reset_url, "no link")
    same(outbox(at), before)
    at.sdk.send_user_credentials_email_password_reset(id)
    same(outbox(at)[len(before) :], [("password_reset", id)])
    at.sdk.delete_user_credentials_email(id)
    refused(404, at.sdk.delete_user_credentials_email, id)
    at.sdk.delete_user(id)


@check("create_group, update_group, delete_group and memberships")
def group(at):
    made = at.sdk.create_group(models.WriteGroup(name="SDK"))
    same((made.user_count, made.externally_managed), (0, False))
    same(at.sdk.update_group(made.id, models.WriteGroup(name="SDK 2")).name, "SDK 2")
    error = refused(422, at.sdk.create_group, models.WriteGroup(name="sdk 2"))
    same((error.errors[0].field, error.errors[0].code), ("name", "already_exists"))
    member = at.sdk.add_group_user(made.id, models.GroupIdForGroupUserInclusion(user_id="4"))
    holds(made.id in member.group_ids, "the user is not in it")
    same(ids(at.sdk.all_group_users(made.id)), {"4"})
    at.sdk.delete_group_user(made.id, "4")
    same(at.sdk.group(made.id).user_count, 0)
    inner = at.sdk.create_group(models.WriteGroup(name="SDK 3"))
    at.sdk.add_group_group(made.id, models.GroupIdForGroupInclusion(group_id=inner.id))
    same(ids(at.sdk.all_group_groups(made.id)), {inner.id})
    at.sdk.delete_group_from_group(made.id, inner.id)
    same(at.sdk.all_group_groups(made.id), [])
    for id in (made.id, inner.id):
        at.sdk.delete_group(id)
    refused(404, at.sdk.all_group_users, made.id)
    external = next(group for group in at.groups if group.externally_managed)
    for id in ("1", external.id):
        refused(403, at.sdk.delete_group, id)


@check("permission sets, model sets and roles of them; built-in ones refused with 405")
def role(at):
    permissions = at.sdk.create_permission_set(models.WritePermissionSet(name="SDK", permissions=["access_data"]))
    of_models = at.sdk.create_model_set(models.WriteModelSet(name="SDK", models=["abcd"]))
    error = refused(422, at.sdk.create_model_set, models.WriteModelSet(name="sdk"))
    same(error.errors[0].message, "Domain name is already in use.")
    body = models.WriteRole(name="SDK", permission_set_id=permissions.id, model_set_id=of_models.id)
    made = at.sdk.create_role(body)
    same((made.permission_set, made.model_set), (permissions, of_models))
    error = refused(422, at.sdk.create_role, models.WriteRole(name="x", permission_set_id=ABSENT, model_set_id="2"))
    same((error.errors[0].field, error.errors[0].code), ("permission_set", "invalid"))
    same(at.sdk.update_role(made.id, models.WriteRole(name="SDK 2")).name, "SDK 2")
    same(ids(at.sdk.set_role_groups(made.id, ["2", "3"])), {"2", "3"})
    same(ids(at.sdk.set_role_users(made.id, ["4", "4"])), {"4"})
    same(ids(at.sdk.role_users(made.id, direct_association_only=True)), {"4"})
    at.sdk.update_permission_set(permissions.id, models.WritePermissionSet(permissions=["explore"]))
    at.sdk.update_model_set(of_models.id, models.WriteModelSet(models=["efgh"]))
    shown = at.sdk.role(made.id)
    same((shown.permission_set.permissions, shown.model_set.models), (["explore"], ["efgh"]))
    at.sdk.delete_role(made.id)
    at.sdk.delete_permission_set(permissions.id)
    at.sdk.delete_model_set(of_models.id)
    refused(404, at.sdk.role, made.id)
    for delete in (at.sdk.delete_role, at.sdk.delete_permission_set, at.sdk.delete_model_set):
        same(refused(405, delete, "1").message, "This resource cannot be modified")
