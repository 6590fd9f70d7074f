"""The job that runs a conversation's turns."""

from __future__ import annotations

import uuid

from api.assistant import turn
from api.jobs import RUN_TURNS, app


@app.task(name=RUN_TURNS, queue=RUN_TURNS)
def run_turns(conversation_id: str) -> None:
    """Answer what waits in one conversation (procrastinate's lock: one at a time per conversation)."""
    turn.run_waiting(uuid.UUID(conversation_id))
