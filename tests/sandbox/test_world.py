"""The sandbox's memory: what was answered survives, and the log rebuilds the same world."""

import json
import signal
import ssl
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx
import pytest
from entra_stage import ADELE, entra_at_hand
from sandbox_process import CLIENT, REDIRECT, SECRET, Process, sandbox_process

from sandbox import world as world_module
from sandbox.directory import Directory
from sandbox.errors import GraphError
from sandbox.faults import Answer, Delta, Faults, Match, Notification, Order
from sandbox.log import Log, LogInUseError
from sandbox.main import create_app
from sandbox.world import World

pytestmark = pytest.mark.feature("F8")


def opened(folder: Path | None) -> World:
    world = World(folder)
    create_app(world)
    return world


def state(world: World) -> list[tuple[str, Any]]:
    """Return the state as JSON, with sets (lists of names) in one order."""
    return sorted_names(json.loads(json.dumps(list(world._snapshot()))))


def sorted_names(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: sorted_names(inner) for name, inner in value.items()}
    if isinstance(value, list):
        inner = [sorted_names(one) for one in value]
        return sorted(inner) if name_list(inner) else inner
    return value


def name_list(value: list[Any]) -> bool:
    return all(isinstance(one, str) for one in value)


async def lived_in(folder: Path | None) -> list[tuple[str, Any]]:
    """Use everything that keeps state, and return that state."""
    async with entra_at_hand(folder) as entra:
        await entra.control("tenants", domain="acme.example", require_admin_consent=True)
        await entra.control("users", mail="ann@acme.example", display_name="Ann", mailbox=False)
        await entra.control(
            "apps", client_id="x", client_secret="s", client_secret_expires_at="2030-01-01T00:00:00Z"
        )
        await entra.tokens()
        await entra.approve()
        await entra.control("entra", mail=ADELE, refresh="invalid_grant", aadsts=50076)
        await entra.control("settings", contacts_page_size=7)
        await entra.control("clock", advance_seconds=3600)
        await entra.control("seed", mail=ADELE, generate={"contacts": 30, "seed": 1}, folder="Acme")
        entra.world.commit(
            "outbox.sent", {"kind": "mail", "from": ADELE, "to": [], "subject": "Hi", "at": "2026-01-01"}
        )
        return state(entra.world)


async def test_reading_the_log_again_rebuilds_the_same_world(tmp_path: Path):
    before = await lived_in(tmp_path)
    again = opened(tmp_path)

    assert len({kind for kind, _ in before}) >= 14
    assert state(again) == before
    again.close()


async def test_a_compacted_log_rebuilds_the_same_world(tmp_path: Path):
    before = await lived_in(tmp_path)
    world = opened(tmp_path)
    world.compact()
    world.close()
    again = opened(tmp_path)

    assert state(again) == before
    again.close()


async def test_a_log_that_is_mostly_history_is_shortened_at_the_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    world = opened(tmp_path)
    for _ in range(200):
        world.commit("settings.changed", world.kept_settings.changed({"latency_ms": 5}))
    long, before = world.log.size, state(world)
    world.close()
    monkeypatch.setattr(world_module, "COMPACT_ABOVE", 1000)
    again = opened(tmp_path)

    assert again.log.size < long / 2
    assert state(again) == before
    again.close()


def test_a_line_cut_short_is_forgotten_and_the_log_goes_on(tmp_path: Path):
    log = Log(tmp_path)
    log.append("one", {"n": 1})
    log.close()
    with (tmp_path / "log.jsonl").open("ab") as file:
        file.write(b'["two",{"n"')

    again = Log(tmp_path)
    assert list(again.read()) == [("one", {"n": 1})]
    again.append("three", {})
    assert [kind for kind, _ in again.read()] == ["one", "three"]
    again.close()


def test_two_sandboxes_do_not_share_a_folder(tmp_path: Path):
    log = Log(tmp_path)

    with pytest.raises(LogInUseError):
        Log(tmp_path)
    log.close()
    Log(tmp_path).close()


def test_a_command_is_plain_json(tmp_path: Path):
    log = Log(tmp_path)

    with pytest.raises(TypeError):
        log.append("dated", {"at": timedelta(0), "set": {1}})
    log.close()


def test_a_command_needs_an_open_world_and_a_part_that_knows_it():
    world = World()
    with pytest.raises(RuntimeError, match="not open"):
        world.commit("tenant.made", {})
    with pytest.raises(RuntimeError, match="Two parts"):
        world.add(Directory())
    create_app(world)
    with pytest.raises(KeyError):
        world.commit("never.heard_of", {})
    with pytest.raises(RuntimeError, match="after the log"):
        world.add(Directory())


BEARERS = [
    pytest.param(None, "empty", id="none"),
    pytest.param("Basic abc", "empty", id="another scheme"),
    pytest.param("Bearer ", "empty", id="empty"),
    pytest.param("Bearer made-up", "CompactToken", id="made up"),
]


@pytest.mark.parametrize(("header", "message"), BEARERS)
def test_a_bad_bearer_is_graph_s_401(header: str | None, message: str):
    with pytest.raises(GraphError, match=message) as refused:
        opened(None).bearer(header)

    assert (refused.value.status, refused.value.code) == (401, "InvalidAuthenticationToken")
    assert refused.value.headers["WWW-Authenticate"].startswith("Bearer ")


async def test_a_token_sees_its_person_as_they_are_now():
    async with entra_at_hand() as entra:
        token = (await entra.control("tokens", mail=ADELE, scopes=["User.Read"]))["access_token"]
        await entra.control("users", mail=ADELE, mailbox=False)

        assert entra.world.bearer(f"bearer {token}").person.mailbox is False


FAULTS = [
    #            match                                       method   path                    mail      struck
    pytest.param({},                                         "GET",   "/v1.0/me",             None,     True,  id="anything"),
    pytest.param({"method": "post"},                         "POST",  "/v1.0/me",             None,     True,  id="method in any case"),
    pytest.param({"method": "POST"},                         "GET",   "/v1.0/me",             None,     False, id="another method"),
    pytest.param({"path": "/v1.0/me/contacts*"},             "GET",   "/v1.0/me/contacts/AA", None,     True,  id="below a path"),
    pytest.param({"path": "/v1.0/me/contacts*"},             "GET",   "/v1.0/me/contacts",    None,     True,  id="the path itself"),
    pytest.param({"path": "/v1.0/me/contacts"},              "GET",   "/v1.0/me/contacts/AA", None,     False, id="no star, no more"),
    pytest.param({"path": "/v1.0/*/contacts/*"},             "GET",   "/v1.0/me/contacts/AA", None,     True,  id="two stars"),
    pytest.param({"path": "/v1.0/me?contacts"},              "GET",   "/v1.0/me/contacts",    None,     False, id="only the star is special"),
    pytest.param({"mail": "Adele@Contoso.example"},          "GET",   "/v1.0/me",             ADELE,    True,  id="mail in any case"),
    pytest.param({"mail": ADELE},                            "GET",   "/v1.0/me",             None,     False, id="nobody's request"),
]  # fmt: skip


@pytest.mark.parametrize(("match", "method", "path", "mail", "struck"), FAULTS)
def test_which_requests_a_fault_strikes(
    match: dict[str, str], method: str, path: str, mail: str | None, struck: bool
):
    faults = Faults()
    faults.add(Order(fault={"status": 503}, match=Match(**match)))

    assert bool(faults.struck((Answer,), method=method, path=path, mail=mail)) is struck


def strike(faults: Faults, count: int, kind: type = Answer) -> list[bool]:
    return [bool(faults.struck((kind,), method="GET", path="/", mail=None)) for _ in range(count)]


def test_a_fault_skips_then_strikes_so_many_times():
    faults = Faults()
    faults.add(Order(fault={"status": 503}, skip=2, times=3))

    assert strike(faults, 7) == [False, False, True, True, True, False, False]


def test_a_fault_without_times_strikes_until_removed():
    faults = Faults()
    faults.add(Order(fault={"status": 503}, times=None))

    assert strike(faults, 5) == [True] * 5
    faults.clear()
    assert strike(faults, 1) == [False]


def test_a_fault_waits_for_its_own_kind_of_event():
    faults = Faults()
    faults.add(Order(fault={"notification": "lose"}))

    assert strike(faults, 3) == [False] * 3
    assert strike(faults, 2, Notification) == [True, False]


async def test_latency_is_waited_out_and_the_rest_handed_back():
    faults = Faults()
    faults.add(Order(fault={"latency_ms": 1}))
    faults.add(Order(fault={"delta": "expire"}))

    effects = await faults.meet(method="GET", path="/", mail=None, kinds=(Answer, Delta))
    assert effects == [Delta("expire")]


@pytest.fixture
def process(tmp_path: Path):
    with sandbox_process(tmp_path) as running:
        yield running


def test_what_was_answered_survives_sigkill(process: Process):
    outlook = {
        "Authorization": f"Bearer {process.control('tokens', mail=ADELE, scopes=['Contacts.ReadWrite'])['access_token']}"
    }
    made = []
    for number in range(200):
        answer = process.http.post("/v1.0/me/contacts", json={"givenName": f"Kim {number}"}, headers=outlook)
        made.append(answer.json()["id"])
    process.control("users", mail="new@contoso.example", display_name="New")
    process.control("clock", advance_seconds=600)
    seq = process.http.get("/_sandbox/journal").json()["entries"][-1]["seq"]
    now, ca = process.http.get("/_sandbox/clock").json()["now"], process.ca.read_bytes()

    assert process.end(signal.SIGKILL) == -signal.SIGKILL
    process.start()

    kept = process.http.get(
        "/v1.0/me/contacts", params={"$top": 999, "$select": "id"}, headers=outlook
    ).json()["value"]
    assert {contact["id"] for contact in kept} == set(made)
    assert process.http.get("/_sandbox/clock").json()["now"] > now
    assert process.http.get("/_sandbox/journal").json()["entries"][0]["seq"] > seq
    assert process.ca.read_bytes() == ca
    assert process.control("tokens", mail="new@contoso.example", scopes=["User.Read"])["access_token"]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_the_process_ends_cleanly_when_asked_to(process: Process, number: signal.Signals):
    process.control("users", mail="new@contoso.example")

    assert process.end(number) == 0
    process.start()
    assert process.control("tokens", mail="new@contoso.example", scopes=["User.Read"])


def test_a_drop_breaks_the_connection_before_or_after_the_act(process: Process):
    query = {
        "client_id": CLIENT,
        "response_type": "code",
        "redirect_uri": REDIRECT,
        "scope": "openid User.Read",
    }
    url = f"{process.url}/common/oauth2/v2.0/authorize?{urlencode(query)}"
    location = process.control("sign-in", authorize_url=url, mail=ADELE)["location"]
    code = parse_qs(urlsplit(location).query)["code"][0]
    form = {"grant_type": "authorization_code", "client_id": CLIENT, "client_secret": SECRET, "code": code}
    form |= {"redirect_uri": REDIRECT}

    def redeem() -> httpx.Response:
        return process.http.post("/common/oauth2/v2.0/token", data=form)

    for moment in ("before_commit", "after_commit"):
        process.control("faults", fault={"drop": moment}, match={"path": "*/token"})
        with pytest.raises(httpx.RemoteProtocolError, match="without sending a response"):
            redeem()
    assert redeem().json()["error_codes"] == [54005]


def test_the_ca_is_told_and_vouches_for_localhost(process: Process):
    told = process.http.get("/_sandbox/ca").json()
    trusted = ssl.create_default_context(cafile=told["path"])

    assert told["pem"].startswith("-----BEGIN CERTIFICATE-----")
    for host in ("localhost", "127.0.0.1"):
        url = f"https://{host}:{process.tls_port}/_sandbox/health"
        assert httpx.get(url, verify=trusted, trust_env=False).status_code == 200
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"{process.authority}/_sandbox/health", trust_env=False)
