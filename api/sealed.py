"""Words at rest: what people wrote is sealed before it reaches the database and opened when it is read; and so are
their photos and documents, which api.evidence keeps in files.

AES-256-GCM, its keys derived from the settings' data keys (HKDF, once in a process), a fresh nonce for each value. A
sealed value says which key sealed it, and is bound to its table and column: moved to another column it does not open.
The first key seals, all given keys open; what was stored before there were keys is read as it is. Promises: a value
that cannot be opened is never taken for empty (``Unreadable``), never written over by its own placeholder, and neither
words nor keys stand in any error.
"""

from __future__ import annotations

import binascii
import json
import logging
import os
import re
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from sqlalchemy import String, event, inspect
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.engine import Dialect
from sqlalchemy.orm import Session
from sqlalchemy.types import TypeDecorator

from api import texts
from api.settings import settings

log = logging.getLogger(__name__)

#: How every sealed value begins, before its key's id and ":". A new value that somebody began so is sealed like all
#: others, so nobody can write one; the first character keeps it out of what was typed before there were keys.
MARK = "\x1es1:"
_HEAD = re.compile(f"{MARK}([0-9a-f]{{8}}):")
_NONCE = 12


class NotOpened(Exception):
    """This value does not open. ``reason``: no_key (the key with ``key_id`` is not given) or damaged."""

    def __init__(self, reason: str, key_id: str) -> None:
        super().__init__(f"{reason} (key {key_id})")
        self.reason, self.key_id = reason, key_id


class Unreadable(str):
    """Stands for words that do not open, and says so to whoever reads it; pages say it in the reader's language."""

    reason: str
    key_id: str

    @classmethod
    def because(cls, problem: NotOpened) -> Unreadable:
        made = cls(_why(problem.reason, problem.key_id, texts.FALLBACK))
        made.reason, made.key_id = problem.reason, problem.key_id
        return made

    def words(self, language: str) -> str:
        return _why(self.reason, self.key_id, language)


class UnreadableObject(dict[str, Any]):
    """Stands for an object that does not open, and is empty; not equal to an empty one, which may take its place."""

    def __init__(self, words: Unreadable) -> None:
        super().__init__()
        self.reason, self.key_id = words.reason, words.key_id

    def __eq__(self, other: object) -> bool:
        return self is other

    def __ne__(self, other: object) -> bool:
        return self is not other

    __hash__ = None


def _why(reason: str, key_id: str, language: str) -> str:
    return texts.render(f"pages.unreadable.{reason}", language, key=key_id)


class Sealer:
    """Seals with the first of the given secrets, opens with any of them."""

    def __init__(self, secrets: Sequence[str]) -> None:
        self.ids = [_derived(secret, b"id", 4).hex() for secret in secrets]
        self._ciphers = {
            key_id: AESGCM(_derived(secret, b"aes-256-gcm", 32))
            for key_id, secret in zip(self.ids, secrets, strict=True)
        }
        #: How a value begins that the first key has sealed.
        self.newest = f"{MARK}{self.ids[0]}:"
        self._first = self._ciphers[self.ids[0]]

    def seal(self, words: str, place: str) -> str:
        """The words, sealed for the column ``place`` ("table.column")."""
        nonce = os.urandom(_NONCE)
        sealed = self._first.encrypt(nonce, words.encode(), (self.newest + place).encode())
        return self.newest + binascii.b2a_base64(nonce + sealed, newline=False).decode()

    def open(self, stored: str, place: str) -> str:
        """The words of a sealed value, and those of an older plain one. Raises NotOpened."""
        if not stored.startswith(MARK):
            return stored
        head = _HEAD.match(stored)
        if head is None:
            raise NotOpened("damaged", "?")
        cipher = self._ciphers.get(head[1])
        if cipher is None:
            raise NotOpened("no_key", head[1])
        try:
            whole = binascii.a2b_base64(stored[head.end() :], strict_mode=True)
            return cipher.decrypt(whole[:_NONCE], whole[_NONCE:], (head[0] + place).encode()).decode()
        except (InvalidTag, ValueError):
            raise NotOpened("damaged", head[1]) from None

    def seal_file(self, content: bytes, place: str) -> bytes:
        """The content of a file, sealed; as bytes."""
        nonce = os.urandom(_NONCE)
        return self.newest.encode() + nonce + self._first.encrypt(nonce, content, (self.newest + place).encode())

    def open_file(self, stored: bytes, place: str) -> bytes:
        """The content of a sealed file, and that of an older plain one. Raises NotOpened."""
        if not stored.startswith(MARK.encode()):
            return stored
        head = _HEAD.match(stored[: len(self.newest)].decode("latin-1"))
        cipher = self._ciphers.get(head[1]) if head else None
        if head is None or cipher is None:
            raise NotOpened("no_key" if head else "damaged", head[1] if head else "?")
        rest = memoryview(stored)[head.end() :]
        try:
            return cipher.decrypt(rest[:_NONCE], rest[_NONCE:], (head[0] + place).encode())
        except (InvalidTag, ValueError):
            raise NotOpened("damaged", head[1]) from None


def _derived(secret: str, what: bytes, length: int) -> bytes:
    return HKDF(SHA256(), length, salt=None, info=b"hearthline sealed words 1: " + what).derive(secret.encode())


@lru_cache(maxsize=1)
def sealer() -> Sealer:
    """This process's."""
    return Sealer(settings().data_secrets)


def seal(words: str, place: str) -> str:
    """For what is written by SQL of our own: as the column's type does. Nothing stays nothing."""
    return sealer().seal(words, place) if words else words


def seal_json(value: Any, place: str) -> Any:
    """The same for a JSON column: a sealed value is a JSON string there. An empty list or object stays as it is."""
    return sealer().seal(json.dumps(value, ensure_ascii=False, separators=(",", ":")), place) if value else value


def unseal(stored: str, place: str) -> str:
    """For what is read by SQL of our own: the words, or an ``Unreadable``, which is logged."""
    try:
        return sealer().open(stored, place)
    except NotOpened as problem:
        log.error("sealed: a value of %s cannot be opened: %s", place, problem)
        return Unreadable.because(problem)


def or_nothing(words: str) -> str:
    """For what goes out to somebody who should not read that words are unreadable, and can do without them."""
    return "" if isinstance(words, Unreadable) else words


def all_open(*words: object) -> bool:
    """Can all of these be read? What goes to a family is made of nothing else."""
    return not any(isinstance(one, Unreadable) for one in words)


def unseal_json(stored: Any, place: str, instead: Callable[[Unreadable], Any]) -> Any:
    """The same for a JSON column; ``instead`` makes what stands for a value that does not open."""
    if not (isinstance(stored, str) and stored.startswith(MARK)):
        return stored
    words = unseal(stored, place)
    return instead(words) if isinstance(words, Unreadable) else json.loads(words)


def no_object(words: Unreadable) -> dict[str, Any]:
    """For ``instead``, where the reader can do without."""
    return UnreadableObject(words)


def no_list(_words: Unreadable) -> list[Any]:
    """For ``instead``, where the reader can do without."""
    return []


class _Bound(TypeDecorator[Any]):
    """What both types have in common: their place, and that SQL can compare them with nothing but emptiness."""

    impl: Any = String
    cache_ok = True

    def __init__(self, place: str) -> None:
        super().__init__()
        self.place = place

    def coerce_compared_value(self, op: Any, value: Any) -> Any:
        if value:
            raise TypeError(f"{self.place} is sealed: SQL cannot look into it")
        return self


class Sealed(_Bound):
    """A text column that holds what people wrote."""

    impl = String
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        return seal(value, self.place) if value else value

    def process_result_value(self, value: str | None, dialect: Dialect | None = None) -> str | None:
        return unseal(value, self.place) if value else value


class SealedJson(_Bound):
    """The same for a JSON column. ``instead`` makes what stands for a value that does not open."""

    impl = JSONB
    cache_ok = True

    def __init__(self, place: str, instead: Callable[[Unreadable], Any]) -> None:
        super().__init__(place)
        self.instead = instead

    def process_bind_param(self, value: Any, dialect: Dialect) -> Any:
        return seal_json(value, self.place)

    def process_result_value(self, value: Any, dialect: Dialect | None = None) -> Any:
        return unseal_json(value, self.place, self.instead)


@event.listens_for(Session, "before_flush")
def _keep_what_cannot_be_read(session: Session, _context: object, _instances: object) -> None:
    """A form that was filled with the placeholder must not put it in the place of the words, which a key that is given
    again would open."""
    for row in session.dirty:
        for name, before in inspect(row).committed_state.items():
            if isinstance(before, Unreadable) and before in (getattr(row, name) or ""):
                raise NotOpened(before.reason, before.key_id)
