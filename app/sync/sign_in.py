"""The answer of Microsoft's sign-in: whose account it is, and what that makes of the connection.

One transaction before Microsoft is called and one after, none over the network. The state of an answer is
spent in the first, so that whatever happens then it can't be used again.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy.ext.asyncio import AsyncSession

from app.errors import Interruption, Refused
from app.graph.account import account_of, has_mailbox
from app.graph.auth import Flow, SignedIn
from app.graph.entra import Application
from app.graph.mailbox import Mailbox
from app.graph.refusals import sign_in_problem
from app.models import Authorization, Connection, Route
from app.sync.authorizations import AUTHORIZATION, Authorizations, route_of
from app.sync.connections import Connections
from app.sync.consent import CONSENT, consent_url
from app.sync.identity import Arrival, settle_identity
from app.sync.microsoft_apps import MicrosoftApps
from app.sync.resources import Resources
from app.sync.return_urls import with_query
from app.sync.routes import Routes
from app.sync.standing import falls, moved, tell, told
from app.sync.workspaces import Workspaces

OUR_PAGE: Final = "/connected"
EXPIRED: Final = "authorization-expired"


@dataclass(frozen=True, slots=True)
class Visit:
    """A sign-in that came back with a code, its state just spent."""

    authorization: Authorization
    application: Application
    flow: Flow


@dataclass(frozen=True, slots=True)
class JustIssued:
    """The token source of a sign-in under way: the one token it gave."""

    token: str

    async def access_token(self, workspace: str, connection_id: str, *, now: datetime) -> str:  # noqa: ARG002
        """Return it."""
        return self.token

    async def refused(self, workspace: str, connection_id: str) -> None:
        """There is no other."""


async def callback(resources: Resources, answer: Mapping[str, str], *, now: datetime) -> str:
    """Take what Microsoft sent a browser back with; return where the browser goes on."""
    route = route_of(answer.get("state", ""), key_ring=resources.key_ring)
    found = None
    if route is not None:
        async with resources.db.transaction(None) as session:
            found = await Routes(session).find(route, kinds=[AUTHORIZATION, CONSENT], now=now)
    if found is None:
        return with_query(OUR_PAGE, {"problem": EXPIRED})
    if found.kind == CONSENT:
        return await _consented(resources, found, answer, now=now)
    visit = await _spend(resources, found, answer, now=now)
    if isinstance(visit, str):
        return visit
    return await _redeemed(resources, found.workspace_id, visit, answer, now=now)


async def _spend(
    resources: Resources, route: Route, answer: Mapping[str, str], *, now: datetime
) -> Visit | str:
    """Spend the state; return the visit to redeem, or where the browser goes where there is nothing to."""
    async with resources.db.transaction(route.workspace_id) as session:
        authorizations = Authorizations(session, resources.key_ring)
        row, first = await authorizations.use(route.target, now=now)
        connection = await Connections(session).locked(row.connection_id) if row is not None else None
        if row is None or connection is None:
            return with_query(OUR_PAGE, {"problem": EXPIRED})
        workspace = await Workspaces(session).get(route.workspace_id)
        application = await MicrosoftApps(session, resources.key_ring).serving(resources.tokens.microsoft)
        problem = None
        if not first or connection.status == "disconnecting" or application is None:
            problem = EXPIRED
        elif workspace is None or not workspace.entitled:
            problem = "not-entitled"
        elif "code" not in answer:
            slug, detail = sign_in_problem(answer)
            problem = await _note(session, resources, connection, slug, detail=detail, now=now)
        if problem is not None or application is None:
            return _onward(row, connection, problem)
        return Visit(row, application, authorizations.kept(row))


async def _redeemed(
    resources: Resources, workspace: str, visit: Visit, answer: Mapping[str, str], *, now: datetime
) -> str:
    """Turn the code into tokens, see whose they are, and settle what becomes of the connection."""
    connection_id = visit.authorization.connection_id
    arrival: Arrival | None = None
    failure: tuple[str, str] | None = None
    try:
        arrival = await _arrived(resources, workspace, visit, answer, now=now)
    except Refused as refusal:
        slug = "sign-in-failed" if refusal.problem == "sign-in-needed" else refusal.problem
        failure = slug, refusal.reason
    except Interruption as interruption:
        failure = "microsoft-unavailable", interruption.reason
    async with resources.db.transaction(workspace) as session:
        connection = await Connections(session).locked(connection_id)
        if connection is None:
            return with_query(OUR_PAGE, {"problem": EXPIRED})
        if arrival is not None:
            problem = await settle_identity(session, resources, connection, arrival, now=now)
        else:
            slug, detail = failure or ("sign-in-failed", "")
            problem = await _note(session, resources, connection, slug, detail=detail, now=now)
        return _onward(visit.authorization, connection, problem)


async def _arrived(
    resources: Resources, workspace: str, visit: Visit, answer: Mapping[str, str], *, now: datetime
) -> Arrival:
    """Ask Microsoft for the tokens, the person and the mailbox. No transaction is open here."""
    signed_in = await resources.tokens.microsoft.redeem(visit.application, visit.flow, answer, now=now)
    mailbox = Mailbox(
        resources.graph,
        JustIssued(signed_in.grant.access_token),
        workspace=workspace,
        connection_id=visit.authorization.connection_id,
        cloud=visit.application.cloud,
    )
    account = await account_of(mailbox, signed_in)
    return Arrival(signed_in, account, await _at_home(mailbox, signed_in))


async def _at_home(mailbox: Mailbox, signed_in: SignedIn) -> bool:
    """Say whether there is a mailbox; where Microsoft doesn't tell now, the first sync will find out."""
    try:
        return await has_mailbox(mailbox, granted=signed_in.grant.scopes)
    except Interruption:
        return True


async def _note(
    session: AsyncSession,
    resources: Resources,
    connection: Connection,
    slug: str,
    *,
    detail: str,
    now: datetime,
) -> str:
    """Note on the connection why a sign-in came to nothing; what worked before goes on working."""
    url = None
    if slug == "admin-consent-needed":
        url = await consent_url(
            session, connection, microsoft=resources.tokens.microsoft, key_ring=resources.key_ring, now=now
        )
        if connection.status in {"pending", "needs_sign_in", "needs_admin_consent"}:
            connection.problem = None
            await falls(session, connection, slug, detail=detail, url=url, now=now)
            return slug
    if slug == "operator-needed" and connection.status == "pending":
        slug = "sign-in-failed"
    if connection.status in {"pending", "active"}:
        connection.problem = told(connection, slug, now=now, detail=detail, url=url)
        await tell(session, connection, changed=("problem",), now=now)
    return slug


async def _consented(resources: Resources, route: Route, answer: Mapping[str, str], *, now: datetime) -> str:
    """Hear from an administrator's page. It proves nothing: it only lets the user try again."""
    async with resources.db.transaction(route.workspace_id) as session:
        connection = await Connections(session).locked(route.target)
        if connection is None:
            return with_query(OUR_PAGE, {"problem": EXPIRED})
        if "error" in answer:
            return with_query(OUR_PAGE, {"connection": connection.id, "problem": "sign-in-declined"})
        if connection.status == "needs_admin_consent":
            was, connection.problem = connection.status, None
            connection.status = "pending" if connection.oid is None else "needs_sign_in"
            if connection.oid is not None:
                connection.problem = told(connection, "sign-in-needed", now=now)
            await moved(session, connection, was=was, now=now)
        return with_query(OUR_PAGE, {"connection": connection.id, "status": "approved"})


def _onward(authorization: Authorization, connection: Connection, problem: str | None) -> str:
    return with_query(
        authorization.return_url or OUR_PAGE,
        {
            "connection": connection.id, "status": connection.status,
            "state": authorization.return_state, "problem": problem,
        },
    )  # fmt: skip
