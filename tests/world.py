"""The scenario language: a CRM, people with Outlook, and the Microsoft between them, all as processes.

``crm.puts(...)``, ``ada.edits(...)``, ``eventually(...)``: stories read as what people do. Everything goes
through public interfaces: Concord's API, Microsoft Graph, the sandbox's controls.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import psutil
from mailboxes import FOLDER, PLAIN, Json, Outlook, Sandbox, accepted, eventually

__all__ = ["ENDED", "FOLDER", "Crm", "Outlook", "Sandbox", "World", "accepted", "eventually"]
ENDED = frozenset({"succeeded", "failed", "cancelled", "awaiting_approval"})

WRITES = ("created", "updated", "deleted")


class Crm:
    """The host CRM's back end, holding a key of its workspace."""

    def __init__(self, api: str, key: str, workspace: str) -> None:
        self.http = httpx.Client(base_url=api, headers={"authorization": f"Bearer {key}"}, **PLAIN)
        self.workspace, self.cursor, self.key = workspace, None, key
        self.mark_property = ""

    def call(self, method: str, path: str, **kwargs: Any) -> Json:
        answer = accepted(self.http.request(method, path, **kwargs))
        return answer.json() if answer.content else {}

    def connects(self, person: Outlook, *, user: str = "agent-1", grant: Any = "all", **wish: Any) -> str:
        body = {"user": user, "login_hint": person.mail, "entities": ["contacts"], **wish}
        made = self.call("POST", "/v1/connections", json=body)
        self.signs_in(made["authorize_url"], person, grant=grant)
        return str(made["id"])

    def signs_in(self, authorize_url: str, person: Outlook, *, grant: Any = "all") -> httpx.Response:
        """Walk the sign-in page as that person, and follow Microsoft back to Concord."""
        visit = person.sandbox.post("/sign-in", authorize_url=authorize_url, mail=person.mail, grant=grant)
        return httpx.get(visit["location"], follow_redirects=False, **PLAIN)

    def connection(self, connection: str) -> Json:
        return self.call("GET", f"/v1/connections/{connection}")

    def rests(self) -> None:
        """Let no clock that is moved later set its connections to work."""
        for connection in self.call("GET", "/v1/connections")["data"]:
            self.http.patch(f"/v1/connections/{connection['id']}", json={"paused": True})

    def chooses(self, connection: str, **settings: Any) -> Json:
        wanted = {"direction": "two_way", "folder_name": FOLDER, **settings}
        return self.call("PATCH", f"/v1/connections/{connection}/settings/contacts", json=wanted)

    def puts(self, crm_id: str, *, user: str = "agent-1", **fields: Any) -> Json:
        body = {"owners": [{"user": user, "access": "primary"}], **fields}
        return self.call("PUT", f"/v1/contacts/{crm_id}", json=body)

    def patches(self, crm_id: str, **fields: Any) -> Json:
        return self.call("PATCH", f"/v1/contacts/{crm_id}", json=fields)

    def deletes(self, crm_id: str) -> None:
        self.call("DELETE", f"/v1/contacts/{crm_id}")

    def holds(self, crm_id: str) -> Json:
        return self.call("GET", f"/v1/contacts/{crm_id}")

    def syncs(self, connection: str, **body: Any) -> Json:
        """Press "sync now" and wait for the run to end."""
        run = self.call("POST", f"/v1/connections/{connection}/sync/contacts", json=body)
        return self.awaits(run["id"])

    def syncs_removals(self, connection: str, person: Outlook, **body: Any) -> Json:
        """Sync now, and don't wait for the quiet seconds in which removals gather."""
        start = person.mark()
        run = self.call("POST", f"/v1/connections/{connection}/sync/contacts", json=body)
        eventually(lambda: person.rounds(after=start))
        person.sandbox.advance(6)
        return self.awaits(run["id"])

    def is_quiet(self, connection: str) -> None:
        """Wait until nothing is under way, as a run that finds nothing to do tells."""
        eventually(lambda: self.syncs(connection)["counts"]["to_microsoft"] == dict.fromkeys(WRITES, 0))

    def awaits(self, run: str, *, within: float = 60) -> Json:
        return eventually(
            lambda: (now := self.call("GET", f"/v1/runs/{run}"))["status"] in ENDED and now, within=within
        )

    def hears(self, kind: str, *, within: float = 30) -> Json:
        """Wait for a change of that type; what is heard on the way is dropped."""
        return eventually(lambda: next((c for c in self.news() if c["type"] == kind), None), within=within)

    def news(self, *, records_only: bool = True) -> list[Json]:
        """Return the changes since the last time we asked."""
        found: list[Json] = []
        while True:
            after = {"after": self.cursor} if self.cursor else {}
            page = self.call("GET", "/v1/changes", params={"limit": 1000, **after})
            found, self.cursor = found + page["changes"], page["next_cursor"]
            if not page["has_more"]:
                return [c for c in found if not records_only or c["type"].startswith("contact.")]

    def names(self, change: Json, crm_id: str) -> Json:
        return self.call(
            "POST", "/v1/changes/ack", json={"changes": [{"id": change["id"], "crm_id": crm_id}]}
        )


class World:
    """One running stack: Concord's API and worker, and the sandbox."""

    def __init__(self, contract: Json) -> None:
        self.contract = contract
        self.sandbox = Sandbox(contract["sandbox"])
        headers = {"authorization": f"Bearer {contract['operator_key']}"}
        self.operator = httpx.Client(base_url=contract["api"], headers=headers, **PLAIN)
        self._crms: list[Crm] = []

    def new_crm(self, name: str = FOLDER) -> Crm:
        """Make a workspace of its own and return its CRM."""
        entities = ["contacts", "calendar", "tasks", "mail", "files"]
        body = {"name": name, "entities": entities}
        made = accepted(self.operator.post("/v1/workspaces", json=body)).json()
        self._crms.append(Crm(self.contract["api"], made["key"]["secret"], made["id"]))
        self._crms[-1].mark_property = self.contract["mark_property"]
        return self._crms[-1]

    def part(self, name: str) -> psutil.Process:
        """Return the process of a part of the stack: api or worker."""
        parts = psutil.Process(self.contract["pid"]).children(recursive=True)
        return next(part for part in parts if {"app.cli", name} <= set(part.cmdline()))

    @contextmanager
    def frozen(self, name: str) -> Iterator[psutil.Process]:
        """Stop a part in its tracks for a while; it goes on where it was."""
        part = self.part(name)
        part.suspend()
        try:
            yield part
        finally:
            part.resume()

    def close(self) -> None:
        for crm in self._crms:
            crm.rests()
            crm.http.close()
        self.operator.close()
        self.sandbox.close()
