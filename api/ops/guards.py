"""Who may read the metrics: whoever has the token; without one, programs on this machine that no proxy brought."""

from __future__ import annotations

import hmac

from fastapi import HTTPException, Request

from api.settings import settings

LOOPBACK = ("127.0.0.1", "::1")
_BROUGHT_BY_A_PROXY = ("forwarded", "x-forwarded-for", "x-forwarded-proto", "x-real-ip", "via")


def metrics_reader(request: Request) -> None:
    """Raises 404 for anybody else: there is nothing here for them."""
    token = settings().metrics_token
    if token:
        given = request.headers.get("authorization", "")
        if hmac.compare_digest(given.encode("utf-8", "replace"), f"Bearer {token}".encode()):
            return
    elif request.client is not None and request.client.host in LOOPBACK and not _brought(request):
        return
    raise HTTPException(404)


def _brought(request: Request) -> bool:
    return any(name in request.headers for name in _BROUGHT_BY_A_PROXY)


metrics_reader.guard_name = "metrics_reader"  # type: ignore[attr-defined]
