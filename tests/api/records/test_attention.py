"""A connection in which something waits for somebody is found by that, and shows what it is (``api.md`` §3)."""

import pytest

from tests.api.records.folder import Folder
from tests.api.records.in_question import Mailbox, only, resolves

MINE = [{"user": "agent-7", "access": "primary"}]
MARY = {"display_name": "Mary", "emails": [{"address": "mary@example.org"}]}


@pytest.fixture
def waiting(crm):
    """Return the connections that wait for somebody; all others are those that don't."""

    async def look():
        found = {
            wait: {
                each["id"] for each in (await crm.call("GET", f"/v1/connections?attention={wait}"))["data"]
            }
            for wait in ("true", "false")
        }
        everybody = {each["id"] for each in (await crm.call("GET", "/v1/connections"))["data"]}
        assert found["false"] == everybody - found["true"]
        return found["true"]

    return look


async def entity(crm, connection):
    return (await crm.call("GET", f"/v1/connections/{connection}"))["entities"]["contacts"]


@pytest.mark.feature("F4")
async def test_a_conflict_waits_until_it_is_decided(crm, resources, workspace, waiting):
    mailbox = await Mailbox.opened(resources, workspace.id, crm)
    await mailbox.takes(await crm.puts(owners=MINE, display_name="Ada", job_title="Programmer"))
    assert await waiting() == set()

    await crm.patches(job_title="Countess")
    await mailbox.reports(jobTitle="Poet")

    assert await waiting() == {mailbox.connection}
    assert (await entity(crm, mailbox.connection))["counts"]["conflicts"] == 1
    await resolves(crm, await only(crm), take="crm")
    assert await waiting() == set()
    assert (await entity(crm, mailbox.connection))["counts"]["conflicts"] == 0


@pytest.mark.lesson(15)
async def test_a_match_waits_until_it_is_decided(crm, resources, workspace, waiting):
    await Folder.opened(resources, workspace.id, user="agent-9", connection="con_b")
    folder = await Folder.opened(resources, workspace.id)
    for crm_id in ("c-1", "c-2"):
        await crm.puts(crm_id, owners=MINE, **MARY)
    await folder.gets("item", displayName="M.", mail="mary@example.org")
    assert await waiting() == set()

    await folder.turn()

    assert await waiting() == {folder.connection}
    assert (await entity(crm, folder.connection))["counts"]["in_review"] == 1
    (match,) = (await crm.call("GET", "/v1/matches"))["data"]
    await crm.call("POST", f"/v1/matches/{match['id']}/resolve", json={"ignore": True})
    assert await waiting() == set()


@pytest.mark.feature("F3")
async def test_an_approval_waits_until_it_is_given(crm, resources, workspace, waiting):
    folder = await Folder.opened(resources, workspace.id)
    await crm.call("PATCH", "/v1/workspace", json={"breaker": {"max_creates": 1}})
    for number in range(2):
        await folder.gets(f"item-{number}", displayName=f"M. {number}")

    await folder.turn()

    assert await waiting() == {folder.connection}
    (run,) = (await crm.call("GET", "/v1/runs?status=awaiting_approval"))["data"]
    await crm.call("POST", f"/v1/runs/{run['id']}/approve", json={"decision": "apply"})
    assert await waiting() == set()


@pytest.mark.feature("C12")
async def test_nothing_waits_in_a_connection_that_has_ended(crm, resources, workspace, waiting):
    mailbox = await Mailbox.opened(resources, workspace.id, crm)
    await mailbox.takes(await crm.puts(owners=MINE, display_name="Ada", job_title="Programmer"))
    await crm.patches(job_title="Countess")
    await mailbox.reports(jobTitle="Poet")
    assert await waiting() == {mailbox.connection}

    await crm.call("DELETE", f"/v1/connections/{mailbox.connection}")

    assert await waiting() == set()
