"""Real files to send: photos with places in them, PDFs that act, and files that are not what they say."""

from __future__ import annotations

import io
import zlib
from typing import Any

import pikepdf
from PIL import Image, ImageDraw, PngImagePlugin

#: Stand in what must be gone: in EXIF, XMP, comments, attachments, behind the end.
SECRET = "canary-elm-row-51.5007"
ORIENTATION, GPS = 0x0112, 0x8825


def picture(width: int = 60, height: int = 40, mode: str = "RGB") -> Image.Image:
    """Left half dark, with a light stripe at the top."""
    made = Image.new("RGB", (width, height), "white")
    draw = ImageDraw.Draw(made)
    draw.rectangle((0, 0, width // 2 - 1, height), fill=(20, 40, 120))
    draw.rectangle((0, 0, width // 2 - 1, height // 8), fill=(240, 200, 40))
    return made.convert(mode)


def exif(orientation: int = 1) -> Image.Exif:
    """What a phone writes: where, when, with what."""
    made = Image.Exif()
    made[ORIENTATION] = orientation
    made[0x010F], made[0x013B], made[0x010E] = "Phone Maker", SECRET, SECRET
    made[0x0132] = "2026:11:20 09:00:00"
    made.get_ifd(GPS).update({1: "N", 2: (51.0, 30.0, 2.5), 3: "W", 4: (0.0, 7.0, 28.0)})
    return made


def jpeg(orientation: int = 1, *, size: tuple[int, int] = (60, 40), mode: str = "RGB", **more: Any) -> bytes:
    out = io.BytesIO()
    given = {"exif": exif(orientation), "xmp": SECRET.encode(), "comment": SECRET.encode(), "quality": 92, **more}
    picture(*size, mode).save(out, "JPEG", **given)
    return out.getvalue()


def png(mode: str = "RGB") -> bytes:
    out, said = io.BytesIO(), PngImagePlugin.PngInfo()
    said.add_text("Comment", SECRET)
    said.add_itxt("XML:com.adobe.xmp", SECRET)
    shown = picture(mode=mode)
    if mode == "I":  # 16 bits of grey
        shown = shown.point(lambda value: value * 257).convert("I;16")
    shown.save(out, "PNG", pnginfo=said, exif=exif())
    return out.getvalue()


def webp() -> bytes:
    out = io.BytesIO()
    picture().save(out, "WEBP", exif=exif(), xmp=SECRET.encode())
    return out.getvalue()


def moving_png() -> bytes:
    out = io.BytesIO()
    picture().save(out, "PNG", save_all=True, append_images=[picture().rotate(180)])
    return out.getvalue()


def several_in_one() -> bytes:
    """An MPO, as phones with two lenses make: to everybody else a JPEG."""
    out = io.BytesIO()
    picture().save(out, "MPO", save_all=True, append_images=[picture()], exif=exif())
    return out.getvalue()


def bomb(side: int = 30_000) -> bytes:
    """A PNG of 900 million dots in about a hundred kilobytes."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return len(data).to_bytes(4, "big") + kind + data + zlib.crc32(kind + data).to_bytes(4, "big")

    rows = zlib.compress(b"\x00" * ((side // 8 + 1) * side), 9)
    head = side.to_bytes(4, "big") * 2 + bytes((1, 0, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def pdf(*, words: str = "Certificate", photo: bytes = b"", **save: Any) -> bytes:
    """A page with words, a photo where one is given, and everything that should not be there."""
    made = pikepdf.new()
    made.add_blank_page(page_size=(300, 200))
    page = made.pages[0]
    font = pikepdf.Dictionary(Type=pikepdf.Name.Font, Subtype=pikepdf.Name.Type1, BaseFont=pikepdf.Name.Helvetica)
    page.obj.Resources = pikepdf.Dictionary(Font=pikepdf.Dictionary(F1=made.make_indirect(font)))
    content = f"BT /F1 18 Tf 20 150 Td ({words}) Tj ET"
    if photo:
        with Image.open(io.BytesIO(photo)) as shown:
            width, height = shown.size
        stream = pikepdf.Stream(
            made, photo, Type=pikepdf.Name.XObject, Subtype=pikepdf.Name.Image, Width=width, Height=height,
            ColorSpace=pikepdf.Name.DeviceRGB, BitsPerComponent=8, Filter=pikepdf.Name.DCTDecode,
        )  # fmt: skip
        page.obj.Resources.XObject = pikepdf.Dictionary(Im0=made.make_indirect(stream))
        content += " q 100 0 0 60 20 40 cm /Im0 Do Q"
    page.obj.Contents = made.make_stream(content.encode())
    acts = pikepdf.Dictionary(S=pikepdf.Name.JavaScript, JS=pikepdf.String(f"app.alert('{SECRET}')"))
    made.Root.OpenAction = made.make_indirect(acts)
    made.Root.Names = pikepdf.Dictionary(
        JavaScript=pikepdf.Dictionary(Names=pikepdf.Array([pikepdf.String("x"), made.make_indirect(acts)]))
    )
    page.obj.AA = pikepdf.Dictionary(O=made.make_indirect(acts))
    page.obj.PieceInfo = pikepdf.Dictionary(Maker=pikepdf.Dictionary(Private=pikepdf.String(SECRET)))
    link = pikepdf.Dictionary(
        Type=pikepdf.Name.Annot, Subtype=pikepdf.Name.Link, Rect=[0, 0, 300, 200],
        A=pikepdf.Dictionary(S=pikepdf.Name.URI, URI=pikepdf.String(f"https://evil.example/{SECRET}")),
    )  # fmt: skip
    page.obj.Annots = pikepdf.Array([made.make_indirect(link)])
    made.attachments["notes.txt"] = SECRET.encode()
    made.docinfo["/Author"] = SECRET
    with made.open_metadata() as described:
        described["dc:title"] = SECRET
    out = io.BytesIO()
    made.save(out, compress_streams=False, **save)
    return out.getvalue()


def filled_in_form() -> bytes:
    """A PDF form in which somebody has written: what they wrote is in the field's appearance."""
    made = pikepdf.open(io.BytesIO(pdf()))
    drawn = made.make_stream(b"BT /F1 12 Tf 0 0 Td (Written by hand) Tj ET")
    drawn.Type, drawn.Subtype, drawn.BBox = pikepdf.Name.XObject, pikepdf.Name.Form, pikepdf.Array([0, 0, 100, 20])
    field = pikepdf.Dictionary(
        Type=pikepdf.Name.Annot, Subtype=pikepdf.Name.Widget, FT=pikepdf.Name.Tx, T=pikepdf.String("name"), F=4,
        V=pikepdf.String("Written by hand"), Rect=[10, 10, 110, 30], AP=pikepdf.Dictionary(N=drawn),
    )  # fmt: skip
    widget = made.make_indirect(field)
    made.pages[0].obj.Annots = pikepdf.Array([widget])
    made.Root.AcroForm = pikepdf.Dictionary(Fields=pikepdf.Array([widget]))
    out = io.BytesIO()
    made.save(out)
    return out.getvalue()


#: Files that are refused, whatever they are called, and the reason.
REFUSED: dict[str, tuple[bytes, str]] = {
    "nothing": (b"", "empty"),
    "a web page": (b"<!doctype html><script>alert(1)</script>", "other"),
    "svg": (b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>', "other"),
    "heic": (b"\x00\x00\x00\x18ftypheic" + b"\x00" * 40, "heic"),
    "a video": (b"\x00\x00\x00\x18ftypmp42" + b"\x00" * 40, "video"),
    "a film from a phone": (b"\x00\x00\x00\x14ftypqt  " + b"\x00" * 40, "video"),
    "word": (b"PK\x03\x04" + b"\x00" * 60, "office"),
    "a program": (b"\x7fELF" + b"\x00" * 60, "other"),
    "gif": (b"GIF89a" + b"\x00" * 60, "other"),
    "tiff": (b"II*\x00" + b"\x00" * 60, "other"),
    "only the beginning of a photo": (jpeg()[:400], "broken"),
    "half a photo": (jpeg(size=(400, 300))[:-2000], "broken"),
    "half a png": (png()[:-60], "broken"),
    "a bomb": (bomb(), "pixels"),
    "a pdf of nothing": (b"%PDF-1.7\nnothing follows", "broken"),
    "a locked pdf": (pdf(encryption=pikepdf.Encryption(owner="o", user="u")), "encrypted"),
}
