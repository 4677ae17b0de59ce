"""Disconnecting: what ends, what stays, and the receipt."""

import asyncio

import pytest
from sqlalchemy import func, select

from app import clock
from app.models import Authorization, Collection, Link, Record, Route, Token
from app.sync.collections import Collections
from app.sync.connections import Connections
from app.sync.disconnect import disconnect


@pytest.fixture
async def mail(microsoft):
    return await microsoft.person()


@pytest.fixture
async def connected(office, mail):
    return await office.connects(mail)


async def ends(office, connection, query=""):
    told = await office.call("DELETE", f"/v1/connections/{connection['id']}{query}", expect=202)
    assert told["status"] == "disconnecting"
    await disconnect(office.resources, office.workspace["id"], connection["id"])
    return await office.shows(connection["id"])


@pytest.mark.feature("B10")
@pytest.mark.feature("A6")
async def test_a_disconnection_erases_the_tokens_and_writes_a_receipt(office, connected, mail, microsoft):
    now = await ends(office, connected)

    assert now["status"] == "disconnected"
    receipt = now["receipt"]
    assert receipt.pop("finished_at")
    assert receipt == {
        "subscriptions_removed": 0,
        "subscriptions_left_to_expire": 0,
        "tokens_erased": True,
        "bodies_purged": 0,
        "crm_deletions_announced": 0,
        "microsoft_items_touched": 0,
    }
    async with office.resources.db.transaction(office.workspace["id"]) as session:
        for table in (Token, Authorization, Route):
            assert await session.scalar(select(func.count()).select_from(table)) == 0
    writes = [e for e in await microsoft.journal(mail, path="/me/") if e["method"] != "GET"]
    assert writes == []


async def test_a_dry_run_says_what_would_be_done_and_does_nothing(office, connected):
    told = await office.call("DELETE", f"/v1/connections/{connected['id']}?dry_run=true")

    assert (told["tokens_erased"], told["finished_at"]) == (True, None)
    assert (await office.shows(connected["id"]))["status"] == "active"


async def test_disconnecting_twice_is_disconnecting_once(office, connected):
    first = await ends(office, connected)
    again = await office.call("DELETE", f"/v1/connections/{connected['id']}", expect=202)
    await disconnect(office.resources, office.workspace["id"], connected["id"])

    assert again["receipt"] == first["receipt"]


async def test_a_connection_that_ended_is_not_paused_or_confirmed(office, connected):
    await ends(office, connected)
    path = f"/v1/connections/{connected['id']}"

    told = await office.call("PATCH", path, json={"paused": True}, expect=409)

    assert told["type"] == "/problems/connection-ended"
    await office.call("POST", f"{path}/confirm", json={"account": "x"}, expect=409)


@pytest.mark.feature("F9")
async def test_signing_in_again_after_a_disconnection_keeps_the_id(office, connected, mail):
    await ends(office, connected)
    again = await office.asks(mail, expect=200)
    assert again["id"] == connected["id"]
    await office.signs_in(again["authorize_url"], mail)
    now = await office.shows(connected["id"])

    assert (now["status"], now["receipt"], now["account"]["email"]) == ("active", None, mail)


async def test_the_mailbox_is_free_for_another_connection_afterwards(office, connected, mail):
    await ends(office, connected)

    assert (await office.connects(mail, user="agent-2"))["status"] == "active"


async def test_a_sign_in_under_way_comes_too_late(office, connected, mail):
    again = await office.call("POST", f"/v1/connections/{connected['id']}/reconnect")
    await office.call("DELETE", f"/v1/connections/{connected['id']}", expect=202)
    back = await office.signs_in(again["authorize_url"], mail)

    assert back.told["problem"] == "authorization-expired"
    assert (await office.shows(connected["id"]))["status"] == "disconnecting"


async def test_with_a_dead_token_subscriptions_are_left_to_expire(office, connected, mail, microsoft):
    await subscribed(office, connected)
    await microsoft.control("entra", mail=mail, refresh="invalid_grant")
    await microsoft.advance(hours=2)
    now = await ends(office, connected)
    await microsoft.control("entra", mail=mail, refresh="ok")

    assert (now["status"], now["receipt"]["subscriptions_left_to_expire"]) == ("disconnected", 1)


async def test_a_killed_disconnection_is_carried_to_its_end(office, connected):
    """The job died after its claim: the timer that it left brings it back."""
    await office.call("DELETE", f"/v1/connections/{connected['id']}", expect=202)
    async with office.resources.db.transaction(office.workspace["id"]) as session:
        connection = await Connections(session).locked(connected["id"])
        connection.receipt = {**connection.receipt, "removed": 2}
    await disconnect(office.resources, office.workspace["id"], connected["id"])

    assert (await office.shows(connected["id"]))["receipt"]["subscriptions_removed"] == 2


async def test_whoever_still_works_on_it_is_waited_for(office, connected, microsoft):
    async with office.resources.db.transaction(office.workspace["id"]) as session:
        collection = await Collections(session).opened(connected["id"], "contacts", now=clock.now())
        claimed = await Collections(session).claim(collection.id, "somebody", now=clock.now())
        epoch = claimed.epoch
    ending = asyncio.create_task(ends(office, connected))
    await asyncio.sleep(0.5)
    meanwhile = await office.shows(connected["id"])
    await microsoft.advance(seconds=10)
    now = await ending

    assert (meanwhile["status"], now["status"]) == ("disconnecting", "disconnected")
    async with office.resources.db.transaction(office.workspace["id"]) as session:
        after = (await session.scalars(select(Collection))).one()
    assert after.epoch > epoch
    assert after.lease_until <= clock.now()


async def subscribed(office, connected):
    """Leave a row as a live subscription would."""
    from app.models import Subscription

    async with office.resources.db.transaction(office.workspace["id"]) as session:
        collection = await Collections(session).opened(connected["id"], "contacts", now=clock.now())
        session.add(
            Subscription(
                workspace_id=office.workspace["id"],
                collection_id=collection.id,
                connection_id=connected["id"],
                graph_id="5522bd62-7c96-4530-85b0-00b916f6151a",
                route="r",
                resource="me/contacts",
                updated_at=clock.now(),
            )
        )


async def born(office, connection, record_id, *, origin="microsoft", also_in=None):
    now = clock.now()
    async with office.resources.db.transaction(office.workspace["id"]) as session:
        session.add(
            Record(
                workspace_id=office.workspace["id"],
                record_id=record_id,
                entity="contacts",
                doc={"display_name": "Grace"},
                extra={},
                revision=1,
                field_at={},
                crm_had={},
                crm_revision=0,
                offers={},
                held={},
                swings={},
                origin=origin,
                origin_connection=connection["id"] if origin == "microsoft" else None,
                first_at=now,
                last_at=now,
            )
        )
        for number, where in enumerate([connection["id"], *([also_in] if also_in else [])]):
            session.add(
                Link(
                    workspace_id=office.workspace["id"],
                    id=f"lnk_{record_id}{number}",
                    connection_id=where,
                    entity="contacts",
                    collection_id=f"col_{where}",
                    record_id=record_id,
                    item_id=f"item-{record_id}",
                    born="microsoft",
                    state="linked",
                    graph_means={},
                    created_at=now,
                    updated_at=now,
                )
            )


@pytest.mark.feature("C12")
async def test_delete_imported_announces_what_was_born_in_this_mailbox_alone(office, connected, microsoft):
    other = await office.connects(await microsoft.person(), user="agent-2")
    await born(office, connected, "rec_here")
    await born(office, connected, "rec_shared", also_in=other["id"])
    await born(office, connected, "rec_crm", origin="crm")
    path = f"/v1/connections/{connected['id']}?crm_data=delete_imported"
    assert (await office.call("DELETE", f"{path}&dry_run=true"))["crm_deletions_announced"] == 1

    now = await ends(office, connected, "?crm_data=delete_imported")

    assert now["receipt"]["crm_deletions_announced"] == 1
    async with office.resources.db.transaction(office.workspace["id"]) as session:
        rows = (await session.scalars(select(Record))).all()
    assert {row.record_id: row.deleted_because for row in rows} == {
        "rec_here": "disconnected",
        "rec_shared": None,
        "rec_crm": None,
    }


async def test_kept_data_is_announced_to_nobody(office, connected):
    await born(office, connected, "rec_here")

    assert (await ends(office, connected))["receipt"]["crm_deletions_announced"] == 0
