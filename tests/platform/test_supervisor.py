"""The supervisor keeps its parts alive, ends them in order, and leaves nothing behind, however it ends."""

import contextlib
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from app.dev.voice import worth_saying

TOYS = Path(__file__).with_name("toy_stack.py")


class Toys:
    """A supervisor in a process of its own, over two or three toy parts."""

    def __init__(self, folder, *options, **popen):
        self.folder = folder
        self.process = subprocess.Popen(
            [sys.executable, str(TOYS), str(folder), *options], stdout=subprocess.PIPE, **popen
        )
        eventually((folder / "ready").exists)
        eventually(lambda: "deaf" in (folder / "worker.log").read_text())
        self.children = psutil.Process(self.process.pid).children(recursive=True)

    def pid(self, name):
        return int((self.folder / f"{name}.pid").read_text())

    def nothing_left(self):
        return not [child for child in self.children if alive(child)]


def alive(process):
    with contextlib.suppress(psutil.NoSuchProcess):
        return process.status() != psutil.STATUS_ZOMBIE
    return False


def eventually(check, within=10.0):
    deadline = time.monotonic() + within
    while not check():
        assert time.monotonic() < deadline
        time.sleep(0.01)


@pytest.fixture
def start(tmp_path):
    started = []

    def start(*options, **popen):
        started.append(Toys(tmp_path, *options, **popen))
        return started[-1]

    yield start
    for toys in started:
        toys.process.kill()
        toys.process.wait()
        toys.process.stdout.close()


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_every_part_even_one_that_does_not_listen(start, ending):
    toys = start()
    asked = time.monotonic()
    toys.process.send_signal(ending)

    assert toys.process.wait(timeout=5) == 0
    assert time.monotonic() - asked < 5
    assert toys.nothing_left()
    assert not (toys.folder / "ready").exists()
    assert (toys.folder / "ended").read_text().split() == ["sandbox", "worker"]


def test_a_script_s_background_process_listens_to_sigint_too(start):
    toys = start(preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_IGN))
    toys.process.send_signal(signal.SIGINT)

    assert toys.process.wait(timeout=5) == 0
    assert toys.nothing_left()


def test_nohup_means_it(start):
    toys = start(preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN))
    toys.process.send_signal(signal.SIGHUP)
    with pytest.raises(subprocess.TimeoutExpired):
        toys.process.wait(timeout=0.3)


def test_asked_to_end_while_starting_it_ends_what_it_has_started(start):
    toys = start("slow")
    toys.process.send_signal(signal.SIGTERM)

    assert toys.process.wait(timeout=5) == 0
    assert toys.nothing_left()


def test_the_parts_of_a_killed_supervisor_die_with_it(start):
    toys = start()
    toys.process.kill()
    toys.process.wait()

    eventually(toys.nothing_left)


def test_asked_twice_it_ends_at_once_and_the_parts_with_it(start):
    toys = start()
    toys.process.send_signal(signal.SIGINT)
    time.sleep(0.05)
    toys.process.send_signal(signal.SIGINT)
    toys.process.wait(timeout=5)

    eventually(toys.nothing_left)


def test_a_part_that_is_killed_is_started_again(start):
    toys = start()
    before = toys.pid("worker")
    psutil.Process(before).kill()

    eventually(lambda: toys.pid("worker") != before)
    assert psutil.pid_exists(toys.pid("sandbox"))


def test_a_reader_that_does_not_read_holds_up_nothing(start):
    toys = start("chatty")  # its standard output is a pipe that we never read
    log = toys.folder / "crm.log"
    size = log.stat().st_size if log.exists() else 0
    eventually(lambda: log.exists() and log.stat().st_size > size + 500_000)
    toys.process.send_signal(signal.SIGTERM)

    assert toys.process.wait(timeout=5) == 0


def test_two_stacks_on_one_folder_are_refused(start, tmp_path):
    toys = start()
    command = [sys.executable, str(TOYS), str(tmp_path)]
    second = subprocess.run(command, capture_output=True, text=True, check=False)

    assert second.returncode == 1
    assert f"process {toys.process.pid}" in second.stderr


LINES = [
    # what a child printed                                                              what the console shows
    ('{"event": "job.failed", "level": "error", "job": "pull", "timestamp": "t"}',      "error job.failed job=pull"),
    ('{"event": "x", "level": "error", "exception": "Traceback\\n  …\\nKeyError: 1"}',  "error x KeyError: 1"),
    ('{"event": "job.done", "level": "info"}',                                          None),
    ("2026-11-21 14:01:32 UTC [1] FATAL:  no such database",                            "2026-11-21 14:01:32 UTC [1] FATAL:  no such database"),
    ("ModuleNotFoundError: No module named 'x'",                                        "ModuleNotFoundError: No module named 'x'"),
    ("INFO: started",                                                                   None),
]  # fmt: skip


@pytest.mark.parametrize(("line", "shown"), LINES)
def test_the_console_shows_warnings_and_errors_only(line, shown):
    assert worth_saying(line) == shown
