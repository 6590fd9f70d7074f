"""Twilio's webhooks: the signature is checked over the raw form, then the message is accepted or the status settled.

Answered after the commit, with empty TwiML: replies go out through the REST API (DESIGN, "The way of a message").
"""

from __future__ import annotations

import uuid
from typing import Any
from urllib.parse import parse_qsl

from fastapi import APIRouter, Depends, HTTPException, Request, Response
from fastapi.concurrency import run_in_threadpool
from starlette.datastructures import ImmutableMultiDict
from twilio.request_validator import RequestValidator

from api.messages import delivery, inbox
from api.pages.errors import Problem
from api.settings import settings

router = APIRouter(prefix="/channels/twilio", tags=["twilio"])

TWIML = '<?xml version="1.0" encoding="UTF-8"?><Response/>'
MOST_MEDIA = 10


#: What OpenAPI says of both beside their answers.
REFUSED: dict[int | str, dict[str, Any]] = {
    403: {"model": Problem, "description": "Not signed by Twilio for our address: nothing is stored."},
    413: {"description": "Too large.", "content": {"text/plain": {"schema": {"type": "string"}}}},
}


def _form(*required: str, **fields: str) -> dict[str, Any]:
    """A webhook's body and signature for OpenAPI: ``fields`` with what each is. Twilio may send more."""
    shape = {
        "type": "object",
        "required": list(required),
        "properties": {
            name: {"type": "string", "description": told} | ({"minLength": 1} if name in required else {})
            for name, told in fields.items()
        },
        "additionalProperties": {"type": "string"},
    }
    signature = {
        "name": "X-Twilio-Signature",
        "in": "header",
        "required": True,
        "description": "Base64 of HMAC-SHA1 with the auth token, over our address and all fields.",
        "schema": {"type": "string"},
    }
    body = {"required": True, "content": {"application/x-www-form-urlencoded": {"schema": shape}}}
    return {"requestBody": body, "parameters": [signature]}


SMS = _form(
    "MessageSid",
    "From",
    MessageSid="Twilio's id of the message; the same again is stored once.",
    From="The number that it is from.",
    Body="What it says.",
    NumMedia="How many files come with it: MediaUrl0, MediaContentType0 and so on.",
    OptOutType="STOP, START or HELP, where Twilio answered such a word itself.",
)
STATUS = _form(
    MessageSid="Twilio's id of a message of ours.",
    MessageStatus="What became of it.",
    ErrorCode="Twilio's number for what went wrong.",
)


async def signed_by_twilio(request: Request) -> dict[str, str]:
    """The form's fields, if Twilio signed them for our configured URL; else 403 and nothing is stored.

    The Host header is the client's word, so the URL is built from the settings. Every parameter counts (FACTS, Twilio).
    """
    raw = await request.body()
    try:
        pairs = parse_qsl(raw.decode("utf-8"), keep_blank_values=True, strict_parsing=bool(raw), max_num_fields=200)
    except ValueError:
        raise HTTPException(403, "the request is not signed by Twilio") from None
    query = f"?{request.url.query}" if request.url.query else ""
    url = f"{settings().base_url}{request.url.path}{query}"
    signature = request.headers.get("X-Twilio-Signature", "")
    params = ImmutableMultiDict(pairs)  # a field may come twice, and the signature is over both
    if not signature or not any(
        RequestValidator(token).validate(url, params, signature) for token in settings().twilio_tokens
    ):
        raise HTTPException(403, "the request is not signed by Twilio")
    return dict(pairs)


signed_by_twilio.guard_name = "signed_by_twilio"  # type: ignore[attr-defined]  # read by the meta-test


@router.post(
    "/sms",
    response_class=Response,
    responses={
        200: {"description": "Stored.", "content": {"application/xml": {"schema": {"type": "string"}}}},
        **REFUSED,
        422: {"model": Problem, "description": "Without an id or a sender."},
        503: {
            "model": Problem,
            "description": "No agency has been imported yet: nothing is stored.",
            "headers": {"Retry-After": {"description": "Seconds.", "schema": {"type": "integer"}}},
        },
    },
    openapi_extra=SMS,
)
async def receive_sms(form: dict[str, str] = Depends(signed_by_twilio)) -> Response:
    """An incoming SMS. 200 only after the commit; the same MessageSid again is answered the same and stored once."""
    if not form.get("MessageSid") or not form.get("From"):
        raise HTTPException(422, "MessageSid and From are needed")
    await run_in_threadpool(
        inbox.accept,
        channel="sms",
        external_id=form["MessageSid"],
        address=form["From"],
        body=form.get("Body", ""),
        media=_media(form),
        opt_out_type=form.get("OptOutType", ""),
    )
    return Response(TWIML, media_type="application/xml")


def _media(form: dict[str, str]) -> list[dict[str, str]]:
    count = form.get("NumMedia", "0")
    number = min(int(count), MOST_MEDIA) if count.isdecimal() else 0
    return [
        {"url": form.get(f"MediaUrl{n}", ""), "content_type": form.get(f"MediaContentType{n}", "")}
        for n in range(number)
    ]


@router.post("/status", status_code=204, response_class=Response, responses=REFUSED, openapi_extra=STATUS)
async def receive_status(
    message: uuid.UUID | None = None, form: dict[str, str] = Depends(signed_by_twilio)
) -> Response:
    """What became of a message of ours. Callbacks come late, twice and out of order; a status never goes backwards."""
    status = form.get("MessageStatus", form.get("SmsStatus", ""))
    sid, error = form.get("MessageSid", ""), form.get("ErrorCode", "")
    await run_in_threadpool(delivery.settle_reported, message, sid, status, error)
    return Response(status_code=204)
