"""Looks into a PDF of labels: is each label there, once, and do its symbols read back right?"""

import math
import re
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import pypdfium2
import zxingcpp

from peers.payloads import READABLE, read_payloads

DOTS_PER_INCH = 300
SHARE_READ = 0.01
# A readable code without the blank in its middle: two times three groups.
_CODE = re.compile(f"(?:(?:[{READABLE}]{{4}}-){{2}}[{READABLE}]{{4}}){{2}}")


class WrongSheet(ValueError):
    """A PDF is not what it was to be; the text says in what."""


def check_labels(pdf: Path, payloads: Path, share: float = SHARE_READ) -> int:
    """The number of symbols that were read: those of whole pages, spread over the document, at least `share` of the labels.

    The readable code of every row must stand in the text exactly once, and no other code. On the pages that are read, the
    symbols must give the texts of the rows whose readable codes stand there, all of them and nothing else. Raises WrongSheet.
    """
    address_of = {_bare(row["code"]): row["qr"] for row in read_payloads(payloads)}
    document = pypdfium2.PdfDocument(pdf)
    try:
        expected = _expected_addresses(document, address_of)
        wanted, read = math.ceil(share * len(address_of)), 0
        for number in _spread(len(expected)):
            if read >= wanted:
                break
            read += _check_symbols(document, number, expected[number])
    finally:
        document.close()
    return read


def _expected_addresses(document: pypdfium2.PdfDocument, address_of: dict[str, str]) -> list[set[str]]:
    """For each page the texts of the symbols that are to stand on it."""
    found: Counter[str] = Counter()
    expected = []
    for page in document:
        codes = _CODE.findall(_bare(page.get_textpage().get_text_range()))
        found.update(codes)
        expected.append({address_of[code] for code in codes if code in address_of})
    if twice := [code for code, times in found.items() if times > 1]:
        raise WrongSheet(f"{len(twice)} of the labels are printed more than once")
    if unknown := found.keys() - address_of.keys():
        raise WrongSheet(f"{len(unknown)} labels are printed that were not asked for")
    if missing := address_of.keys() - found.keys():
        raise WrongSheet(f"{len(missing)} of {len(address_of)} labels are not printed")
    return expected


def _check_symbols(document: pypdfium2.PdfDocument, number: int, expected: set[str]) -> int:
    image = document[number].render(scale=DOTS_PER_INCH / 72).to_pil()
    texts = [code.text for code in zxingcpp.read_barcodes(image, formats=zxingcpp.BarcodeFormat.QRCode)]
    if sorted(texts) != sorted(expected):
        right = len(expected.intersection(texts))
        raise WrongSheet(f"page {number + 1}: {right} of {len(expected)} symbols read back right, {len(texts)} were seen")
    return len(texts)


def _spread(pages: int) -> Iterable[int]:
    """Page numbers from 0: the first, the last, and then the others halfway between those that were."""
    seen: set[int] = set()
    for parts in (1, *(2**power for power in range(1, pages.bit_length() + 1))):
        for part in range(parts + 1):
            number = part * (pages - 1) // parts
            if number not in seen:
                seen.add(number)
                yield number


def _bare(text: str) -> str:
    # Where a program sets text letter by letter, blanks are lost or added when the text is taken out again.
    return "".join(text.split())
