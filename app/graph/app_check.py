"""Trying an Entra application out: which of the four things that it needs is wrong, and how to mend it.

Nobody signs in for it: what Microsoft refuses, and with which words, is telling enough.
"""

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import parse_qsl, urlencode, urlsplit

import requests
from msal import ConfidentialClientApplication

from app.graph import scopes
from app.graph.auth import Microsoft
from app.graph.entra import SHARED_TENANTS, Application, Transport
from app.graph.refusals import numbers, worded

NOT_REGISTERED: Final = frozenset({50011})
UNKNOWN_APPLICATION: Final = frozenset({700016})
# What a silent attempt is told when all is well but nobody is signed in.
HARMLESS: Final = frozenset({"login_required", "interaction_required", "consent_required"})
BAD_REQUEST: Final = 400
AFTER_AUTHORITY: Final = ("credential", "redirect_uri", "permissions")
NOT_TRIED: Final = "Not tried: Microsoft doesn't know the tenant."


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was tried, and what came of it; the detail says how to mend it."""

    check: str
    ok: bool
    detail: str


async def check(
    microsoft: Microsoft, application: Application, *, entities: Iterable[str], state: str
) -> list[Check]:
    """Try the application's authority, credential, redirect URI and permissions. Raises an Interruption."""
    asks = scopes.asked_for(entities)
    return await asyncio.to_thread(_check, microsoft, application, asks, state)


def _check(microsoft: Microsoft, application: Application, asks: list[str], state: str) -> list[Check]:
    with Transport(microsoft.entra.ca) as transport:
        authority = _authority(microsoft, application, transport)
        if not authority.ok:
            skipped = "Not tried: Microsoft doesn't know the tenant."
            rest = [
                Check(name, ok=False, detail=skipped)
                for name in ("credential", "redirect_uri", "permissions")
            ]
            return [authority, *rest]
        shown = _visit(microsoft, application, transport, asks=[scopes.SIGNED_IN], state=state)
        asked = _visit(microsoft, application, transport, asks=asks, state=state)
    return [
        authority,
        _credential(microsoft, application),
        _redirect_uri(microsoft, application, shown),
        _permissions(asks, asked),
    ]


def _authority(microsoft: Microsoft, application: Application, transport: Transport) -> Check:
    where = f"{microsoft.entra.authority(application.cloud)}/{application.tenant}"
    answer = transport.get(f"{where}/v2.0/.well-known/openid-configuration")
    if answer.ok:
        return Check("authority", ok=True, detail=f"{where} answers.")
    detail = (
        f"Microsoft doesn't know the tenant {application.tenant} in the cloud {application.cloud}. Correct"
        " `tenant` (the directory's id or a domain of it; `common` for every organisation) or `cloud`."
    )
    return Check("authority", ok=False, detail=detail)


def _credential(microsoft: Microsoft, application: Application) -> Check:
    """Try the secret or certificate by asking for a token of the application's own.

    Quirk: at a shared tenant Entra may refuse to say whose token that would be, yet it has looked at the
    credential; then a made-up code is redeemed, which is refused for the code if the credential is good.
    """
    with microsoft.entra.client(application) as client:
        given = _own_token(client, application)
        if "access_token" not in given and given.get("error") != "invalid_client":
            given = _made_up(client)
    if given.get("error") == "invalid_client":
        mend = "Enter a current secret (its value, not its id), or a certificate that is uploaded in Entra."
        told = worded(numbers(given)) or "Microsoft refuses the secret or certificate."
        return Check("credential", ok=False, detail=f"{told} {mend}")
    if UNKNOWN_APPLICATION.intersection(numbers(given)):
        detail = "Microsoft doesn't know this client id here. Copy the application (client) id from Entra."
        return Check("credential", ok=False, detail=detail)
    kind = "secret" if application.secret is not None else "certificate"
    if given.get("error") == "invalid_request":
        detail = f"The {kind} was not refused; at a shared tenant only a sign-in tries it for good."
        return Check("credential", ok=True, detail=detail)
    return Check("credential", ok=True, detail=f"The {kind} is accepted.")


def _own_token(client: ConfidentialClientApplication, application: Application) -> Mapping[str, Any]:
    if application.tenant.casefold() in SHARED_TENANTS:
        return {}
    given: Mapping[str, Any] = client.acquire_token_for_client([f"{application.graph_host}/.default"])
    return given


def _made_up(client: ConfidentialClientApplication) -> Mapping[str, Any]:
    given: Mapping[str, Any] = client.acquire_token_by_refresh_token("made-up", [])
    return given


def _visit(
    microsoft: Microsoft,
    application: Application,
    transport: Transport,
    *,
    asks: Iterable[str],
    state: str,
) -> requests.Response:
    """Open the sign-in page as a browser would that nobody has signed in with, and ask for no page."""
    base = f"{microsoft.entra.authority(application.cloud)}/{application.tenant}/oauth2/v2.0/authorize"
    query = {
        "client_id": application.client_id,
        "response_type": "code",
        "redirect_uri": microsoft.redirect_uri,
        "scope": " ".join(["openid", *scopes.at(application.graph_host, asks)]),
        "state": state,
        "prompt": "none",
    }
    return transport.get(f"{base}?{urlencode(query)}", allow_redirects=False)


def _redirect_uri(microsoft: Microsoft, application: Application, shown: requests.Response) -> Check:
    """Judge by whether Microsoft sends the browser back: it does so only to a registered address."""
    codes = numbers({"error_description": shown.text})
    if shown.is_redirect and shown.headers["location"].startswith(microsoft.redirect_uri):
        return Check("redirect_uri", ok=True, detail=f"{microsoft.redirect_uri} is registered.")
    if UNKNOWN_APPLICATION.intersection(codes):
        return Check("redirect_uri", ok=False, detail=f"Microsoft doesn't know {application.client_id} here.")
    if NOT_REGISTERED.intersection(codes) or shown.status_code >= BAD_REQUEST:
        where = "Entra, App registrations, Authentication, platform Web"
        detail = f"{microsoft.redirect_uri} is not registered. Add it, to the letter, under {where}."
        return Check("redirect_uri", ok=False, detail=detail)
    return Check("redirect_uri", ok=True, detail="Microsoft shows its sign-in page.")


def _permissions(asks: Iterable[str], asked: requests.Response) -> Check:
    """Judge by what the sign-in page says to these permissions before anybody has signed in."""
    answer = dict(parse_qsl(urlsplit(asked.headers.get("location", "")).query))
    error = answer.get("error", "")
    names = ", ".join(asks)
    if asked.is_redirect and (not error or error in HARMLESS):
        return Check("permissions", ok=True, detail=f"These can be asked for: {names}.")
    if not asked.is_redirect and asked.status_code < BAD_REQUEST:
        return Check("permissions", ok=True, detail=f"Microsoft shows its sign-in page for: {names}.")
    told = worded(numbers(answer)) or f"Microsoft answered {error or asked.status_code}."
    mend = f"Add these delegated permissions of Microsoft Graph to the application: {names}."
    return Check("permissions", ok=False, detail=f"{told} {mend}")
