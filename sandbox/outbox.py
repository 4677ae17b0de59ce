"""What Exchange would have mailed to people: nothing leaves the machine, everything is counted."""

from collections.abc import Iterator

from sandbox.log import Body, Command


class Outbox:
    """Messages are dicts as ``api.md`` shows them: kind, from, to, subject, at."""

    def __init__(self) -> None:
        self.messages: list[Body] = []
        self.appliers = {"outbox.sent": self._sent}

    def of(self, mail: str | None) -> list[Body]:
        """Return what that person's mailbox sent, or everything."""
        return [m for m in self.messages if mail is None or m["from"].lower() == mail.lower()]

    def clear(self) -> None:
        self.messages.clear()

    def snapshot(self) -> Iterator[Command]:
        yield from (("outbox.sent", message) for message in self.messages)

    def _sent(self, body: Body) -> None:
        self.messages.append(body)
