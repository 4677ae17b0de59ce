"""Every reason that a contact may have is given by something that happens, and is read out.

A code of the catalogue without a story fails here: what nothing produces nobody can explain.
"""

import pytest

from app.reasons import REASONS
from app.records.reasons import Reason
from tests.api.explain.reason_stories import STORIES

pytestmark = [pytest.mark.feature("F1"), pytest.mark.feature("D6")]
NOT_BUILT = {
    Reason.ERASED: "erasure",
}
"""Codes that nothing gives yet, and what they come with."""


@pytest.mark.parametrize("reason", [code for code, known in REASONS.items() if "contacts" in known.entities])
async def test_every_reason_of_a_contact_has_its_story(stage, reason):
    if reason in NOT_BUILT:
        pytest.skip(f"comes with {NOT_BUILT[reason]}")
    entry = await STORIES[reason](stage)

    assert entry["reason"] == reason, entry
    assert entry["detail"] == f"{entry['detail'][0].upper()}{entry['detail'][1:-1]}."
    assert "{" not in entry["detail"]
    assert entry["problem"] is not None or entry["state"] not in {"blocked", "disabled"}
    assert await _stands_alike(stage)


async def _stands_alike(stage):
    """Whatever happened: of every record lists say what explain says."""
    records = (await stage.call("GET", "/v1/contacts", params={"deleted": True}))["data"]
    for record in records:
        whole = await stage.call("GET", f"/v1/records/{record['record_id']}/explain")
        for entry in whole["connections"]:
            assert await stage.stands(record["record_id"]) == (entry["state"], entry["reason"])
    return True


def test_no_story_is_told_of_another_entitys_code():
    assert set(STORIES) <= {code for code, known in REASONS.items() if "contacts" in known.entities}
    assert set(STORIES).isdisjoint(NOT_BUILT)
