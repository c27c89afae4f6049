"""Who has what: credentials, memberships, user attributes and their values."""

from looker_sdk.rtl.model import DelimSequence

from checklist import check, holds, ids, refused, same
from content import ABSENT


@check("credentials of every type, embedded in all_users")
def credentials(at):
    for kind in ("email", "google", "saml", "ldap", "oidc", "totp"):
        have = [getattr(user, f"credentials_{kind}") for user in at.users]
        holds(any(have) and not all(have), f"all or none have credentials_{kind}")
    keys = [key for user in at.users for key in user.credentials_api3]
    same(len({key.client_id for key in keys}), len(keys), "number of different keys")
    holds(any(key.is_disabled for key in keys) and any(key.purpose for key in keys), "all keys are alike")
    embedded = [user for user in at.users if user.credentials_embed]
    holds(embedded and all(one.external_user_id for user in embedded for one in user.credentials_embed), "none")
    service = [user for user in at.users if user.is_service_account]
    holds(service and all(user.credentials_api3 and not user.credentials_email for user in service), "no service")


@check("role_groups, role_users and user_roles agree")
def memberships(at):
    hierarchy = at.sdk.search_groups_with_hierarchy()
    for role in at.sdk.all_roles(fields="id"):
        groups = ids(at.sdk.role_groups(role.id))
        same(groups, {row.id for row in hierarchy if role.id in row.role_ids}, f"groups of role {role.id}")
        direct = ids(at.sdk.role_users(role.id, direct_association_only=True))
        same(direct, {user.id for user in at.users if role.id in user.role_ids}, f"users of role {role.id}")
        through = {user.id for user in at.users if groups & set(user.group_ids)}
        same(ids(at.sdk.role_users(role.id)), direct | through, f"all users of role {role.id}")
    for user in at.users[:5]:
        same(ids(at.sdk.user_roles(user.id, direct_association_only=True)), set(user.role_ids))
        through = {id for row in hierarchy if row.id in user.group_ids for id in row.role_ids}
        same(ids(at.sdk.user_roles(user.id)), set(user.role_ids) | through)
    for call in (at.sdk.role_groups, at.sdk.role_users, at.sdk.user_roles):
        refused(404, call, ABSENT)


@check("all_group_groups is the hierarchy's other side")
def subgroups(at):
    hierarchy = at.sdk.search_groups_with_hierarchy()
    for group in at.groups:
        inside = {row.id for row in hierarchy if group.id in row.parent_group_ids}
        same(ids(at.sdk.all_group_groups(group.id)), inside)
    refused(404, at.sdk.all_group_groups, ABSENT)


@check("permissions: sets hold known ones, the built-in set all of them")
def permissions(at):
    rows = at.sdk.all_permissions()
    known = {row.permission for row in rows}
    same({row.parent for row in rows} - known, {None}, "unknown parents")
    for row in at.sdk.all_permission_sets():
        same(set(row.permissions) - known, set(), f"unknown permissions of {row.name}")
        same(row.built_in, set(row.permissions) == known)


@check("user attributes: the system's and others, by id and sorted")
def attributes(at):
    rows = at.sdk.all_user_attributes(sorts="name desc")
    same([row.name for row in rows], sorted((row.name for row in rows), reverse=True))
    holds({"email", "locale", "landing_page"} <= {row.name for row in rows if row.is_system}, "no system's")
    for row in rows:
        same(at.sdk.user_attribute(row.id), row)
        same(bool(row.hidden_value_domain_whitelist), row.value_is_hidden, row.name)
    refused(404, at.sdk.user_attribute, ABSENT)


@check("group values come by rank, of groups that exist, and blank where hidden")
def group_values(at):
    found = 0
    for row in at.sdk.all_user_attributes():
        values = at.sdk.all_user_attribute_group_values(row.id)
        same([value.rank for value in values], list(range(1, len(values) + 1)))
        same({value.group_id for value in values} - ids(at.groups), set())
        same({value.user_attribute_id for value in values} - {row.id}, set())
        same([value.value is None for value in values], [row.value_is_hidden] * len(values))
        found += len(values)
    holds(found > 5, f"only {found} values")
    refused(404, at.sdk.all_user_attribute_group_values, ABSENT)


@check("user values: the user's own, then groups by rank, then the default")
def user_values(at):
    rows = {row.id: row for row in at.sdk.all_user_attributes()}
    sources = set()
    for user in at.users[:12]:
        whole = at.sdk.user_attribute_user_values(user.id, all_values=True, include_unset=True)
        same({value.user_attribute_id for value in whole}, set(rows))
        first = at.sdk.user_attribute_user_values(user.id, include_unset=True)
        same(len(first), len(rows))
        for value in first:
            path = [other for other in whole if other.user_attribute_id == value.user_attribute_id]
            same(path[0], value)
            if rows[value.user_attribute_id].value_is_hidden:
                same([other.value for other in path], [None] * len(path), "hidden values")
        sources |= {value.source.partition(":")[0] for value in whole}
        names = {value.name: value.value for value in first}
        same((names["email"], names["id"]), (user.email, user.id))
    same(sources, {"User", "Group", "Default", "Unset"})
    one = at.sdk.user_attribute_user_values("1", user_attribute_ids=DelimSequence(["5", "1"]))
    same([value.name for value in one], ["email", "id"])
    refused(404, at.sdk.user_attribute_user_values, ABSENT)
