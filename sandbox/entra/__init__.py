"""The local Entra ID: https://login.microsoftonline.com, as far as a sync service meets it."""

from starlette.routing import BaseRoute

from sandbox.world import World


def mount(world: World) -> list[BaseRoute]:  # noqa: ARG001
    return []
