"""One turn as an operation sees it: who asks, in what words, what was talked about before; and how to answer."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from sqlalchemy.orm import Session

from api import texts
from api.assistant.guards import Turn
from api.assistant.operations.schemas import Question, Reply, ReplyOption
from api.assistant.state import State
from api.families import identity
from api.families.models import Person
from api.jurisdiction.packs import Pack, pack
from api.messages.models import Conversation, InboundMessage
from api.sealed import NotOpened, Unreadable

#: Said instead of nothing, when everything has been said already (the safety reply).
SILENT = "silent"


@dataclass
class Ask:
    """Everything an operation may look at. It writes through services, in ``session``; the caller commits."""

    session: Session
    turn: Turn
    question: Question
    conversation: Conversation
    message: InboundMessage
    state: State
    #: The person, where they are known to be the one who writes; None for a stranger and before the PIN.
    person: Person | None
    #: The person whom this phone was handed to last, proved or not.
    holder: Person | None = None
    #: Were they in the middle of writing their views when the turn began?
    drafting: bool = True
    #: What is remembered after this turn: operations set it, whatever they do not set is forgotten.
    pending: dict[str, str] = field(default_factory=dict)

    @property
    def words(self) -> str:
        """The person's own words: the message as it came in, whatever Rasa made of it."""
        return self.turn.text

    @property
    def tapped(self) -> bool:
        """Was an option chosen (rather than something written)?"""
        return bool(self.message.payload)

    @property
    def neutral(self) -> bool:
        """Nobody has proved to be the one whose phone this is: no word may show that it is anybody's."""
        return self.holder is not None and self.turn.standing != "known"

    @property
    def held_person(self) -> Person:
        """The person whom this phone was handed to last; what is said to them may show nothing before the proof."""
        if self.holder is None:
            raise LookupError("this phone is nobody's")
        return self.holder

    @cached_property
    def sharing(self) -> Sequence[Person]:
        """Everybody who writes from this phone."""
        return identity.holders(self.session, self.conversation.address)

    @cached_property
    def pack(self) -> Pack:
        return pack(self.turn.jurisdiction)

    @property
    def language(self) -> str:
        return self.conversation.language

    @property
    def someone(self) -> Person:
        """The person, in operations that strangers never reach."""
        if self.person is None:
            raise LookupError("this turn has no person")
        return self.person

    @property
    def family_id(self) -> uuid.UUID:
        return self.someone.family_id

    @property
    def plain_words(self) -> bool:
        """May a message name what a meeting is? Not where somebody else may read the phone (safe-contact profile)."""
        return self.channel_is_own or self.someone.plainly

    @property
    def channel_is_own(self) -> bool:
        """The web chat: the person has just entered with their own code, in a window they can close at once."""
        return self.turn.channel == "web"

    def carried(self, entity: str) -> str:
        """What a tapped option carries under that name, or "". By what we offered ourselves, not by what came back from
        Rasa: it drops whatever its domain does not know."""
        return self._carried.get(entity, "")

    @cached_property
    def _carried(self) -> dict[str, str]:
        carried = self.message.payload.partition("{")[2]
        return {name: str(value) for name, value in json.loads("{" + carried).items()} if carried else {}

    def hint(self, entity: str) -> str:
        """What Rasa found under that name in the text, or ""; a hint, never a fact."""
        return next((found.value for found in self.question.entities if found.entity == entity), "")

    def carried_id(self, entity: str) -> uuid.UUID | None:
        """The id a tapped option carries, or None where there is none or it is none."""
        try:
            return uuid.UUID(self.carried(entity))
        except ValueError:
            return None

    def text(self, text_id: str, **args: object) -> str:
        """Words from the catalogue in the person's language, to be an argument of a reply. Raises NotOpened."""
        _must_open(args)
        discreet = not self.channel_is_own and (self.person is None or not self.person.plainly)
        return texts.render(text_id, self.language, **{**self.pack.text_args(self.language, discreet=discreet), **args})


def say(text_id: str, *options: ReplyOption, **args: object) -> Reply:
    """A reply. Raises NotOpened: no family is told that words do not open; the turn fails, and a person has to look."""
    _must_open(args)
    return Reply(id=text_id, args=dict(args), options=list(options))


def option(label_id: str, intent: str, label: str = "", **carries: str) -> ReplyOption:
    """An option: its words (a text id, or ready ``label``), the intent it stands for and what it carries along. As
    ``say``."""
    _must_open({"label": label})
    payload = f"/{intent}" + (json.dumps(carries) if carries else "")
    return ReplyOption(label_id="" if label else label_id, label=label, payload=payload)


def _must_open(args: Mapping[str, object]) -> None:
    for one in args.values():
        if isinstance(one, Unreadable):
            raise NotOpened(one.reason, one.key_id)
