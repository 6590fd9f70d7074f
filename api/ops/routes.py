"""``GET /health`` and ``GET /metrics``."""

from __future__ import annotations

from typing import Literal

from fastapi import APIRouter, Depends
from fastapi.responses import JSONResponse, Response
from prometheus_client import CONTENT_TYPE_LATEST
from pydantic import BaseModel

from api.access.guards import public
from api.ops import metrics
from api.ops.guards import metrics_reader
from api.ops.health import health as whole

router = APIRouter(tags=["ops"])


class Health(BaseModel):
    """``parts``: each "ok", or what is wrong with it."""

    status: Literal["ok", "degraded", "starting"]
    parts: dict[str, str]
    demo: bool


@router.get(
    "/health",
    dependencies=[Depends(public("it says which parts are well, and nothing about anybody"))],
    responses={
        200: {"model": Health, "description": "Ready to serve."},
        503: {"model": Health, "description": "Starting, or without the database."},
    },
)
def health() -> JSONResponse:
    """200 when ready to serve, 503 while starting or without the database; each part's state in the body."""
    status, body = whole.report()
    return JSONResponse(body, status_code=status, headers={"Cache-Control": "no-store"})


@router.get("/metrics", dependencies=[Depends(metrics_reader)], include_in_schema=False)
def show_metrics() -> Response:
    """For Prometheus: queues, deliveries, warnings of the whole installation."""
    return Response(metrics.exposition(), media_type=CONTENT_TYPE_LATEST)
