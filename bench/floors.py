"""Floors: the same work by a script that does nothing else, in the same minute on the same machine."""

import asyncio
import time
from typing import Any
from uuid import uuid4

import asyncpg
import httpx
import orjson

PAGE = 200
UPSERT = """
INSERT INTO floor (id, doc)
SELECT id, doc FROM jsonb_to_recordset($1::jsonb) AS r(id text, doc jsonb)
ON CONFLICT (id) DO UPDATE SET doc = excluded.doc
"""


async def pull(url: str, token: str, folder: str, *, postgres: str) -> float:
    """Pull a folder's delta with httpx and orjson, one upsert a page overlapped; return the seconds."""
    headers = {"authorization": f"Bearer {token}", "prefer": f"odata.maxpagesize={PAGE}"}
    connection = await asyncpg.connect(host=postgres, user="postgres", database="postgres")
    await connection.execute("CREATE TEMP TABLE floor (id text PRIMARY KEY, doc jsonb)")
    began = time.monotonic()
    async with httpx.AsyncClient(headers=headers, timeout=60) as http:
        link: str | None = f"{url}/v1.0/me/contactFolders/{folder}/contacts/delta"
        storing: asyncio.Task[Any] | None = None
        while link:
            page = orjson.loads((await http.get(link)).content)
            rows = [{"id": item["id"], "doc": item} for item in page["value"]]
            if storing is not None:
                await storing
            storing = asyncio.create_task(connection.execute(UPSERT, orjson.dumps(rows).decode()))
            link = page.get("@odata.nextLink")
        if storing is not None:
            await storing
    seconds = time.monotonic() - began
    await connection.close()
    return seconds


async def calendar(url: str, token: str, calendar_id: str, *, window: list[str], postgres: str) -> float:
    """Store a calendar view's delta and each series' master, 20 in a batch; return the seconds."""
    headers = {"authorization": f"Bearer {token}", "prefer": f"odata.maxpagesize={PAGE}"}
    connection = await asyncpg.connect(host=postgres, user="postgres", database="postgres")
    await connection.execute("CREATE TEMP TABLE floor (id text PRIMARY KEY, doc jsonb)")
    began = time.monotonic()
    async with httpx.AsyncClient(headers=headers, timeout=60) as http:
        link: str | None = (
            f"{url}/v1.0/me/calendars/{calendar_id}/calendarView/delta"
            f"?startDateTime={window[0]}&endDateTime={window[1]}"
        )
        masters: set[str] = set()
        while link:
            page = orjson.loads((await http.get(link)).content)
            rows = [{"id": item["id"], "doc": item} for item in page["value"]]
            masters |= {item["id"] for item in page["value"] if item["type"] == "seriesMaster"}
            await connection.execute(UPSERT, orjson.dumps(rows).decode())
            link = page.get("@odata.nextLink")
        named = sorted(masters)
        for start in range(0, len(named), 20):
            requests = [
                {"id": master, "method": "GET", "url": f"/me/events/{master}?$expand=exceptionOccurrences"}
                for master in named[start : start + 20]
            ]
            answer = (await http.post(f"{url}/v1.0/$batch", json={"requests": requests})).json()
            rows = [{"id": each["id"], "doc": each["body"]} for each in answer["responses"]]
            await connection.execute(UPSERT, orjson.dumps(rows).decode())
    seconds = time.monotonic() - began
    await connection.close()
    return seconds


async def push(url: str, token: str, folder: str, *, contacts: int) -> float:
    """Create contacts by batches of 20, one batch in flight; return the seconds."""
    headers = {"authorization": f"Bearer {token}"}
    began = time.monotonic()
    async with httpx.AsyncClient(headers=headers, timeout=120) as http:
        for start in range(0, contacts, 20):
            requests = [
                {
                    "id": str(number),
                    "method": "POST",
                    "url": f"/me/contactFolders/{folder}/contacts",
                    "headers": {"content-type": "application/json"},
                    "body": {"displayName": f"Person {number} {uuid4().hex[:6]}"},
                }
                for number in range(start, min(start + 20, contacts))
            ]
            answer = (await http.post(f"{url}/v1.0/$batch", json={"requests": requests})).json()
            refused = [item["status"] for item in answer["responses"] if item["status"] != 201]
            if refused:
                raise RuntimeError(f"{len(refused)} refused: {refused[0]}")
    return time.monotonic() - began
