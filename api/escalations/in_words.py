"""A rehearsal as lines of text, for ``hearthline rehearse``."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import datetime
from zoneinfo import ZoneInfo

from babel.dates import format_skeleton
from sqlalchemy import select

from api import clock, texts
from api.access.models import Agency, Worker
from api.database import reading
from api.escalations import rules
from api.escalations.ladder import Told
from api.imports import dates


class Unknown(ValueError):
    """There is no such agency or worker, or no such time; the message says what there is."""


def rehearsal_in_words(at: str, priority: str, agency_key: str = "", worker_key: str = "") -> Iterator[str]:
    """Who would be told of an escalation that comes in ``at`` (as import files write times, "sunday 02:00"), a line
    for each telling. The family's own worker is ``worker_key`` of the agency's system, or nobody. Raises Unknown."""
    with reading() as session:
        agency = _agency(list(session.scalars(select(Agency).order_by(Agency.external_id))), agency_key)
        zone = ZoneInfo(agency.timezone)
        try:
            moment = dates.moment(at.lower(), clock.now(), zone)
        except dates.DateError as problem:
            raise Unknown(f'"{at}" {problem}') from None
        lead = _worker(list(session.scalars(select(Worker).filter_by(agency_id=agency.id, active=True))), worker_key)
        played = rules.rehearsal(session, agency.id, priority, moment, lead)
    for told_at, telling in played.tellings:
        for rung in telling.rungs:
            yield f"{_when(told_at, zone, agency.language)}  {', '.join(_told(one, agency.language) for one in rung)}"
    yield texts.render("ladders.for_ever", agency.language)


def _when(moment: datetime, zone: ZoneInfo, language: str) -> str:
    local = moment.astimezone(zone)
    return f"{format_skeleton('MMMEd', local, locale=language)} {local:%H:%M}"


def _told(told: Told, language: str) -> str:
    role = texts.render(f"console.role.{told.role}", language)
    who = f"{told.member.name} ({role})" if told.member else role
    return f"{who}: {texts.render(f'console.problem.{told.problem}', language)}" if told.problem else who


def _agency(agencies: list[Agency], key: str) -> Agency:
    found = [agency for agency in agencies if agency.external_id == key] if key else agencies
    if len(found) != 1:
        there = ", ".join(agency.external_id for agency in agencies) or "none: run `hearthline import FILE` first"
        raise Unknown(f"Which agency? Add --agency and one of: {there}")
    return found[0]


def _worker(workers: list[Worker], key: str) -> uuid.UUID | None:
    if not key:
        return None
    found = next((worker.id for worker in workers if worker.external_id == key), None)
    if found is None:
        there = ", ".join(sorted(worker.external_id for worker in workers))
        raise Unknown(f"Which worker? --worker takes one of: {there}")
    return found
