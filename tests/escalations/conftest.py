"""The town is here for every test of this folder."""

from tests.messages.conftest import twilio
from tests.small_town import town

__all__ = ["town", "twilio"]
