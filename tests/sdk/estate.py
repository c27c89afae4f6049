"""Looks, data and settings of the instance: what administrators take care of."""

from checklist import check, holds, ids, pages, refused, same
from content import ABSENT


@check("themes and the default ones")
def themes(at):
    rows = at.sdk.all_themes()
    same(ids(pages(at.sdk.search_themes, 2, sorts="id")), ids(rows))
    collections = ids(at.sdk.all_color_collections()) | {""}
    for row in rows:
        same(at.sdk.theme(row.id), row)
        holds(row.settings.color_collection_id in collections, f"theme {row.name} has an unknown collection")
    same(at.sdk.default_theme().name, "Looker")
    same(at.sdk.default_theme_by_type("internal"), at.sdk.default_theme())
    refused(404, at.sdk.theme, ABSENT)


@check("colour collections: standard and custom ones, and the one charts name")
def collections(at):
    rows = at.sdk.all_color_collections()
    standard, custom = ids(at.sdk.color_collections_standard()), ids(at.sdk.color_collections_custom())
    same((standard | custom, standard & custom), (ids(rows), set()))
    holds(at.sdk.default_color_collection().id in standard, "the default is none of the standard ones")
    for row in rows:
        same(at.sdk.color_collection(row.id), row)
    named = {look.query.vis_config["color_application"]["collection_id"] for look in map(look_of(at), at.looks[:9])}
    same(named - ids(rows), set())
    refused(404, at.sdk.color_collection, ABSENT)


def look_of(at):
    return lambda row: at.sdk.look(row.id)


@check("connections, their tunnels and applications; never a password")
def connections(at):
    rows = at.sdk.all_connections()
    tunnels = at.sdk.all_ssh_tunnels()
    servers = {row.ssh_server_id: row for row in at.sdk.all_ssh_servers()}
    applications = ids(at.sdk.all_external_oauth_applications())
    for row in rows:
        same((at.sdk.connection(row.name.title()), row.password), (row, None))
        holds(row.tunnel_id in {"", *(tunnel.tunnel_id for tunnel in tunnels)}, f"tunnel of {row.name}")
        holds(row.oauth_application_id in {None, *applications}, f"application of {row.name}")
    holds(any(row.tunnel_id for row in rows), "none has a tunnel")
    for row in tunnels:
        same(at.sdk.ssh_tunnel(row.tunnel_id), row)
        same(at.sdk.ssh_server(row.ssh_server_id), servers[row.ssh_server_id])
    one = at.sdk.all_external_oauth_applications()[0]
    same(ids(at.sdk.all_external_oauth_applications(client_id=one.client_id)), {one.id})
    for call in (at.sdk.connection, at.sdk.ssh_server, at.sdk.ssh_tunnel):
        refused(404, call, ABSENT)


@check("projects and manifests; models name projects and connections that exist")
def projects(at):
    rows = at.sdk.all_projects()
    for row in rows:
        same(at.sdk.project(row.id), row)
        same(at.sdk.manifest(row.id).name, row.id)
    names = {row.name for row in at.sdk.all_connections()}
    for model in at.sdk.all_lookml_models():
        holds(model.project_name in ids(rows), f"model {model.name} is of no project")
        same(set(model.allowed_db_connection_names) - names, set())
        holds(not model.unlimited_db_connections or set(model.allowed_db_connection_names) == names, model.name)
    refused(404, at.sdk.project, ABSENT)
    refused(404, at.sdk.manifest, ABSENT)


@check("System Activity is listed when internal models are asked for")
def internal(at):
    plain = {row.name for row in at.sdk.all_lookml_models()}
    same({row.name for row in at.sdk.all_lookml_models(include_internal=True)} - plain, {"system__activity"})


@check("explores: every one of every model, with the fields queries use")
def explores(at):
    attributes = {row.name for row in at.sdk.all_user_attributes()}
    fields = {}
    for model in at.sdk.all_lookml_models():
        for nav in model.explores:
            one = at.sdk.lookml_model_explore(model.name, nav.name)
            same((one.id, one.hidden, one.project_name), (f"{model.name}::{nav.name}", nav.hidden, model.project_name))
            names = {field.name for field in [*one.fields.dimensions, *one.fields.measures]}
            same(set(one.sets[0].value), names)
            same({filter.user_attribute for filter in one.access_filters} - attributes, set())
            holds(all(field.measure for field in one.fields.measures), f"{one.id} has a measure that is none")
            fields[model.name, nav.name] = names
    for look in map(look_of(at), at.looks[:20]):
        query = look.query
        same(set(query.fields) - fields[query.model, query.view], set(), f"unknown fields of query {query.id}")
    refused(404, at.sdk.lookml_model_explore, "ecommerce", ABSENT)


@check("datagroups of models that exist")
def datagroups(at):
    models = {row.name for row in at.sdk.all_lookml_models()}
    rows = at.sdk.all_datagroups()
    for row in rows:
        same(at.sdk.datagroup(row.id), row)
        holds(row.model_name in models, f"datagroup {row.name} is of no model")
    holds(ids(rows), "there are none")
    refused(404, at.sdk.datagroup, ABSENT)


@check("integrations, of hubs that exist")
def integrations(at):
    hubs, rows = at.sdk.all_integration_hubs(), at.sdk.all_integrations()
    attributes = {row.name for row in at.sdk.all_user_attributes()}
    for hub in hubs:
        same(at.sdk.integration_hub(hub.id), hub)
        inside = {row.id for row in rows if row.integration_hub_id == hub.id}
        same(ids(at.sdk.all_integrations(integration_hub_id=hub.id)), inside)
    for row in rows:
        same(at.sdk.integration(row.id), row)
        holds(row.integration_hub_id in ids(hubs), f"integration {row.id} is of no hub")
        for param in row.params:
            holds(not param.sensitive or param.value is None, f"{row.id} tells what is sensitive")
            holds(param.user_attribute_name in {None, *attributes}, f"{row.id} names an unknown attribute")
    refused(404, at.sdk.integration, ABSENT)
    refused(404, at.sdk.integration_hub, ABSENT)


@check("the homepage shows content that exists, in an order of its own")
def homepage(at):
    sections = at.sdk.all_primary_homepage_sections()
    same([row.is_header for row in sections if not row.homepage_items], [True])
    for section in sections:
        items = section.homepage_items
        same(set(section.item_order), {item.id for item in items})
        for item in items:
            same(item.homepage_section_id, section.id)
            holds(item.dashboard_id or item.look_id, f"item {item.id} shows nothing")
            content = at.sdk.dashboard(item.dashboard_id) if item.dashboard_id else at.sdk.look(item.look_id)
            same((item.title, item.content_metadata_id), (content.title, content.content_metadata_id))


@check("get_setting, whole and by fields")
def setting(at):
    whole = at.sdk.get_setting()
    holds(whole.embed_config.domain_allowlist and whole.mcp_tools and whole.privatelabel_configuration, "parts lack")
    holds(whole.timezone in {row.value for row in at.sdk.all_timezones()}, whole.timezone)
    few = at.sdk.get_setting(fields="host_url,embed_config(sso_auth_enabled)")
    same((few.host_url, few.timezone), (whole.host_url, None))
    same(few.embed_config.domain_allowlist, None)


@check("the other settings")
def settings(at):
    sdk = at.sdk
    for read in (
        sdk.whitelabel_configuration, sdk.session_config, sdk.password_config, sdk.custom_welcome_email,
        sdk.digest_emails_enabled, sdk.internal_help_resources_content, sdk.internal_help_resources,
        sdk.mobile_settings, sdk.cloud_storage_configuration, sdk.smtp_status, sdk.support_access_status,
        sdk.public_egress_ip_addresses,
    ):
        same(read(), read(), read.__name__)


@check("sign-in through directories names groups, roles and attributes that exist")
def sign_in(at):
    groups, roles = {row.id: row for row in at.groups}, {row.id: row for row in at.sdk.all_roles()}
    attributes = {row.id: row for row in at.sdk.all_user_attributes()}
    for config in (at.sdk.saml_config(), at.sdk.ldap_config(), at.sdk.oidc_config()):
        same([row for row in config.default_new_user_groups if row != groups[row.id]], [])
        same([row for row in config.default_new_user_roles if row != roles[row.id]], [])
        for read, written in zip(config.groups, config.groups_with_role_ids, strict=True):
            same(read.looker_group_name, groups[read.looker_group_id].name)
            same([role.id for role in read.roles], list(written.role_ids))
        for read, written in zip(config.user_attributes, config.user_attributes_with_ids, strict=True):
            same([attributes[id] for id in written.user_attribute_ids], list(read.user_attributes))


@check("legacy features, locales, the allowlist of support")
def lists(at):
    for row in at.sdk.all_legacy_features():
        same(at.sdk.legacy_feature(row.id), row)
    holds({"en", "fr_FR"} <= {row.code for row in at.sdk.all_locales()}, "locales of users lack")
    holds(ids(at.sdk.get_support_access_allowlist_entries()), "the allowlist is empty")
    refused(404, at.sdk.legacy_feature, ABSENT)


@check("applications and lockouts name users and groups that exist")
def applications(at):
    rows = at.sdk.all_oauth_client_apps()
    for row in rows:
        same(at.sdk.oauth_client_app(row.client_guid), row)
        same({user.id for user in row.activated_users} - ids(at.users), set())
        holds(row.group_id in ids(at.groups), f"{row.client_guid} is for no group")
    lockouts = at.sdk.all_user_login_lockouts()
    same({row.user_id for row in lockouts} - ids(at.users), set())
    same([row.key for row in at.sdk.search_user_login_lockouts(auth_type="ldap")],
         [row.key for row in lockouts if row.auth_type == "ldap"])
    refused(404, at.sdk.oauth_client_app, ABSENT)


@check("artifacts: pages of namespaces and keys, in the order of keys")
def artifacts(at):
    namespaces = pages(at.sdk.artifact_namespaces, 2)
    for row in namespaces:
        rows = pages(lambda **page: at.sdk.search_artifacts(row.namespace, **page), 2)
        same((len(rows), {one.namespace for one in rows}), (row.count, {row.namespace}))
        same([one.key for one in rows], sorted(one.key for one in rows))
        for one in rows:
            same(list(at.sdk.artifact(row.namespace, one.key)), [one])
            same(one.value_size, len(one.value.encode()))
            holds(one.created_by_userid in ids(at.users), f"{one.key} is nobody's")
        size = rows[0].value_size
        small = at.sdk.search_artifacts(row.namespace, max_size=size)
        same({one.key for one in small}, {one.key for one in rows if one.value_size <= size})
        path = f"/api/4.0/artifact/{row.namespace}/search"
        answer = at.get(path, f"token {at.token}", limit=1, tally="true")
        same(answer.headers.get("X-Total-Count"), str(row.count))
    refused(404, at.sdk.search_artifacts, ABSENT)


@check("agents, live and in the trash, on explores that exist")
def agents(at):
    live, trashed = pages(at.sdk.search_agents, 2, sorts="id"), at.sdk.search_agents(deleted=True)
    holds(live and trashed and all(row.deleted for row in trashed), "none, or not deleted")
    same(ids(live) & ids(trashed), set())
    for row in [*live, *trashed]:
        same(at.sdk.get_agent(row.id), row)
        holds(row.created_by_user_id in ids(at.users), f"agent {row.id} is nobody's")
        for source in row.sources:
            same(at.sdk.lookml_model_explore(source.model, source.explore, fields="name").name, source.explore)
    own = at.sdk.search_agents(created_by_user_id=live[0].created_by_user_id)
    others = at.sdk.search_agents(created_by_user_id=live[0].created_by_user_id, not_owned_by=True)
    same((ids(own) | ids(others), ids(own) & ids(others)), (ids(live), set()))
    refused(404, at.sdk.get_agent, ABSENT)


@check("the instance's own API document names every operation")
def document(at):
    answer = at.get("/api/4.0/swagger.json", f"token {at.token}").json()
    named = {one["operationId"] for path in answer["paths"].values() for one in path.values()}
    holds({"search_dashboards", "get_setting", "api_spec"} <= named, "operations lack")
    holds(at.sdk.api_spec("4.0", "swagger.json"), "the SDK reads nothing")
    refused(404, at.sdk.api_spec, "3.1", "swagger.json")
