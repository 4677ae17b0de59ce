"""Microsoft's side of the scenario language: the sandbox's controls and people with Outlook."""

import itertools
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, TypeVar
from uuid import uuid4

import httpx

Seen = TypeVar("Seen")
Json = dict[str, Any]
FOLDER = "Acme Realty"
# For plain HTTP: to read the authorities that the world trusts takes a client longer than many a request.
PLAIN: Json = {"verify": False, "trust_env": False, "timeout": 60}
_numbers = itertools.count(1)


def eventually(
    look: Callable[[], Seen], *, within: float = 30.0, every: float | Iterator[float] = 0.1
) -> Seen:
    """Return what ``look`` sees once it is truthy; fail with the last thing seen."""
    pauses = itertools.repeat(every) if isinstance(every, float) else every
    deadline, last = time.monotonic() + within, None
    while time.monotonic() < deadline:
        try:
            last = look()
        except (AssertionError, LookupError) as error:
            last = error
        else:
            if last:
                return last
        time.sleep(next(pauses))
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
    people: list["Outlook"] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.http = httpx.Client(base_url=f"{self.url}/_sandbox", **PLAIN)

    def post(self, path: str, **body: Any) -> Json:
        answer = accepted(self.http.post(path, json=body))
        return answer.json() if answer.content else {}

    def person(self, *, kind: str = "work", mailbox: bool = True, **tenant: Any) -> "Outlook":
        domain = f"t{uuid4().hex[:10]}.example"
        if kind == "work":
            self.post("/tenants", domain=domain, **tenant)
        mail = f"ada{next(_numbers)}@{domain}"
        self.post("/users", mail=mail, display_name="Ada Lovelace", mailbox=mailbox, kind=kind)
        self.people.append(Outlook(self, mail))
        return self.people[-1]

    def fault(self, fault: Json, *, times: int | None = 1, skip: int = 0, **match: Any) -> str:
        return str(self.post("/faults", match=match, skip=skip, times=times, fault=fault)["id"])

    def slowly(self, asked: Callable[[], Any], **match: Any) -> None:
        """Let Microsoft take its time over the next request that matches; it is under way when this returns."""
        fault = self.fault({"latency_ms": 600}, **match)
        asked()
        eventually(lambda: fault not in self.waiting(), every=0.02)

    def waiting(self) -> set[str]:
        """Return the faults that still wait for a request."""
        return {fault["id"] for fault in accepted(self.http.get("/faults")).json()["faults"]}

    def heals(self) -> None:
        accepted(self.http.delete("/faults"))

    def journal(self, mail: str, *, after: int = 0) -> list[Json]:
        answer = accepted(self.http.get("/journal", params={"mail": mail, "after": after}))
        return answer.json()["entries"]

    def advance(self, seconds: float) -> None:
        self.post("/clock", advance_seconds=seconds)

    def hurries(self, look: Callable[[], Seen], *, within: float = 30.0) -> Seen:
        """Return what ``look`` sees once it is truthy, the clock running ten times as fast meanwhile.

        Ever less so: on a busy machine a turn may take longer than a lease then lasts, and no turn would end.
        """
        pauses = (0.5 * 1.08**number for number in itertools.count())

        def looking() -> Seen:
            self.advance(5)
            return look()

        return eventually(looking, within=within, every=pauses)

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
        self.heals()
        for each in self.people:
            each.http.close()
        self.http.close()


class Outlook:
    """A person with Outlook open: Microsoft Graph, with a token of their own."""

    def __init__(self, sandbox: Sandbox, mail: str) -> None:
        self.sandbox, self.mail = sandbox, mail
        self.http = httpx.Client(base_url=f"{sandbox.url}/v1.0/", **PLAIN)
        self.http.headers["prefer"] = 'IdType="ImmutableId"'
        self.sign_in()

    def sign_in(self) -> None:
        """Take a fresh token: after the clock has moved the old one is worth nothing."""
        token = self.sandbox.post("/tokens", mail=self.mail, scopes=["User.Read", "Contacts.ReadWrite"])
        self.http.headers["authorization"] = f"Bearer {token['access_token']}"

    def call(self, method: str, path: str, json: Json | None = None, **params: Any) -> Json:
        answer = accepted(self.http.request(method, path, json=json, params=params or None))
        return answer.json() if answer.content else {}

    def makes_folder(self, name: str = FOLDER) -> str:
        return str(self.call("POST", "me/contactFolders", {"displayName": name})["id"])

    def folder_id(self, name: str = FOLDER) -> str:
        folders = self.call("GET", "me/contactFolders", **{"$top": 100})["value"]
        return str({found["displayName"]: found["id"] for found in folders}[name])

    def contacts(self, folder: str = FOLDER, **params: Any) -> list[Json]:
        path: str | None = f"me/contactFolders/{self.folder_id(folder)}/contacts"
        found: list[Json] = []
        params = {"$top": 500, **params}
        while path:
            page = self.call("GET", path, **params)
            found, path, params = found + page["value"], page.get("@odata.nextLink"), {}
        return found

    def names(self, folder: str = FOLDER) -> list[str]:
        return sorted(item["displayName"] for item in self.contacts(folder))

    def named(self, name: str) -> Json:
        return {item["displayName"]: item for item in self.contacts()}[name]

    def holds(self, item: Json) -> Json:
        """Return an item as it is now, in whichever folder."""
        return self.call("GET", f"me/contacts/{item['id']}")

    def marks(self, property_id: str) -> Counter[str | None]:
        """Count the items of the folder by the mark they carry."""
        wanted = f"singleValueExtendedProperties($filter=id eq '{property_id}')"
        items = self.contacts(**{"$expand": wanted})
        shown = [item.get("singleValueExtendedProperties") or [{"value": None}] for item in items]
        return Counter(properties[0]["value"] for properties in shown)

    def adds(self, name: str, *, folder: str = FOLDER, **fields: Any) -> Json:
        path = f"me/contactFolders/{self.folder_id(folder)}/contacts"
        return self.call("POST", path, {"displayName": name, "givenName": name, **fields})

    def edits(self, item: Json, **fields: Any) -> Json:
        return self.call("PATCH", f"me/contacts/{item['id']}", {"displayName": item["displayName"], **fields})

    def deletes(self, item: Json) -> None:
        self.call("DELETE", f"me/contacts/{item['id']}")

    def moves(self, item: Json, *, to: str) -> None:
        self.sandbox.post("/move", mail=self.mail, id=item["id"], to=to)

    def mark(self) -> int:
        """Return a place in the journal, to count from."""
        entries = self.sandbox.journal(self.mail)
        return entries[-1]["seq"] if entries else 0

    def requests(self, *, after: int = 0, path: str = "", method: str = "") -> list[Json]:
        """Return what anybody asked of this mailbox since then, the items of a batch each."""
        entries = self.sandbox.journal(self.mail, after=after)
        return [e for e in entries if path in e["path"] and method in {"", e["method"]}]

    def writes(self, *, after: int) -> list[Json]:
        return [e for e in self.requests(after=after, path="/contacts") if e["method"] != "GET"]

    def rounds(self, *, after: int) -> list[Json]:
        return self.requests(after=after, path="/contacts/delta")

    def is_left_alone(self, *, seconds: float = 1.2) -> None:
        """Wait until nobody has asked anything of this mailbox for a while."""
        last = 0
        while last != (last := self.mark()):
            time.sleep(seconds)

    def is_watched(self) -> None:
        """Wait until Concord has subscribed to this mailbox and looked at what came before."""
        made = eventually(
            lambda: [e for e in self.requests(path="/subscriptions", method="POST") if e["status"] == 201]
        )
        eventually(lambda: self.rounds(after=made[-1]["seq"]))
