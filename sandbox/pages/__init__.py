"""Plain pages where a person looks at a mailbox."""

from starlette.applications import Starlette
from starlette.routing import BaseRoute

from sandbox.world import World


def mount(world: World, app: Starlette) -> list[BaseRoute]:  # noqa: ARG001
    return []
