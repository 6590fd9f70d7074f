"""Security headers on every answer, nothing personal in any cache, and no redirect that repeats a made-up Host.

A plain ASGI layer, so that streams (server-sent events) pass through as they come.
"""

from __future__ import annotations

from urllib.parse import urlsplit, urlunsplit

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.settings import settings

#: Where "Exit this page" goes: a neutral page that nobody wonders about.
EXIT_URL = "https://www.bbc.co.uk/weather"
_EXIT_SITE = "https://www.bbc.co.uk"


def content_security_policy() -> str:
    """Scripts, styles and pictures from here only, nothing inline. Only the demo may show our pages in frames."""
    frames = "'self'" if settings().demo else "'none'"
    return "; ".join(
        (
            "default-src 'none'",
            "script-src 'self'",
            "style-src 'self'",
            "img-src 'self'",
            "connect-src 'self'",
            f"frame-src {frames}",
            f"frame-ancestors {frames}",
            # The exit button works without scripts: a form whose answer leads to the neutral page.
            f"form-action 'self' {_EXIT_SITE}",
            "base-uri 'none'",
        )
    )


class SecurityHeaders:
    """Adds the headers to every response; ``Cache-Control: no-store`` unless the response says otherwise."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self.headers = {
            "Content-Security-Policy": content_security_policy(),
            "X-Content-Type-Options": "nosniff",
            "X-Frame-Options": "SAMEORIGIN" if settings().demo else "DENY",
            "Referrer-Policy": "no-referrer",
            "Permissions-Policy": "camera=(), microphone=(), geolocation=(), payment=(), usb=(), browsing-topics=()",
            "Cross-Origin-Opener-Policy": "same-origin",
            "Cross-Origin-Resource-Policy": "same-origin",
            "X-Robots-Tag": "noindex, nofollow",
        }
        if settings().https:
            self.headers["Strict-Transport-Security"] = "max-age=63072000; includeSubDomains"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        static = scope["path"].startswith("/static/")

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in self.headers.items():
                    headers.setdefault(name, value)
                # Style sheets are asked for again each time: a cached copy would show that somebody was here.
                headers.setdefault("Cache-Control", "no-cache" if static else "no-store")
                if "location" in headers:
                    headers["location"] = _without_host(headers["location"], scope)
            await send(message)

        await self.app(scope, receive, send_with_headers)


def _without_host(location: str, scope: Scope) -> str:
    """The router leads from "/chat/" on to "/chat" under the Host that the request named, which is the client's word:
    such an address becomes a path. Others are as they were."""
    named = dict(scope["headers"]).get(b"host", b"").decode("latin-1")
    parts = urlsplit(location)
    if not parts.netloc or parts.netloc != named:
        return location
    # Two slashes at the front would name a host again.
    return urlunsplit(("", "", "/" + parts.path.lstrip("/\\"), parts.query, parts.fragment))
