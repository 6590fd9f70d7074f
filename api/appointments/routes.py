"""A family's appointments under /api/v1: read, book, move and cancel them."""

from __future__ import annotations

import uuid
from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException, Query
from fastapi.responses import Response
from sqlalchemy.orm import Session

from api.access import queries as access
from api.access.guards import Visitor, bearer_worker, public
from api.appointments import content, feeds, overlaps, queries, series, service
from api.appointments.schemas import (
    AppointmentChange,
    AppointmentIn,
    AppointmentList,
    AppointmentOut,
    BookedOut,
    OverlapOut,
    expected_of,
)
from api.appointments.series import Series
from api.appointments.series_schemas import SeriesChange, SeriesEnd, SeriesIn, SeriesOut
from api.audit import service as audit
from api.database import transaction
from api.earlier import queries as earlier
from api.earlier.schemas import EarlierOut
from api.rest.errors import READS, WRITES, Refused
from api.rest.schemas import Page, Paging
from api.rest.versions import STALE, IfMatch, refuse_stale, show_version

router = APIRouter(prefix="/api/v1", tags=["Appointments"])
#: The private calendar addresses of families' people.
calendars = APIRouter(prefix="/calendar", include_in_schema=False)

Me = Annotated[Visitor, Depends(bearer_worker)]
#: Why something cannot be booked, where it is not what was sent that is wrong but how things stand.
_CONFLICTS = (
    "appointment_exists",
    "appointment_is_cancelled",
    "appointment_is_over",
    "series_exists",
    "series_is_over",
)


@router.get("/families/{family_id}/appointments", responses=READS)
def list_appointments(me: Me, family_id: uuid.UUID, asked: Annotated[AppointmentList, Query()]) -> Page[AppointmentOut]:
    """The family's appointments, soonest first, cancelled ones too, with what each attendee has answered."""
    with transaction() as session:
        family = access.family_or_404(session, me, family_id)
        audit.record_view(
            session, worker_id=me.id, verb="viewed_appointments", family_id=family.id, object_id=family.id
        )
        found = queries.of_family(family.id, after=asked.begin, before=asked.end)
        total = queries.count(session, found)
        rows = session.scalars(found.limit(asked.per_page).offset(asked.offset))
        items = [AppointmentOut.of(row) for row in rows]
    return Page.at(asked, items, total)


@router.post("/families/{family_id}/appointments", status_code=201, responses=WRITES)
def book_appointment(me: Me, family_id: uuid.UUID, given: AppointmentIn, response: Response) -> BookedOut:
    """Book an appointment. Family members see it if they are among its attendees.

    422 where it ends before it starts, or an attendee is not of this family; 409 where the family has an appointment
    with that external id. Who is expected elsewhere at that time stands under ``overlaps``; it is booked all the same.
    """
    with transaction() as session:
        family = access.family_or_404(session, me, family_id)
        try:
            booked = service.book(
                session,
                family,
                me.worker,
                external_id=given.external_id or "",
                kind=given.kind,
                starts_at=given.starts_at,
                ends_at=given.ends_at,
                attendees=[attendee.expected() for attendee in given.attendees],
                details=given.details(),
            )
        except service.CannotBook as error:
            raise _refusal(error) from None
        show_version(response, booked.sequence)
        return BookedOut.with_overlaps(booked, overlaps.of(session, me, [booked]))


@router.get("/appointments/{appointment_id}", responses=READS)
def show_appointment(me: Me, appointment_id: uuid.UUID, response: Response) -> AppointmentOut:
    """One appointment, with what each attendee has answered."""
    with transaction() as session:
        found = access.appointment_or_404(session, me, appointment_id)
        audit.record_view(
            session, worker_id=me.id, verb="viewed_appointment", family_id=found.family_id, object_id=found.id
        )
        show_version(response, found.sequence)
        return AppointmentOut.of(found)


@router.get("/appointments/{appointment_id}/versions", responses=READS)
def list_appointment_versions(me: Me, appointment_id: uuid.UUID, asked: Annotated[Paging, Query()]) -> Page[EarlierOut]:
    """What the appointment said before each change (time, place, what to bring, who was expected), who changed it and
    when; the newest first."""
    with transaction() as session:
        found = access.appointment_or_404(session, me, appointment_id)
        audit.record_view(
            session, worker_id=me.id, verb="viewed_appointment", family_id=found.family_id, object_id=found.id
        )
        told = content.history(session, found, limit=asked.per_page, offset=asked.offset)
        total = earlier.count(session, found.id)
        return Page.at(asked, [EarlierOut.of(one) for one in told], total)


@router.patch("/appointments/{appointment_id}", responses={**WRITES, **STALE})
def change_appointment(
    me: Me, appointment_id: uuid.UUID, given: AppointmentChange, response: Response, if_match: IfMatch = None
) -> BookedOut:
    """Move an appointment, change its kind, what is known of it or who is expected, cancel it or put it on again. 409
    for any other change of one that was cancelled, and for putting on again one that is over."""
    with transaction() as session:
        appointment = access.appointment_or_404(session, me, appointment_id)
        audit.record_view(
            session, worker_id=me.id, verb="viewed_appointment", family_id=appointment.family_id,
            object_id=appointment.id,
        )  # fmt: skip
        session.refresh(appointment, with_for_update=True)
        refuse_stale(if_match, appointment.sequence)
        try:
            if given.status == "cancelled":
                service.cancel(session, appointment, me.worker, reason=given.reason)
            elif given.status == "scheduled":
                service.restore(session, appointment, me.worker)
            else:
                service.change(
                    session,
                    appointment,
                    me.worker,
                    kind=given.kind,
                    starts_at=given.starts_at,
                    ends_at=given.ends_at,
                    details=given.details(),
                    reason=given.reason,
                    attendees=expected_of(given.attendees),
                )
        except service.CannotBook as error:
            raise _refusal(error) from None
        found = overlaps.of(session, me, [appointment]) if appointment.status == "scheduled" else []
        show_version(response, appointment.sequence)
        return BookedOut.with_overlaps(appointment, found)


@router.get("/families/{family_id}/series", responses=READS)
def list_series(me: Me, family_id: uuid.UUID, asked: Annotated[Paging, Query()]) -> Page[SeriesOut]:
    """The family's series of appointments, the newest first; those that are over too."""
    with transaction() as session:
        family = access.family_or_404(session, me, family_id)
        audit.record_view(session, worker_id=me.id, verb="viewed_series", family_id=family.id, object_id=family.id)
        rows = queries.series_of_family(session, family.id)
        items = [SeriesOut.of(row) for row in asked.of(rows)]
    return Page.at(asked, items, len(rows))


@router.post("/families/{family_id}/series", status_code=201, responses=WRITES)
def book_series(me: Me, family_id: uuid.UUID, given: SeriesIn, response: Response) -> SeriesOut:
    """Book appointments that come again: every so many weeks, each month on the same weekday, or every so many
    working days.

    422 where an attendee is not of this family, or no day is left; 409 where the family has a series with that
    external id.
    """
    with transaction() as session:
        family = access.family_or_404(session, me, family_id)
        try:
            booked = series.book(
                session,
                family,
                me.worker,
                given.rhythm(),
                kind=given.kind,
                attendees=[attendee.expected() for attendee in given.attendees],
                details=given.details(),
                external_id=given.external_id or "",
            )
        except service.CannotBook as error:
            raise _refusal(error) from None
        return _answer(_shown(session, me, booked), response)


@router.get("/series/{series_id}", responses=READS)
def show_series(me: Me, series_id: uuid.UUID, response: Response) -> SeriesOut:
    """One series."""
    with transaction() as session:
        found = access.series_or_404(session, me, series_id)
        audit.record_view(
            session, worker_id=me.id, verb="viewed_series", family_id=found.family_id, object_id=found.family_id
        )
        return _answer(SeriesOut.of(found), response)


@router.patch("/series/{series_id}", responses={**WRITES, **STALE})
def change_series(
    me: Me, series_id: uuid.UUID, given: SeriesChange, response: Response, if_match: IfMatch = None
) -> SeriesOut:
    """Change a series from one of its days on: the answer is the new series that goes on with it. 409 where it is
    over by then."""
    with transaction() as session:
        found = access.series_or_404(session, me, series_id)
        _refuse_stale(session, found, if_match)
        try:
            new = series.change_from(
                session,
                found,
                me.worker,
                given.begin,
                given.rhythm(),
                kind=given.kind,
                attendees=expected_of(given.attendees),
                details=given.details(),
                reason=given.reason,
            )
        except service.CannotBook as error:
            raise _refusal(error) from None
        return _answer(_shown(session, me, new), response)


@router.post("/series/{series_id}/end", responses={**WRITES, **STALE})
def end_series(
    me: Me, series_id: uuid.UUID, given: SeriesEnd, response: Response, if_match: IfMatch = None
) -> SeriesOut:
    """End a series before one of its days: what would come from then on is called off, but for what was moved or
    changed by itself."""
    with transaction() as session:
        found = access.series_or_404(session, me, series_id)
        _refuse_stale(session, found, if_match)
        series.end_from(session, found, me.worker, given.begin, reason=given.reason)
        return _answer(SeriesOut.of(found), response)


def _refuse_stale(session: Session, found: Series, if_match: str | None) -> None:
    session.refresh(found, with_for_update=True)
    refuse_stale(if_match, SeriesOut.of(found).version)


def _answer(shown: SeriesOut, response: Response) -> SeriesOut:
    show_version(response, shown.version)
    return shown


def _shown(session: Session, me: Visitor, booked: Series) -> SeriesOut:
    written = queries.of_series(session, booked.id)
    return SeriesOut.of(booked, [OverlapOut.of(one) for one in overlaps.of(session, me, written)])


@calendars.get("/{token}", dependencies=[Depends(public("the address is long, random and one person's own"))])
def show_calendar(token: str) -> Response:
    """One person's appointments, for a calendar program."""
    with transaction() as session:
        file = feeds.file(session, token.removesuffix(".ics"))
    if file is None:
        raise HTTPException(404)
    return Response(file, media_type="text/calendar; charset=utf-8")


def _refusal(error: service.CannotBook) -> Refused:
    return Refused(409 if error.code in _CONFLICTS else 422, error.code)
