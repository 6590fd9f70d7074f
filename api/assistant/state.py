"""What a conversation must remember from one turn to the next. Kept here and not in Rasa (DECISIONS, "Turns")."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.orm import object_session

from api.messages.models import Conversation
from api.protection import data_keys
from api.sealed import UnreadableObject


class Search(BaseModel):
    """A search for services under way."""

    need: str = ""
    place: str = ""
    #: The ids of all services that were told of, and of those that were told last.
    shown: list[str] = Field(default_factory=list)
    last: list[str] = Field(default_factory=list)


class State(BaseModel):
    """The memory of one conversation; unknown keys of an older version are dropped."""

    model_config = ConfigDict(extra="ignore")

    #: What was offered last: [{"n": 1, "label": ..., "payload": ...}].
    options: list[dict[str, Any]] = Field(default_factory=list)
    #: The appointment talked about last.
    focus_appointment: str = ""
    #: Was the talk of appointments last? Then "what time" asks about that one.
    on_appointments: bool = False
    search: Search = Field(default_factory=Search)
    #: Was the last answer about services that were found? Then "what time do they open" asks about those.
    on_services: bool = False
    #: What the bot has just asked for: "need", "place", or nothing.
    asking: str = ""
    #: The action event that "undo" takes back.
    last_report: str = ""
    #: Turns in a row that were not understood.
    fallbacks: int = 0
    #: What a bare answer ("yes", "the second", a place) would be about: operation, own words so far, ... One turn long.
    pending: dict[str, str] = Field(default_factory=dict)
    #: The last turn that was answered, with its replies: asked again, it gets the same and does nothing twice.
    answered: dict[str, Any] = Field(default_factory=dict)
    #: What the phone's door has just asked for: "who", "pin", "question", "new" (a PIN of their own), or
    #: nothing; "locked": it has said that nothing can be opened.
    door: str = ""
    #: Until when (ISO) what they write may be the answer to their question.
    door_until: str = ""
    #: The id of the message whose answer waits behind that door.
    held: str = ""
    #: The language that they wrote in last, where it was plain; ...
    language_heard: str = ""
    #: ... the one that they write in and did not want to be answered in; ...
    language_unwanted: str = ""
    #: ... and whether the profile's language is what they asked for, or what they were told once (messages.speech).
    language_settled: bool = False
    #: The last safety reply's text id, so that the next one differs.
    last_safety_reply: str = ""


def opens(conversation: Conversation) -> bool:
    """Is the memory to be had here? Not where another process has sealed it with a key that this one was not given yet:
    then nothing may be taken from it and nothing put in its place."""
    kept = conversation.state
    if not isinstance(kept, UnreadableObject):
        return True
    session = object_session(conversation)
    return session is None or not data_keys.to_come(session, kept)


def load(conversation: Conversation) -> State:
    """The conversation's memory."""
    return State.model_validate(conversation.state or {})


def save(conversation: Conversation, state: State) -> None:
    """Put the memory back, to be committed with whatever the turn did; one that does not open stays as it is."""
    if not opens(conversation):
        return
    conversation.state = state.model_dump(exclude_defaults=True)
