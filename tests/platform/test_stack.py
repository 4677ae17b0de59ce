"""`concord dev` itself: everything answers, everything ends, and the next start continues."""

import json
import signal
import time

import httpx
import psutil
import pytest

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
def test_dev_json_says_where_everything_answers(new_stack):
    stack = new_stack()

    assert stack.dev.keys() == CONTRACT
    assert (stack.folder / "dev.json").stat().st_mode & 0o777 == 0o600
    assert (stack.folder / "state.json").stat().st_mode & 0o777 == 0o600
    assert stack.dev["users"][0] == {"user": "agent-1", "mail": "adele@contoso.example"}
    assert stack.dev["pid"] == stack.process.pid
    assert workspace_name(stack.dev) == "Acme Realty"
    assert httpx.get(f"{stack.dev['sandbox']}/_sandbox/health").is_success


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM])
def test_it_ends_in_five_seconds_and_the_next_start_continues(new_stack, ending):
    stack = new_stack()
    first, chosen, processes = stack.dev, state_of(stack), stack.processes()
    asked = time.monotonic()

    assert stack.stop(ending) == 0
    assert time.monotonic() - asked < 5
    assert gone(processes)
    assert not (stack.folder / "dev.json").exists()

    stack.start()
    assert state_of(stack) == chosen
    assert {**stack.dev, "pid": 0} == {**first, "pid": 0}
    assert workspace_name(stack.dev) == "Acme Realty"


def test_killed_it_takes_everything_with_it_and_starts_again(new_stack):
    stack = new_stack()
    first, processes = stack.dev, stack.processes()
    stack.process.kill()
    stack.process.wait()
    assert gone(processes)

    (stack.folder / "dev.json").unlink()
    stack.start()
    assert stack.dev["workspace_id"] == first["workspace_id"]
    assert workspace_name(stack.dev) == "Acme Realty"


def test_each_part_that_is_killed_comes_back(new_stack):
    stack = new_stack()
    for name in ("worker", "api", "redis-server", "postgres", "sandbox"):
        before = stack.part(name)
        before.kill()
        deadline = time.monotonic() + 20
        while not answers_again(stack, name, before):
            assert time.monotonic() < deadline, f"{name} did not come back"
            time.sleep(0.1)


def answers_again(stack, name, before):
    try:
        running = stack.part(name)
        return running != before and workspace_name(stack.dev) == "Acme Realty"
    except (AssertionError, httpx.HTTPError, psutil.NoSuchProcess):
        return False
