"""The README's first ten calls are true: each runs as it is written, and prints what the page says."""

import json
import shutil
from pathlib import Path

import pytest
from guide import blocks, difference, played

README = Path(__file__).resolve().parents[2] / "README.md"
WITHIN_SECONDS = 120


@pytest.mark.skipif(not (shutil.which("bash") and shutil.which("curl")), reason="bash or curl is missing")
@pytest.mark.feature("F8")
def test_the_first_ten_calls_do_what_the_page_says(stack, tmp_path):
    (tmp_path / ".concord").mkdir()
    (tmp_path / ".concord" / "dev.json").write_text(json.dumps(stack))
    told = blocks(README.read_text())

    printed = played(told, tmp_path, within=WITHIN_SECONDS)

    differences = {
        block.line: difference(block.printed, output)
        for block, output in zip(told, printed, strict=True)
        if difference(block.printed, output) is not None
    }
    assert differences == {}
