"""A backup goes round: made while it runs, brought into an empty database, and all of it is there."""

from __future__ import annotations

import stat
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import text, update
from sqlalchemy.engine import Engine, make_url
from sqlalchemy.orm import Session
from typer.testing import CliRunner

from api import clock
from api.cli import app
from api.database import libpq_url, transaction
from api.messages.models import OutboundMessage
from api.protection import backup
from tests.small_town import Town


@pytest.fixture
def empty_url(database: Engine) -> Iterator[str]:
    """The address of an empty database on the same server."""
    name = "hearthline_restored"
    with database.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text(f"DROP DATABASE IF EXISTS {name}"))
        connection.execute(text(f"CREATE DATABASE {name}"))
        yield libpq_url().replace("/hearthline?", f"/{name}?")
        connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))


def everything(url: str) -> dict[str, list[str]]:
    """Every row of every table of ours but the audit trail, as text."""
    with psycopg.connect(url) as connection:
        tables = [
            row[0]
            for row in connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1")
            if row[0] != "audit_entries"
        ]
        return {
            name: sorted(str(row[0]) for row in connection.execute(f'SELECT to_jsonb(t)::text FROM "{name}" t'))  # type: ignore[call-overload]
            for name in tables
        }


def test_what_was_backed_up_is_all_there_after_a_restore(
    town: Town, session: Session, empty_url: str, tmp_path: Path
) -> None:
    town.message(town.mine.conversation, "the fridge is empty and I am scared")
    town.escalation(town.mine)
    out = tmp_path / "hearthline.dump"
    out.write_text("yesterday's")
    said = CliRunner().invoke(app, ["backup", str(out)])
    assert said.exit_code == 0, said.output
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["hearthline.dump"]
    before = everything(libpq_url())
    backup.restore(out, empty_url)
    after = everything(empty_url)
    assert before["people"] and before["inbound_messages"] and before["escalations"]
    assert after == before
    with psycopg.connect(empty_url) as connection, pytest.raises(psycopg.errors.RaiseException):
        connection.execute("DELETE FROM audit_entries")  # its rule came along


def test_a_database_that_holds_anything_is_left_alone(town: Town, tmp_path: Path) -> None:
    out = tmp_path / "hearthline.dump"
    backup.back_up(out, libpq_url())
    before = everything(libpq_url())
    said = CliRunner().invoke(app, ["restore", str(out)])
    assert said.exit_code == 1 and "not empty" in said.stderr
    assert everything(libpq_url()) == before


def test_a_text_that_may_have_gone_out_since_the_backup_is_shown_to_a_worker_and_not_sent_again(
    town: Town, empty_url: str, tmp_path: Path
) -> None:
    with transaction() as session:
        session.add(
            OutboundMessage(
                conversation_id=town.mine.conversation.id,
                channel="sms",
                address=town.mine.conversation.address,
                kind="family",
                body="Thursday at 10",
                created_at=clock.now(),
                due_at=clock.now(),
            )
        )
    out = tmp_path / "hearthline.dump"
    backup.back_up(out, libpq_url())
    assert backup.restore(out, empty_url) == 1
    with psycopg.connect(empty_url) as connection:
        assert connection.execute("SELECT state FROM outbound_messages").fetchall() == [("uncertain",)]
    with transaction() as session:
        session.execute(update(OutboundMessage).values(state="cancelled"))


def test_what_is_no_backup_is_refused_in_one_sentence(empty_url: str, tmp_path: Path) -> None:
    wrong = tmp_path / "letter.txt"
    wrong.write_text("Dear Tyler")
    with pytest.raises(backup.BackupFailed) as problem:
        backup.restore(wrong, empty_url)
    assert "Tyler" not in str(problem.value)
    with psycopg.connect(empty_url) as connection:
        assert connection.execute("SELECT 1 FROM pg_tables WHERE schemaname = 'public'").fetchone() is None


def test_a_folder_that_is_not_there_is_said(database: Engine, tmp_path: Path) -> None:
    said = CliRunner().invoke(app, ["backup", str(tmp_path / "nowhere" / "x.dump")])
    assert said.exit_code == 1 and "cannot be written" in said.stderr


def test_no_password_is_on_the_command_line() -> None:
    with backup._address("postgresql://me:se:cret@db.example.org/x?sslmode=require") as address:
        assert "se:cret" not in address and "sslmode=require" in address
        kept = Path(str(make_url(address).query["passfile"]))
        assert kept.read_text() == "*:*:*:*:se\\:cret\n" and stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert not kept.exists()
