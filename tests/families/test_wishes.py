"""What people say about being written to, and what is taken from it."""

from __future__ import annotations

from typing import Any

import pytest

from api.families.wishes import Wish, read


@pytest.mark.parametrize(
    ("words", "changes"),
    [
        ("dont text after 6", {"contact_until": "18:00"}),
        ("Don't text me after 6pm please", {"contact_until": "18:00"}),
        ("nothing after 8:30", {"contact_until": "20:30"}),
        ("no texts past nine", {"contact_until": "21:00"}),
        ("nada despues de las 8", {"contact_until": "20:00"}),
        ("no me escriban despues de las 9 de la noche", {"contact_until": "21:00"}),
        ("im on nights so nothing before 2pm or you'll wake me", {"contact_from": "14:00"}),
        ("trabajo de noche, no me hablen antes de mediodia", {"contact_from": "12:00"}),
        ("not before 10", {"contact_from": "10:00"}),
        ("only after 4", {"contact_from": "16:00"}),
        ("please only text from 8 onwards", {"contact_from": "08:00"}),
        ("text me between 10 and 2", {"contact_from": "10:00", "contact_until": "14:00"}),
        ("escribanme nomas entre las 10 y las 2 que estoy sola", {"contact_from": "10:00", "contact_until": "14:00"}),
        ("only mornings", {"contact_from": "08:00", "contact_until": "12:00"}),
        ("mornings are best", {"contact_from": "08:00", "contact_until": "12:00"}),
        ("en las mañanas nomas", {"contact_from": "08:00", "contact_until": "12:00"}),
        ("not in the mornings", {"contact_from": "12:00"}),
        ("no me escriban de noche", {"contact_until": "20:00"}),
        ("you can text any time its my phone", {"contact_from": "00:00", "contact_until": "00:00"}),
        ("not on sundays", {"contact_days": "123456"}),
        ("weekdays only", {"contact_days": "12345"}),
        ("los domingos voy al culto, no manden nada ese dia", {"contact_days": "123456"}),
        ("not at weekends", {"contact_days": "12345"}),
        ("dont use my name", {"may_name_self": False}),
        ("no pongan mi nombre", {"may_name_self": False}),
        ("dont put my kids names in", {"may_name_children": False}),
        ("no pongan los nombres de mis hijos", {"may_name_children": False}),
        ("no names in texts", {"may_name_self": False, "may_name_children": False}),
        ("its ok to use the kids names", {"may_name_children": True}),
        ("use the code word", {"use_code_word": True}),
        ("usen la palabra clave", {"use_code_word": True}),
        ("dont use the code word any more", {"use_code_word": False}),
        ("not this phone", {"not_this_phone": True}),
        ("dont text this number", {"not_this_phone": True}),
        ("no manden nada a este telefono", {"not_this_phone": True}),
        ("only the day and time please", {"wording": "discreet"}),
        ("you can say what its about, plain words are fine", {"wording": "plain"}),
    ],
)
def test_what_is_said_is_what_changes(words: str, changes: dict[str, Any]) -> None:
    assert read(words).changes() == changes


@pytest.mark.parametrize(
    ("words", "instead"),
    [("email me", "email"), ("mejor por correo", "email"), ("ring me instead", "call"), ("llámenme al fijo", "call"),
     ("letters please", "post"), ("whatsapp?", "app"), ("por whatsapp porfa", "app"), ("no calls", None),
     ("no voicemails", None)],
)  # fmt: skip
def test_a_way_that_we_do_not_have_is_noticed(words: str, instead: str | None) -> None:
    wish = read(words)
    assert (wish.instead, wish.changes()) == (instead, {})


@pytest.mark.parametrize(
    ("words", "mail"),
    [("email me at jo@example.org", "jo@example.org"), ("Jo.Ash@Example.org please", "jo.ash@example.org"),
     ("mándame correos a jo@example.org", "jo@example.org"), ("mi correo es jo@example.org", "jo@example.org"),
     ("put everything on email instead jo@example.org", "jo@example.org"), ("dont email me at jo@example.org", None),
     ("he keeps emailing me from jo@example.org", None), ("his solicitor is jo@example.org and he says no", None),
     ("email jo@example.org or ash@example.org", None), ("email me at jo@example", None)],
    ids=lambda words: str(words)[:24],
)  # fmt: skip
def test_an_address_is_taken_where_it_is_plainly_theirs_to_be_written_to(words: str, mail: str | None) -> None:
    assert read(words).mail == mail


@pytest.mark.parametrize(
    "words", ["no more emails please", "text me instead", "no más correos por favor", "otra vez mensajes de texto"]
)
def test_back_to_texts(words: str) -> None:
    wish = read(words)
    assert (wish.contact_channel, wish.instead) == ("sms", None)


@pytest.mark.parametrize(
    "words",
    ["call me Lee not Leanne, and say they", "this is my new number, delete the old one please", "just initials plz",
     "no emojis please, makes me feel talked down to", "write bigger gaps between messages pls",
     "pongan mi nombre como Maribel nada mas, sin apellido", "new number 07700 900456"],
)  # fmt: skip
def test_what_is_not_clear_is_left_to_a_person(words: str) -> None:
    assert read(words).changes() == {}


def test_a_language_is_taken_from_who_found_it() -> None:
    assert read("text me in spanish", language="es").changes() == {"language": "es"}


def test_a_wish_is_carried_and_read_back_the_same() -> None:
    wish = read("dont text after 6, and not on sundays")
    assert Wish.of({**wish.changes(), "unknown": 1}) == wish and wish.contact_days == "123456"
