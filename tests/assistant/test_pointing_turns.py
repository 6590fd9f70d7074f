"""Short words that only make sense after what was just said."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import select

from api.access.models import Agency
from api.appointments.models import Appointment, ChangeRequest
from api.assistant.operations.words import appointment_words
from api.channels.webchat import service as webchat
from api.database import reading, transaction
from api.escalations.models import Escalation
from api.views.models import StatedView
from tests.assistant.conftest import Talk, Understanding

Phone = Callable[[str], Talk]


@pytest.fixture
def young(understanding: Understanding) -> Talk:
    """Somebody without a name, in the web chat in Ohio, in Spanish."""
    with reading() as session:
        agency_id = session.scalars(select(Agency.id).where(Agency.jurisdiction == "us-ohio")).one()
    talk = Talk(understanding, "", "web")
    talk.conversation_id = webchat.start_without_name(agency_id, "es").conversation_id
    return talk


def escalations(kind: str = "contact") -> int:
    with reading() as session:
        return len(session.scalars(select(Escalation).filter_by(kind=kind)).all())


@pytest.mark.parametrize("words", ["y la otra?", "¿Y la siguiente?"])
def test_and_the_other_one_is_the_one_after_it(talk: Phone, words: str) -> None:
    rosa = talk("rosa")
    rosa.says("cual es mi proxima cita", "check_appointments")
    assert "clase" in rosa.says(words, "ask_who_is_my_worker", 0.4)
    assert "escuela" in rosa.says("la otra", "nlu_fallback")


def test_after_the_last_there_is_no_other_one(talk: Phone) -> None:
    rosa = talk("rosa")
    rosa.says("cuando es la revision", "check_appointments")
    assert "ninguna mas" in rosa.says("y la otra", "nlu_fallback")


def test_without_one_talked_of_the_other_one_is_not_guessed(talk: Phone) -> None:
    assert "clase" not in talk("rosa").says("y la otra?", "nlu_fallback")


def test_the_kind_they_name_is_told_where_rasa_understood_nothing(talk: Phone) -> None:
    assert "court hearing" in talk("darnell").says("tell me about court", "nlu_fallback")


@pytest.mark.parametrize("intent", ["nlu_fallback", "deny"])
def test_no_the_school_one_is_the_school_one(talk: Phone, intent: str) -> None:
    rosa = talk("rosa")
    rosa.says("que tengo esta semana", "check_appointments")
    assert "reunion en la escuela" in rosa.says("no esa no, la del colegio", intent)
    with reading() as session:
        school = session.scalars(select(Appointment.id).filter_by(kind="school_meeting")).all()
    rosa.says("esa la quiero cambiar", "request_reschedule")
    with reading() as session:
        assert session.scalars(select(ChangeRequest.appointment_id)).one() in school


def test_a_plain_no_stays_a_no(talk: Phone) -> None:
    assert "escuela" not in talk("rosa").says("no", "deny")


@pytest.mark.parametrize("words", ["cuando veo a mi hija", "when do i see my daughter", "cuando me toca ver la bebe"])
def test_seeing_ones_child_is_family_time_and_no_other_appointment(talk: Phone, words: str) -> None:
    reply = talk("darnell").says(words, "check_appointments")
    assert "Sunday" in reply or "domingo" in reply


def test_of_several_that_were_told_none_is_taken_for_the_one_to_change(talk: Phone) -> None:
    rosa = talk("rosa")
    rosa.says("dime todas", "check_appointments")
    assert "¿Cual de ellas?" in rosa.says("me la cambian?", "request_reschedule")
    with reading() as session:
        assert not session.scalars(select(ChangeRequest)).all()


@pytest.mark.parametrize("words", ["cuanto demora eso", "how long", "hasta que hora"])
def test_a_short_question_is_about_the_one_just_talked_of(talk: Phone, words: str) -> None:
    rosa = talk("rosa")
    rosa.says("cual es mi proxima cita", "check_appointments")
    assert "60 minut" in rosa.says(words, "nlu_fallback")


def test_what_to_bring_is_of_the_appointment_and_not_of_the_list(talk: Phone) -> None:
    darnell = talk("darnell")
    darnell.says("when is court", "check_appointments")
    assert "Photo ID" in darnell.says("what do i need to bring", "check_actions")


@pytest.mark.parametrize(
    "words", ["traigo a los niños?", "do i bring the kids", "tienen que estar los niños?", "hay que llevar a mi hija?"]
)
def test_whether_the_children_come_is_no_question_of_papers(talk: Phone, words: str) -> None:
    assert "children" in appointment_words().topics_in(words)
    rosa = talk("rosa")
    rosa.says("cual es mi proxima cita", "check_appointments")
    reply = rosa.says(words, "ask_appointment_details")
    assert ("No sé si tienen que estar" in reply or "know if the children" in reply) and "llevar nada" not in reply
    assert "bring" not in reply
    assert "Marisol" in rosa.says("1", "contact_worker")


@pytest.mark.parametrize("words", ["que llevo", "do i bring my kids passports", "what do i bring"])
def test_papers_stay_papers(words: str) -> None:
    assert "children" not in appointment_words().topics_in(words)


@pytest.mark.parametrize("intent", ["contact_worker", "ask_privacy", "nlu_fallback"])
@pytest.mark.parametrize("words", ["ya le avisaron?", "did you tell her", "have they told anyone yet?"])
def test_did_you_tell_her_is_answered_and_told_once(talk: Phone, words: str, intent: str) -> None:
    rosa = talk("rosa")
    rosa.says("que me llame marisol", "contact_worker")
    reply = rosa.says(words, intent)
    assert "A nadie m" in reply or "told nobody else" in reply
    assert not reply.startswith(("Yes", "Si,", "Sí")), "did you tell him may ask about somebody who must not know"
    assert escalations() == 1


def test_who_has_passed_on_nothing_is_not_told_that_it_is(talk: Phone) -> None:
    assert "pasado al equipo" not in talk("rosa").says("ya le dijeron?", "nlu_fallback")
    assert escalations() == 0


def test_what_was_told_to_a_judge_is_nothing_we_know(talk: Phone) -> None:
    rosa = talk("rosa")
    rosa.says("que me llame marisol", "contact_worker")
    assert "pasado al equipo" not in rosa.says("ya le dijeron al juez?", "ask_privacy")


@pytest.mark.parametrize(
    "words", ["did you tell him where i live", "have u told anyone our new address", "ya le dijeron donde vivo?"]
)
def test_whether_somebody_knows_where_they_live_is_not_answered_with_passed_on(talk: Phone, words: str) -> None:
    rosa = talk("rosa")
    rosa.says("que me llame marisol", "contact_worker")
    reply = rosa.says(words, "ask_privacy")
    assert "pasado al equipo" not in reply and "is with the team" not in reply


def test_once_somebody_has_it_they_are_told_so_and_can_ask_again(talk: Phone) -> None:
    rosa = talk("rosa")
    rosa.says("que me llame marisol", "contact_worker")
    with transaction() as session:
        session.scalars(select(Escalation)).one().state = "acknowledged"
    assert "lo tiene una persona del equipo" in (reply := rosa.says("ya le dijeron?", "nlu_fallback"))
    assert "Que una persona me contacte" in reply


def test_a_new_wish_in_the_question_is_passed_on(talk: Phone) -> None:
    rosa = talk("rosa")
    rosa.says("que me llame marisol", "contact_worker")
    rosa.says(
        "ya le dijeron? porque desde el lunes tengo otro numero de telefono y quiero que lo apunte", "contact_worker"
    )
    with reading() as session:
        assert "otro numero" in session.scalars(select(Escalation).filter_by(kind="contact")).one().words


def test_no_to_what_was_passed_on_says_that_it_is_and_how_to_take_it_back(talk: Phone) -> None:
    rosa = talk("rosa")
    rosa.says("quiero que sepan que Mateo ya duerme bien", "share_views")
    reply = rosa.says("mejor no lo diga", "deny")
    assert "ya estan con tu trabajadora" in reply and "1 Retirarlo" in reply
    assert "He retirado tus palabras" in rosa.says("1", "affirm")
    with reading() as session:
        kept = session.scalars(select(StatedView).where(StatedView.withdrawn_at.is_(None))).all()
        assert not [one for one in kept if "duerme bien" in one.words]


def test_who_told_of_danger_without_a_name_is_not_sent_away(young: Talk) -> None:
    young.says("mi padrastro me pega con el cinto", "disclose_harm")
    reply = young.says("y ahora que me va a pasar", "check_actions")
    assert "Sigo aquí" in reply and "personas que conozco" not in reply


def test_who_told_of_none_can_reach_a_person_from_what_is_not_theirs_to_see(young: Talk) -> None:
    reply = young.says("que citas tengo", "check_appointments")
    assert "personas que conozco" in reply
    with reading() as session:
        assert session.scalars(select(Escalation)).all() == []
    assert "pasado" in young.says("Que una persona me contacte", "nlu_fallback")


def test_nobody_is_told_the_same_twice_in_one_answer(young: Talk) -> None:
    two = [
        {"intent": "check_actions", "confidence": 0.5, "text": "que citas tengo"},
        {"intent": "check_appointments", "confidence": 0.5, "text": "y que hago"},
    ]
    assert young.says("que citas tengo y que hago", "check_actions", requests=two).count("personas que conozco") == 1


@pytest.mark.parametrize("words", ["es anonimo?", "is it anonymous", "esto es confidencial"])
def test_a_question_about_secrecy_is_not_taken_for_one_about_a_machine(young: Talk, words: str) -> None:
    assert "No sé quién eres" in young.says(words, "ask_if_bot")


@pytest.mark.parametrize("words", ["qando es la reunion", "k dia tengo mi bisita", "when is my apointment"])
def test_an_appointment_is_found_however_it_is_spelt(talk: Phone, words: str) -> None:
    reply = talk("rosa").says(words, "nlu_fallback")
    assert "jueves 26" in reply or "Thursday" in reply


@pytest.mark.parametrize("words", ["onde queda", "y la direcion", "como yego", "no ubico bien donde queda eso"])
def test_so_is_the_place_of_the_one_talked_of(talk: Phone, words: str) -> None:
    rosa = talk("rosa")
    rosa.says("cuando es la revision", "check_appointments")
    assert "sala B" in rosa.says(words, "nlu_fallback")


def test_what_is_no_appointment_is_still_not_understood(talk: Phone) -> None:
    rosa = talk("rosa")
    rosa.says("cuando es la revision", "check_appointments")
    assert "sala B" not in rosa.says("me gusta el futbol", "nlu_fallback")


@pytest.mark.parametrize("intent", ["ask_about_plan", "nlu_fallback"])
def test_who_asks_whom_to_ask_is_told_who_that_is(talk: Phone, intent: str) -> None:
    reply = talk("rosa").says("con quien hablo para que Mateo se quede con su primo", intent)
    assert "Marisol Vega" in reply and "614-555-0100" in reply


def test_shame_beside_danger_is_called_no_complaint(young: Talk) -> None:
    reply = young.says("mi padrastro me pega con el cinto", "complain", 0.4)
    assert "Gracias por contarlo" in reply and "queja" not in reply
    assert "queja" in young.says("mi padrastro me pega y la trabajadora se rie, me quejo", "complain", 0.95)
