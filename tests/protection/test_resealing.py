"""``hearthline seal``: everything under the first key, while everything runs; and what starts without which key."""

from __future__ import annotations

import subprocess
import threading
from datetime import timedelta

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import func, select, text
from sqlalchemy.orm import Session
from typer.testing import CliRunner

from api import sealed
from api.appointments.models import Appointment
from api.audit.models import AuditEntry
from api.cli import app
from api.database import Base, libpq_url, reading, transaction
from api.messages.models import Conversation, InboundMessage
from api.protection import backup, data_keys, resealing
from api.protection.models import DataKey
from api.sealed import MARK, Sealed, Sealer
from api.settings import SettingsError, settings
from tests.harness.words import GIVEN, NEW, OLD, STRANGE, Keys, key_of, keys
from tests.small_town import Town

__all__ = ["keys"]


def sealed_with(session: Session) -> set[str]:
    """The keys that anything stored is sealed with; "" for plain words."""
    found = set()
    for table, kinds in resealing.sealed_columns().items():
        for name, kind in kinds.items():
            value = f'"{name}"' if isinstance(kind, Sealed) else f"\"{name}\" #>> '{{}}'"
            for one in session.scalars(text(f"SELECT {value} FROM {table.name}")):
                if one not in (None, "", "[]", "{}"):
                    found.add(one[len(MARK) : len(MARK) + 8] if one.startswith(MARK) else "")
    return found


def test_plain_words_of_before_are_sealed_and_read_as_before(town: Town, session: Session) -> None:
    message = town.message(town.mine.conversation, "x")
    session.execute(text("UPDATE inbound_messages SET body = 'plain words'"))
    session.execute(text("""UPDATE conversations SET state = '{"asking": "need"}'"""))
    session.execute(text("UPDATE appointments SET address = '1 Hidden Lane'"))
    session.commit()
    done = resealing.reseal(batch=1)
    assert done.sealed["inbound_messages"] == 1 and done.sealed["conversations"] >= 1
    assert (done.unreadable, done.busy) == (0, 0)
    assert "" not in sealed_with(session)
    session.expire_all()
    assert session.get_one(InboundMessage, message.id).body == "plain words"
    assert session.get_one(Conversation, town.mine.conversation.id).state == {"asking": "need"}
    assert session.get_one(Appointment, town.mine.appointment.id).address == "1 Hidden Lane"
    assert resealing.reseal().sealed.total() == 0


def test_a_new_key_takes_over_and_the_old_one_may_go(town: Town, session: Session, keys: Keys) -> None:
    keys(OLD, GIVEN)
    data_keys.check()
    message = town.message(town.mine.conversation, "written with the old key")
    resealing.reseal()
    keys(NEW, OLD)
    data_keys.check()
    town.message(town.other.conversation, "written with the new key")
    assert sealed_with(session) == {key_of(OLD), key_of(NEW)}
    done = resealing.reseal(batch=3)
    assert done.droppable == [key_of(OLD)]
    assert sealed_with(session) == {key_of(NEW)}
    keys(NEW)
    data_keys.check()
    assert session.get_one(InboundMessage, message.id).body == "written with the old key"
    trail = session.scalars(select(AuditEntry).filter_by(verb="sealed_words").order_by(AuditEntry.id.desc())).first()
    assert trail and trail.detail["retired"] == [key_of(OLD)] and trail.object_id == key_of(NEW)


def test_nothing_that_is_written_meanwhile_is_lost(town: Town, session: Session, keys: Keys) -> None:
    keys(OLD, GIVEN)
    messages = [town.message(town.mine.conversation, f"number {n} of many").id for n in range(40)]
    keys(NEW, OLD, GIVEN)
    ended = threading.Event()

    def write() -> None:
        n = 0
        while not ended.is_set():
            with transaction() as writing:
                row = writing.get_one(InboundMessage, messages[n % 40], with_for_update=True)
                row.body = f"{row.body}."
            n += 1

    writer = threading.Thread(target=write)
    writer.start()
    try:
        for _ in range(3):
            done = resealing.reseal(batch=2)
    finally:
        ended.set()
        writer.join()
    assert done.unreadable == 0 and resealing.reseal().busy == 0
    assert sealed_with(session) == {key_of(NEW)}
    bodies = list(session.scalars(select(InboundMessage.body).where(InboundMessage.id.in_(messages))))
    assert {body.rstrip(".") for body in bodies} == {f"number {n} of many" for n in range(40)}


def sequences(session: Session) -> dict[object, int]:
    return {key: count for key, count in session.execute(select(Appointment.id, Appointment.sequence))}


def test_an_appointment_that_is_only_sealed_anew_has_not_changed(town: Town, session: Session, keys: Keys) -> None:
    before = sequences(session)
    keys(NEW, *settings().data_secrets)
    assert resealing.reseal().sealed["appointments"] > 0
    assert sequences(session) == before
    session.rollback()
    with transaction() as changing:
        changing.get_one(Appointment, town.mine.appointment.id).place = "Another room"
    assert session.scalar(select(Appointment.sequence).filter_by(id=town.mine.appointment.id)) == 1


def test_what_does_not_open_stays_as_it_is_and_is_said(town: Town, session: Session, keys: Keys) -> None:
    lost, damaged = (town.message(town.mine.conversation, words) for words in ("lost words", "damaged words"))
    stored = {
        lost.id: Sealer([STRANGE]).seal("lost words", "inbound_messages.body"),
        damaged.id: sealed.seal("damaged words", "outbound_messages.body"),  # of another column
    }
    for key, value in stored.items():
        session.execute(text("UPDATE inbound_messages SET body = :body WHERE id = :id"), {"body": value, "id": key})
    session.add(DataKey(id=key_of(STRANGE), first_used_at=func.now()))
    session.commit()
    keys(NEW, *settings().data_secrets)
    with pytest.raises(SettingsError, match=key_of(STRANGE)):
        data_keys.check()
    done = resealing.reseal()
    assert (done.no_key, done.damaged.total()) == ({key_of(STRANGE): 1}, 1)
    rows = session.execute(text("SELECT id, body FROM inbound_messages"))
    assert {key: value for key, value in rows if key in stored} == stored
    assert key_of(STRANGE) not in done.droppable
    said = "\n".join(done.in_words())
    assert f"1 values need the key {key_of(STRANGE)}" in said and "lost words" not in said


def test_it_does_not_start_without_a_key_that_is_needed_unless_the_key_is_given_up(
    town: Town, session: Session, keys: Keys
) -> None:
    keys(OLD)
    data_keys.check()
    keys(NEW)
    with pytest.raises(SettingsError, match=f"(?s){key_of(OLD)}.*NEW,OLD"):
        data_keys.check()
    assert session.scalars(select(DataKey.id)).all() == [key_of(OLD)]  # and it has not begun to write with the new one
    session.rollback()
    said = CliRunner().invoke(app, ["seal"])
    assert said.exit_code == 1 and key_of(OLD) in said.stderr
    said = CliRunner().invoke(app, ["seal", "--without-lost-key", key_of(OLD)])
    assert said.exit_code == 0, said.output
    data_keys.check()
    assert CliRunner().invoke(app, ["seal", "--without-lost-key", "12345678"]).exit_code == 1


def test_an_old_key_that_is_written_with_again_is_needed_again(database: object, session: Session, keys: Keys) -> None:
    for given in ((OLD,), (NEW, OLD)):
        keys(*given)
        data_keys.check()
    resealing.reseal()
    keys(OLD, NEW)
    data_keys.check()
    with reading() as looking:
        assert looking.get_one(DataKey, key_of(OLD)).retired_at is None


def test_words_of_before_there_were_keys_are_told_of_until_they_were_sealed(town: Town, session: Session) -> None:
    data_keys.check()
    message = town.message(town.mine.conversation, "x")
    assert not data_keys.older_words()
    session.get_one(InboundMessage, message.id).received_at -= timedelta(days=1)
    session.commit()
    assert data_keys.older_words()
    resealing.reseal()
    assert not data_keys.older_words()


def test_the_command_says_how_much_and_which_key_may_go(town: Town, keys: Keys) -> None:
    keys(OLD, GIVEN)
    data_keys.check()
    town.message(town.mine.conversation, "written with the old key")
    keys(NEW, OLD, GIVEN)
    said = CliRunner().invoke(app, ["seal"])
    assert said.exit_code == 0, said.output
    assert "inbound_messages: 1 sealed" in said.output and f"No longer needed: {key_of(OLD)}" in said.output
    assert "written" not in said.output


def test_the_page_says_what_cannot_be_read_and_why(client: TestClient, town: Town) -> None:
    town.message(town.mine.conversation, "the words of yesterday")
    with transaction() as session:
        lost = Sealer([STRANGE]).seal("the words of yesterday", "inbound_messages.body")
        session.execute(text("UPDATE inbound_messages SET body = :body"), {"body": lost})
    town.message(town.mine.conversation, "the words of today")
    client.cookies.update(town.signed_in(town.worker))
    for path in ("/console/conversations", f"/console/conversations/{town.mine.conversation.id}"):
        page = client.get(path)
        assert page.status_code == 200 and "the words of today" in page.text
    assert f"sealed with the key {key_of(STRANGE)}" in page.text
    page = client.get(f"/console/conversations/{town.mine.conversation.id}?language=es")
    assert "no se pueden leer" in page.text


def test_a_family_s_own_page_asks_them_to_ask_and_names_no_key(client: TestClient, town: Town) -> None:
    with transaction() as session:
        lost = {"lost": Sealer([STRANGE]).seal("Ring the school", "plan_actions.title")}
        session.execute(text("UPDATE plan_actions SET title = :lost"), lost)
    cookies, _ = town.chatting(town.mine.parent)
    client.cookies.update(cookies)
    page = client.get("/chat/plan")
    assert page.status_code == 200 and "This cannot be shown just now. Please ask us." in page.text
    assert key_of(STRANGE) not in page.text and "sealed" not in page.text


def fill(session: Session) -> set[str]:
    """A canary into every sealed column of which there is a row; returns the columns ("table.column")."""
    filled = set()
    for mapper in Base.registry.mappers:
        kinds = resealing.sealed_columns().get(mapper.local_table, {})  # type: ignore[call-overload]
        for row in session.scalars(select(mapper.class_)):
            for name, kind in kinds.items():
                words = f"canary of {kind.place}"
                setattr(row, name, words if isinstance(kind, Sealed) else [words])
                filled.add(kind.place)
    return filled


def test_a_dump_of_the_database_holds_no_words(town: Town) -> None:
    town.message(town.mine.conversation, "the fridge is empty and I am scared")
    town.escalation(town.mine, words="he is at the door")
    with transaction() as session:
        filled = fill(session)
    assert {"inbound_messages.body", "outbound_messages.body", "escalations.words", "appointments.address"} <= filled
    assert len(filled) > 30
    tool = backup._tool("pg_dump", libpq_url())
    dump = subprocess.run([tool, f"--dbname={libpq_url()}"], capture_output=True, text=True, check=True).stdout
    assert "inbound_messages" in dump and MARK in dump
    assert "canary of" not in dump
    with reading() as session:  # and all of it is there
        assert session.scalars(select(InboundMessage.body)).first() == "canary of inbound_messages.body"
