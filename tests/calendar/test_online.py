"""Online meetings: made where the CRM asks, and their join link is never lost (lesson 24)."""

import pytest

pytestmark = [pytest.mark.lesson(24), pytest.mark.feature("C5")]


async def test_an_event_that_is_to_be_online_gets_a_join_link_that_the_crm_hears_of(ada):
    item = await ada.has("Demo", online_meeting=True, description="Agenda.")
    await ada.syncs()

    record = await ada.record("Demo")
    assert record["meeting"]["join_url"] == item["onlineMeeting"]["joinUrl"]
    assert (record["meeting"]["state"], record["meeting"]["provider"]) == ("ready", "teams")
    assert record["description"] == "Agenda."


async def test_an_edit_of_the_description_keeps_the_join_block(ada):
    item = await ada.has("Demo", online_meeting=True, description="Agenda.")
    await ada.patches("Demo", description="Another\nagenda.", location="Here")
    await ada.settles()

    now = await ada.event("Demo")
    assert now["onlineMeeting"]["joinUrl"] == item["onlineMeeting"]["joinUrl"]
    assert item["onlineMeeting"]["joinUrl"] in now["body"]["content"]
    assert "Another<br>" in now["body"]["content"]
    assert "Agenda." not in now["body"]["content"]
    assert now["location"]["displayName"] == "Here"
    assert (await ada.record("Demo"))["description"] == "Another\nagenda."
    assert (await ada.link("Demo"))["code"] == "in_scope"


async def test_what_outlook_adds_to_the_body_is_no_edit(ada):
    await ada.has("Demo", description="Agenda.")
    await ada.patches("Demo", online_meeting=True)
    await ada.settles()
    await ada.news()
    seen = await ada.person.journal_end()
    await ada.syncs(full=True)

    assert await ada.news() == []
    assert await ada.writes(after=seen) == []


async def test_a_body_whose_join_block_cannot_be_made_out_is_left_alone(ada):
    item = await ada.has("Demo", online_meeting=True, description="Agenda.")
    url = item["onlineMeeting"]["joinUrl"]
    await ada.edits(item, body={"contentType": "html", "content": f"<p>Join <a href='{url}'>here</a></p>"})
    await ada.syncs()
    await ada.patches("Demo", description="Something else.")
    await ada.settles()

    assert (await ada.event("Demo"))["onlineMeeting"]["joinUrl"] == url
    assert (await ada.explains("Demo"))["reason"] == "online_meeting_unavailable"
