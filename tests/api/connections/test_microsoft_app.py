"""The workspace's own Entra application: configured, never shown again, checked step by step."""

from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from cryptography.x509.oid import NameOID
from sqlalchemy import select

from app.models import MicrosoftApp

PATH = "/v1/workspace/microsoft-app"
CALLBACK = "http://127.0.0.1:8000/oauth/callback"
KEY = rsa.generate_private_key(65537, 2048)


def pem(key=KEY, encryption=None):
    form = Encoding.PEM, PrivateFormat.PKCS8, encryption or NoEncryption()
    return key.private_bytes(*form).decode()


def certificate(*, days=365, key=KEY):
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "concord")])
    now = datetime.now(UTC)
    built = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    built = built.serial_number(1).not_valid_before(now - timedelta(days=400))
    return (
        built.not_valid_after(now + timedelta(days=days))
        .sign(key, SHA256())
        .public_bytes(Encoding.PEM)
        .decode()
    )


@pytest.fixture
async def tenant(microsoft):
    """A tenant of its own whose administrator has approved nothing yet."""
    mail = await microsoft.person()
    return mail.partition("@")[2], mail


async def register(microsoft, client_id, **app):
    await microsoft.control("apps", client_id=client_id, **{"redirect_uris": [CALLBACK], **app})


def checks(told):
    return {one["check"]: one["ok"] for one in told["checks"]}


async def test_without_one_of_its_own_there_is_nothing_to_show(office):
    told = await office.call("GET", PATH, expect=404)

    assert told["type"] == "/problems/microsoft-app-not-found"


@pytest.mark.feature("E1")
async def test_a_secret_never_comes_back(office):
    body = {"client_id": "own", "client_secret": "do not tell", "tenant": "contoso.example"}
    shown = await office.call("PUT", PATH, json=body)

    assert shown == {
        "client_id": "own",
        "tenant": "contoso.example",
        "cloud": "global",
        "credential": {"kind": "secret", "thumbprint": None, "expires_at": None},
        "state": "unchecked",
        "problem": None,
    }
    assert await office.call("GET", PATH) == shown
    async with office.resources.db.transaction(office.workspace["id"]) as session:
        assert b"do not tell" not in (await session.scalars(select(MicrosoftApp))).one().sealed


async def test_what_get_returns_can_be_put_back_with_the_secret(office):
    body = {"client_id": "own", "client_secret": "s"}
    shown = await office.call("PUT", PATH, json=body)

    assert await office.call("PUT", PATH, json={**shown, "client_secret": "s"}) == shown


@pytest.mark.feature("E1")
async def test_a_certificate_shows_its_thumbprint_and_expiry(office):
    body = {"client_id": "own", "certificate_pem": certificate(), "private_key_pem": pem()}
    shown = await office.call("PUT", PATH, json=body)

    credential = shown["credential"]
    assert credential["kind"] == "certificate"
    assert len(credential["thumbprint"]) == 64
    assert credential["expires_at"] > datetime.now(UTC).isoformat()


OTHER = rsa.generate_private_key(65537, 2048)
BAD = [
    pytest.param({"client_secret": None}, "", id="no credential"),
    pytest.param({"certificate_pem": "x"}, "", id="two credentials"),
    pytest.param(
        {"client_secret": None, "certificate_pem": certificate()}, "", id="a certificate without its key"
    ),
    pytest.param(
        {"client_secret": None, "certificate_pem": "nonsense", "private_key_pem": pem()},
        "/certificate_pem",
        id="no certificate",
    ),
    pytest.param(
        {"client_secret": None, "certificate_pem": certificate(), "private_key_pem": "nonsense"},
        "/private_key_pem",
        id="no key",
    ),
    pytest.param(
        {"client_secret": None, "certificate_pem": certificate(), "private_key_pem": pem(OTHER)},
        "/private_key_pem",
        id="another certificate's key",
    ),
    pytest.param(
        {
            "client_secret": None,
            "certificate_pem": certificate(),
            "private_key_pem": pem(encryption=BestAvailableEncryption(b"x")),
        },
        "/private_key_pem",
        id="an encrypted key",
    ),
    pytest.param({"cloud": "germany"}, "/cloud", id="a cloud that was closed"),
    pytest.param({"tenant": "a/b"}, "/tenant", id="no tenant"),
    pytest.param({"hobby": "chess"}, "/hobby", id="an unknown field"),
]


@pytest.mark.parametrize(("change", "pointer"), BAD)
async def test_bad_input_is_named(office, change, pointer):
    body = {"client_id": "own", "client_secret": "s", **change}
    told = await office.call("PUT", PATH, json={n: v for n, v in body.items() if v is not None}, expect=422)

    assert pointer in {error["pointer"] for error in told["errors"]}
    await office.call("GET", PATH, expect=404)


@pytest.mark.feature("E1")
async def test_people_sign_in_to_the_workspaces_own_application(office, microsoft, tenant):
    domain, mail = tenant
    await register(microsoft, "own-certificate", certificate_pem=certificate())
    body = {"certificate_pem": certificate(), "private_key_pem": pem(), "tenant": domain}
    await register(microsoft, "own-cert", certificate_pem=body["certificate_pem"])
    await office.call("PUT", PATH, json={"client_id": "own-cert", **body})

    made = await office.asks(mail)
    assert f"/{domain}/oauth2/v2.0/authorize?client_id=own-cert&" in made["authorize_url"]
    await office.signs_in(made["authorize_url"], mail)

    assert (await office.shows(made["id"]))["status"] == "active"


@pytest.mark.feature("E1")
async def test_a_check_of_the_deployments_application_passes(office):
    told = await office.call("POST", f"{PATH}/check")

    assert told["ok"] is True
    assert checks(told) == {"authority": True, "credential": True, "redirect_uri": True, "permissions": True}


@pytest.mark.feature("E1")
@pytest.mark.parametrize("shared", [True, False], ids=["a shared tenant", "a tenant of its own"])
@pytest.mark.parametrize(
    ("registered", "put", "wrong", "mend"),
    [
        pytest.param({}, {}, None, "", id="all is well"),
        pytest.param({}, {"client_secret": "old"}, "credential", "current secret", id="a wrong secret"),
        pytest.param(
            {"client_secret_expires_at": "2020-01-01T00:00:00Z"},
            {},
            "credential",
            "expired",
            id="an expired secret",
        ),
        pytest.param({"redirect_uris": []}, {}, "redirect_uri", CALLBACK, id="no redirect URI"),
    ],
)
async def test_a_check_says_which_step_fails(office, microsoft, tenant, registered, put, wrong, mend, shared):
    domain, _ = tenant
    await register(microsoft, "checked", **{"client_secret": "good", **registered})
    await office.call(
        "PUT",
        PATH,
        json={
            "client_id": "checked",
            "client_secret": "good",
            "tenant": "common" if shared else domain,
            **put,
        },
    )
    told = await office.call("POST", f"{PATH}/check")

    failed = {one["check"]: one["detail"] for one in told["checks"] if not one["ok"]}
    if wrong == "redirect_uri":
        failed.pop("permissions", None)  # Microsoft says nothing to whom it won't send back
    assert set(failed) == ({wrong} if wrong else set())
    assert mend in failed.get(wrong, "")
    shown = await office.call("GET", PATH)
    assert shown["state"] == ("invalid" if wrong else "ok")
    assert (shown["problem"] is None) == (wrong is None)


async def test_a_check_of_an_unknown_tenant_says_so(office):
    await office.call("PUT", PATH, json={"client_id": "x", "client_secret": "y", "tenant": "nowhere.example"})
    told = await office.call("POST", f"{PATH}/check")

    assert not any(checks(told).values())
    assert "nowhere.example" in told["checks"][0]["detail"]


async def test_a_check_while_microsoft_is_away_says_to_try_later(office, microsoft):
    match = {"method": "GET", "path": "*openid-configuration"}
    await microsoft.control("faults", match=match, times=1, fault={"status": 503, "retry_after": 2})
    told = await office.call("POST", f"{PATH}/check", expect=503)

    assert told["type"] == "/problems/service-unavailable"


@pytest.mark.parametrize(
    ("days", "state", "slug"),
    [
        pytest.param(365, "ok", None, id="good for a year"),
        pytest.param(20, "expiring", "app-secret-expiring", id="expires soon"),
    ],
)
async def test_a_certificate_that_expires_is_announced_beforehand(office, microsoft, days, state, slug):
    good = certificate(days=days)
    await register(microsoft, "expires", certificate_pem=good)
    await office.call(
        "PUT", PATH, json={"client_id": "expires", "certificate_pem": good, "private_key_pem": pem()}
    )
    await office.call("POST", f"{PATH}/check")
    shown = await office.call("GET", PATH)

    assert shown["state"] == state
    assert (shown["problem"] or {}).get("type") == (f"/problems/{slug}" if slug else None)


async def test_with_no_application_at_all_connecting_says_so(microsoft_settings, microsoft, opened_office):
    nothing = {"microsoft_client_id": None, "microsoft_client_secret": None}
    async with opened_office(microsoft_settings.model_copy(update=nothing), microsoft) as found:
        office = await found()
        told = await office.asks(None, expect=409)
        checked = await office.call("POST", f"{PATH}/check", expect=409)

    assert told["type"] == checked["type"] == "/problems/microsoft-app-missing"
