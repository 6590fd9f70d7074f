"""POST /assist/<operation>: what the action server asks in a turn. The turn token in X-Turn-Token says who is
asking."""

from __future__ import annotations

from fastapi import APIRouter, Depends, HTTPException, Response

from api.assistant.guards import Turn, turn
from api.assistant.operations import service
from api.assistant.operations.schemas import Question

router = APIRouter(prefix="/assist", tags=["assist"], include_in_schema=False)


@router.post("/{operation}")
def run(operation: str, question: Question, asked: Turn = Depends(turn)) -> Response:
    """Answer a turn that was understood as ``operation``: an ``Answer`` (schemas). 404 for an unknown operation."""
    if operation not in service.OPERATIONS:
        raise HTTPException(404, "not found")
    answer = service.answer(operation, asked, question)
    return Response(answer.model_dump_json(), media_type="application/json")
