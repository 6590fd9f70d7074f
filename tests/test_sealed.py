"""Words at rest: they open with their key, in their place, unchanged, and in no other way."""

from __future__ import annotations

import pytest
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from api import sealed
from api.database import transaction
from api.messages.models import Conversation, InboundMessage, OutboundMessage
from api.protection.resealing import sealed_columns
from api.sealed import MARK, NotOpened, Sealed, SealedJson, Sealer, Unreadable
from api.settings import Settings, SettingsError
from tests.small_town import Town, town

__all__ = ["town"]

OLD, NEW, STRANGE = "old key." * 4, "new key." * 4, "not ours" * 4
WORDS = "he is outside, dont ring 😟\nplease"


def test_what_was_sealed_opens_and_never_looks_the_same_twice() -> None:
    one = Sealer([NEW])
    first, second = one.seal(WORDS, "a.words"), one.seal(WORDS, "a.words")
    assert first != second and "outside" not in first and first.startswith(f"{MARK}{one.ids[0]}:")
    assert one.open(first, "a.words") == one.open(second, "a.words") == WORDS


def test_the_first_key_seals_and_every_key_opens() -> None:
    before = Sealer([OLD]).seal(WORDS, "a.words")
    both = Sealer([NEW, OLD])
    assert both.open(before, "a.words") == WORDS
    assert Sealer([NEW]).open(both.seal(WORDS, "a.words"), "a.words") == WORDS


def test_without_its_key_nothing_opens_and_the_error_says_which() -> None:
    stored = Sealer([OLD]).seal(WORDS, "a.words")
    with pytest.raises(NotOpened) as problem:
        Sealer([STRANGE]).open(stored, "a.words")
    assert (problem.value.reason, problem.value.key_id) == ("no_key", Sealer([OLD]).ids[0])


def test_what_was_changed_moved_or_cut_does_not_open() -> None:
    one = Sealer([NEW])
    stored = one.seal(WORDS, "a.words")
    last = "A" if stored[-8] != "A" else "B"
    for bad in (stored[:-8] + last + stored[-7:], stored[:-20], stored[: len(one.newest)], one.newest + "!" * 40):
        with pytest.raises(NotOpened, match="damaged"):
            one.open(bad, "a.words")
    with pytest.raises(NotOpened, match="damaged"):
        one.open(stored, "a.outcome")
    swapped = Sealer([NEW, OLD])
    with pytest.raises(NotOpened, match="damaged"):  # under another key's name
        swapped.open(stored.replace(swapped.ids[0], swapped.ids[1]), "a.words")


def test_plain_words_of_before_are_read_as_they_are_and_an_imitation_leaks_into_no_error() -> None:
    one = Sealer([NEW])
    assert one.open("hello", "a.words") == "hello"
    with pytest.raises(NotOpened) as problem:
        one.open(f"{MARK}my secret", "a.words")
    assert "secret" not in str(problem.value)
    assert one.open(one.seal(f"{MARK}my secret", "a.words"), "a.words") == f"{MARK}my secret"


def test_every_sealed_column_is_bound_to_its_own_place() -> None:
    places = {
        f"{table.name}.{name}": kind.place for table, kinds in sealed_columns().items() for name, kind in kinds.items()
    }
    assert places == {place: place for place in places}
    assert {"inbound_messages.body", "outbound_messages.body", "escalations.words", "stated_views.words"} <= set(places)


def test_sql_is_not_asked_to_look_into_sealed_words() -> None:
    for never in (lambda: InboundMessage.body == "hello", lambda: InboundMessage.body.contains("hello")):
        with pytest.raises(TypeError, match="sealed"):
            never()
    assert str(InboundMessage.body != "")


def stored(session: Session, column: str, table: str) -> str:
    return str(session.execute(text(f"SELECT {column}::text FROM {table}")).scalar_one())


def test_the_database_holds_no_words_and_the_program_reads_them(town: Town, session: Session) -> None:
    message = town.message(town.mine.conversation, WORDS)
    with transaction() as writing:
        writing.get_one(Conversation, town.mine.conversation.id).state = {"pending": {"words": WORDS}}
    assert "outside" not in stored(session, "body", "inbound_messages")
    kept = session.execute(
        text("SELECT state::text FROM conversations WHERE id = :id"), {"id": town.mine.conversation.id}
    ).scalar_one()
    assert "outside" not in kept and "pending" not in kept
    assert session.get_one(InboundMessage, message.id).body == WORDS
    assert session.get_one(Conversation, town.mine.conversation.id).state == {"pending": {"words": WORDS}}


def test_rows_of_before_there_were_keys_are_read_in_text_and_json(town: Town, session: Session) -> None:
    message = town.message(town.mine.conversation, "x")
    session.execute(text("UPDATE inbound_messages SET body = 'plain words'"))
    session.execute(text("""UPDATE conversations SET state = '{"asking": "need"}'"""))
    session.commit()
    assert session.scalars(select(InboundMessage.body).where(InboundMessage.id == message.id)).one() == "plain words"
    assert session.scalars(select(Conversation.state)).first() == {"asking": "need"}


def test_empty_stays_empty_so_that_sql_can_ask_for_it(town: Town, session: Session) -> None:
    town.message(town.mine.conversation, "")
    assert stored(session, "body", "inbound_messages") == ""
    assert session.scalars(select(InboundMessage).where(InboundMessage.body == "")).one()


def test_a_value_that_does_not_open_says_so_and_names_nobody(
    town: Town, session: Session, caplog: pytest.LogCaptureFixture
) -> None:
    message = town.message(town.mine.conversation, WORDS)
    session.execute(
        text("UPDATE inbound_messages SET body = :body"),
        {"body": Sealer([STRANGE]).seal(WORDS, "inbound_messages.body")},
    )
    session.commit()
    read = session.get_one(InboundMessage, message.id).body
    assert isinstance(read, Unreadable) and read.key_id == Sealer([STRANGE]).ids[0] and "cannot be read" in read
    assert "no se pueden leer" in read.words("es")
    assert read.key_id in caplog.text and "outside" not in caplog.text


def test_the_placeholder_is_never_written_over_the_words(town: Town, session: Session) -> None:
    message = town.message(town.mine.conversation, WORDS)
    lost = Sealer([STRANGE]).seal(WORDS, "inbound_messages.body")
    session.execute(text("UPDATE inbound_messages SET body = :body"), {"body": lost})
    session.commit()
    row = session.get_one(InboundMessage, message.id)
    row.body = f"{row.body} and more"  # what a form that was filled with it would bring
    with pytest.raises(NotOpened):
        session.commit()
    session.rollback()
    assert stored(session, "body", "inbound_messages") == lost


def test_keys_are_needed_outside_the_demo_and_are_long_enough(tmp_path: object) -> None:
    twilio = {"twilio_account_sid": "AC1", "twilio_auth_token": "t", "twilio_from": "+1", "public_url": "https://x"}
    with pytest.raises(SettingsError, match="HEARTHLINE_DATA_KEYS"):
        Settings(secret_key="s" * 32, data_keys="", database_url="postgresql://elsewhere/x", **twilio).check()
    with pytest.raises(SettingsError, match="at least 32"):
        Settings(secret_key="s" * 32, data_keys=f"{NEW},short", **twilio).check()
    given = Settings(secret_key="s" * 32, data_keys=f"{NEW}, {OLD}", **twilio)
    given.check()
    assert given.data_secrets == [NEW, OLD]


@pytest.mark.parametrize("account", ["", "AC1"], ids=["the demo", "the embedded database"])
def test_where_the_database_comes_with_us_a_key_is_made_up_once_and_kept(tmp_path: object, account: str) -> None:
    def made() -> list[str]:
        return Settings(data_keys="", database_url="", twilio_account_sid=account, var_dir=tmp_path).data_secrets

    first, second = made(), made()
    assert first == second and len(first[0]) == 64


@pytest.mark.parametrize("kind", [Sealed("a.words"), SealedJson("a.state", sealed.no_object)], ids=["text", "json"])
def test_nothing_is_neither_sealed_nor_opened(kind: Sealed | SealedJson) -> None:
    for nothing in (None, "", [], {}):
        assert kind.process_bind_param(nothing, None) == nothing  # type: ignore[arg-type]
        assert kind.process_result_value(nothing) == nothing  # type: ignore[arg-type]


def test_what_we_say_is_sealed_too_however_it_is_queued(town: Town, session: Session) -> None:
    town.escalation(town.mine, words=WORDS)
    bodies = session.execute(text("SELECT body FROM outbound_messages")).scalars().all()
    assert bodies and all(body.startswith(MARK) for body in bodies)
    assert all(not isinstance(body, Unreadable) for body in session.scalars(select(OutboundMessage.body)))
