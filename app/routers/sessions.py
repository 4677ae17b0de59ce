"""Session tokens: what a CRM's back end gets for its front end, so that no key ever reaches a browser."""

from datetime import datetime
from typing import Literal

from fastapi import APIRouter, status
from pydantic import Field

from app.routers.deps import Insider, Now, Res
from app.routers.shapes import Answer, Body, Moment
from app.security.session_tokens import GOOD_FOR, Role, Visit, issued

router = APIRouter(prefix="/v1/session-tokens", tags=["sessions"])


class SessionIn(Body):
    """Whom a session is for."""

    user: str = Field(
        title="User",
        description="The id in the CRM of the person whose browser gets the token.",
        min_length=1,
        max_length=128,
        examples=["agent-7"],
    )
    role: Literal["user", "administrator"] = Field(
        title="Role",
        description="`user` reaches that user's own connections; `administrator` those of every user, and the"
        " workspace.",
        examples=["user"],
    )


class SessionToken(Answer):
    """A fresh session token."""

    token: str | None = Field(
        title="Token",
        description="What the front end sends as `Authorization: Bearer`. A repeated request gets null.",
        examples=["eyJ…"],
    )
    expires_at: Moment = Field(title="Expires", description="When it ends: 15 minutes from now.")


@router.post(
    "", operation_id="session_tokens.create", summary="Begin a session", status_code=status.HTTP_201_CREATED
)
async def create_session_token(principal: Insider, resources: Res, now: Now, body: SessionIn) -> SessionToken:
    """Get a token for a front end. It ends after 15 minutes, and at once if the key that asked is deleted."""
    visit = Visit(
        workspace=str(principal.workspace), issuer=principal.credential, user=body.user, role=Role(body.role),
        expires_at=ended(now),
    )  # fmt: skip
    return SessionToken(token=issued(visit, key_ring=resources.key_ring), expires_at=visit.expires_at)


def ended(now: datetime) -> datetime:
    """Return when a session that begins now ends: a whole second, as tokens tell time."""
    return (now + GOOD_FOR).replace(microsecond=0)
