"""The table of rules names tests that exist."""

import re
from pathlib import Path

HERE = Path(__file__).parent
DOCUMENT = HERE.parents[1] / "docs" / "sandbox-rules.md"


def test_every_test_that_the_table_of_rules_names_exists():
    named = set(re.findall(r"`(test_\w+)`", DOCUMENT.read_text()))
    written = {
        name for path in HERE.glob("test_*.py") for name in re.findall(r"def (test_\w+)", path.read_text())
    }

    assert named
    assert named <= written, named - written
