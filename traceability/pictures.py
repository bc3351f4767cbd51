"""Pictures that people hand over: read with limits, and re-encoded before they are kept or decoded."""

import io
from dataclasses import dataclass
from hashlib import sha256

import zxingcpp
from PIL import Image, ImageOps

from traceability.domain.errors import Refused

# The library would refuse or warn above a size of its own; ours is below it and says how large the picture is.
Image.MAX_IMAGE_PIXELS = None
MOST_BYTES = 12 * 1024 * 1024
MOST_PIXELS = 50_000_000
WIDEST_PX = 800
# A page is at most 50 KB with its picture.
LARGEST_STORED = 26_000


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


def open_picture(content: bytes) -> Image.Image:
    """A picture, upright and in RGB. Refused: `picture_large`, `picture_pixels`, `picture_unreadable`."""
    if len(content) > MOST_BYTES:
        raise Refused("picture_large", most_mb=MOST_BYTES // 1024 // 1024)
    try:
        picture = Image.open(io.BytesIO(content), formats=("JPEG", "PNG", "WEBP", "GIF", "BMP"))
        # The size stands in the header: nothing is unpacked before it is checked.
        if picture.width * picture.height > MOST_PIXELS:
            raise Refused("picture_pixels", megapixels=picture.width * picture.height // 1_000_000, most=MOST_PIXELS // 1_000_000)
        return ImageOps.exif_transpose(picture).convert("RGB")
    except Refused:
        raise
    # What a decoder raises on bytes that somebody made up is not documented, and none of it is worth more words than these.
    except Exception:
        raise Refused("picture_unreadable") from None


def store_picture(content: bytes) -> StoredPicture:
    """Re-encodes a picture so that it fits a page. Refused as `open_picture`."""
    picture = open_picture(content)
    picture.thumbnail((WIDEST_PX, WIDEST_PX))
    for quality in (80, 70, 60, 50, 40, 30, 20, 10):
        out = io.BytesIO()
        picture.save(out, "WEBP", quality=quality, method=6)
        if out.tell() <= LARGEST_STORED:
            break
    return StoredPicture(out.getvalue(), picture.width, picture.height)


def read_stamp(content: bytes) -> str:
    """The text of the QR symbol in a photograph. Refused: as `open_picture`, `picture_without_stamp`, `picture_several_stamps`."""
    picture = open_picture(content)
    texts: list[str] = []
    for side in (2400, 1200, 4000):
        smaller = picture.copy()
        smaller.thumbnail((side, side))
        found = zxingcpp.read_barcodes(smaller, formats=zxingcpp.BarcodeFormats(zxingcpp.BarcodeFormat.QRCode))
        texts = sorted({barcode.text for barcode in found if barcode.valid})
        if texts:
            break
    if not texts:
        raise Refused("picture_without_stamp")
    if len(texts) > 1:
        raise Refused("picture_several_stamps", count=len(texts))
    return texts[0]
