"""The sides of a sync, each through its own public interface: Concord, the CRM, and a person's Outlook."""

import json
import time
from collections.abc import Iterator
from typing import Any

import httpx

Json = dict[str, Any]
PERMISSIONS = ["User.Read", "Contacts.ReadWrite"]
SECONDS = 30


class AnsweredError(Exception):
    """Somebody answered with an error where the story expects that all goes well."""


def accepted(answer: httpx.Response) -> Json:
    """Return the document of a good answer, or raise AnsweredError."""
    if not answer.is_success:
        asked = f"{answer.request.method} {answer.request.url}"
        raise AnsweredError(f"{asked} answered {answer.status_code}: {answer.text[:500]}")
    document: Json = answer.json() if answer.content else {}
    return document


class Concord:
    """Concord's API with a key of it."""

    def __init__(self, url: str, *, key: str) -> None:
        self.http = httpx.Client(base_url=url, timeout=SECONDS, headers={"Authorization": f"Bearer {key}"})

    def call(self, method: str, path: str, **request: Any) -> Json:
        return accepted(self.http.request(method, path, **request))

    def run_as_it_moves(self, run: str, *, within: float) -> Iterator[Json]:
        """Yield a run each time it has moved, until it has ended or the time is over (server-sent events)."""
        deadline = time.monotonic() + within
        with self.http.stream("GET", f"/v1/runs/{run}/events") as events:
            for line in events.iter_lines():
                if line.startswith("data:"):
                    yield json.loads(line.removeprefix("data:"))
                if time.monotonic() > deadline:
                    break
        yield self.call("GET", f"/v1/runs/{run}")


class Crm:
    """The demo CRM's own API."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.http = httpx.Client(base_url=url, timeout=SECONDS)

    def call(self, method: str, path: str, **request: Any) -> Json:
        return accepted(self.http.request(method, path, **request))

    def contacts(self, words: str = "") -> list[Json]:
        found: list[Json] = self.call("GET", "/api/contacts", params={"q": words})["data"]
        return found

    def edit(self, crm_id: str, **fields: Any) -> Json:
        return self.call("PATCH", f"/api/contacts/{crm_id}", json=fields)


class Outlook:
    """A person with Outlook open: Microsoft Graph, with a token of their own and not Concord's."""

    def __init__(self, sandbox: str, *, mail: str) -> None:
        self.sandbox, self.mail = sandbox, mail
        self.http = httpx.Client(
            base_url=f"{sandbox}/v1.0", timeout=SECONDS, headers={"Prefer": 'IdType="ImmutableId"'}
        )
        token = self.control("tokens", mail=mail, scopes=PERMISSIONS)["access_token"]
        self.http.headers["Authorization"] = f"Bearer {token}"

    def control(self, what: str, **order: Any) -> Json:
        """Use a control of the sandbox."""
        return accepted(httpx.post(f"{self.sandbox}/_sandbox/{what}", json=order, timeout=SECONDS))

    def call(self, method: str, path: str, **request: Any) -> Json:
        return accepted(self.http.request(method, path, **request))

    def folders(self, name: str) -> list[Json]:
        """Return the contact folders of that name."""
        found = self.call("GET", "/me/contactFolders", params={"$top": 100})["value"]
        return [folder for folder in found if folder["displayName"] == name]

    def contacts(self, folder: str, *, expand: str | None = None) -> list[Json]:
        """Return everybody in the folder of that id, a page at a time; ``expand``: with a property."""
        path: str | None = f"/me/contactFolders/{folder}/contacts"
        query: dict[str, Any] | None = {"$top": 100}
        if query and expand:
            query["$expand"] = f"singleValueExtendedProperties($filter=id eq '{expand}')"
        found: list[Json] = []
        while path:
            page = self.call("GET", path, params=query)
            found, path, query = found + page["value"], page.get("@odata.nextLink"), None
        return found

    def named(self, folder: str, name: str) -> Json | None:
        """Return the contact shown by this name; Graph does not filter contacts by name."""
        return next((item for item in self.contacts(folder) if item["displayName"] == name), None)

    def contact(self, item: Json) -> Json:
        """Return the item as it is now."""
        return self.call("GET", f"/me/contacts/{item['id']}")

    def add(self, folder: str, **fields: Any) -> Json:
        return self.call("POST", f"/me/contactFolders/{folder}/contacts", json=fields)

    def edit(self, item: Json, **fields: Any) -> Json:
        """Change an item; Graph words the displayName anew unless it is said again."""
        said = {"displayName": item["displayName"], **fields}
        return self.call("PATCH", f"/me/contacts/{item['id']}", json=said)
