"""A page as a browser reads it: its tags, attributes, links and forms, and what of it should not be there."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import urlsplit

#: Inside a page's text this cannot be seen; as soon as one sign of it is not escaped, it breaks out of something.
TEMPLATE = "{{'zq'*3}}"
#: No id or token, which are of hexadecimal signs, has it by chance.
TEMPLATE_RAN = "zqzqzq"
RAN = "hearthlineXssRan"
#: Where links may lead: to us, to a phone, to an authenticator app, to somebody's page over https.
SCHEMES = {"", "http", "https", "tel", "mailto", "otpauth"}
LINKING = {"href", "src", "action", "formaction", "data", "poster", "srcset", "xlink:href"}


def hostile(number: int, longest: int = 10_000) -> str:
    """Words that try to break out of wherever they stand; ``number`` says which field it was."""
    mark = f"xq{number}q"
    whole = (
        f"{mark}'\"><xss onpointerover=1 xssattr></textarea></title></option></select>"
        f"<script>window.{RAN}=1</script><img src=x onerror=window.{RAN}=1>{TEMPLATE}"
    )
    short = f"{mark}'\"><xss>"
    return whole if longest >= len(whole) else short if longest >= len(short) else "'\"><xss>"[:longest]


@dataclass
class Form:
    """A form as a browser would send it: (name, type, value, maxlength, choices) of each field."""

    action: str
    method: str
    fields: list[Field] = field(default_factory=list)


@dataclass
class Field:
    name: str
    kind: str
    value: str = ""
    longest: int = 10_000
    checked: bool = False
    choices: list[tuple[str, bool]] = field(default_factory=list)


class Page(HTMLParser):
    """Parsed when made. ``wrong`` says what broke out; ``links`` and ``forms`` are where one can go on from here."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.wrong: list[str] = []
        self.links: list[str] = []
        self.forms: list[Form] = []
        self._form: Form | None = None
        self._select: Field | None = None
        self._textarea: Field | None = None
        self._script = False
        self.text = ""
        self.feed(html)
        self.close()
        if TEMPLATE_RAN in html:
            self.wrong.append("a template ran what somebody wrote")

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "xss" or "xss" in given.get("id", "") or (tag == "img" and given.get("src") == "x"):
            self.wrong.append(f"a tag of theirs: <{tag}>")
        if tag in ("iframe", "object", "embed", "base") and not given.get("src", "").startswith("/"):
            self.wrong.append(f"<{tag}>")
        self._script = tag == "script"
        if tag == "script" and not given.get("src", "").startswith("/static/"):
            self.wrong.append("a script that is not a file of ours")
        for name, value in given.items():
            if (
                name.startswith(("on", "xss", "style", "srcdoc"))
                or not name.replace("-", "").replace(":", "").isalnum()
            ):
                self.wrong.append(f"<{tag} {name}>")
            if name in LINKING and urlsplit(value.strip()).scheme.lower() not in SCHEMES:
                self.wrong.append(f"<{tag} {name}> leads to {value[:20]}")
        self._collect(tag, given)

    def _collect(self, tag: str, given: dict[str, str]) -> None:
        if tag == "a" and given.get("href"):
            self.links.append(given["href"])
        elif tag == "form":
            self._form = Form(given.get("action", ""), given.get("method", "get").lower())
            self.forms.append(self._form)
        elif self._select is not None and tag == "option":
            self._select.choices.append((given.get("value", ""), "selected" in given))
        elif self._form is not None and tag in ("input", "textarea", "select", "button") and "name" in given:
            kind = given.get("type", "text") if tag == "input" else tag
            made = Field(
                given["name"],
                kind,
                given.get("value", ""),
                int(given.get("maxlength", 10_000)),
                "checked" in given,
            )
            self._form.fields.append(made)
            self._select = made if tag == "select" else None
            self._textarea = made if tag == "textarea" else None

    def handle_endtag(self, tag: str) -> None:
        self._script = False
        if tag == "form":
            self._form = None
        elif tag == "select":
            self._select = None
        elif tag == "textarea":
            self._textarea = None

    def handle_data(self, data: str) -> None:
        self.text += data
        if self._script and data.strip():
            self.wrong.append("a script inside the page")
        if self._textarea is not None:
            self._textarea.value += data

    def handle_comment(self, data: str) -> None:
        if "xq" in data:
            self.wrong.append("what somebody wrote is in a comment")
