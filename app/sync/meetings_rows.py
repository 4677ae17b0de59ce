"""SQL of meetings: which record a uid stands for, and which mailbox has the organizer's copy."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from sqlalchemy import text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncSession

UID: Final = "iCalUId"


class Meetings:
    """The uids of the transaction's workspace, each with its record."""

    def __init__(self, session: AsyncSession) -> None:
        self.session = session
        self.workspace: str = session.info["workspace"]

    async def records(self, uids: Iterable[str]) -> dict[str, str]:
        """Return the living records of these meetings, by uid."""
        values = {"workspace": self.workspace, "uids": sorted(set(uids))}
        return {row.ical_uid: row.record_id for row in await self.session.execute(KNOWN, values)}

    async def claim(self, records: Mapping[str, str]) -> set[str]:
        """Give these uids their records; return the uids that belong to other living ones.

        Who claims one at the same time waits until the first has committed.
        """
        if not records:
            return set()
        uids = sorted(records)
        values = {"workspace": self.workspace, "uids": uids, "ids": [records[uid] for uid in uids]}
        claimed = set(await self.session.scalars(CLAIM, values))
        return {uid for uid in uids if uid not in claimed}

    async def organized(self, record_ids: Iterable[str], *, but: str) -> dict[str, set[str]]:
        """Return the records of which another mailbox than this connection's has the organizer's copy.

        With each, in small letters, whom that copy invites.
        """
        values = {"workspace": self.workspace, "ids": sorted(set(record_ids)), "connection": but}
        found: dict[str, set[str]] = {}
        for row in await self.session.execute(ORGANIZED, values):
            guests = (each.get("emailAddress") or {} for each in row.attendees or ())
            invited = {str(guest["address"]).casefold() for guest in guests if guest.get("address")}
            found.setdefault(row.record_id, set()).update(invited)
        return found


def uid_of(wording: Mapping[str, Any] | None) -> str | None:
    """Return the uid of the meeting that an item is, or is a series of."""
    uid = (wording or {}).get(UID)
    return str(uid) if uid else None


KNOWN: Final = text("""
SELECT m.ical_uid, m.record_id FROM meetings AS m
JOIN records AS r ON r.workspace_id = :workspace AND r.record_id = m.record_id AND r.deleted_at IS NULL
WHERE m.workspace_id = :workspace AND m.ical_uid = ANY(:uids)
""")
CLAIM: Final = text("""
INSERT INTO meetings AS m (workspace_id, ical_uid, record_id)
SELECT :workspace, uid, id FROM unnest(CAST(:uids AS text[]), CAST(:ids AS text[])) AS t(uid, id)
ON CONFLICT (workspace_id, ical_uid) DO UPDATE SET record_id = EXCLUDED.record_id
WHERE m.record_id = EXCLUDED.record_id OR NOT EXISTS (
    SELECT FROM records AS r
    WHERE r.workspace_id = :workspace AND r.record_id = m.record_id AND r.deleted_at IS NULL
)
RETURNING m.ical_uid
""")
ORGANIZED: Final = text("""
SELECT record_id, graph_had -> 'attendees' AS attendees FROM links
WHERE workspace_id = :workspace AND record_id = ANY(:ids) AND connection_id <> :connection
  AND state = 'linked' AND graph_had ->> 'isOrganizer' = 'true'
""").columns(attendees=JSONB)
