"""python -m sandbox: the local Microsoft as a process."""

import argparse
import asyncio
import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import uvloop

from sandbox.founding import Registration, found
from sandbox.log import LogInUseError
from sandbox.main import create_app
from sandbox.serving import certificate_authority, doorway, serve
from sandbox.world import World


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m sandbox", description="A local Microsoft Entra ID and Graph."
    )
    parser.add_argument("--port", type=int, default=8365, help="HTTP")
    parser.add_argument(
        "--tls-port", type=int, default=None, help="HTTPS, for clients that refuse anything else"
    )
    parser.add_argument(
        "--data", type=Path, default=None, help="keep state in this folder (default: memory only)"
    )
    parser.add_argument(
        "--redirect-uri", action="append", default=[], help="of the registered application; may be repeated"
    )
    return parser.parse_args()


def main() -> None:
    chosen = arguments()
    try:
        http = doorway(chosen.port)
        https = None if chosen.tls_port is None else doorway(chosen.tls_port)
        world = World(chosen.data)
    except (OSError, LogInUseError) as error:
        sys.exit(f"The sandbox can't start: {error}")
    with folder_for_certificates(chosen.data) as folder:
        world.ca_path, authority = certificate_authority(folder)
        ours = Registration(
            client_id=os.environ.get("SANDBOX_CLIENT_ID"),
            client_secret=os.environ.get("SANDBOX_CLIENT_SECRET"),
            redirect_uris=tuple(chosen.redirect_uri),
        )
        world.found = lambda: found(world, ours)
        app = create_app(world)
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(serve(app, http=http, https=https, authority=authority))
        world.close()


@contextmanager
def folder_for_certificates(data: Path | None) -> Iterator[Path]:
    """Keep the CA with the data, or for as long as the process lives."""
    if data is not None:
        yield data
        return
    with tempfile.TemporaryDirectory(prefix="sandbox-") as scratch:
        yield Path(scratch)


if __name__ == "__main__":
    main()
