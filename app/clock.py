"""The only place that reads the time: machine time plus an offset.

Everything else is handed the time. The offset is zero but in the development stack, where it
follows the sandbox's clock.
"""

from datetime import UTC, datetime, timedelta

_offset = timedelta(0)


def now() -> datetime:
    """Return the current time, aware and in UTC."""
    return datetime.now(UTC) + _offset


def follow(moment: datetime) -> None:
    """Set the offset so that it is ``moment`` now."""
    global _offset  # noqa: PLW0603  one clock per process is the point
    _offset = moment - datetime.now(UTC)
