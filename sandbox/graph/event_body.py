"""The body of an event: kept as HTML, wrapped into a whole document, shown as text to who asks for it.

Quirk: what is sent is never what comes back: text becomes HTML, a fragment a document.
https://learn.microsoft.com/graph/api/user-post-events
"""

import html
import re
from html.parser import HTMLParser
from typing import Any

from sandbox.graph.values import MAX_NOTES, an_object, text, wrong_type

Fields = dict[str, Any]

PREVIEW = 255
BREAKS = frozenset({"br", "p", "div", "tr", "li", "h1", "h2", "h3", "h4", "hr", "table", "ul", "ol"})
SILENT = frozenset({"head", "style", "script", "title"})
HEAD = (
    '<html>\r\n<head>\r\n<meta http-equiv="Content-Type" content="text/html; charset=utf-8">\r\n</head>\r\n'
    "<body>\r\n"
)
TAIL = "\r\n</body>\r\n</html>\r\n"
PLAIN = '<div class="PlainText">'


def read(name: str, value: Any) -> str | None:
    """Read an itemBody into HTML as it is kept, None where it says nothing."""
    if value is None:
        return ""
    said = an_object(name, value, names=("contentType", "content"), kind="itemBody")
    content = text(MAX_NOTES)(f"{name}.content", said.get("content")) or ""
    kind = said.get("contentType") or "text"
    if not isinstance(kind, str) or kind.lower() not in {"text", "html"}:
        raise wrong_type(f"{name}.contentType", kind, expected="microsoft.graph.bodyType")
    return as_html(content) if kind.lower() == "html" else from_text(content)


def from_text(content: str) -> str:
    if not content:
        return ""
    lines = html.escape(content, quote=False).replace("\r\n", "\n").replace("\n", "<br>\r\n")
    return HEAD + PLAIN + lines + "</div>" + TAIL


def as_html(content: str) -> str:
    """Return a fragment as a document, and a document as it is."""
    if not content or re.search(r"<html[\s>]", content, re.IGNORECASE):
        return content
    return HEAD + content + TAIL


def inside(document: str, addition: str) -> str:
    """Return a document with something more at the end of its body."""
    if not document:
        return HEAD + addition + TAIL
    before, tag, after = document.rpartition("</body>")
    return before + addition + tag + after if tag else document + addition


def shown(document: str, *, as_text: bool) -> Fields:
    if as_text:
        return {"contentType": "text", "content": plain(document)}
    return {"contentType": "html", "content": document}


def preview(document: str) -> str:
    return plain(document)[:PREVIEW]


def plain(document: str) -> str:
    """Return what a document says, without its markup."""
    reader = _Text()
    reader.feed(document)
    reader.close()
    lines = [re.sub(r"[ \t\r\n\f\v]+", " ", line).strip() for line in "".join(reader.said).split("\0")]
    said = "\r\n".join(lines)
    return re.sub(r"(\r\n){3,}", "\r\n\r\n", said).strip()


class _Text(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.said: list[str] = []
        self.silent = 0

    def handle_starttag(self, tag: str, _attrs: list[tuple[str, str | None]]) -> None:
        self.silent += tag in SILENT
        if tag in BREAKS and (tag == "br" or (self.said and self.said[-1] != "\0")):
            self.said.append("\0")

    def handle_endtag(self, tag: str) -> None:
        self.silent -= tag in SILENT and self.silent > 0
        if tag in BREAKS and tag != "br" and self.said and self.said[-1] != "\0":
            self.said.append("\0")

    def handle_data(self, data: str) -> None:
        if not self.silent:
            self.said.append(data)
