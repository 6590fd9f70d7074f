"""A form that is refused comes back with what was typed in it: nobody writes a child's words or a shift twice.

PINs, passwords, codes and the answers to questions are no part of that: they are given back to no page.
"""

from __future__ import annotations

import uuid
from datetime import timedelta

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select

from api import clock
from api.access import openings
from api.access.keys import SCOPES
from api.access.models import Worker
from api.conferences.models import Conference
from api.database import reading, transaction
from api.escalations import service as escalations
from api.plans.models import Contingency, Outcome, Plan
from api.reviews.models import Review
from api.views.models import StatedView
from tests.attacks.pages import Page
from tests.small_town import Town


def would_send(page: str, action: str, number: int = 0) -> dict[str, str]:
    """What a browser would send if the form of this page that goes to ``action`` were sent as it stands."""
    form = [one for one in Page(page).forms if one.action == action][number]
    found: dict[str, str] = {}
    for field in form.fields:
        if field.kind in ("checkbox", "radio"):
            found |= {field.name: field.value or "on"} if field.checked else {}
        elif field.kind == "select":
            chosen = [value for value, selected in field.choices if selected]
            found[field.name] = (chosen or [field.choices[0][0]])[0]
        elif field.kind != "button":
            found[field.name] = field.value
    return found


def sign_in(client: TestClient, town: Town) -> dict[str, str]:
    cookies = town.signed_in(town.manager)
    client.cookies.update(cookies)
    return cookies


def kept(client: TestClient, town: Town, action: str, typed: dict[str, str], *, number: int = 0) -> str:
    """The page that a refused form answers with; all of ``typed`` stands in its form again."""
    cookies = sign_in(client, town)
    answer = client.post(action, data=town.form(cookies, **typed))
    assert answer.status_code == 400, (answer.status_code, answer.text)
    there = would_send(answer.text, action, number)
    assert {name: there.get(name, "") for name in typed} == typed
    return answer.text


def opened(page: str, field_id: str) -> bool:
    """Does the part of the page with this field stand open?"""
    return page[: page.index(f'id="{field_id}"')].rpartition("<details")[2].partition(">")[0].endswith("open")


def test_what_a_child_said_stays_theirs_when_the_day_is_wrong(client: TestClient, town: Town) -> None:
    typed = {
        "person_id": str(town.mine.child.id), "given_on": f"{clock.now().date() + timedelta(days=9)}",
        "words": "I like it at <Nan's>", "audience": "meeting", "family_may_see": "on",
    }  # fmt: skip
    page = kept(client, town, f"/console/families/{town.mine.family.id}/views", typed)
    assert opened(page, "view-words") and not opened(page, "event-note")
    with reading() as session:
        assert all(one.words != typed["words"] for one in session.scalars(select(StatedView)))


def test_an_event_that_cannot_be_opens_its_own_form_again(client: TestClient, town: Town) -> None:
    typed = {"kind": "home_visit", "day": f"{clock.now().date() + timedelta(days=9)}", "note": "nobody opened"}
    page = kept(client, town, f"/console/families/{town.mine.family.id}/events", typed)
    assert opened(page, "event-note") and not opened(page, "view-words")


def test_what_was_noted_to_an_action_stays_when_its_plan_has_ended(client: TestClient, town: Town) -> None:
    cookies = sign_in(client, town)
    address = f"/console/actions/{town.mine.action.id}"
    client.post(f"{address}/reopen", data=town.form(cookies))
    with transaction() as session:
        plan = session.get_one(Plan, town.mine.plan.id)
        plan.ended_on = plan.started_on
    page = client.post(f"{address}/status", data=town.form(cookies, do="block", note="the bus is gone"))
    assert page.status_code == 400 and would_send(page.text, f"{address}/status")["note"] == "the bus is gone"
    assert opened(page.text, f"note-{town.mine.action.id}")


def test_times_that_were_unticked_stay_unticked(client: TestClient, town: Town) -> None:
    cookies = sign_in(client, town)
    page = client.get(f"/console/families/{town.mine.family.id}").text
    address = f"/console/changes/{town.mine.change.id}/offer"
    ticked = would_send(page, address)
    assert ticked["starts_at"]
    refused = client.post(address, data=town.form(cookies, starts_at="2020-01-01T10:00:00+00:00"))
    assert refused.status_code == 400 and "starts_at" not in would_send(refused.text, address)


def test_a_number_and_an_address_that_are_wrong_come_back_to_be_mended(client: TestClient, town: Town) -> None:
    contact = f"/console/people/{town.mine.parent.id}"
    kept(client, town, f"{contact}/numbers", {"phone": "07700 90"})
    kept(client, town, f"{contact}/addresses", {"email_address": "mum@nowhere"})
    cookies = sign_in(client, town)
    profile = would_send(client.get(f"{contact}/contact").text, f"{contact}/contact")
    typed = {**profile, "contact_from": "", "gone_over": "on", "phone_seen_by": "her sister"}
    refused = client.post(f"{contact}/contact", data={**typed, **town.form(cookies)})
    assert refused.status_code == 400
    assert would_send(refused.text, f"{contact}/contact") == {**typed, **town.form(cookies)}


@pytest.mark.parametrize("form", ["shifts", "shifts/remove", "cover", "leave"])
def test_a_shift_or_leave_that_cannot_be_is_not_typed_again(client: TestClient, town: Town, form: str) -> None:
    who, other = str(town.duty.id), str(town.worker.id)
    days = {"who": who, "role": "manager", "first": "2026-12-20", "last": "2026-12-05", "begins": "20:00", "day": "6"}
    span = {"who": who, "starts": "2026-12-20T08:00", "ends": "2026-12-19T08:00"}
    address, typed, number = {
        "shifts": ("shifts", {**days, "ends": "08:00"}, 0),
        "shifts/remove": ("shifts/remove", days, 0),
        "cover": ("changes", {**span, "role": "manager", "instead_of": other}, 0),
        "leave": ("changes", {**span, "kind": "leave"}, 1),
    }[form]
    page = kept(client, town, f"/console/rota/{address}", typed, number=number)
    untouched = would_send(page, "/console/rota/changes" if address.startswith("shifts") else "/console/rota/shifts")
    assert not {who, "2026-12-20"} & set(untouched.values()), "only the form that was sent is filled"


def test_an_outcome_comes_back_where_half_of_it_is_missing_or_a_colleague_was_quicker(
    client: TestClient, town: Town
) -> None:
    number = town.escalation(town.mine)
    cookies = sign_in(client, town)
    address = f"/console/e/{number}/resolve"
    client.post(f"/console/e/{number}/acknowledge", data=town.form(cookies))
    refused = client.post(address, data=town.form(cookies, outcome=" ", kind="not_reached"))
    assert refused.status_code == 400 and "say in a few words" in refused.text
    assert would_send(refused.text, address)["kind"] == "not_reached"
    with transaction() as session:
        escalations.resolve(session, number, town.worker, "She is at her sister's")
    late = client.post(address, data=town.form(cookies, outcome="Nobody <there>", kind="not_reached"))
    assert late.status_code == 409 and "Lena Worker closed it before you" in late.text
    assert "Nobody &lt;there&gt;" in late.text and "She is at her sister" in late.text
    assert client.get(f"/console/e/{number}?note=closed_before").status_code == 200
    twice = town.escalation(town.mine)
    for _ in range(2):
        answer = client.post(f"/console/e/{twice}/resolve", data=town.form(cookies, outcome="Safe", kind="helped"))
        assert answer.status_code == 303, "a second press is no news"


def test_the_reason_of_an_opening_and_the_name_of_a_key_come_back(client: TestClient, town: Town) -> None:
    cookies = town.signed_in(town.worker)
    client.cookies.update(cookies)
    typed = {"family": "Nobody", "reason": "the school rang about <Sam>"}
    for _ in range(openings.TRIES + 1):
        refused = client.post("/console/openings", data=town.form(cookies, **typed))
    assert refused.status_code == 429 and typed.items() <= would_send(refused.text, "/console/openings").items()
    with transaction() as session:
        session.get_one(Worker, town.manager.id).role = "administrator"
    kept(client, town, "/console/keys", {"name": "Case system", "worker": "", "scope": SCOPES[-1]})


def test_a_withdrawal_without_a_reason_stands_open_with_what_is_wrong_beside_it(client: TestClient, town: Town) -> None:
    with transaction() as session:
        session.get_one(Plan, town.mine.plan.id).core_group.clear()
    body = {"held_on": "2026-04-02", "next_step": "continue"}
    body |= {"effects": [{"action_id": str(town.mine.action.id), "effect": "helped"}]}
    made = client.post(
        f"/api/v1/plans/{town.mine.plan.id}/reviews", json=body, headers=town.program(town.worker)
    ).json()
    cookies = sign_in(client, town)
    address = f"/console/reviews/{made['id']}"
    page = client.post(f"{address}/withdraw", data=town.form(cookies, why=" ")).text
    assert opened(page, "why_withdrawn") and not opened(page, "why")
    assert page.partition('id="why_withdrawn_wrong">')[2].startswith("Say why")
    page = client.post(address, data=town.form(cookies, version="7", why="the <wrong> button")).text
    assert opened(page, "why") and not opened(page, "why_withdrawn")
    assert would_send(page, address)["why"] == "the <wrong> button"
    assert would_send(page, f"{address}/withdraw")["why"] == ""
    meeting = f"/console/conferences/{uuid.UUID(made['conference_id'])}"
    page = client.post(f"{meeting}/withdraw", data=town.form(cookies, why=" ")).text
    assert opened(page, "why_withdrawn") and page.partition('id="why_wrong">')[2].startswith("Say why")


def test_a_review_stays_typed_when_its_plan_has_ended_meanwhile(client: TestClient, town: Town) -> None:
    with transaction() as session:
        plan = session.get_one(Plan, town.mine.plan.id)
        plan.ended_on = plan.started_on
    typed = {
        "held_on": f"{clock.now().date()}", "next_step": "modify", "reason": "more help at home",
        "changes": "a <warmer> room", f"effect-{town.mine.action.id}": "helped",
    }  # fmt: skip
    kept(client, town, f"/console/plans/{town.mine.plan.id}/reviews", typed)
    with reading() as session:
        assert session.scalars(select(Review).filter_by(plan_id=town.mine.plan.id)).all() == []


def test_a_line_without_its_first_field_is_not_thrown_away(client: TestClient, town: Town) -> None:
    meeting = {
        "kind": "initial", "status": "planned", "held_on": "2026-12-01", "guest-2-role": "head teacher",
        "dissent-1-words": "He is <not> at risk",
    }  # fmt: skip
    page = kept(client, town, f"/console/families/{town.mine.family.id}/conferences", meeting)
    assert "Professionals, line 2" in page and "line 1" in page
    visit = {
        "kind": "home_visit",
        "day": "2026-12-01",
        "at": "10:00",
        "minutes": "60",
        "guest-1-role": "health visitor",
    }
    assert "Professionals, line 1" in kept(client, town, f"/console/families/{town.mine.family.id}/appointments", visit)
    cookies = sign_in(client, town)
    address = f"/console/plans/{town.mine.plan.id}"
    plan = would_send(client.get(address).text, address)
    spare = max(int(name.split("-")[1]) for name in plan if name.startswith("contingencies-"))
    typed = {**plan, f"contingencies-{spare}-response": "ring her aunt", f"outcomes-{spare}-measure": "two nights"}
    page = kept(client, town, address, {name: value for name, value in typed.items() if name != "form_token"})
    assert page.count(f", line {spare}: something is written there") == 2
    with reading() as session:
        assert session.scalars(select(Contingency)).all() == session.scalars(select(Outcome)).all() == []
    cookies = sign_in(client, town)
    right = {
        **would_send(page, address),
        f"contingencies-{spare}-trigger": "no answer",
        f"outcomes-{spare}-title": "Rest",
    }
    assert client.post(address, data={**right, **town.form(cookies)}).status_code == 303
    with reading() as session:
        assert session.scalars(select(Contingency)).one().response == "ring her aunt"


def test_whoever_came_was_invited_though_that_box_was_left(client: TestClient, town: Town) -> None:
    cookies = sign_in(client, town)
    address = f"/console/families/{town.mine.family.id}/conferences"
    page = client.get(address).text
    line = next(
        name.rpartition("-")[0]
        for name, value in would_send(page, address).items()
        if name.endswith("-person") and value == str(town.mine.parent.id)
    )
    typed = {
        **would_send(page, address),
        "held_on": "2026-12-01",
        "at": "10:00",
        f"{line}-attended": "on",
        **town.form(cookies),
    }
    refused = client.post(address, data={**typed, "held_on": ""})
    assert would_send(refused.text, address).get(f"{line}-attended") == "on"
    assert client.post(address, data=typed).status_code == 303
    with reading() as session:
        made = session.scalars(select(Conference).filter_by(kind="initial").order_by(Conference.created_at.desc()))
        (there,) = made.first().attendees  # type: ignore[union-attr]
        assert (there.person_id, there.attended) == (town.mine.parent.id, True)


def test_a_box_that_was_unticked_is_not_ticked_again(client: TestClient, town: Town) -> None:
    cookies = sign_in(client, town)
    address = f"/console/appointments/{town.mine.appointment.id}"
    with transaction() as session:
        session.merge(town.mine.appointment).address_hidden = True
    typed = would_send(client.get(address).text, address)
    assert typed.pop("address_hidden") == "on"
    refused = client.post(address, data={**typed, "minutes": "0", **town.form(cookies)})
    assert refused.status_code == 400 and "address_hidden" not in would_send(refused.text, address)
