"""The vocabulary of every other folder: canonical documents, and what is compared in them.

A *document* (``Fields``) is one record as Concord holds it: a plain dict of JSON values in the words of
``api.md`` §5. A missing key was never stated and counts as empty. Pure: no I/O, no clock, no framework.
"""

from typing import Any

Value = Any
Fields = dict[str, Value]
