"""POST /assist/<operation>: what the action server asks in a turn. The turn token in X-Turn-Token says who is
asking."""

from __future__ import annotations

import uuid
from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException, Response

from api.assistant.guards import turn
from api.assistant.operations import service
from api.assistant.operations.schemas import Question

router = APIRouter(prefix="/assist", tags=["assist"], include_in_schema=False)


@router.post("/{operation}")
def run(operation: str, question: Question, message_id: Annotated[uuid.UUID, Depends(turn)]) -> Response:
    """Answer a turn that was understood as ``operation``: an ``Answer`` (schemas). 404 for an unknown operation, and
    for a turn that is settled."""
    if operation not in service.OPERATIONS:
        raise HTTPException(404, "not found")
    try:
        answer = service.answer(operation, message_id, question)
    except service.NoSuchTurn:
        raise HTTPException(404, "not found") from None
    return Response(answer.model_dump_json(), media_type="application/json")
