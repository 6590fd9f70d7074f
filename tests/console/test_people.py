"""Families and people by hand: a new family, corrections, who leaves, whose family it is; and who hears of what."""

from __future__ import annotations

import json
from datetime import date, timedelta
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select

from api import clock
from api.access.models import Worker
from api.audit.models import AuditEntry
from api.database import reading, transaction
from api.families import identity, people
from api.families.models import ChatCode, Consent, ContactPoint, Family, FamilyWorker, Person
from api.imports.service import import_file
from api.messages import inbox
from api.messages.models import Conversation, OutboundMessage
from tests.small_town import Town

NEW = "/console/new-family"


def sign_in(client: TestClient, town: Town, worker: Worker | None = None) -> dict[str, str]:
    client.cookies.clear()
    cookies = town.signed_in(worker or town.worker)
    client.cookies.update(cookies)
    return cookies


def family_form(town: Town, cookies: dict[str, str], **more: str) -> dict[str, str]:
    given = {
        "name": "Rowan", "reference": "R-17", "first_name": "Rita", "last_name": "Rowan", "kind": "parent",
        "language": "es", "phone": "07700 900 888", "phone_seen_by": "her brother",
        "child-1-first_name": "Ana", "child-1-born": "2019-02-28", "child-1-kind": "child",
        "child-3-first_name": "Ana", "child-3-born": "2011-05-01", "child-3-kind": "young_person",
    }  # fmt: skip
    return town.form(cookies, **{**given, **more})


def one(name: str) -> Family | None:
    with reading() as session:
        return session.scalars(select(Family).where(Family.name == name)).one_or_none()


def verbs() -> list[str]:
    with reading() as session:
        return list(session.scalars(select(AuditEntry.verb).order_by(AuditEntry.id)))


def test_a_worker_adds_a_family_of_her_own_and_nobody_is_written_to_before_she_asks(
    client: TestClient, town: Town
) -> None:
    cookies = sign_in(client, town)
    assert NEW in client.get("/console/families").text and 'name="worker"' not in client.get(NEW).text
    answer = client.post(NEW, data=family_form(town, cookies))
    family = one("Rowan")
    assert answer.status_code == 303 and family is not None
    assert answer.headers["location"] == f"/console/families/{family.id}"
    with reading() as session:
        found = session.scalars(select(Person).where(Person.family_id == family.id).order_by(Person.born)).all()
        lead = session.scalars(select(FamilyWorker).where(FamilyWorker.family_id == family.id)).one()
        point = session.scalars(select(ContactPoint).join(Person).where(Person.family_id == family.id)).one()
        assert session.scalars(select(OutboundMessage)).all() == []
    rita = next(person for person in found if person.first_name == "Rita")
    assert (rita.language, rita.wording, rita.phone_seen_by) == ("es", "discreet", "her brother")
    assert [(child.first_name, child.kind, child.born) for child in found if child is not rita] == [
        ("Ana", "young_person", date(2011, 5, 1)), ("Ana", "child", date(2019, 2, 28)),
    ]  # fmt: skip
    assert (lead.worker_id, lead.lead, family.external_id) == (town.worker.id, True, "R-17")
    assert (point.address, point.state, point.added_by) == ("+447700900888", "pending", town.worker.id)
    page = client.get(f"/console/families/{family.id}").text
    assert "Next step: ask if we may write to Rita" in page
    asked = client.post(f"/console/people/{rita.id}/numbers/ask", data=town.form(cookies, number=str(point.id)))
    assert asked.status_code == 303
    with reading() as session:
        text = session.scalars(select(OutboundMessage)).one()
        assert session.scalars(select(Consent)).one().asked_by == town.worker.id
    assert text.address == "+447700900888" and text.kind == "consent"
    assert "Next step" not in client.get(f"/console/families/{family.id}").text
    assert {"added_family", "added_person", "added_number", "asked_consent"} <= set(verbs())


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"name": " "}, "What workers call the family"),
        ({"reference": "two words"}, "Reference in your own system"),
        ({"first_name": ""}, "First name"),
        ({"kind": "child"}, "Kind"),
        ({"language": "tlh"}, "Language"),
        ({"phone": "07700 9"}, "Phone"),
        ({"phone": "ring me"}, "Phone"),
        ({"born": "1990-02-30"}, "Born: there is no such day"),
        ({"born": "2099-01-01"}, "this day has not come yet"),
        ({"child-1-born": "2021-02-29"}, "Child 1: Born: there is no such day"),
        ({"child-1-born": "2099-01-01"}, "this day has not come yet"),
        ({"child-3-first_name": ""}, "Child 3: First name"),
    ],
    ids=lambda given: None if isinstance(given, str) else "-".join(f"{key} {value}" for key, value in given.items()),
)
def test_a_mistake_is_said_what_was_typed_stays_and_no_part_of_the_family_is_there(
    client: TestClient, town: Town, wrong: dict[str, str], said: str
) -> None:
    cookies = sign_in(client, town)
    answer = client.post(NEW, data=family_form(town, cookies, **wrong))
    assert answer.status_code == 400 and 'role="alert"' in answer.text and said in answer.text
    assert 'value="her brother"' in answer.text and 'value="Ana"' in answer.text
    with reading() as session:
        assert session.scalars(select(Family).where(Family.external_id == "R-17")).all() == []
        assert session.scalars(select(Person).where(Person.last_name == "Rowan")).all() == []


def test_a_number_in_use_is_told_by_name_only_to_who_may_see_that_family(client: TestClient, town: Town) -> None:
    for worker, household, name in (
        (town.worker, town.mine, "the Ash family has it"),
        (town.worker, town.other, "in use already"),
        (town.worker, town.far, "in use already"),
        (town.manager, town.other, "the Birch family has it"),
        (town.manager, town.far, "in use already"),
    ):
        cookies = sign_in(client, town, worker)
        form = family_form(town, cookies, phone=household.conversation.address, worker=str(town.worker.id))
        answer = client.post(NEW, data=form)
        assert answer.status_code == 400 and name in answer.text
        assert "Cedar" not in answer.text and (worker is town.manager or "Birch" not in answer.text)
    cookies = sign_in(client, town)
    answer = client.post(NEW, data=family_form(town, cookies, phone=town.duty.phone or ""))
    assert answer.status_code == 400 and "in use already" in answer.text and one("Rowan") is None


def test_a_reference_is_one_familys_in_the_agency_and_may_be_left_out(client: TestClient, town: Town) -> None:
    cookies = sign_in(client, town)
    answer = client.post(NEW, data=family_form(town, cookies, reference="Birch"))
    assert answer.status_code == 400 and "another family of your agency has this one" in answer.text
    assert client.post(NEW, data=family_form(town, cookies, reference="Cedar")).status_code == 303  # another agency's
    for n in (1, 2):
        form = family_form(town, cookies, name=f"None{n}", reference="", phone="")
        assert client.post(NEW, data=form).status_code == 303
        family = one(f"None{n}")
        assert family is not None and family.external_id.startswith("console-")


def test_a_manager_chooses_whose_it_is_and_that_worker_is_told_until_she_has_seen_it(
    client: TestClient, town: Town
) -> None:
    cookies = sign_in(client, town, town.manager)
    assert 'name="worker"' in client.get(NEW).text
    for nobody in ("", str(town.far_manager.id), "me"):
        answer = client.post(NEW, data=family_form(town, cookies, worker=nobody))
        assert answer.status_code == 400 and "choose somebody who works here" in answer.text
    assert client.post(NEW, data=family_form(town, cookies, worker=str(town.worker.id))).status_code == 303
    family, mine = one("Rowan"), sign_in(client, town)
    assert family is not None
    assert "Families changed hands" in client.get("/console/conversations").text
    page = client.get("/console/families").text
    assert "Mona Worker gave it to you" in page
    note = page.partition('name="news" value="')[2].partition('"')[0]
    cookies = sign_in(client, town, town.duty)  # another's note stays
    client.post("/console/news/families", data=town.form(cookies, news=note))
    mine = sign_in(client, town)
    assert "gave it to you" in client.get("/console/families").text
    assert client.post("/console/news/families", data=town.form(mine, news=note)).status_code == 303
    assert "gave it to you" not in client.get("/console/families").text


def test_whoever_hands_a_form_another_worker_gets_the_family_herself(client: TestClient, town: Town) -> None:
    cookies = sign_in(client, town)
    client.post(NEW, data=family_form(town, cookies, worker=str(town.duty.id)))
    family = one("Rowan")
    with reading() as session:
        lead = session.scalars(select(FamilyWorker).where(FamilyWorker.family_id == family.id)).one()  # type: ignore[union-attr]
    assert lead.worker_id == town.worker.id


def test_a_name_a_birthday_and_the_kind_are_mended_and_the_trail_says_which(client: TestClient, town: Town) -> None:
    cookies = sign_in(client, town)
    path = f"/console/people/{town.mine.child.id}/details"
    assert 'value="Ashchild"' in client.get(path).text
    given = {"first_name": "Aisha", "last_name": "Ash", "born": "2012-01-31", "kind": "young_person"}
    assert client.post(path, data=town.form(cookies, **given)).status_code == 303
    with reading() as session:
        child = session.get_one(Person, town.mine.child.id)
        entry = session.scalars(select(AuditEntry).where(AuditEntry.verb == "corrected_person")).one()
    assert (child.first_name, child.last_name, child.born, child.kind) == (
        "Aisha", "Ash", date(2012, 1, 31), "young_person",
    )  # fmt: skip
    assert entry.detail == {"fields": ["born", "first_name", "kind", "last_name"]}
    for wrong in ({"born": "2012-02-30"}, {"born": "2999-01-01"}, {"first_name": " "}, {"kind": "friend"}):
        answer = client.post(path, data=town.form(cookies, **{**given, "last_name": "Kept", **wrong}))
        assert answer.status_code == 400 and 'value="Kept"' in answer.text, wrong
    parent = f"/console/people/{town.mine.parent.id}/details"
    answer = client.post(parent, data=town.form(cookies, first_name="A", kind="child"))
    assert answer.status_code == 400 and "no phone number" in answer.text


def test_a_child_of_a_plan_is_not_made_an_adult(client: TestClient, town: Town) -> None:
    cookies = sign_in(client, town)
    with transaction() as session:
        plan, child = (
            session.get_one(type(town.mine.plan), town.mine.plan.id),
            session.get_one(Person, town.mine.child.id),
        )
        plan.children.append(child)
    form = town.form(cookies, first_name="Ashchild", kind="carer")
    answer = client.post(f"/console/people/{town.mine.child.id}/details", data=form)
    assert answer.status_code == 400 and "child on a plan" in answer.text


def test_who_leaves_is_not_written_to_has_no_way_in_and_stays_on_the_page(client: TestClient, town: Town) -> None:
    chat, conversation_id = town.chatting(town.mine.parent)
    cookies = sign_in(client, town)
    person = f"/console/people/{town.mine.parent.id}"
    with transaction() as session:
        asked = [("What was your first pet called?", "Biscuit the dog")]
        identity.set_questions(session, session.get_one(Person, town.mine.parent.id), asked, town.worker.id)
    client.post(f"{person}/pin-code", data=town.form(cookies))
    client.post(f"{person}/chat-code", data=town.form(cookies))
    client.post(f"{person}/calendar", data=town.form(cookies))
    for _ in range(2):
        assert client.post(f"{person}/leave", data=town.form(cookies)).status_code == 303
    page = client.get(f"/console/families/{town.mine.family.id}").text
    assert "No longer in the family" in page and f"{person}/contact" not in page and f"{person}/details" in page
    chat_page = client.get(f"/console/conversations/{conversation_id}").text
    assert "They are no longer in the family" in chat_page and f"{person}/contact" not in chat_page
    form = client.get(f"/console/families/{town.mine.family.id}/appointments").text
    assert f'value="{town.mine.parent.id}"' not in form and f'value="{town.mine.child.id}"' in form
    for way in ("contact", "pin-code", "chat-code", "calendar", "numbers", "numbers/ask"):
        assert client.post(f"{person}/{way}", data=town.form(cookies, phone="+447700900777")).status_code == 404, way
    with reading() as session:
        gone = session.get_one(Person, town.mine.parent.id)
        states = set(session.scalars(select(ContactPoint.state).filter_by(person_id=gone.id)))
        codes = session.scalars(select(ChatCode).filter_by(person_id=gone.id, used_at=None)).all()
        assert session.get_one(Conversation, conversation_id).closed_at is not None
    assert (gone.pin_hash, gone.door_words, states, gone.left_at is not None) == ("", [], {"quarantined"}, True)
    assert codes and all(code.expires_at <= clock.now() for code in codes)
    assert verbs().count("person_left_family") == 1
    client.cookies.update(chat)
    assert client.get("/chat/talk").status_code == 303
    accepted = inbox.accept(
        channel="sms", external_id="SM-left", address=town.mine.conversation.address, body="when is my appointment?"
    )
    with reading() as session:
        talk = session.get_one(Conversation, accepted.conversation_id)
        said = session.scalars(select(OutboundMessage).filter_by(conversation_id=talk.id)).all()
    assert talk.person_id is None and "Ash" not in " ".join(text.body for text in said)


def test_who_comes_back_is_asked_anew(client: TestClient, town: Town) -> None:
    cookies = sign_in(client, town)
    person = f"/console/people/{town.mine.parent.id}"
    client.post(f"{person}/leave", data=town.form(cookies))
    assert "is back" in client.get(f"{person}/details").text
    assert client.post(f"{person}/return", data=town.form(cookies)).status_code == 303
    with reading() as session:
        point = session.scalars(select(ContactPoint).filter_by(person_id=town.mine.parent.id)).one()
        assert session.get_one(Person, town.mine.parent.id).left_at is None and point.state == "quarantined"
    assert client.post(f"{person}/numbers/ask", data=town.form(cookies, number=str(point.id))).status_code == 303
    assert "person_came_back" in verbs()


def test_a_file_does_not_bring_back_the_numbers_of_who_has_left(town: Town, tmp_path: Path) -> None:
    with transaction() as session:
        people.leave(session, session.get_one(Person, town.mine.parent.id), town.worker, clock.now())
    given = {
        "format": "hearthline-import-1",
        "families": [{"id": "Ash", "agency": "near", "name": "Ash", "lead_worker": "Lena", "people": [
            {"id": "parent", "kind": "parent", "first_name": "Ashparent", "phone": "+447700900999"},
            {"id": "child", "kind": "child", "first_name": "Ashchild"},
        ]}],
    }  # fmt: skip
    path = tmp_path / "file.json"
    path.write_text(json.dumps(given), encoding="utf-8")
    import_file(path)
    with reading() as session:
        points = session.scalars(select(ContactPoint).filter_by(person_id=town.mine.parent.id)).all()
    assert {point.state for point in points} == {"quarantined"} and len(points) == 1


def test_a_baby_on_the_way_is_a_child_with_the_day_it_is_expected() -> None:
    today = date(2026, 3, 1)
    people.check_birthday("child", today + timedelta(days=200), today)
    for kind, born in (("child", today + timedelta(days=400)), ("parent", today + timedelta(days=1))):
        with pytest.raises(people.CannotCorrect):
            people.check_birthday(kind, born, today)


def test_the_familys_name_and_reference_are_mended(client: TestClient, town: Town) -> None:
    cookies = sign_in(client, town)
    path = f"/console/families/{town.mine.family.id}/details"
    assert client.post(path, data=town.form(cookies, name="Ashe", reference="A-1")).status_code == 303
    with reading() as session:
        family = session.get_one(Family, town.mine.family.id)
        entry = session.scalars(select(AuditEntry).where(AuditEntry.verb == "changed_family")).one()
    assert (family.name, family.external_id) == ("Ashe", "A-1")
    assert entry.detail == {"fields": ["external_id", "name"]}
    answer = client.post(path, data=town.form(cookies, name="Kept", reference="Birch"))
    assert answer.status_code == 400 and 'value="Kept"' in answer.text
