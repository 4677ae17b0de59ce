"""What is read never holds a secret: not those of others, and not one's own."""

import re

import httpx
import pytest

from app.main import create_app
from tests.contract.stage import DOCUMENT, OPERATIONS, settled

READS = [operation for operation in OPERATIONS if operation.method == "get"]
ASKED = {"connections.explain": {"address": "ada@example.org"}}
LOOKS_LIKE_ONE = re.compile(
    r"(ck|whsec|op)_[A-Za-z0-9+/=_-]{12,}|-----BEGIN [A-Z ]*PRIVATE KEY|eyJ[A-Za-z0-9_-]{20,}"
)


@pytest.fixture(scope="module")
async def us_and_http(module_settings):
    app = create_app(module_settings)
    app.openapi_schema = DOCUMENT
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://concord.example") as http,
    ):
        us = await settled(app, "Acme")
        reconnected = await http.post(
            f"/v1/connections/{us.ids['connection_id']}/reconnect",
            headers={"Authorization": f"Bearer {us.key}"},
        )
        assert reconnected.status_code == 200, reconnected.text
        yield us, http


@pytest.mark.parametrize("operation", [pytest.param(operation, id=operation.id) for operation in READS])
async def test_nothing_that_is_read_holds_a_secret(us_and_http, operation):
    us, http = us_and_http
    credential = operation.credential(us)

    answer = await http.get(
        operation.path.format(**us.ids),
        params=ASKED.get(operation.id),
        headers={"Authorization": f"Bearer {credential}"},
    )

    assert answer.status_code == 200, answer.text
    told = f"{answer.text}\n{answer.headers}"
    assert [secret for secret in us.secrets if secret in told] == []
    assert LOOKS_LIKE_ONE.search(told) is None
