"""The JSON of conversations."""

from __future__ import annotations

import uuid
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BaseModel, Field, StringConstraints, model_validator

from api.messages.cleaning import refuse_unstorable
from api.messages.queries import LAST_SEQ, Line
from api.messages.service import LONGEST_REPLY
from api.messages.takeovers import LONGEST_NOTE
from api.rest.schemas import LARGEST_PAGE, Given, Moment


class Stretch(Given):
    """Which part of a conversation: the newest messages between two numbers (``seq``)."""

    after: int = Field(0, ge=0, le=LAST_SEQ, description="Only messages after this number.")
    before: int = Field(LAST_SEQ, ge=0, le=LAST_SEQ, description="Only messages before this number.")
    limit: int = Field(50, ge=1, le=LARGEST_PAGE, description="How many at most, the newest of them.")

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.after >= self.before:
            raise ValueError("`after` must be smaller than `before`")
        return self


class MessageOut(BaseModel):
    """One message. ``direction``: ``in`` from the family, ``out`` from us; ``worker_name`` where a worker wrote it.

    ``state`` in: queued, answered, unanswered (a worker must look; ``flag`` says why), handled, recorded (with the flag
    ``flag.taken_over`` while it waits for the worker who has taken over); out: queued,
    sending, sent, delivered, failed, uncertain, cancelled. ``safety_kind``: what the safety screen found.
    """

    id: uuid.UUID
    seq: int
    direction: Literal["in", "out"]
    at: Moment
    body: str
    state: str
    worker_name: str
    safety_kind: str
    safety_priority: str
    flag: str
    channel: str = Field("", description="How it came or goes: sms, web, email.")

    @classmethod
    def of(cls, line: Line) -> MessageOut:
        """The line as JSON."""
        return cls.model_validate(line, from_attributes=True)


class NoteOut(BaseModel):
    """What a worker left for colleagues when they handed the conversation back. ``seq``: its place among messages."""

    seq: int
    at: Moment
    worker_name: str
    words: str


class ThreadOut(BaseModel):
    """Messages, oldest first. ``earlier``: ask again with ``before`` this number for those before them; null where
    there are none. ``no_texts_since``: they asked then not to be texted, because somebody else may read along, and
    nothing is sent there; null: it is. ``notes``: from the first of these messages on, for workers only."""

    items: list[MessageOut]
    earlier: int | None
    no_texts_since: Moment | None = None
    notes: list[NoteOut] = Field(default_factory=list)


class HereOut(BaseModel):
    """A worker of the agency who has the conversation open just now; are they ``writing``?"""

    worker_name: str
    writing: bool


class TakeoverOut(BaseModel):
    """Who is in a conversation. ``taken_over_by``: the worker who answers instead of the assistant, and since when; ""
    and null while the assistant answers. ``mine``: is it the worker for whom you ask? ``waiting``: how many messages
    wait for that worker's answer. ``here``: which others have it open."""

    taken_over_by: str
    taken_over_at: Moment | None
    mine: bool
    waiting: int
    here: list[HereOut]


class HandBack(Given):
    """Leaving a conversation. What still waits in it, up to the message ``seen``, was read by whoever hands it back;
    what came after that another worker has to look at (all of it, where ``seen`` is not given)."""

    note: Annotated[
        str, StringConstraints(strip_whitespace=True, max_length=LONGEST_NOTE), AfterValidator(refuse_unstorable)
    ] = Field("", description="What colleagues should know. The family never reads it.")
    seen: int = Field(0, ge=0, le=LAST_SEQ, description="The number (`seq`) of the last message that was read.")


class TextsOut(BaseModel):
    """``no_texts_since``: since when nothing is sent there, because they asked not to be texted; null: texts go."""

    no_texts_since: Moment | None


class ReplyIn(Given):
    """A worker's own words for the person at the other end."""

    words: Annotated[
        str,
        StringConstraints(strip_whitespace=True, min_length=1, max_length=LONGEST_REPLY),
        AfterValidator(refuse_unstorable),
    ] = Field(examples=["I will ring you at four."])
