"""The calls on subscriptions.

https://learn.microsoft.com/graph/api/resources/subscription
"""

import uuid
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sandbox.directory import Kind as Account
from sandbox.directory import Person
from sandbox.errors import GraphError
from sandbox.graph import (
    calendar_routing,
    handshake,
    odata,
    routing,
    subscription_body,
    throttle,
    todo_routing,
)
from sandbox.graph.errors import (
    access_denied,
    bad_request,
    method_not_allowed,
    not_built,
    unknown_segment,
    user_not_found,
)
from sandbox.graph.exchange import folder_of
from sandbox.graph.ids import is_local
from sandbox.graph.operations import Handler, Operation
from sandbox.graph.store import CALENDAR, CONTACTS, TASKS, Kind, Mailbox
from sandbox.graph.subscriptions import LONGEST, Subscription
from sandbox.graph.throttle import Throttle
from sandbox.graph.values import moment
from sandbox.graph.watch import Watch
from sandbox.graph.wire import Call, Reply, json_reply, segments_of

SHORTEST = timedelta(minutes=45)
MOST_OF_A_MAILBOX = 1_000
ON_A_PAGE = 100
NOBODY: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Resource:
    """What can be subscribed to. Quirk: permissions for shared calendars don't count here.

    https://learn.microsoft.com/graph/outlook-get-shared-events-calendars
    """

    kind: Kind
    default: int
    permissions: frozenset[str]


OF_CONTACTS = Resource(Kind.CONTACT, CONTACTS, routing.READ)
OF_EVENTS = Resource(Kind.EVENT, CALENDAR, calendar_routing.OWN_READ)
OF_TASKS = Resource(Kind.TASK, TASKS, todo_routing.READ)
RESOURCES = {
    ("contacts",): OF_CONTACTS,
    ("contactfolders", "{id}", "contacts"): OF_CONTACTS,
    ("events",): OF_EVENTS,
    ("calendar", "events"): OF_EVENTS,
    ("calendars", "{calendar}", "events"): OF_EVENTS,
    ("todo", "lists", "{list}", "tasks"): OF_TASKS,
}


class SubscriptionCalls:
    def __init__(self, watch: Watch) -> None:
        self.watch, self.world = watch, watch.world

    def operation(self, call: Call, rest: list[str]) -> Operation:
        """Return the call for what follows ``/subscriptions``; permissions hang on the resource."""
        methods: dict[str, Handler]
        match rest:
            case []:
                methods = {"GET": self.list, "POST": self.create}
            case [name]:
                call.item = name
                methods = {"GET": self.get, "PATCH": self.update, "DELETE": self.delete}
            case [name, action] if action.lower() == "reauthorize":
                call.item = name
                methods = {"POST": self.reauthorize}
            case _:
                raise unknown_segment(rest[-1])
        if call.method not in methods:
            raise method_not_allowed(", ".join(methods))
        return Operation(methods[call.method], NOBODY)

    def count(self, limits: Throttle, call: Call, rest: list[str]) -> None:
        """Hold the subscription service's own limits, by application and tenant."""
        key = (call.token.app_id, call.token.tenant_id)
        match call.method, rest:
            case "GET", []:
                limits.count("subscription lists", key, throttle.SUBSCRIPTION_LISTS)
            case "GET", _:
                limits.count("subscription reads", key, throttle.SUBSCRIPTION_READS)
            case "POST", [_, *_]:
                limits.count("reauthorizations", key, throttle.REAUTHORIZATIONS)
            case _:
                limits.count("subscription writes", key, throttle.SUBSCRIPTION_WRITES)

    def list(self, call: Call) -> Reply:
        said = odata.options(call.pairs)
        if set(said) - {"skiptoken"}:
            raise bad_request("Query options are not supported on subscriptions.")
        start = odata.whole_number(said.get("skiptoken", "")) or 0
        mine = [found for found in self.watch.subscriptions.by_id.values() if self._mine(call, found)]
        document: dict[str, Any] = {
            "@odata.context": f"{call.root}/$metadata#subscriptions",
            "value": [subscription_body.shown(found) for found in mine[start : start + ON_A_PAGE]],
        }
        if len(mine) > start + ON_A_PAGE:
            document["@odata.nextLink"] = call.link(skiptoken=str(start + ON_A_PAGE))
        return json_reply(document)

    async def create(self, call: Call) -> Reply:
        wanted = self._wanted(call, subscription_body.read(call.document()))
        self._refuse_another(wanted)
        await self._listening(wanted.notification_url, wanted.lifecycle_url)
        # Somebody may have been quicker while the endpoint was asked.
        self._refuse_another(wanted)
        kept = self.watch.keep(wanted)
        context = {"@odata.context": f"{call.root}/$metadata#subscriptions/$entity"}
        shown = context | subscription_body.shown(kept, client_state=kept.client_state)
        return json_reply(shown, status=201, headers=call.preferences.applied())

    def _wanted(self, call: Call, said: dict[str, Any]) -> Subscription:
        for name in ("changeType", "resource", "notificationUrl", "expirationDateTime"):
            if not said.get(name):
                raise bad_request(f"The property '{name}' is required.", code="InvalidRequest")
        person, kind, folder = self._resource(call, said["resource"])
        return Subscription(
            id=str(uuid.uuid4()),
            app_id=call.token.app_id,
            tenant_id=call.token.tenant_id,
            owner=person.oid,
            creator=call.token.person.oid if call.token.person else call.token.app_id,
            folder=folder,
            resource=said["resource"],
            change_types=subscription_body.kinds_of(said["changeType"]),
            notification_url=said["notificationUrl"],
            expires_at=self._expiry(said["expirationDateTime"], longest=LONGEST[kind]),
            authorized_until=call.token.expires_at,
            immutable_ids=call.preferences.immutable,
            lifecycle_url=said.get("lifecycleNotificationUrl"),
            client_state=said.get("clientState"),
            tls=said.get("latestSupportedTlsVersion") or "v1_2",
            kind=kind,
        )

    def get(self, call: Call) -> Reply:
        return _one(call, self._own(call))

    async def update(self, call: Call) -> Reply:
        found = self._own(call)
        said = subscription_body.read(call.document())
        for name in said:
            if name not in subscription_body.CHANGEABLE:
                raise bad_request(f"The property '{name}' can't be changed.", code="InvalidRequest")
        expires = found.expires_at
        if "expirationDateTime" in said:
            expires = self._expiry(said["expirationDateTime"], longest=LONGEST[found.kind])
        url = said.get("notificationUrl") or found.notification_url
        if url != found.notification_url:
            await self._listening(url, None)
            found = self._own(call)
        renewed = replace(
            found, expires_at=expires, notification_url=url, authorized_until=call.token.expires_at
        )
        return _one(call, self.watch.keep(renewed))

    def delete(self, call: Call) -> Reply:
        self.watch.remove(self._own(call))
        return Reply(204)

    def reauthorize(self, call: Call) -> Reply:
        self.watch.keep(replace(self._own(call), authorized_until=call.token.expires_at))
        return Reply(204)

    def _mine(self, call: Call, found: Subscription) -> bool:
        who = call.token.person.oid if call.token.person else call.token.app_id
        mine = (found.app_id, found.tenant_id, found.creator) == (
            call.token.app_id,
            call.token.tenant_id,
            who,
        )
        return mine and found.expires_at > self.world.now()

    def _own(self, call: Call) -> Subscription:
        found = self.watch.live(call.item)
        if found is None or not self._mine(call, found):
            raise GraphError(404, "ResourceNotFound", "The object was not found.")
        return found

    def _resource(self, call: Call, resource: str) -> tuple[Person, Kind, int]:
        """Return whose mailbox, what in it and which folder a resource names, or refuse it.

        Quirk: personal accounts have no subscriptions to tasks.
        https://learn.microsoft.com/graph/api/resources/webhooks
        """
        path, _, query = resource.partition("?")
        match segments_of("/" + path.strip("/")):
            case [root, *rest] if root.lower() == "me" and rest:
                person = call.token.person
                if person is None:
                    raise routing.delegated_only()
            case [root, name, *rest] if root.lower() == "users" and rest:
                person = self.world.person(name)
                if person is None or person.tenant_id != call.token.tenant_id:
                    raise user_not_found(name)
            case _:
                raise _unsupported(resource)
        if call.token.person is not None and call.token.person.oid != person.oid:
            raise access_denied()
        found = routing.in_mailbox(tuple(rest))
        wanted = RESOURCES.get(found.key)
        if wanted is None or (wanted.kind is Kind.TASK and person.kind is Account.PERSONAL):
            raise _unsupported(resource)
        if query:
            raise not_built("A query in a subscription's resource")
        if not routing.granted(call, wanted.permissions):
            raise access_denied()
        mailbox = self.watch.exchange.mailbox(person)
        if not any(found.folders):
            return person, wanted.kind, wanted.default
        return person, wanted.kind, _folder(mailbox, found.folders[-1], kind=wanted.kind)

    def _expiry(self, said: str, *, longest: timedelta) -> datetime:
        """Return when it will end: never sooner than in 45 minutes, and refused beyond the maximum."""
        now = self.world.now()
        wanted = moment("expirationDateTime", said)
        if wanted > now + longest:
            minutes = int(longest.total_seconds() // 60)
            raise bad_request(
                f"Subscription expiration can only be {minutes} minutes in the future.", code="ExtensionError"
            )
        return max(wanted, now + SHORTEST)

    def _refuse_another(self, wanted: Subscription) -> None:
        there = [
            s for s in self.watch.subscriptions.of_mailbox(wanted.owner) if s.expires_at > self.world.now()
        ]
        for found in there:
            if _same(found, wanted):
                raise GraphError(
                    409,
                    "Conflict",
                    f"Subscription Id <{found.id}> already exists for the requested combination",
                )
        if len(there) >= MOST_OF_A_MAILBOX:
            raise GraphError(
                403,
                "ExtensionError",
                "Operation: Create; Exception: [Status Code: Forbidden; Reason: The mailbox has its maximum "
                f"of {MOST_OF_A_MAILBOX} subscriptions]",
            )

    async def _listening(self, notifications: str, lifecycle: str | None) -> None:
        """Check and ask both addresses; one that serves both is asked twice."""
        lenient = not self.world.settings.require_https_notifications
        addresses = [("notificationUrl", notifications)]
        addresses += [("lifecycleNotificationUrl", lifecycle)] if lifecycle else []
        for name, url in addresses:
            handshake.check_address(name, url, loopback_http=lenient)
        for _, url in addresses:
            await handshake.shake(url, self.watch.courier.client)


def _same(one: Subscription, other: Subscription) -> bool:
    return (one.app_id, one.creator, one.folder, set(one.change_types)) == (
        other.app_id,
        other.creator,
        other.folder,
        set(other.change_types),
    )


def _folder(mailbox: Mailbox, name: str, *, kind: Kind) -> int:
    """Return the number of a folder of a mailbox. Quirk: what others share is none that is watched."""
    if is_local(name, mailbox=mailbox.owner):
        raise access_denied()
    return folder_of(mailbox, name, kind=kind).number


def _unsupported(resource: str) -> GraphError:
    return bad_request(
        f"Resource '{resource[:200]}' is not supported for change notifications.", code="ExtensionError"
    )


def _one(call: Call, found: Subscription) -> Reply:
    return json_reply(
        {"@odata.context": f"{call.root}/$metadata#subscriptions/$entity"} | subscription_body.shown(found)
    )
