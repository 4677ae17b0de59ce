"""The block by which an event's body says how to join its online meeting: never ours to lose. Pure.

Quirk: a body that is written without it ends the online meeting, and there is no way back.
https://learn.microsoft.com/graph/outlook-calendar-online-meetings
"""

import re
from html import escape
from typing import Final

RULE: Final = r"_{20,}"
TEXT_BLOCK: Final = re.compile(rf"\s*{RULE}.*{RULE}\s*", re.DOTALL)
HTML_BLOCK: Final = re.compile(rf"<(\w+)[^<>]*>(?:<[^<>]*>)*{RULE}.*{RULE}(?:</[^<>]*>)*", re.DOTALL)
JOIN: Final = re.compile(r"teams", re.IGNORECASE)


def without_block(text: str) -> str:
    """Return a plain body without the block that it ends in, or holds."""
    found = TEXT_BLOCK.search(text)
    if found is None or not JOIN.search(found.group()):
        return text
    return "\n\n".join(part.strip() for part in TEXT_BLOCK.split(text, maxsplit=1) if part.strip())


def around_block(html: str, *, join_url: str, text: str) -> str | None:
    """Return a body that says this before the block it had; None where no block is to be made out."""
    found = HTML_BLOCK.search(html)
    if found is None or (escape(join_url) not in found.group() and join_url not in found.group()):
        return None
    said = escape(text).replace("\n", "<br>\r\n")
    return f"<html><body><div>{said}</div>\r\n{found.group()}</body></html>"
