"""A log line can say what kind of error it was and where, and never what it was about."""

from __future__ import annotations

import logging

import pytest

from api import logs


@pytest.fixture(autouse=True)
def _as_it_was() -> object:
    root = logging.getLogger()
    before = (root.level, list(root.handlers))
    yield
    root.setLevel(before[0])
    root.handlers = before[1]


def test_an_exceptions_words_are_not_logged(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure()
    try:
        try:
            raise ValueError("the inner words of a family")
        except ValueError as error:
            raise RuntimeError("the outer words of a family") from error
    except RuntimeError:
        logging.getLogger("api.test").exception("it went wrong")
    output = "".join(capsys.readouterr())
    assert "it went wrong" in output and "RuntimeError at test_logs.py" in output
    assert "words of a family" not in output


@pytest.mark.parametrize("name", ["twilio", "httpx", "httpcore", "procrastinate", "sqlalchemy.engine", "urllib3"])
def test_libraries_that_quote_what_passes_through_them_are_turned_down(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    logs.configure()
    logging.getLogger(name).info("POST body=the words of a family")
    assert "words of a family" not in "".join(capsys.readouterr())
