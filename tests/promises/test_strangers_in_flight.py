"""What strangers, other families and broken messages try while a ladder climbs and a takeover stands: nothing comes of
it, and both go on as if nothing had been tried.

(The same webhook twice at once meanwhile: tests/promises/test_faults_in_flight.py.)
"""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from markupsafe import escape

from api.assistant import tokens
from api.assistant.operations import service
from api.settings import settings
from tests.harness import canaries
from tests.harness.desk import Desk
from tests.harness.system import PUBLIC_URL, System
from tests.harness.town import Team
from tests.harness.twilio import Text, new_sid
from tests.promises.test_faults_in_flight import TAKEN_OVER, UnderWay, under_way
from tests.promises.test_hostile_bodies import BODIES, send_raw
from tests.promises.test_ladder import DANGER, reference_in
from tests.promises.test_rasa_fails import RUNG
from tests.promises.test_signatures import SMS, WRONG, badly_signed, everything
from tests.promises.test_young_person import Browser

__all__ = ["under_way"]

#: What can be written into a conversation as it is: NUL is replaced, the rest is stored as it came.
WRITTEN = {**BODIES, "nul": "before\x00after, my meeting"}
#: What of it no text of ours may say.
SIGNS = ("<img", "{", "}", "__class__", "DROP", "knife")


def standing(under_way: UnderWay) -> list[Any]:
    """All that something forged could have changed of the takeover and of the ladder."""
    system, team = under_way.system, under_way.team
    conversation = system.one(
        "SELECT taken_over_by, taken_over_at, last_inbound_at, closed_at, address, hushed_at FROM conversations"
        " WHERE id = %(id)s",
        id=under_way.conversation,
    )
    ladder = [(row["state"], row["next_rung_at"], row["acknowledged_by"]) for row in system.escalations(team.parent)]
    messages = [[(row["id"], row["state"]) for row in system.outbound(phone)] for phone in team.phones]
    return [conversation, ladder, messages, len(system.inbound(team.other)), everything(system)]


@pytest.fixture
def heard(under_way: UnderWay) -> Text:
    """The worker's first words, which arrived: nobody has to be told any more that a person writes there."""
    under_way.replies("I am ringing you at four.")
    words = under_way.team.other.expect("at four")
    under_way.system.settle()
    return words


def goes_on_as_before(under_way: UnderWay) -> None:
    """The next rung is told, and what is written to the worker waits for the worker."""
    under_way.team.other.text("ok thank you")
    under_way.system.settle()
    assert under_way.last_written() == TAKEN_OVER
    under_way.system.move_clock(RUNG)
    assert reference_in(under_way.team.manager.expect("EMERGENCY")) == under_way.reference
    under_way.goes_on()
    under_way.team.expect_nothing_else()


def test_what_twilio_did_not_sign_is_refused_and_changes_nothing_of_either(
    system: System, team: Team, under_way: UnderWay, heard: Text
) -> None:
    before = standing(under_way)
    tried = [
        (SMS, {"From": team.other.number, "Body": DANGER}),
        (SMS, {"From": team.lead.number, "Body": f"ACK {under_way.reference}"}),
        (SMS, {"From": team.parent.number, "Body": "STOP", "OptOutType": "STOP"}),
        (heard.callback.removeprefix(PUBLIC_URL), {"MessageStatus": "failed", "ErrorCode": "30003"}),
    ]
    for path, fields in tried:
        form = {"MessageSid": heard.sid if "MessageStatus" in fields else new_sid(), "NumMedia": "0", **fields}
        for wrong in WRONG:
            answer = badly_signed(system, path, form, wrong)
            assert answer.status_code == 403, (path, wrong)
            assert form.get("Body", "no words") not in answer.text
    assert standing(under_way) == before
    goes_on_as_before(under_way)


def test_whatever_is_written_to_a_worker_is_kept_for_them_and_does_nothing(
    system: System, team: Team, under_way: UnderWay, heard: Text
) -> None:
    for n, body in enumerate(WRITTEN.values()):
        team.other.text(body, api=n % 2)
    half = {"MessageSid": new_sid(), "From": team.other.number, "Body": "half \ud83d of it", "NumMedia": "0"}
    assert send_raw(system, half) in (200, 403)  # it is not UTF-8: Twilio cannot have signed it
    assert system.webhook(team.other.number, "x" * 1_000_000).status_code == 413
    system.settle()
    kept = [body.replace("\x00", "\ufffd") for body in WRITTEN.values()]
    came = system.inbound(team.other)[1:]
    assert [message["body"] for message in came][: len(kept)] == kept
    assert {(message["state"], message["flag"]) for message in came} == {TAKEN_OVER}
    assert system.escalations(team.other) == []

    thread = under_way.desk.look(f"/console/conversations/{under_way.conversation}")
    assert thread.status_code == 200 and "<script>alert" not in thread.text
    assert [body for body in kept if str(escape(body)) not in thread.text] == []
    for name in ("html", "jinja", "format", "sql", "an intent"):
        under_way.replies(BODIES[name])
        system.settle()
        (sent,) = team.other.expect_whatever()
        assert sent.body == BODIES[name], "it goes out as the worker wrote it"
    goes_on_as_before(under_way)


def test_a_cry_for_help_with_scripts_in_it_is_heard_in_a_takeover_and_told_without_them(
    system: System, team: Team, under_way: UnderWay, heard: Text
) -> None:
    # (No tag by the name of what actors read: with that word the screen takes it for a film.)
    cry = " ".join((DANGER, "<img src=x onerror=alert(1)>", BODIES["jinja"], BODIES["format"], BODIES["sql"]))
    team.other.text(cry)
    told = [team.other.expect("999"), team.lead.expect("EMERGENCY"), team.duty.expect("EMERGENCY")]
    for text in told:
        for sign in SIGNS:
            assert sign not in text.body
    second = reference_in(told[1])
    assert second == reference_in(told[2]) != under_way.reference
    (escalation,) = system.escalations(team.other)
    assert cry in escalation["words"]
    for page in (f"/console/e/{second}", f"/console/conversations/{under_way.conversation}", "/console"):
        answer = under_way.desk.look(page)
        assert answer.status_code == 200 and "<img" not in answer.text, page
        assert str(escape(cry)) in answer.text or page == "/console"
    team.lead.text(f"ACK {second}")
    team.lead.expect(f"{second} is yours")
    team.other.expect_whatever()  # that somebody has it now
    goes_on_as_before(under_way)


def test_another_familys_token_chat_and_ids_open_nothing_of_a_takeover(
    system: System, team: Team, under_way: UnderWay, heard: Text, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine = "are you there, it is about the Quincewater flat"
    team.other.text(mine)
    system.settle()
    far = Desk(system, system.team().lead)
    before = standing(under_way)
    monkeypatch.setitem(settings().__dict__, "key", system.environment["HEARTHLINE_SECRET_KEY"])
    others = [system.inbound(phone)[-1]["id"] for phone in (team.other, team.parent)]
    question = {"text": "who is it", "intent": "x", "confidence": 1.0, "entities": []}
    with httpx.Client(base_url=system.environment["HEARTHLINE_API_URL"], timeout=30) as actions:
        for token in (*map(tokens.make, others), "made up"):
            for operation in service.OPERATIONS:
                headers = {"X-Turn-Token": canaries.add(token)}
                answer = actions.post(f"/assist/{operation}", json=question, headers=headers)
                assert (answer.status_code, "Quincewater" in answer.text) == (404, False), operation

    waiting, conversation = others[0], f"/console/conversations/{under_way.conversation}"
    reads = (conversation, f"/console/e/{under_way.reference}")
    assert [far.look(path).status_code for path in reads] == [404, 404]
    deeds = ("take-over", "hand-back", "reply", "here", "texts-again", f"messages/{waiting}/handled")
    paths = [*(f"{conversation}/{deed}" for deed in deeds), f"/console/e/{under_way.reference}/acknowledge"]
    for path in paths:
        assert far.send(path, words="we are well", note="all is well").status_code == 404, path
    assert standing(under_way) == before

    chat = Browser(system, team)
    chat.write("hello", conversation=under_way.conversation, conversation_id=under_way.conversation)
    system.settle()
    shown = chat.look().text
    assert "Quincewater" not in shown and under_way.conversation not in shown
    assert standing(under_way)[:4] == before[:4]
    goes_on_as_before(under_way)
