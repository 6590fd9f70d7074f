"""Going through a site as somebody signed in: every page that links and the route table lead to, every form filled."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from urllib.parse import urljoin, urlsplit

from fastapi.testclient import TestClient

from api import clock
from tests.attacks.pages import Form, Page, hostile

#: Leaving is not a page, streams do not end; other weeks, phones and languages are pages that were read already.
NOT_VISITED = re.compile(
    r"/events\b|[?&](language|first|family|worker|page)=|/sign-out|/chat/exit|/chat/end|^/static/|\.ics$"
)
#: Of pages that differ in an id or a day only (a series has many) so many are looked at.
MOST_ALIKE = 8
_ID = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}|\d{4}-\d\d-\d\d")
MOST_PAGES = 250
_MARK = re.compile(r"xq(\d+)q")


@dataclass
class Walk:
    """What was seen: what broke out and where, which fields' words were on some page."""

    client: TestClient
    wrong: list[str] = field(default_factory=list)
    seen: set[int] = field(default_factory=set)
    pages: dict[str, Page] = field(default_factory=dict)

    def look(self, path: str, answer: Any) -> Page | None:
        """Read an answer; None where it is no page."""
        if answer.status_code >= 500:
            self.wrong.append(f"{path}: {answer.status_code}")
        if "text/html" not in answer.headers.get("content-type", ""):
            return None
        page = Page(answer.text)
        self.wrong += [f"{path}: {what}" for what in page.wrong]
        self.seen |= {int(number) for number in _MARK.findall(answer.text)}
        return page

    def visit(self, starts: Iterable[str], area: str) -> list[str]:
        """Every page that can be reached from these; returns their paths."""
        waiting, known, alike = list(starts), set(), Counter[str]()
        while waiting and len(known) < MOST_PAGES:
            path = waiting.pop(0)
            if path in known or alike[_ID.sub("*", path)] >= MOST_ALIKE:
                continue
            known.add(path)
            alike[_ID.sub("*", path)] += 1
            answer = self.client.get(path)
            page = self.look(path, answer)
            if page is None:
                continue
            self.pages[path] = page
            for link in page.links:
                parts = urlsplit(urljoin(path, link))
                there = parts.path + (f"?{parts.query}" if parts.query else "")
                if not parts.netloc and there.startswith(area) and not NOT_VISITED.search(there):
                    waiting.append(there)
        return sorted(self.pages)


def filled(form: Form, number: Callable[[str], int]) -> dict[str, str | list[str]]:
    """The form as somebody sends it who writes hostile words wherever words can be written."""
    tomorrow = (clock.now() + timedelta(days=1)).date().isoformat()
    plain = {
        "date": tomorrow,
        "time": "10:00",
        "datetime-local": f"{tomorrow}T10:00",
        "number": "7",
        "email": "somebody@example.net",
    }
    sent: dict[str, str | list[str]] = {}
    for one in form.fields:
        if one.kind == "hidden" or one.kind == "button":
            sent[one.name] = one.value
        elif one.kind == "select":
            chosen = [value for value, selected in one.choices if selected and value]
            sent[one.name] = (chosen or [value for value, _ in one.choices if value] or [""])[0]
        elif one.kind in ("checkbox", "radio"):
            if one.checked or (one.kind == "radio" and one.name not in sent):
                sent[one.name] = one.value or "on"
        elif one.kind == "file":
            continue  # files that are not what they say: tests/evidence/test_cleaning.py
        elif one.kind == "password":  # never shown again, so not counted among what should be seen
            sent[one.name] = "what somebody chose"
        elif one.name == "reference":  # signs of an id only: with others the form is refused, and shows nothing
            sent[one.name] = one.value or "R-1"
        elif one.kind == "tel":  # one number is one family's: another for each kind of form
            sent[one.name] = one.value or f"07700 900{900 + len(_ID.sub('*', form.action)) % 90}"
        elif one.kind in plain:
            sent[one.name] = one.value or plain[one.kind]
        else:
            sent[one.name] = hostile(number(f"{form.action} {one.name}"), one.longest)
    return sent
