"""The scenario language: a CRM, people with Outlook, and the Microsoft between them, all as processes.

``world.crm.puts(...)``, ``ada.edits(...)``, ``eventually(...)``: stories read as what people do. Everything goes
through public interfaces: Concord's API, Microsoft Graph, the sandbox's controls.
"""

import itertools
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, TypeVar
from uuid import uuid4

import httpx

Seen = TypeVar("Seen")
Json = dict[str, Any]
ENDED = frozenset({"succeeded", "failed", "cancelled", "awaiting_approval"})
FOLDER = "Acme Realty"
_numbers = itertools.count(1)


def eventually(look: Callable[[], Seen], *, within: float = 30.0, every: float = 0.1) -> Seen:
    """Return what ``look`` sees once it is truthy; fail with the last thing seen."""
    deadline, last = time.monotonic() + within, None
    while time.monotonic() < deadline:
        try:
            last = look()
        except (AssertionError, LookupError) as error:
            last = error
        else:
            if last:
                return last
        time.sleep(every)
    raise AssertionError(f"Not within {within} s; last seen: {last!r}")


def accepted(answer: httpx.Response) -> httpx.Response:
    assert answer.is_success, (
        f"{answer.request.method} {answer.request.url}: {answer.status_code} {answer.text}"
    )
    return answer


@dataclass
class Sandbox:
    """The local Microsoft's own controls."""

    url: str
    http: httpx.Client = field(init=False)

    def __post_init__(self) -> None:
        self.http = httpx.Client(base_url=f"{self.url}/_sandbox", timeout=60)

    def post(self, path: str, **body: Any) -> Json:
        answer = accepted(self.http.post(path, json=body))
        return answer.json() if answer.content else {}

    def person(self, *, kind: str = "work", mailbox: bool = True, **tenant: Any) -> "Outlook":
        domain = f"t{uuid4().hex[:10]}.example"
        if kind == "work":
            self.post("/tenants", domain=domain, **tenant)
        mail = f"ada{next(_numbers)}@{domain}"
        self.post("/users", mail=mail, display_name="Ada Lovelace", mailbox=mailbox, kind=kind)
        return Outlook(self, mail)

    def fault(self, fault: Json, *, times: int = 1, skip: int = 0, **match: Any) -> None:
        self.post("/faults", match=match, skip=skip, times=times, fault=fault)

    def journal(self, mail: str, *, after: int = 0) -> list[Json]:
        answer = accepted(self.http.get("/journal", params={"mail": mail, "after": after}))
        return answer.json()["entries"]

    def advance(self, seconds: float) -> None:
        self.post("/clock", advance_seconds=seconds)

    @contextmanager
    def settings(self, **changed: Any) -> Iterator[None]:
        """Change how Microsoft behaves, for a while."""
        usual = {"notifications": True, "latency_ms": 0, "contacts_page_size": 10, "throttle": True}
        self.post("/settings", **changed)
        try:
            yield
        finally:
            self.post("/settings", **{name: usual[name] for name in changed})

    def close(self) -> None:
        self.http.delete("/faults")
        self.http.close()


class Outlook:
    """A person with Outlook open: Microsoft Graph, with a token of their own."""

    def __init__(self, sandbox: Sandbox, mail: str) -> None:
        self.sandbox, self.mail = sandbox, mail
        self.http = httpx.Client(base_url=f"{sandbox.url}/v1.0/", timeout=60)
        self.http.headers["prefer"] = 'IdType="ImmutableId"'
        self.sign_in()

    def sign_in(self) -> None:
        """Take a fresh token: after the clock has moved the old one is worth nothing."""
        token = self.sandbox.post("/tokens", mail=self.mail, scopes=["User.Read", "Contacts.ReadWrite"])
        self.http.headers["authorization"] = f"Bearer {token['access_token']}"

    def call(self, method: str, path: str, json: Json | None = None, **params: Any) -> Json:
        answer = accepted(self.http.request(method, path, json=json, params=params or None))
        return answer.json() if answer.content else {}

    def folder_id(self, name: str = FOLDER) -> str:
        folders = self.call("GET", "me/contactFolders", **{"$top": 100})["value"]
        return next(found["id"] for found in folders if found["displayName"] == name)

    def contacts(self, folder: str = FOLDER) -> list[Json]:
        path: str | None = f"me/contactFolders/{self.folder_id(folder)}/contacts?$top=500"
        found: list[Json] = []
        while path:
            page = self.call("GET", path)
            found, path = found + page["value"], page.get("@odata.nextLink")
        return found

    def names(self, folder: str = FOLDER) -> list[str]:
        return sorted(item["displayName"] for item in self.contacts(folder))

    def named(self, name: str) -> Json:
        (item,) = [item for item in self.contacts() if item["displayName"] == name]
        return item

    def adds(self, name: str, **fields: Any) -> Json:
        path = f"me/contactFolders/{self.folder_id()}/contacts"
        return self.call("POST", path, {"displayName": name, "givenName": name, **fields})

    def edits(self, item: Json, **fields: Any) -> Json:
        return self.call("PATCH", f"me/contacts/{item['id']}", {"displayName": item["displayName"], **fields})

    def deletes(self, item: Json) -> None:
        self.call("DELETE", f"me/contacts/{item['id']}")

    def mark(self) -> int:
        """Return a place in the journal, to count from."""
        entries = self.sandbox.journal(self.mail)
        return entries[-1]["seq"] if entries else 0

    def requests(self, *, after: int, path: str = "", method: str = "") -> list[Json]:
        """Return what anybody asked of this mailbox since then, the items of a batch each."""
        entries = self.sandbox.journal(self.mail, after=after)
        return [e for e in entries if path in e["path"] and method in {"", e["method"]}]

    def writes(self, *, after: int) -> list[Json]:
        return [e for e in self.requests(after=after, path="/contacts") if e["method"] != "GET"]


class Crm:
    """The host CRM's back end, holding a key of its workspace."""

    def __init__(self, api: str, key: str, workspace: str) -> None:
        self.http = httpx.Client(base_url=api, timeout=60, headers={"authorization": f"Bearer {key}"})
        self.workspace, self.cursor, self.key = workspace, None, key

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
        return httpx.get(visit["location"], follow_redirects=False, timeout=60)

    def connection(self, connection: str) -> Json:
        return self.call("GET", f"/v1/connections/{connection}")

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
        self.operator = httpx.Client(base_url=contract["api"], timeout=60, headers=headers)
        self._crms: list[Crm] = []

    def new_crm(self, name: str = FOLDER) -> Crm:
        """Make a workspace of its own and return its CRM."""
        entities = ["contacts", "calendar", "tasks", "mail", "files"]
        body = {"name": name, "entities": entities}
        made = accepted(self.operator.post("/v1/workspaces", json=body)).json()
        self._crms.append(Crm(self.contract["api"], made["key"]["secret"], made["id"]))
        return self._crms[-1]

    def close(self) -> None:
        for crm in self._crms:
            crm.http.close()
        self.operator.close()
        self.sandbox.close()
