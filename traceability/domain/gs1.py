"""GTIN, lot and the GS1 Digital Link path (GS1 Digital Link Standard: URI Syntax 1.4, section 4).

The tables (application identifiers, check digits) come from biip.
"""

import re
from urllib.parse import quote

from biip.checksums import gs1_standard_check_digit
from biip.gs1_application_identifiers import GS1ApplicationIdentifier

from traceability.domain.errors import Malformed, Refused

_LOT = re.compile(GS1ApplicationIdentifier.extract("10").pattern)
_VARIANT = re.compile(GS1ApplicationIdentifier.extract("22").pattern)
_GTIN_LENGTHS = (8, 12, 13, 14)


def parse_gtin(text: str) -> str:
    """GTIN-8, -12, -13 or -14 as 14 digits. Raises Malformed: `gtin`, `gtin_check_digit`."""
    if len(text) not in _GTIN_LENGTHS or not (text.isascii() and text.isdigit()):
        raise Malformed("gtin")
    if gs1_standard_check_digit(text[:-1]) != int(text[-1]):
        raise Malformed("gtin_check_digit")
    return text.zfill(14)


def parse_lot(text: str) -> str:
    """A lot number as GS1 allows it (AI 10, set 82, at most 20) and as an address can carry it.

    A slash, `.` and `..` change what an address means on its way through browsers and servers, so no lot of ours holds
    them. Raises Malformed: `lot`.
    """
    if not text or not _LOT.fullmatch("10" + text) or "/" in text or text in (".", ".."):
        raise Malformed("lot")
    return text


def check_lot(text: str) -> str:
    """A lot as a producer enters it; Refused: `lot_empty`, `lot_too_long`, `lot_slash`, `lot_dots`, `lot_characters`."""
    if not text:
        raise Refused("lot_empty")
    if len(text) > 20:
        raise Refused("lot_too_long", lot=text, length=len(text))
    if "/" in text:
        raise Refused("lot_slash", lot=text)
    if text in (".", ".."):
        raise Refused("lot_dots", lot=text)
    strange = sorted({character for character in text if not _LOT.fullmatch("10" + character)})
    if strange:
        raise Refused("lot_characters", lot=text, characters=" ".join(strange))
    return text


def is_variant(text: str) -> bool:
    """Whether a text may be a consumer product variant (AI 22)."""
    return bool(text) and _VARIANT.fullmatch("22" + text) is not None


def format_path(gtin: str, lot: str, serial: str | None) -> str:
    """The canonical path: all but unreserved characters percent-encoded, in capital hexadecimal digits."""
    path = f"/01/{gtin}/10/{quote(lot, safe='')}"
    # quote() leaves the tilde too, which is unreserved but outside set 82, so none is here.
    return path if serial is None else f"{path}/21/{serial}"


def gtin_kind(gtin: str) -> str:
    """Where a GTIN of 14 digits comes from: `demonstration`, `restricted`, `vietnam` or `other`.

    952 is GS1's prefix for examples; 020–029, 040–049, 200–299 are for use within one company or region and 05x, 981–984,
    99x are coupons (GS1 General Specifications, section 1.4). 893 is Viet Nam.
    """
    prefix = int(gtin[1:4])
    if gtin[1:4] == "952":
        return "demonstration"
    if 20 <= prefix <= 29 or 40 <= prefix <= 59 or 200 <= prefix <= 299 or 981 <= prefix <= 984 or 990 <= prefix <= 999:
        return "restricted"
    return "vietnam" if prefix == 893 else "other"
