"""A Rasa that misbehaves on command, for the tests in which a bad Rasa is the point. A real HTTP server."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

#: A text id that every catalogue has: what this Rasa says while it behaves.
GOOD = "greet.hello"
ANSWERS = {
    "good": json.dumps([{"recipient_id": "x", "custom": {"id": GOOD, "args": {}, "options": []}}]).encode(),
    "empty": b"[]",
    "html": b"<html><body><h1>500 Internal Server Error</h1></body></html>",
    "huge": b'[{"text": "' + b"x" * 10_000_000 + b'"}]',
    "words": b'[{"text": "words of its own, not an id"}]',
    "unknown": b'[{"custom": {"id": "no.such.text"}}]',
    "null": b"null",
    "deep": b"[" * 100_000,
    "slow": b"",
    "drip": b"",
    "drop": b"",
}


class BadRasa:
    """Behaves as ``mode`` says (a key of ANSWERS): drop hangs up, slow never answers, drip answers byte after byte. Set
    ``once`` to a mode, and only the next question is treated so."""

    def __init__(self) -> None:
        self.mode = "good"
        self.once = ""
        self._end = threading.Event()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def stop(self) -> None:
        self._end.set()
        self._server.shutdown()
        self._server.server_close()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        rasa = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                self.rfile.read(int(self.headers.get("Content-Length", "0")))
                mode, rasa.once = rasa.once or rasa.mode, ""
                if mode == "drop":
                    return
                if mode == "slow":
                    rasa._end.wait(30)
                    return
                self.send_response(500 if mode == "html" else 200)
                self.end_headers()
                try:
                    if mode == "drip":
                        while not rasa._end.wait(0.2):
                            self.wfile.write(b" ")
                    self.wfile.write(ANSWERS[mode])
                except OSError:
                    pass  # the caller has had enough

            def log_message(self, *_: object) -> None:
                pass

        return Handler
