"""A ladder's step by notes to browsers: the number and no word of the case, and a browser that is gone is the next
rung's."""

from __future__ import annotations

import json
import uuid
from datetime import timedelta

import pytest
from sqlalchemy import select, text, update
from sqlalchemy.orm import Session

from api import clock
from api.access.models import Worker
from api.channels.push import keys
from api.channels.push import service as browsers
from api.channels.push.models import PushBrowser
from api.database import reading, transaction
from api.escalations import telling
from api.escalations.jobs import climb
from api.escalations.models import Escalation, LadderRule
from api.messages import delivery
from api.messages.jobs import sweep
from api.messages.models import DeliveryAttempt, OutboundMessage
from api.settings import Settings, SettingsError
from api.webhooks import sending
from tests.escalations.rungs import WORDS, ladder, opened, rows, told
from tests.harness.push import FakePush
from tests.harness.twilio import FakeTwilio
from tests.small_town import Town


def has(worker: Worker, service: FakePush, *names: str) -> None:
    """This worker has turned notifications on in these browsers."""
    for name in names:
        given = service.browser(name).form
        with transaction() as session:
            browsers.turn_on(
                session,
                worker.id,
                endpoint=given["endpoint"],
                public_key=given["p256dh"],
                auth=given["auth"],
                browser=name,
            )


def deliver(session: Session, channel: str = "push") -> list[OutboundMessage]:
    """One try at each; their rows afterwards."""
    for row in rows(session, channel):
        delivery.deliver(row.id)
    return rows(session, channel)


def known(session: Session) -> list[str]:
    session.rollback()
    return list(session.scalars(select(PushBrowser.browser).order_by(PushBrowser.created_at, PushBrowser.browser)))


def test_a_note_has_the_number_and_where_to_click_and_no_word_of_the_case(
    service: FakePush, session: Session, town: Town
) -> None:
    has(town.duty, service, "office")
    ladder(town, ("duty", ["push"]))
    number = opened(town)
    assert told(session) == [(0, "duty", "push", "")]
    assert [row.state for row in deliver(session)] == ["sent"]
    (note,) = service.notes
    assert set(note.said) == {"title", "body", "path"} and note.said["path"] == f"/console/e/{number}"
    assert str(number) in note.said["title"]
    everything = json.dumps(note.said) + json.dumps(note.headers) + rows(session, "push")[0].body
    for word in ("door", "Ash", "kicked", town.mine.parent.first_name, "/a/"):
        assert word not in everything, word
    assert note.key == keys.public(), "signed with the key that browsers were given"
    assert (note.headers["urgency"], note.headers["topic"]) == ("high", f"e{number}")
    assert 0 < int(note.headers["ttl"]) <= 3600, "nobody is alarmed by yesterday's"


def test_how_pressing_it_is_does_not_show_in_its_length(service: FakePush, session: Session, town: Town) -> None:
    has(town.duty, service, "office")
    kept = [{"tell": ["duty"], "wait_minutes": 5, "by": ["sms", "push"]}]
    with transaction() as writing:
        for at, priority in enumerate(("emergency", "urgent", "routine")):
            writing.add(
                LadderRule(agency_id=town.agency.id, position=at, priority=priority, steps=kept, changed_at=clock.now())
            )
    for household, priority in ((town.mine, "emergency"), (town.other, "routine")):
        town.escalation(household, WORDS, priority)
    deliver(session)
    assert len({note.said["title"] for note in service.notes}) == 2
    assert len({note.length for note in service.notes}) == 1


def test_every_browser_of_a_worker_is_told_and_nobody_elses(service: FakePush, session: Session, town: Town) -> None:
    has(town.duty, service, "office", "laptop")
    has(town.manager, service, "mona")
    has(town.far_manager, service, "fara")
    ladder(town, ("duty", ["push"]))
    opened(town)
    deliver(session)
    assert [note.browser for note in service.notes] == ["office", "laptop"]
    assert told(session) == [(0, "duty", "push", "")], "one telling"


@pytest.mark.parametrize("fault", ["404", "410"])
def test_a_browser_that_is_gone_is_removed_and_the_next_rung_is_told_at_once(
    fault: str, service: FakePush, session: Session, town: Town
) -> None:
    has(town.duty, service, "office")
    ladder(town, ("duty", ["push"]), ("manager", ["sms"]))
    opened(town)
    service.fail(fault)
    (row,) = deliver(session)
    assert (row.state, row.error, known(session)) == ("failed", fault, [])
    assert climb() == 1
    assert told(session) == [(0, "duty", "push", f"bounced {fault}"), (1, "manager", "sms", "")]


def test_of_two_browsers_one_may_be_gone(service: FakePush, session: Session, town: Town) -> None:
    has(town.duty, service, "old-laptop", "office")
    ladder(town, ("duty", ["push"]), ("manager", ["sms"]))
    opened(town)
    service.fail("410")
    assert [row.state for row in deliver(session)] == ["failed", "sent"]
    assert known(session) == ["office"] and told(session) == [(0, "duty", "push", "")]
    assert climb() == 0


def test_a_note_that_is_refused_beside_a_text_that_went_out_is_no_missed_rung(
    service: FakePush, twilio: FakeTwilio, session: Session, town: Town
) -> None:
    has(town.duty, service, "office")
    ladder(town, ("duty", ["sms", "push"]), ("manager", ["sms"]))
    opened(town)
    deliver(session, "sms")
    service.fail("410")
    deliver(session)
    assert told(session) == [(0, "duty", "sms push", "")]
    assert climb() == 0


@pytest.mark.parametrize("fault", ["400", "401", "403", "413", "redirect"])
def test_what_a_push_service_will_never_take_is_the_next_rungs_and_the_browser_stays(
    fault: str, service: FakePush, session: Session, town: Town
) -> None:
    has(town.duty, service, "office")
    ladder(town, ("duty", ["push"]), ("manager", ["sms"]))
    opened(town)
    service.fail(fault)
    (row,) = deliver(session)
    assert row.state == "failed" and known(session) == ["office"]
    assert service.asked == ["/for/office"], "no other address is asked, wherever it leads"
    assert climb() == 1 and told(session)[1] == (1, "manager", "sms", "")


@pytest.mark.parametrize("fault", ["429", "500", "503", "hang", "drop"])
def test_what_may_not_have_arrived_is_sent_again_and_takes_the_place_of_the_first(
    fault: str, service: FakePush, session: Session, town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sending, "TIMEOUT", 0.5)
    has(town.duty, service, "office")
    ladder(town, ("duty", ["push"]))
    number = opened(town)
    service.fail(fault)
    (row,) = deliver(session)
    assert row.state == "queued" and row.due_at > clock.now() and row.error
    assert told(session)[0][3] == "" and known(session) == ["office"]
    session.execute(text("DELETE FROM procrastinate_jobs"))  # the job of the first try is done
    session.commit()
    clock.move(timedelta(seconds=30))
    assert sweep() == 1
    monkeypatch.setattr(sending, "TIMEOUT", 10.0)
    assert [one.state for one in deliver(session)] == ["sent"]
    assert [note.headers["topic"] for note in service.notes] == [f"e{number}"]


def test_no_push_service_there_is_tried_later(service: FakePush, session: Session, town: Town) -> None:
    has(town.duty, service, "office")
    ladder(town, ("duty", ["push"]))
    opened(town)
    session.execute(update(PushBrowser).values(endpoint_secret="http://127.0.0.1:1/for/office"))
    session.commit()
    (row,) = deliver(session)
    assert (row.state, row.error) == ("queued", "no_answer")


def test_every_try_is_committed_before_and_one_that_was_cut_off_is_sent_again(
    service: FakePush, session: Session, town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[tuple[str, str]] = []
    real = sending.post

    def look(*args: object, **kwargs: object) -> str:
        with reading() as looking:
            query = select(OutboundMessage.state, DeliveryAttempt.result).join(
                DeliveryAttempt, DeliveryAttempt.outbound_id == OutboundMessage.id
            )
            seen.extend((state, result) for state, result in looking.execute(query))
        return real(*args, **kwargs)  # type: ignore[arg-type]

    monkeypatch.setattr(sending, "post", look)
    has(town.duty, service, "office")
    ladder(town, ("duty", ["push"]))
    opened(town)
    session.execute(update(OutboundMessage).values(state="sending"))
    session.commit()
    assert [row.state for row in deliver(session)] == ["sent"]
    assert seen == [("sending", "")] and len(service.notes) == 1


def test_a_browser_that_was_turned_off_meanwhile_gets_nothing(service: FakePush, session: Session, town: Town) -> None:
    has(town.duty, service, "office")
    ladder(town, ("duty", ["push"]), ("manager", ["sms"]))
    opened(town)
    with transaction() as writing:
        browsers.turn_off_all(writing, town.duty.id, town.duty.id)
    (row,) = deliver(session)
    assert (row.state, row.error, service.asked) == ("failed", "removed", [])
    assert climb() == 1


@pytest.mark.parametrize("wrong", ["not set up", "in no browser"])
def test_where_nobody_can_be_told_so_the_step_is_passed_over_at_once_and_recorded(
    wrong: str, service: FakePush, session: Session, town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    if wrong == "not set up":
        has(town.duty, service, "office")
        monkeypatch.setattr(Settings, "pushes", property(lambda _: False))
    ladder(town, ("duty", ["push"]), ("manager", ["sms"]))
    opened(town)
    assert told(session) == [(0, "duty", "", "no_browser"), (1, "manager", "sms", "")]


def test_with_nobody_reached_by_any_step_browsers_are_told_too(service: FakePush, session: Session, town: Town) -> None:
    has(town.worker, service, "lena")
    session.execute(update(Worker).values(phone=None))
    session.commit()
    opened(town)
    assert ("everyone", "push", "") in [(role, by, problem) for _, role, by, problem in told(session)]


@pytest.mark.parametrize("there", ["https://localhost", "https://127.0.0.1", "http://push.example", "https://10.0.0.7"])
def test_an_address_inside_our_network_is_never_asked(there: str, session: Session, town: Town) -> None:
    """Whatever stands in the table: it is looked at when connecting, not only when it is turned on."""
    listening = FakePush()
    try:
        port = listening.url.rpartition(":")[2]
        given = listening.browser("office").form
        session.add(
            PushBrowser(
                worker_id=town.duty.id,
                endpoint_secret=f"{there}:{port}/for/office",
                public_key=given["p256dh"],
                auth_secret=given["auth"],
                created_at=clock.now(),
            )
        )
        session.commit()
        ladder(town, ("duty", ["push"]), ("manager", ["sms"]))
        opened(town)
        (row,) = deliver(session)
    finally:
        listening.stop()
    assert row.state == "failed" and row.error in ("private", "not_https") and listening.asked == []
    assert climb() == 1


def test_that_a_chat_was_left_goes_to_a_browser_where_there_is_no_other_way(
    service: FakePush, session: Session, town: Town
) -> None:
    has(town.duty, service, "office")
    number = opened(town)
    session.execute(
        update(Worker).where(Worker.id == town.duty.id).values(phone=None, email=f"{uuid.uuid4()}@x.example")
    )
    session.execute(update(Escalation).values(acknowledged_by=town.duty.id, state="acknowledged"))
    session.commit()
    with transaction() as writing:
        telling.tell_left(writing, writing.get_one(Escalation, number), clock.now())
    deliver(session)
    assert [note.said["path"] for note in service.notes] == [f"/console/e/{number}"]
    assert "left" in service.notes[0].said["title"]


@pytest.mark.parametrize(
    ("key", "good"),
    [
        ("", True), ("B" + "A" * 42, True), ("B" + "A" * 41, False), ("a key", False), ("é" * 43, False),
        ("B" * 86, False), ("A" * 43, False), ("_" * 43, False),
    ],
    ids=["none", "32 bytes", "31 bytes", "words", "odd letters", "64 bytes", "nought", "too large a number"],
)  # fmt: skip
def test_a_key_that_cannot_be_meant_is_refused_at_the_start(key: str, good: bool) -> None:
    made = Settings(vapid_key=key)
    if good:
        made.check()
        return
    with pytest.raises(SettingsError) as refusal:
        made.check()
    assert "HEARTHLINE_VAPID_KEY" in str(refusal.value) and (key not in str(refusal.value))
