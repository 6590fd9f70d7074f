"""The page about how a person is reached: profile, numbers, the code that lets them back in; and new people."""

from __future__ import annotations

import re
from datetime import time, timedelta
from zoneinfo import ZoneInfo

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select

from api import clock
from api.appointments.models import Appointment
from api.audit.models import AuditEntry
from api.database import reading, transaction
from api.families.models import ContactPoint, Person
from api.messages.models import Conversation, OutboundMessage
from tests.small_town import Town


def sign_in(client: TestClient, town: Town) -> dict[str, str]:
    cookies = town.signed_in(town.worker)
    client.cookies.update(cookies)
    return cookies


def test_a_worker_gives_a_code_that_is_shown_once_and_kept_nowhere(client: TestClient, town: Town) -> None:
    cookies = sign_in(client, town)
    with transaction() as session:
        person = session.get_one(Person, town.mine.parent.id)
        person.pin_hash, person.pin_tries, person.pin_locked_at = "old", 5, clock.now()
    assert "Locked after too many wrong tries" in client.get(f"/console/people/{town.mine.parent.id}/contact").text
    answer = client.post(f"/console/people/{town.mine.parent.id}/pin-code", data=town.form(cookies))
    found = re.search(r'<p class="code">(\d{6})</p>', answer.text)
    assert answer.status_code == 200 and found
    assert found[1] not in client.get(f"/console/people/{town.mine.parent.id}/contact").text
    with reading() as session:
        entry = session.scalars(select(AuditEntry).where(AuditEntry.verb == "reset_pin")).one()
        person = session.get_one(Person, town.mine.parent.id)
    assert (entry.actor_id, entry.object_id, entry.detail) == (town.worker.id, str(town.mine.parent.id), {})
    assert person.pin_locked_at is None and person.pin_tries == 0
    assert person.pin_hash.startswith("$argon2") and found[1] not in person.pin_hash


def test_a_worker_sets_questions_whose_answers_nobody_reads_again(client: TestClient, town: Town) -> None:
    cookies = sign_in(client, town)
    page = f"/console/people/{town.mine.parent.id}/contact"
    there = f"/console/people/{town.mine.parent.id}/questions"
    assert "What was your first pet called?" in client.get(page).text, "suggested"
    given = {"question-1-words": "Who taught you to swim?", "question-1-answer": "Aunt Ro", "question-2-words": "And"}
    answer = client.post(there, data=town.form(cookies, **given))
    assert answer.status_code == 400 and "Question 2: write the answer." in answer.text
    assert "Who taught you" in answer.text and "Aunt Ro" not in answer.text
    assert client.post(there, data=town.form(cookies, **{**given, "question-2-words": ""})).status_code == 303
    shown = client.get(page).text
    assert "They have no PIN, so one of these" in shown and "Aunt Ro" not in shown
    with reading() as session:
        first = session.get_one(Person, town.mine.parent.id).door_hashes
    kept = {"question-1-words": "Who taught you to swim?"}
    assert client.post(there, data=town.form(cookies, **kept)).status_code == 303
    with transaction() as session:
        person = session.get_one(Person, town.mine.parent.id)
        assert person.door_hashes == first and first[0].startswith("$argon2")
        person.pin_tries, person.pin_locked_at = 5, clock.now()
    assert "Let them try again" in client.get(page).text
    assert client.post(f"{there}/again", data=town.form(cookies)).status_code == 303
    assert client.post(f"{there}/remove", data=town.form(cookies)).status_code == 303
    with reading() as session:
        person = session.get_one(Person, town.mine.parent.id)
        verbs = session.scalars(select(AuditEntry.verb).where(AuditEntry.verb.like("%questions"))).all()
    assert (person.pin_locked_at, person.door_words, person.door_hashes) == (None, [], [])
    assert sorted(verbs) == ["removed_questions", "reset_questions", "set_questions", "set_questions"]


def test_a_worker_says_whose_phone_needs_a_pin_and_the_page_says_what_happens(client: TestClient, town: Town) -> None:
    cookies = sign_in(client, town)
    path = f"/console/people/{town.mine.parent.id}/contact"

    def kept() -> bool | None:
        with reading() as session:
            return session.get_one(Person, town.mine.parent.id).proof

    for given, proof in (("yes", True), ("no", False), ("", None)):
        assert client.post(path, data=fields(town, cookies, proof=given)).status_code == 303
        page = client.get(path).text
        assert kept() is proof and f'<option value="{given}" selected>' in page
        asked = "whoever writes from it first is asked to choose a PIN" in page
        assert asked is (given != "no"), "she noted that somebody may see it"
    assert client.post(path, data=fields(town, cookies, proof="perhaps")).status_code == 400


def test_nobody_sets_questions_for_whom_they_may_not_see(client: TestClient, town: Town) -> None:
    cookies = sign_in(client, town)
    given = {"question-1-words": "Who taught you to swim?", "question-1-answer": "Ro Bay"}
    for person in (town.mine.child, town.far.parent):
        for what in ("", "/again", "/remove"):
            there = f"/console/people/{person.id}/questions{what}"
            assert client.post(there, data=town.form(cookies, **given)).status_code == 404


def test_a_child_who_does_not_write_has_no_such_page(client: TestClient, town: Town) -> None:
    cookies = sign_in(client, town)
    assert client.get(f"/console/people/{town.mine.child.id}/contact").status_code == 404
    assert client.post(f"/console/people/{town.mine.child.id}/pin-code", data=town.form(cookies)).status_code == 404


def fields(town: Town, cookies: dict[str, str], **more: str) -> dict[str, str]:
    """The profile's form, filled in."""
    days = {f"day-{n}": "on" for n in range(1, 6)}
    given = {
        "wording": "plain", "language": "es", "contact_from": "09:00", "contact_until": "17:30",
        "code_word": "Sunflower", "use_code_word": "on", "phone_seen_by": "her brother", "phone_label": "Blue",
        "session_minutes": "5",        "reconfirm_on": "2027-02-01", **days, **more,
    }  # fmt: skip
    return town.form(cookies, **given)


def test_a_worker_changes_the_profile_and_the_trail_says_what_but_not_to_what(client: TestClient, town: Town) -> None:
    cookies = sign_in(client, town)
    path = f"/console/people/{town.mine.parent.id}/contact"
    assert "Nobody has gone over it with them yet" in client.get(path).text
    answer = client.post(path, data=fields(town, cookies, gone_over="on"))
    assert answer.status_code == 303 and "Saved. It holds at once" in client.get(answer.headers["location"]).text
    with reading() as session:
        person = session.get_one(Person, town.mine.parent.id)
        changed = session.scalars(select(AuditEntry).where(AuditEntry.verb == "changed_safe_contact")).one()
        confirmed = session.scalars(select(AuditEntry).where(AuditEntry.verb == "confirmed_safe_contact")).one()
        language = session.get_one(Conversation, town.mine.conversation.id).language
    assert (person.wording, person.language, person.contact_days, person.session_minutes) == ("plain", "es", "12345", 5)
    assert (person.contact_from, person.contact_until) == (time(9), time(17, 30))
    assert (person.may_name_self, person.may_name_children, person.code_word) == (False, False, "Sunflower")
    assert (changed.actor_id, confirmed.actor_id, language) == (town.worker.id, town.worker.id, "es")
    assert "contact_days" in changed.detail["fields"] and "Sunflower" not in str(changed.detail)
    page = client.get(path).text
    assert 'value="Sunflower"' in page and "Last gone over on" in page and "Time to go over" not in page
    assert "Saved. It holds" not in page, "only where it was just done"


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"contact_from": "nine"}, "From"),
        ({"language": "xx"}, "Language"),
        ({"session_minutes": "9999"}, "After the PIN or answer"),
        ({"code_word": ""}, "Code word: write one"),
        ({"reconfirm_on": "soon"}, "Go over it again on"),
        ({"timezone": "Europe/Atlantis"}, "Their time zone"),
    ],
)
def test_a_mistake_is_said_and_nothing_changes(
    client: TestClient, town: Town, wrong: dict[str, str], said: str
) -> None:
    cookies = sign_in(client, town)
    path = f"/console/people/{town.mine.parent.id}/contact"
    answer = client.post(path, data=fields(town, cookies, **wrong))
    assert answer.status_code == 400 and 'role="alert"' in answer.text and said in answer.text
    assert "her brother" in answer.text  # what was typed is still there
    with reading() as session:
        assert session.get_one(Person, town.mine.parent.id).phone_seen_by == ""


def test_whoever_lives_elsewhere_has_their_own_time_and_workers_see_it_beside_theirs(
    client: TestClient, town: Town
) -> None:
    cookies = sign_in(client, town)
    path = f"/console/people/{town.mine.parent.id}/contact"
    assert "As the agency (Europe/London)" in client.get(path).text
    assert client.post(path, data=fields(town, cookies, timezone="Asia/Kolkata")).status_code == 303
    with reading() as session:
        assert session.get_one(Person, town.mine.parent.id).timezone == "Asia/Kolkata"
        changed = session.scalars(select(AuditEntry).where(AuditEntry.verb == "changed_safe_contact")).one()
        starts_at = session.get_one(Appointment, town.mine.appointment.id).starts_at
    assert "timezone" in changed.detail["fields"] and "Kolkata" not in str(changed.detail)
    assert '<option value="Asia/Kolkata" selected>Kolkata</option>' in client.get(path).text
    page = client.get(f"/console/families/{town.mine.family.id}").text
    for zone, said in (("Europe/London", "{}</time>"), ("Asia/Kolkata", "{} where they are")):
        assert said.format(starts_at.astimezone(ZoneInfo(zone)).strftime("%H:%M")) in page, zone
    talk = client.get(f"/console/conversations/{town.mine.conversation.id}").text
    assert "where they are now" in talk
    answer = client.get(f"/api/v1/families/{town.mine.family.id}", headers=town.program(town.worker)).json()
    theirs = {person["first_name"]: person["safe_contact"]["timezone"] for person in answer["people"]}
    assert theirs == {"Ashparent": "Asia/Kolkata", "Ashchild": None} and answer["timezone"] == "Europe/London"
    assert client.post(path, data=fields(town, cookies, timezone="")).status_code == 303
    assert "where they are" not in client.get(f"/console/families/{town.mine.family.id}").text


def test_no_day_at_all_is_a_mistake(client: TestClient, town: Town) -> None:
    cookies = sign_in(client, town)
    given = {name: value for name, value in fields(town, cookies).items() if not name.startswith("day-")}
    assert client.post(f"/console/people/{town.mine.parent.id}/contact", data=given).status_code == 400


def test_who_is_due_to_be_gone_over_again_is_shown(client: TestClient, town: Town) -> None:
    sign_in(client, town)
    page = f"/console/families/{town.mine.family.id}"
    assert client.get(page).text.count("to go over again") == 1  # the parent; the child does not write
    with transaction() as session:
        session.get_one(Person, town.mine.parent.id).reconfirm_on = clock.now().date() + timedelta(days=2)
    assert "to go over again" not in client.get(page).text
    with transaction() as session:
        session.get_one(Person, town.mine.parent.id).reconfirm_on = clock.now().date() - timedelta(days=2)
    assert "to go over again" in client.get(page).text


def test_somebody_new_is_added_and_asked(client: TestClient, town: Town) -> None:
    cookies = sign_in(client, town)
    path = f"/console/families/{town.mine.family.id}/people"
    assert client.get(path).status_code == 200
    given = {"first_name": "Nia", "kind": "carer", "language": "en", "phone": "+44 7700 900 889"}
    answer = client.post(path, data=town.form(cookies, **given))
    assert answer.status_code == 303
    with reading() as session:
        nia = session.scalars(select(Person).where(Person.first_name == "Nia")).one()
        point = session.scalars(select(ContactPoint).where(ContactPoint.person_id == nia.id)).one()
        asked = session.scalars(select(OutboundMessage)).one()
    assert (nia.wording, point.address, point.state) == ("discreet", "+447700900889", "pending")
    assert asked.address == "+447700900889" and "Nia" not in asked.body
    assert "no answer yet" in client.get(f"/console/people/{nia.id}/contact").text


@pytest.mark.parametrize("phone", ["12", "07700 90088", "+44999", "ring me"])
def test_a_number_that_is_none_adds_nobody(client: TestClient, town: Town, phone: str) -> None:
    cookies = sign_in(client, town)
    given = {"first_name": "Nia", "kind": "carer", "language": "en", "phone": phone}
    answer = client.post(f"/console/families/{town.mine.family.id}/people", data=town.form(cookies, **given))
    assert answer.status_code == 400 and "Phone number" in answer.text and 'value="Nia"' in answer.text
    with reading() as session:
        assert session.scalars(select(Person).where(Person.first_name == "Nia")).all() == []


def test_another_familys_number_is_refused_without_saying_whose(client: TestClient, town: Town) -> None:
    cookies = sign_in(client, town)
    path = f"/console/people/{town.mine.parent.id}/numbers"
    answer = client.post(path, data=town.form(cookies, phone=town.other.conversation.address))
    assert answer.status_code == 400 and "in use already" in answer.text and "Birch" not in answer.text


def test_a_number_set_aside_by_mistake_is_asked_again_and_one_that_is_gone_is_taken_out(
    client: TestClient, town: Town
) -> None:
    cookies = sign_in(client, town)
    path = f"/console/people/{town.mine.parent.id}/numbers"
    with transaction() as session:
        point = session.scalars(select(ContactPoint).where(ContactPoint.person_id == town.mine.parent.id)).one()
        point.state = "quarantined"
    chosen = town.form(cookies, number=str(point.id))
    assert client.post(f"{path}/ask", data=chosen).status_code == 303
    with reading() as session:
        assert session.get_one(ContactPoint, point.id).state == "pending"
    assert client.post(f"{path}/remove", data=chosen).status_code == 303
    with reading() as session:
        assert session.get_one(ContactPoint, point.id).state == "quarantined"
        verbs = set(session.scalars(select(AuditEntry.verb)))
        theirs = session.scalars(select(ContactPoint).where(ContactPoint.person_id == town.other.parent.id)).one()
    assert {"asked_consent", "removed_number"} <= verbs
    for do in ("ask", "remove"):  # a number of somebody else's is not there
        answer = client.post(f"{path}/{do}", data=town.form(cookies, number=str(theirs.id)))
        assert answer.status_code == 404


def test_on_a_shared_phone_the_wording_stays_discreet(client: TestClient, town: Town) -> None:
    cookies = sign_in(client, town)
    with transaction() as session:
        session.get_one(Person, town.mine.child.id).kind = "young_person"
        address = town.mine.conversation.address
        session.add(ContactPoint(person_id=town.mine.child.id, channel="sms", address=address, state="active"))
    answer = client.post(f"/console/people/{town.mine.parent.id}/contact", data=fields(town, cookies))
    assert answer.status_code == 400 and "stays discreet" in answer.text
    assert "Also used by Ashchild" in client.get(f"/console/people/{town.mine.parent.id}/contact").text


def test_the_families_list_counts_who_is_to_be_gone_over_again(client: TestClient, town: Town) -> None:
    sign_in(client, town)
    assert "Safe contact to go over: 1" in client.get("/console/families").text
    with transaction() as session:
        session.get_one(Person, town.mine.parent.id).profile_confirmed_at = clock.now()
    assert "Safe contact to go over" not in client.get("/console/families").text


def test_a_conversation_says_who_else_writes_there_and_until_when_words_wait(client: TestClient, town: Town) -> None:
    sign_in(client, town)
    path = f"/console/conversations/{town.mine.conversation.id}"
    now = clock.now().astimezone(ZoneInfo("Europe/London"))
    with transaction() as session:
        person = session.get_one(Person, town.mine.parent.id)
        person.contact_from, person.contact_until = (now + timedelta(hours=2)).time(), (now + timedelta(hours=3)).time()
    page = client.get(path).text
    assert "outside their safe hours now" in page and "also used by" not in page
    with transaction() as session:
        session.get_one(Person, town.mine.child.id).kind = "young_person"
        address = town.mine.conversation.address
        session.add(ContactPoint(person_id=town.mine.child.id, channel="sms", address=address, state="active"))
    town.message(town.mine.conversation, "hello")
    page = client.get(path).text
    assert "outside their safe hours now" not in page and "also used by Ashchild" in page


def test_an_answer_that_would_be_heard_as_a_cry_for_help_is_refused(client: TestClient, town: Town) -> None:
    cookies = sign_in(client, town)
    given = {"question-1-words": "What did he say?", "question-1-answer": "help me police"}
    answer = client.post(f"/console/people/{town.mine.parent.id}/questions", data=town.form(cookies, **given))
    assert answer.status_code == 400 and "sounds like a cry for help" in answer.text
    given["question-1-answer"] = "Hello!"
    answer = client.post(f"/console/people/{town.mine.parent.id}/questions", data=town.form(cookies, **given))
    assert answer.status_code == 400 and "a word like hello" in answer.text


def test_a_phone_that_somebody_else_sees_without_pin_or_question_stands_out(client: TestClient, town: Town) -> None:
    sign_in(client, town)
    pages = (f"/console/people/{town.mine.parent.id}/contact", f"/console/families/{town.mine.family.id}")
    warned = ("Somebody else may see this phone", "somebody else may read the phone")

    def seen() -> list[bool]:
        return [words in client.get(page).text for page, words in zip(pages, warned, strict=True)]

    assert seen() == [False, False]
    with transaction() as session:
        session.get_one(Person, town.mine.parent.id).phone_seen_by = "her mother"
    assert seen() == [True, True]
    with transaction() as session:
        session.get_one(Person, town.mine.parent.id).pin_hash = "x"
    assert seen() == [False, False]
