"""Booking and changing appointments through the console's forms, on a day in June."""

from __future__ import annotations

import os
import re
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Any

from fastapi.testclient import TestClient
from sqlalchemy import select

from api.appointments.models import Appointment
from api.database import reading
from tests.small_town import Town

#: A Monday in June: the clocks are an hour ahead of UTC.
MONDAY = date(2027, 6, 7)


def it_is_monday() -> None:
    """The town's clock stands at noon of that Monday."""
    noon = datetime.combine(MONDAY, time(12), tzinfo=UTC)
    Path(os.environ["HEARTHLINE_CLOCK_FILE"]).write_text(str((noon - datetime.now(UTC)).total_seconds()))


def sign_in(client: TestClient, town: Town) -> dict[str, str]:
    cookies = town.signed_in(town.worker)
    client.cookies.update(cookies)
    return cookies


def fields(town: Town, cookies: dict[str, str], **more: str) -> dict[str, str]:
    given = {
        "kind": "home_visit", "day": "2027-06-10", "at": "10:00", "minutes": "45", "place": "At home",
        "person-1-who": str(town.mine.child.id), "person-1-concerns": "on", "person-2-who": str(town.mine.parent.id),
        "guest-1-name": "Lena Worker", "guest-1-role": "social worker", **more,
    }  # fmt: skip
    return town.form(cookies, **{name: value for name, value in given.items() if value})


def book(client: TestClient, town: Town, cookies: dict[str, str], **more: str) -> Any:
    return client.post(f"/console/families/{town.mine.family.id}/appointments", data=fields(town, cookies, **more))


def booked(town: Town) -> list[Appointment]:
    with reading() as session:
        rows = session.scalars(
            select(Appointment)
            .where(Appointment.family_id == town.mine.family.id, Appointment.id != town.mine.appointment.id)
            .order_by(Appointment.starts_at)
        ).all()
    return list(rows)


def change(client: TestClient, town: Town, cookies: dict[str, str], one: Appointment, **given: str) -> Any:
    """Send the appointment's form as it stands now, with these fields; why is said unless they say otherwise."""
    page = client.get(f"/console/appointments/{one.id}").text
    seen = re.search(r'name="version" value="(\d+)"', page)
    return client.post(
        f"/console/appointments/{one.id}",
        data=town.form(cookies, **{"version": seen[1] if seen else "", "reason": "asked", **given}),
    )


def agreed(answer: Any) -> str:
    """What the button "book all the same" sends with it."""
    found = re.search(r'name="anyway" value="(\w+)"', answer.text)
    assert found
    return found[1]
