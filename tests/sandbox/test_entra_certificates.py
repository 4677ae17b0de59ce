"""Applications that prove themselves by a certificate."""

import time
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID
from entra_stage import (
    ASSERTION_TYPE,
    DEFAULT,
    Entra,
    refusal,
)

pytestmark = pytest.mark.feature("E1")


KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
STRANGER = rsa.generate_private_key(public_exponent=65537, key_size=2048)


def certificate(key: rsa.RSAPrivateKey) -> x509.Certificate:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "concord")])
    made = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    start = datetime.now(UTC) - timedelta(days=1)
    dated = made.serial_number(1).not_valid_before(start).not_valid_after(start + timedelta(days=30))
    return dated.sign(key, hashes.SHA256())


def pem(made: x509.Certificate) -> str:
    return made.public_bytes(serialization.Encoding.PEM).decode()


CERTIFICATE = certificate(KEY)


def assertion(
    *, key: rsa.RSAPrivateKey = KEY, algorithm: str = "PS256", header: str = "x5t#S256", **changes: Any
) -> str:
    kind = hashes.SHA256() if header == "x5t#S256" else hashes.SHA1()
    thumbprint = jwt.utils.base64url_encode(CERTIFICATE.fingerprint(kind)).decode()
    now = int(time.time())
    claims = {
        "aud": "http://localhost/contoso.example/oauth2/v2.0/token", "iss": "certified", "sub": "certified",
        "jti": "1", "nbf": now - 5, "iat": now, "exp": now + 300,
    } | changes  # fmt: skip
    return jwt.encode(claims, key, algorithm=algorithm, headers={header: thumbprint})


async def by_certificate(entra: Entra, made: str, **changes: str):
    await entra.control(
        "apps", client_id="certified", certificate_pem=pem(CERTIFICATE), tenant="contoso.example"
    )
    form = {
        "client_id": "certified", "client_secret": None, "grant_type": "client_credentials", "scope": DEFAULT,
        "client_assertion_type": ASSERTION_TYPE, "client_assertion": made,
    } | changes  # fmt: skip
    return await entra.token("contoso.example", **form)


@pytest.mark.parametrize("algorithm", [pytest.param("PS256", id="PS256"), pytest.param("RS256", id="RS256")])
@pytest.mark.parametrize("header", [pytest.param("x5t", id="x5t"), pytest.param("x5t#S256", id="x5t-S256")])
async def test_a_certificate_proves_the_application(entra: Entra, algorithm: str, header: str):
    answer = await by_certificate(entra, assertion(algorithm=algorithm, header=header))

    assert answer.status_code == 200, answer.text


LONG_AGO = int(time.time()) - 4000
ASSERTIONS = [
    pytest.param(lambda: assertion(key=STRANGER), {}, 700027, id="signed by a stranger"),
    pytest.param(lambda: assertion(header="kid"), {}, 700027, id="no thumbprint"),
    pytest.param(lambda: assertion(iss="another"), {}, 700027, id="another issuer"),
    pytest.param(lambda: assertion(aud="https://login.example/token"), {}, 700023, id="another audience"),
    pytest.param(lambda: assertion(aud=[{"not": "a name"}]), {}, 700023, id="no audience worth the name"),
    pytest.param(lambda: assertion(exp=LONG_AGO), {}, 700024, id="over"),
    pytest.param(lambda: "no.jwt", {}, 50027, id="no JWT at all"),
]


@pytest.mark.parametrize(("made", "changes", "code"), ASSERTIONS)
async def test_a_bad_assertion_is_refused(entra: Entra, made: Any, changes: dict[str, str], code: int):
    assert refusal(await by_certificate(entra, made(), **changes)) == (401, "invalid_client", code)


async def test_an_assertion_needs_its_type(entra: Entra):
    refused = await by_certificate(entra, assertion(), client_assertion_type="jwt")

    assert refusal(refused) == (400, "invalid_request", 900144)
