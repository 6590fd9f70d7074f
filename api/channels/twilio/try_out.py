"""Sends a text into the running system the way Twilio would (signed, over HTTP), and waits for what comes back.

Used by `hearthline text` and by the demo's phones.
"""

from __future__ import annotations

import secrets
import time

import httpx
from sqlalchemy import select
from twilio.request_validator import RequestValidator

from api.database import reading
from api.jurisdiction import phones
from api.messages.models import InboundMessage, OutboundMessage
from api.settings import settings

#: The longest a turn can take, with its delivery.
PATIENCE_SECONDS = 20.0
SETTLED = ("sent", "delivered", "failed", "uncertain", "cancelled")


class NotRunning(Exception):
    """The service does not answer; the message says what to do."""


class NoReply(Exception):
    """The message was taken in but not settled, or its replies were not out, within the time. ``so_far``: those there
    are."""

    def __init__(self, so_far: list[str]) -> None:
        super().__init__(
            f"No reply came within {PATIENCE_SECONDS:.0f} seconds. The message is kept and will be answered or shown "
            "to a worker; /health says whether every part is running."
        )
        self.so_far = so_far


def signed(path: str, fields: dict[str, str]) -> dict[str, str]:
    """The headers that Twilio would send with this form."""
    url = f"{settings().base_url}{path}"
    return {"X-Twilio-Signature": RequestValidator(settings().twilio_tokens[0]).compute_signature(url, fields)}


def post_text(sender: str, body: str) -> str:
    """Deliver one text to our own webhook; returns its MessageSid. Raises NotRunning."""
    fields = {
        "MessageSid": f"SM{secrets.token_hex(16)}",
        "AccountSid": settings().twilio_account,
        "From": sender,
        "To": settings().twilio_sender,
        "Body": body,
        "NumMedia": "0",
    }
    path = "/channels/twilio/sms"
    address = f"http://127.0.0.1:{settings().port}"
    try:
        answer = httpx.post(f"{address}{path}", data=fields, headers=signed(path, fields), timeout=15)
    except httpx.HTTPError:
        raise NotRunning(f"Nothing answers at {address}. Start it first: make run") from None
    if answer.status_code != 200:
        raise NotRunning(f"The service answered with status {answer.status_code}, not 200; its output says why.")
    return fields["MessageSid"]


def number(text: str) -> str:
    """A phone number as E.164. Raises ValueError saying how to write it."""
    found = phones.e164(text)
    if not found:
        raise ValueError("FROM is a phone number with its country, such as +447700900101")
    return found


def text_and_wait(sender: str, body: str) -> list[str]:
    """Text, wait until the message is settled and its replies are out, and return them; none, where nothing is answered
    to it. Raises NotRunning, NoReply, ValueError."""
    sid = post_text(number(sender), body)
    end = time.monotonic() + PATIENCE_SECONDS
    replies: list[OutboundMessage] = []
    while time.monotonic() < end:
        with reading() as session:
            message = session.scalars(select(InboundMessage).filter_by(channel="sms", external_id=sid)).one()
            replies = list(
                session.scalars(select(OutboundMessage).filter_by(in_reply_to=message.id).order_by(OutboundMessage.seq))
            )
        if message.state != "queued" and all(reply.state in SETTLED for reply in replies):
            return [reply.body for reply in replies]
        time.sleep(0.05)
    raise NoReply([reply.body for reply in replies])
