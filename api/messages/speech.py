"""In which language somebody is answered: the one that they write in, where they write plainly in one that we speak.

A short answer after it stays in that language; a day later it is the profile's again. Whoever asks for one language
while they write in another gets the one they asked for, until they write in it themselves; only a cry for help is
always answered in its own. Nothing here changes the profile (operations.tongue does, for somebody who is known), and
what is said before a proof shows no more than the message itself did.
"""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy.orm import Session

from api import sealed, texts
from api.assistant import state as dialogue
from api.families.models import Person
from api.messages.models import Conversation, InboundMessage
from api.messages.tongues import crying, plainly

#: So long after their last message what is plain in no language is answered in the profile's again.
AFTER = timedelta(days=1)


def begin(session: Session, conversation: Conversation, message: InboundMessage) -> None:
    """A new message, before anything is said to it and before it counts as the conversation's last."""
    if conversation.worker_id is not None:
        return
    last = conversation.last_inbound_at
    if conversation.person_id is not None and last is not None and message.received_at - last >= AFTER:
        conversation.language = session.get_one(Person, conversation.person_id).language
    if not message.payload:
        follow(conversation, message.body)


def follow(conversation: Conversation, words: str) -> None:
    """From these words on they are answered in the language that they are plainly written in."""
    language = plainly(sealed.or_nothing(words))
    if language and language != dialogue.load(conversation).language_unwanted:
        conversation.language = language


def follow_cry(conversation: Conversation, words: str) -> None:
    """The words are a cry for help: whatever they lean to, and whatever was asked for before."""
    conversation.language = crying(sealed.or_nothing(words)) or conversation.language


def ask_for(conversation: Conversation, state: dialogue.State, language: str, words: str = "") -> None:
    """They have asked for ``language``, in these words or by a button: after that only their word changes it for good.
    What they write in meanwhile is not what they want to read, if it is another one. ``state`` is the caller's to save.
    """
    writes = crying(words) or state.language_heard or texts.supported(conversation.language)
    state.language_unwanted = "" if writes == language else writes
    state.language_heard, state.language_settled = writes, True
    conversation.language = language
