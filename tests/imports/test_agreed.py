"""What a file says about agreement: by the agency's own record, or asked first."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from api.families.models import Consent, ContactPoint
from api.imports.report import ImportProblems
from api.imports.service import Report
from api.messages.models import OutboundMessage
from api.settings import settings

Load = Callable[..., Report]
Raw = dict[str, Any]


def states(session: Session) -> dict[str, int]:
    rows = session.execute(select(ContactPoint.state, func.count()).group_by(ContactPoint.state))
    return {row[0]: row[1] for row in rows}


def test_numbers_of_a_file_count_as_agreed_and_that_is_kept_once(load: Load, raw: Raw, session: Session) -> None:
    load(raw)
    assert set(states(session)) == {"active"}
    load(raw)
    kept = session.scalars(select(Consent)).all()
    assert len(kept) == states(session)["active"]
    assert {(one.wording_id, one.answer, one.asked_by) for one in kept} == {("agency.record", "agreed", None)}
    assert all(one.answered_at is not None for one in kept)
    assert session.scalars(select(OutboundMessage)).all() == [], "nobody is written to"


def test_a_file_that_asks_first_leaves_new_numbers_pending_and_asks_each_once(
    load: Load, raw: Raw, session: Session
) -> None:
    raw["ask_first"] = True
    load(raw)
    assert set(states(session)) == {"pending"}
    numbers = set(session.scalars(select(ContactPoint.address)))
    asked = session.execute(select(OutboundMessage.address, OutboundMessage.kind)).all()
    assert {row[0] for row in asked} == numbers and len(asked) == len(numbers)
    assert {row[1] for row in asked} == {"consent"}
    assert {one.wording_id for one in session.scalars(select(Consent))} == {"enrol.ask"}
    load(raw)
    assert session.scalar(select(func.count()).select_from(OutboundMessage)) == len(numbers), "nobody is asked again"


def test_a_number_that_the_file_says_is_closed_is_not_asked(load: Load, raw: Raw, session: Session) -> None:
    raw["ask_first"] = True
    first = raw["families"][0]["people"][0]
    first["closed_phones"] = [{"number": first.pop("phone"), "state": "opted_out"}]
    load(raw)
    closed = session.scalars(select(ContactPoint.address).where(ContactPoint.state == "opted_out")).one()
    assert closed not in set(session.scalars(select(OutboundMessage.address)))


def test_an_address_of_a_file_waits_for_its_code_and_no_file_takes_one_away(
    load: Load, raw: Raw, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = raw["families"][0]["people"][0]
    first["email"] = " Jo@Example.org "
    load(raw)
    mails = select(ContactPoint).filter_by(channel="email")
    assert [(one.address, one.state) for one in session.scalars(mails)] == [("jo@example.org", "pending")]
    assert session.scalars(select(OutboundMessage)).all() == []
    del first["email"]
    load(raw)
    session.expire_all()
    assert session.scalars(mails).one().state == "pending"
    monkeypatch.setattr(settings(), "smtp_url", "smtp://127.0.0.1:9")
    raw["ask_first"], first["email"] = True, "jo.new@example.org"
    load(raw)
    sent = session.scalars(select(OutboundMessage).filter_by(channel="email")).one()
    assert (sent.address, sent.kind) == ("jo.new@example.org", "consent")


def test_an_address_of_another_family_or_none_is_refused(load: Load, raw: Raw, session: Session) -> None:
    one, other = (family["people"][0] for family in raw["families"][:2])
    one["email"] = other["email"] = "jo@example.org"
    with pytest.raises(ImportProblems, match="somebody of another family"):
        load(raw)
    assert session.scalars(select(ContactPoint).filter_by(channel="email")).all() == []
