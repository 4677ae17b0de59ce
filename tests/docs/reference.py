"""The tables of docs/reference.md, told from the code: ``python tests/docs/reference.py`` writes them anew."""

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from app.config import Settings
from app.main import create_app
from app.metrics import REGISTRY
from app.openapi import operations
from app.reasons import REASONS
from app.routers.problems import catalogue

REFERENCE = Path(__file__).resolve().parents[2] / "docs" / "reference.md"
OWN = "concord"


def document() -> dict[str, Any]:
    """Return the OpenAPI document, as ``concord openapi`` prints it."""
    anything = "postgresql://nobody@localhost/none"
    settings = Settings(
        database_url=anything, database_sweep_url=anything, redis_url="redis://localhost", keys="k:AA==",
        operator_key="only-for-the-document", public_url="https://concord.example",
    )  # fmt: skip
    return create_app(settings).openapi()


def tables() -> dict[str, str]:
    """Return each table by its name in the page."""
    return {
        "operations": table(
            ("operation", "request", "does", "opened by"),
            (
                (
                    f"`{operation['operationId']}`",
                    f"`{method.upper()} {path}`",
                    operation["summary"],
                    openers(operation),
                )
                for path, method, operation in operations(document())
            ),
        ),
        "problems": table(
            ("problem", "status", "title", "who", "cure"),
            (
                (f"`{slug}`", str(known.status or "state"), known.title, known.who or "", known.cure)
                for slug, known in catalogue().items()
            ),
        ),
        "reasons": table(
            ("code", "means", "of"),
            ((f"`{code}`", known.title, ", ".join(known.entities)) for code, known in REASONS.items()),
        ),
        "metrics": table(
            ("metric", "kind", "counts"),
            (
                (f"`{_full(family)}`", family.type, family.documentation)
                for family in REGISTRY.collect()
                if family.name.startswith(OWN)
            ),
        ),
    }


def openers(operation: dict[str, Any]) -> str:
    """Return who may use an operation: the operator, a key of the workspace, or a session by its role."""
    security = operation.get("security", [])
    keys = {"operatorKey": "operator", "workspaceKey": "key"}
    told = [keys[name] for one in security for name in one if name in keys and len(one) == 1]
    return ", ".join(told + [role for one in security for role in one.get("sessionToken", [])])


def _full(family: Any) -> str:
    return f"{family.name}_total" if family.type == "counter" else str(family.name)


def table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [head, tuple("---" for _ in head), *rows]
    return "\n".join(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in line)} |" for line in lines)


def renewed(page: str, tables: Mapping[str, str]) -> str:
    """Return the page with each of its tables as the code has it now."""
    for name, told in tables.items():
        block = rf"(<!-- {name} -->\n).*?(<!-- /{name} -->)"
        page, found = re.subn(block, lambda m, told=told: f"{m[1]}{told}\n{m[2]}", page, flags=re.DOTALL)
        if found != 1:
            raise LookupError(f"The page has no place for {name}")
    return page


if __name__ == "__main__":
    REFERENCE.write_text(renewed(REFERENCE.read_text(), tables()))
