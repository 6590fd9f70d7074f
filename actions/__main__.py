"""``python -m actions``: the action server, on loopback only, saying nothing of what it is sent.

rasa_sdk's own server listens on every address and its error page echoes the whole tracker, so this one keeps its
executor and replaces the server. Environment: HEARTHLINE_ACTIONS_URL (whose port it takes), HEARTHLINE_API_URL.
"""

from __future__ import annotations

import logging
import os
from urllib.parse import urlsplit

from rasa_sdk.executor import ActionExecutor
from sanic import Sanic, response
from sanic.exceptions import SanicException
from sanic.request import Request
from sanic.response import HTTPResponse

from actions.operations import ACTIONS, api

logger = logging.getLogger("actions")


def create_app() -> Sanic:
    """The server: ``POST /webhook`` for Rasa, ``GET /health`` for whoever starts it: 503 where the API cannot be
    asked."""
    app = Sanic("hearthline_actions", configure_logging=False)
    app.config.ACCESS_LOG = False
    executor = ActionExecutor()
    for action in ACTIONS:
        executor.register_action(action)

    @app.get("/health")
    async def health(_: Request) -> HTTPResponse:
        if await api.reaches():
            return response.json({"status": "ok"})
        return response.json({"status": "nothing answers at HEARTHLINE_API_URL"}, status=503)

    @app.post("/webhook")
    async def webhook(request: Request) -> HTTPResponse:
        call = request.json
        name = call.get("next_action") if isinstance(call, dict) else None
        if name not in executor.actions:
            return response.json({"error": "there is no such action"}, status=404)
        return response.json(await executor.run(call))

    async def on_error(_: Request, error: Exception) -> HTTPResponse:
        # The type alone: an exception's text may hold what was being read.
        status = error.status_code if isinstance(error, SanicException) else 500
        logger.error("%s", type(error).__name__)
        return response.json({"error": "that did not work"}, status=status)

    app.error_handler.add(Exception, on_error)

    @app.after_server_stop
    async def close(*_: object) -> None:
        await api.close()

    return app


def main() -> None:
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")
    # rasa_sdk and Sanic are silenced below errors: at other levels they may write requests out.
    for name in ("rasa_sdk", "sanic.root", "sanic.error", "sanic.access"):
        logging.getLogger(name).setLevel(logging.CRITICAL)
    url = urlsplit(os.environ.get("HEARTHLINE_ACTIONS_URL", "http://127.0.0.1:5055"))
    host = os.environ.get("HEARTHLINE_ACTIONS_HOST", "127.0.0.1")
    create_app().run(host=host, port=url.port or 5055, access_log=False, motd=False)


if __name__ == "__main__":
    main()
