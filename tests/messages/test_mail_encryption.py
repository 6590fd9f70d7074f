"""E-mail over TLS, with a real handshake: given to the server whose certificate is its own, and to no other."""

from __future__ import annotations

import ssl
import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import quote

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from api.channels.mail import client
from api.settings import settings
from tests.harness.mail import PASSWORD, USER, FakeMail

Server = Callable[..., FakeMail]
SCHEMES = ("smtps", "smtp+starttls")


def certificate(folder: Path, name: str, days: int) -> Path:
    """A certificate for this name, signed by itself, with its key in one file."""
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    made = x509.CertificateBuilder().subject_name(subject).issuer_name(subject).public_key(key.public_key())
    made = made.add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
    made = made.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    made = made.serial_number(x509.random_serial_number())
    made = made.not_valid_before(now - timedelta(days=9)).not_valid_after(now + timedelta(days=days))
    pem, secret = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    path = folder / f"{name}-{days}.pem"
    content = made.sign(key, hashes.SHA256()).public_bytes(pem)
    path.write_bytes(content + key.private_bytes(pem, secret, serialization.NoEncryption()))
    return path


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """A mail server that this process is told to send to as ``localhost``."""
    started: list[FakeMail] = []

    def start(scheme: str, name: str = "localhost", days: int = 9, *, trusted: bool = True) -> FakeMail:
        path = certificate(tmp_path, name, days)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(path)
        post = FakeMail(password=True, tls=context, at_once=scheme == "smtps")
        started.append(post)
        trust = path if trusted else certificate(tmp_path, "somebody-else", 9)
        monkeypatch.setenv("SSL_CERT_FILE", str(trust))
        url = f"{scheme}://{USER}:{quote(PASSWORD, safe='')}@localhost:{post.port}"
        monkeypatch.setattr(settings(), "smtp_url", url)
        monkeypatch.setattr(settings(), "mail_from", "Hearthline <help@hearthline.example>")
        return post

    yield start
    for post in started:
        post.stop()


def send() -> tuple[str, str]:
    outcome = client.send("amara@council.example", "12: please look\nhttp://testserver/e/12", message_id=uuid.uuid4())
    return outcome.result, outcome.error


@pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS")
@pytest.mark.parametrize("scheme", SCHEMES)
def test_a_mail_goes_over_tls_to_the_server_whose_certificate_is_its_own(server: Server, scheme: str) -> None:
    post = server(scheme)
    assert send() == ("accepted", "")
    assert len(post.mails) == post.logins == 1 and post.mails[0]["Subject"] == "12: please look"


@pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS")
@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize(
    ("name", "days", "trusted"),
    [("mail.other.example", 9, True), ("localhost", -1, True), ("localhost", 9, False)],
    ids=["another-name", "run-out", "nobodys"],
)
def test_a_wrong_certificate_gets_neither_the_mail_nor_the_password(
    server: Server, scheme: str, name: str, days: int, trusted: bool
) -> None:
    post = server(scheme, name, days, trusted=trusted)
    assert send() == ("retry", "SSLCertVerificationError")
    assert (post.tries, post.logins, post.mails) == (0, 0, [])


@pytest.mark.parametrize("scheme", SCHEMES)
def test_a_server_that_does_not_speak_tls_is_given_nothing(scheme: str, monkeypatch: pytest.MonkeyPatch) -> None:
    plain = FakeMail()
    try:
        monkeypatch.setattr(client, "TIMEOUT_SECONDS", 2.0)
        monkeypatch.setattr(settings(), "smtp_url", f"{scheme}://{USER}:x@localhost:{plain.port}")
        monkeypatch.setattr(settings(), "mail_from", "help@hearthline.example")
        assert send()[0] != "accepted"
        assert (plain.tries, plain.logins) == (0, 0)
    finally:
        plain.stop()
