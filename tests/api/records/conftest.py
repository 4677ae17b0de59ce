"""Records over the API: problems in one shape, and a clock that can be moved on."""

from datetime import timedelta

import pytest

from app import clock


@pytest.fixture
def problem():
    """Check that an answer is this problem; return it."""

    def check(answer, status, slug):
        assert answer.status_code == status, answer.text
        assert answer.headers["content-type"] == "application/problem+json"
        told = answer.json()
        assert (told["type"], told["status"]) == (f"/problems/{slug}", status)
        return told

    return check


@pytest.fixture
def later():
    """Move the service's clock on."""

    def move(**by):
        clock.follow(clock.now() + timedelta(**by))

    yield move
    clock._offset = timedelta(0)
