"""Sends one e-mail by SMTP (the standard library's) and says what is known of the outcome.

Workers get the reference and the link of an escalation, never a word of the case; families what a text would say
(api.messages.letters). The server and its
password come from HEARTHLINE_SMTP_URL; nothing of them, of the address or of the words stands in a log or an error.
"""

from __future__ import annotations

import contextlib
import smtplib
import ssl
import uuid
from collections.abc import Sequence
from dataclasses import replace
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, parseaddr
from urllib.parse import unquote, urlsplit

from api import clock
from api.channels.outcome import Outcome
from api.settings import settings

#: For each answer of the server.
TIMEOUT_SECONDS = 10.0
#: SMTP's own: from here on it is no, and will be (RFC 5321, 4.2.1).
PERMANENT = 500


class _Said(Exception):
    """The server's answer is not the one that was needed."""

    def __init__(self, code: int) -> None:
        super().__init__(str(code))
        self.code = code


def send(to: str, body: str, *, message_id: uuid.UUID, headers: Sequence[tuple[str, str]] = ()) -> Outcome:
    """Send ``body`` (its first line is the subject) to one address; a second try has the same Message-ID. ``headers``
    beside the usual ones. Never raises."""
    handed_over = asked_for = False
    smtp: smtplib.SMTP | None = None
    try:
        content = _message(to, body, message_id, headers).as_bytes(policy=SMTP)  # a bare LF many servers refuse
        smtp = _connected()
        smtp.ehlo_or_helo_if_needed()
        _wanted(smtp.mail(parseaddr(settings().mail_from)[1]), 250)
        asked_for = True
        _wanted(smtp.rcpt(to), 250, 251)
        handed_over = True
        _wanted(smtp.data(content), 250)
    except _Said as error:
        return replace(_answered(error.code), wrong_address=asked_for and not handed_over and error.code >= PERMANENT)
    except smtplib.SMTPResponseException as error:  # to the greeting, STARTTLS, the password, DATA
        return _answered(error.smtp_code)
    except smtplib.SMTPNotSupportedError as error:
        return Outcome("refused", error=type(error).__name__)
    except (OSError, smtplib.SMTPException) as error:  # hung, dropped, not there
        return Outcome("uncertain" if handed_over else "retry", error=type(error).__name__)
    except ValueError as error:  # an address or a subject that cannot be written
        return Outcome("refused", error=type(error).__name__)
    finally:
        _left(smtp)
    return Outcome("accepted")


def _message(to: str, body: str, message_id: uuid.UUID, headers: Sequence[tuple[str, str]]) -> EmailMessage:
    subject, _, words = body.partition("\n")
    sender = parseaddr(settings().mail_from)[1]
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = settings().mail_from, to, subject.strip()
    message["Date"] = format_datetime(clock.now())
    message["Message-ID"] = f"<{message_id}@{sender.rpartition('@')[2]}>"
    message["Auto-Submitted"] = "auto-generated"  # nobody's holiday answer comes back (RFC 3834)
    for name, value in headers:
        del message[name]
        message[name] = value
    message.set_content(words.strip() + "\n")
    return message


def _connected() -> smtplib.SMTP:
    """Connected, encrypted and signed in, as the settings say."""
    url = urlsplit(settings().smtp_url)
    host, tls = url.hostname or "", ssl.create_default_context()
    smtp: smtplib.SMTP
    if url.scheme == "smtps":
        smtp = smtplib.SMTP_SSL(host, url.port or 465, timeout=TIMEOUT_SECONDS, context=tls)
    else:
        smtp = smtplib.SMTP(host, url.port or 587, timeout=TIMEOUT_SECONDS)
    try:
        if url.scheme == "smtp+starttls":
            smtp.starttls(context=tls)
        if url.username:
            smtp.login(unquote(url.username), unquote(url.password or ""))
    except BaseException:
        _left(smtp)
        raise
    return smtp


def _wanted(answer: tuple[int, bytes], *codes: int) -> None:
    if answer[0] not in codes:
        raise _Said(answer[0])


def _answered(code: int) -> Outcome:
    return Outcome("refused" if code >= PERMANENT else "retry", error=str(code))


def _left(smtp: smtplib.SMTP | None) -> None:
    """Good-bye; what the server says to it changes nothing."""
    if smtp is not None:
        with contextlib.suppress(OSError, smtplib.SMTPException):
            if smtp.sock is not None:
                smtp.sock.settimeout(1.0)
                smtp.quit()
        smtp.close()
