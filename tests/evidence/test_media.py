"""A photo that came with a text: fetched from Twilio and nowhere else, kept once, answered, and deleted there."""

from __future__ import annotations

import io
import socket
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select, update

from api import clock
from api.database import reading, transaction
from api.evidence import fetching, media, sealing
from api.evidence.models import MediaFetch
from api.families.models import ContactPoint, Person
from api.messages import inbox
from api.messages.models import Conversation, InboundMessage, OutboundMessage
from api.settings import settings
from tests.attacks.test_addresses import listener
from tests.evidence import files
from tests.evidence.test_links import kept, on_disk
from tests.harness.twilio import FakeTwilio, new_sid
from tests.messages.conftest import twilio
from tests.small_town import Town

__all__ = ["listener", "twilio"]

ACCOUNT, MESSAGE, MEDIA = "AC" + "d" * 32, "MM" + "1" * 32, "ME" + "2" * 32
GOOD = f"/2010-04-01/Accounts/{ACCOUNT}/Messages/{MESSAGE}/Media/{MEDIA}"


def text(town: Town, twilio: FakeTwilio, *contents: bytes | str, body: str = "", address: str = "") -> str:
    """A text with files, as Twilio tells of it; its id."""
    sid = new_sid()
    given = [{"url": twilio.add_media(one, sid), "content_type": "image/png"} for one in contents]
    inbox.accept(
        channel="sms", external_id=sid, address=address or town.mine.conversation.address, body=body, media=given
    )
    return sid


def message(sid: str) -> InboundMessage:
    with reading() as session:
        return session.scalars(select(InboundMessage).filter_by(external_id=sid)).one()


def replies(sid: str) -> list[str]:
    with reading() as session:
        query = select(OutboundMessage.body).filter_by(in_reply_to=message(sid).id).order_by(OutboundMessage.seq)
        return list(session.scalars(query))


def fetches() -> list[tuple[str, str]]:
    with reading() as session:
        rows = session.execute(select(MediaFetch.state, MediaFetch.problem).order_by(MediaFetch.part))
        return [(row[0], row[1]) for row in rows]


def later() -> None:
    clock.move(timedelta(hours=4))


def test_a_photo_without_words_is_kept_answered_and_deleted_at_twilio(
    client: TestClient, town: Town, twilio: FakeTwilio, folder: Path
) -> None:
    sid = text(town, twilio, files.jpeg(), files.pdf())
    assert (message(sid).state, message(sid).flag) == ("unanswered", "flag.media"), "until it is here, a worker sees it"
    assert fetching.fetch_media() == 2
    rows = kept()
    assert [(row.way, row.part, row.person_id) for row in sorted(rows, key=lambda row: row.part or 0)] == [
        ("text", 0, town.mine.parent.id), ("text", 1, town.mine.parent.id),
    ]  # fmt: skip
    assert on_disk(folder) == {row.sha256 for row in rows}
    assert files.SECRET.encode() not in b"".join(sealing.read(row.sha256) for row in rows)
    assert (message(sid).state, message(sid).flag) == ("answered", "")
    assert replies(sid) == ["Thank you, it has arrived and will be looked at."], "once"
    assert twilio.media == {} and fetches() == [("done", ""), ("done", "")]
    client.cookies.update(town.signed_in(town.worker))
    page = client.get(f"/console/conversations/{town.mine.conversation.id}").text
    assert all(f'href="/console/evidence/{row.id}"' in page for row in rows)
    assert fetching.fetch_media() == 0


def test_whoever_asked_for_no_texts_hears_nothing_of_a_photo(town: Town, twilio: FakeTwilio) -> None:
    with transaction() as session:
        session.execute(update(Person).where(Person.id == town.mine.parent.id).values(phone_seen_by="his phone too"))
        session.get_one(Conversation, town.mine.conversation.id).hushed_at = clock.now()
    later()
    sid = text(town, twilio, files.jpeg())
    fetching.fetch_media()
    assert replies(sid) == [] and hushed_still(town)


def hushed_still(town: Town) -> bool:
    with reading() as session:
        return session.get_one(Conversation, town.mine.conversation.id).hushed_at is not None


def test_words_beside_a_photo_are_answered_as_ever(town: Town, twilio: FakeTwilio) -> None:
    sid = text(town, twilio, files.jpeg(), body="here is my certificate")
    assert message(sid).state == "queued", "a turn will answer them"
    fetching.fetch_media()
    assert message(sid).state == "queued" and len(kept()) == 1


def test_danger_in_the_words_is_told_whatever_comes_with_them(town: Town, twilio: FakeTwilio) -> None:
    sid = text(town, twilio, files.jpeg(), body="help he has got a knife")
    with reading() as session:
        assert session.scalars(select(InboundMessage.safety_kind).filter_by(external_id=sid)).one() != "none"
    assert any("999" in body for body in replies(sid))


@pytest.mark.parametrize(
    "url",
    [
        f"https://evil.example{GOOD}",
        f"http://api.twilio.com{GOOD}",
        f"https://api.twilio.com.evil.example{GOOD}",
        f"https://api.twilio.com@evil.example{GOOD}",
        f"https://user:word@api.twilio.com{GOOD}",
        f"https://api.twilio.com:8443{GOOD}",
        f"https://api.twilio.com{GOOD}?x=1",
        f"https://api.twilio.com{GOOD}/../../../x",
        f"https://api.twilio.com{GOOD}.json",
        f"https://api.twilio.com//evil.example{GOOD}",
        "https://api.twilio.com" + GOOD.replace("d" * 32, "e" * 32),
        "https://api.twilio.com" + GOOD.replace("MM" + "1" * 32, "MM" + "3" * 32),
        "https://api.twilio.com" + GOOD.replace("ME" + "2" * 32, "ME" + "2" * 31 + "%2f"),
        "http://169.254.169.254/latest/meta-data/",
        "file:///etc/passwd",
        "https://[::1",
        "",
    ],
    ids=range(17),
)
def test_only_twilios_address_of_a_file_of_this_message_is_taken(url: str) -> None:
    assert media.media_sid(f"https://api.twilio.com{GOOD}", MESSAGE) == MEDIA
    assert media.media_sid(url, MESSAGE) is None


def test_another_address_is_not_asked_and_workers_see_that_something_came(
    client: TestClient, town: Town, twilio: FakeTwilio, listener: tuple[str, list[bytes]]
) -> None:
    inside, heard = listener
    sid = new_sid()
    address = town.mine.conversation.address
    inbox.accept(channel="sms", external_id=sid, address=address, body="", media=[{"url": inside, "content_type": "x"}])
    assert fetching.fetch_media() == 0 and heard == [] and kept() == []
    assert fetches() == [("refused", "address")] and message(sid).state == "queued", "the turn answers, as ever"
    client.cookies.update(town.signed_in(town.worker))
    assert "cannot be shown here" in client.get(f"/console/conversations/{town.mine.conversation.id}").text


def test_a_redirect_leads_to_twilios_own_hosts_or_nowhere(
    town: Town, twilio: FakeTwilio, listener: tuple[str, list[bytes]], monkeypatch: pytest.MonkeyPatch
) -> None:
    inside, heard = listener
    port = inside.split(":")[2].split("/")[0]
    asked: list[tuple[str, int]] = []

    def lookup(host: str, port: int, **_: Any) -> list[Any]:
        """Twilio's host, where somebody rules the names: it is in our own network."""
        asked.append((host, port))
        return [(socket.AF_INET, 1, 6, "", ("127.0.0.1", port))]

    real = socket.getaddrinfo
    monkeypatch.setattr(
        socket, "getaddrinfo", lambda h, p, *a, **k: lookup(h, p) if "twiliocdn" in str(h) else real(h, p, *a, **k)
    )
    leads = {
        inside: "elsewhere",
        f"https://127.0.0.1:{port}/": "elsewhere",
        "https://evil.example/x": "elsewhere",
        "http://media.twiliocdn.com/x": "elsewhere",
        "https://media.twiliocdn.com:8443/x": "elsewhere",
        "https://media.twiliocdn.com.evil.example/x": "elsewhere",
        "https://s3-external-1.amazonaws.com/other-bucket/x": "elsewhere",
        "//evil.example/x": "elsewhere",
        "file:///etc/passwd": "elsewhere",
        "https://media.twiliocdn.com/AC/ME": "private",
    }
    for location, problem in leads.items():
        sid = new_sid()
        found = media.media_sid(twilio.add_media(location, sid), sid)
        assert found
        with pytest.raises(media.NotFetched) as refused:
            media.fetch(sid, found, io.BytesIO())
        assert refused.value.code == problem, location
    assert heard == [] and asked == [("media.twiliocdn.com", 443)]


def test_the_file_at_twilios_media_host_is_fetched_without_our_credentials(
    town: Town, twilio: FakeTwilio, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The host is looked up, and asked at that address under its own name; what is asked of it names no account."""
    import httpx

    seen: list[httpx.Request] = []
    real = httpx.Client

    class Client(real):  # type: ignore[misc, valid-type]
        def __init__(self, **options: Any) -> None:
            super().__init__(**options, transport=Transport())

    class Transport(httpx.HTTPTransport):
        def handle_request(self, request: httpx.Request) -> httpx.Response:
            seen.append(request)
            if request.url.host == "93.184.216.34":
                return httpx.Response(200, stream=httpx.ByteStream(files.jpeg()))
            return super().handle_request(request)

    monkeypatch.setattr(httpx, "Client", Client)
    monkeypatch.setattr("api.webhooks.addresses.resolve", lambda host, port, *, private: "93.184.216.34")
    text(town, twilio, "https://mms.twiliocdn.com/AC1/ME2?token=x")
    fetching.fetch_media()
    assert len(kept()) == 1
    first, second = seen[0], seen[1]
    assert "authorization" in first.headers and "authorization" not in second.headers
    assert second.headers["host"] == "mms.twiliocdn.com" and second.extensions["sni_hostname"] == "mms.twiliocdn.com"
    assert str(second.url) == "https://93.184.216.34/AC1/ME2?token=x"


def test_what_cannot_be_opened_stays_at_twilio_and_both_sides_are_told(
    client: TestClient, town: Town, twilio: FakeTwilio, folder: Path
) -> None:
    sid = text(town, twilio, files.REFUSED["a video"][0])
    fetching.fetch_media()
    assert fetches() == [("refused", "video")] and len(twilio.media) == 1 and on_disk(folder) == set()
    assert "could not open" in replies(sid)[0]
    assert (message(sid).state, message(sid).flag) == ("unanswered", "flag.media"), "a worker looks after it"


def test_what_is_too_large_is_given_up_and_what_is_not_there_too(
    town: Town, twilio: FakeTwilio, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settings(), "evidence_limit", 1000)
    text(town, twilio, b"\xff\xd8\xff" + b"x" * 2000)
    fetching.fetch_media()
    assert fetches() == [("given_up", "too_large")]


def test_a_try_that_failed_comes_again_and_ends(
    town: Town, twilio: FakeTwilio, monkeypatch: pytest.MonkeyPatch
) -> None:
    text(town, twilio, files.jpeg())
    monkeypatch.setattr(settings(), "twilio_api_url", "http://127.0.0.1:1")
    assert fetching.fetch_media() == 1 and fetches() == [("waiting", "no_answer")]
    assert fetching.fetch_media() == 0, "not at once"
    for _ in range(fetching.MOST_TRIES + 2):
        later()
        fetching.fetch_media()
    assert fetches() == [("given_up", "no_answer")]


def test_a_file_is_kept_once_though_the_answer_to_the_deletion_was_lost(
    town: Town, twilio: FakeTwilio, monkeypatch: pytest.MonkeyPatch
) -> None:
    sid = text(town, twilio, files.jpeg())
    with monkeypatch.context() as broken:
        broken.setattr(media, "delete", lambda *_: False)
        fetching.fetch_media()
    assert fetches() == [("kept", "")] and len(kept()) == 1
    later()
    fetching.fetch_media()
    assert fetches() == [("done", "")] and len(kept()) == 1 and twilio.media == {} and len(replies(sid)) == 1


def test_from_a_phone_that_several_use_nobody_knows_whose_it_is(town: Town, twilio: FakeTwilio) -> None:
    address = town.mine.conversation.address
    with transaction() as session:
        other = Person(family_id=town.mine.family.id, external_id="gran", kind="carer", first_name="Ashgran")
        session.add(other)
        session.flush()
        session.add(ContactPoint(person_id=other.id, channel="sms", address=address))
    text(town, twilio, files.jpeg())
    assert fetches() == [("refused", "shared")] and fetching.fetch_media() == 0 and kept() == []
    with transaction() as session:
        proved = clock.now() + timedelta(minutes=10)
        session.execute(update(Conversation).where(Conversation.address == address).values(proved_until=proved))
    text(town, twilio, files.jpeg(), body="again")
    fetching.fetch_media()
    assert len(kept()) == 1


@pytest.mark.parametrize("state", ["pending", "opted_out"])
def test_from_a_number_that_has_not_agreed_nothing_is_fetched(town: Town, twilio: FakeTwilio, state: str) -> None:
    with transaction() as session:
        session.execute(update(ContactPoint).values(state=state))
    text(town, twilio, files.jpeg())
    text(town, twilio, files.jpeg(), address="+447700900998")  # a stranger
    text(town, twilio, files.jpeg(), address=str(town.worker.phone))
    assert fetches() == [] and fetching.fetch_media() == 0 and twilio.asked == []


def test_while_a_worker_talks_the_computer_thanks_nobody(town: Town, twilio: FakeTwilio) -> None:
    with transaction() as session:
        session.execute(update(Conversation).values(taken_over_by=town.worker.id))
    sid = text(town, twilio, files.jpeg())
    fetching.fetch_media()
    assert replies(sid) == [] and len(kept()) == 1 and message(sid).state == "recorded"
