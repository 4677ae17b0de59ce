"""Another account than was expected, and one mailbox that is connected twice."""

import pytest
from sqlalchemy import select

from app import clock
from app.models import Collection, Link


@pytest.mark.feature("B1")
async def test_another_account_than_hinted_waits_for_confirmation(office, microsoft):
    mail, other = await microsoft.person(), await microsoft.person()
    made = await office.asks(mail)
    back = await office.signs_in(made["authorize_url"], other)
    now = await office.shows(made["id"])

    assert back.told == {
        "connection": made["id"],
        "status": "needs_confirmation",
        "problem": "account-not-confirmed",
    }
    assert (now["status"], now["account"]["email"], now["login_hint_mismatch"]) == (
        "needs_confirmation",
        other,
        True,
    )
    call = now["problem"]["cure"]["call"]
    assert call == {
        "method": "POST",
        "path": f"/v1/connections/{made['id']}/confirm",
        "body": {"account": other},
    }

    wrong = await office.call("POST", call["path"], json={"account": mail}, expect=409)
    assert wrong["type"] == "/problems/nothing-to-confirm"
    confirmed = await office.call("POST", call["path"], json=call["body"])
    assert (confirmed["status"], confirmed["problem"], confirmed["account"]["email"]) == (
        "active",
        None,
        other,
    )
    assert confirmed["login_hint_mismatch"] is True
    assert await office.resources.tokens.access_token(office.workspace["id"], made["id"], now=clock.now())


async def test_the_hinted_account_may_still_sign_in_while_another_waits(office, microsoft):
    mail, other = await microsoft.person(), await microsoft.person()
    made = await office.asks(mail)
    await office.signs_in(made["authorize_url"], other)
    now = await office.reconnects(made["id"], mail)

    assert (now["status"], now["account"]["email"], now["login_hint_mismatch"]) == ("active", mail, False)


async def test_nothing_is_switched_on_until_the_account_is_confirmed(office, microsoft):
    mail, other = await microsoft.person(), await microsoft.person()
    made = await office.asks(mail)
    await office.signs_in(made["authorize_url"], other)
    path = f"/v1/connections/{made['id']}/settings/contacts"

    refused = await office.call("PATCH", path, json={"direction": "two_way"}, expect=409)

    assert refused["type"] == "/problems/account-not-confirmed"


async def test_on_reconnect_another_account_than_before_waits_for_confirmation(office, microsoft):
    mail, other = await microsoft.person(), await microsoft.person()
    made = await office.connects(mail)
    now = await office.reconnects(made["id"], other)
    assert (now["status"], now["account"]["email"], now["login_hint_mismatch"]) == (
        "needs_confirmation",
        other,
        True,
    )

    confirmed = await office.call("POST", f"/v1/connections/{made['id']}/confirm", json={"account": other})

    assert (confirmed["status"], confirmed["account"]["email"]) == ("active", other)


async def test_in_another_mailbox_every_record_is_wanted_anew(office, microsoft):
    mail, other = await microsoft.person(), await microsoft.person()
    made = await office.connects(mail)
    path = f"/v1/connections/{made['id']}"
    await office.call("PATCH", f"{path}/settings/contacts", json={"direction": "two_way"})
    workspace = office.workspace["id"]
    async with office.resources.db.transaction(workspace) as session:
        collection = (await session.scalars(select(Collection))).one()
        collection.container_id, collection.delta_link, epoch = "folder", "delta", collection.epoch
        link = {"collection_id": collection.id, "born": "crm", "graph_means": {}, "generation": 1}
        link |= {"workspace_id": workspace, "connection_id": made["id"], "entity": "contacts"}
        link |= {"created_at": clock.now(), "updated_at": clock.now(), "graph_had": {"displayName": "Grace"}}
        session.add(Link(id="lnk_1", record_id="rec_1", item_id="item-1", state="linked", **link))
        session.add(Link(id="lnk_2", record_id=None, item_id="item-2", state="unmatched", **link))
    await office.reconnects(made["id"], other)
    now = await office.call("POST", f"{path}/confirm", json={"account": other})

    assert now["entities"]["contacts"]["run"]
    async with office.resources.db.transaction(workspace) as session:
        collection = (await session.scalars(select(Collection))).one()
        links = {link.id: link for link in await session.scalars(select(Link))}
    assert (collection.container_id, collection.delta_link, collection.matched_at) == (None, None, None)
    assert collection.epoch > epoch
    first = links["lnk_1"]
    assert (first.state, first.item_id, first.graph_had, first.generation) == ("wanted", None, None, 2)
    assert links["lnk_2"].item_id == "item-2"


@pytest.mark.feature("F9")
async def test_on_reconnect_the_account_of_before_needs_no_confirmation(office, microsoft):
    mail, other = await microsoft.person(), await microsoft.person()
    made = await office.connects(mail)
    await office.reconnects(made["id"], other)
    now = await office.reconnects(made["id"], mail)

    assert (now["id"], now["status"], now["account"]["email"]) == (made["id"], "active", mail)


async def test_one_mailbox_is_connected_once_per_workspace(office, microsoft):
    mail = await microsoft.person()
    await office.connects(mail)
    made = await office.asks(None, user="agent-2")
    back = await office.signs_in(made["authorize_url"], mail)
    now = await office.shows(made["id"])

    assert back.told["problem"] == "mailbox-already-connected"
    assert (now["status"], now["account"]) == ("pending", None)
    assert now["problem"]["type"] == "/problems/mailbox-already-connected"


async def test_confirming_a_mailbox_that_is_connected_meanwhile_is_refused(office, microsoft):
    mail, other = await microsoft.person(), await microsoft.person()
    made = await office.asks(mail)
    await office.signs_in(made["authorize_url"], other)
    await office.connects(other, user="agent-2")

    path = f"/v1/connections/{made['id']}/confirm"
    refused = await office.call("POST", path, json={"account": other}, expect=409)

    assert refused["type"] == "/problems/mailbox-already-connected"


async def test_one_mailbox_may_be_connected_in_two_workspaces(new_office, microsoft):
    mail = await microsoft.person()
    one, other = await new_office("One"), await new_office("Other")

    assert (await one.connects(mail))["status"] == (await other.connects(mail))["status"] == "active"
