"""Calendars: the file is what RFC 5545 says, the address is one worker's own, and it says nothing about families."""

from __future__ import annotations

import re
import uuid
from datetime import UTC, datetime, timedelta

import icalendar
import pytest
from fastapi.testclient import TestClient
from hypothesis import example, given
from hypothesis import strategies as st
from sqlalchemy import update

from api import calendar_file, clock
from api.access.models import Worker
from api.database import reading, transaction
from api.escalations import links, shifts
from api.escalations.models import Shift
from tests.small_town import Town

START = datetime(2026, 3, 28, 20, 0, tzinfo=UTC)


def file_of(*events: calendar_file.Event) -> str:
    return calendar_file.calendar("Rota", events, START, maker="Hearthline//Rota")


@given(st.text(max_size=300))
@example("\\N and \\n")
def test_every_line_is_short_enough_and_the_words_come_back(words: str) -> None:
    event = calendar_file.Event("a@b", START, START + timedelta(hours=12), words, location=words, url=words)
    file = file_of(event)
    assert file.endswith("\r\n") and "\n" not in file.replace("\r\n", "")
    assert all(len(line.encode("utf-8")) <= 75 for line in file.split("\r\n"))
    (read,) = icalendar.Calendar.from_ical(file).walk("VEVENT")
    lines = words.replace("\r\n", "\n").replace("\r", "\n").encode("utf-8", "ignore").decode("utf-8")
    kept = "".join(c for c in lines if c in "\n\t" or (c >= " " and not "\x7f" <= c <= "\x9f"))
    # The library writes a backslash before an N as a new line.
    assert str(read["SUMMARY"]) == kept.replace("\\N", "\n")
    assert {"UID", "DTSTAMP", "DTSTART", "DTEND", "SUMMARY", "SEQUENCE", "STATUS", "TRANSP"} <= read.keys()
    assert len(read.keys()) <= 10, "nothing in the words makes a line of its own"


def test_a_file_has_what_a_calendar_program_needs() -> None:
    lines = file_of(calendar_file.Event("a@b", START, START + timedelta(hours=11), "On call")).split("\r\n")
    assert lines[0] == "BEGIN:VCALENDAR" and "END:VCALENDAR" in lines and "VERSION:2.0" in lines
    event = dict(line.split(":", 1) for line in lines[lines.index("BEGIN:VEVENT") + 1 : lines.index("END:VEVENT")])
    assert event["DTSTART"] == "20260328T200000Z" and event["DTEND"] == "20260329T070000Z"
    assert {"UID", "DTSTAMP", "SUMMARY"} <= event.keys()


def path(worker: Worker, *, team: bool = False) -> str:
    with reading() as session:
        return shifts.calendar_links(session.get_one(Worker, worker.id))[team].removeprefix("http://testserver")


def test_ones_own_calendar_has_ones_own_shifts(client: TestClient, town: Town) -> None:
    answer = client.get(path(town.duty))
    assert answer.headers["content-type"] == "text/calendar; charset=utf-8"
    assert answer.text.count("BEGIN:VEVENT") == 1 and "SUMMARY:On call: duty worker" in answer.text
    assert "Mona" not in answer.text and "BEGIN:VEVENT" not in client.get(path(town.worker)).text


def test_the_teams_calendar_has_everybody_and_the_gaps_and_no_family(client: TestClient, town: Town) -> None:
    with transaction() as session:
        session.execute(update(Shift).where(Shift.role == "duty").values(ends_at=clock.now() + timedelta(days=2)))
    file = client.get(path(town.worker, team=True)).text
    assert "Dora Worker" in file and "Mona Worker" in file and "NOBODY on call: duty worker" in file
    assert not re.search("Ash|Birch|Fara|07700", file)


def test_a_new_address_ends_the_old_ones_and_so_does_leaving(client: TestClient, town: Town) -> None:
    old = path(town.duty)
    cookies = town.signed_in(town.duty)
    client.cookies.update(cookies)
    client.post("/console/rota/calendar", data=town.form(cookies))
    assert client.get(old).status_code == 404 and client.get(path(town.duty)).status_code == 200
    with transaction() as session:
        session.execute(update(Worker).where(Worker.id == town.duty.id).values(active=False))
    assert client.get(path(town.duty)).status_code == 404


@pytest.mark.parametrize("token", ["x.ics", "a" * 50, links.token(uuid.UUID(int=3)), "%00.ics"])
def test_no_other_address_is_there(client: TestClient, town: Town, token: str) -> None:
    assert client.get(f"/rota/{token}").status_code == 404


def test_a_calendars_link_acknowledges_nothing_and_the_other_way_round(town: Town) -> None:
    sealed = path(town.duty).removeprefix("/rota/").removesuffix(".ics")
    with pytest.raises(links.BadLink):
        links.notification_of(sealed)
    with pytest.raises(links.BadLink):
        links.calendar_of(links.token(uuid.uuid4()))
