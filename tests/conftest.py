"""One PostgreSQL and one Redis for a whole test session, and an empty database for each test that asks.

The controller (or the only process) starts both; each xdist worker clones the migrated template once. A
test that takes ``database_url`` or ``redis_url``, directly or through ``db`` or ``settings``, finds both
empty. The service connects as ``concord_app``, as everywhere: the superuser only clones and cleans.
"""

import base64
import contextlib
import os
import shutil
import tempfile
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

import asyncpg
import hypothesis
import pytest
import redis.asyncio
from engines import kept_engines
from stack import new_stack, pytest_runtest_makereport, stack  # noqa: F401 - fixtures and a hook

from app.config import PREFIX, Settings
from app.db import Database
from app.dev.services import Postgres, Redis, StartError, free_port
from app.migrate import migrate

# A machine that is busy with other tests makes an example slow, not wrong.
hypothesis.settings.register_profile("concord", deadline=None, print_blob=True)
hypothesis.settings.load_profile("concord")

TEMPLATE = "concord"
REDIS_PASSWORD = "only-for-tests"
KEYS = f"test:{base64.b64encode(bytes(32)).decode()}"
OPERATOR_KEY = "op_only-for-tests"
EMPTY_EVERY_TABLE = """
SET lock_timeout = '5s'; SET session_replication_role = replica;
DO $$
DECLARE wanted regclass; filled boolean;
BEGIN
  FOR wanted IN SELECT oid FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace
                                           AND relname <> 'alembic_version'
  LOOP
    EXECUTE format('SELECT EXISTS (SELECT FROM %s)', wanted) INTO filled;
    IF filled THEN EXECUTE format('DELETE FROM %s', wanted); END IF;
  END LOOP;
END $$
"""


@dataclass
class Services:
    """The servers of this test session, started when first asked for."""

    folder: Path = field(default_factory=lambda: Path(tempfile.mkdtemp(prefix="concord-tests-")))
    postgres: Postgres | None = None
    redis: Redis | None = None

    def start(self) -> dict[str, str]:
        """Start both (once) and return what a worker needs to know."""
        if self.postgres is None or self.redis is None:
            self.postgres = Postgres(self.folder / "pg", log=self.folder / "postgres.log", durable=False)
            self.postgres.start()
            self.redis = self._start_redis()
            migrate(self.postgres.url("concord_owner", database=TEMPLATE))
        return {
            "postgres": self.postgres.url("{role}", database="{database}"),
            "redis": self.redis.url().rpartition("/")[0],
        }

    def _start_redis(self) -> Redis:
        for attempt in range(3):  # another process may take the port before Redis does
            server = Redis(
                self.folder, port=free_port(), password=REDIS_PASSWORD, log=self.folder / "redis.log"
            )
            with contextlib.suppress(StartError) if attempt < 2 else contextlib.nullcontext():
                server.start()
                return server
        raise AssertionError

    def stop(self) -> None:
        for server in (self.redis, self.postgres):
            if server is not None:
                server.stop()
        shutil.rmtree(self.folder, ignore_errors=True)


# What takes long begins first, and a file of it at each worker in turn: what is left for the end is short.
LONG = ("platform", "scenarios", "simulation", "preview", "docs", "contract/test_schemathesis", "api/explain")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    workers = getattr(config, "workerinput", {}).get("workercount", 1)
    files: dict[Path, list[pytest.Item]] = {}
    for item in items:
        files.setdefault(item.path, []).append(item)
    folder = Path(__file__).parent
    short = {path for path in files if not path.relative_to(folder).as_posix().startswith(LONG)}
    long = [path for path in files if path not in short]
    share = -(-len(items) // workers)
    ordered: list[pytest.Item] = []
    rest = [item for path in files if path in short for item in files[path]]
    for turn in range(workers):
        mine = [item for path in long[turn::workers] for item in files[path]]
        fill = max(0, share - len(mine))
        ordered += mine + rest[:fill]
        rest = rest[fill:]
    items[:] = ordered + rest


def pytest_xdist_auto_num_workers() -> int:
    """Return one worker more than there are cores: stories wait for other processes now and then."""
    return (os.cpu_count() or 1) + 1


SERVICES = pytest.StashKey[Services]()


def pytest_configure(config: pytest.Config) -> None:
    for name in [name for name in os.environ if name.startswith(PREFIX)]:
        del os.environ[name]  # a test sees the settings it names, not those of the shell it was started from
    if not hasattr(config, "workerinput"):
        config.stash[SERVICES] = Services()


def pytest_unconfigure(config: pytest.Config) -> None:
    if SERVICES in config.stash:
        config.stash[SERVICES].stop()


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node) -> None:
    """Tell an xdist worker, before it starts, where the servers are."""
    node.workerinput["services"] = node.config.stash[SERVICES].start()


@dataclass(frozen=True)
class Servers:
    """Where this worker's own database and Redis are."""

    postgres: str
    redis: str
    number: int

    @property
    def database(self) -> str:
        return f"worker_{self.number}"

    def url(self, role: str, *, database: str | None = None) -> str:
        return self.postgres.format(role=role, database=database or self.database)

    async def superuser(self, *, database: str | None = None) -> asyncpg.Connection:
        url = self.url("postgres", database=database).replace("+asyncpg", "")
        return await asyncpg.connect(url)


@pytest.fixture(scope="session")
def servers(request: pytest.FixtureRequest) -> Servers:
    worker = getattr(request.config, "workerinput", None)
    known = worker["services"] if worker else request.config.stash[SERVICES].start()
    return Servers(**known, number=int(worker["workerid"].removeprefix("gw")) if worker else 0)


@pytest.fixture(scope="session")
async def cleaner(servers: Servers) -> AsyncIterator[asyncpg.Connection]:
    """Clone the template for this worker; yield the connection that empties the clone."""
    superuser = await servers.superuser(database="postgres")
    await superuser.execute(f"CREATE DATABASE {servers.database} TEMPLATE {TEMPLATE} OWNER concord_owner")
    await superuser.close()
    connection = await servers.superuser()
    async with kept_engines():
        yield connection
    await connection.close()


@pytest.fixture
async def database_url(servers: Servers, cleaner: asyncpg.Connection) -> str:
    """This worker's database as ``concord_app``, empty."""
    await cleaner.execute(EMPTY_EVERY_TABLE)
    return servers.url("concord_app")


@pytest.fixture
def sweep_url(servers: Servers, database_url: str) -> str:
    return servers.url("concord_sweep")


@pytest.fixture
def owner_url(servers: Servers, database_url: str) -> str:
    return servers.url("concord_owner")


@pytest.fixture
async def redis_url(servers: Servers) -> str:
    """This worker's logical database of Redis, empty."""
    url = f"{servers.redis}/{servers.number}"
    async with redis.asyncio.from_url(url) as client:
        await client.flushdb()
    return url


@pytest.fixture
async def db(database_url: str) -> AsyncIterator[Database]:
    database = Database(database_url)
    yield database
    await database.close()


@pytest.fixture(scope="session")
def known_settings(servers: Servers) -> Settings:
    """What `concord dev` would tell the service, made once: pydantic looks into each of its sources."""
    return Settings(
        database_url=servers.url("concord_app"),
        database_sweep_url=servers.url("concord_sweep"),
        database_owner_url=servers.url("concord_owner"),
        redis_url=f"{servers.redis}/{servers.number}",
        keys=KEYS,
        operator_key=OPERATOR_KEY,
        public_url="http://127.0.0.1:8000",
        development=True,
    )


@pytest.fixture
def settings(known_settings: Settings, database_url: str, redis_url: str) -> Settings:
    """The same with both servers empty, but for Microsoft: a test that needs it adds it."""
    return known_settings


@pytest.fixture
async def new_database(servers: Servers) -> AsyncIterator[str]:
    """An empty database of its own, without tables, as its owner: for tests of the migrations."""
    name = f"{servers.database}_new"
    superuser = await servers.superuser(database="postgres")
    await superuser.execute(f"CREATE DATABASE {name} TEMPLATE template0 OWNER concord_owner")
    yield servers.url("concord_owner", database=name)
    await superuser.execute(f"DROP DATABASE {name} WITH (FORCE)")
    await superuser.close()
