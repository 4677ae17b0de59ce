"""python -m sandbox.crm: the demo CRM as a process."""

import argparse
import os
import sys
from pathlib import Path

import uvicorn

from sandbox.crm.concord import Concord
from sandbox.crm.main import create_app
from sandbox.crm.store import Store

GRACE_SECONDS = 1


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m sandbox.crm",
        description="A demo CRM. CONCORD_URL and CONCORD_WORKSPACE_KEY say whose Concord it uses.",
    )
    parser.add_argument("--port", type=int, default=8367, help="its pages, its API and its webhook")
    parser.add_argument("--data", type=Path, default=None, help="keep everything in this folder")
    return parser.parse_args()


def main() -> None:
    chosen = arguments()
    url, key = os.environ.get("CONCORD_URL"), os.environ.get("CONCORD_WORKSPACE_KEY")
    if not url or not key:
        sys.exit("The demo CRM needs CONCORD_URL and CONCORD_WORKSPACE_KEY.")
    store = Store(chosen.data)
    app = create_app(store, Concord(url, key=key), home=f"http://127.0.0.1:{chosen.port}")
    uvicorn.run(
        app, host="127.0.0.1", port=chosen.port, log_level="warning", access_log=False, server_header=False,
        timeout_graceful_shutdown=GRACE_SECONDS,
    )  # fmt: skip
    store.close()


if __name__ == "__main__":
    main()
