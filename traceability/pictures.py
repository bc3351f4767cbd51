"""Pictures that people hand over: read with limits, and re-encoded before they are kept or decoded."""

import io
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256

import zxingcpp
from PIL import Image, ImageOps

from traceability.domain.errors import Refused

# The library would refuse or warn above a size of its own; ours is below it and says how large the picture is.
Image.MAX_IMAGE_PIXELS = None
MOST_BYTES = 12 * 1024 * 1024
# A JPEG, which is what cameras make, is unpacked at a fraction of its size; others only whole, which takes memory.
MOST_PIXELS = {"JPEG": 120_000_000}
MOST_PIXELS_UNPACKED_WHOLE = 16_000_000
WIDEST_PX = 800
# A page is at most 50 KB with its picture.
LARGEST_STORED = 26_000
LARGEST_PAGE = 600_000
# A logo is printed at most 20 mm wide, which is 470 dots at 600 dpi.
LOGO_SIDE_PX, LEAST_LOGO_PX = 600, 16
LONGEST_LOGO = 10
_PAPER, _WHITE, _LEAST_INK, _MOST_INK = 244, 255, 0.004, 0.97
_one_at_a_time = threading.BoundedSemaphore(1)
PATIENCE_S = 5


@dataclass(frozen=True)
class StoredPicture:
    """A picture as it is kept: WebP, without what the camera wrote into it."""

    content: bytes
    width_px: int
    height_px: int
    media_type: str = "image/webp"

    @property
    def sha256(self) -> str:
        """Of the content, in hexadecimal."""
        return sha256(self.content).hexdigest()


def open_picture(content: bytes, *, side_px: int, mode: str = "RGB") -> Image.Image:
    """A picture, upright, at most `side_px` wide and high. Refused: `picture_large`, `picture_pixels`, `picture_unreadable`."""
    if len(content) > MOST_BYTES:
        raise Refused("picture_large", most_mb=MOST_BYTES // 1024 // 1024)
    try:
        picture = Image.open(io.BytesIO(content), formats=("JPEG", "PNG", "WEBP", "GIF", "BMP"))
        # The size stands in the header: nothing is unpacked before it is checked.
        most = MOST_PIXELS.get(picture.format or "", MOST_PIXELS_UNPACKED_WHOLE)
        if picture.width * picture.height > most:
            raise Refused("picture_pixels", megapixels=picture.width * picture.height // 1_000_000, most=most // 1_000_000)
        picture.draft(mode, (side_px, side_px))
        picture.thumbnail((side_px, side_px))
        return ImageOps.exif_transpose(picture).convert(mode)
    except Refused:
        raise
    # What a decoder raises on bytes that somebody made up is not documented, and none of it is worth more words than these.
    except Exception:
        raise Refused("picture_unreadable") from None


def store_logo(content: bytes) -> StoredPicture:
    """A logo as a grey picture on white, cut to what is drawn: nothing but pixels is kept. PNG, JPEG and WebP are taken.

    Refused: `picture_large`, `picture_pixels`, `picture_unreadable`, `logo_vector`, `logo_type`, `logo_small`, `logo_long`, `logo_blank`.
    """
    if len(content) > MOST_BYTES:
        raise Refused("picture_large", most_mb=MOST_BYTES // 1024 // 1024)
    if _is_drawing(content):
        raise Refused("logo_vector")
    try:
        picture = Image.open(io.BytesIO(content), formats=("JPEG", "PNG", "WEBP"))
    except Exception:
        raise Refused("logo_type") from None
    if picture.width * picture.height > MOST_PIXELS_UNPACKED_WHOLE:
        raise Refused(
            "picture_pixels", megapixels=picture.width * picture.height // 1_000_000, most=MOST_PIXELS_UNPACKED_WHOLE // 1_000_000
        )
    try:
        grey = _on_white(picture)
    except Exception:
        raise Refused("picture_unreadable") from None
    master = _cut_to_ink(grey)
    out = io.BytesIO()
    master.save(out, "PNG", optimize=True)
    return StoredPicture(out.getvalue(), master.width, master.height, "image/png")


def _is_drawing(content: bytes) -> bool:
    """Whether it is an SVG, an EPS or a PDF: drawings, which may hold programs."""
    start = content[:2048].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    return start.startswith((b"%pdf", b"%!ps", b"<?xml", b"<!doctype svg", b"\x1f\x8b")) or b"<svg" in start


def _on_white(picture: Image.Image) -> Image.Image:
    """The picture in grey, upright, where it is transparent white, with the darkest tone black."""
    upright = ImageOps.exif_transpose(picture)
    if upright.mode.startswith("I"):
        # Sixteen bits a dot, of which the upper eight are what is seen.
        upright = upright.convert("I").point(lambda value: value * (1 / 257)).convert("L")
    drawn = upright.convert("RGBA")
    drawn.thumbnail((2 * LOGO_SIDE_PX, 2 * LOGO_SIDE_PX))
    flat = Image.new("RGBA", drawn.size, "white")
    flat.alpha_composite(drawn)
    grey = ImageOps.autocontrast(flat.convert("L"), cutoff=0.5)
    # What is nearly paper is paper: the noise of a JPEG around its lines must not print.
    return grey.point([_WHITE if tone >= _PAPER else tone for tone in range(256)])


def _cut_to_ink(grey: Image.Image) -> Image.Image:
    """Refused: `logo_blank`, `logo_small`, `logo_long`."""
    box = ImageOps.invert(grey).getbbox()
    if box is None or not _LEAST_INK < _dark_share(grey.crop(box)) < _MOST_INK:
        raise Refused("logo_blank")
    master = grey.crop(box)
    if min(master.size) < LEAST_LOGO_PX:
        raise Refused("logo_small", least=LEAST_LOGO_PX)
    if max(master.size) > LONGEST_LOGO * min(master.size):
        raise Refused("logo_long", most=LONGEST_LOGO)
    master.thumbnail((LOGO_SIDE_PX, LOGO_SIDE_PX))
    return master


def _dark_share(grey: Image.Image) -> float:
    return sum(grey.histogram()[:128]) / (grey.width * grey.height)


def store_picture(content: bytes) -> StoredPicture:
    """Re-encodes a picture so that it fits a page. Refused as `open_picture`."""
    return _re_encoded(content, (WIDEST_PX, 600, 400, 200), LARGEST_STORED, method=6)


def store_page(content: bytes) -> StoredPicture:
    """Re-encodes a photographed page so that its text stays legible. Refused as `open_picture`."""
    return _re_encoded(content, (2000, 1400, 1000), LARGEST_PAGE, method=4)


def _re_encoded(content: bytes, sides_px: tuple[int, ...], largest: int, *, method: int) -> StoredPicture:
    picture = open_picture(content, side_px=sides_px[0])
    for side_px in sides_px:
        picture.thumbnail((side_px, side_px))
        for quality in (80, 65, 50, 35, 20):
            out = io.BytesIO()
            picture.save(out, "WEBP", quality=quality, method=method)
            if out.tell() <= largest:
                return StoredPicture(out.getvalue(), picture.width, picture.height)
    raise Refused("picture_unreadable")


@contextmanager
def one_at_a_time() -> Iterator[None]:
    """Reading a picture takes a processor for a while: each process does it for one at a time. Refused: `picture_busy`."""
    if not _one_at_a_time.acquire(timeout=PATIENCE_S):
        raise Refused("picture_busy")
    try:
        yield
    finally:
        _one_at_a_time.release()


def read_stamp(content: bytes) -> str:
    """The text of the QR symbol in a photograph, one photograph at a time in each process.

    Refused: as `open_picture`, `picture_busy`, `picture_without_stamp`, `picture_several_stamps`.
    """
    with one_at_a_time():
        texts = _texts_in(open_picture(content, side_px=2400, mode="L"))
    if not texts:
        raise Refused("picture_without_stamp")
    if len(texts) > 1:
        raise Refused("picture_several_stamps", count=len(texts))
    return texts[0]


def _texts_in(picture: Image.Image) -> list[str]:
    """The texts of all symbols; a smaller picture is tried where the large one shows none, as noise averages out in it."""
    texts: list[str] = []
    for side_px in (2400, 1000):
        picture.thumbnail((side_px, side_px))
        found = zxingcpp.read_barcodes(picture, formats=zxingcpp.BarcodeFormats(zxingcpp.BarcodeFormat.QRCode))
        texts = texts or sorted({barcode.text for barcode in found if barcode.valid})
    return texts
