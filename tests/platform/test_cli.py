"""The command `concord`: what it refuses, and the key ring."""

import json
import os
import subprocess
import sys

import pytest
from typer.testing import CliRunner

from app.cli import app
from app.security.seal import CannotOpen, KeyRing


def concord(*words, **environment):
    clean = {name: value for name, value in os.environ.items() if not name.startswith("CONCORD_")}
    command = [sys.executable, "-W", "error", "-m", "app.cli", *words]
    return subprocess.run(command, env=clean | environment, capture_output=True, text=True, check=False)


def printed(*words, **environment):
    result = CliRunner().invoke(app, words, env=environment)
    assert result.exit_code == 0, result.output
    return result.output.strip()


def test_a_new_key_ring_seals_and_opens():
    ring = KeyRing.parse(printed("keys", "new"))

    assert ring.open(ring.seal(b"secret", of="row"), of="row") == b"secret"


def test_a_rotated_ring_seals_with_the_new_key_and_opens_with_the_old():
    old = printed("keys", "new")
    rotated = printed("keys", "rotate", CONCORD_KEYS=old)
    before, after = KeyRing.parse(old), KeyRing.parse(rotated)

    assert rotated.endswith(f",{old}")
    assert after.open(before.seal(b"secret", of="row"), of="row") == b"secret"
    with pytest.raises(CannotOpen):
        before.open(after.seal(b"secret", of="row"), of="row")


@pytest.mark.parametrize(
    ("words", "environment", "said"),
    [
        pytest.param(["worker"], {}, "CONCORD_DATABASE_URL is not set", id="a worker without settings"),
        pytest.param(["api"], {}, "CONCORD_OPERATOR_KEY is not set", id="an API without settings"),
        pytest.param(
            ["migrate"], {}, "CONCORD_DATABASE_OWNER_URL is not set", id="a migration without an owner"
        ),
        pytest.param(["keys", "rotate"], {}, "CONCORD_KEYS is not set", id="nothing to rotate"),
    ],
)
def test_what_is_missing_is_named_without_a_traceback(words, environment, said):
    done = concord(*words, **environment)

    assert done.returncode == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_a_broken_key_ring_is_refused_without_showing_it():
    database = "postgresql://concord_app@localhost/concord"
    done = concord(
        "worker",
        CONCORD_DATABASE_URL=database,
        CONCORD_DATABASE_SWEEP_URL=database,
        CONCORD_REDIS_URL="redis://localhost",
        CONCORD_KEYS="k1:hunter2",
        CONCORD_OPERATOR_KEY="op_0123456789abcdef",
        CONCORD_PUBLIC_URL="https://concord.example",
    )

    assert done.returncode == 2
    assert done.stderr.startswith("CONCORD_KEYS: ")
    assert "hunter2" not in done.stderr


def test_the_openapi_document_is_printed_without_any_setting():
    done = concord("openapi")

    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["openapi"].startswith("3.1")
