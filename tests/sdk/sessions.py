"""Signing in and out, and who is asking."""

import json
import warnings

from looker_sdk.error import SDKError

from checklist import check, holds, refused, same


@check("versions are answered without a token, with and without the API's path")
def versions_unsigned(at):
    for path in ("/versions", "/api/4.0/versions"):
        answer = at.get(path)
        same(answer.status_code, 200, path)
        same(answer.json()["current_version"]["version"], "4.0", path)


@check("versions")
def versions(at):
    answer = at.sdk.versions()
    same(answer.current_version.version, "4.0")
    holds("4.0" in [item.version for item in answer.supported_versions], "4.0 is not supported")
    only = at.sdk.versions(fields="looker_release_version")
    same((only.looker_release_version, only.current_version), (answer.looker_release_version, None))


@check("login by the API method, form encoded")
def login(at):
    token = at.sdk.login(client_id=at.client_id, client_secret=at.client_secret)
    same((token.token_type, token.expires_in), ("Bearer", 3600))
    answer = at.get("/api/4.0/user", f"token {token.access_token}")
    same(answer.status_code, 200, "the token's first use")


@check("a wrong secret is answered with 404")
def wrong_secret(at):
    try:
        at.sign_in(secret="wrong").me()
    except SDKError as error:
        return same(json.loads(error.message)["message"], "Not found")
    finally:
        at.sign_in()  # puts the environment right again
    raise AssertionError("it was let in")


@check("`token X` and `Bearer X` are both taken, others are not")
def schemes(at):
    for scheme, status in [("token", 200), ("Bearer", 200), ("Basic", 401)]:
        same(at.get("/api/4.0/user", f"{scheme} {at.token}").status_code, status, scheme)
    same(at.get("/api/4.0/user").status_code, 401, "no token")
    same(at.get("/api/4.0/user", "token wrong").json()["message"], "Requires authentication.")


@check("me")
def me(at):
    same(at.sdk.me(), at.sdk.user(at.sdk.me(fields="id").id))


@check("session")
def session(at):
    answer = at.sdk.session()
    same((answer.workspace_id, answer.sudo_user_id), ("production", None))


@check("acting as another user, and back")
def sudo(at):
    own = at.sdk.me().id
    other = next(user.id for user in at.users if user.id != own and not user.is_disabled)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that it changed in 21.4
        token = at.sdk.login_user(other).access_token
    same(at.get("/api/4.0/user", f"Bearer {token}").json()["id"], other)
    sdk = at.sign_in()
    sdk.auth.login_user(other)
    same((sdk.me().id, sdk.session().sudo_user_id), (other, own))
    sdk.auth.logout()
    same(sdk.me().id, own)


@check("logout by the session, which uses the path without a version")
def logout_of_the_session(at):
    sdk = at.sign_in()
    token = sdk.auth.authenticate({})["Authorization"]
    sdk.auth.logout()
    same(at.get("/api/4.0/user", token).status_code, 401, "the token's use afterwards")


@check("logout by the API method")
def logout(at):
    sdk = at.sign_in()
    same(sdk.logout(), "")
    refused(401, sdk.me)
