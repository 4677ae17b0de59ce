"""Which Microsoft a development stack talks to: its own sandbox, or another that a file describes."""

from pathlib import Path
from typing import Self

import msgspec

from app.dev.process import StartError
from app.dev.state import State


class Microsoft(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where Graph and sign-in are. ``graph`` is without the version, ``authority`` without the tenant."""

    graph: str
    authority: str
    client_id: str
    client_secret: str
    ca: str | None = None
    control: str | None = None

    @classmethod
    def sandbox(cls, state: State, *, folder: Path) -> Self:
        """Return the stack's own."""
        http = f"http://127.0.0.1:{state.ports['sandbox']}"
        return cls(
            graph=http,
            authority=f"https://localhost:{state.ports['sandbox_tls']}",
            client_id=state.client_id,
            client_secret=state.client_secret,
            ca=str(folder / "sandbox" / "ca.pem"),
            control=http,
        )

    @classmethod
    def read(cls, path: Path) -> Self:
        """Return what the file of ``--microsoft`` says."""
        try:
            return msgspec.json.decode(path.read_bytes(), type=cls)
        except (OSError, msgspec.MsgspecError) as error:
            raise StartError(f"{path}: {error}") from None

    def environment(self, *, browser: str | None) -> dict[str, str]:
        """Return the settings that lead the service there; its clock follows where there is one to follow."""
        settings = {
            "CONCORD_MICROSOFT_GRAPH_URL": self.graph,
            "CONCORD_MICROSOFT_AUTHORITY": self.authority,
            "CONCORD_MICROSOFT_CLIENT_ID": self.client_id,
            "CONCORD_MICROSOFT_CLIENT_SECRET": self.client_secret,
            "CONCORD_MICROSOFT_CA": self.ca,
            "CONCORD_MICROSOFT_BROWSER_URL": browser,
            "CONCORD_CLOCK_URL": self.control and f"{self.control.rstrip('/')}/_sandbox/clock",
        }
        return {name: value for name, value in settings.items() if value}
