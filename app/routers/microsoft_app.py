"""The workspace's own Entra application."""

from typing import Any, Literal

from fastapi import APIRouter, Response
from pydantic import ConfigDict, Field, model_validator

from app.errors import InvalidRequest, MicrosoftAppMissing, MicrosoftAppNotFound, ServiceUnavailable
from app.graph.entra import Application
from app.problems import problems
from app.routers.deps import Now, Res, Session, WorkspaceId
from app.routers.shapes import Answer, Body, Moment, only
from app.sync import app_check

router = APIRouter(prefix="/v1/workspace/microsoft-app", tags=["microsoft-app"])
CERTIFICATE = ("certificate_pem", "private_key_pem")
CLOUD = Literal["global", "us_gov", "us_gov_dod", "china"]
SECRET_HERE = "A credential is either `client_secret`, or `certificate_pem` together with `private_key_pem`."  # noqa: S105


class MicrosoftAppBody(Body):
    """An Entra application with one credential: a secret, or a certificate and its key."""

    model_config = ConfigDict(
        json_schema_extra={
            "oneOf": [
                only("client_secret", without=CERTIFICATE),
                only(*CERTIFICATE, without=("client_secret",)),
            ]
        }
    )
    read_only = frozenset({"credential", "state", "problem"})

    client_id: str = Field(
        title="Client id",
        description="The application (client) id in Entra.",
        min_length=1,
        max_length=100,
        pattern=r"^[A-Za-z0-9._-]+$",
        examples=["5c1e2d3f-0a1b-4c5d-8e9f-a0b1c2d3e4f5"],
    )
    client_secret: str | None = Field(
        default=None,
        title="Client secret",
        description="The secret's value. It is sealed, and never shown again.",
        min_length=1,
        max_length=1000,
        examples=["Xyz8Q~…"],
    )
    certificate_pem: str | None = Field(
        default=None,
        title="Certificate",
        description="The certificate that is uploaded in Entra, in PEM form.",
        min_length=1,
        max_length=20_000,
        examples=["-----BEGIN CERTIFICATE-----\n…"],
    )
    private_key_pem: str | None = Field(
        default=None,
        title="Private key",
        description="Its RSA key in PEM form, without a passphrase. It is sealed, and never shown again.",
        min_length=1,
        max_length=20_000,
        examples=["-----BEGIN PRIVATE KEY-----\n…"],
    )
    tenant: str = Field(
        default="common",
        title="Tenant",
        description="Who may sign in: `common`, `organizations`, `consumers`, a tenant's id or domain.",
        pattern=r"^[A-Za-z0-9][A-Za-z0-9.-]{0,252}$",
        examples=["common"],
    )
    cloud: CLOUD = Field(
        default="global", title="Cloud", description="The Microsoft cloud it lives in.", examples=["global"]
    )

    @model_validator(mode="after")
    def _has_one_credential(self) -> "MicrosoftAppBody":
        certificate = self.certificate_pem is not None, self.private_key_pem is not None
        if any(certificate) == (self.client_secret is not None) or any(certificate) != all(certificate):
            raise ValueError(SECRET_HERE)
        return self

    def application(self) -> Application:
        return Application(
            self.client_id,
            self.tenant,
            self.cloud,
            self.client_secret,
            self.certificate_pem,
            self.private_key_pem,
        )


class CredentialAnswer(Answer):
    """What proves the application, without its secret."""

    kind: Literal["secret", "certificate"] = Field(
        title="Kind", description="What proves the application.", examples=["certificate"]
    )
    thumbprint: str | None = Field(
        title="Thumbprint",
        description="The certificate's SHA-256 thumbprint; null for a secret.",
        examples=["9F86D081884C7D659A2FEAA0C55AD015A3BF4F1B2B0B822CD15D6C15B0F00A08"],
    )
    expires_at: Moment | None = Field(
        title="Expires", description="When the certificate expires; null for a secret.", examples=[None]
    )


class MicrosoftAppAnswer(Answer):
    """The workspace's own application. Its secret or key is never shown."""

    client_id: str = Field(
        title="Client id",
        description="The application (client) id.",
        examples=["5c1e2d3f-0a1b-4c5d-8e9f-a0b1c2d3e4f5"],
    )
    tenant: str = Field(title="Tenant", description="Who may sign in.", examples=["common"])
    cloud: CLOUD = Field(title="Cloud", description="The Microsoft cloud.", examples=["global"])
    credential: CredentialAnswer = Field(title="Credential", description="What proves the application.")
    state: Literal["unchecked", "ok", "expiring", "invalid"] = Field(
        title="State", description="What the last check found.", examples=["ok"]
    )
    problem: dict[str, Any] | None = Field(
        title="Problem", description="What is wrong with it, with the cure.", examples=[None]
    )


class CheckAnswer(Answer):
    """One thing that was tried, and what came of it."""

    check: Literal["authority", "credential", "redirect_uri", "permissions"] = Field(
        title="Check", description="What was tried.", examples=["credential"]
    )
    ok: bool = Field(title="Passed", description="Whether it is in order.", examples=[False])
    detail: str = Field(
        title="Detail",
        description="What was found, and how to mend it.",
        examples=["The client secret of the Entra application has expired. Enter a current secret."],
    )


class ChecksAnswer(Answer):
    """Everything that was tried."""

    ok: bool = Field(title="Passed", description="Whether everything is in order.", examples=[False])
    checks: list[CheckAnswer] = Field(title="Checks", description="Each thing that was tried.")


@router.get(
    "",
    operation_id="microsoft_app.get",
    summary="Get the Microsoft application",
    responses=problems(MicrosoftAppNotFound),
)
async def get_app(session: Session, resources: Res, now: Now) -> MicrosoftAppAnswer:
    """Show the workspace's own Entra application, without its secret."""
    return MicrosoftAppAnswer.model_validate(await app_check.described(session, resources, now=now))


@router.put(
    "",
    operation_id="microsoft_app.put",
    summary="Set the Microsoft application",
    responses=problems(InvalidRequest),
)
async def put_app(session: Session, resources: Res, now: Now, body: MicrosoftAppBody) -> MicrosoftAppAnswer:
    """Use this Entra application for the workspace in place of the deployment's.

    Sign-ins belong to an application: with another client id everybody signs in again.
    """
    told = await app_check.configure(session, resources, body.application(), now=now)
    return MicrosoftAppAnswer.model_validate(told)


@router.delete(
    "", operation_id="microsoft_app.delete", summary="Remove the Microsoft application", status_code=204
)
async def delete_app(session: Session, resources: Res, now: Now) -> Response:
    """Forget the workspace's own application; the deployment's is used instead."""
    await app_check.remove(session, resources, now=now)
    return Response(status_code=204)


@router.post(
    "/check",
    operation_id="microsoft_app.check",
    summary="Check the Microsoft application",
    responses=problems(MicrosoftAppMissing, ServiceUnavailable),
)
async def check_app(resources: Res, workspace: WorkspaceId, now: Now) -> ChecksAnswer:
    """Try the application that serves the workspace, and say which step fails and how to mend it."""
    return ChecksAnswer.model_validate(await app_check.try_out(resources, workspace, now=now))
