"""What may be fifteen megabytes is read for somebody who may send it, and for nobody else."""

from __future__ import annotations

from typing import Any

import pytest
from fastapi.testclient import TestClient

from api.access import service as access
from api.access.guards import CHAT_COOKIE
from api.channels.webchat.plan_routes import UPLOAD
from tests.evidence import files
from tests.evidence.test_links import kept
from tests.harness import loops
from tests.small_town import Town

PART = b"x" * 65536


def post(client: TestClient, cookie: str, **headers: str) -> tuple[int, int]:
    """Send a file that goes on and on, as a browser with this cookie: the answer, and how much of it was read."""
    first = (
        b'--x\r\nContent-Disposition: form-data; name="form_token"\r\n\r\n'
        + access.form_token(cookie).encode()
        + b'\r\n--x\r\nContent-Disposition: form-data; name="file"; filename="a.jpg"\r\n\r\n'
    )
    parts, answers, read = [first, *[PART] * 40], [], 0

    async def receive() -> dict[str, Any]:
        nonlocal read
        body = parts.pop(0) if parts else b""
        read += len(body)
        return {"type": "http.request", "body": body, "more_body": bool(parts)}

    async def send(message: dict[str, Any]) -> None:
        if message["type"] == "http.response.start":
            answers.append(message["status"])

    given = {"content-type": "multipart/form-data; boundary=x", "cookie": f"{CHAT_COOKIE}={cookie}", **headers}
    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "POST", "scheme": "http",
        "path": UPLOAD, "raw_path": UPLOAD.encode(), "query_string": b"", "root_path": "",
        "headers": [(name.encode(), value.encode()) for name, value in {"host": "testserver", **given}.items()],
        "client": ("127.0.0.1", 1), "server": ("testserver", 80),
    }  # fmt: skip
    loops.run(client.app(scope, receive, send))  # type: ignore[arg-type]
    return answers[0], read


def test_a_file_with_the_cookie_of_no_chat_is_not_read(client: TestClient, town: Town) -> None:
    assert post(client, "made-up") == (303, 0)


def test_a_file_of_somebody_who_chats_without_a_name_is_not_read(client: TestClient, town: Town) -> None:
    assert post(client, town.chatting()[0][CHAT_COOKIE]) == (404, 0)


def test_a_file_that_another_sites_page_sends_is_not_read(client: TestClient, town: Town) -> None:
    cookie = town.chatting(town.mine.parent)[0][CHAT_COOKIE]
    assert post(client, cookie, **{"sec-fetch-site": "cross-site"}) == (403, 0)


@pytest.mark.parametrize("what", ["files", "fields"])
def test_a_form_of_too_many_parts_is_refused(client: TestClient, town: Town, what: str) -> None:
    cookies, _ = town.chatting(town.mine.parent)
    client.cookies.update(cookies)
    form: dict[str, Any] = town.form(cookies)
    given = [("file", ("a.jpg", files.jpeg()))] * (41 if what == "files" else 1)
    if what == "fields":
        form |= {f"f{n}": "x" for n in range(41)}
    assert client.post(UPLOAD, data=form, files=given).status_code == 400
    assert kept() == []
