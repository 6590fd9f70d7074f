"""``python -m bot.serve``: Rasa on loopback, without its HTTP API, writing nothing that anybody said to any log.

Environment: HEARTHLINE_RASA_URL (whose port it takes), HEARTHLINE_ACTIONS_URL, HEARTHLINE_MODEL (a model file or a
folder, by default var/models). Rasa's own command line would listen on every address, log a message's text with each
exception, wait five minutes for an action, and take seconds longer to start.
"""

from __future__ import annotations

import logging
import os
import sys
import warnings
from pathlib import Path
from urllib.parse import urlsplit

from bot.without_tensorflow import leave_out

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("RASA_TELEMETRY_ENABLED", "false")
# One message at a time needs one thread. With more, threads that wait for each other burn the cores that the API, the
# worker and the database need: measured under load, 380 ms of processor time a turn instead of 45.
for _pool in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(_pool, "1")
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
os.environ.setdefault("HEARTHLINE_ACTIONS_URL", "http://127.0.0.1:5055")

ROOT = Path(__file__).resolve().parent.parent
#: Seconds an action may take; the gateway waits five for the whole turn.
ACTION_TIMEOUT = 4


def silence_warnings() -> None:
    """Rasa's libraries warn of their own future, and Rasa warns of odd messages by quoting them."""
    warnings.showwarning = lambda *_, **__: None


class WithoutWords(logging.Formatter):
    """A log line that says where and what kind, and never a message: Rasa's own texts quote what people wrote."""

    def format(self, record: logging.LogRecord) -> str:
        kind = record.exc_info[0].__name__ if record.exc_info and record.exc_info[0] else "reported"
        return f"{record.levelname} {record.name}:{record.funcName}:{record.lineno} {kind}"


def quiet() -> None:
    """Let only errors through, without their words."""
    import structlog

    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(WithoutWords())
    logging.root.handlers = [handler]
    logging.root.setLevel(logging.ERROR)
    for name in list(logging.root.manager.loggerDict):
        logging.getLogger(name).handlers.clear()
        logging.getLogger(name).propagate = True
        logging.getLogger(name).setLevel(logging.NOTSET)
    structlog.configure(
        processors=[_where_only],
        wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )


def _where_only(_: object, method: str, event: dict[str, object]) -> str:
    # An event's name is a constant of Rasa's ("rest.message.received.exception"); its other values quote messages.
    name = str(event.get("event", ""))
    return f"{method.upper()} rasa {name if name.replace('.', '').replace('_', '').isalnum() else 'reported'}"


def newest_model(place: Path) -> Path:
    """The newest model in a folder, or the file itself. Raises SystemExit with what to do when there is none."""
    if place.is_file():
        return place
    models = sorted(place.glob("*.tar.gz"), key=lambda path: path.stat().st_mtime)
    if not models:
        raise SystemExit(f"There is no trained model in {place}; train one: make train")
    return models[-1]


def models_folder() -> Path:
    """Where models are: HEARTHLINE_MODEL, or ``models`` in HEARTHLINE_VAR_DIR (by default var)."""
    given = os.environ.get("HEARTHLINE_MODEL", "")
    return Path(given) if given else Path(os.environ.get("HEARTHLINE_VAR_DIR", "") or ROOT / "var") / "models"


def main() -> None:
    silence_warnings()
    model = newest_model(models_folder())
    url = urlsplit(os.environ.get("HEARTHLINE_RASA_URL", "http://127.0.0.1:5005"))
    leave_out()
    import rasa.core.constants

    rasa.core.constants.DEFAULT_REQUEST_TIMEOUT = ACTION_TIMEOUT
    import rasa.core.run
    import rasa.utils.common
    from rasa.core.utils import AvailableEndpoints

    # Rasa sets up its log levels and handlers again while it starts.
    rasa.utils.common.update_sanic_log_level = lambda *_, **__: None
    rasa.core.run.rasa.core.utils.list_routes = lambda *_: {}
    from bot import quicker

    quicker.apply()
    endpoints = AvailableEndpoints.read_endpoints(str(ROOT / "bot" / "endpoints.yml"))
    endpoints.action = quicker.KeptOpen(url=endpoints.action.url)
    quiet()
    rasa.core.run.serve_application(
        model_path=str(model),
        interface=os.environ.get("HEARTHLINE_RASA_HOST", "127.0.0.1"),
        port=url.port or 5005,
        credentials=str(ROOT / "bot" / "credentials.yml"),
        endpoints=endpoints,
        enable_api=False,
        response_timeout=10,
    )


if __name__ == "__main__":
    main()
