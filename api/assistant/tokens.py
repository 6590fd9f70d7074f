"""Turn tokens: a short-lived, signed proof that actions are working on *this* message, and on nothing else.

The API derives the person and the family from the token's message, never from a sender id or a parameter.
"""

from __future__ import annotations

import uuid

from itsdangerous import BadSignature, SignatureExpired, URLSafeTimedSerializer

from api.settings import settings

#: Longer than any turn lasts (Rasa's time-out is 5 s), short enough to be worthless later.
LIFETIME_SECONDS = 60


class BadToken(ValueError):
    """Not ours, or too old."""


def _serializer() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(settings().key, salt="turn")


def make(message_id: uuid.UUID) -> str:
    """A token for the turn that answers this message."""
    return _serializer().dumps(str(message_id))


def read(token: str) -> uuid.UUID:
    """The message the token was made for. Raises BadToken."""
    try:
        return uuid.UUID(_serializer().loads(token, max_age=LIFETIME_SECONDS))
    except (BadSignature, SignatureExpired, ValueError, TypeError, AttributeError):
        raise BadToken("the turn token is not valid (any more)") from None
