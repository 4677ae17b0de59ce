"""Endpoints for webhooks: made, listed, changed and deleted."""

import pytest

from app import clock
from app.sync.timers import Timers


class TestManaging:
    async def test_an_endpoint_is_made_read_changed_and_deleted(self, crm, endpoint, hook, problem):
        listed = (await crm.call("GET", "/v1/webhooks"))["data"]
        assert [one["id"] for one in listed] == [hook["id"]]
        assert "secret" not in listed[0]
        assert hook["secret"].startswith("whsec_")
        changed = await crm.call("PATCH", f"/v1/webhooks/{hook['id']}", json={"types": ["run.finished"]})
        assert (changed["types"], changed["url"]) == (["run.finished"], endpoint.url)
        await crm.call("DELETE", f"/v1/webhooks/{hook['id']}", expect=(204,))
        for method, path in [
            ("GET", ""),
            ("PATCH", ""),
            ("DELETE", ""),
            ("GET", "/deliveries"),
            ("POST", "/test"),
        ]:
            answer = await crm.http.request(
                method, f"/v1/webhooks/{hook['id']}{path}", json={} if method == "PATCH" else None
            )
            problem(answer, 404, "webhook-not-found")

    @pytest.mark.parametrize(
        "url",
        [
            "http://crm.example/",
            "https://10.0.0.1/",
            "https://169.254.169.254/latest",
            "ftp://crm.example",
            "x",
            "",
        ],
    )
    async def test_a_private_or_plain_address_is_refused(self, crm, problem, url):
        told = problem(await crm.http.post("/v1/webhooks", json={"url": url}), 422, "invalid-request")

        assert told["errors"][0]["pointer"] == "/url"

    @pytest.mark.parametrize("types", [[], ["contact"], ["*.*"], ["contact.%"], [7]])
    async def test_types_are_well_formed(self, crm, problem, types):
        body = {"url": "https://crm.example", "types": types}

        told = problem(await crm.http.post("/v1/webhooks", json=body), 422, "invalid-request")

        assert told["errors"][0]["pointer"].startswith("/types")

    async def test_a_repeated_request_shows_no_secret(self, crm, endpoint):
        headers = {"Idempotency-Key": "k"}
        body = {"url": endpoint.url}
        first = await crm.call("POST", "/v1/webhooks", json=body, headers=headers)
        again = await crm.call("POST", "/v1/webhooks", json=body, headers=headers)

        assert (again["id"], again["secret"], again["replayed"]) == (first["id"], None, True)

    async def test_the_timer_of_a_deleted_endpoint_goes(self, crm, hook, resources, workspace, soon):
        await crm.call("DELETE", f"/v1/webhooks/{hook['id']}", expect=(204,))
        async with resources.db.transaction(workspace.id) as session:
            await Timers(session).set("webhook", hook["id"], clock.now())
        await soon(seconds=1)
