"""python -m sandbox: the local Microsoft as a process."""

import argparse
import asyncio
import os
import sys
import tempfile
from pathlib import Path

from sandbox.founding import Registration, found
from sandbox.log import LogInUseError
from sandbox.main import create_app
from sandbox.serving import certificate_authority, serve
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
    with tempfile.TemporaryDirectory(prefix="sandbox-") as scratch:
        try:
            world = World(chosen.data)
        except LogInUseError as error:
            sys.exit(str(error))
        world.ca_path, authority = certificate_authority(chosen.data or Path(scratch))
        ours = Registration(
            client_id=os.environ.get("SANDBOX_CLIENT_ID"),
            client_secret=os.environ.get("SANDBOX_CLIENT_SECRET"),
            redirect_uris=tuple(chosen.redirect_uri),
        )
        world.found = lambda: found(world, ours)
        app = create_app(world)
        try:
            asyncio.run(serve(app, port=chosen.port, tls_port=chosen.tls_port, authority=authority))
        finally:
            world.close()


if __name__ == "__main__":
    main()
