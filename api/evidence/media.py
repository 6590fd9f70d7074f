"""Fetches a file that came with a text, from Twilio and from nowhere else, and has it deleted there.

Promise: an address in a message is never asked. Of it only the media's id is taken, if the rest is Twilio's own form
for this very message of our account; the address asked is made anew of our settings and the ids. A redirect leads to
Twilio's own media hosts by https, at an address of the open internet, or nowhere; our credentials do not go along.
"""

from __future__ import annotations

import re
import time
from typing import Any, BinaryIO
from urllib.parse import urljoin, urlsplit

import httpx
import requests
from twilio.base.exceptions import TwilioException, TwilioRestException

from api.channels.twilio.client import REAL, the_client
from api.settings import settings
from api.webhooks import addresses

#: Seconds for each step, and for all of it.
TIMEOUT = 10.0
DEADLINE = 60.0
MOST_HOPS = 2
#: Where Twilio's API leads on to: hosts, and what their paths begin with.
MEDIA_HOSTS = {
    "media.twiliocdn.com": "/",
    "mms.twiliocdn.com": "/",
    "s3-external-1.amazonaws.com": "/media.twiliocdn.com/",
}
_PATH = re.compile(
    r"/2010-04-01/Accounts/(AC[0-9a-fA-F]{32})/Messages/((?:SM|MM)[0-9a-fA-F]{32})/Media/(ME[0-9a-fA-F]{32})"
)
_GONE = (404, 410)


class NotFetched(Exception):
    """It is not here. ``code`` says why: gone, too_large, elsewhere (it leads away from Twilio), status_503 and so on,
    timeout, no_answer. ``again``: another try may help."""

    def __init__(self, code: str, *, again: bool = True) -> None:
        super().__init__(code)
        self.code, self.again = code, again


def media_sid(url: str, message_sid: str) -> str | None:
    """The id of the media at this address, if it is Twilio's own address of a file of this message to our account."""
    try:
        parts = urlsplit(url)
        host = f"{parts.scheme}://{parts.netloc}"
    except ValueError:
        return None
    found = _PATH.fullmatch(parts.path)
    ours = found and (found[1], found[2]) == (settings().twilio_account, message_sid)
    if not ours or host not in (REAL, settings().twilio_rest) or parts.query or parts.fragment:
        return None
    return found[3] if found else None


def fetch(message: str, media: str, out: BinaryIO) -> None:
    """Write the file to ``out``. Raises NotFetched."""
    account = settings().twilio_account
    url = f"{settings().twilio_rest}/2010-04-01/Accounts/{account}/Messages/{message}/Media/{media}"
    asked: dict[str, Any] = {"url": url, "auth": (account, settings().twilio_tokens[0])}
    until = time.monotonic() + DEADLINE
    try:
        with httpx.Client(timeout=TIMEOUT, trust_env=False, follow_redirects=False) as client:
            for _ in range(MOST_HOPS + 1):
                asked["headers"] = {"accept-encoding": "identity", **asked.get("headers", {})}
                with client.stream("GET", **asked) as answer:
                    if not answer.is_redirect:
                        _take(answer, out, until)
                        return
                    asked = _next(url, answer.headers.get("location", ""))
                    url = asked.pop("said")
    except httpx.TimeoutException:
        raise NotFetched("timeout") from None
    except (httpx.HTTPError, httpx.InvalidURL, OSError, ValueError):
        raise NotFetched("no_answer") from None
    raise NotFetched("elsewhere", again=False)


def delete(message: str, media: str) -> bool:
    """Ask Twilio to delete its copy; whether it is gone. Never raises."""
    account = the_client().api.v2010.accounts(settings().twilio_account)
    try:
        return bool(account.messages(message).media(media).delete())
    except TwilioRestException as error:
        return error.status in _GONE
    except (requests.exceptions.RequestException, TwilioException, ValueError, KeyError, TypeError):
        return False


def _take(answer: httpx.Response, out: BinaryIO, until: float) -> None:
    if answer.status_code in _GONE:
        raise NotFetched("gone", again=False)
    if answer.status_code != 200:
        raise NotFetched(f"status_{answer.status_code}")
    size = 0
    for chunk in answer.iter_raw():
        size += len(chunk)
        if size > settings().evidence_limit:
            raise NotFetched("too_large", again=False)
        if time.monotonic() > until:
            raise NotFetched("timeout")
        out.write(chunk)


def _next(asked: str, location: str) -> dict[str, Any]:
    """What to ask after a redirect: the host at the address that was looked at, without our credentials. Raises
    NotFetched where it leads anywhere else."""
    said = urljoin(asked, location)
    try:
        parts = urlsplit(said)
        beginning = MEDIA_HOSTS.get(parts.hostname or "")
        plain = parts.scheme == "https" and parts.port in (None, 443) and parts.username is None
        if beginning is None or not plain or not parts.path.startswith(beginning) or "/.." in parts.path:
            raise NotFetched("elsewhere", again=False)
        host = parts.hostname or ""
        at = addresses.resolve(host, 443, private=False)
    except addresses.Refused as refused:
        raise NotFetched(refused.code) from None
    except ValueError:
        raise NotFetched("elsewhere", again=False) from None
    return {
        "said": said,
        "url": httpx.URL(said).copy_with(host=at),
        "headers": {"host": host},
        "extensions": {"sni_hostname": host},
    }
