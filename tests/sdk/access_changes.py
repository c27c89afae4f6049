"""User attributes and values, access lists, favourites: created, changed, deleted, refused."""

import warnings

from looker_sdk import models40 as models
from looker_sdk.rtl.model import EXPLICIT_NULL

from checklist import check, holds, refused, same
from content import ABSENT


@check("create_user_attribute, update_user_attribute and delete_user_attribute")
def attribute(at):
    body = models.WriteUserAttribute(name="sdk", label="SDK", type="string", default_value="%, NULL")
    made = at.sdk.create_user_attribute(body)
    same(at.sdk.user_attribute(made.id), made)
    error = refused(422, at.sdk.create_user_attribute, body)
    same([(row.field, row.code) for row in error.errors], [("name", "already_exists"), ("label", "already_exists")])
    body.name, body.label = "sdk_2", "SDK 2"
    body.value_is_hidden, body.hidden_value_domain_whitelist = False, ""
    error = refused(422, at.sdk.create_user_attribute, body)
    holds("must be a comma-separated list of urls" in error.errors[0].message, error.errors[0].message)
    changed = models.WriteUserAttribute(name="sdk", label="Other", type="string", default_value=EXPLICIT_NULL)
    after = at.sdk.update_user_attribute(made.id, changed)
    same((after.label, after.default_value), ("Other", None))
    at.sdk.delete_user_attribute(made.id)
    refused(404, at.sdk.user_attribute, made.id)
    refused(405, at.sdk.delete_user_attribute, "1")


@check("values of groups: the whole list, one by one, and of a user")
def values(at):
    made = at.sdk.create_user_attribute(models.WriteUserAttribute(name="sdk", label="SDK", type="string"))
    value = models.UserAttributeGroupValue
    at.sdk.set_user_attribute_group_values(made.id, [value(group_id="2", value="b")])
    both = [value(group_id="4", value="d"), value(group_id="3", value="c")]
    whole = at.sdk.set_user_attribute_group_values(made.id, both)
    same([(row.group_id, row.value, row.rank) for row in whole], [("4", "d", 1), ("3", "c", 2)])
    one = at.sdk.update_user_attribute_group_value("2", made.id, value(value="b"))
    same((one.group_id, one.rank), ("2", 3))
    same(len(at.sdk.all_user_attribute_group_values(made.id)), 3)
    at.sdk.delete_user_attribute_group_value("3", made.id)
    same([row.group_id for row in at.sdk.all_user_attribute_group_values(made.id)], ["4", "2"])
    own = at.sdk.set_user_attribute_user_value("9", made.id, models.WriteUserAttributeWithValue(value="x"))
    same((own.value, own.source, own.name), ("x", "User", "sdk"))
    at.sdk.delete_user_attribute_user_value("9", made.id)
    refused(404, at.sdk.delete_user_attribute_user_value, "9", made.id)
    at.sdk.delete_user_attribute(made.id)


@check("content metadata: a list of its own starts as a copy; rows are created, changed, deleted")
def access(at):
    folders = [folder.content_metadata_id for folder in at.folders if folder.parent_id == "1"]
    list = next(id for id in folders if at.sdk.content_metadata(id).inherits)
    rows = at.sdk.all_content_metadata_accesses
    same(at.sdk.update_content_metadata(list, models.WriteContentMeta(inherits=False)).inherits, False)
    copied = rows(list)
    holds(copied, "nothing was copied")
    body = models.ContentMetaGroupUser(
        content_metadata_id=list, group_id="5", permission_type=models.PermissionType.view
    )
    made = at.sdk.create_content_metadata_access(body, send_boards_notification_email=False)
    error = refused(422, at.sdk.create_content_metadata_access, body)
    holds("already has access on content" in error.errors[0].message, error.errors[0].message)
    edit = models.ContentMetaGroupUser(permission_type=models.PermissionType.edit)
    same(at.sdk.update_content_metadata_access(made.id, edit).permission_type, models.PermissionType.edit)
    same(len(rows(list)), len(copied) + 1)
    at.sdk.delete_content_metadata_access(made.id)
    same(rows(list), copied)
    body.content_metadata_id = ABSENT
    refused(404, at.sdk.create_content_metadata_access, body)
    at.sdk.update_content_metadata(list, models.WriteContentMeta(inherits=True))
    same(rows(list), [])


@check("a favourite is made and deleted by its own user only")
def favorite(at):
    dashboard = next(row for row in at.sdk.search_dashboards() if not row.content_favorite_id)
    body = models.WriteContentFavorite(user_id="1", content_metadata_id=dashboard.content_metadata_id)
    made = at.sdk.create_content_favorite(body)
    same((made.user_id, made.dashboard.id), ("1", dashboard.id))
    same(at.sdk.dashboard(dashboard.id).content_favorite_id, made.id)
    refused(409, at.sdk.create_content_favorite, body)
    same(at.sdk.delete_content_favorite(made.id), "")
    refused(404, at.sdk.content_favorite, made.id)
    body.user_id = "2"
    refused(404, at.sdk.create_content_favorite, body)


@check("an administrator makes and deletes a favourite of another user by acting as that one")
def favorite_of_another(at):
    other = next(user.id for user in at.users if user.id != "1" and user.role_ids and not user.is_disabled)
    sdk = at.sign_in()
    marked = {row.content_metadata_id for row in sdk.search_content_favorites(user_id=other)}
    dashboard = next(row for row in at.dashboards if row.content_metadata_id not in marked)
    body = models.WriteContentFavorite(user_id=other, content_metadata_id=dashboard.content_metadata_id)
    refused(404, sdk.create_content_favorite, body)
    sdk.auth.login_user(other)
    made = sdk.create_content_favorite(body)
    same((made.user_id, made.dashboard.id), (other, dashboard.id))
    refused(409, sdk.create_content_favorite, body)
    sdk.auth.logout()
    same(sdk.me().id, "1")
    found = sdk.search_content_favorites(user_id=other, content_metadata_id=dashboard.content_metadata_id)
    same([row.id for row in found], [made.id])
    refused(404, sdk.delete_content_favorite, made.id)
    sdk.auth.login_user(other)
    same(sdk.delete_content_favorite(made.id), "")
    sdk.auth.logout()
    same(sdk.search_content_favorites(user_id=other, id=made.id), [])


@check("nobody acts as a user that is disabled")
def act_as_disabled(at):
    user = at.sdk.create_user(models.WriteUser(first_name="Off", is_disabled=True))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that it changed in 21.4
        refused(404, at.sdk.login_user, user.id)
    at.sdk.delete_user(user.id)
