"""Text as HTML, and the text that HTML says: for bodies that Graph holds as HTML only. Pure."""

import re
from html import escape
from html.parser import HTMLParser
from typing import Final

BREAKS: Final = frozenset({"br", "p", "div", "li", "tr", "h1", "h2", "h3", "blockquote"})
SILENT: Final = frozenset({"head", "script", "style", "title"})
NO_BREAK_SPACE: Final = "\u00a0"


def as_html(text: str) -> str:
    """Return HTML that shows a text line by line."""
    return escape(text, quote=False).replace("\n", "<br>")


def said_by(html: str) -> str:
    """Return what an HTML document says, line by line, without its formatting."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    lines = "".join(reader.said).replace(NO_BREAK_SPACE, " ").split("\n")
    return re.sub(r"\n{3,}", "\n\n", "\n".join(line.rstrip() for line in lines)).strip()


class _Reader(HTMLParser):
    """Collects what is said between the tags; a block begins and ends a line."""

    def __init__(self) -> None:
        super().__init__()
        self.said: list[str] = []
        self._silent = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        del attrs
        self._silent += tag in SILENT
        if tag == "br" or (tag in BREAKS and self._in_a_line()):
            self.said.append("\n")

    def handle_endtag(self, tag: str) -> None:
        self._silent -= tag in SILENT
        if tag in BREAKS and self._in_a_line():
            self.said.append("\n")

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self.said.append(re.sub(r"[\r\n\t]+", " ", data) if data.strip() else "")

    def _in_a_line(self) -> bool:
        said = next((text for text in reversed(self.said) if text), "\n")
        return not said.endswith("\n")
