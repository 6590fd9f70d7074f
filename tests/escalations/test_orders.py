"""What a worker's text orders, however it is typed."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.escalations import orders, outcomes
from api.escalations.orders import Order, named, order, ring_by
from api.escalations.rota import Member

LONDON = ZoneInfo("Europe/London")
#: 14:10 in London, in winter.
NOW = datetime(2026, 11, 25, 14, 10, tzinfo=UTC)


@pytest.mark.parametrize(
    "body", ["ACK 12", "ack12", "Ack #12", " ACK: 12 thanks", "acknowledge 12", "ack - 12", "ACK 12.", "ack\n12"]
)
def test_an_acknowledgement_is_understood_however_it_is_typed(body: str) -> None:
    found = order(body)
    assert found is not None and (found.verb, found.reference) == ("ack", 12)


@pytest.mark.parametrize(
    ("body", "found"),
    [
        ("HANDOVER 12", Order("handover", 12, "")),
        ("hand over #12 to Amara", Order("handover", 12, "to Amara")),
        ("CLOSE 12 Rang her, safe.", Order("close", 12, "Rang her, safe.")),
        ("Close 12: false alarm", Order("close", 12, "false alarm")),
        ("resolve 12\nspoke to dad", Order("close", 12, "spoke to dad")),
    ],
)
def test_handing_over_and_closing_keep_what_stands_after_the_number(body: str, found: Order) -> None:
    assert order(body) == found


@pytest.mark.parametrize(
    "body", ["", "ACK", "12", "back 12", "please ack 12", "ACK twelve", "ack 1234567890", "closed 12", "stop 12"]
)
def test_anything_else_is_no_order(body: str) -> None:
    assert order(body) is None


@given(st.text(max_size=200))
def test_no_text_breaks_it(body: str) -> None:
    found = order(body)
    ring_by(body, NOW, LONDON)
    named(body, [Member(uuid.UUID(int=1), "Amara Okafor")])
    assert found is None or 0 <= found.reference < 10**9


@pytest.mark.parametrize(
    ("words", "hour", "minute"),
    [
        ("ring by 3", 15, 0),
        ("will ring at 3pm", 15, 0),
        ("RING 15:00", 15, 0),
        ("calling before 4.30", 16, 30),
        ("ring by 2", 2, 0),  # ten to two in the afternoon is over: two at night
        ("phone 11", 23, 0),
        ("ring in 20 min", 14, 30),
        ("call her in half an hour", 14, 40),
        ("llamo a las 16:00", 16, 0),
    ],
)
def test_when_the_worker_rings_is_the_next_such_time(words: str, hour: int, minute: int) -> None:
    by = ring_by(words, NOW, LONDON)
    assert by is not None
    local = by.astimezone(LONDON)
    assert (local.hour, local.minute) == (hour, minute) and NOW < by <= NOW + orders.FARTHEST_PROMISE


@pytest.mark.parametrize(
    "words",
    [
        "",
        "on my way",
        "there by 3",
        "cannot ring by 3",
        "I can't call until 4",
        "will not ring at 5",
        "ring her",
        "ring 14:00",
    ],
)
def test_what_is_no_promise_to_ring_is_none(words: str) -> None:
    assert ring_by(words, NOW, LONDON) is None


def test_a_promise_across_the_night_when_the_clocks_go_back_is_the_time_on_the_wall() -> None:
    evening = datetime(2026, 10, 24, 21, 0, tzinfo=UTC)  # 22:00 in London, an hour more than usual until 7
    by = ring_by("ring by 07:00", evening, LONDON)
    assert by == datetime(2026, 10, 25, 7, 0, tzinfo=UTC) and by - evening == timedelta(hours=10)


AMARA, ADAM, JOSE = (
    Member(uuid.UUID(int=n), name, key)
    for n, (name, key) in enumerate((("Amara Okafor", "w1"), ("Adam Okafor-Reid", "w2"), ("José Luis Peña", "w3")), 1)
)


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("AO", [AMARA]),
        ("to Amara", [AMARA]),
        ("amara okafor please", [AMARA]),
        ("okafor", [AMARA, ADAM]),
        ("jose", [JOSE]),
        ("Peña", [JOSE]),
        ("jlp", [JOSE]),
        ("w2", [ADAM]),
        ("ama", []),
        ("", []),
        ("somebody", []),
    ],
)
def test_a_colleague_is_meant_by_name_part_of_a_name_or_initials(words: str, found: list[Member]) -> None:
    assert named(words, [AMARA, ADAM, JOSE]) == found


@pytest.mark.parametrize(
    ("reason", "kind"),
    [
        ("false alarm", "false_alarm"),
        ("It was a false alarm, kids playing", "false_alarm"),
        ("Falsa alarma", "false_alarm"),
        ("This was not a false alarm", "other"),
        ("rang her", "other"),
    ],
)
def test_only_a_reason_that_begins_so_is_a_false_alarm(reason: str, kind: str) -> None:
    assert outcomes.kind_of(reason) == kind
