"""Check that a token request comes from the application it names, by secret or certificate (facts §9.6)."""

import base64
from collections.abc import Mapping
from datetime import datetime

import jwt
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from sandbox.directory import App
from sandbox.entra.authority import Authority
from sandbox.entra.refusals import Refusal

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
ALGORITHMS = ["PS256", "RS256"]


def authenticate(app: App, form: Mapping[str, str], *, authority: Authority, at: datetime) -> None:
    """Raise unless the request proves to be the application's own."""
    if form.get("client_assertion"):
        return _check_assertion(app, form, authority)
    if form.get("client_secret"):
        return _check_secret(app, form["client_secret"], at)
    if app.secrets or app.certificates:
        raise Refusal(7000218)
    return None


def _check_secret(app: App, secret: str, at: datetime) -> None:
    if not app.secrets and not app.certificates:
        raise Refusal(700025)
    for known in app.secrets:
        if known.value == secret:
            if known.expires_at is not None and known.expires_at <= at:
                raise Refusal(7000222, app=app.client_id)
            return
    raise Refusal(7000215, app=app.client_id)


def _check_assertion(app: App, form: Mapping[str, str], authority: Authority) -> None:
    if form.get("client_assertion_type") != ASSERTION_TYPE:
        raise Refusal(900144, parameter="client_assertion_type")
    assertion = form["client_assertion"]
    key = _key_of(app, assertion)
    try:
        # The machine's time, not the sandbox's: the library that made the assertion knows no other.
        claims = jwt.decode(
            assertion,
            key,
            algorithms=ALGORITHMS,
            options={"verify_aud": False, "require": ["exp", "iss", "sub"]},
        )
    except (jwt.ExpiredSignatureError, jwt.ImmatureSignatureError):
        raise Refusal(700024) from None
    except jwt.InvalidTokenError as error:
        raise Refusal(700027, app=app.client_id, why=f"{error}.") from None
    if not claims["iss"] == claims["sub"] == app.client_id:
        raise Refusal(700027, app=app.client_id, why="issuer and subject must be its id.")
    named = claims.get("aud")
    if not _audiences(authority).intersection(map(str, named if isinstance(named, list) else [named])):
        raise Refusal(700023)


def _audiences(authority: Authority) -> set[str]:
    names = {authority.name} | ({authority.tenant.domain} if authority.tenant else set())
    return {f"{authority.base}/{name}/{end}" for name in names for end in ("oauth2/v2.0/token", "v2.0")}


def _key_of(app: App, assertion: str) -> RSAPublicKey:
    try:
        header = jwt.get_unverified_header(assertion)
    except jwt.InvalidTokenError:
        raise Refusal(50027) from None
    for certificate in app.certificates:
        parsed = x509.load_pem_x509_certificate(certificate.encode())
        key = parsed.public_key()
        if isinstance(key, RSAPublicKey) and _named_by(header, parsed):
            return key
    raise Refusal(700027, app=app.client_id, why="no registered key has the thumbprint it names.")


def _named_by(header: Mapping[str, str], certificate: x509.Certificate) -> bool:
    """Compare thumbprints. Quirk: MSAL for Python leaves the padding on, others take it off; both will do."""
    thumbprints = {
        "x5t": certificate.fingerprint(hashes.SHA1()),  # noqa: S303
        "x5t#S256": certificate.fingerprint(hashes.SHA256()),
    }
    return any(str(header.get(name, "")).rstrip("=") == _base64(raw) for name, raw in thumbprints.items())


def _base64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
