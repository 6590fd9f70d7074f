"""A mail server for tests: a real SMTP server (aiosmtpd) in a thread, that can refuse, put off, hang and drop."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import Message
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, Envelope, LoginPassword, Session

from tests.harness import canaries

#: What ``fail`` can do: a refusal or a "later" to the address, a refusal of the mail itself, silence after the mail was
#: handed over, a dropped connection before and after that.
FAULTS = {"550": "550 5.1.1 no such mailbox", "451": "451 4.3.0 try again later", "554": "554 5.7.1 not wanted"}
ACTS = ("hang", "drop", "drop_after")
USER, PASSWORD = "hearthline", "p:ss/w@rd of the mail server"


@dataclass
class FakeMail:
    """``url`` is what HEARTHLINE_SMTP_URL is set to; ``mails`` what arrived, in order."""

    password: bool = False
    #: For STARTTLS; with ``at_once`` for TLS from the first byte.
    tls: Any = None
    at_once: bool = False
    #: How often somebody gave a name and password, right or wrong.
    logins: int = 0
    mails: list[Message] = field(default_factory=list)
    #: How many mails were handed over to us, those that met a fault too.
    tries: int = 0
    #: Called when a mail is handed over, before anything is said to it.
    looks: list[Callable[[], None]] = field(default_factory=list)
    _faults: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        secured = {"authenticator": self._knows, "auth_required": True, "auth_require_tls": False}
        more = secured if self.password else {}
        secure = {"ssl_context" if self.at_once else "tls_context": self.tls}
        self._controller = Controller(self, hostname="127.0.0.1", port=0, **secure, **more)
        self._controller.ready_timeout = 20
        # Port 0 cannot be asked for by name: the controller tries to connect to it, so it gets a free one.
        from tests.harness.processes import free_port

        self._controller.port = free_port()
        self._controller.start()

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self._controller.port}"

    @property
    def port(self) -> int:
        return int(self._controller.port)

    def stop(self) -> None:
        self._controller.stop(no_assert=True)

    def fail(self, kind: str, times: int = 1) -> None:
        """The next mails meet this fault."""
        assert kind in FAULTS or kind in ACTS
        self._faults += [kind] * times

    def _knows(self, _server: Any, _session: Any, _envelope: Any, _mechanism: str, given: Any) -> AuthResult:
        self.logins += 1
        good = isinstance(given, LoginPassword) and (given.login, given.password) == (USER.encode(), PASSWORD.encode())
        return AuthResult(success=good, handled=good)

    async def handle_RCPT(
        self, server: Any, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if self._faults and self._faults[0] in ("550", "451"):
            return FAULTS[self._faults.pop(0)]
        if self._faults and self._faults[0] == "drop":
            self._faults.pop(0)
            server.transport.abort()
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Session, envelope: Envelope) -> str:
        self.tries += 1
        handed = envelope.original_content or b""
        assert b"\n" not in handed.replace(b"\r\n", b""), "a bare LF: many servers refuse that (RFC 5321, 2.3.8)"
        for look in self.looks:
            await asyncio.to_thread(look)
        fault = self._faults.pop(0) if self._faults else ""
        if fault == "hang":
            await asyncio.sleep(30)
        if fault == "drop_after":
            server.transport.abort()
        if fault in FAULTS:
            return FAULTS[fault]
        if not fault:
            content = envelope.content
            mail = message_from_bytes(content if isinstance(content, bytes) else str(content).encode())
            canaries.add(str(mail["To"]))
            self.mails.append(mail)
        return "250 OK"
