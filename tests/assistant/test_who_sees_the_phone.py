"""Somebody else sees the phone, said in conversation: it holds at once, and is answered in words that he may read too.
That nobody sees it any more is for a worker to find out: he could have written it."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from sqlalchemy import select, text

from api import clock
from api.assistant.operations.words import says
from api.audit.models import AuditEntry
from api.database import reading, transaction
from api.escalations.family import DANGER
from api.escalations.models import Escalation
from api.families.models import Person
from tests.assistant.conftest import Talk
from tests.assistant.test_overlooked_turns import has
from tests.assistant.test_wish_turns import person

Phone = Callable[[str], Talk]
WISH = "change_contact_preference"
#: What no answer says: that somebody sees, reads or has the phone, or who that is.
GIVES_AWAY = r"partner|husband|marido|pareja|\b(?:he|she|lee|reads?|sees?)\b|somebody|someone else|otra persona|alguien"

SEEN = [
    "my partner sees my texts", "he checks my phone", "my husband reads my messages", "he goes through my phone",
    "my mum has access to my phone", "someone else uses this phone", "its not just me on this phone",
    "I share this phone with my sister", "we share a phone", "this is a shared phone", "my ex knows my passcode",
    "he's got my pin", "my phone gets checked", "my texts are read by my dad", "he always looks at my phone",
    "my boyfriend keeps checking my messages", "somebody at home sees my messages",
    "im not the only one who reads this phone",
    "be careful my partner can see these texts", "he takes my phone", "my dad went through my phone last night",
    "my ex checks the phone every handover", "en la casa todos ven mi telefono",
    "mi marido lee mis mensajes", "mi pareja me mira el móvil", "él revisa mi celular", "me lee los mensajes",
    "alguien más usa este teléfono", "comparto el teléfono con mi hermana", "mi ex tiene mi contraseña",
    "mi esposo puede ver mis mensajes", "este teléfono es de los dos", "no soy la única que ve este teléfono",
]  # fmt: skip
ALONE = [
    "only i have this phone now", "only I use this phone now", "its only me on this phone now",
    "nobody else reads my texts",
    "no one sees my phone any more", "he doesn't check my phone anymore", "he cant see my phone now",
    "im the only one who uses this phone", "this phone is only mine now", "solo yo uso este teléfono ahora",
    "ya nadie lee mis mensajes", "ya no me revisa el celular", "soy la única que tiene este teléfono",
    "el teléfono ya es solo mío",
]  # fmt: skip
NEITHER = [
    "who reads my messages", "who can see my texts", "does my worker read my texts", "can my ex see my messages",
    "can anyone else read my phone", "my worker sees my messages right", "i lost my phone", "do you share my number",
    "my mum reads my texts to me", "he got a new phone", "the school has my number", "quien lee mis mensajes",
    "puede mi ex ver mis mensajes", "mi hijo quiere un teléfono", "not this phone",
    "Mohammed's aunty will collect him, she has the password", "en la fábrica nos quitan el celular",
    "if my partner sees this",
]  # fmt: skip


@pytest.mark.parametrize("words", SEEN)
def test_that_somebody_sees_it_is_heard_in_many_words(words: str) -> None:
    assert says(words, "others_see")


@pytest.mark.parametrize("words", ALONE)
def test_that_nobody_does_is_never_taken_for_it(words: str) -> None:
    assert says(words, "phone_mine") and not says(words, "others_see")


@pytest.mark.parametrize("words", NEITHER)
def test_a_question_or_something_else_is_neither(words: str) -> None:
    assert not says(words, "others_see") and not says(words, "phone_mine")


def calls() -> list[tuple[str, str]]:
    with reading() as session:
        return [(one.kind, one.words) for one in session.scalars(select(Escalation).order_by(Escalation.id))]


@pytest.mark.parametrize(
    ("key", "words", "answer", "note"),
    [
        ("kelly", "someone else uses this phone", "Done. From now on my messages say only days and times.", "Somebody"),
        ("rosa", "comparto el teléfono con mi hermana", "Hecho. Desde ahora mis mensajes solo dicen", "Somebody"),
    ],
    ids=["en", "es"],
)
@pytest.mark.parametrize("intent", [WISH, "nlu_fallback", "out_of_scope", "ask_privacy"])
def test_it_holds_at_once_and_the_answer_gives_nothing_away(
    talk: Phone, key: str, words: str, answer: str, note: str, intent: str
) -> None:
    has(key, wording="plain", may_name_children=True)
    said = talk(key).says(words, intent)
    assert said.startswith(answer)
    assert not re.search(GIVES_AWAY, said.partition("\n")[0], re.IGNORECASE)
    now = person(key)
    assert now.phone_seen_by.startswith(note) and (now.wording, now.may_name_children) == ("discreet", False)
    assert not now.plainly_unasked
    assert calls() == [("preference", words)], "and their worker reads it"


def test_who_will_be_asked_for_a_pin_is_told_so_at_once(talk: Phone) -> None:
    kelly = talk("kelly")
    said = kelly.says("my kids use my phone", WISH)
    assert "Before I answer more here I will ask for a PIN" in said
    assert "choose a PIN" in kelly.says("whens my next meeting", "check_appointments"), "and so it is"
    has("kelly", proof=False)
    said = kelly.says("my kids use my phone", WISH)
    assert "a PIN, so" not in said, "where none comes first, none is promised"


def test_what_a_worker_wrote_down_of_it_stays(talk: Phone) -> None:
    has("kelly", phone_seen_by="her brother Dan", proof=False)
    talk("kelly").says("someone else uses this phone", WISH)
    assert person().phone_seen_by == "her brother Dan"


def test_the_change_is_kept_recorded_and_due_to_be_gone_over(talk: Phone) -> None:
    has("kelly", profile_confirmed_at=clock.now())
    talk("kelly").says("someone else uses this phone", WISH)
    with reading() as session:
        entries = session.scalars(select(AuditEntry).where(AuditEntry.verb == "changed_safe_contact")).all()
        assert {(one.actor_kind, one.actor_id) for one in entries} == {("person", person().id)}
        assert "phone_seen_by" in {name for one in entries for name in one.detail["fields"]}
    assert person().reconfirm_on is not None and person().reconfirm_on <= clock.now().date()


@pytest.mark.parametrize("intent", ["greet", "contact_worker", "disclose_harm"])
def test_whatever_else_the_message_is_taken_for_the_profile_holds(talk: Phone, intent: str) -> None:
    has("kelly", wording="plain")
    talk("kelly").says("hi can someone ring me, my sister uses my phone", intent)
    assert person().phone_seen_by and person().wording == "discreet"


def test_danger_in_the_same_words_comes_first(talk: Phone) -> None:
    kelly = talk("kelly")
    said = kelly.says("he checks my phone and hits me", "nlu_fallback")
    assert "999" in said and not said.startswith("Done.")
    assert calls()[0][0] in DANGER
    assert person().phone_seen_by, "and it holds all the same"


@pytest.mark.parametrize("intent", [WISH, "nlu_fallback", "ask_privacy"])
@pytest.mark.parametrize("words", ["only i have this phone now", "nobody else reads my texts, plain words are fine"])
def test_that_nobody_sees_it_any_more_changes_nothing_and_goes_to_a_worker(
    talk: Phone, words: str, intent: str
) -> None:
    """Whoever reads along could have written it."""
    has("kelly", phone_seen_by="her husband", proof=False, wording="discreet")
    kelly = talk("kelly")
    said = kelly.says(words, intent)
    assert said.startswith("Thank you. I have passed that on") and "1 " not in said
    for _ in range(2):
        kelly.says("1")
        kelly.says("yes", "affirm")
    now = person()
    assert (now.phone_seen_by, now.wording) == ("her husband", "discreet")
    kinds = calls()
    assert kinds[0][0] == "preference"
    assert words in kinds[0][1] and "Ask them in person" in kinds[0][1]


def test_where_nobody_is_noted_it_is_no_news(talk: Phone) -> None:
    said = talk("kelly").says("nobody else reads my texts, plain words are fine", WISH)
    assert "texts say plainly what it is about" in said and calls() == []


def test_of_several_on_one_phone_it_holds_for_all(talk: Phone) -> None:
    with reading() as session:
        other = session.scalars(select(Person).where(Person.external_id == "rosa")).one()
    kelly = talk("kelly")
    with transaction() as session:
        session.execute(
            text(
                "INSERT INTO contact_points (id, person_id, channel, address, state)"
                " VALUES (gen_random_uuid(), :of, 'sms', :to, 'active')"
            ),
            {"of": other.id, "to": kelly.address},
        )
    kelly.says("someone else uses this phone", WISH)
    assert person().phone_seen_by and person("rosa").phone_seen_by
