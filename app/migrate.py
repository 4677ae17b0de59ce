"""Bring a database to the newest migration."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from alembic import command
from alembic.config import Config

MIGRATIONS = Path(__file__).resolve().parents[1] / "migrations"


def migrate(owner_url: str, *, revision: str = "head") -> None:
    """Upgrade the database as its owner. Safe to repeat; a failed migration leaves nothing behind.

    In a thread of its own, because the driver needs an event loop and the caller may have one already.
    """
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["url"] = owner_url
    with ThreadPoolExecutor(max_workers=1) as thread:
        thread.submit(command.upgrade, config, revision).result()
