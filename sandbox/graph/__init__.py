"""The local Graph v1.0, as far as a contact sync meets it.

``mount`` adds its state to the world and returns its routes. The controls and pages use ``of(world)``:
``graph.of(world).exchange`` seeds mailboxes and moves items.
"""

from dataclasses import dataclass
from weakref import WeakKeyDictionary

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


@dataclass(frozen=True)
class Graph:
    exchange: Exchange
    watch: Watch
    front: Front


_graphs: WeakKeyDictionary[World, Graph] = WeakKeyDictionary()


def of(world: World) -> Graph:
    return _graphs[world]


def mount(world: World) -> list[BaseRoute]:
    mailboxes, subscriptions = Mailboxes(), Subscriptions()
    for part in (mailboxes, subscriptions):
        world.add(part)
    exchange = Exchange(world, mailboxes)
    watch = Watch(world, exchange, subscriptions)
    front = Front(world, exchange, SubscriptionCalls(watch))
    _graphs[world] = Graph(exchange, watch, front)
    door = Door(world, front)
    return [Route("/v1.0{path:path}", door.answer, methods=METHODS)]
