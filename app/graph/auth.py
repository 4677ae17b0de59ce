"""Signing people in and keeping them signed in: authorization code with PKCE and nonce, refresh. By MSAL.

MSAL is synchronous and runs in a thread. Its own token cache is not used: with scopes that come back
re-prefixed it never hits, so the token and its expiry are kept by ``app/sync/tokens.py``.
"""

import asyncio
import warnings
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final, Self
from urllib.parse import urlencode

from msal.oauth2cli.oidc import Client

from app.config import Settings
from app.errors import Refused, Unavailable
from app.graph import scopes
from app.graph.entra import PERSONAL_TENANT, SHARED_TENANTS, SOON, Application, Entra
from app.graph.refusals import refusal

# The answer must come as a GET that also works across sites without cookies; the code is single-use and
# bound to the verifier. MSAL would rather have it posted and says so each time.
warnings.filterwarnings("ignore", message="response_mode='form_post'", category=UserWarning)

OIDC: Final = ("openid", "profile", "offline_access")
Flow = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Grant:
    """What Microsoft gave: a token for now, one to get more, and the permissions that they carry."""

    access_token: str = field(repr=False)
    expires_at: datetime
    refresh_token: str | None = field(repr=False)
    scopes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SignedIn:
    """Who signed in, as the checked id token says; (tenant, oid) is the identity, the rest is for show."""

    grant: Grant
    tenant_id: str
    oid: str
    name: str | None
    username: str | None


@dataclass(frozen=True, slots=True)
class Microsoft:
    """Microsoft's sign-in as this deployment uses it: any application of any cloud, back to one address."""

    entra: Entra
    redirect_uri: str
    default: Application | None = None

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """Read the settings; the deployment's own application serves workspaces that have none."""
        client_id, secret = settings.microsoft_client_id, settings.microsoft_client_secret
        default = None
        if client_id is not None and secret is not None:
            default = Application(
                client_id, settings.microsoft_tenant, settings.microsoft_cloud, secret.get_secret_value()
            )
        return cls(Entra.of(settings), f"{settings.public_url}/oauth/callback", default)

    def begin(
        self,
        application: Application,
        *,
        asks: Iterable[str],
        state: str,
        login_hint: str | None = None,
        choose_account: bool = False,
    ) -> Flow:
        """Return a sign-in to be kept until its answer comes; ``auth_uri`` is where it begins. No network.

        No prompt is forced, since ``consent`` locks people out of organisations whose administrator
        consented for all; ``choose_account`` only keeps a browser from going on as the wrong person.
        """
        pages = f"{self.entra.pages(application.cloud)}/{application.tenant}/oauth2/v2.0"
        client = Client({"authorization_endpoint": f"{pages}/authorize"}, application.client_id)
        flow: Flow = client.initiate_auth_code_flow(
            scope=[*scopes.at(application.graph_host, asks), *OIDC],
            redirect_uri=self.redirect_uri,
            state=state,
            login_hint=login_hint,
            prompt="select_account" if choose_account else None,
        )
        return flow

    def admin_consent_url(
        self,
        application: Application,
        *,
        tenant: str | None,
        asks: Iterable[str],
        state: str,
    ) -> str:
        """Return the page on which an administrator approves these permissions for the whole organisation.

        https://learn.microsoft.com/en-us/entra/identity-platform/v2-admin-consent
        """
        named = tenant or application.tenant
        query = {
            "client_id": application.client_id,
            "scope": " ".join(scopes.at(application.graph_host, asks)),
            "redirect_uri": self.redirect_uri,
            "state": state,
        }
        where = "organizations" if named in SHARED_TENANTS else named
        return f"{self.entra.pages(application.cloud)}/{where}/v2.0/adminconsent?{urlencode(query)}"

    async def redeem(
        self, application: Application, flow: Flow, answer: Mapping[str, str], *, now: datetime
    ) -> SignedIn:
        """Turn the code that came back into tokens, and check whose they are. Raises an Interruption."""
        given = await asyncio.to_thread(self._redeem, application, dict(flow), dict(answer))
        claims = self._checked(application, given.get("id_token_claims") or {})
        return SignedIn(
            grant=_grant(given, now=now),
            tenant_id=str(claims["tid"]),
            oid=str(claims["oid"]),
            name=claims.get("name"),
            username=claims.get("preferred_username"),
        )

    async def refresh(
        self, application: Application, refresh_token: str, *, granted: Iterable[str], now: datetime
    ) -> Grant:
        """Get a fresh access token, and the refresh token that replaces this one."""
        asks = scopes.at(application.graph_host, scopes.known_among(granted))
        given = await asyncio.to_thread(self._refresh, application, refresh_token, asks)
        return _grant(given, now=now)

    def _redeem(self, application: Application, flow: Flow, answer: dict[str, str]) -> dict[str, Any]:
        try:
            with self.entra.client(application) as client:
                return _accepted(client.acquire_token_by_auth_code_flow(flow, answer))
        except (ValueError, RuntimeError) as error:  # MSAL's words for another state, another nonce, no JSON
            raise Refused("The sign-in's answer is not ours.", problem="sign-in-needed") from error

    def _refresh(self, application: Application, refresh_token: str, asks: list[str]) -> dict[str, Any]:
        try:
            with self.entra.client(application) as client:
                return _accepted(client.acquire_token_by_refresh_token(refresh_token, asks))
        except ValueError as error:
            raise Unavailable("Entra's answer is not JSON.", after=SOON) from error

    def _checked(self, application: Application, claims: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return the claims if this id token is for us, from this authority and of a tenant we may serve.

        It came straight from the token endpoint over TLS, which stands for its signature (OpenID Connect Core
        3.1.3.7); MSAL has compared the nonce, and checks nothing else.
        """
        tenant, oid = claims.get("tid"), claims.get("oid")
        issuer = f"{self.entra.authority(application.cloud)}/{tenant}/v2.0"
        ours = claims.get("aud") == application.client_id and claims.get("iss") == issuer
        if not (tenant and oid and ours and _serves(application.tenant, str(tenant))):
            raise Refused(
                "The account's proof of identity is not for this application.", problem="sign-in-needed"
            )
        return claims


def _serves(allowed: str, tenant: str) -> bool:
    """Say whether people of a tenant may sign in where ``allowed`` stands in the authority's address."""
    match allowed.casefold():
        case "common":
            return True
        case "organizations":
            return tenant != PERSONAL_TENANT
        case "consumers":
            return tenant == PERSONAL_TENANT
        case domain if "." in domain:
            return True  # Entra resolved the domain to this tenant
        case named:
            return tenant.casefold() == named


def _accepted(given: dict[str, Any]) -> dict[str, Any]:
    if "access_token" not in given:
        raise refusal(given)
    return given


def _grant(given: Mapping[str, Any], *, now: datetime) -> Grant:
    return Grant(
        access_token=str(given["access_token"]),
        expires_at=now + timedelta(seconds=int(given.get("expires_in", 0))),
        refresh_token=given.get("refresh_token"),
        scopes=tuple(scopes.known_among(str(given.get("scope", "")).split())),
    )
