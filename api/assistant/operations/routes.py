"""POST /assist/<operation>: what the action server asks in a turn. The turn token in X-Turn-Token says who is
asking."""

from __future__ import annotations

from collections.abc import Callable

from fastapi import APIRouter, Depends

from api.assistant.guards import Turn, turn
from api.assistant.operations import service
from api.assistant.operations.schemas import Answer, Question

router = APIRouter(prefix="/assist", tags=["assist"], include_in_schema=False)


def _route(name: str) -> Callable[..., Answer]:
    def run(question: Question, asked: Turn = Depends(turn)) -> Answer:
        return service.answer(name, asked, question)

    run.__name__ = name
    run.__doc__ = f"Answer a turn that was understood as {name}."
    return run


for _name in service.OPERATIONS:
    router.add_api_route(f"/{_name}", _route(_name), methods=["POST"], response_model=Answer)
