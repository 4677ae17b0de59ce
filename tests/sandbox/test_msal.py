"""Microsoft's own library, unmodified, over HTTPS: it must not notice where it is."""

import warnings
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import msal
import pytest
import requests
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID
from sandbox_process import CLIENT, REDIRECT, SECRET, Process, sandbox_process

pytestmark = pytest.mark.feature("A1")
ADELE = "adele@contoso.example"
SCOPES = ["User.Read", "Contacts.ReadWrite"]
DEFAULT = ["https://graph.microsoft.com/.default"]


@pytest.fixture(scope="module")
def microsoft(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Process]:
    with sandbox_process(tmp_path_factory.mktemp("sandbox")) as process:
        yield process


@pytest.fixture
def transport(microsoft: Process) -> Iterator[requests.Session]:
    with requests.Session() as session:
        session.trust_env, session.verify = False, str(microsoft.ca)
        yield session


@pytest.fixture
def library(microsoft: Process, transport: requests.Session):
    def make(
        tenant: str = "common", credential: Any = SECRET, client_id: str = CLIENT
    ) -> msal.ConfidentialClientApplication:
        return msal.ConfidentialClientApplication(
            client_id,
            client_credential=credential,
            authority=f"{microsoft.authority}/{tenant}",
            instance_discovery=False,
            http_client=transport,
        )

    return make


def begin(app: msal.ConfidentialClientApplication) -> dict[str, Any]:
    with warnings.catch_warnings():
        # MSAL would rather have the answer by form_post; a redirect with a query is what we test.
        warnings.filterwarnings("ignore", message=".*response_mode.*")
        return app.initiate_auth_code_flow(SCOPES, redirect_uri=REDIRECT, login_hint=ADELE)


def signed_in(microsoft: Process, flow: dict[str, Any], **order: Any) -> dict[str, str]:
    body = {"authorize_url": flow["auth_uri"], "mail": ADELE, "grant": "all"} | order
    location = microsoft.control("sign-in", **body)["location"]
    return {name: values[0] for name, values in parse_qs(urlsplit(location).query).items()}


def me(microsoft: Process, token: str) -> httpx.Response:
    return microsoft.http.get("/v1.0/me", headers={"Authorization": f"Bearer {token}"})


def test_a_person_signs_in_with_pkce_and_nonce(microsoft: Process, library):
    app = library()
    flow = begin(app)
    answer = app.acquire_token_by_auth_code_flow(flow, signed_in(microsoft, flow))

    assert "code_challenge=" in flow["auth_uri"]
    assert answer["id_token_claims"]["preferred_username"] == ADELE
    assert me(microsoft, answer["access_token"]).json()["mail"] == ADELE
    assert app.get_accounts()[0]["username"] == ADELE


def test_another_nonce_than_ours_is_noticed(microsoft: Process, library):
    app = library()
    flow = begin(app)
    told = signed_in(microsoft, flow)

    with pytest.raises(RuntimeError, match="nonce"):
        app.acquire_token_by_auth_code_flow(flow | {"nonce": "another"}, told)


def test_another_verifier_than_ours_is_refused(microsoft: Process, library):
    app = library()
    flow = begin(app)
    told = signed_in(microsoft, flow)
    answer = app.acquire_token_by_auth_code_flow(flow | {"code_verifier": "x" * 50}, told)

    assert (answer["error"], answer["error_codes"]) == ("invalid_grant", [501481])


def test_declining_arrives_as_an_error(microsoft: Process, library):
    app = library()
    flow = begin(app)
    answer = app.acquire_token_by_auth_code_flow(flow, signed_in(microsoft, flow, grant="decline"))

    assert answer["error"] == "access_denied"
    assert "AADSTS65004" in answer["error_description"]


@pytest.mark.lesson(22)
def test_refresh_tokens_rotate(microsoft: Process, library):
    app = library()
    flow = begin(app)
    first = app.acquire_token_by_auth_code_flow(flow, signed_in(microsoft, flow))
    second = library().acquire_token_by_refresh_token(first["refresh_token"], SCOPES)
    third = library().acquire_token_by_refresh_token(first["refresh_token"], SCOPES)

    assert len({answer["refresh_token"] for answer in (first, second, third)}) == 3
    assert me(microsoft, third["access_token"]).status_code == 200


@pytest.mark.feature("D7")
def test_a_revoked_grant_reads_as_invalid_grant(microsoft: Process, library):
    app = library()
    flow = begin(app)
    answer = app.acquire_token_by_auth_code_flow(flow, signed_in(microsoft, flow))
    microsoft.control("entra", mail=ADELE, refresh="invalid_grant")
    refused = library().acquire_token_by_refresh_token(answer["refresh_token"], SCOPES)
    microsoft.control("entra", mail=ADELE, refresh="ok")

    assert (refused["error"], refused["error_codes"]) == ("invalid_grant", [50173])


@pytest.mark.feature("E1")
def test_an_application_signs_in_with_its_secret(microsoft: Process, library):
    microsoft.control("apps", client_id="daemon", client_secret="right", tenant="contoso.example")
    good = library("contoso.example", "right", "daemon").acquire_token_for_client(DEFAULT)
    bad = library("contoso.example", "wrong", "daemon").acquire_token_for_client(DEFAULT)

    assert good["access_token"]
    assert (bad["error"], bad["error_codes"]) == ("invalid_client", [7000215])


@pytest.mark.feature("E1")
@pytest.mark.parametrize(
    "thumbprint", [pytest.param(False, id="PS256"), pytest.param(True, id="RS256 by SHA-1")]
)
def test_an_application_signs_in_with_its_certificate(microsoft: Process, library, thumbprint: bool):
    key, certificate = certified()
    microsoft.control("apps", client_id="daemon", certificate_pem=certificate, tenant="contoso.example")
    credential: dict[str, Any] = {"private_key": key, "public_certificate": certificate}
    if thumbprint:
        sha1 = x509.load_pem_x509_certificate(certificate.encode()).fingerprint(hashes.SHA1()).hex()
        credential = {"private_key": key, "thumbprint": sha1}
    stranger, _ = certified()
    good = library("contoso.example", credential, "daemon").acquire_token_for_client(DEFAULT)
    bad = library(
        "contoso.example", credential | {"private_key": stranger}, "daemon"
    ).acquire_token_for_client(DEFAULT)

    assert "access_token" in good, good
    assert (bad["error"], bad["error_codes"]) == ("invalid_client", [700027])


@pytest.mark.parametrize("tenant", ["common", "organizations", "consumers", "contoso.example"])
def test_every_kind_of_authority_is_discovered(microsoft: Process, library, tenant: str):
    flow = begin(library(tenant))

    assert flow["auth_uri"].startswith(f"{microsoft.authority}/")


def test_an_unknown_tenant_is_no_authority(library):
    with pytest.raises(ValueError, match="nowhere"):
        library("nowhere.example")


def certified() -> tuple[str, str]:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "concord")])
    start = datetime.now(UTC) - timedelta(days=1)
    certificate = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(1).not_valid_before(start).not_valid_after(start + timedelta(days=30))
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return private.decode(), certificate.public_bytes(serialization.Encoding.PEM).decode()
