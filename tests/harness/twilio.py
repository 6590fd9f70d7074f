"""A fake Twilio: a real HTTP server that takes our texts, answers as Twilio does, and signs what it sends us.

It checks what we send against Twilio's own OpenAPI description where that is at hand (``../shared/twilio``), records
every text that "went out", and can be told to misbehave (``fail``): 429, 500 with Twilio's error document, 500 with a
gateway's page, an accepted text whose answer never comes, a dropped connection, a number that has opted out.
"""

from __future__ import annotations

import base64
import json
import threading
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx
import jsonschema
from twilio.request_validator import RequestValidator

from tests.harness import canaries

ACCOUNT = "AC" + "0123456789abcdef" * 2
TOKEN = "c0ffee" * 5 + "42"
SENDER = "+447700900999"
_DESCRIPTION = Path(__file__).resolve().parents[3] / "shared" / "twilio" / "messages.openapi.json"

#: What ``fail`` can do to a call. ``lost``: the text goes out, and the answer never comes (accepted, then silence).
FAULTS = ("429", "500", "html", "lost", "drop", "21610", "30006", "20003", "20005", "21606", "403")


@dataclass
class Text:
    """One SMS that Twilio took from us: it is on somebody's phone."""

    sid: str
    to: str
    body: str
    callback: str
    expected: bool = False


@dataclass
class Fault:
    """Misbehave ``times`` times for texts to ``to`` (anyone's if empty)."""

    kind: str
    to: str
    times: int


@dataclass
class FakeTwilio:
    """Runs in a thread of the test; ``url`` is what TWILIO_API_URL is set to."""

    token: str = TOKEN
    account: str = ACCOUNT
    texts: list[Text] = field(default_factory=list)
    #: What the account resource and its balance say.
    status: str = "active"
    balance: str = "51.25"
    #: Every call for a text, those that failed too: (to, body, what was answered).
    calls: list[tuple[str, str, str]] = field(default_factory=list)
    #: What was wrong with calls: a test run fails with these.
    problems: list[str] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    #: Files that came with messages, by path, and which of them were asked for.
    media: dict[str, bytes | str] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    changed: threading.Condition = field(default_factory=threading.Condition)

    def __post_init__(self) -> None:
        self._silence = threading.Event()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def stop(self) -> None:
        self._silence.set()
        self._server.shutdown()
        self._server.server_close()

    def fail(self, kind: str, *, to: str = "", times: int = 1) -> None:
        """The next ``times`` texts to ``to`` meet this fault."""
        assert kind in FAULTS, f"no such fault: {kind}"
        self.faults.append(Fault(kind, to, times))

    def to(self, number: str) -> list[Text]:
        """The texts that reached this number, in order."""
        with self.changed:
            return [text for text in self.texts if text.to == number]

    def wait(self, found: Callable[[], Any], seconds: float, what: Callable[[], str]) -> Any:
        """Wait until ``found()`` gives something true; fail with ``what()`` after so many seconds."""
        deadline = time.monotonic() + seconds
        with self.changed:
            while not (result := found()):
                left = deadline - time.monotonic()
                if left <= 0:
                    raise AssertionError(what())
                self.changed.wait(min(left, 0.5))
            return result

    # What Twilio sends us.

    def sign(self, url: str, fields: dict[str, Any], token: str | None = None) -> str:
        """The X-Twilio-Signature of these fields, for the URL that is configured at Twilio."""
        return str(RequestValidator(token or self.token).compute_signature(url, fields))

    def webhook(
        self, public_url: str, api: str, *, sender: str, body: str, sid: str = "", timeout: float = 15.0, **more: str
    ) -> httpx.Response:
        """An incoming SMS: signed for ``public_url``, sent to the process at ``api``. Twilio waits 15 s."""
        fields = {
            "MessageSid": sid or new_sid(),
            "SmsSid": "",
            "AccountSid": ACCOUNT,
            "From": sender,
            "To": SENDER,
            "Body": body,
            "NumMedia": "0",
            "NumSegments": "1",
            "ApiVersion": "2010-04-01",
            **more,
        }
        fields["SmsSid"] = fields["MessageSid"]
        path = "/channels/twilio/sms"
        signature = self.sign(public_url + path, fields)
        return httpx.post(api + path, data=fields, headers={"X-Twilio-Signature": signature}, timeout=timeout)

    def callback(self, text: Text, status: str, *, public_url: str, api: str, error: str = "") -> httpx.Response:
        """Tell us what became of a text, at the address that we gave when we sent it."""
        fields = {"MessageSid": text.sid, "MessageStatus": status, "To": text.to, "AccountSid": ACCOUNT}
        if error:
            fields["ErrorCode"] = error
        signature = self.sign(text.callback, fields)
        assert text.callback.startswith(public_url), text.callback
        url = api + text.callback.removeprefix(public_url)
        return httpx.post(url, data=fields, headers={"X-Twilio-Signature": signature}, timeout=60)

    # What we send Twilio.

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        fake = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True
            wbufsize = 64 * 1024  # an answer goes out whole, as a real server's does

            def do_POST(self) -> None:
                length = int(self.headers.get("Content-Length", "0"))
                raw = self.rfile.read(length).decode()
                if len(raw.encode()) < length:
                    self.close_connection = True  # the caller was killed while it spoke: nothing was asked of us
                    return
                form = dict(parse_qsl(raw, keep_blank_values=True))
                status, answer = fake.take(self.path, self.headers.get("Authorization", ""), form)
                if status == 0:
                    self.close_connection = True  # nothing is said: the caller sees a dropped connection
                    return
                if status < 0:
                    fake._silence.wait(60)  # accepted, and then silence
                    self.close_connection = True
                    return
                content = answer.encode()
                kind = "text/html" if answer.startswith("<") else "application/json"
                self.send_response(status)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def do_DELETE(self) -> None:
                self.send_response(fake.drop(self.path, self.headers.get("Authorization", "")))
                self.send_header("Content-Length", "0")
                self.end_headers()

            def do_GET(self) -> None:
                status, answer = fake.tell(self.path, self.headers.get("Authorization", ""))
                if status == 307:
                    self.send_response(status)
                    self.send_header("Location", str(answer))
                    self.send_header("Content-Length", "0")
                    self.end_headers()
                    return
                content = answer if isinstance(answer, bytes) else answer.encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *_: object) -> None:
                pass

        return Handler

    def take(self, path: str, authorization: str, form: dict[str, str]) -> tuple[int, str]:
        """Answer one call: (HTTP status, body); status 0 drops the connection, -1 never answers."""
        expected = "Basic " + base64.b64encode(f"{self.account}:{self.token}".encode()).decode()
        if authorization != expected:
            return self._problem(401, 20003, "Authenticate")
        if urlsplit(path).path != f"/2010-04-01/Accounts/{self.account}/Messages.json":
            return self._problem(404, 20404, f"The requested resource {path} was not found")
        wrong = form_problems(form)
        if wrong:
            return self._problem(400, 21601, "; ".join(wrong))
        with self.changed:
            kind = self._next_fault(form["To"])
            self.calls.append((form["To"], form["Body"], kind or "201"))
            if kind in ("", "lost"):
                canaries.add(form["Body"])
                text = Text(new_sid(), form["To"], form["Body"], form.get("StatusCallback", ""))
                self.texts.append(text)
            self.changed.notify_all()
        match kind:
            case "429":
                return 429, error_document(429, 20429, "Too Many Requests")
            case "500":
                return 500, error_document(500, 20500, "Internal server error")
            case "html":
                return 502, "<html><body><h1>502 Bad Gateway</h1></body></html>"
            case "21610":
                return 400, error_document(400, 21610, "Attempt to send to unsubscribed recipient")
            case "30006":
                return 400, error_document(400, 21614, "'To' number is not a valid mobile number")
            case "20003":
                return 401, error_document(401, 20003, "Authenticate")
            case "20005":
                return 401, error_document(401, 20005, "Account not active")
            case "21606":
                return 400, error_document(400, 21606, "The 'From' number is not a valid, message-capable number")
            case "403":
                return 403, error_document(403, 99999, "Forbidden")
            case "lost":
                return -1, ""
            case "drop":
                return 0, ""
        return 201, json.dumps(message_resource(text))

    def add_media(self, content: bytes | str, message: str) -> str:
        """A file that came with this message (a text instead: where Twilio leads on to); the address of it."""
        path = f"/2010-04-01/Accounts/{self.account}/Messages/{message}/Media/ME{uuid.uuid4().hex}"
        self.media[path] = content
        return f"https://api.twilio.com{path}"

    def drop(self, path: str, authorization: str) -> int:
        """Delete a file, as we asked; the status. Twilio's library names it with ".json"."""
        known = authorization == "Basic " + base64.b64encode(f"{self.account}:{self.token}".encode()).decode()
        return (204 if self.media.pop(path.removesuffix(".json"), None) is not None else 404) if known else 401

    def tell(self, path: str, authorization: str) -> tuple[int, str | bytes]:
        """What the account resource and its balance say; a file that came with a message."""
        expected = "Basic " + base64.b64encode(f"{self.account}:{self.token}".encode()).decode()
        if authorization != expected:
            return 401, error_document(401, 20003, "Authenticate")
        here = f"/2010-04-01/Accounts/{self.account}"
        if path == f"{here}.json":
            return 200, json.dumps({"sid": self.account, "status": self.status, "type": "Full"})
        if path == f"{here}/Balance.json":
            return 200, json.dumps({"account_sid": self.account, "balance": self.balance, "currency": "GBP"})
        if path in self.media:
            self.asked.append(path)
            content = self.media[path]
            return (307 if isinstance(content, str) else 200), content
        return self._problem(404, 20404, f"The requested resource {path} was not found")

    def _next_fault(self, to: str) -> str:
        for fault in self.faults:
            if fault.times > 0 and fault.to in ("", to):
                fault.times -= 1
                return fault.kind
        return ""

    def _problem(self, status: int, code: int, message: str) -> tuple[int, str]:
        self.problems.append(f"{status} {message}")
        return status, error_document(status, code, message)


def new_sid() -> str:
    """A message id in Twilio's form."""
    return "SM" + uuid.uuid4().hex


def error_document(status: int, code: int, message: str) -> str:
    """An error as Twilio's REST API writes it."""
    info = f"https://www.twilio.com/docs/errors/{code}"
    return json.dumps({"code": code, "message": message, "more_info": info, "status": status})


def message_resource(text: Text) -> dict[str, Any]:
    """The Message resource that answers a text which was taken."""
    uri = f"/2010-04-01/Accounts/{ACCOUNT}/Messages/{text.sid}"
    resource: dict[str, Any] = {
        "account_sid": ACCOUNT, "api_version": "2010-04-01", "body": text.body,
        "date_created": "Thu, 20 Nov 2026 10:00:00 +0000", "date_updated": "Thu, 20 Nov 2026 10:00:00 +0000",
        "date_sent": None, "direction": "outbound-api", "error_code": None, "error_message": None, "from": SENDER,
        "messaging_service_sid": None, "num_media": "0", "num_segments": "1", "price": None, "price_unit": "USD",
        "sid": text.sid, "status": "queued", "to": text.to, "uri": f"{uri}.json",
        "subresource_uris": {"media": f"{uri}/Media.json"},
    }  # fmt: skip
    return resource


@lru_cache(maxsize=1)
def _description() -> dict[str, Any] | None:
    return json.loads(_DESCRIPTION.read_text()) if _DESCRIPTION.exists() else None


def form_problems(form: dict[str, str]) -> list[str]:
    """What Twilio would not like about this call, by its own description of the resource and by its documentation."""
    wrong = [f"{name} is missing" for name in ("To", "Body") if not form.get(name)]
    if not (form.get("From") or form.get("MessagingServiceSid")):
        wrong.append("From or MessagingServiceSid is needed")
    if len(form.get("Body", "")) > 1600:
        wrong.append("Body is longer than 1600 characters")
    description = _description()
    if description is not None:
        post = description["paths"]["/2010-04-01/Accounts/{AccountSid}/Messages.json"]["post"]
        schema = post["requestBody"]["content"]["application/x-www-form-urlencoded"]["schema"]
        schema = {**schema, "additionalProperties": False, "components": description["components"]}
        wrong += [
            error.message.partition("'")[0] for error in jsonschema.Draft202012Validator(schema).iter_errors(form)
        ]
    return wrong
