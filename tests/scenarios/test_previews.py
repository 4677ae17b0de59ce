"""What a CRM shows before somebody narrows a filter: how many contacts would rest, and who."""

import pytest

BUYERS, VENDORS = 88, 312


@pytest.fixture
def filled(crm, connected):
    """Four hundred contacts, all of them in Ada's Outlook."""
    everybody = [
        {
            "crm_id": f"c-{number}",
            "display_name": f"Contact {number}",
            "classes": ["buyer" if number < BUYERS else "vendor"],
            "owners": [{"user": "agent-1", "access": "primary"}],
        }
        for number in range(BUYERS + VENDORS)
    ]
    assert crm.call("POST", "/v1/contacts/batch", json={"upserts": everybody})["failed"] == 0
    crm.awaits(crm.chooses(connected)["run"])
    crm.is_quiet(connected)
    return f"/v1/connections/{connected}/settings/contacts"


@pytest.mark.feature("F2")
@pytest.mark.lesson(14)
def test_this_filter_would_suspend_312_contacts(crm, ada, filled, connected):
    ada.is_watched()
    choice, before = {"classes": ["buyer"]}, ada.mark()

    run = crm.awaits(crm.call("POST", f"{filled}/preview", json=choice)["id"])
    plan = crm.call("GET", f"/v1/runs/{run['id']}/plan", params={"step": "unlink", "limit": 200})

    assert run["status"] == "succeeded"
    assert run["counts"]["to_microsoft"] == {"created": 0, "updated": 0, "deleted": 0}
    assert plan["totals"] == [
        {"step": "unlink", "side": "microsoft", "because": "class_not_selected", "steps": VENDORS}
    ]
    assert (len(plan["data"]), plan["next_cursor"] is None) == (200, False)
    assert len(ada.names()) == BUYERS + VENDORS

    crm.awaits(crm.call("PATCH", filled, json=choice | {"previewed": run["id"]})["run"])

    crm.is_quiet(connected)
    entity = crm.connection(connected)["entities"]["contacts"]
    assert entity["counts"]["linked"] == BUYERS
    assert (len(ada.names()), ada.writes(after=before)) == (BUYERS + VENDORS, [])
