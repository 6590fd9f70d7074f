"""What the product logs in this process while a test runs, searched for what was stored meanwhile: names, numbers, and
what people wrote. (The output of real processes is searched by tests/harness/leaks.py.)"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager

from api import logs
from tests.harness import canaries

#: Shorter names stand in innocent lines by chance.
SHORTEST_NAME = 4


class Lines(logging.Handler):
    """Keeps each record as the product would write it."""

    def __init__(self) -> None:
        super().__init__()
        self.setFormatter(logs.formatter())
        self.kept: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.kept.append(self.format(record))


@contextmanager
def kept() -> Iterator[list[str]]:
    """The lines that ``api`` logs meanwhile, at the level that the product logs at."""
    ours, lines = logging.getLogger("api"), Lines()
    before = ours.level
    ours.addHandler(lines)
    ours.setLevel(logging.INFO)
    try:
        yield lines.kept
    finally:
        ours.removeHandler(lines)
        ours.setLevel(before)


def personal(lines: list[str]) -> list[str]:
    """Which of these lines hold something that stands in this process's database."""
    was = canaries.known()
    try:
        names = _remember()
        return [line for line in lines if canaries.found_in(line) or names & set(re.findall(r"\w+", line))]
    finally:
        canaries.go_back_to(was)


def _remember() -> set[str]:
    from sqlalchemy import select

    from api.access.models import Worker
    from api.database import reading
    from api.escalations.models import Escalation
    from api.families.models import ContactPoint, Family, Person
    from api.messages.models import InboundMessage, OutboundMessage

    named = Person.first_name, Person.last_name, Family.name, Worker.name
    numbers = ContactPoint.address, Worker.phone, OutboundMessage.address
    with reading() as session:
        names = [word for column in named for name in session.scalars(select(column)) for word in (name or "").split()]
        for column in numbers:
            for number in session.scalars(select(column)):
                canaries.add(number or "")
        for column in (InboundMessage.body, OutboundMessage.body, Escalation.words):
            for words in session.scalars(select(column)):
                canaries.wrote(words or "")
    return {word for word in names if len(word) >= SHORTEST_NAME}
