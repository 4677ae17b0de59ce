"""Discovery, and an administrator's approval for a whole organisation."""

from urllib.parse import urlencode

import pytest
from entra_stage import ADMINISTRATED, CLIENT, GRAPH, PERSONAL, REDIRECT, Entra, refusal, told

pytestmark = pytest.mark.feature("A1")


async def discovered(entra: Entra, tenant: str, **headers: str):
    answer = await entra.http.get(f"/{tenant}/v2.0/.well-known/openid-configuration", headers=headers)
    assert answer.status_code == 200, answer.text
    return answer.json()


@pytest.mark.parametrize("tenant", ["common", "organizations"])
async def test_shared_endpoints_name_the_issuer_by_a_placeholder(entra: Entra, tenant: str):
    document = await discovered(entra, tenant)

    assert document["issuer"] == "http://localhost/{tenantid}/v2.0"
    assert document["token_endpoint"] == f"http://localhost/{tenant}/oauth2/v2.0/token"


async def test_a_tenant_is_found_by_domain_and_by_id_and_named_by_id(entra: Entra):
    by_domain = await discovered(entra, "contoso.example")
    tenant_id = entra.world.directory.tenant("contoso.example").id

    assert by_domain == await discovered(entra, tenant_id)
    assert by_domain["authorization_endpoint"] == f"http://localhost/{tenant_id}/oauth2/v2.0/authorize"
    assert by_domain["issuer"] == f"http://localhost/{tenant_id}/v2.0"


async def test_consumers_are_the_tenant_of_personal_accounts(entra: Entra):
    assert "9188040d-6c67-4c5b-b112-36a304b66dad" in (await discovered(entra, "consumers"))["issuer"]


async def test_every_endpoint_is_on_the_host_that_was_asked(entra: Entra):
    document = await discovered(entra, "common", host="127.0.0.1:9999")

    endpoints = [value for name, value in document.items() if name.endswith(("_endpoint", "_uri"))]
    assert endpoints
    assert all(endpoint.startswith("http://127.0.0.1:9999/common/") for endpoint in endpoints)


@pytest.mark.parametrize("path", ["v2.0/.well-known/openid-configuration", "discovery/v2.0/keys"])
async def test_an_unknown_tenant_has_no_documents(entra: Entra, path: str):
    assert refusal(await entra.http.get(f"/nowhere.example/{path}")) == (400, "invalid_request", 90002)


async def test_approval_says_what_was_granted_and_for_whom(entra: Entra):
    granted = await entra.approve(scope=f"{GRAPH}Contacts.ReadWrite {GRAPH}User.Read")

    assert granted == {
        "admin_consent": "True",
        "tenant": entra.person(ADMINISTRATED).tenant_id,
        "scope": f"{GRAPH}Contacts.ReadWrite {GRAPH}User.Read",
        "state": "s",
    }


async def test_a_declined_approval_says_admin_consent_true_all_the_same(entra: Entra):
    declined = await entra.approve(grant="decline")

    assert (declined["admin_consent"], declined["error"], declined["state"]) == ("True", "access_denied", "s")
    assert declined["error_description"].startswith("AADSTS65004: ")
    assert (await entra.sign_in(ADMINISTRATED))["error"] == "access_denied"


async def test_the_older_endpoint_grants_what_the_registration_lists(entra: Entra):
    await entra.control("apps", client_id="listed", redirect_uris=[REDIRECT], scopes=["Mail.Read"], roles=[])
    query = urlencode({"client_id": "listed", "redirect_uri": REDIRECT, "state": "s"})
    url = f"http://localhost/fabrikam.example/adminconsent?{query}"

    declined = await entra.control("sign-in", authorize_url=url, mail=ADMINISTRATED, grant="decline")
    granted = await entra.control("sign-in", authorize_url=url, mail=ADMINISTRATED, grant="all")
    tenant_id = entra.person(ADMINISTRATED).tenant_id

    assert told(declined["location"])["error"] == "permission_denied"
    assert told(granted["location"]) == {"admin_consent": "True", "tenant": tenant_id, "state": "s"}
    assert entra.world.grants.approvals[tenant_id, "listed"] == {"Mail.Read"}


REFUSED = [
    pytest.param("fabrikam.example", {"client_id": "unknown"}, 700016, id="unknown application"),
    pytest.param(
        "fabrikam.example", {"redirect_uri": "https://evil.example"}, 50011, id="another redirect URI"
    ),
    pytest.param("fabrikam.example", {"scope": ""}, 900144, id="no scope"),
    pytest.param("nowhere.example", {}, 90002, id="unknown tenant"),
]


@pytest.mark.parametrize(("tenant", "changes", "code"), REFUSED)
async def test_a_bad_petition_is_told_on_the_page_only(
    entra: Entra, tenant: str, changes: dict[str, str], code: int
):
    asked = {"client_id": CLIENT, "redirect_uri": REDIRECT, "scope": f"{GRAPH}.default"} | changes
    shown = await entra.http.get(f"/{tenant}/v2.0/adminconsent?{urlencode(asked)}")

    assert shown.status_code == 400
    assert f"AADSTS{code}:" in shown.text


async def test_at_organizations_the_page_asks_which_organisation(entra: Entra):
    query = urlencode({"client_id": CLIENT, "redirect_uri": REDIRECT, "scope": f"{GRAPH}.default"})
    url = f"/organizations/v2.0/adminconsent?{query}"
    shown = await entra.http.get(url)
    nobody = await entra.http.post(url, data={"decision": "accept"})
    granted = await entra.http.post(url, data={"decision": "accept", "tenant": "fabrikam.example"})

    assert 'name="tenant"' in shown.text
    assert nobody.status_code == 400
    assert told(granted.headers["location"])["tenant"] == entra.person(ADMINISTRATED).tenant_id


async def test_personal_accounts_and_strangers_approve_nothing(entra: Entra):
    query = urlencode({"client_id": CLIENT, "redirect_uri": REDIRECT, "scope": f"{GRAPH}.default"})
    personal = await entra.http.post(
        f"/organizations/v2.0/adminconsent?{query}", data={"decision": "accept", "person": PERSONAL}
    )
    stranger = await entra.http.post(
        f"/fabrikam.example/v2.0/adminconsent?{query}",
        data={"decision": "accept", "person": "adele@contoso.example"},
    )

    assert "AADSTS50020:" in personal.text
    assert "AADSTS50020:" in stranger.text
