"""The town is here for every test of this folder."""

from datetime import date, timedelta

import pytest

from api import clock
from tests.small_town import town

__all__ = ["town"]


@pytest.fixture
def soon() -> date:
    """A day that is nine days ahead."""
    return clock.now().date() + timedelta(days=9)
