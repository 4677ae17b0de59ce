"""How many newcomers are too many: who waits for a person's word on who they are is none of them."""

import pytest

from tests.asking.people import Syncing

pytestmark = pytest.mark.feature("F3")


@pytest.fixture
async def eve(stage):
    """Somebody whose workspace takes over one newcomer unasked; nothing is switched on yet."""
    person = Syncing(await stage.newcomer())
    await person.crm("PATCH", "/v1/workspace", {"breaker": {"max_creates": 1}})
    mail = [{"address": "mary@example.org"}]
    for number in (1, 2):
        await person.puts(f"c-{number}", display_name=f"Mary {number}", emails=mail)
    await person.adds(displayName="Mary", emailAddresses=mail)
    return person


async def open_reviews(person):
    return (await person.crm("GET", "/v1/matches?status=open"))["data"]


@pytest.mark.lesson(15)
async def test_who_waits_in_review_uses_up_no_room_for_newcomers(eve):
    await eve.adds(displayName="Only In Outlook")
    await eve.chooses(direction="microsoft_to_crm")
    await eve.person.syncs()

    assert await eve.questions() == []
    assert len(await open_reviews(eve)) == 1
    assert [change["record"]["display_name"] for change in await eve.news()] == ["Only In Outlook"]


@pytest.mark.lesson(15)
async def test_where_newcomers_are_too_many_the_question_names_them_alone(eve):
    await eve.adds(displayName="Only In Outlook")
    await eve.adds(displayName="Another")
    await eve.chooses(direction="microsoft_to_crm")
    await eve.person.syncs()

    run = await eve.asked()
    assert run["approval"]["would"]["to_crm"]["created"] == 2
    assert {each["title"] for each in run["approval"]["samples"]} == {"Only In Outlook", "Another"}
    assert await eve.news() == []
    (review,) = await open_reviews(eve)
    assert len(review["candidates"]) == 2

    record = review["candidates"][0]["record_id"]
    await eve.crm("POST", f"/v1/matches/{review['id']}/resolve", {"link": record})
    await eve.answers(run, "apply")

    born = [change for change in await eve.news() if change["type"] == "contact.created"]
    assert {change["record"]["display_name"] for change in born} == {"Only In Outlook", "Another"}
    assert (await eve.questions(), await open_reviews(eve)) == ([], [])
