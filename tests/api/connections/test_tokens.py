"""Tokens: refreshed once however many ask, rotated, and what it means when Microsoft refuses."""

import asyncio

import pytest
from sqlalchemy import select

from app import clock
from app.db import Database
from app.errors import Refused, Throttled, Unavailable
from app.models import Connection, Token
from app.sync.connect import check_connection
from app.sync.tokens import TokenSource

TOKEN = {"method": "POST", "path": "*/oauth2/v2.0/token"}


@pytest.fixture
async def mail(microsoft):
    return await microsoft.person()


@pytest.fixture
async def connected(office, mail):
    return await office.connects(mail)


@pytest.fixture
def token(office, connected):
    async def ask(source=None):
        source = source or office.resources.tokens
        return await source.access_token(office.workspace["id"], connected["id"], now=clock.now())

    return ask


async def stored(office):
    async with office.resources.db.transaction(office.workspace["id"]) as session:
        return (await session.scalars(select(Token))).one()


async def test_a_token_is_handed_out_until_it_is_about_to_expire(token, microsoft):
    first = await token()
    await microsoft.advance(minutes=30)
    assert await token() == first

    await microsoft.advance(minutes=60)

    assert await token() != first


@pytest.mark.lesson(22)
async def test_a_rotated_refresh_token_is_kept(office, token, microsoft):
    before = await stored(office)
    await microsoft.advance(hours=2)
    await token()
    after = await stored(office)

    assert after.refresh_token != before.refresh_token
    assert after.version == before.version + 1
    assert after.refreshing_until is None


@pytest.mark.lesson(22)
async def test_many_askers_in_two_processes_make_one_refresh(office, token, mail, microsoft, database_url):
    await microsoft.advance(hours=2)
    before = len(await microsoft.journal(mail, path="/token"))
    other = Database(database_url)
    elsewhere = TokenSource(other, office.resources.key_ring, office.resources.tokens.microsoft)

    tokens = await asyncio.gather(*(token(source) for source in [None, elsewhere] * 6))

    await other.close()
    assert len(set(tokens)) == 1
    assert len(await microsoft.journal(mail, path="/token")) == before + 1


async def test_a_refused_token_is_replaced_by_a_fresh_one(office, connected, token, microsoft):
    first = await token()
    await microsoft.advance(minutes=1)
    await office.resources.tokens.refused(office.workspace["id"], connected["id"])

    assert await token() != first


async def test_a_late_refusal_does_not_throw_away_the_fresh_token(office, connected, token, microsoft):
    await microsoft.advance(minutes=1)
    await office.resources.tokens.refused(office.workspace["id"], connected["id"])
    fresh = await token()
    await office.resources.tokens.refused(office.workspace["id"], connected["id"])

    assert await token() == fresh


@pytest.mark.lesson(22)
@pytest.mark.feature("D7")
async def test_a_revoked_sign_in_is_a_visible_state_and_signing_in_again_mends_it(
    office, connected, token, mail, microsoft
):
    await microsoft.control("entra", mail=mail, refresh="invalid_grant")
    await microsoft.advance(hours=2)
    with pytest.raises(Refused) as refused:
        await token()
    assert refused.value.problem == "sign-in-needed"
    now = await office.shows(connected["id"])
    assert (now["status"], now["problem"]["type"]) == ("needs_sign_in", "/problems/sign-in-needed")
    assert now["problem"]["cure"]["call"]["path"] == f"/v1/connections/{connected['id']}/reconnect"

    await microsoft.control("entra", mail=mail, refresh="ok")
    again = await office.reconnects(connected["id"], mail)

    assert (again["id"], again["status"], again["problem"]) == (connected["id"], "active", None)
    assert await token()


async def test_a_transition_is_announced_once(office, connected, token, mail, microsoft):
    await microsoft.control("entra", mail=mail, refresh="invalid_grant")
    await microsoft.advance(hours=2)
    since = await revision(office, connected)
    for _ in range(3):
        with pytest.raises(Refused):
            await token()

    assert await revision(office, connected) == since + 1
    await microsoft.control("entra", mail=mail, refresh="ok")


async def revision(office, connected):
    async with office.resources.db.transaction(office.workspace["id"]) as session:
        return await session.scalar(select(Connection.revision).where(Connection.id == connected["id"]))


@pytest.mark.lesson(22)
async def test_a_sign_in_during_the_refusal_is_not_declared_dead(office, connected, token, mail, microsoft):
    """A refresh that Microsoft refuses late finds the tokens of a sign-in that came meanwhile."""
    await microsoft.advance(hours=2)
    await microsoft.control("faults", match=TOKEN, times=1, fault={"latency_ms": 700})
    await microsoft.control("entra", mail=mail, refresh="invalid_grant")
    asking = asyncio.create_task(token())
    await asyncio.sleep(0.3)
    await office.reconnects(connected["id"], mail)

    assert await asking
    assert (await office.shows(connected["id"]))["status"] == "active"
    await microsoft.control("entra", mail=mail, refresh="ok")


@pytest.mark.parametrize(
    ("fault", "told"),
    [
        pytest.param({"status": 503, "retry_after": 2}, Unavailable, id="503"),
        pytest.param({"status": 429, "retry_after": 2}, Throttled, id="429"),
        pytest.param({"drop": "before_commit"}, Unavailable, id="the connection is dropped"),
        pytest.param({"drop": "after_commit"}, Unavailable, id="the answer is lost"),
    ],
)
async def test_microsoft_away_is_no_reason_to_sign_in_again(office, connected, token, microsoft, fault, told):
    await microsoft.advance(hours=2)
    await microsoft.control("faults", match=TOKEN, times=1, fault=fault)
    with pytest.raises(told):
        await token()

    assert (await office.shows(connected["id"]))["status"] == "active"
    assert await token()


async def test_a_process_that_died_while_refreshing_is_taken_over(office, connected, token, microsoft):
    await microsoft.advance(hours=2)
    async with office.resources.db.transaction(office.workspace["id"]) as session:
        held = (await session.scalars(select(Token))).one()
        held.refreshing_until = clock.now()

    assert await token()


@pytest.mark.lesson(22)
async def test_a_rejected_application_is_the_operators_business_and_heals_by_itself(
    office, connected, token, microsoft
):
    await office.call(
        "PUT", "/v1/workspace/microsoft-app", json={"client_id": "concord-tests", "client_secret": "old"}
    )
    await microsoft.advance(hours=2)
    with pytest.raises(Refused):
        await token()
    now = await office.shows(connected["id"])
    assert (now["status"], now["problem"]["type"]) == ("needs_operator", "/problems/operator-needed")
    assert now["problem"]["who"] == "operator"
    app = await office.call("GET", "/v1/workspace/microsoft-app")
    assert (app["state"], app["problem"]["type"]) == ("invalid", "/problems/app-secret-invalid")
    await check_connection(office.resources, office.workspace["id"], connected["id"])
    assert (await office.shows(connected["id"]))["status"] == "needs_operator"

    await office.call("DELETE", "/v1/workspace/microsoft-app", expect=204)
    await check_connection(office.resources, office.workspace["id"], connected["id"])

    assert (await office.shows(connected["id"]))["status"] == "active"


async def test_consent_that_was_taken_back_needs_an_administrator(office, connected, token, mail, microsoft):
    await microsoft.control("entra", mail=mail, refresh="ok", aadsts=65001)
    await microsoft.advance(hours=2)
    with pytest.raises(Refused):
        await token()
    now = await office.shows(connected["id"])

    assert now["status"] == "needs_admin_consent"
    assert f"/{now['account']['tenant_id']}/v2.0/adminconsent?" in now["problem"]["admin_consent_url"]
    await microsoft.control("entra", mail=mail, refresh="ok", aadsts=None)


@pytest.mark.feature("D8")
async def test_a_mailbox_that_is_missing_is_looked_for_daily(office, microsoft):
    mail = await microsoft.person(mailbox=False)
    made = await office.connects(mail)
    assert made["status"] == "no_mailbox"
    workspace = office.workspace["id"]

    await microsoft.control("users", mail=mail, mailbox=True)
    await check_connection(office.resources, workspace, made["id"])
    assert (await office.shows(made["id"]))["status"] == "no_mailbox", "not due yet"
    await microsoft.advance(days=1, minutes=1)
    await check_connection(office.resources, workspace, made["id"])

    assert (await office.shows(made["id"]))["status"] == "active"
