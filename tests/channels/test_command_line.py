"""`hearthline screen` and `hearthline text` as a program reads them: any editor's file, and an ending that is true."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from fastapi.testclient import TestClient
from typer.testing import CliRunner

from api.channels.twilio import try_out
from api.cli import app
from tests.small_town import Town


def test_the_mark_that_some_editors_put_first_is_no_part_of_the_first_message(tmp_path: Path) -> None:
    file = tmp_path / "messages.txt"
    file.write_bytes("\ufeffwhens my next meeting\nok\n".encode())
    answer = CliRunner().invoke(app, ["screen", str(file)])
    assert [json.loads(line)["text"] for line in answer.stdout.splitlines()] == ["whens my next meeting", "ok"]


@pytest.mark.parametrize("command", [["screen"], ["understand"], ["evaluate"], ["import"], ["services", "import"]])
def test_a_file_that_is_not_there_is_named_in_one_sentence(tmp_path: Path, command: list[str]) -> None:
    answer = CliRunner().invoke(app, [*command, str(tmp_path / "nothing.here")])
    assert (answer.exit_code, answer.stdout) == (1, "")
    assert answer.stderr == f"{tmp_path / 'nothing.here'}: there is no such file.\n"


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    answer = CliRunner().invoke(app, ["screen", str(tmp_path)])
    assert answer.exit_code == 1 and answer.stderr == f"{tmp_path} is a folder; say which file in it.\n"


@pytest.fixture
def webhook(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    """The service's own webhook without a network; no worker process runs any turn."""

    def post(url: str, *, data: dict[str, str], headers: dict[str, str], **_: Any) -> Any:
        return client.post(urlsplit(url).path, data=data, headers=headers)

    monkeypatch.setattr(try_out.httpx, "post", post)
    monkeypatch.setattr(try_out, "PATIENCE_SECONDS", 0.2)


@pytest.mark.usefixtures("webhook")
def test_no_reply_within_its_time_is_said_and_is_no_success(town: Town) -> None:
    answer = CliRunner().invoke(app, ["text", town.mine.conversation.address, "whens my next meeting"])
    assert answer.exit_code == 1 and "No reply came within" in answer.stderr and answer.stdout == ""


@pytest.mark.usefixtures("webhook")
def test_a_message_that_is_not_answered_is_said_to_be_so(town: Town) -> None:
    answer = CliRunner().invoke(app, ["text", town.mine.conversation.address, "dont reply hes reading these"])
    assert answer.exit_code == 0 and "nothing is answered to it" in answer.stderr and answer.stdout == ""
