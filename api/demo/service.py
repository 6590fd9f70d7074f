"""The simulated phones and the simulated Twilio behind them.

Promise: a phone's text takes Twilio's way, a signed form to our own public webhook over HTTP, and what the outbox sends
goes through a REST API like Twilio's, with signed status callbacks. Nothing of the product is bypassed.
"""

from __future__ import annotations

import secrets
import uuid
from datetime import timedelta
from email.utils import format_datetime

import httpx
from sqlalchemy import select, update
from sqlalchemy.orm import Session
from twilio.request_validator import RequestValidator

from api import clock, texts
from api.access import service as access
from api.access.models import Worker, WorkerSession
from api.access.service import SignedIn
from api.channels.webchat import service as webchat
from api.channels.webchat.service import Started
from api.database import notify, reading, transaction
from api.demo import queries
from api.demo.models import DemoText
from api.families.models import Person
from api.messages.cleaning import storable
from api.messages.keywords import carrier_keyword
from api.messages.models import Conversation
from api.settings import settings

TOPIC = "demo"
WEBHOOK = "/channels/twilio/sms"
TIMEOUT_SECONDS = 15.0
LONGEST_TEXT = 1600
#: How far one press may move the clock.
MOVES = {"15m": timedelta(minutes=15), "1h": timedelta(hours=1), "1d": timedelta(days=1)}
#: What Twilio answers where somebody has opted out (https://www.twilio.com/docs/api/errors/21610).
OPTED_OUT = {
    "code": 21610,
    "message": "Attempt to send to unsubscribed recipient",
    "more_info": "https://www.twilio.com/docs/errors/21610",
    "status": 400,
}


def _new_sid() -> str:
    return "SM" + secrets.token_hex(16)


def is_ours(url: str) -> bool:
    """Is it an address of this installation? The simulated Twilio calls nobody else back."""
    return url.startswith(f"{settings().base_url}/")


def _loopback(url: str) -> str:
    """Our own public address as it is reached on this machine. Raises ValueError for anybody else's."""
    if not is_ours(url):
        raise ValueError("not an address of this installation")
    return url.replace(settings().base_url, f"http://127.0.0.1:{settings().port}", 1)


async def _signed_post(url: str, form: dict[str, str]) -> int:
    """POST as Twilio does; the status code, or 0 when nobody answered."""
    signature = RequestValidator(settings().twilio_tokens[0]).compute_signature(url, form)
    try:
        async with httpx.AsyncClient(timeout=TIMEOUT_SECONDS, trust_env=False) as client:
            answer = await client.post(_loopback(url), data=form, headers={"X-Twilio-Signature": signature})
    except httpx.HTTPError:
        return 0
    return answer.status_code


def keep_text(sender: str, recipient: str, body: str) -> str:
    """Put a text on a phone; returns its sid. Commits."""
    sid = _new_sid()
    with transaction() as session:
        session.add(DemoText(sid=sid, at=clock.now(), sender=sender, recipient=recipient, body=storable(body)))
        notify(session, TOPIC)
    return sid


def is_out(number: str) -> bool:
    """Does Twilio take no texts to this phone, because its owner has texted STOP?"""
    with reading() as session:
        return queries.is_out(session, number)


def answer_as_carrier(number: str, body: str, language: str, *, was_out: bool) -> None:
    """What Twilio itself answers to STOP and HELP, and to START from somebody who had stopped (our words). Commits."""
    word = carrier_keyword(body)
    if word in ("stop", "help") or (word == "start" and was_out):
        sid = keep_text(settings().twilio_sender, number, texts.render(f"demo.carrier.{word}", language))
        settle_text(sid, "delivered")


def settle_text(sid: str, state: str) -> None:
    """Say what became of a text. Commits."""
    with transaction() as session:
        session.execute(update(DemoText).where(DemoText.sid == sid).values(state=state))
        notify(session, TOPIC)


def see(session: Session, numbers: list[str]) -> None:
    """These phones are on the screen: their texts are seen."""
    session.execute(update(DemoText).where(DemoText.recipient.in_(numbers), ~DemoText.seen).values(seen=True))


async def deliver_to_us(sid: str, sender: str, body: str) -> bool:
    """A phone's text, as Twilio would bring it: a signed form to our webhook. True if it was taken."""
    form = {
        "MessageSid": sid,
        "SmsSid": sid,
        "AccountSid": settings().twilio_account,
        "From": sender,
        "To": settings().twilio_sender,
        "Body": body,
        "NumMedia": "0",
        "NumSegments": "1",
        "ApiVersion": "2010-04-01",
    }
    return await _signed_post(f"{settings().base_url}{WEBHOOK}", form) == 200


async def call_back(sid: str, recipient: str, callback: str) -> None:
    """Tell the status callback what Twilio would: queued, sent, delivered."""
    for status in ("queued", "sent", "delivered"):
        form = {
            "MessageSid": sid,
            "SmsSid": sid,
            "MessageStatus": status,
            "SmsStatus": status,
            "AccountSid": settings().twilio_account,
            "From": settings().twilio_sender,
            "To": recipient,
            "ApiVersion": "2010-04-01",
        }
        await _signed_post(callback, form)


def message_resource(sid: str, sender: str, recipient: str, body: str) -> dict[str, object]:
    """The Message resource that Twilio's REST API answers with (shared description: api.v2010.account.message)."""
    account = settings().twilio_account
    uri = f"/2010-04-01/Accounts/{account}/Messages/{sid}.json"
    now = format_datetime(clock.now())
    return {
        "sid": sid,
        "account_sid": account,
        "messaging_service_sid": None,
        "api_version": "2010-04-01",
        "from": sender,
        "to": recipient,
        "body": body,
        "status": "queued",
        "direction": "outbound-api",
        "num_segments": "1",
        "num_media": "0",
        "price": None,
        "price_unit": "USD",
        "error_code": None,
        "error_message": None,
        "date_created": now,
        "date_updated": now,
        "date_sent": None,
        "uri": uri,
        "subresource_uris": {"media": uri.replace(".json", "/Media.json")},
    }


def move_clock(by: str) -> None:
    """Move everybody's clock on. Who is signed in or chatting stays so: no twelve hours went by for them. Commits."""
    step = MOVES[by]
    now = clock.now()
    with transaction() as session:
        session.execute(
            update(WorkerSession)
            .where(WorkerSession.expires_at > now)
            .values(expires_at=WorkerSession.expires_at + step)
        )
        session.execute(
            update(Conversation)
            .where(Conversation.channel == "web", Conversation.expires_at > now)
            .values(expires_at=Conversation.expires_at + step)
        )
        clock.move(step)
        notify(session, TOPIC)


def sign_in_as(worker_id: uuid.UUID) -> SignedIn | None:
    """A session for a demo worker, without the password; None for an unknown one. Commits."""
    with transaction() as session:
        worker = session.scalar(select(Worker).where(Worker.id == worker_id, Worker.active))
        return access.start_session(session, worker) if worker else None


def chat_as(person_id: uuid.UUID, client: str) -> Started | None:
    """A web chat as a demo person: their worker makes a code, and it is used at once. Commits."""
    with transaction() as session:
        person = session.get(Person, person_id)
        worker = session.scalar(select(Worker).where(Worker.active).limit(1))
        if person is None or person.kind == "child" or worker is None:
            return None
        code = webchat.make_code(session, person, worker.id)
    return webchat.start_with_code(code, client)
