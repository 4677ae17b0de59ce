"""What a record says and Outlook can't hold."""

from app.records.reasons import Reason


class Unsupported(Exception):  # noqa: N818  named after what is wrong
    """A record that can't be worded for Outlook; ``detail`` is a sentence that names the part."""

    def __init__(self, reason: Reason, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason
        self.detail = detail
