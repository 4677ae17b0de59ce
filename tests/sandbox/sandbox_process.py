"""The sandbox as a process of its own: HTTP, HTTPS, and a folder that outlives it."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
from mailboxes import PLAIN

CLIENT, SECRET, REDIRECT = "5e6f0001-aaaa-4bbb-8ccc-000000000001", "s3cret", "http://127.0.0.1:9/callback"


class Process:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port, self.tls_port = free_port(), free_port()
        self.url, self.authority = f"http://127.0.0.1:{self.port}", f"https://localhost:{self.tls_port}"
        self.http = httpx.Client(base_url=self.url, **PLAIN)
        self._running: subprocess.Popen[bytes] | None = None

    @property
    def ca(self) -> Path:
        return self.folder / "ca.pem"

    def start(self) -> None:
        command = [
            sys.executable,
            "-m",
            "sandbox",
            "--port",
            str(self.port),
            "--tls-port",
            str(self.tls_port),
        ]
        command += ["--data", str(self.folder), "--redirect-uri", REDIRECT]
        named = {"SANDBOX_CLIENT_ID": CLIENT, "SANDBOX_CLIENT_SECRET": SECRET}
        self._running = subprocess.Popen(command, env={**os.environ, **named})
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline and self._running.poll() is None:
            try:
                self.http.get("/_sandbox/health").raise_for_status()
            except httpx.TransportError:
                time.sleep(0.05)
            else:
                return
        raise AssertionError("the sandbox did not start")

    def end(self, number: signal.Signals) -> int:
        """End the process by that signal and return its exit code."""
        assert self._running is not None
        self._running.send_signal(number)
        code = self._running.wait(timeout=10)
        self._running = None
        return code

    def control(self, name: str, **body: Any) -> Any:
        answer = self.http.post(f"/_sandbox/{name}", json=body)
        assert answer.is_success, answer.text
        return answer.json() if answer.content else None

    def close(self) -> None:
        self.http.close()
        if self._running is not None:
            self.end(signal.SIGKILL)


@contextmanager
def sandbox_process(folder: Path) -> Iterator[Process]:
    process = Process(folder)
    try:
        process.start()
        yield process
    finally:
        process.close()


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])
