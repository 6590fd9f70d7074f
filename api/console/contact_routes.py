"""Safe contact in the console: how a person is written to, their numbers and what was agreed, and their way in
with a PIN or questions."""

from __future__ import annotations

import uuid
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import RedirectResponse, Response
from pydantic import ValidationError

from api import clock, texts
from api.access import queries as access
from api.access.guards import Visitor, from_our_page, signed_in_worker
from api.appointments import feeds
from api.assistant.operations.words import says
from api.audit import service as audit
from api.console import forms
from api.console.inputs import an_id
from api.console.layout import console_page
from api.database import transaction
from api.families import contact, content, editing, identity, profile, questions, zones
from api.messages import enrolment, mail_enrolment
from api.safety.screen import screen
from api.sealed import all_open
from api.settings import settings

router = APIRouter(prefix="/console", include_in_schema=False, dependencies=[Depends(from_our_page)])

#: Suggestions for questions, in the language of who is asked them.
SUGGESTED = tuple(f"questions.suggest.{name}" for name in ("pet", "teacher", "street", "film", "food"))

Me = Annotated[Visitor, Depends(signed_in_worker)]
Fields = Annotated[dict[str, str], Depends(forms.fields)]


@router.get("/people/{person_id}/contact")
def show_contact(request: Request, me: Me, person_id: uuid.UUID) -> Response:
    """How this person is written to, and how they get in."""
    return _page(request, me, person_id)


@router.post("/people/{person_id}/contact")
def change_contact(request: Request, me: Me, person_id: uuid.UUID, given: Fields) -> Response:
    """Change the profile; it holds at once, also for what is queued.

    A form that was opened before somebody else changed it (the person themself, by "he sees my phone") saves nothing:
    it would take that back unseen."""
    days = "".join(day for day in "1234567" if given.get(f"day-{day}"))
    try:
        wanted = editing.ProfileIn.model_validate({**given, "contact_days": days})
    except ValidationError as error:
        return _page(request, me, person_id, given={**given, "contact_days": days}, problems=_problems(error, me))
    with transaction() as session:
        person = contact.written_to(access.person_or_404(session, me, person_id))
        session.refresh(person, with_for_update=True)
        stale, problem = given.get("version", editing.version(person)) != editing.version(person), ""
        if wanted.wording == "plain" and contact.shares_a_phone(session, person):
            problem = texts.render("console.contact.shared_plain", me.language)
        elif not stale:
            values = wanted.model_dump()
            now = clock.now()
            for name in profile.TIMES:
                values[name] = values[name].strftime("%H:%M")
            profile.change(session, person, values, actor_kind="worker", actor_id=me.id, now=now)
            if given.get("gone_over"):
                profile.gone_over(session, person, me.id, now)
    if stale or problem:
        typed = {**given, "contact_days": days}
        return _page(request, me, person_id, given=typed, problems=[problem] if problem else [], stale=stale)
    return RedirectResponse(f"/console/people/{person_id}/contact?saved=on", 303)


@router.post("/people/{person_id}/pin-code")
def give_pin_code(request: Request, me: Me, person_id: uuid.UUID) -> Response:
    """A new way in: shown once, on this answer only. Whatever PIN there was works no longer."""
    with transaction() as session:
        person = contact.written_to(access.person_or_404(session, me, person_id))
        code = identity.give_code(session, person, me.id, clock.now())
    return _page(request, me, person_id, code=code)


@router.post("/people/{person_id}/questions")
def set_questions(request: Request, me: Me, person_id: uuid.UUID, given: Fields) -> Response:
    """Questions that are asked where there is no PIN. Answers are shown to nobody, nor given back to this form."""
    with transaction() as session:
        person = contact.written_to(access.person_or_404(session, me, person_id))
        agreed, wrong = questions.filled_in(given, person.door_words, _heard_as)
        problems = [texts.render(f"questions.problem.{why}", me.language, number=number) for why, number in wrong]
        if not agreed and not problems:
            problems = [texts.render("questions.problem.none", me.language)]
        if not problems:
            identity.set_questions(session, person, agreed, me.id)
    if problems:
        typed = [given.get(f"question-{n}-words", "") for n in range(1, questions.MOST + 1)]
        return _page(request, me, person_id, typed=typed, problems=problems)
    return RedirectResponse(f"/console/people/{person_id}/contact#questions", 303)


@router.post("/people/{person_id}/questions/remove")
def remove_questions(me: Me, person_id: uuid.UUID) -> Response:
    """No questions any more."""
    with transaction() as session:
        person = contact.written_to(access.person_or_404(session, me, person_id))
        identity.set_questions(session, person, [], me.id)
    return RedirectResponse(f"/console/people/{person_id}/contact#questions", 303)


@router.post("/people/{person_id}/questions/again")
def let_try_again(me: Me, person_id: uuid.UUID) -> Response:
    """After too many wrong answers they may try again."""
    with transaction() as session:
        person = contact.written_to(access.person_or_404(session, me, person_id))
        identity.let_try_again(session, person, me.id)
    return RedirectResponse(f"/console/people/{person_id}/contact#questions", 303)


@router.post("/people/{person_id}/calendar")
def make_calendar(request: Request, me: Me, person_id: uuid.UUID) -> Response:
    """A private address of this person's appointments, to hand to them. Shown once, on this answer only."""
    with transaction() as session:
        person = contact.written_to(access.person_or_404(session, me, person_id))
        address = feeds.make(session, person, worker_id=me.id)
    return _page(request, me, person_id, address=address)


@router.post("/people/{person_id}/calendar/end")
def end_calendar(me: Me, person_id: uuid.UUID) -> Response:
    """The address works no longer."""
    with transaction() as session:
        person = contact.written_to(access.person_or_404(session, me, person_id))
        feeds.revoke(session, person, worker_id=me.id)
    return RedirectResponse(f"/console/people/{person_id}/contact#calendar", 303)


@router.post("/people/{person_id}/numbers")
def add_number(request: Request, me: Me, person_id: uuid.UUID, given: Fields) -> Response:
    """A number more: it is asked whether we may write there, and nothing else goes to it before."""
    problems: list[str] = []
    with transaction() as session:
        person = contact.written_to(access.person_or_404(session, me, person_id))
        try:
            wanted = editing.NumberIn.model_validate(given, context=forms.context(me))
            enrolment.add_number(session, person, wanted.phone, me.worker)
        except (ValidationError, enrolment.Taken) as error:
            session.rollback()
            problems = forms.wrong(session, me, error)
    if problems:
        return _page(request, me, person_id, refused={"phone": given.get("phone", "")}, problems=problems)
    return _back(person_id)


@router.post("/people/{person_id}/numbers/ask")
def ask_number(request: Request, me: Me, person_id: uuid.UUID, given: Fields) -> Response:
    """Ask a number (again) whether we may write there: a new one, or one that was set aside by mistake; an e-mail
    address gets a new code."""
    with transaction() as session:
        person = contact.written_to(access.person_or_404(session, me, person_id))
        point = contact.number_of(session, person, an_id(given.get("number", "")))
        problem = ""
        if point.channel == "sms":
            enrolment.invite(session, person, point, me.worker)
        else:
            try:
                mail_enrolment.invite(session, person, point, me.worker)
            except mail_enrolment.NotSetUp:
                problem = texts.render("console.contact.mail_off", me.language)
    return _page(request, me, person_id, problems=[problem]) if problem else _back(person_id)


@router.post("/people/{person_id}/numbers/remove")
def remove_number(me: Me, person_id: uuid.UUID, given: Fields) -> Response:
    """A number that is not to be used for this person any more."""
    with transaction() as session:
        person = contact.written_to(access.person_or_404(session, me, person_id))
        enrolment.take_out(
            session, person, contact.number_of(session, person, an_id(given.get("number", ""))), me.worker
        )
    return _back(person_id)


@router.post("/people/{person_id}/addresses")
def add_address(request: Request, me: Me, person_id: uuid.UUID, given: Fields) -> Response:
    """An e-mail address: it gets a code, and nothing else before that came back."""
    problems: list[str] = []
    with transaction() as session:
        person = contact.written_to(access.person_or_404(session, me, person_id))
        try:
            wanted = editing.AddressIn.model_validate(given)
            mail_enrolment.add_address(session, person, wanted.email_address, me.worker, ask=settings().mails)
        except ValidationError as error:
            problems = forms.mistakes(error, me.language)
        except enrolment.Taken:
            problems = [texts.render("console.contact.mail_taken", me.language)]
    if problems:
        refused = {"email_address": given.get("email_address", "")}
        return _page(request, me, person_id, refused=refused, problems=problems)
    return _back(person_id)


@router.post("/people/{person_id}/addresses/confirm")
def confirm_address(request: Request, me: Me, person_id: uuid.UUID, given: Fields) -> Response:
    """The person told their worker the code from the e-mail."""
    with transaction() as session:
        person = contact.written_to(access.person_or_404(session, me, person_id))
        right = mail_enrolment.told(session, person, given.get("code", ""), me.worker, clock.now())
    if not right:
        problem = texts.render("console.contact.mail_wrong_code", me.language)
        return _page(request, me, person_id, problems=[problem])
    return _back(person_id)


def _heard_as(answer: str) -> str:
    """Whoever gave such an answer would hear a safety reply, or a hello."""
    return "alarm" if screen(answer).noticed else "easy" if says(answer, "no_answer") else ""


def _problems(error: ValidationError, me: Visitor) -> list[str]:
    if any(not one["loc"] for one in error.errors()):
        return [texts.render("console.contact.no_code_word", me.language)]
    return forms.mistakes(error, me.language)


def _page(
    request: Request,
    me: Visitor,
    person_id: uuid.UUID,
    *,
    code: str = "",
    address: str = "",
    given: dict[str, Any] | None = None,
    typed: list[str] | None = None,
    refused: dict[str, str] | None = None,
    problems: list[str] | None = None,
    stale: bool = False,
) -> Response:
    """``given``, ``typed``, ``refused``: what was typed of the profile, as questions, as a number or address, and
    was not taken. ``stale``: somebody changed the profile since the form was opened; what it says now is shown."""
    with transaction() as session:
        person = contact.written_to(access.person_or_404(session, me, person_id))
        family = access.family_or_404(session, me, person.family_id)
        audit.record_view(session, worker_id=me.id, verb="viewed_contact", family_id=family.id, object_id=person.id)
        view = contact.view(session, person, me.today)
        feed = feeds.live(session, person.id)
        told = content.history(session, person)
        now = editing.shown(person)
        fields = now if given is None else given
        meanwhile = {name: value for name, value in now.items() if _said(value) != _said(fields.get(name))}
        version = editing.version(person)
        words = [one for one in person.door_words if all_open(one)] if typed is None else typed
    return console_page(
        request,
        me,
        "console/contact.html",
        here="families",
        status=400 if problems else 412 if stale else 200,
        stale=stale,
        saved=given is None and "saved" in request.query_params,
        meanwhile=meanwhile if stale else {},
        version=version,
        family=family,
        person=person,
        view=view,
        given=fields,
        refused=refused or {},
        problems=problems or [],
        sessions=editing.SESSIONS,
        mails=settings().mails,
        zones=zones.by_area(),
        code=code,
        feed=feed,
        told=told,
        address=address,
        questions=[*words, *[""] * questions.MOST][: questions.MOST],
        suggested=[texts.render(one, person.language) for one in SUGGESTED],
    )


def _back(person_id: uuid.UUID) -> Response:
    return RedirectResponse(f"/console/people/{person_id}/contact", 303)


def _said(value: object) -> str:
    """A field of the profile as a form sends it: ticked or not, empty or the words."""
    return "on" if value is True else str(value or "")
