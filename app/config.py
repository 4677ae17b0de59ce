"""What the environment says: every setting of the service, each read once, at the start of a process."""

from typing import Annotated, Literal, Self

from pydantic import BeforeValidator, Field, SecretStr, ValidationError, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

PREFIX = "CONCORD_"
DEVELOPMENT_ONLY = (
    "microsoft_graph_url",
    "microsoft_authority",
    "microsoft_ca",
    "microsoft_browser_url",
    "clock_url",
)


class SettingsError(Exception):
    """The environment lacks a setting or holds a wrong one; the message names each variable."""


def for_asyncpg(url: object) -> object:
    """Return a PostgreSQL URL with the driver that we use, however the operator wrote it."""
    if isinstance(url, str) and "://" in url:
        scheme, rest = url.split("://", 1)
        if scheme in {"postgres", "postgresql"}:
            return f"postgresql+asyncpg://{rest}"
    return url


DatabaseUrl = Annotated[str, Field(pattern=r"^postgresql\+asyncpg://"), BeforeValidator(for_asyncpg)]
HttpUrl = Annotated[str, Field(pattern=r"^https?://[^/]+"), BeforeValidator(lambda url: str(url).rstrip("/"))]


class Settings(BaseSettings):
    """The service's settings; the variable of each is its name in capitals after ``CONCORD_``."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, env_ignore_empty=True, frozen=True, extra="ignore")

    database_url: DatabaseUrl = Field(
        repr=False, description="PostgreSQL as the role `concord_app`: the API and the worker."
    )
    database_sweep_url: DatabaseUrl = Field(
        repr=False,
        description="PostgreSQL as the role `concord_sweep`: here the worker looks for any workspace's work.",
    )
    database_owner_url: DatabaseUrl | None = Field(
        repr=False,
        default=None,
        description="PostgreSQL as the role `concord_owner`: `concord migrate` only.",
    )
    redis_url: str = Field(
        repr=False,
        pattern=r"^(rediss?|unix)://",
        description="Redis: the queue, rate limits and caches. Holds nothing that is needed to recover.",
    )
    keys: SecretStr = Field(
        description="The key ring, `id:base64key,…`: the first seals, all open. See `concord keys`."
    )
    operator_key: SecretStr = Field(description="The credential that manages workspaces.", min_length=16)
    public_url: HttpUrl = Field(description="Where browsers, CRMs and Microsoft reach this service.")

    microsoft_client_id: str | None = Field(
        default=None, description="The deployment's own Entra application, for workspaces without one."
    )
    microsoft_client_secret: SecretStr | None = Field(default=None, description="Its client secret.")
    microsoft_tenant: str = Field(
        default="common",
        description="Who may sign in: `common`, `organizations`, `consumers` or a tenant's id.",
    )
    microsoft_cloud: Literal["global", "us_gov", "us_gov_dod", "china"] = Field(
        default="global", description="The Microsoft cloud of that application."
    )

    log_level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", description="The least severity that is logged."
    )
    log_format: Literal["json", "console"] = Field(
        default="json", description="One JSON object a line, or lines for a person."
    )

    worker_metrics_port: int | None = Field(
        default=None,
        ge=1,
        le=65535,
        description="The worker serves its `/metrics` on this port, if one is given.",
    )

    development: bool = Field(
        default=False,
        description="Allows webhooks and return URLs on loopback, and what is below. Never in production.",
    )
    microsoft_graph_url: HttpUrl | None = Field(
        default=None, description="Another Graph than Microsoft's, without the version. Development only."
    )
    microsoft_authority: HttpUrl | None = Field(
        default=None, description="Another sign-in authority (https), without the tenant. Development only."
    )
    microsoft_ca: str | None = Field(
        default=None,
        description="The path of a CA certificate that vouches for that authority. Development only.",
    )
    microsoft_browser_url: HttpUrl | None = Field(
        default=None,
        description="The base at which a person's browser opens that authority's pages. Development only.",
    )
    clock_url: HttpUrl | None = Field(
        default=None, description="A clock to follow in place of the machine's. Development only."
    )

    @model_validator(mode="after")
    def _development_settings_stay_there(self) -> Self:
        stray = [name for name in DEVELOPMENT_ONLY if getattr(self, name) is not None]
        if stray and not self.development:
            raise ValueError(f"{', '.join(map(variable, stray))}: only with {variable('development')}=true")
        return self

    @classmethod
    def read(cls) -> Self:
        """Read the environment; name each variable that is missing or wrong, never its value."""
        try:
            return cls()
        except ValidationError as error:
            raise SettingsError(explain(error)) from None


def variable(setting: str) -> str:
    """Return the environment variable of a setting."""
    return f"{PREFIX}{setting.upper()}"


def explain(error: ValidationError) -> str:
    """Name each variable at fault and say what is wrong with it."""
    lines = []
    for fault in error.errors(include_url=False, include_context=False, include_input=False):
        if not fault["loc"]:
            lines.append(fault["msg"].removeprefix("Value error, "))
        elif fault["type"] == "missing":
            lines.append(f"{variable(str(fault['loc'][0]))} is not set")
        else:
            lines.append(f"{variable(str(fault['loc'][0]))}: {fault['msg']}")
    return "; ".join(lines) + ". See docs/settings.md."
