"""The bodies of calls on subscriptions: what they may say, and how a subscription is shown."""

from collections.abc import Mapping
from typing import Any

from sandbox.graph.errors import bad_request, not_built
from sandbox.graph.subscriptions import Subscription
from sandbox.graph.values import no_such_property, of_type, shown_time, text, wrong_type

TYPE = "#microsoft.graph.subscription"
MAX_CLIENT_STATE = 128
# Quirk: documentation writes v1_2, the SDKs v12.
TLS = frozenset({"v10", "v11", "v12", "v13"})
KINDS = ("created", "updated", "deleted")
WRITABLE = (
    "changeType", "resource", "notificationUrl", "lifecycleNotificationUrl", "expirationDateTime",
    "clientState", "latestSupportedTlsVersion",
)  # fmt: skip
CHANGEABLE = frozenset({"expirationDateTime", "notificationUrl"})
READ_ONLY = frozenset({"id", "applicationId", "creatorId"})
RICH = frozenset({
    "includeResourceData", "encryptionCertificate", "encryptionCertificateId", "notificationQueryOptions",
    "notificationUrlAppId",
})  # fmt: skip


def read(body: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a body says, or raise Graph's 400; read-only properties say nothing."""
    of_type(body, TYPE)
    said: dict[str, Any] = {}
    for name, value in body.items():
        if name in RICH and value not in {None, False, ""}:
            raise not_built(f"subscription.{name}")
        if name not in WRITABLE:
            if name in RICH or name in READ_ONLY or "@" in name:
                continue
            raise no_such_property(name, TYPE)
        if value is not None:
            said[name] = text()(name, value)
    tls = said.get("latestSupportedTlsVersion", "v1_2")
    if tls.replace("_", "") not in TLS:
        raise wrong_type("latestSupportedTlsVersion", tls, expected="tlsVersion")
    if len(said.get("clientState", "")) > MAX_CLIENT_STATE:
        raise bad_request(
            f"The clientState has more than {MAX_CLIENT_STATE} characters.", code="InvalidRequest"
        )
    return said


def kinds_of(said: str) -> tuple[str, ...]:
    kinds = tuple(dict.fromkeys(kind.strip().lower() for kind in said.split(",")))
    if not kinds or not set(kinds) <= set(KINDS):
        raise wrong_type("changeType", said, expected="created, updated, deleted")
    return kinds


def shown(found: Subscription, *, client_state: str | None = None) -> dict[str, Any]:
    """Return a subscription as Graph shows it. Quirk: only the POST's answer has the clientState."""
    return {
        "id": found.id,
        "resource": found.resource,
        "applicationId": found.app_id,
        "changeType": ",".join(found.change_types),
        "clientState": client_state,
        "notificationUrl": found.notification_url,
        "notificationQueryOptions": None,
        "lifecycleNotificationUrl": found.lifecycle_url,
        "expirationDateTime": shown_time(found.expires_at),
        "creatorId": found.creator,
        "includeResourceData": None,
        "latestSupportedTlsVersion": found.tls,
        "encryptionCertificate": None,
        "encryptionCertificateId": None,
        "notificationUrlAppId": None,
    }
