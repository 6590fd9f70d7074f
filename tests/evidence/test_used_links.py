"""A link that was used: thanks for the same file, and plain words where another one did not arrive."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from api import clock
from api.database import transaction
from api.families.models import Person
from tests.evidence import files
from tests.evidence.test_links import asked, kept, on_disk, send
from tests.small_town import Town


def test_looking_uses_nothing_up_and_sending_does(client: TestClient, town: Town) -> None:
    path = asked(town)
    for _ in range(3):
        assert "<form" in client.get(path).text  # a preview, a bookmark, a second look
    assert send(client, path, files.jpeg(), files.pdf()).status_code == 303
    assert len(kept()) == 2
    assert "<form" not in client.get(path).text
    for again in ([files.jpeg(), files.pdf()], [files.pdf()]):
        assert send(client, path, *again).status_code == 303, "sent again by an impatient finger: it has arrived"
    assert len(kept()) == 2


def test_the_page_that_says_thanks_names_no_worker(client: TestClient, town: Town) -> None:
    path = asked(town, action=town.mine.action)
    send(client, path, files.jpeg())
    thanks = client.get(path).text
    assert "It has arrived." in thanks and "orker" not in thanks
    with transaction() as session:
        session.get_one(Person, town.mine.parent.id).language = "es"
    thanks = client.get(path).text
    assert "Ha llegado." in thanks and "trabajador" not in thanks


@pytest.mark.parametrize("other", ["png", "refused"])
def test_another_file_by_a_link_that_was_used_is_said_not_to_have_arrived(
    client: TestClient, town: Town, folder: Path, other: str
) -> None:
    path = asked(town)
    send(client, path, files.jpeg())
    answer = send(client, path, files.jpeg(), files.png() if other == "png" else b"<html>")
    assert answer.status_code == 410 and "has not arrived" in answer.text and "Thank you" not in answer.text
    assert "It has arrived" in client.get(path).text, "of the first one this is true"
    (row,) = kept()
    assert on_disk(folder) == {row.sha256}
    clock.move(timedelta(days=3))
    assert "has not arrived" in send(client, path, files.png()).text


def test_a_file_of_another_link_has_not_arrived_by_this_one(client: TestClient, town: Town) -> None:
    first, other = asked(town), asked(town, action=town.mine.action)
    send(client, first, files.jpeg())
    send(client, other, files.png())
    assert "has not arrived" in send(client, other, files.jpeg()).text
