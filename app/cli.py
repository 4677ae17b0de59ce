"""`concord …`: every way to start a process of Concord. Each command imports what it needs when it runs."""

import gc
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, NoReturn, Optional

import typer

from app.config import Settings, SettingsError, variable

# Longer than load balancers keep an idle connection: else a request on its way may meet its end.
KEEP_ALIVE_SECONDS = 75

app = typer.Typer(
    help="Keeps CRM records in agreement with Microsoft 365, and can always say why.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
keys = typer.Typer(help="Make and rotate the key ring that seals tokens and secrets.", no_args_is_help=True)
app.add_typer(keys, name="keys")


@app.command()
def dev(
    *,
    demo: Annotated[bool, typer.Option(help="Connect a person and sync contacts, to look at.")] = True,
    microsoft: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Option(help="Use another Microsoft, which this JSON file describes, in place of the sandbox."),
    ] = None,
    data: Annotated[Path, typer.Option(help="Where the stack keeps everything.")] = Path(".concord"),
    with_parent: Annotated[
        bool, typer.Option("--with-parent", help="End when the process that started this one ends.")
    ] = False,
) -> None:
    """Run everything on this machine: PostgreSQL, Redis, the sandbox, the API, the worker and a demo CRM."""
    from app.dev.parts import Parts
    from app.dev.process import die_with_parent
    from app.dev.supervisor import run

    if with_parent:
        die_with_parent(signal.SIGTERM, parent=os.getppid())
    folder = data.absolute()
    raise typer.Exit(
        run(lambda voice: Parts(folder, demo=demo, microsoft=microsoft, voice=voice), folder=folder)
    )


@app.command()
def api(
    *,
    host: Annotated[str, typer.Option(help="The address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="The port to listen on.")] = 8000,
    grace: Annotated[int, typer.Option(help="Seconds that requests under way have at the end.")] = 10,
) -> None:
    """Serve the API. Run as many of it as you like."""
    with _assembly():
        settings = _settings()
        import uvicorn

        from app.main import create_app

        application = create_app(settings)
    uvicorn.run(
        application,
        host=host,
        port=port,
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=grace,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
    )


@app.command()
def worker() -> None:
    """Do the background work. Run as many of it as you like."""
    with _assembly():
        settings = _settings()
        from app.worker import run
    run(settings)


@app.command(
    context_settings={"allow_extra_args": True, "ignore_unknown_options": True}, add_help_option=False
)
def sandbox(context: typer.Context) -> None:
    """Run the local Microsoft alone; `concord sandbox --help` lists its options."""
    os.execv(sys.executable, [sys.executable, "-m", "sandbox", *context.args])  # noqa: S606


@app.command()
def migrate() -> None:
    """Bring the database to the newest version, as its owner. Safe to repeat and to run at once."""
    from app.migrate import migrate as upgrade

    owner = variable("database_owner_url")
    if not os.environ.get(owner):
        _refuse(f"{owner} is not set. See docs/settings.md.")
    upgrade(os.environ[owner])
    typer.echo("The database is up to date.")


@app.command()
def openapi() -> None:
    """Print the OpenAPI document; it needs no settings and no database."""
    with _assembly():
        import orjson

        from app.main import create_app
        from app.security.seal import new_key

    placeholder = Settings(
        database_url="postgresql://localhost/concord",
        database_sweep_url="postgresql://localhost/concord",
        redis_url="redis://localhost",
        keys=new_key(),
        operator_key="op_only-to-print-the-document",
        public_url="http://localhost",
    )
    document = create_app(placeholder).openapi()
    typer.echo(orjson.dumps(document, option=orjson.OPT_INDENT_2).decode())


@keys.command("new")
def keys_new() -> None:
    """Print a key ring with one new key, for CONCORD_KEYS."""
    from app.security.seal import new_key

    typer.echo(new_key())


@keys.command("rotate")
def keys_rotate() -> None:
    """Print CONCORD_KEYS with a new key in front: it seals from now on, the others still open."""
    from app.security.seal import new_key

    ring = os.environ.get(variable("keys"), "").strip()
    if not ring:
        _refuse(f"{variable('keys')} is not set: `concord keys new` makes the first key.")
    typer.echo(f"{new_key()},{ring}")


@contextmanager
def _assembly() -> Iterator[None]:
    """Collect no garbage while a process is put together: what is made then stays, and needs no second look.

    It answers a fifth earlier, and each collection afterwards has only what is new to go through.
    """
    gc.disable()
    yield
    gc.freeze()
    gc.enable()


def _settings() -> Settings:
    """Read the settings and set up the log, as each process of the service begins."""
    from app.log import configure
    from app.security.seal import BadKeys, KeyRing

    try:
        settings = Settings.read()
        KeyRing.parse(settings.keys.get_secret_value())
    except SettingsError as error:
        _refuse(str(error))
    except BadKeys as error:
        _refuse(f"{variable('keys')}: {error}. See docs/settings.md.")
    configure(level=settings.log_level, form=settings.log_format)
    return settings


def _refuse(reason: str) -> NoReturn:
    typer.echo(reason, err=True)
    raise typer.Exit(2)


def main() -> None:
    """Be the command `concord`."""
    app()


if __name__ == "__main__":
    main()
