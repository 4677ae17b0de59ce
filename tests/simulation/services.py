"""What a run of worlds needs that is no test: its own PostgreSQL and Redis, and which worlds."""

import argparse
import logging
from collections.abc import Iterator
from contextlib import contextmanager

import structlog

from app.config import Settings
from tests.conftest import KEYS, OPERATOR_KEY, TEMPLATE, Services


@contextmanager
def own_services() -> Iterator[Settings]:
    """Start both, and stop them in the end."""
    services = Services()
    try:
        known = services.start()
        url = {
            role: known["postgres"].format(role=f"concord_{role}", database=TEMPLATE)
            for role in ("app", "sweep")
        }
        yield Settings(
            database_url=url["app"], database_sweep_url=url["sweep"], redis_url=f"{known['redis']}/0",
            keys=KEYS, operator_key=OPERATOR_KEY, public_url="http://127.0.0.1:8000", development=True,
        )  # fmt: skip
    finally:
        services.stop()


def asking_for_worlds(description: str | None) -> argparse.ArgumentParser:
    """Return a command line that says how many worlds, of which seed, and how much is logged of them."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--worlds", type=int, default=100)
    parser.add_argument("--seed", default="1")
    parser.add_argument("--only", default=None, help="one world of that seed")
    parser.add_argument("--log", default="CRITICAL")
    return parser


def seeds_of(asked: argparse.Namespace) -> list[str]:
    """Return the seed of each world that is asked for, and log as was asked."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(getattr(logging, asked.log)))
    numbers = [asked.only] if asked.only is not None else range(asked.worlds)
    return [f"{asked.seed}/{number}" for number in numbers]
