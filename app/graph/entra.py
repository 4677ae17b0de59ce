"""Entra ID as a place on the network: the clouds, an application's identity, and MSAL's way out."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final, Self

import requests
from msal import ConfidentialClientApplication, TokenCache

from app.config import Settings
from app.errors import Refused, Throttled, Unavailable
from app.graph.client import HOSTS

# https://learn.microsoft.com/en-us/entra/identity-platform/authentication-national-cloud
AUTHORITIES: Final[Mapping[str, str]] = {
    "global": "https://login.microsoftonline.com",
    "us_gov": "https://login.microsoftonline.us",
    "us_gov_dod": "https://login.microsoftonline.us",
    "china": "https://login.partner.microsoftonline.cn",
}
PERSONAL_TENANT: Final = "9188040d-6c67-4c5b-b112-36a304b66dad"
SHARED_TENANTS: Final = frozenset({"common", "organizations", "consumers"})
TIME_LIMIT: Final = (5.0, 20.0)
SOON: Final = timedelta(seconds=15)
LONGEST_WAIT: Final = 3600
TOO_MANY_REQUESTS: Final = 429
SERVER_FAILED: Final = 500


@dataclass(frozen=True, slots=True)
class Application:
    """An Entra application, with the secret or the certificate and key that prove it to Microsoft."""

    client_id: str
    tenant: str
    cloud: str
    secret: str | None = field(default=None, repr=False)
    certificate_pem: str | None = field(default=None, repr=False)
    private_key_pem: str | None = field(default=None, repr=False)

    @property
    def credential(self) -> str | dict[str, str]:
        """What MSAL proves the application by."""
        if self.secret is not None:
            return self.secret
        return {
            "private_key": self.private_key_pem or "",
            "public_certificate": self.certificate_pem or "",
        }

    @property
    def graph_host(self) -> str:
        """The Graph that its permissions are for."""
        return HOSTS[self.cloud]


class Transport(requests.Session):
    """MSAL's own transport: nothing of the environment, a time limit, no cookies, typed failures."""

    def __init__(self, ca: str | None) -> None:
        super().__init__()
        self.trust_env = False
        self.verify = ca or True

    def request(self, method: str | bytes, url: str | bytes, *args: Any, **kwargs: Any) -> requests.Response:
        """Send a request; raise where Microsoft did not answer, or only asked for patience."""
        kwargs.setdefault("timeout", TIME_LIMIT)
        try:
            response = super().request(method, url, *args, **kwargs)
        except requests.RequestException as error:
            raise Unavailable(f"Entra can't be reached: {type(error).__name__}", after=SOON) from error
        finally:
            self.cookies.clear()
        if response.status_code == TOO_MANY_REQUESTS:
            raise Throttled("Entra asked for patience.", after=_wait(response))
        if response.status_code >= SERVER_FAILED:
            raise Unavailable(f"Entra answered {response.status_code}.", after=_wait(response))
        return response


class Forgetful(TokenCache):  # type: ignore[misc]  # msal has no types
    """A token cache that keeps nothing: tokens are sealed in PostgreSQL, each with its connection."""

    def add(self, event: Mapping[str, Any], now: float | None = None) -> None:
        """Forget the tokens at once."""


@dataclass(frozen=True, slots=True)
class Entra:
    """Where Entra is: Microsoft's clouds, or what stands in for them in development."""

    authority_override: str | None = None
    browser_override: str | None = None
    ca: str | None = None

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """Read the development settings."""
        return cls(settings.microsoft_authority, settings.microsoft_browser_url, settings.microsoft_ca)

    def authority(self, cloud: str) -> str:
        """Return the base at which we reach Entra."""
        return self.authority_override or AUTHORITIES[cloud]

    def pages(self, cloud: str) -> str:
        """Return the base at which a person's browser reaches Entra."""
        return self.browser_override or self.authority(cloud)

    @contextmanager
    def client(self, application: Application) -> Iterator[ConfidentialClientApplication]:
        """Yield MSAL's client of an application, made for one call. Blocks: use it in a thread.

        Quirk: a client that lives on keeps every person's tokens, and answers a refused grant from memory
        for a minute without asking again, also after it was mended. One more discovery request an hour and
        mailbox is cheaper than that. ``instance_discovery``: the hosts are ours to name, nobody is asked.
        """
        with Transport(self.ca) as transport:
            try:
                client = ConfidentialClientApplication(
                    application.client_id,
                    client_credential=application.credential,
                    authority=f"{self.authority(application.cloud)}/{application.tenant}",
                    instance_discovery=False,
                    azure_region=ConfidentialClientApplication.DISABLE_MSAL_FORCE_REGION,
                    http_client=transport,
                    token_cache=Forgetful(),
                )
            except ValueError as error:  # MSAL's word for a discovery that was answered with 4xx
                reason = f"Microsoft does not know the tenant {application.tenant}."
                raise Refused(reason, problem="operator-needed") from error
            yield client


def _wait(response: requests.Response) -> timedelta:
    told = response.headers.get("retry-after", "")
    return timedelta(seconds=min(int(told), LONGEST_WAIT)) if told.isdecimal() else SOON
