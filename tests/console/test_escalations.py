"""The console's first page: what it says of an escalation, and what a worker can do there."""

from __future__ import annotations

import re
from datetime import timedelta
from zoneinfo import ZoneInfo

from fastapi.testclient import TestClient
from sqlalchemy import func, select

from api import clock, texts
from api.access.models import Worker
from api.audit.models import AuditEntry
from api.database import reading, transaction
from api.escalations.models import Escalation
from api.safety.patterns import load_patterns
from tests.small_town import Town


def sign_in(client: TestClient, town: Town, worker: Worker) -> dict[str, str]:
    cookies = town.signed_in(worker)
    client.cookies.update(cookies)
    return cookies


def escalation(number: int) -> Escalation:
    with reading() as session:
        return session.get_one(Escalation, number)


def test_the_most_pressing_are_on_top(client: TestClient, town: Town) -> None:
    urgent = town.escalation(town.mine, priority="urgent")
    emergency = town.escalation(town.other)
    sign_in(client, town, town.manager)
    page = client.get("/console").text
    assert page.index(f'data-key="e{emergency}"') < page.index(f'data-key="e{urgent}"')
    assert "<title>(2) Escalations" in page


def test_a_card_says_who_what_why_who_was_told_and_who_is_next(client: TestClient, town: Town) -> None:
    town.escalation(town.mine, words="he is at the door <b>now</b>")
    sign_in(client, town, town.worker)
    page = client.get("/console").text
    for words in ("Ashparent Ash", "Immediate danger", "door kicked", "Lena Worker", "Dora Worker", "Mona Worker"):
        assert words in page
    assert "he is at the door &lt;b&gt;now&lt;/b&gt;" in page


def test_of_several_messages_a_card_says_once_how_sure_the_model_was(client: TestClient, town: Town) -> None:
    number = town.escalation(town.mine)
    with transaction() as session:
        session.get_one(Escalation, number).reasons = ["model:0.71", "model:0.97", "pattern:hiding"]
    sign_in(client, town, town.worker)
    page = client.get("/console").text
    assert "somebody hides, or is locked in, the screen&#39;s model, 97%" in page
    assert "71%" not in page


def test_what_the_screen_noticed_is_said_in_the_workers_words_whatever_language_they_wrote(
    client: TestClient, town: Town
) -> None:
    number = town.escalation(town.mine)
    with transaction() as session:
        session.get_one(Escalation, number).reasons = ["keyword.help", "pattern:es-escondida", "pattern:hiding"]
    sign_in(client, town, town.worker)
    for page in ("/console", f"/console/e/{number}"):
        assert (
            "Las palabras indican: la palabra HELP, alguien se esconde o está encerrado"
            in client.get(f"{page}?language=es").text
        )
    assert client.get("/console?language=en").text.count("somebody hides, or is locked in") == 1, "said once"


def test_every_rule_of_the_screen_has_words_for_workers() -> None:
    of_rules = {rule.id.replace("-", "_") for rule in (*load_patterns().rules, *load_patterns().silence)}
    for language in ("en", "es"):
        missing = [one for one in of_rules if not texts.has(f"signs.{one}")]
        assert missing == [], language


def test_acknowledging_stops_the_ladder_and_says_whose_it_is(client: TestClient, town: Town) -> None:
    number = town.escalation(town.mine)
    cookies = sign_in(client, town, town.worker)
    answer = client.post(f"/console/e/{number}/acknowledge", data=town.form(cookies, back="/console"))
    assert answer.headers["location"] == f"/console#e{number}-title"
    done = escalation(number)
    assert (done.state, done.acknowledged_by, done.acknowledged_via) == ("acknowledged", town.worker.id, "console")
    assert done.next_rung_at is None


def test_the_second_worker_is_told_who_was_first(client: TestClient, town: Town) -> None:
    number = town.escalation(town.mine)
    for worker in (town.worker, town.duty):
        cookies = sign_in(client, town, worker)
        answer = client.post(f"/console/e/{number}/acknowledge", data=town.form(cookies))
    assert "Lena Worker acknowledged it before you" in client.get(answer.headers["location"]).text
    assert escalation(number).acknowledged_by == town.worker.id


def test_resolving_needs_an_outcome(client: TestClient, town: Town) -> None:
    number = town.escalation(town.mine)
    cookies = sign_in(client, town, town.worker)
    client.post(f"/console/e/{number}/acknowledge", data=town.form(cookies))
    empty = client.post(f"/console/e/{number}/resolve", data=town.form(cookies, outcome="  "))
    assert empty.status_code == 400 and "say in a few words" in empty.text
    assert escalation(number).state == "acknowledged"
    client.post(f"/console/e/{number}/resolve", data=town.form(cookies, outcome="Rang her, she is safe"))
    assert escalation(number).state == "resolved"
    assert f'data-key="e{number}"' not in client.get("/console").text
    assert "Rang her, she is safe" in client.get("/console?show=resolved").text


def test_a_form_cannot_send_a_worker_elsewhere_afterwards(client: TestClient, town: Town) -> None:
    number = town.escalation(town.mine)
    cookies = sign_in(client, town, town.worker)
    answer = client.post(f"/console/e/{number}/acknowledge", data=town.form(cookies, back="https://evil.example"))
    assert answer.headers["location"] == f"/console/e/{number}#e{number}-title"


def test_looking_at_an_escalation_is_recorded_once_for_one_look(client: TestClient, town: Town) -> None:
    number = town.escalation(town.mine)
    sign_in(client, town, town.worker)
    for _ in range(3):
        client.get(f"/console/e/{number}")
    with reading() as session:
        looks = session.execute(
            select(AuditEntry.actor_id, AuditEntry.family_id, func.count())
            .where(AuditEntry.verb == "viewed_escalation", AuditEntry.object_id == str(number))
            .group_by(AuditEntry.actor_id, AuditEntry.family_id)
        ).all()
    assert [tuple(row) for row in looks] == [(town.worker.id, town.mine.family.id, 1)]


def test_the_console_speaks_the_language_that_the_worker_chose(client: TestClient, town: Town) -> None:
    sign_in(client, town, town.worker)
    assert "Avisos" in client.get("/console?language=es").text
    assert "Familias" in client.get("/console/families").text, "and keeps to it"


def test_a_worker_hands_over_in_the_console_and_says_when_they_ring(client: TestClient, town: Town) -> None:
    number = town.escalation(town.mine)
    cookies = sign_in(client, town, town.worker)
    soon = (clock.now() + timedelta(hours=2)).astimezone(ZoneInfo("Europe/London")).strftime("%H:%M")
    client.post(f"/console/e/{number}/acknowledge", data=town.form(cookies, ring_by=soon))
    page = client.get(f"/console/e/{number}").text
    # After 22:00 the call is tomorrow's, and the page names the day before the time.
    assert re.search(rf"Will ring by [^<]*{soon}", page) and "Acknowledged by Lena Worker" in page
    client.post(f"/console/e/{number}/hand-over", data=town.form(cookies, to=str(town.manager.id)))
    page = client.get(f"/console/e/{number}").text
    assert "Lena Worker handed it to Mona Worker" in page and escalation(number).state == "open"
    for nobody in ("nonsense", str(town.far_manager.id)):
        answer = client.post(f"/console/e/{number}/hand-over", data=town.form(cookies, to=nobody))
        assert "was not handed over" in client.get(answer.headers["location"]).text


def test_a_time_that_has_just_gone_by_promises_no_call_for_tomorrow(client: TestClient, town: Town) -> None:
    number = town.escalation(town.mine)
    cookies = sign_in(client, town, town.worker)
    gone = (clock.now() - timedelta(minutes=5)).astimezone(ZoneInfo("Europe/London")).strftime("%H:%M")
    answer = client.post(f"/console/e/{number}/acknowledge", data=town.form(cookies, ring_by=gone))
    assert "no call was promised" in client.get(answer.headers["location"]).text
    assert (escalation(number).state, escalation(number).ring_by) == ("acknowledged", None)


def test_what_came_of_it_is_kept_in_one_word_too(client: TestClient, town: Town) -> None:
    number = town.escalation(town.mine)
    cookies = sign_in(client, town, town.worker)
    client.post(f"/console/e/{number}/acknowledge", data=town.form(cookies))
    client.post(f"/console/e/{number}/resolve", data=town.form(cookies, outcome="A radio play", kind="false_alarm"))
    assert escalation(number).outcome_kind == "false_alarm"
    assert "False alarm: " in client.get("/console?show=resolved").text
