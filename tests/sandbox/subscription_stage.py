"""Words for subscriptions, as the tests of notifications use them."""

from datetime import datetime, timedelta

from graph_stage import Listener, Outlook, Stage


def wish(stage: Stage, listener: Listener, *, minutes: float = 4230, **changes) -> dict:
    body = {
        "changeType": "created,updated,deleted",
        "notificationUrl": f"{listener.url}/notifications",
        "resource": "/me/contacts",
        "expirationDateTime": (stage.world.now() + timedelta(minutes=minutes)).strftime(
            "%Y-%m-%dT%H:%M:%S.0000000Z"
        ),
        "clientState": "secret",
    } | changes
    return {name: value for name, value in body.items() if value is not ...}


async def subscribed(stage: Stage, outlook: Outlook, listener: Listener, **changes) -> dict:
    return await outlook.made("subscriptions", **wish(stage, listener, **changes))


def minutes_left(stage: Stage, subscription: dict) -> float:
    return (
        datetime.fromisoformat(subscription["expirationDateTime"]) - stage.world.now()
    ).total_seconds() / 60
