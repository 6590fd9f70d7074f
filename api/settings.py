"""Every setting, read once from the environment; refuses to start when a secret is missing.

Promise: nothing else in the product reads the environment. In demo mode (no Twilio settings) secrets are made up under
``var/``, so that a newcomer needs none; outside demo mode each missing one is named.
"""

from __future__ import annotations

import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from contextlib import suppress
from email.utils import parseaddr
from functools import cached_property, lru_cache
from pathlib import Path
from urllib.parse import urlsplit

from pydantic import AliasChoices, Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

ROOT = Path(__file__).resolve().parent.parent
DATA = ROOT / "data"


#: Up to 14 days, or up to 48 hours.
_MOMENT = r"(?:(?:1[0-4]|[1-9])d|(?:[1-9]|[1-3]\d|4[0-8])h)"
#: This machine: what goes there needs no TLS.
LOOPBACK = ("127.0.0.1", "::1", "localhost")


#: So many characters a data key has at the least.
SHORTEST_KEY = 32
#: How many points the curve has on which such keys are (P-256): a private key is a smaller number.
_P256 = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551


class SettingsError(SystemExit):
    """Settings that cannot be worked with; the message says which and what to do."""


class Settings(BaseSettings):
    """The environment's names are contracts (README, "Settings"); the attribute is the name without its prefix."""

    model_config = SettingsConfigDict(env_prefix="HEARTHLINE_", extra="ignore", populate_by_name=True)

    database_url: str = ""
    public_url: str = ""
    port: int = 8000
    rasa_url: str = "http://127.0.0.1:5005"
    actions_url: str = "http://127.0.0.1:5055"
    #: The loopback port of the process that serves /assist alone; 0: the api process does that too.
    assist_port: int = 0
    secret_key: str = ""
    #: What people wrote is sealed in the database with the first of these (comma-separated) and opened with any.
    data_keys: str = ""
    var_dir: Path = ROOT / "var"
    #: A file that holds seconds to add to the real time: only demo mode and tests set it (api.clock).
    clock_file: Path | None = None
    #: Where the sentence encoder keeps what it made from its package; None: in the var folder.
    encoder: Path | None = None
    #: How long one turn may wait for Rasa, in seconds.
    rasa_timeout: float = 5.0
    #: At most so many bytes in a request's body.
    body_limit: int = 64 * 1024
    #: At most so many bytes where photos and documents are sent.
    evidence_limit: int = 15 * 1024 * 1024
    #: Where photos and documents are kept; None: in the var folder. All api and worker processes share it.
    evidence_dir: Path | None = None
    #: Must a program say by If-Match what it has seen of what it changes?
    if_match_required: bool = False
    worker_concurrency: int = 8
    #: Seconds between the worker's looks at what is due.
    tick_seconds: float = 1.0
    #: Thresholds of the safety screen, if not its file's; within that file's bounds (api.safety.thresholds).
    screen_thresholds: str = ""
    #: When people are reminded of an appointment, unless they chose otherwise (api.reminders.rules.parse).
    reminders: str = Field(default="3d,1d,2h", pattern=f"^(?:{_MOMENT}(?:,{_MOMENT}){{0,4}})?$")
    #: Seconds after which a worker process without heartbeat counts as dead.
    stalled_after: float = 15.0
    #: An outside watcher's address, asked each minute while work is being done (api.ops.heartbeat); it is a secret.
    heartbeat_url: str = ""
    #: Seconds between heartbeats.
    heartbeat_seconds: float = 60.0
    #: May webhooks go to addresses of a private network (an agency's own, on its premises), and there without TLS?
    webhooks_private: bool = False
    #: What Prometheus shows to read /metrics; empty: only programs on this machine may.
    metrics_token: str = ""
    #: The mail server: smtps://user:password@host:465 or smtp+starttls://...; empty: no e-mail.
    smtp_url: str = ""
    #: Whom such e-mail comes from: an address, perhaps with a name.
    mail_from: str = ""
    #: The same for e-mail to families, who may not want it to show whom they hear from; empty: that address alone.
    family_mail_from: str = ""
    #: The issuer of the agency's OpenID Connect provider, for signing in to the console; empty: passwords only.
    oidc_issuer: str = ""
    oidc_client_id: str = ""
    oidc_client_secret: str = ""
    #: What the provider is called on the button ("Sign in with ..."); empty: its host.
    oidc_label: str = Field(default="", max_length=60)
    #: The agency (its id in the import file) whose workers it may sign in; empty: the only one there is.
    oidc_agency: str = ""
    #: Do workers sign in there only, and with a password no more (but administrators)?
    oidc_only: bool = False
    #: Values of amr or acr by which the provider says that it asked for a second factor, with commas between them.
    oidc_second_factor: str = "mfa"
    #: The claim by which it says that it has made sure of the e-mail address.
    oidc_verified_claim: str = Field(default="email_verified", min_length=1)
    #: Are workers written to once a day when statutory dates come near or are late?
    date_messages: bool = True
    #: The key that push services know us by (VAPID): 32 random bytes as base64url; empty: no notes to browsers.
    vapid_key: str = ""
    #: Is whoever is expected at a review asked some days before whether there is something they want said?
    ask_for_views: bool = True
    #: Below this balance (in the account's currency) the status page warns.
    twilio_low_balance: float = 20.0
    #: Where the person who runs this installation can be reached by an unknown number (shown in replies), optional.
    twilio_account_sid: str = Field(default="", validation_alias=AliasChoices("TWILIO_ACCOUNT_SID"))
    twilio_auth_token: str = Field(default="", validation_alias=AliasChoices("TWILIO_AUTH_TOKEN"))
    twilio_from: str = Field(default="", validation_alias=AliasChoices("TWILIO_FROM"))
    twilio_messaging_service_sid: str = Field(default="", validation_alias=AliasChoices("TWILIO_MESSAGING_SERVICE_SID"))
    twilio_api_url: str = Field(default="", validation_alias=AliasChoices("TWILIO_API_URL"))

    @property
    def encoder_folder(self) -> Path:
        return self.encoder or self.var_dir / "encoder"

    @property
    def evidence_folder(self) -> Path:
        return self.evidence_dir or self.var_dir / "evidence"

    @property
    def demo(self) -> bool:
        """Demo mode: no Twilio account is set, so texts go to the simulated phones at /demo."""
        return not self.twilio_account_sid

    @property
    def mails(self) -> bool:
        """Is e-mail set up?"""
        return bool(self.smtp_url)

    @property
    def pushes(self) -> bool:
        """Can workers be told by a note to their browser?"""
        return self.demo or bool(self.vapid_key)

    @cached_property
    def vapid(self) -> str:
        """The private key for such notes, base64url."""
        return self.vapid_key or urlsafe_b64encode(bytes.fromhex(_kept_secret(self.var_dir, "vapid_key"))).decode()

    @property
    def base_url(self) -> str:
        """The public address without a trailing slash; Twilio's signatures are checked against it."""
        return (self.public_url or f"http://127.0.0.1:{self.port}").rstrip("/")

    @property
    def https(self) -> bool:
        return self.base_url.startswith("https://")

    @cached_property
    def key(self) -> str:
        """The secret that signs turn tokens, links and sessions."""
        return self.secret_key or _kept_secret(self.var_dir, "secret_key")

    @cached_property
    def data_secrets(self) -> list[str]:
        """The keys of what is stored, the one that new words are sealed with first (api.sealed). Raises SettingsError
        where there is none, or one too short.

        With the embedded database (and in the demo) one is made, and kept beside it; api.prepare says so.
        """
        given = [key.strip() for key in self.data_keys.split(",") if key.strip()]
        if not given and (self.demo or not self.database_url):
            given = [_kept_secret(self.var_dir, "data_key")]
        if not given or any(len(key) < SHORTEST_KEY for key in given):
            raise SettingsError(
                f"Hearthline cannot start: a key in HEARTHLINE_DATA_KEYS has at least {SHORTEST_KEY} characters.\n"
                "It seals what people write; make one with `openssl rand -hex 32`, and keep a copy apart from the\n"
                "backups: without it nobody can read them. README, section 8, says how to change it."
            )
        return given

    @cached_property
    def twilio_account(self) -> str:
        return self.twilio_account_sid or "AC" + "d" * 32

    @cached_property
    def twilio_tokens(self) -> list[str]:
        """The auth tokens that count, newest first: two while one is being rotated out."""
        given = [token.strip() for token in self.twilio_auth_token.split(",") if token.strip()]
        return given or [_kept_secret(self.var_dir, "demo_twilio_token")]

    @property
    def family_sender(self) -> str:
        """Whom e-mail to families comes from: no name but one that was chosen for them."""
        return self.family_mail_from or parseaddr(self.mail_from)[1]

    @property
    def twilio_sender(self) -> str:
        """The number that families text to."""
        return self.twilio_from or "+447700900000"

    @property
    def oidc_name(self) -> str:
        """What the provider is called on the button; "" where there is none."""
        return self.oidc_label.strip() or urlsplit(self.oidc_issuer).hostname or ""

    @property
    def oidc_two_factors(self) -> frozenset[str]:
        return frozenset(word.strip() for word in self.oidc_second_factor.split(",") if word.strip())

    @property
    def twilio_rest(self) -> str:
        """Where Twilio's REST API is: the real one, a test's fake, or the demo's simulated phones."""
        if self.twilio_api_url:
            return self.twilio_api_url.rstrip("/")
        return f"http://127.0.0.1:{self.port}/demo/twilio" if self.demo else "https://api.twilio.com"

    def check(self) -> None:
        """Refuse to start half-configured. Raises SettingsError naming each missing setting."""
        self._check_mail()
        self._check_provider()
        self._check_push()
        if self.demo:
            self._check_demo()
            _ = self.data_secrets
            return
        missing = []
        if not self.twilio_auth_token:
            missing.append("TWILIO_AUTH_TOKEN (the account's auth token; two, comma-separated, while rotating)")
        if not (self.twilio_from or self.twilio_messaging_service_sid):
            missing.append("TWILIO_FROM or TWILIO_MESSAGING_SERVICE_SID (what texts are sent from)")
        if len(self.secret_key) < 32:
            missing.append("HEARTHLINE_SECRET_KEY (at least 32 characters; try: openssl rand -hex 32)")
        if self.database_url and not self.data_keys.strip(" ,"):
            missing.append(
                "HEARTHLINE_DATA_KEYS (what people write is stored sealed with it; try: openssl rand -hex 32, and\n"
                "    keep a copy apart from the backups: without it nobody can read what it has sealed)"
            )
        if not self.public_url:
            missing.append("HEARTHLINE_PUBLIC_URL (the address that Twilio calls, such as https://help.example.org)")
        if missing:
            raise SettingsError(
                "Hearthline cannot start: TWILIO_ACCOUNT_SID is set, so this is not the demo, and these are missing:\n"
                + "\n".join(f"  - {line}" for line in missing)
            )
        _ = self.data_secrets

    def _check_demo(self) -> None:
        """A forgotten or mistyped account must not open the demo's doors over an agency's families."""
        given = {
            "TWILIO_AUTH_TOKEN": self.twilio_auth_token,
            "TWILIO_FROM": self.twilio_from,
            "TWILIO_MESSAGING_SERVICE_SID": self.twilio_messaging_service_sid,
        }
        if names := [name for name, value in given.items() if value]:
            raise SettingsError(
                f"Hearthline cannot start: {' and '.join(names)} {'is' if len(names) == 1 else 'are'} set, but\n"
                "TWILIO_ACCOUNT_SID is not. Set it; or, for the demo with simulated phones, set none of them."
            )

    def _check_mail(self) -> None:
        if not self.smtp_url:
            return
        try:
            url = urlsplit(self.smtp_url)
            host, plain, _ = url.hostname, url.scheme == "smtp", url.port
        except ValueError:
            host, plain, url = None, False, urlsplit("")
        here = host in LOOPBACK
        if not host or not (url.scheme in ("smtps", "smtp+starttls") or (plain and here)):
            raise SettingsError(
                "Hearthline cannot start: HEARTHLINE_SMTP_URL is not like smtps://user:password@host:465 or\n"
                "smtp+starttls://user:password@host:587 (unencrypted smtp:// is for a server on this machine only)."
            )
        if "@" not in self.mail_from or (self.family_mail_from and "@" not in self.family_mail_from):
            raise SettingsError(
                "Hearthline cannot start: HEARTHLINE_SMTP_URL is set, so HEARTHLINE_MAIL_FROM is needed too (the\n"
                "address that e-mail comes from)."
            )

    def _check_provider(self) -> None:
        begins = "Hearthline cannot start: "
        if not self.oidc_issuer:
            if self.oidc_only:
                raise SettingsError(f"{begins}HEARTHLINE_OIDC_ONLY is set, and HEARTHLINE_OIDC_ISSUER is not.")
            return
        try:
            url = urlsplit(self.oidc_issuer)
            host, _ = url.hostname, url.port
        except ValueError:
            url, host = urlsplit(""), None
        safe = url.scheme == "https" or (url.scheme == "http" and host in LOOPBACK)
        odd = url.query or url.fragment or url.username is not None or any(map(str.isspace, self.oidc_issuer))
        if not host or not safe or odd or not self.oidc_issuer.isascii():
            raise SettingsError(
                f"{begins}HEARTHLINE_OIDC_ISSUER is not like https://login.example.org/tenant (unencrypted http:// is\n"
                "for a provider on this machine only)."
            )
        if not self.oidc_client_id or not self.oidc_client_secret:
            raise SettingsError(
                f"{begins}HEARTHLINE_OIDC_ISSUER is set, so HEARTHLINE_OIDC_CLIENT_ID and\n"
                "HEARTHLINE_OIDC_CLIENT_SECRET are needed too (the provider gives them when it is told of Hearthline)."
            )

    def _check_push(self) -> None:
        key = self.vapid_key
        try:
            raw = urlsafe_b64decode(key + "=" * (-len(key) % 4)) if key.isascii() else b""
            good = not key or (len(raw) == 32 and 0 < int.from_bytes(raw) < _P256)
        except ValueError:
            good = False
        if not good:
            raise SettingsError(
                "Hearthline cannot start: HEARTHLINE_VAPID_KEY is not 32 random bytes as base64url. To make one:\n"
                "openssl rand -base64 32 | tr '+/' '-_' | tr -d '='"
            )


def _kept_secret(folder: Path, name: str) -> str:
    """A random secret made once and kept in a file only its owner can read (api.prepare says so where it matters)."""
    path = folder / name
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        fresh = path.with_suffix(f".{secrets.token_hex(4)}")
        fresh.touch(mode=0o600)
        fresh.write_text(secrets.token_hex(32))
        with suppress(FileExistsError):  # the first process to get here wins, the others read what it wrote
            path.hardlink_to(fresh)
        fresh.unlink()
    return path.read_text().strip()


@lru_cache(maxsize=1)
def settings() -> Settings:
    """The settings of this process. Raises SettingsError naming each one that is not what it should be."""
    try:
        return Settings()
    except ValidationError as error:
        wrong = [f"  - {_variable(part['loc'])}: {part['msg'].lower()}" for part in error.errors(include_input=False)]
        raise SettingsError("Hearthline cannot start: these settings are wrong:\n" + "\n".join(wrong)) from None


def _variable(place: tuple[int | str, ...]) -> str:
    """The environment variable of a field."""
    name = str(place[0]) if place else ""
    return name.upper() if name.upper().startswith(("TWILIO_", "HEARTHLINE_")) else f"HEARTHLINE_{name.upper()}"
