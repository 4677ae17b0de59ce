"""`concord dev` itself: everything answers, everything ends, and the next start continues."""

import json
import os
import signal
import sys
import time

import httpx
import psutil
import pytest

from app.dev.microsoft import Microsoft
from app.dev.process import Child, StartError
from app.dev.services import Postgres, answers, free_port, wait_until_ready

CONTRACT = {
    "api",
    "sandbox",
    "operator_key",
    "workspace_id",
    "workspace_key",
    "users",
    "mark_property",
    "pid",
}


def state_of(stack):
    return json.loads((stack.folder / "state.json").read_text())


def workspace_name(dev):
    authorization = {"Authorization": f"Bearer {dev['workspace_key']}"}
    return httpx.get(f"{dev['api']}/v1/workspace", headers=authorization).raise_for_status().json()["name"]


def gone(processes):
    _, alive = psutil.wait_procs(processes, timeout=5)
    return [process for process in alive if process.status() != psutil.STATUS_ZOMBIE] == []


@pytest.mark.feature("F8")
def test_it_answers_ends_and_the_next_start_continues(new_stack):
    stack = new_stack()
    first, chosen, processes = stack.dev, state_of(stack), stack.processes()

    assert first.keys() == CONTRACT
    assert (stack.folder / "dev.json").stat().st_mode & 0o777 == 0o600
    assert (stack.folder / "state.json").stat().st_mode & 0o777 == 0o600
    assert first["users"][0] == {"user": "agent-1", "mail": "adele@contoso.example"}
    assert first["pid"] == stack.process.pid
    assert workspace_name(first) == "Acme Realty"
    assert httpx.get(f"{first['sandbox']}/_sandbox/health").is_success
    assert_it_ends(stack, signal.SIGINT, processes)

    stack.start()
    assert state_of(stack) == chosen
    assert {**stack.dev, "pid": 0} == {**first, "pid": 0}
    assert workspace_name(stack.dev) == "Acme Realty"
    assert_it_ends(stack, signal.SIGTERM, stack.processes())


def assert_it_ends(stack, ending, processes):
    asked = time.monotonic()

    assert stack.stop(ending) == 0
    assert time.monotonic() - asked < 5
    assert gone(processes)
    assert not (stack.folder / "dev.json").exists()


def test_each_part_that_is_killed_comes_back_and_killed_as_a_whole_it_finds_its_workspace_again(new_stack):
    stack = new_stack()
    first = stack.dev
    for name in ("worker", "api", "redis-server", "postgres", "sandbox"):
        before = stack.part(name)
        before.kill()
        deadline = time.monotonic() + 60
        while not answers_again(stack, name, before):
            assert time.monotonic() < deadline, f"{name} did not come back"
            time.sleep(0.1)

    processes = stack.processes()
    stack.process.kill()
    stack.process.wait()
    assert gone(processes)

    # As if it had been killed between making the workspace and writing it down; what says that it runs is stale.
    (stack.folder / "state.json").write_text(json.dumps(state_of(stack) | {"workspace": None}))
    assert json.loads((stack.folder / "dev.json").read_text())["pid"] == first["pid"]
    stack.start()
    assert stack.dev["pid"] == stack.process.pid
    assert stack.dev["workspace_id"] == first["workspace_id"]
    assert stack.dev["workspace_key"] != first["workspace_key"]
    assert workspace_name(stack.dev) == "Acme Realty"


def answers_again(stack, name, before):
    try:
        running = stack.part(name)
        return running != before and workspace_name(stack.dev) == "Acme Realty"
    except (AssertionError, httpx.HTTPError, psutil.NoSuchProcess):
        return False


@pytest.fixture
def another_microsoft(tmp_path):
    """A sandbox that is not the stack's own, and the file that describes it."""
    port, tls_port = free_port(), free_port()
    child = Child(
        "another",
        [
            sys.executable,
            "-m",
            "sandbox",
            "--port",
            str(port),
            "--tls-port",
            str(tls_port),
            "--data",
            str(tmp_path),
        ],
        log=tmp_path / "another.log",
        env={**os.environ, "SANDBOX_CLIENT_ID": "another-client", "SANDBOX_CLIENT_SECRET": "another-secret"},
    )
    child.start()
    http = f"http://127.0.0.1:{port}"
    wait_until_ready(child, lambda: answers(port))

    described = {
        "graph": http,
        "authority": f"https://localhost:{tls_port}",
        "ca": str(tmp_path / "ca.pem"),
        "client_id": "another-client",
        "client_secret": "another-secret",
        "control": http,
    }
    file = tmp_path / "microsoft.json"
    file.write_text(json.dumps(described))
    yield file
    child.stop()


def test_another_microsoft_and_other_databases_take_the_place_of_our_own(
    new_stack, another_microsoft, tmp_path, monkeypatch
):
    server = Postgres(tmp_path / "pg", log=tmp_path / "postgres.log", durable=False)
    server.start()
    try:
        for variable, role in (("", "app"), ("_SWEEP", "sweep"), ("_OWNER", "owner")):
            monkeypatch.setenv(f"CONCORD_DATABASE{variable}_URL", server.url(f"concord_{role}"))
        stack = new_stack("--no-demo", "--microsoft", str(another_microsoft))
        told, described = stack.part("worker").environ(), json.loads(another_microsoft.read_text())

        assert stack.dev["sandbox"] == described["control"]
        assert told["CONCORD_MICROSOFT_CLIENT_ID"] == "another-client"
        assert told["CONCORD_CLOCK_URL"] == f"{described['control']}/_sandbox/clock"
        with pytest.raises(AssertionError, match="sandbox does not run"):
            stack.part("sandbox")
        assert not (stack.folder / "postgres").exists()
        assert workspace_name(stack.dev) == "Acme Realty"
        stack.stop()
    finally:
        server.stop()


def test_a_microsoft_without_controls_has_no_clock_to_follow():
    elsewhere = Microsoft("https://graph.example", "https://login.example", "client", "secret")

    assert elsewhere.environment(browser=None) == {
        "CONCORD_MICROSOFT_GRAPH_URL": "https://graph.example",
        "CONCORD_MICROSOFT_AUTHORITY": "https://login.example",
        "CONCORD_MICROSOFT_CLIENT_ID": "client",
        "CONCORD_MICROSOFT_CLIENT_SECRET": "secret",
    }


def test_a_file_that_describes_no_microsoft_is_refused(tmp_path):
    file = tmp_path / "microsoft.json"
    file.write_text('{"graph": "http://127.0.0.1:1"}')
    with pytest.raises(StartError, match="authority"):
        Microsoft.read(file)
