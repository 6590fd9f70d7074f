"""What somebody gets who asks what is held about them: all of theirs, and nothing of anybody else's."""

from __future__ import annotations

import json
import stat
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session
from typer.testing import CliRunner

from api import clock
from api.access.models import Agency, Opening
from api.appointments.models import Appointment
from api.audit import service as audit
from api.audit.models import AuditEntry
from api.cli import app
from api.database import transaction
from api.families import profile
from api.families.models import ContactPoint, Family, Person
from api.protection import whose
from api.views.models import StatedView
from tests.small_town import Town


def export(who: str, tmp_path: Path) -> dict[str, Any]:
    out = tmp_path / "person.json"
    said = CliRunner().invoke(app, ["export-person", who, "--out", str(out)])
    assert said.exit_code == 0, said.output
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    held: dict[str, Any] = json.loads(out.read_text(encoding="utf-8"))
    return held


def test_it_holds_what_the_person_said_was_told_and_who_looked(session: Session, town: Town, tmp_path: Path) -> None:
    mine = town.mine
    town.message(mine.conversation, "we have no money for the meter")
    town.escalation(mine, "please ring me tonight")
    with transaction() as writing:
        writing.add(
            StatedView(
                family_id=mine.family.id,
                person_id=mine.parent.id,
                external_id="v",
                given_on=date(2026, 11, 1),
                words="I want him home",
                recorded_at=clock.now(),
            )
        )
        audit.record_view(
            writing, worker_id=town.worker.id, verb="viewed_family", family_id=mine.family.id, object_id=mine.family.id
        )
    held = export(mine.conversation.address, tmp_path)
    assert held["about"] == str(mine.parent.id)
    assert "we have no money for the meter" in [one["body"] for one in held["messages"]]
    assert [one["words"] for one in held["escalations"]] == ["please ring me tonight"]
    assert [one["words"] for one in held["views"]] == ["I want him home"]
    assert [one["address"] for one in held["contact_points"]] == [mine.conversation.address]
    assert [one["title"] for one in held["actions"]] == ["Ash course"]
    assert [one["place"] for one in held["appointments"]] == ["Ash rooms"]
    assert [one["words"] for one in held["change_requests"]] == ["Ash cannot come"]
    assert {"who": "Lena Worker (worker)", "what": "viewed_family"}.items() <= held["who_looked_and_what_was_done"][
        0
    ].items()
    (entry,) = session.scalars(select(AuditEntry).where(AuditEntry.verb == "exported_person"))
    assert entry.object_id == str(mine.parent.id) and mine.conversation.address not in json.dumps(entry.detail)


def test_what_was_known_of_them_before_is_in_it_without_the_code_word(
    session: Session, town: Town, tmp_path: Path
) -> None:
    mine = town.mine
    who: dict[str, Any] = {"actor_kind": "worker", "actor_id": town.worker.id, "now": clock.now()}
    for given in ({"phone_seen_by": "her husband", "code_word": "pineapple"}, {"phone_seen_by": "", "code_word": ""}):
        with transaction() as writing:
            profile.change(writing, writing.get_one(Person, mine.parent.id), given, **who)
    held = export(mine.conversation.address, tmp_path)
    assert [one["said"]["phone_seen_by"] for one in held["profile_before"]] == ["", "her husband"]
    assert held["profile_before"][0]["changed_by"] == "Lena Worker (worker)"
    assert "pineapple" not in json.dumps(held)


def test_nothing_of_another_person_is_in_it(session: Session, town: Town, tmp_path: Path) -> None:
    mine, other = town.mine, town.other
    with transaction() as writing:
        brother = Person(
            family_id=mine.family.id, external_id="b", kind="young_person", first_name="Idris", last_name="Ash"
        )
        writing.add(brother)
        writing.flush()
        writing.add(ContactPoint(person_id=brother.id, channel="sms", address="+447700900997"))
        for person, words in ((brother, "I am afraid of her"), (other.parent, "another house")):
            writing.add(
                StatedView(
                    family_id=person.family_id,
                    person_id=person.id,
                    external_id=words,
                    given_on=date(2026, 11, 1),
                    words=words,
                    recorded_at=clock.now(),
                )
            )
        audit.record_view(
            writing, worker_id=town.duty.id, verb="viewed_contact", family_id=mine.family.id, object_id=brother.id
        )
        writing.execute(
            update(Appointment)
            .where(Appointment.id == mine.appointment.id)
            .values(
                place="Willow House",
                address="1 Secret Lane",
                link="https://x.example",
                travel="taxi to Cedar End",
                address_hidden=True,
            )
        )
    town.message(mine.conversation, "idris hit his sister, ring him on 07700 900 997 or +44 7700 900997")
    town.message(other.conversation, "the neighbour's own words")
    text = json.dumps(export(f"{mine.family.external_id}/parent", tmp_path), ensure_ascii=False)
    for word in ("idris", "900 997", "900997", "afraid", "another house", "neighbour", "Willow", "Secret", "Cedar",
                 "x.example",
                 "viewed_contact"):  # fmt: skip
        assert word.casefold() not in text.casefold(), word
    assert "[another family member] hit his sister" in text


def test_texts_of_a_phone_that_somebody_else_has_or_had_are_counted_and_not_shown(
    session: Session, town: Town, tmp_path: Path
) -> None:
    mine = town.mine
    town.message(mine.conversation, "whose words are these")
    with transaction() as writing:
        writing.add(
            ContactPoint(person_id=mine.child.id, channel="sms", address=mine.conversation.address, state="quarantined")
        )
    held = export(str(mine.parent.id), tmp_path)
    assert held["messages"] == [] and held["messages_not_included"]["count"] == 1


@pytest.mark.parametrize("who", ["07700 900555", "nobody", "Ash/nobody", "00000000-0000-0000-0000-000000000000"])
def test_who_is_not_here_is_said_without_repeating_it(who: str, town: Town, tmp_path: Path) -> None:
    out = tmp_path / "person.json"
    said = CliRunner().invoke(app, ["export-person", who, "--out", str(out)])
    assert said.exit_code == 1 and "Nobody here has this" in said.stderr and who not in said.stderr
    assert not out.exists()


def test_two_people_with_one_number_or_id_are_told_apart_by_their_ids(session: Session, town: Town) -> None:
    with transaction() as writing:
        writing.add(ContactPoint(person_id=town.mine.child.id, channel="sms", address=town.mine.conversation.address))
    with pytest.raises(whose.Unknown, match=str(town.mine.child.id)):
        whose.find(session, town.mine.conversation.address)
    with transaction() as writing:
        far = Family(agency_id=town.far_agency.id, external_id="Ash", name="Ash")
        writing.add(far)
        writing.flush()
        writing.add(Person(family_id=far.id, external_id="parent", kind="parent", first_name="Ada"))
        assert writing.get(Agency, town.far_agency.id)
    with pytest.raises(whose.Unknown, match="More than one"):
        whose.find(session, "Ash/parent")


def test_a_file_that_is_there_is_not_overwritten(town: Town, tmp_path: Path) -> None:
    out = tmp_path / "person.json"
    out.write_text("something else")
    said = CliRunner().invoke(app, ["export-person", str(town.mine.parent.id), "--out", str(out)])
    assert said.exit_code == 1 and out.read_text() == "something else"


def test_who_opened_the_family_and_why_is_told_without_relatives_names(
    session: Session, town: Town, tmp_path: Path
) -> None:
    now = clock.now()
    session.add(
        Opening(
            family_id=town.mine.family.id,
            worker_id=town.duty.id,
            reason="school rang about Ashchild this morning",
            opened_at=now,
            ends_at=now,
        )
    )
    session.commit()
    (opened,) = export(str(town.mine.parent.id), tmp_path)["opened_by_others"]
    assert opened["by"].startswith("Dora") and "school rang about" in opened["reason"]
    assert "Ashchild" not in opened["reason"]
