"""What comes back from Microsoft's sign-in, and what somebody else might make up of it."""

from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from sqlalchemy import select

from app import clock
from app.models import Authorization, Route, Token

REFUSED = {"problem": "authorization-expired"}


def state_of(authorize_url):
    return parse_qs(urlsplit(authorize_url).query)["state"][0]


async def test_the_sign_in_asks_with_pkce_nonce_and_the_hint_and_forces_no_prompt(office, microsoft):
    mail = await microsoft.person()
    made = await office.asks(mail, entities=["contacts", "mail"])
    asked = {name: values[0] for name, values in parse_qs(urlsplit(made["authorize_url"]).query).items()}

    assert asked["response_type"] == "code"
    assert (asked["code_challenge_method"], len(asked["code_challenge"])) == ("S256", 43)
    assert asked["nonce"]
    assert asked["login_hint"] == mail
    assert "prompt" not in asked
    assert set(asked["scope"].split()) == {
        "openid",
        "profile",
        "offline_access",
        *(
            f"https://graph.microsoft.com/{name}"
            for name in (
                "User.Read",
                "Contacts.ReadWrite",
                "Mail.ReadWrite",
                "Mail.Send",
                "MailboxSettings.Read",
            )
        ),
    }


async def test_a_state_is_good_once(office, microsoft):
    mail = await microsoft.person()
    made = await office.asks(mail)
    location = await microsoft.sign_in(made["authorize_url"], mail)
    assert (await office.returns(location)).told["status"] == "active"

    again = await office.returns(location)

    assert again.told["problem"] == "authorization-expired"
    assert (await office.shows(made["id"]))["status"] == "active"


@pytest.mark.parametrize(
    "forged",
    [
        pytest.param("", id="no state"),
        pytest.param("made-up", id="a word"),
        pytest.param("made-up.signature", id="a wrong signature"),
        pytest.param("{}x", id="one letter more"),
        pytest.param("x{}", id="one letter before"),
    ],
)
async def test_a_forged_state_leads_nowhere(office, microsoft, forged):
    mail = await microsoft.person()
    made = await office.asks(mail)
    query = urlencode({"code": "stolen", "state": forged.format(state_of(made["authorize_url"]))})

    back = await office.returns(f"/oauth/callback?{query}")

    assert back.location == "/connected?problem=authorization-expired"
    assert (await office.shows(made["id"]))["status"] == "pending"


async def test_a_state_that_nothing_stands_behind_leads_nowhere(office):
    state = f"route.{office.resources.key_ring.sign('state:route')}"

    assert (await office.returns(f"/oauth/callback?code=1&state={state}")).told == REFUSED


async def test_a_state_expires_after_an_hour(office, microsoft):
    mail = await microsoft.person()
    made = await office.asks(mail)
    await microsoft.advance(minutes=61)
    back = await office.signs_in(made["authorize_url"], mail)

    assert back.told["problem"] == "authorization-expired"
    assert (await office.shows(made["id"]))["status"] == "pending"


async def test_a_code_of_another_sign_in_is_refused(office, microsoft):
    """Its verifier and nonce are those of the state it did not come with."""
    mine, theirs = await microsoft.person(), await microsoft.person()
    made, other = await office.asks(mine), await office.asks(theirs, user="agent-2")
    stolen = parse_qs(urlsplit(await microsoft.sign_in(other["authorize_url"], theirs)).query)["code"][0]

    back = await office.returns(
        f"/oauth/callback?{urlencode({'code': stolen, 'state': state_of(made['authorize_url'])})}"
    )

    now = await office.shows(made["id"])
    assert back.told["problem"] == "sign-in-failed"
    assert (now["status"], now["account"]) == ("pending", None)
    assert "another browser session" in now["problem"]["detail"]


async def test_nothing_secret_is_stored_in_the_clear(office, microsoft):
    mail = await microsoft.person()
    made = await office.asks(mail)
    location = await microsoft.sign_in(made["authorize_url"], mail)
    await office.returns(location)
    tokens = office.resources.tokens
    access = await tokens.access_token(office.workspace["id"], made["id"], now=clock.now())

    async with office.resources.db.transaction(office.workspace["id"]) as session:
        token = (await session.scalars(select(Token))).one()
        authorization = (await session.scalars(select(Authorization))).one()
    assert access.encode() not in token.access_token
    for word in (b"verifier", b"nonce", b"state"):
        assert word not in authorization.sealed


async def test_microsoft_away_in_the_middle_leaves_it_pending(office, microsoft):
    mail = await microsoft.person()
    made = await office.asks(mail)
    location = await microsoft.sign_in(made["authorize_url"], mail)
    match = {"method": "POST", "path": "*/oauth2/v2.0/token"}
    await microsoft.control("faults", match=match, times=1, fault={"status": 503, "retry_after": 2})
    back = await office.returns(location)
    now = await office.shows(made["id"])

    assert back.told["problem"] == "microsoft-unavailable"
    assert (now["status"], now["problem"]["type"]) == ("pending", "/problems/microsoft-unavailable")
    assert (await office.reconnects(made["id"], mail))["status"] == "active"


@pytest.mark.feature("B1")
async def test_a_connect_link_begins_afresh_at_each_click_for_seven_days(office, microsoft):
    mail = await microsoft.person()
    made = await office.asks(mail)
    first, second = await office.returns(made["connect_url"]), await office.returns(made["connect_url"])
    assert first.location.startswith(f"{microsoft.url}/common/oauth2/v2.0/authorize?")
    assert state_of(first.location) != state_of(second.location)

    await microsoft.advance(days=6, hours=23)
    third = await office.returns(made["connect_url"])
    assert (await office.signs_in(third.location, mail)).told["status"] == "active"

    await microsoft.advance(hours=2)
    assert (await office.returns(made["connect_url"])).told == {"problem": "link-expired"}


async def test_a_connect_link_that_nobody_made_leads_nowhere(office):
    assert (await office.returns("/connect/made-up")).told == {"problem": "link-expired"}


async def test_a_browser_goes_back_only_to_what_the_workspace_lists(office, microsoft):
    await office.call("PATCH", "/v1/workspace", json={"return_urls": ["https://crm.example/app"]})
    mail = await microsoft.person()
    made = await office.asks(mail, return_url="https://crm.example/app/settings?tab=sync", state="x y&z")
    back = await office.signs_in(made["authorize_url"], mail)
    assert back.location.startswith("https://crm.example/app/settings?tab=sync&connection=con_")
    assert back.told["state"] == "x y&z"

    refused = await office.asks(mail, return_url="https://crm.example.evil/app", expect=422)
    assert refused["errors"][0]["pointer"] == "/return_url"


async def test_without_a_return_url_our_own_page_tells(office, microsoft):
    mail = await microsoft.person()
    made = await office.asks(mail)
    back = await office.signs_in(made["authorize_url"], mail)
    assert back.location == f"/connected?connection={made['id']}&status=active"

    page = await office.http.get(back.location)

    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert "You are connected." in page.text


async def test_our_page_shows_nothing_that_its_address_says(office):
    page = await office.http.get("/connected", params={"status": "<script>", "problem": "<b>bold</b>"})

    assert page.status_code == 200
    assert "<script>" not in page.text
    assert "<b>" not in page.text
    assert page.headers["content-security-policy"].startswith("default-src 'none'")


async def test_expired_routes_and_authorizations_are_swept_out(office, microsoft):
    mail = await microsoft.person()
    await office.asks(mail)
    await microsoft.advance(days=9)
    await office.asks(mail, expect=200)

    async with office.resources.db.transaction(office.workspace["id"]) as session:
        routes = (await session.scalars(select(Route))).all()
        authorizations = (await session.scalars(select(Authorization))).all()
    assert sorted(route.kind for route in routes) == ["authorization", "connect"]
    assert len(authorizations) == 1


async def test_an_administrators_forged_approval_only_lets_the_user_try_again(office, microsoft):
    mail = await microsoft.person(require_admin_consent=True)
    made = await office.connects(mail)
    url = made["problem"]["admin_consent_url"]
    await office.returns(
        f"/oauth/callback?{urlencode({'admin_consent': 'True', 'tenant': 't', 'state': state_of(url)})}"
    )
    assert (await office.shows(made["id"]))["status"] == "pending"

    assert (await office.reconnects(made["id"], mail))["status"] == "needs_admin_consent"
