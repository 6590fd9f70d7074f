"""Test phones: one texts, expects a text, and fails the test over a text that nobody expected."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.harness.twilio import Text, new_sid

if TYPE_CHECKING:
    from tests.harness.system import System

#: Seconds to wait for a text: far more than it takes, because the machine may be busy.
PATIENCE = 30.0


@dataclass
class Phone:
    """A phone with this number in the world of one system. ``owner`` says whose, for messages of failed tests."""

    number: str
    owner: str
    system: System

    def text(self, body: str, *, sid: str = "", api: int = 0, **more: str) -> str:
        """Text the service; it must answer 200. Returns the message's id."""
        sid = sid or new_sid()
        response = self.system.webhook(self.number, body, sid=sid, api=api, **more)
        assert response.status_code == 200, f"{self.owner}'s text was answered with {response.status_code}"
        return sid

    def unexpected(self) -> list[Text]:
        """Texts that no ``expect`` has taken yet."""
        return [text for text in self.system.twilio.to(self.number) if not text.expected]

    def expect(self, pattern: str = "", *, within: float = PATIENCE) -> Text:
        """Wait for a text that matches (a regular expression, any case); it counts as expected from now on."""

        def found() -> Text | None:
            return next((t for t in self.unexpected() if re.search(pattern, t.body, re.IGNORECASE | re.DOTALL)), None)

        def missed() -> str:
            others = [text.body for text in self.unexpected()]
            return f"{self.owner} waited {within} s for a text like {pattern!r}; there were {others}"

        text: Text = self.system.twilio.wait(found, within, missed)
        text.expected = True
        return text

    def expect_whatever(self) -> list[Text]:
        """Everything that came so far is all right (promises.check has counted it)."""
        came = self.unexpected()
        for text in came:
            text.expected = True
        return came

    def expect_nothing_else(self) -> None:
        """Fail if a text came that no ``expect`` took, once everything under way has come to rest."""
        self.system.settle()
        left = [text.body for text in self.unexpected()]
        assert not left, f"{self.owner} did not expect {left}"
