"""Entra's token endpoint: every grant, and every way of not getting a token."""

from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
import pytest
from entra_stage import (
    ADELE,
    ADMINISTRATED,
    CLIENT,
    DEFAULT,
    GRAPH,
    PERSONAL,
    VERIFIER,
    Entra,
    refusal,
    scopes_of,
)

pytestmark = pytest.mark.feature("E1")


async def test_a_code_becomes_tokens_and_scope_is_worded_as_microsoft_does(entra: Entra):
    answer = await entra.tokens()

    assert answer["token_type"] == "Bearer"
    assert scopes_of(answer) == {
        "openid", "profile", "email", f"{GRAPH}User.Read", f"{GRAPH}Contacts.ReadWrite",
    }  # fmt: skip
    assert (await entra.me(answer["access_token"])).json()["mail"] == ADELE


async def test_the_order_of_scopes_means_nothing(entra: Entra):
    orders = {(await entra.tokens())["scope"] for _ in range(20)}

    assert len(orders) > 1


async def test_access_tokens_live_60_to_90_minutes_of_the_sandbox_s_time(entra: Entra):
    lives = [(await entra.tokens())["expires_in"] for _ in range(20)]
    answer = await entra.tokens()
    await entra.control("clock", advance_seconds=59 * 60)
    before = await entra.me(answer["access_token"])
    await entra.control("clock", advance_seconds=31 * 60)
    after = await entra.me(answer["access_token"])

    assert all(3598 < life < 5400 for life in lives)
    assert len(set(lives)) > 1
    assert (before.status_code, after.status_code) == (200, 401)


async def test_the_id_token_is_signed_by_a_key_that_discovery_leads_to(entra: Entra):
    answer = await entra.tokens()
    tid = entra.person(ADELE).tenant_id
    document = (await entra.http.get(f"/{tid}/v2.0/.well-known/openid-configuration")).json()
    keys = jwt.PyJWKSet.from_dict((await entra.http.get(document["jwks_uri"])).json())
    key = keys[jwt.get_unverified_header(answer["id_token"])["kid"]]

    claims = jwt.decode(
        answer["id_token"], key, algorithms=["RS256"], audience=CLIENT, issuer=document["issuer"]
    )

    assert claims["oid"] == entra.person(ADELE).oid
    assert (claims["tid"], claims["preferred_username"], claims["email"]) == (tid, ADELE, ADELE)
    assert (claims["nonce"], claims["ver"]) == ("the nonce", "2.0")


async def test_profile_and_email_claims_need_their_scopes(entra: Entra):
    answer = await entra.tokens(scope="openid User.Read")
    claims = jwt.decode(answer["id_token"], options={"verify_signature": False})

    assert not claims.keys() & {"oid", "preferred_username", "name", "email"}
    assert "id_token" not in await entra.tokens(scope="User.Read")


async def test_a_code_can_be_redeemed_once(entra: Entra):
    code = (await entra.sign_in())["code"]
    first = await entra.redeem(code)
    second = await entra.redeem(code)

    assert first.status_code == 200
    assert refusal(second) == (400, "invalid_grant", 54005)


async def test_a_code_is_over_after_ten_minutes(entra: Entra):
    early, late = (await entra.sign_in())["code"], (await entra.sign_in())["code"]
    await entra.control("clock", advance_seconds=590)
    in_time = await entra.redeem(early)
    await entra.control("clock", advance_seconds=20)

    assert in_time.status_code == 200
    assert refusal(await entra.redeem(late)) == (400, "invalid_grant", 70008)


CODES = [
    #            the request                                            status error                  AADSTS
    pytest.param({"client_secret": "wrong"},                             401, "invalid_client",       7000215, id="wrong secret"),
    pytest.param({"client_secret": None},                                401, "invalid_client",       7000218, id="no secret"),
    pytest.param({"client_id": "unknown"},                               400, "unauthorized_client",  700016,  id="unknown application"),
    pytest.param({"client_id": None},                                    400, "invalid_request",      900144,  id="no application"),
    pytest.param({"code_verifier": "w" * 64},                            400, "invalid_grant",        501481,  id="wrong verifier"),
    pytest.param({"code_verifier": None},                                400, "invalid_grant",        501481,  id="no verifier"),
    pytest.param({"redirect_uri": "https://concord.example/other"},      401, "invalid_client",       500112,  id="another redirect URI"),
    pytest.param({"redirect_uri": None},                                 400, "invalid_request",      900144,  id="no redirect URI"),
    pytest.param({"code": "1.made-up"},                                  400, "invalid_grant",        70000,   id="made-up code"),
    pytest.param({"code": None},                                         400, "invalid_request",      900144,  id="no code"),
    pytest.param({"grant_type": "password"},                             400, "unsupported_grant_type", 70003, id="unknown grant"),
    pytest.param({"grant_type": None},                                   400, "invalid_request",      900144,  id="no grant"),
    pytest.param({"tenant": "fabrikam.example"},                         400, "invalid_grant",        700005,  id="another tenant's endpoint"),
    pytest.param({"tenant": "nowhere.example"},                          400, "invalid_request",      90002,   id="no such tenant"),
    pytest.param({"scope": "Mail.Read"},                                 400, "invalid_grant",        65001,   id="never consented to"),
    pytest.param({"scope": "Contacts.Juggle"},                           401, "invalid_client",       650053,  id="no such permission"),
    pytest.param({"scope": "User.Read https://b.example/x"},             400, "invalid_request",      28000,   id="two resources"),
    pytest.param({"scope": f"{DEFAULT} User.Read"},                      400, "invalid_scope",        70011,   id=".default with others"),
]  # fmt: skip


@pytest.mark.parametrize(("changes", "status", "error", "code"), CODES)
async def test_a_code_request_with_a_fault_is_refused_and_the_code_stays_good(
    entra: Entra, changes: dict[str, str | None], status: int, error: str, code: int
):
    given = (await entra.sign_in())["code"]
    refused = await entra.redeem(**{"code": given} | changes)  # type: ignore[arg-type]

    assert refusal(refused) == (status, error, code)
    assert (await entra.redeem(given)).status_code == 200


async def test_a_plain_challenge_is_compared_as_it_is(entra: Entra):
    asked = {"code_challenge": VERIFIER, "code_challenge_method": "plain"}
    code, other = (await entra.sign_in(**asked))["code"], (await entra.sign_in(**asked))["code"]

    assert (await entra.redeem(code)).status_code == 200
    assert refusal(await entra.redeem(other, code_verifier="w" * 64)) == (400, "invalid_grant", 501481)


async def test_a_verifier_without_a_challenge_is_refused(entra: Entra):
    asked = {"code_challenge": None, "code_challenge_method": None}
    code = (await entra.sign_in(**asked))["code"]

    assert refusal(await entra.redeem(code)) == (400, "invalid_grant", 501481)
    assert (await entra.redeem(code, code_verifier=None)).status_code == 200


async def test_another_application_cannot_redeem_a_code_or_refresh_token(entra: Entra):
    await entra.control("apps", client_id="other", client_secret="its own")
    other = {"client_id": "other", "client_secret": "its own"}
    code, tokens = (await entra.sign_in())["code"], await entra.tokens()

    assert refusal(await entra.redeem(code, **other)) == (400, "invalid_grant", 70000)
    assert refusal(await entra.refresh(tokens["refresh_token"], **other)) == (400, "invalid_grant", 70000)


async def test_a_declined_permission_asked_for_again_at_the_token_is_left_out(entra: Entra):
    code = (await entra.sign_in(grant=["User.Read"]))["code"]
    answer = await entra.redeem(code, scope="User.Read Contacts.ReadWrite")

    assert f"{GRAPH}Contacts.ReadWrite" not in scopes_of(answer.json())


@pytest.mark.lesson(22)
async def test_refresh_tokens_rotate_and_the_old_one_stays_good(entra: Entra):
    first = (await entra.tokens())["refresh_token"]
    second = (await entra.refresh(first)).json()["refresh_token"]
    again = await entra.refresh(first)

    assert second != first
    assert again.status_code == 200
    assert (await entra.refresh(second)).status_code == 200


async def test_a_refresh_token_lasts_90_days_from_its_last_use(entra: Entra):
    first = (await entra.tokens())["refresh_token"]
    await entra.control("clock", advance_seconds=89 * 86_400)
    second = (await entra.refresh(first)).json()["refresh_token"]
    await entra.control("clock", advance_seconds=2 * 86_400)

    assert refusal(await entra.refresh(first)) == (400, "invalid_grant", 700082)
    assert (await entra.refresh(second)).status_code == 200


REFRESHES = [
    pytest.param({"refresh_token": "1.made-up"},   400, "invalid_grant",   70000,   id="made-up token"),
    pytest.param({"refresh_token": None},          400, "invalid_request", 900144,  id="no token"),
    pytest.param({"scope": "Mail.Read"},           400, "invalid_grant",   65001,   id="never consented to"),
    pytest.param({"client_secret": "wrong"},       401, "invalid_client",  7000215, id="wrong secret"),
    pytest.param({"tenant": "fabrikam.example"},   400, "invalid_grant",   50020,   id="a tenant that doesn't know them"),
]  # fmt: skip


@pytest.mark.parametrize(("changes", "status", "error", "code"), REFRESHES)
async def test_a_refresh_with_a_fault_is_refused(
    entra: Entra, changes: dict[str, str | None], status: int, error: str, code: int
):
    token = (await entra.tokens())["refresh_token"]
    refused = await entra.refresh(**{"token": token} | changes)  # type: ignore[arg-type]

    assert refusal(refused) == (status, error, code)


async def test_a_refresh_may_ask_for_less_and_gets_an_id_token_only_with_openid(entra: Entra):
    token = (await entra.tokens())["refresh_token"]
    without = (await entra.refresh(token, scope="User.Read")).json()
    with_it = (await entra.refresh(token, scope="openid User.Read")).json()

    assert ("id_token" in without, "id_token" in with_it) == (False, True)
    assert "refresh_token" in without


@pytest.mark.feature("D7")
@pytest.mark.parametrize(
    ("aadsts", "error"),
    [
        pytest.param(None, (400, "invalid_grant", 50173), id="revoked"),
        pytest.param(700082, (400, "invalid_grant", 700082), id="inactive"),
        pytest.param(50076, (400, "invalid_grant", 50076), id="second factor"),
        pytest.param(53003, (400, "invalid_grant", 53003), id="conditional access"),
        pytest.param(7000222, (401, "invalid_client", 7000222), id="the application's secret"),
    ],
)
async def test_refreshes_fail_on_demand_until_told_otherwise(entra: Entra, aadsts: int | None, error: Any):
    token = (await entra.tokens())["refresh_token"]
    await entra.control("entra", mail=ADELE, refresh="invalid_grant", aadsts=aadsts)
    refused = await entra.refresh(token)
    await entra.control("entra", mail=ADELE, refresh="ok")

    assert refusal(refused) == error
    assert ("claims" in refused.json()) is (aadsts in {50076, 53003})
    assert (await entra.refresh(token)).status_code == 200


async def test_an_expired_secret_says_so(entra: Entra):
    soon = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    await entra.control(
        "apps", client_id="old", client_secret="s", client_secret_expires_at=soon, tenant="contoso.example"
    )
    form = {"client_id": "old", "client_secret": "s", "grant_type": "client_credentials", "scope": DEFAULT}
    before = await entra.token("contoso.example", **form)
    await entra.control("clock", advance_seconds=7200)

    assert before.status_code == 200
    assert refusal(await entra.token("contoso.example", **form)) == (401, "invalid_client", 7000222)


@pytest.mark.feature("C11")
async def test_an_application_acts_on_its_own_once_an_administrator_approved(entra: Entra):
    form = {"grant_type": "client_credentials", "scope": DEFAULT}
    absent = await entra.token("fabrikam.example", **form)
    await entra.approve()
    answer = (await entra.token("fabrikam.example", **form)).json()
    token = entra.world.bearer(f"Bearer {answer['access_token']}")

    assert refusal(absent) == (400, "unauthorized_client", 700016)
    assert answer.keys() == {"token_type", "expires_in", "ext_expires_in", "access_token"}
    assert "Contacts.ReadWrite" in token.roles
    assert (token.person, token.scopes) == (None, frozenset())


@pytest.mark.feature("C11")
async def test_an_application_known_only_by_a_person_s_consent_has_no_roles(entra: Entra):
    await entra.tokens()
    answer = (await entra.token("contoso.example", grant_type="client_credentials", scope=DEFAULT)).json()

    assert entra.world.bearer(f"Bearer {answer['access_token']}").roles == frozenset()


CREDENTIALS = [
    pytest.param("common", {}, "invalid_request", 50059, id="no concrete tenant"),
    pytest.param(
        "fabrikam.example", {"scope": "Contacts.Read"}, "invalid_scope", 70011, id="a scope by name"
    ),
    pytest.param("fabrikam.example", {"scope": None}, "invalid_request", 900144, id="no scope"),
]


@pytest.mark.parametrize(("tenant", "changes", "error", "code"), CREDENTIALS)
async def test_credentials_alone_are_refused_without_tenant_and_default_scope(
    entra: Entra, tenant: str, changes: dict[str, str | None], error: str, code: int
):
    await entra.approve()
    refused = await entra.token(tenant, **{"grant_type": "client_credentials", "scope": DEFAULT} | changes)

    assert refusal(refused) == (400, error, code)


async def test_a_secret_may_come_as_basic_authorization(entra: Entra):
    form = {"grant_type": "client_credentials", "scope": DEFAULT}
    await entra.approve()
    url = "/fabrikam.example/oauth2/v2.0/token"

    good = await entra.http.post(url, data=form, auth=(CLIENT, "concord%27s+secret"))
    bad = await entra.http.post(url, data=form, auth=(CLIENT, "wrong"))

    assert good.status_code == 200
    assert refusal(bad) == (401, "invalid_client", 7000215)


async def test_only_a_posted_form_is_a_token_request(entra: Entra):
    url = "/common/oauth2/v2.0/token"

    assert refusal(await entra.http.get(url)) == (400, "invalid_request", 900561)
    assert refusal(await entra.http.post(url, json={"grant_type": "refresh_token"})) == (
        400,
        "invalid_request",
        900144,
    )
    twice = await entra.http.post(url, data={"grant_type": ["refresh_token", "refresh_token"]})
    assert refusal(twice) == (400, "invalid_request", 9002313)


async def test_the_correlation_id_is_the_caller_s(entra: Entra):
    sent = {"client-request-id": "6a4f7a8e-0000-4000-8000-000000000001"}
    answer = await entra.http.post("/common/oauth2/v2.0/token", data={"grant_type": "x"}, headers=sent)

    assert answer.json()["correlation_id"] == sent["client-request-id"]


async def test_a_fault_strikes_the_token_endpoint_once(entra: Entra):
    await entra.control(
        "faults",
        match={"path": "/*/oauth2/v2.0/token", "mail": ADELE},
        fault={"status": 429, "retry_after": 7},
    )
    other = await entra.tokens(PERSONAL)
    code = (await entra.sign_in())["code"]
    struck = await entra.redeem(code)

    assert other["access_token"]
    assert (struck.status_code, struck.headers["retry-after"]) == (429, "7")
    assert struck.json()["error"] == "temporarily_unavailable"
    assert (await entra.redeem(code)).status_code == 200


async def test_a_fault_may_name_an_aadsts_code(entra: Entra):
    await entra.control("faults", match={"path": "*/token"}, fault={"status": 400, "code": "50196"})

    assert refusal(await entra.token(grant_type="x")) == (400, "invalid_grant", 50196)


async def test_the_journal_names_the_person_a_token_was_for(entra: Entra):
    await entra.tokens()
    entries = (await entra.http.get("/_sandbox/journal", params={"mail": ADELE})).json()["entries"]

    assert [(e["method"], e["path"], e["status"]) for e in entries][-1] == (
        "POST",
        "/common/oauth2/v2.0/token",
        200,
    )


async def test_approval_of_one_permission_is_not_approval_of_another(entra: Entra):
    await entra.approve(scope=f"{GRAPH}Contacts.ReadWrite")
    answer = await entra.sign_in(ADMINISTRATED, scope="openid Contacts.ReadWrite Mail.Read")

    assert answer["error_description"].startswith("AADSTS90094: ")
