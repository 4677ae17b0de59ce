"""What a fresh stack holds, made through public interfaces: the sandbox's people and one workspace."""

from http import HTTPStatus

import httpx

from app.dev.process import StartError
from app.dev.state import Workspace

WORKSPACE = {
    "name": "Acme Realty",
    "crm_id": "acme-realty",
    "entities": ["contacts", "calendar", "tasks", "mail", "files"],
}
TENANTS = ({"domain": "contoso.example"}, {"domain": "fabrikam.example", "require_admin_consent": True})
USERS = (
    {"user": "agent-1", "mail": "adele@contoso.example", "display_name": "Adele Vance"},
    {"user": "agent-2", "mail": "ben@contoso.example", "display_name": "Ben Walters"},
    {"user": "agent-3", "mail": "chris@contoso.example", "display_name": "Chris Green"},
    {"user": "agent-4", "mail": "dana@outlook.example", "display_name": "Dana Swope", "kind": "personal"},
)
# They can't connect just so: their administrator must agree first, or they have no mailbox. Not in dev.json.
STUCK = (
    {"mail": "fay@fabrikam.example", "display_name": "Fay Okoye"},
    {"mail": "nobox@contoso.example", "display_name": "Noah Box", "mailbox": False},
)


def settle_people(control: str) -> list[dict[str, str]]:
    """Make the sandbox's tenants and people, all over again at each start; return whom dev.json names."""
    with httpx.Client(base_url=control, timeout=10) as sandbox:
        for tenant in TENANTS:
            demand(sandbox.post("/_sandbox/tenants", json=tenant), also=HTTPStatus.CONFLICT)
        for user in (*USERS, *STUCK):
            person = {name: value for name, value in user.items() if name != "user"}
            demand(sandbox.post("/_sandbox/users", json=person), also=HTTPStatus.CONFLICT)
    return [{"user": str(user["user"]), "mail": str(user["mail"])} for user in USERS]


def settle_workspace(api: str, *, operator_key: str, known: Workspace | None) -> Workspace:
    """Return the stack's workspace: the known one while its key works, else a new one or a new key of it."""
    with httpx.Client(base_url=api, timeout=10) as client:
        if known is not None:
            answer = client.get("/v1/workspace", headers={"Authorization": f"Bearer {known.key}"})
            if answer.status_code == HTTPStatus.OK:
                return known
        client.headers["Authorization"] = f"Bearer {operator_key}"
        made = demand(client.post("/v1/workspaces", json=WORKSPACE), also=HTTPStatus.CONFLICT)
        if made.status_code != HTTPStatus.CONFLICT:
            return Workspace(id=made.json()["id"], key=made.json()["key"]["secret"])
        ours = existing_workspace(client)
        key = demand(client.post(f"/v1/workspaces/{ours}/keys", json={"name": "development stack"}))
        return Workspace(id=ours, key=key.json()["secret"])


def existing_workspace(client: httpx.Client) -> str:
    """Return the id of the workspace that an earlier start made but had no time to write down."""
    cursor = None
    while True:
        page = demand(
            client.get("/v1/workspaces", params={"limit": 200} | ({"cursor": cursor} if cursor else {}))
        )
        for workspace in page.json()["data"]:
            if workspace["crm_id"] == WORKSPACE["crm_id"]:
                return str(workspace["id"])
        cursor = page.json()["next_cursor"]
        if cursor is None:
            raise StartError(f"The API says that a workspace {WORKSPACE['crm_id']} exists, and lists none.")


def demand(answer: httpx.Response, *, also: HTTPStatus | None = None) -> httpx.Response:
    """Return a good answer (or one more that is expected); raise what a bad one says."""
    if answer.is_success or answer.status_code == also:
        return answer
    raise StartError(
        f"{answer.request.method} {answer.request.url}: {answer.status_code} {answer.text[:500]}"
    )
