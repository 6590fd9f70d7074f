"""What is told of one appointment: where, who, how long, what to bring, whether the children come, the link."""

from __future__ import annotations

from collections.abc import Sequence

from api.appointments.models import Appointment
from api.assistant.operations import speaking
from api.assistant.operations.asking import Ask
from api.conferences import own
from api.sealed import all_open


def told(ask: Ask, one: Appointment, topic: str) -> str:
    """The sentence that answers this question (a topic of data/words/appointments.yaml) about it."""
    asked = {
        "where": (one.place, one.address, one.link),
        "bring": (one.bring,),
        "link": (one.link,),
        "travel": (one.travel,),
    }.get(topic, ())
    if not all_open(*asked) and not (topic == "where" and one.address_hidden):
        return ask.text("appointments.cannot_look")  # "nothing to bring" or "face to face" would be untrue
    if topic == "where":
        return _where(ask, one)
    if topic == "who":
        names = speaking.others(ask, own.expected_with(ask.session, one, ask.someone.id))
        return ask.text("appointments.who", people=names) if names else ask.text("appointments.who_unknown")
    if topic == "children":
        names = speaking.children_expected(ask, own.expected_with(ask.session, one, ask.someone.id))
        return ask.text("appointments.children", people=names) if names else ask.text("appointments.children_unknown")
    if topic == "companion":
        theirs = one.kind.endswith("conference")
        return ask.text("appointments.companion_conference" if theirs else "appointments.companion")
    if topic == "length":
        minutes = int((one.ends_at - one.starts_at).total_seconds() // 60)
        return ask.text("appointments.length", minutes=minutes, until=speaking.hour(ask, one.ends_at))
    if topic == "bring":
        return ask.text("appointments.bring", what=one.bring) if one.bring else ask.text("appointments.bring_nothing")
    if topic == "travel":
        hidden = "appointments.travel_hidden" if one.address_hidden else "appointments.travel"
        return ask.text(hidden, what=one.travel) if one.travel else ask.text("appointments.travel_nothing")
    if topic == "link":
        return ask.text("appointments.link", link=one.link) if one.link else ask.text("appointments.no_link")
    child = speaking.child(ask, one)
    text_id = "appointments.about_child" if child else "appointments.about"
    return ask.text(text_id, kind=speaking.kind(ask, one), child=child)


def is_for_a_worker(ask: Ask, one: Appointment, topics: Sequence[str]) -> bool:
    """Is all they ask something that only their worker knows?"""
    if topics == ["travel"]:
        return not one.travel
    if topics == ["companion"]:
        return True
    return topics == ["children"] and not speaking.children_expected(ask, one.attendees)


def _where(ask: Ask, one: Appointment) -> str:
    if one.address_hidden:
        return ask.text("appointments.where_hidden")
    if one.link and not one.address:
        return ask.text("appointments.link", link=one.link)
    place = ", ".join(part for part in (one.place, one.address) if part)
    return ask.text("appointments.where", place=place) if place else ask.text("appointments.where_unknown")
