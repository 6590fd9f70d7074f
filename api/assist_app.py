"""The application of the process that answers the action server and nobody else.

Apart from ``api.app``, so that the turns' questions do not stand in the way of messages that are being accepted
(DECISIONS, "Two api processes, and who goes first"). Listens on loopback or a private network; each question needs its
turn's token all the same.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import Depends, FastAPI
from fastapi.responses import Response

from api import garbage
from api.access.guards import public
from api.assistant.operations import routes as assist
from api.ops.body_limit import BodyLimit
from api.pages import errors
from api.protection import data_keys
from api.settings import settings


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    """Refuse to start half-configured."""
    settings().check()
    data_keys.check()
    garbage.started()
    yield


def create_assist_app() -> FastAPI:
    """The application, ready for uvicorn."""
    app = FastAPI(
        title="Hearthline, for its action server",
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        lifespan=lifespan,
    )
    app.include_router(assist.router)
    app.add_api_route("/health", _alive, dependencies=[Depends(public("it says only that this process is up"))])
    errors.install(app)
    app.add_middleware(BodyLimit, limit=settings().body_limit)
    app.add_middleware(errors.CatchAll)
    return app


def _alive() -> Response:
    return Response("ok", media_type="text/plain")
