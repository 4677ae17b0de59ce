"""An endpoint of a CRM, on loopback: it answers as it is told and remembers what it was sent."""

import asyncio
import json
from dataclasses import dataclass, field


@dataclass
class Endpoint:
    """``answers`` are given one after another, the last for ever: a status, or (status, headers, body)."""

    answers: list = field(default_factory=lambda: [200])
    seen: list = field(default_factory=list)
    refuses: str | None = None
    names: bool = False
    delay: float = 0
    server: asyncio.Server | None = None
    called: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def url(self):
        host, port = self.server.sockets[0].getsockname()[:2]
        return f"http://{host}:{port}/hook"

    @property
    def changes(self):
        """The changes of every delivery that was answered with 2xx, in the order they came."""
        return [
            change
            for headers, body, status in self.seen
            if status < 300
            for change in body["data"]["changes"]
        ]

    @property
    def names_seen(self):
        return [change["record"]["given_name"] for change in self.changes]

    async def start(self):
        self.server = await asyncio.start_server(self._serve, "127.0.0.1", 0)

    async def stop(self):
        self.server.close()
        await self.server.wait_closed()

    async def _serve(self, reader, writer):
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        pairs = (line.split(": ", 1) for line in head.split("\r\n")[1:] if line)
        headers = {name.lower(): value for name, value in pairs}
        raw = await reader.readexactly(int(headers["content-length"]))
        body = json.loads(raw)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        status, more, text = answer if isinstance(answer, tuple) else (answer, {}, b"")
        if self.refuses is not None:
            poisoned = any(c["record"].get("given_name") == self.refuses for c in body["data"]["changes"])
            status = 500 if poisoned else 200
        if self.names and status == 200:
            text = json.dumps(
                {"changes": [self._name(change) for change in body["data"]["changes"]]}
            ).encode()
        self.seen.append((headers | {"raw": raw.decode()}, body, status))
        self.called.set()
        await asyncio.sleep(self.delay)
        lines = {"content-length": str(len(text)), "connection": "close", **more}
        writer.write(f"HTTP/1.1 {status} X\r\n".encode())
        writer.write(
            "".join(f"{name}: {value}\r\n" for name, value in lines.items()).encode() + b"\r\n" + text
        )
        await writer.drain()
        writer.close()

    @staticmethod
    def _name(change):
        return {"id": change["id"], "crm_id": change["crm_id"] or f"c-{change['record']['given_name']}"}
