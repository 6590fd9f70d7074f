"""Logging that cannot leak: what is logged are events, ids and error names, never what people wrote or who they are.

Libraries that would log bodies, numbers or query parameters are turned down; the promises' tests search every line of
output for canary words.
"""

from __future__ import annotations

import logging
import sys
from types import TracebackType

#: These log request bodies, job arguments, SQL parameters or addresses at INFO or DEBUG.
_TALKATIVE = ("twilio", "httpx", "httpcore", "procrastinate", "sqlalchemy", "urllib3", "alembic", "asyncio")

_ExceptionInfo = tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]


class _NoTraceback(logging.Formatter):
    """An exception's type and place, without its message: that may quote a row or a message (psycopg's do)."""

    def formatException(self, ei: _ExceptionInfo) -> str:
        kind, _, trace = ei
        if kind is None:
            return ""
        places = []
        while trace is not None:
            places.append(f"{trace.tb_frame.f_code.co_filename.rsplit('/', 1)[-1]}:{trace.tb_lineno}")
            trace = trace.tb_next
        return f"{kind.__name__} at {' > '.join(places[-6:])}"


def formatter() -> logging.Formatter:
    """How a record becomes a line."""
    return _NoTraceback("%(asctime)s %(levelname)s %(name)s %(message)s")


def configure(level: int = logging.INFO) -> None:
    """One line per event on standard output, for this process."""
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(formatter())
    logging.basicConfig(level=level, handlers=[handler], force=True)
    for name in _TALKATIVE:
        logging.getLogger(name).setLevel(logging.WARNING)
