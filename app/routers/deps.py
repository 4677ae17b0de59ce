"""What operations ask for: who calls, a session, the time, a page, a condition; one word each.

Every one is ``async``: FastAPI runs a plain function in a thread, which costs more than most requests do.
"""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, TypeVar

import orjson
from fastapi import Depends, Header, Path, Query, Request, Response, Security
from fastapi.security import HTTPBearer
from sqlalchemy.ext.asyncio import AsyncSession

from app import clock
from app.errors import (
    AlreadyExists,
    InvalidRequest,
    RevisionMismatch,
    Unauthenticated,
    WorkspaceNotFound,
    WrongCredential,
)
from app.models import Workspace
from app.routers.authentication import CHALLENGE, OPERATOR, Principal, principal_of
from app.routers.permissions import refuse_unless_allowed
from app.security.session_tokens import Role
from app.sync.ownership import refuse_unless_theirs
from app.sync.resources import Resources
from app.sync.workspaces import Workspaces

operator_key = HTTPBearer(
    scheme_name="operatorKey", description="The operator's key: manages workspaces.", auto_error=False
)
workspace_key = HTTPBearer(
    scheme_name="workspaceKey", description="A key of one workspace: the CRM's back end.", auto_error=False
)


async def resources(request: Request) -> Resources:
    opened: Resources = request.state.resources
    return opened


async def now() -> datetime:
    return clock.now()


Res = Annotated[Resources, Depends(resources)]
Now = Annotated[datetime, Depends(now)]


async def operator(request: Request, _: Annotated[Any, Security(operator_key)]) -> Principal:
    """Return the operator, or refuse whoever else calls."""
    principal = _principal(request)
    if principal.credential != OPERATOR or principal.workspace is not None:
        raise WrongCredential("This takes the operator key, without `Concord-Workspace`.")
    return principal


async def insider(request: Request, _: Annotated[Any, Security(workspace_key)]) -> Principal:
    """Return whoever calls for one workspace, if the operation is for them."""
    principal = _principal(request)
    if principal.workspace is None:
        raise WrongCredential("The operator key needs `Concord-Workspace` here, to say which one is meant.")
    refuse_unless_allowed(principal, request.scope["route"].operation_id)
    return principal


def _principal(request: Request) -> Principal:
    principal = principal_of(request.scope)
    if principal is None:
        raise Unauthenticated(headers=CHALLENGE)
    return principal


Operator = Annotated[Principal, Depends(operator)]
Insider = Annotated[Principal, Depends(insider)]


async def workspace_id(principal: Insider) -> str:
    return str(principal.workspace)


WorkspaceId = Annotated[str, Depends(workspace_id)]


async def only_user(principal: Insider) -> str | None:
    """Return the user whose things alone may be seen; None: everybody's."""
    return principal.user if principal.role is Role.USER else None


OnlyUser = Annotated[str | None, Depends(only_user)]
"""Every list that a user's session may read narrows itself to this user."""


async def open_session(
    request: Request, resources: Res, workspace: WorkspaceId, only: OnlyUser
) -> AsyncIterator[AsyncSession]:
    """Open the request's transaction, once what the path names is known to be the caller's own."""
    async with resources.db.transaction(workspace) as session:
        if only is not None:
            await refuse_unless_theirs(session, only, named=request.path_params, path=request.url.path)
        yield session


async def open_global_session(resources: Res, _: Operator) -> AsyncIterator[AsyncSession]:
    async with resources.db.transaction(None) as session:
        yield session


# scope="function" commits before the answer is sent; the default would commit after it, so that a failed
# commit would already have been answered with a 2xx.
Session = Annotated[AsyncSession, Depends(open_session, scope="function")]
OperatorSession = Annotated[AsyncSession, Depends(open_global_session, scope="function")]


async def current_workspace(session: Session, workspace: WorkspaceId) -> Workspace:
    found = await Workspaces(session).get(workspace)
    if found is None:
        raise WorkspaceNotFound
    return found


CurrentWorkspace = Annotated[Workspace, Depends(current_workspace)]

WorkspaceInPath = Annotated[
    str, Path(title="Workspace", max_length=64, description="The workspace's id.", examples=["ws_06a2k3v9"])
]

Row = TypeVar("Row")


@dataclass(frozen=True, slots=True)
class Paging:
    """Which page of a list is asked for. Ask the table for ``limit + 1`` rows and let ``cut`` do the rest."""

    list: str
    after: Any
    limit: int

    @property
    def after_id(self) -> str:
        """Return the id that the page starts after: empty for the first page."""
        if self.after is not None and (not isinstance(self.after, str) or "\0" in self.after):
            raise wrong_cursor()
        return self.after or ""

    def cut(self, rows: Sequence[Row], *, key: Callable[[Row], Any]) -> tuple[Sequence[Row], str | None]:
        """Return the page, and the cursor of the next one where there are more rows."""
        page = rows[: self.limit]
        return page, self.cursor(key(page[-1])) if len(rows) > self.limit else None

    def cursor(self, key: Any) -> str:
        """Return an opaque word for a place in this list."""
        return urlsafe_b64encode(orjson.dumps([self.list, key])).rstrip(b"=").decode()


async def paging(
    request: Request,
    cursor: Annotated[
        str | None,
        Query(
            title="Cursor",
            max_length=2000,
            description="`next_cursor` of the page before; absent for the first page.",
        ),
    ] = None,
    limit: Annotated[int, Query(title="Limit", ge=1, le=200, description="The most entries to return.")] = 50,
) -> Paging:
    """Read where in a list the caller is. A cursor is good for the list that gave it only."""
    place = request.scope["route"].path
    return Paging(place, _place(cursor, expected=place) if cursor else None, limit)


def _place(cursor: str, *, expected: str) -> Any:
    try:
        name, key = orjson.loads(urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except (ValueError, TypeError):
        name, key = None, None
    if name != expected:
        raise wrong_cursor()
    return key


def wrong_cursor() -> InvalidRequest:
    """Return the problem of a cursor that this list never gave."""
    wrong = "This is not a cursor of this list: use the `next_cursor` of its last answer."
    return InvalidRequest(errors=[{"in": "query", "parameter": "cursor", "detail": wrong}])


Page = Annotated[Paging, Depends(paging)]


@dataclass(frozen=True, slots=True)
class Conditions:
    """What a write asks to be so: ``If-Match`` and ``If-None-Match``."""

    match: str | None
    none_match: str | None

    def require(self, revision: int | None, *, current: Callable[[], Any]) -> None:
        """Refuse unless the thing is at a revision the caller named; None: it doesn't exist.

        ``current`` returns its document as an answer would show it (None where it doesn't exist).
        """
        if revision is not None and self._names(self.none_match, revision):
            raise AlreadyExists(headers={"ETag": etag(revision)}, current=current())
        if self.match is not None and (revision is None or not self._names(self.match, revision)):
            headers = {} if revision is None else {"ETag": etag(revision)}
            raise RevisionMismatch(headers=headers, current=current())

    @staticmethod
    def _names(tags: str | None, revision: int) -> bool:
        if tags is None:
            return False
        return tags.strip() == "*" or etag(revision) in (tag.strip() for tag in tags.split(","))


IfMatch = Annotated[
    str | None,
    Header(
        alias="If-Match",
        title="If-Match",
        max_length=1000,
        description="Write only if the revision is still this `ETag`; else 412 with the current state.",
        examples=['"7"'],
    ),
]
IfNoneMatch = Annotated[
    str | None,
    Header(
        alias="If-None-Match",
        title="If-None-Match",
        max_length=1000,
        description="`*` writes only if nothing exists yet; else 412.",
        examples=["*"],
    ),
]


async def conditions(if_match: IfMatch = None, if_none_match: IfNoneMatch = None) -> Conditions:
    return Conditions(if_match, if_none_match)


async def guard(if_match: IfMatch = None) -> Conditions:
    return Conditions(if_match, None)


When = Annotated[Conditions, Depends(conditions)]
Guard = Annotated[Conditions, Depends(guard)]
"""The conditions of a write to something that always exists: ``If-Match`` only."""


def etag(revision: int) -> str:
    return f'"{revision}"'


def tag(response: Response, revision: int) -> None:
    """Put the revision into the answer's ``ETag``."""
    response.headers["ETag"] = etag(revision)
