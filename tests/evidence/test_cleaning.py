"""What is kept of a photo or PDF: what it shows. Everything else that a file can hold is gone, or it is refused."""

from __future__ import annotations

import io
from typing import Any

import pikepdf
import pytest
from PIL import Image

from api.evidence import scrubbing, sealing, store
from api.evidence.cleaning import LONGEST_SIDE, Refused
from tests.evidence import files


def scrubbed(content: bytes) -> tuple[bytes, str]:
    made = scrubbing.scrub(io.BytesIO(content))
    content = sealing.content_of(made.path, made.sha256)
    assert made.size == len(content) and made.path.stat().st_mode & 0o777 == 0o600
    return content, made.media_type


def opened(content: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(content))
    image.load()
    return image


PHOTOS = {
    "jpeg": files.jpeg(),
    "png": files.png(),
    "webp": files.webp(),
    "transparent": files.png("RGBA"),
    "palette": files.png("P"),
    "grey": files.png("L"),
    "sixteen bits of grey": files.png("I"),
    "print colours": files.jpeg(mode="CMYK"),
    "several in one": files.several_in_one(),
    "moving": files.moving_png(),
}


@pytest.mark.parametrize("name", PHOTOS)
def test_a_photo_keeps_what_it_shows_and_nothing_it_says(name: str) -> None:
    assert name in ("moving", "several in one") or files.SECRET.encode() in PHOTOS[name]
    content, media_type = scrubbed(PHOTOS[name])
    image = opened(content)
    assert (media_type, image.format, image.size) == ("image/jpeg", "JPEG", (60, 40))
    assert files.SECRET.encode() not in content and b"Exif" not in content and b"Phone Maker" not in content
    assert dict(image.getexif()) == {} and set(image.info) <= {"jfif", "jfif_version", "jfif_unit", "jfif_density"}
    left, right = image.getpixel((10, 30)), image.getpixel((50, 30))
    assert isinstance(left, tuple) and isinstance(right, tuple)
    assert sum(left) < 300 < 600 < sum(right), "dark on the left, light on the right"


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_photo_stands_as_the_camera_was_held(orientation: int) -> None:
    """The stripe of the upright picture is where a viewer that heeds the note would show it."""
    from PIL import ImageOps

    sent = files.jpeg(orientation)
    expected = ImageOps.exif_transpose(opened(sent))
    assert expected is not None
    image = opened(scrubbed(sent)[0])
    assert image.size == expected.size == ((60, 40) if orientation < 5 else (40, 60))
    for spot in ((3, 3), (image.width - 4, image.height - 4), (3, image.height - 4), (image.width - 4, 3)):
        got, want = image.getpixel(spot), expected.getpixel(spot)
        assert isinstance(got, tuple) and isinstance(want, tuple)
        assert all(abs(a - b) < 40 for a, b in zip(got, want, strict=True)), spot


def test_a_large_photo_is_made_smaller(folder: object) -> None:
    image = opened(scrubbed(files.jpeg(size=(LONGEST_SIDE + 900, 1200)))[0])
    assert image.width == LONGEST_SIDE and 980 < image.height < 988


@pytest.mark.parametrize("name", files.REFUSED)
def test_what_is_no_photo_and_no_pdf_is_refused_with_a_reason(name: str, folder: Any) -> None:
    content, code = files.REFUSED[name]
    with pytest.raises(Refused) as refused:
        scrubbing.scrub(io.BytesIO(content))
    assert refused.value.code == code
    assert list(store.incoming().iterdir()) == [], "nothing of it is left"


@pytest.mark.parametrize(
    "behind", [b"<script>alert(1)</script>", b"PK\x03\x04 a zip", files.pdf()], ids=["html", "zip", "pdf"]
)
def test_of_a_file_that_is_two_things_only_the_picture_is_left(behind: bytes) -> None:
    content, media_type = scrubbed(files.jpeg() + behind)
    assert media_type == "image/jpeg" and behind[:12] not in content and content.endswith(b"\xff\xd9")


def test_a_pdf_keeps_its_pages_and_nothing_that_acts_or_describes(folder: object) -> None:
    sent = files.pdf(photo=files.jpeg())
    assert sent.count(files.SECRET.encode()) > 5
    content, media_type = scrubbed(sent)
    assert media_type == "application/pdf"
    with pikepdf.open(io.BytesIO(content)) as made:
        assert len(made.pages) == 1 and set(made.Root.keys()) == {"/Type", "/Pages"}
        assert "/Info" not in made.trailer and dict(made.attachments) == {}
        page = made.pages[0]
        assert set(page.obj.keys()) == {"/Type", "/Parent", "/MediaBox", "/Resources", "/Contents"}
        assert b"Certificate" in page.obj.Contents.read_bytes()
        photo = page.obj.Resources.XObject.Im0
        assert opened(photo.read_raw_bytes()).size == (60, 40)
        plain = b"".join(
            repr(one).encode() + (one.read_raw_bytes() if isinstance(one, pikepdf.Stream) else b"")
            for one in made.objects
        )
    for gone in (files.SECRET.encode(), b"Phone Maker", b"JavaScript", b"/JS", b"/URI", b"OpenAction", b"EmbeddedFile"):
        assert gone not in plain and gone not in content, gone


def test_a_photo_in_a_pdf_is_the_same_dots_without_where_it_was_taken() -> None:
    with pikepdf.open(io.BytesIO(scrubbed(files.pdf(photo=files.jpeg()))[0])) as made:
        raw = made.pages[0].obj.Resources.XObject.Im0.read_raw_bytes()
    assert opened(raw).tobytes() == opened(files.jpeg()).tobytes()
    assert dict(opened(raw).getexif()) == {} and files.SECRET.encode() not in raw


def test_what_somebody_wrote_into_a_form_becomes_part_of_its_page() -> None:
    with pikepdf.open(io.BytesIO(scrubbed(files.filled_in_form())[0])) as made:
        drawn = b"".join(one.read_bytes() for one in made.objects if isinstance(one, pikepdf.Stream))
        assert b"Written by hand" in drawn and "/Annots" not in made.pages[0].obj and "/AcroForm" not in made.Root


def test_a_pdf_that_anybody_can_open_is_taken_though_it_forbids_changes() -> None:
    sent = files.pdf(encryption=pikepdf.Encryption(owner="o", user=""))
    with pikepdf.open(io.BytesIO(scrubbed(sent)[0])) as made:
        assert not made.is_encrypted


def test_a_pdf_of_too_many_pages_is_refused() -> None:
    made, out = pikepdf.new(), io.BytesIO()
    for _ in range(101):
        made.add_blank_page()
    made.save(out)
    with pytest.raises(Refused, match="pages"):
        scrubbing.scrub(io.BytesIO(out.getvalue()))


def test_the_same_file_twice_is_the_same_clean_file() -> None:
    for sent in (files.jpeg(), files.pdf()):
        assert scrubbed(sent) == scrubbed(sent)


def test_a_decoder_has_no_secrets_and_ends_when_it_takes_too_long(monkeypatch: pytest.MonkeyPatch) -> None:
    """The room is empty: no settings in its environment; and a file that keeps it busy is refused."""
    monkeypatch.setattr(
        scrubbing,
        "_PROGRAM",
        [scrubbing.sys.executable, "-I", "-c", "import os,sys; print(dict(os.environ)); sys.exit()"],
    )
    with pytest.raises(Refused):
        scrubbing.scrub(io.BytesIO(files.jpeg()))
    seen = scrubbing.subprocess.run(scrubbing._PROGRAM, env={}, capture_output=True, check=True).stdout
    assert b"HEARTHLINE" not in seen and b"TWILIO" not in seen
    # A program that never ends: it is stopped after SECONDS, and nobody sleeps here.
    monkeypatch.setattr(scrubbing, "_PROGRAM", [scrubbing.sys.executable, "-I", "-c", "import time; time.sleep(60)"])
    monkeypatch.setattr(scrubbing, "SECONDS", 0.3)
    with pytest.raises(Refused, match="broken"):
        scrubbing.scrub(io.BytesIO(files.jpeg()))
    assert list(store.incoming().iterdir()) == []
