"""The shapes that /assist takes and gives. Text ids and arguments go out, never finished sentences: the core
renders."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, Field


class FoundEntity(BaseModel):
    """Something Rasa found in the text, or what a tapped option carries."""

    entity: str = Field(max_length=64)
    value: str = Field(max_length=4000)


class Meaning(BaseModel):
    """One of the likeliest intents."""

    intent: str = Field(max_length=64)
    confidence: float = 0.0


class Request(BaseModel):
    """One of two requests in a message, with its part of the text."""

    intent: str = Field(max_length=64)
    confidence: float = 0.0
    text: str = Field(max_length=8000)


class Question(BaseModel):
    """What Rasa understood of the message. Who asks, and their exact words, come from the turn token alone."""

    text: str = Field(default="", max_length=8000)
    intent: str = Field(default="", max_length=64)
    confidence: float = 0.0
    entities: list[FoundEntity] = Field(default_factory=list, max_length=100)
    ranking: list[Meaning] = Field(default_factory=list, max_length=20)
    #: Where a message holds two requests: both, in the order of the text.
    requests: list[Request] = Field(default_factory=list, max_length=2)


class ReplyOption(BaseModel):
    """Something to tap or answer by number: its words are a text id, or ready."""

    label_id: str = ""
    label: str = ""
    label_args: dict[str, Any] = Field(default_factory=dict)
    payload: str


class Reply(BaseModel):
    """One message to the person: a text id with arguments that are already local and human. ``silent`` says nothing."""

    id: str
    args: dict[str, Any] = Field(default_factory=dict)
    options: list[ReplyOption] = Field(default_factory=list)


class Answer(BaseModel):
    """The replies of one turn, in order."""

    replies: list[Reply]
