"""Entra's authorize endpoint: who may sign in, what they allow, and what the application is told."""

from urllib.parse import parse_qs, urlsplit

import jwt
import pytest
from entra_stage import (
    ADELE,
    ADMINISTRATED,
    CHALLENGE,
    GRAPH,
    PERSONAL,
    REDIRECT,
    Entra,
    scopes_of,
)

pytestmark = pytest.mark.feature("A1")


async def test_the_page_lets_a_person_choose_an_account_and_tick_permissions(entra: Entra):
    shown = await entra.http.get(entra.authorize_url(login_hint=ADELE))

    assert shown.headers["content-type"].startswith("text/html")
    assert f'value="{ADELE}" checked' in shown.text
    assert {"Contacts.ReadWrite", "User.Read", "offline_access"} <= set(shown.text.split('"'))
    assert 'value="openid"' not in shown.text
    assert "http" not in shown.text.replace("http%3A", "").replace("https%3A", "")


async def test_accepting_sends_a_code_and_the_state_back(entra: Entra):
    told = await entra.sign_in()

    assert told.keys() == {"code", "state", "session_state"}
    assert told["state"] == "the state"


@pytest.mark.parametrize("mode", [pytest.param("fragment", id="fragment"), pytest.param("query", id="query")])
async def test_the_answer_comes_in_the_response_mode_asked_for(entra: Entra, mode: str):
    form = {"person": ADELE, "decision": "accept", "scope": ["User.Read"]}
    sent = await entra.http.post(entra.authorize_url(response_mode=mode), data=form)

    parts = urlsplit(sent.headers["location"])
    assert "code" in parse_qs(getattr(parts, mode))


async def test_form_post_answers_with_a_form_that_posts_itself(entra: Entra):
    form = {"person": ADELE, "decision": "accept"}
    sent = await entra.http.post(entra.authorize_url(response_mode="form_post"), data=form)

    assert sent.status_code == 200
    assert f'action="{REDIRECT}"' in sent.text
    assert 'name="code"' in sent.text


async def test_the_nonce_comes_back_in_the_id_token(entra: Entra):
    claims = jwt.decode((await entra.tokens())["id_token"], options={"verify_signature": False})

    assert claims["nonce"] == "the nonce"


SHOWN = [
    #            what is asked                                        on the page
    pytest.param({"redirect_uri": "https://evil.example/callback"},   50011,  id="another redirect URI"),
    pytest.param({"redirect_uri": REDIRECT + "/"},                    50011,  id="one character more"),
    pytest.param({"redirect_uri": REDIRECT.replace("https", "http")}, 50011,  id="plain http"),
    pytest.param({"redirect_uri": None},                              900144, id="no redirect URI"),
    pytest.param({"client_id": "unknown"},                            700016, id="unknown application"),
    pytest.param({"client_id": None},                                 900144, id="no application"),
    pytest.param({"tenant": "nowhere.example"},                       90002,  id="unknown tenant"),
]  # fmt: skip


@pytest.mark.parametrize(("asked", "code"), SHOWN)
async def test_what_cannot_be_trusted_is_told_to_the_person_only(
    entra: Entra, asked: dict[str, str], code: int
):
    shown = await entra.http.get(entra.authorize_url(**asked))

    assert shown.status_code == 400
    assert f"AADSTS{code}:" in shown.text


TOLD = [
    pytest.param({"response_type": "id_token"},                    "unsupported_response_type", 700054, id="implicit flow"),
    pytest.param({"response_type": None},                          "invalid_request",           900144, id="no response type"),
    pytest.param({"scope": None},                                  "invalid_request",           900144, id="no scope"),
    pytest.param({"scope": "Contacts.Juggle"},                     "invalid_client",            650053, id="unknown permission"),
    pytest.param({"scope": f"{GRAPH}.default Contacts.Read"},      "invalid_scope",             70011,  id=".default with others"),
    pytest.param({"scope": "User.Read https://b.example/x"},       "invalid_request",           28000,  id="two resources"),
    pytest.param({"scope": "https://b.example/x"},                 "invalid_resource",          500011, id="unknown resource"),
    pytest.param({"prompt": "sometimes"},                          "invalid_request",           90023,  id="unknown prompt"),
    pytest.param({"response_mode": "pigeon"},                      "invalid_request",           90023,  id="unknown response mode"),
    pytest.param({"code_challenge": "short"},                      "invalid_request",           501491, id="challenge too short"),
    pytest.param({"code_challenge": CHALLENGE + "x"},              "invalid_request",           501491, id="challenge no SHA-256"),
    pytest.param({"code_challenge_method": "S512"},                "invalid_request",           90023,  id="unknown challenge method"),
    pytest.param({"code_challenge": None},                         "invalid_request",           900144, id="method without challenge"),
    pytest.param({"prompt": "none"},                               "login_required",            50058,  id="silent, nobody signed in"),
]  # fmt: skip


@pytest.mark.parametrize(("asked", "error", "code"), TOLD)
async def test_a_malformed_request_is_told_to_the_application(
    entra: Entra, asked: dict[str, str | None], error: str, code: int
):
    told = await entra.sign_in(**asked)

    assert told["error"] == error
    assert told["error_description"].startswith(f"AADSTS{code}: ")
    assert told["state"] == "the state"
    assert "code" not in told


async def test_declining_is_told_as_access_denied(entra: Entra):
    told = await entra.sign_in(grant="decline")

    assert (told["error"], told["error_subcode"]) == ("access_denied", "cancel")
    assert told["error_description"].startswith("AADSTS65004: ")


@pytest.mark.feature("C1")
async def test_a_permission_left_unticked_is_missing_from_the_grant(entra: Entra):
    answer = await entra.tokens(grant=["User.Read", "offline_access"])

    assert scopes_of(answer) == {"openid", "profile", "email", f"{GRAPH}User.Read"}
    assert "refresh_token" in answer


@pytest.mark.feature("C1")
async def test_without_offline_access_there_is_no_refresh_token(entra: Entra):
    assert "refresh_token" not in await entra.tokens(grant=["User.Read"])


@pytest.mark.feature("C1")
async def test_consent_is_remembered_and_grows(entra: Entra):
    await entra.tokens(grant=["Contacts.ReadWrite"])
    answer = await entra.tokens(scope="openid offline_access Calendars.ReadWrite")

    assert scopes_of(answer) == {"openid", f"{GRAPH}Contacts.ReadWrite", f"{GRAPH}Calendars.ReadWrite"}


async def test_a_silent_request_is_answered_for_whoever_is_signed_in_and_has_consented(entra: Entra):
    form = {"person": ADELE, "decision": "accept", "scope": ["User.Read", "Contacts.ReadWrite"]}
    await entra.http.post(entra.authorize_url(), data=form)

    silent = await entra.http.get(entra.authorize_url(prompt="none", login_hint=ADELE))
    more = await entra.http.get(entra.authorize_url(prompt="none", scope="Mail.Read"))
    another = await entra.http.get(entra.authorize_url(prompt="none", login_hint="alex@contoso.example"))

    assert "code=" in silent.headers["location"]
    assert "error=consent_required" in more.headers["location"]
    assert "AADSTS65001" in more.headers["location"]
    assert "error=login_required" in another.headers["location"]


@pytest.mark.feature("A8")
async def test_a_personal_account_signs_in_and_gets_what_such_accounts_can_have(entra: Entra):
    answer = await entra.tokens(PERSONAL, scope="openid profile User.Read OnlineMeetings.ReadWrite")
    claims = jwt.decode(answer["id_token"], options={"verify_signature": False})

    assert claims["tid"] == "9188040d-6c67-4c5b-b112-36a304b66dad"
    assert scopes_of(answer) == {"openid", "profile", f"{GRAPH}User.Read"}


MISPLACED = [
    pytest.param("consumers", ADELE, id="work account at consumers"),
    pytest.param("organizations", PERSONAL, id="personal account at organizations"),
    pytest.param("fabrikam.example", ADELE, id="another organisation's account"),
]


@pytest.mark.parametrize(("tenant", "mail"), MISPLACED)
async def test_an_account_of_another_kind_or_tenant_is_refused_on_the_page(
    entra: Entra, tenant: str, mail: str
):
    form = {"person": mail, "decision": "accept"}
    shown = await entra.http.post(entra.authorize_url(tenant), data=form)

    assert shown.status_code == 400
    assert "AADSTS50020:" in shown.text


async def test_an_application_of_one_tenant_has_no_common_endpoint(entra: Entra):
    await entra.control("apps", client_id="single", tenant="contoso.example", redirect_uris=[REDIRECT])
    common = await entra.http.get(entra.authorize_url(client_id="single"))
    foreign = await entra.http.get(entra.authorize_url("fabrikam.example", client_id="single"))
    own = await entra.sign_in(tenant="contoso.example", client_id="single")

    assert "AADSTS50194:" in common.text
    assert "AADSTS700016:" in foreign.text
    assert "code" in own


async def test_where_an_administrator_must_approve_nobody_else_can(entra: Entra):
    refused = await entra.sign_in(ADMINISTRATED)
    await entra.approve()
    allowed = await entra.sign_in(ADMINISTRATED)

    assert refused["error"] == "access_denied"
    assert refused["error_description"].startswith("AADSTS90094: ")
    assert "code" in allowed


async def test_some_permissions_need_an_administrator_everywhere(entra: Entra):
    told = await entra.sign_in(scope="User.Read Directory.Read.All")

    assert told["error_description"].startswith("AADSTS90094: ")


async def test_plain_http_to_loopback_is_a_leniency_that_can_be_switched_off(entra: Entra):
    uri = "http://127.0.0.1:8000/callback"
    await entra.control("apps", client_id="local", redirect_uris=[uri])
    url = entra.authorize_url(client_id="local", redirect_uri=uri)

    lenient = await entra.http.get(url)
    await entra.control("settings", require_https_notifications=True)
    strict = await entra.http.get(url)

    assert (lenient.status_code, strict.status_code) == (200, 400)
    assert "AADSTS50011:" in strict.text


@pytest.mark.parametrize("code", [pytest.param(53003, id="blocked"), pytest.param(50057, id="disabled")])
async def test_a_blocked_person_cannot_sign_in_again_either(entra: Entra, code: int):
    await entra.control("entra", mail=ADELE, aadsts=code)
    told = await entra.sign_in()

    assert told["error_description"].startswith(f"AADSTS{code}: ")


async def test_signing_out_ends_the_session_and_returns_to_registered_addresses_only(entra: Entra):
    form = {"person": ADELE, "decision": "accept", "scope": ["User.Read", "Contacts.ReadWrite"]}
    await entra.http.post(entra.authorize_url(), data=form)
    out = "/common/oauth2/v2.0/logout"

    back = await entra.http.get(out, params={"post_logout_redirect_uri": REDIRECT})
    stay = await entra.http.get(out, params={"post_logout_redirect_uri": "https://evil.example"})
    silent = await entra.http.get(entra.authorize_url(prompt="none"))

    assert back.headers["location"] == REDIRECT
    assert (stay.status_code, "location" in stay.headers) == (200, False)
    assert "error=login_required" in silent.headers["location"]


async def test_an_unknown_account_stays_on_the_page(entra: Entra):
    shown = await entra.http.post(
        entra.authorize_url(), data={"other": "who@nowhere.example", "decision": "accept"}
    )

    assert shown.status_code == 400
    assert "no such account" in shown.text
