"""Users, groups, roles, sets and models, read."""

from looker_sdk.rtl.model import DelimSequence

from checklist import check, holds, ids, pages, refused, same
from content import ABSENT


@check("all_users by limit, and with headers for pages")
def all_users(at):
    same(len(at.users), 40)
    same(ids(pages(at.sdk.all_users, 7, sorts="id")), ids(at.users))
    answer = at.get("/api/4.0/users", f"token {at.token}", limit=7)
    same(answer.headers.get("X-Total-Count"), "40", "X-Total-Count")
    same(sorted(answer.links), ["first", "last", "next"], "Link")
    answer = at.get("/api/4.0/users", f"token {at.token}")
    same((answer.headers.get("X-Total-Count"), answer.links), (None, {}), "headers without a limit")


@check("all_users by ids")
def users_by_ids(at):
    same([user.id for user in at.sdk.all_users(ids=DelimSequence(["3", "1"]))], ["3", "1"])


@check("search_users: the disabled are found when asked for")
def search_users(at):
    disabled = at.sdk.search_users(is_disabled=True)
    holds(disabled and all(user.is_disabled for user in disabled), "none, or not disabled")
    enabled = pages(at.sdk.search_users, 9, sorts="id")
    same(ids(enabled) | ids(disabled), ids(at.users))
    same(ids(enabled) & ids(disabled), set())


@check("search_users by e-mail, name and group")
def search_users_by(at):
    active = [user for user in at.users if not user.is_disabled]
    one = next(user for user in active if user.email and user.first_name)
    same(at.sdk.search_users(email=one.email.upper()), [one])
    want = {user.id for user in active if user.first_name == one.first_name}
    same(ids(at.sdk.search_users(first_name=one.first_name)), want)
    same(ids(at.sdk.search_users(group_id="2")), {user.id for user in active if "2" in user.group_ids})


@check("user")
def user(at):
    for row in at.users[:8]:
        same(at.sdk.user(row.id), row)
    same(at.sdk.user("1", fields="id, email").first_name, None)
    refused(404, at.sdk.user, ABSENT)


@check("users refer to groups, roles and folders that exist")
def references(at):
    groups, roles, folders = ids(at.groups), ids(at.sdk.all_roles()), ids(at.folders)
    for row in at.users:
        same(set(row.group_ids) - groups, set(), f"unknown groups of user {row.id}")
        same(set(row.role_ids) - roles, set(), f"unknown roles of user {row.id}")
        holds(row.personal_folder_id in folders, f"user {row.id} has no personal folder")


@check("all_groups, search_groups and its pages agree")
def groups(at):
    same(len(at.groups), 8)
    same(ids(pages(at.sdk.all_groups, 3, sorts="id")), ids(at.groups))
    same(ids(pages(at.sdk.search_groups, 3, sorts="id")), ids(at.groups))
    external = at.sdk.search_groups(externally_managed=True)
    same(ids(external), {group.id for group in at.groups if group.externally_managed})
    same([group.id for group in at.sdk.all_groups(ids=DelimSequence(["2", "1"]))], ["2", "1"])


@check("search_groups_with_hierarchy")
def hierarchy(at):
    rows = pages(at.sdk.search_groups_with_hierarchy, 3, sorts="id")
    same(ids(rows), ids(at.groups))
    holds(any(row.parent_group_ids for row in rows), "no group lies in another")
    same({id for row in rows for id in row.parent_group_ids} - ids(at.groups), set())
    same({id for row in rows for id in row.role_ids} - ids(at.sdk.all_roles()), set())


@check("search_groups_with_roles gives the roles the hierarchy names")
def with_roles(at):
    rows = at.sdk.search_groups_with_roles()
    roles = {role.id: role for role in at.sdk.all_roles()}
    named = {row.id: row.role_ids for row in at.sdk.search_groups_with_hierarchy()}
    same({row.id: [role.id for role in row.roles] for row in rows}, named)
    same([role for row in rows for role in row.roles if role != roles[role.id]], [])


@check("group, and the users in it")
def group(at):
    for row in at.groups:
        same(at.sdk.group(row.id), row)
        members = pages(lambda **page: at.sdk.all_group_users(row.id, **page), 9, sorts="id")
        same(ids(members), {user.id for user in at.users if row.id in user.group_ids})
        same(row.user_count, len(members), f"user_count of group {row.id}")
    refused(404, at.sdk.group, ABSENT)
    refused(404, at.sdk.all_group_users, ABSENT)


@check("all_roles, search_roles and role")
def roles(at):
    rows = at.sdk.all_roles()
    same(len(rows), 7)
    same(ids(pages(at.sdk.search_roles, 3, sorts="id")), ids(rows))
    for row in rows:
        same(at.sdk.role(row.id), row)
    same(ids(at.sdk.search_roles(name="admin")), {"1"})
    same([row.id for row in at.sdk.all_roles(ids=DelimSequence(["2", "1"]))], ["2", "1"])
    refused(404, at.sdk.role, ABSENT)


@check("permission sets")
def permission_sets(at):
    rows = at.sdk.all_permission_sets()
    sets(rows, at.sdk.search_permission_sets, at.sdk.permission_set)
    embedded = [role.permission_set for role in at.sdk.all_roles() if role.permission_set]
    same([one for one in embedded if one not in rows], [], "sets of roles that are not listed")
    one = rows[-1].permissions[0]
    same(ids(at.sdk.search_permission_sets(permissions=one)), {row.id for row in rows if one in row.permissions})


@check("model sets")
def model_sets(at):
    rows = at.sdk.all_model_sets()
    sets(rows, at.sdk.search_model_sets, at.sdk.model_set)
    embedded = [role.model_set for role in at.sdk.all_roles() if role.model_set]
    same([one for one in embedded if one not in rows], [], "sets of roles that are not listed")


def sets(rows, search, one):
    same(ids(pages(search, 2, sorts="id")), ids(rows))
    same(ids(search(built_in=True)), {row.id for row in rows if row.built_in})
    holds(any(row.built_in for row in rows), "none is built in")
    for row in rows:
        same(one(row.id), row)
    refused(404, one, ABSENT)


@check("LookML models")
def models(at):
    rows = at.sdk.all_lookml_models()
    holds(rows and all(row.explores for row in rows), "no models, or none with explores")
    same([at.sdk.lookml_model(row.name).name for row in rows], [row.name for row in rows])
    paged = pages(at.sdk.all_lookml_models, 2)
    same(len(paged), len(rows))
    same(at.sdk.all_lookml_models(fields="name")[0].explores, None)
    refused(404, at.sdk.lookml_model, "no_such_model")
