"""``python -m api.serve api|assist|worker``: one of the product's processes, as the Procfile starts it.

``api`` listens on HEARTHLINE_PORT, ``assist`` on HEARTHLINE_ASSIST_PORT, both on loopback; ``worker`` listens nowhere.
"""

from __future__ import annotations

import importlib
import sys

import uvicorn

from api import garbage
from api.settings import settings

#: The applications that listen, by the process's name.
APPLICATIONS = {"api": "api.app:create_app", "assist": "api.assist_app:create_assist_app"}
#: Seconds that an answer under way is waited for when the process is told to stop.
LAST_ANSWERS_SECONDS = 2


def main() -> None:
    """Run the process that the command line names. Raises SystemExit when it names none."""
    name = sys.argv[1] if len(sys.argv) == 2 else ""
    garbage.leave_until_started()
    if name == "worker":
        importlib.import_module("api.worker").main()
    elif name in APPLICATIONS:
        uvicorn.run(
            APPLICATIONS[name],
            factory=True,
            port=settings().port if name == "api" else settings().assist_port,
            access_log=False,
            log_level="warning",
            server_header=False,
            timeout_graceful_shutdown=LAST_ANSWERS_SECONDS,
        )
    else:
        raise SystemExit("Say which process: python -m api.serve api, assist or worker")


if __name__ == "__main__":
    main()
