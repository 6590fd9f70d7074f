"""``GET /health``."""

from __future__ import annotations

from fastapi import APIRouter
from fastapi.responses import JSONResponse

from api.ops.health import Health

router = APIRouter(tags=["ops"])
_health = Health()


@router.get("/health")
def health() -> JSONResponse:
    """200 when ready to serve, 503 while starting or without the database; each part's state in the body."""
    status, body = _health.report()
    return JSONResponse(body, status_code=status, headers={"Cache-Control": "no-store"})
