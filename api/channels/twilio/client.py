"""Sends one SMS through Twilio's REST API (the ``twilio`` package) and says what is known of the outcome.

``TWILIO_API_URL`` says where the API is: the real one, the demo's simulated phones, or a test's fake.
"""

from __future__ import annotations

import uuid
from functools import lru_cache
from typing import Any
from urllib.parse import urlencode

import requests
from requests.structures import CaseInsensitiveDict
from twilio.base.exceptions import TwilioException, TwilioRestException
from twilio.http.http_client import TwilioHttpClient
from twilio.http.response import Response
from twilio.rest import Client
from urllib3.exceptions import ConnectTimeoutError, NewConnectionError

from api.channels.outcome import Outcome
from api.channels.twilio import faults
from api.settings import settings
from api.whole_requests import Adapter

REAL = "https://api.twilio.com"
FORM = "application/x-www-form-urlencoded"
TIMEOUT_SECONDS = 10.0
_TRY_LATER = (429, 503)


class _Http(TwilioHttpClient):
    """Twilio's own HTTP client, sent to the configured address."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.session.mount("https://", Adapter())
        self.session.mount("http://", Adapter())

    def request(
        self, method: str, url: str, params: Any = None, data: Any = None, headers: Any = None, auth: Any = None,
        timeout: float | None = None, allow_redirects: bool = False,
    ) -> Response:  # fmt: skip
        url = url.replace(REAL, settings().twilio_rest, 1)
        if method.upper() == "POST" and auth and not params and headers.get("Content-Type") == FORM:
            return self._post(url, data or {}, headers, auth)
        return super().request(method, url, params, data, headers, auth, timeout, allow_redirects)

    def _post(self, url: str, form: dict[str, Any], headers: dict[str, str], auth: tuple[str, str]) -> Response:
        """A form, without what ``requests`` looks for anew with each (cookies, .netrc, redirects, the environment's
        proxies): half of a text's cost. Raises requests' errors."""
        request = requests.PreparedRequest()
        request.method, request.url = "POST", url
        request.body = urlencode({name: value for name, value in form.items() if value is not None}, doseq=True)
        request.headers = CaseInsensitiveDict(headers)
        request.prepare_auth(auth)  # which says how long the body is, too
        answer = self.session.get_adapter(url).send(request, timeout=self.timeout, **self._surroundings(url))
        return Response(answer.status_code, answer.text, answer.headers)

    @lru_cache(maxsize=8)  # noqa: B019 (one client a process)
    def _surroundings(self, url: str) -> dict[str, Any]:
        """The environment's proxies and certificates for this address."""
        return dict(self.session.merge_environment_settings(url, {}, False, None, None))


@lru_cache(maxsize=1)
def _client() -> Client:
    http = _Http(timeout=TIMEOUT_SECONDS, max_retries=0)
    http.logger.disabled = True  # it would log bodies and numbers
    return Client(settings().twilio_account, settings().twilio_tokens[0], http_client=http)


def the_client() -> Client:
    """Twilio's client with our credentials, sent to the configured address."""
    return _client()


def send(to: str, body: str, *, callback_for: uuid.UUID) -> Outcome:
    """Ask Twilio to send ``body`` to ``to`` (E.164); status callbacks will name ``callback_for``. Never raises."""
    sender = (
        {"messaging_service_sid": settings().twilio_messaging_service_sid}
        if settings().twilio_messaging_service_sid
        else {"from_": settings().twilio_sender}
    )
    callback = f"{settings().base_url}/channels/twilio/status?message={callback_for}"
    try:
        message = _client().messages.create(to=to, body=body, status_callback=callback, **sender)
    except TwilioRestException as error:
        return _refusal(error)
    except requests.exceptions.RequestException as error:
        return Outcome("retry" if _never_sent(error) else "uncertain", error=type(error).__name__)
    except (TwilioException, ValueError, KeyError, TypeError) as error:
        return Outcome("uncertain", error=type(error).__name__)  # an answer nobody can read
    return Outcome("accepted", provider_id=message.sid) if message.sid else Outcome("uncertain", error="no sid")


def _refusal(error: TwilioRestException) -> Outcome:
    code = str(error.code or error.status)
    if error.status in _TRY_LATER or faults.try_again(code):
        return Outcome("retry", error=code)
    if str(error.status) in faults.ACCOUNT and code != faults.OPTED_OUT:
        return Outcome("retry", error=str(error.status))  # a code of its kind that nobody here knows yet
    if error.status >= 500:
        # Twilio's own error document (it has a code) says that no message was made; a gateway's page says nothing.
        # The library puts the status where there is no code.
        return Outcome("retry" if error.code not in (None, error.status) else "uncertain", error=code)
    return Outcome("refused", error=code)


def _never_sent(error: requests.exceptions.RequestException) -> bool:
    """Did the connection fail before anything was sent?"""
    cause = error.args[0] if error.args else None
    reason = getattr(cause, "reason", cause)
    return isinstance(error, requests.exceptions.ConnectTimeout) or isinstance(
        reason, NewConnectionError | ConnectTimeoutError
    )
