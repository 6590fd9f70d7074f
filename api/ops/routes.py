"""``GET /health``."""

from __future__ import annotations

from fastapi import APIRouter, Depends
from fastapi.responses import JSONResponse

from api.access.guards import public
from api.ops.health import Health

router = APIRouter(tags=["ops"])
_health = Health()


@router.get("/health", dependencies=[Depends(public("it says which parts are well, and nothing about anybody"))])
def health() -> JSONResponse:
    """200 when ready to serve, 503 while starting or without the database; each part's state in the body."""
    status, body = _health.report()
    return JSONResponse(body, status_code=status, headers={"Cache-Control": "no-store"})
