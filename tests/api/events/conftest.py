"""Events over the API, without any mailbox."""

from dataclasses import dataclass

import httpx
import pytest

VISIT = {
    "owners": [{"user": "agent-7", "access": "primary"}],
    "activity_type": "inspection",
    "project": "p-1",
    "title": "Inspection",
    "description": "Bring the keys.",
    "location": "12 High St",
    "start": {"date_time": "2026-12-07T09:00:00", "time_zone": "Europe/Berlin"},
    "end": {"date_time": "2026-12-07T10:00:00", "time_zone": "Europe/Berlin"},
    "attendees": [{"address": "eve@example.org", "name": "Eve", "role": "optional"}],
    "recurrence": {
        "rrule": "FREQ=WEEKLY;BYDAY=MO;COUNT=10",
        "exceptions": [
            {
                "original_start": {"date_time": "2026-12-14T09:00:00", "time_zone": "Europe/Berlin"},
                "cancelled": True,
            },
            {
                "original_start": {"date_time": "2026-12-21T09:00:00", "time_zone": "Europe/Berlin"},
                "title": "Inspection (long)",
                "end": {"date_time": "2026-12-21T12:00:00", "time_zone": "Europe/Berlin"},
            },
        ],
    },
    "reminder_minutes": 15,
    "show_as": "busy",
    "sensitivity": "normal",
    "categories": ["VIP"],
    "metadata": {"source": "web"},
    "created_at": "2026-11-01T08:00:00Z",
    "updated_at": "2026-11-02T08:00:00Z",
}


def clock(text, zone="Europe/Berlin"):
    """Return a moment by the clock on the wall."""
    return {"date_time": text, "time_zone": zone}


@dataclass
class Crm:
    """The CRM's back end and its one event."""

    http: httpx.AsyncClient

    async def call(self, method, path, body=None, *, status=None, **more):
        answer = await self.http.request(method, path, json=body, **more)
        assert answer.status_code == status if status else answer.is_success, answer.text
        return answer.json() if answer.content else None

    async def puts(self, *, status=None, headers=None, **fields):
        return await self.call("PUT", "/v1/events/e-1", fields, status=status, headers=headers)

    async def patches(self, *, status=None, headers=None, **fields):
        return await self.call("PATCH", "/v1/events/e-1", fields, status=status, headers=headers)

    async def gets(self):
        return await self.call("GET", "/v1/events/e-1")

    async def refused(self, **fields):
        """Return what a PUT is told to be wrong, by pointer."""
        told = await self.puts(status=422, **fields)
        assert told["type"] == "/problems/invalid-request"
        return {error["pointer"]: error["detail"] for error in told["errors"]}


@pytest.fixture
async def crm(workspace):
    return Crm(workspace.http)


@pytest.fixture
async def visit(crm):
    """An event that the CRM has put, as it is shown."""
    return await crm.puts(**VISIT)
