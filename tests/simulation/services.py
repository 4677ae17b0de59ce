"""A PostgreSQL and a Redis for one run of worlds alone."""

from collections.abc import Iterator
from contextlib import contextmanager

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
