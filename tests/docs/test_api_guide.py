"""The API guide is true: every command of it runs, and prints what the page says."""

import json
import shutil
import socket
from pathlib import Path

import pytest
from guide import blocks, difference, played

GUIDE = Path(__file__).resolve().parents[2] / "docs" / "api-guide.md"
WITHIN_SECONDS = 180


@pytest.mark.skipif(not (shutil.which("bash") and shutil.which("curl")), reason="bash or curl is missing")
@pytest.mark.feature("A1")
@pytest.mark.feature("A3")
@pytest.mark.feature("A5")
@pytest.mark.feature("A6")
def test_every_command_of_the_guide_does_what_the_page_says(stack, tmp_path):
    (tmp_path / ".concord").mkdir()
    (tmp_path / ".concord" / "dev.json").write_text(json.dumps(stack))
    told = blocks(GUIDE.read_text())

    printed = played(told, tmp_path, within=WITHIN_SECONDS, PORT=str(free_port()))

    wrong = [
        f"{GUIDE.name}:{block.line}: {found}"
        for block, output in zip(told, printed, strict=False)
        if (found := difference(block.printed, output)) is not None
    ]
    assert not wrong, "\n".join(wrong)
    assert len(printed) == len(told)


@pytest.mark.parametrize(
    ("said", "seen"),
    [
        ("HTTP 200", "HTTP 201"),
        ('{"status": "ok", …}', '{"status":"bad","missing":[]}'),
        ('{"data": []}', '{"data":[1]}'),
        ('{"id": "con_…", …}', '{"id":"run_1"}'),
        ("", "curl: (7) Failed to connect"),
        ("HTTP 200", ""),
    ],
    ids=["status", "value", "length", "pattern", "more", "nothing"],
)
def test_a_page_that_says_something_else_is_noticed(said, seen):
    assert difference(said, seen) is not None


@pytest.mark.parametrize(
    ("said", "seen"),
    [
        (
            '{"a": {"b": 1, …},\n "c": ["x…", "…"], …}\nHTTP 200',
            '{"a":{"b":1,"d":2},"c":["xy",3],"e":4}\n\nHTTP 200',
        ),
        ("…\nevent: finished", "event: progress\n\nevent: finished"),
        ('data: {"id": "run_…", …}', 'data: {"id":"run_1","done":2}'),
    ],
    ids=["elided", "skipped", "event"],
)
def test_what_the_page_leaves_out_may_be_anything(said, seen):
    assert difference(said, seen) is None


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
