"""Makes a photo or PDF anew, without what it says of where, when and with what it was made. A program of its own.

It reads the file from standard input and writes the new one to standard output; the last line on standard error is the
new one's media type, or (exit status 3) why the file is refused, in one word. ``api.evidence.scrubbing`` starts it
without environment and with little memory and time: a file that breaks a decoder breaks it in an empty room. So this
module knows nothing of the rest.

What a file is, its first bytes say: never its name, nor what the sender calls it. Photos are decoded and encoded again.
Of a PDF the pages are taken into a new file: what they show, and nothing that acts, is attached, or describes it.
"""

from __future__ import annotations

import os
import resource
import sys
import warnings
import zlib
from collections.abc import Iterator
from contextlib import suppress
from typing import Any, BinaryIO

import pikepdf
from PIL import Image, ImageOps

#: A picture is decoded up to so many dots (a phone's 50 megapixels), and kept at most so wide or high.
MOST_PIXELS = 50_400_000
LONGEST_SIDE = 4096
QUALITY = 88
MOST_PAGES = 100
MEMORY = 1536 * 1024 * 1024
PROCESSOR_SECONDS = 25
MOST_WRITTEN = 64 * 1024 * 1024
REFUSED = 3

#: Of a page only these are taken over: no annotations, actions, thumbnails, private data.
PAGE_KEYS = frozenset(
    ("/Type", "/Parent", "/MediaBox", "/CropBox", "/Rotate", "/Resources", "/Contents", "/UserUnit", "/Group")
)
#: What describes, or leads out of, any object of a PDF.
DESCRIBING = ("/Metadata", "/PieceInfo", "/LastModified", "/AF", "/OPI", "/Ref", "/Alternates", "/StructParents")
_IN_MOTION = (b"qt  ", b"mp4", b"isom", b"iso2", b"M4V", b"avc1", b"3gp", b"3g2")
_HEIF = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1", b"avif", b"avis")


class Refused(ValueError):
    """The file is not taken; ``code`` says why: heic, video, office, encrypted, broken, pixels, pages, empty, other."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def kind_of(head: bytes) -> str:
    """``picture`` or ``pdf``, by the first bytes. Raises Refused."""
    if not head:
        raise Refused("empty")
    if head.startswith((b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n")) or (head[:4] == b"RIFF" and head[8:12] == b"WEBP"):
        return "picture"
    if head.lstrip(b"\xef\xbb\xbf\r\n\t \x00").startswith(b"%PDF-"):
        return "pdf"
    if head[4:8] == b"ftyp":
        raise Refused("heic" if head[8:12] in _HEIF else "video" if head[8:12].startswith(_IN_MOTION) else "other")
    if head.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0", b"{\\rtf")):
        raise Refused("office")
    raise Refused("other")


def clean(file: BinaryIO, out: BinaryIO) -> str:
    """Make it anew; returns the new one's media type. Raises Refused, and whatever a decoder raises."""
    head = file.read(64)
    file.seek(0)
    return picture(file, out) if kind_of(head) == "picture" else document(file, out)


def picture(file: BinaryIO, out: BinaryIO) -> str:
    """A photo (JPEG, PNG, WebP; of one that moves, the first picture) as a JPEG of nothing but its dots, upright."""
    Image.MAX_IMAGE_PIXELS = MOST_PIXELS
    warnings.simplefilter("error", Image.DecompressionBombWarning)
    try:
        with Image.open(file, formats=("JPEG", "PNG", "WEBP")) as opened:
            if opened.width * opened.height > MOST_PIXELS:
                raise Refused("pixels")
            opened.draft("RGB", (LONGEST_SIDE, LONGEST_SIDE))
            opened.load()
            shown = _flat(_upright(opened))
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise Refused("pixels") from None
    shown.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
    fresh = Image.new("RGB", shown.size)  # a picture carries its file's data about: this one never had any
    fresh.paste(shown)
    fresh.save(out, "JPEG", quality=QUALITY, optimize=True)
    return "image/jpeg"


def _flat(opened: Image.Image) -> Image.Image:
    """In plain colours; what is transparent is white."""
    if opened.mode.startswith("I"):  # 16 bits of grey
        return opened.point(lambda value: value * (1 / 256)).convert("L").convert("RGB")
    if opened.mode in ("RGBA", "LA", "PA") or "transparency" in opened.info:
        see_through = opened.convert("RGBA")
        white = Image.new("RGB", see_through.size, "white")
        white.paste(see_through, mask=see_through.getchannel("A"))
        return white
    return opened.convert("RGB")


def _upright(opened: Image.Image) -> Image.Image:
    """Turned as the camera was held."""
    with suppress(Exception):  # what a file says of itself may be anything; then it stays as it is
        return ImageOps.exif_transpose(opened)
    return opened


def document(file: BinaryIO, out: BinaryIO) -> str:
    """A PDF of the pages alone. What was filled in or written on them becomes part of the page."""
    try:
        opened = pikepdf.open(file)
    except pikepdf.PasswordError:
        raise Refused("encrypted") from None
    with opened, pikepdf.new() as made:
        if not 0 < len(opened.pages) <= MOST_PAGES:
            raise Refused("pages" if len(opened.pages) else "broken")
        opened.flatten_annotations("all")
        made.pages.extend(opened.pages)
        for page in made.pages:
            for key in set(page.obj.keys()) - PAGE_KEYS:
                del page.obj[key]
        for one in list(made.objects):
            _strip(one)
        made.save(out, deterministic_id=True, fix_metadata_version=False)
    return "application/pdf"


def _strip(one: Any, depth: int = 0) -> None:
    """Take out of an object what describes it, and out of the pictures in it what their cameras wrote."""
    if depth > 30 or not isinstance(one, pikepdf.Object):
        return
    if isinstance(one, pikepdf.Array):
        for part in one:
            _deeper(part, depth)
    elif isinstance(one, (pikepdf.Dictionary, pikepdf.Stream)):
        for key in DESCRIBING:
            if key in one:
                del one[key]
        for key in set(one.keys()) - {"/Parent"}:
            _deeper(one[key], depth)
        if isinstance(one, pikepdf.Stream):
            _strip_picture(one)


def _deeper(part: Any, depth: int) -> None:
    """What has a number of its own comes by itself."""
    if isinstance(part, pikepdf.Object) and not part.is_indirect:
        _strip(part, depth + 1)


def _strip_picture(stream: pikepdf.Stream) -> None:
    found = stream.get("/Filter")
    filters = [str(name) for name in found] if isinstance(found, pikepdf.Array) else [str(found)] if found else []
    if not filters or filters[-1] not in ("/DCTDecode", "/JPXDecode"):
        return
    raw = stream.read_raw_bytes()
    if filters[:-1] == ["/FlateDecode"]:
        raw = zlib.decompress(raw)
    elif filters[:-1]:
        raise Refused("broken")  # no program that people use makes such a chain
    parts = _jpeg_parts(raw) if filters[-1] == "/DCTDecode" else _jp2_parts(raw)
    parms = stream.get("/DecodeParms")
    last = parms[-1] if isinstance(parms, pikepdf.Array) and len(parms) else parms
    kept = last if isinstance(last, pikepdf.Dictionary) else None
    stream.write(b"".join(parts), filter=pikepdf.Name(filters[-1]), decode_parms=kept)


def _jpeg_parts(raw: bytes) -> Iterator[bytes]:
    """A JPEG without the segments in which cameras and programs write (of those only JFIF, ICC and Adobe's transform
    stay, without which the colours are wrong); its dots are not touched. ITU-T T.81, B.1.1."""
    if raw[:2] != b"\xff\xd8":
        raise Refused("broken")
    yield raw[:2]
    at = 2
    while at + 4 <= len(raw) and raw[at] == 0xFF:
        marker = raw[at + 1]
        if marker == 0xFF:  # a fill byte
            at += 1
            continue
        end = at + 2 + int.from_bytes(raw[at + 2 : at + 4], "big")
        telling = (0xE0 <= marker <= 0xEF and marker not in (0xE0, 0xE2, 0xEE)) or marker == 0xFE
        colours = marker != 0xE2 or raw[at + 4 : at + 15] == b"ICC_PROFILE"
        if marker == 0xDA:  # from here on the picture; what stands behind its end is not the picture
            ends = raw.rfind(b"\xff\xd9")
            yield raw[at : ends + 2] if ends > at else raw[at:] + b"\xff\xd9"
            return
        if not telling and colours:
            yield raw[at:end]
        at = end
    raise Refused("broken")


def _jp2_parts(raw: bytes) -> Iterator[bytes]:
    """A JPEG 2000 picture without its boxes of text (ISO/IEC 15444-1, annex I); a bare code stream as it is."""
    if raw[:4] == b"\xff\x4f\xff\x51":
        yield raw
        return
    at = 0
    while at + 8 <= len(raw):
        length, kind = int.from_bytes(raw[at : at + 4], "big"), raw[at + 4 : at + 8]
        if length == 1:
            length = int.from_bytes(raw[at + 8 : at + 16], "big")
        end = at + length if length else len(raw)
        if end <= at + 7:
            raise Refused("broken")
        if kind in (b"jP  ", b"ftyp", b"jp2h", b"jp2c"):
            yield raw[at:end]
        at = end


def _limit() -> None:
    """Little memory, little time, no files, no core dump (which would hold the original)."""
    for what, most in (
        (resource.RLIMIT_AS, MEMORY),
        (resource.RLIMIT_CPU, PROCESSOR_SECONDS),
        (resource.RLIMIT_FSIZE, MOST_WRITTEN),
        (resource.RLIMIT_CORE, 0),
    ):
        with suppress(OSError, ValueError):  # not every system has all of them
            resource.setrlimit(what, (most, most))
    with suppress(OSError):
        os.nice(5)


def main() -> int:
    """Exit status 0, or 3 for a file that is not taken."""
    _limit()
    with os.fdopen(0, "rb") as file, os.fdopen(1, "wb") as out:
        try:
            said, status = clean(file, out), 0
            out.flush()
        except Refused as refused:
            said, status = refused.code, REFUSED
        except Exception:  # whatever a decoder stumbles over: the file is not whole, or not what it says
            said, status = "broken", REFUSED
    sys.stderr.write(f"\n{said}\n")
    return status


if __name__ == "__main__":
    sys.exit(main())
