"""The local Graph v1.0, as far as a sync of contacts, calendars and tasks meets it.

``mount`` adds its state to the world and returns its routes. The controls reach mailboxes by
``world.exchange``: it seeds them and drags items about in them.
"""

from starlette.routing import BaseRoute, Route

from sandbox.graph.door import Door
from sandbox.graph.exchange import Exchange
from sandbox.graph.front import Front
from sandbox.graph.mailboxes import Mailboxes
from sandbox.graph.subscription_calls import SubscriptionCalls
from sandbox.graph.subscriptions import Subscriptions
from sandbox.graph.watch import Watch
from sandbox.world import World

METHODS = ["GET", "POST", "PATCH", "PUT", "DELETE"]


def mount(world: World) -> list[BaseRoute]:
    mailboxes, subscriptions = Mailboxes(), Subscriptions()
    for part in (mailboxes, subscriptions):
        world.add(part)
    world.exchange = Exchange(world, mailboxes)
    watch = Watch(world, world.exchange, subscriptions)
    front = Front(world, world.exchange, SubscriptionCalls(watch))
    return [Route("/v1.0{path:path}", Door(world, front).answer, methods=METHODS)]
