"""One scan in 48 bytes, and back.

Little endian: CRC-32 of the 44 bytes that follow, version, kind, form, verdict (a byte each), batch (8 bytes), unit (4), place (2),
nothing (2), microseconds since 1970 in UTC (8), and 16 bytes that tell visitors of one day apart. A record without a place says
version 1, which older programs read as well; one with a place says 2.
"""

import struct
import zlib
from dataclasses import dataclass

# Their places are what stands in the files: names are only ever added at the end.
KINDS = ("person", "robot", "preview", "head", "prefetch")
FORMS = ("house", "gs1", "signed")
VERDICTS = ("MALFORMED", "UNKNOWN", "REVOKED", "RECALLED", "UNDETERMINED", "SUSPECT", "EXPIRED", "ISSUED")
VERSION, WITH_PLACE = 1, 2
RECORD_BYTES = 48
_BODY = struct.Struct("<BBBBQIHHQ16s")
_CHECKSUM = struct.Struct("<I")


@dataclass(frozen=True)
class Record:
    """A scan. `unit` is 0 for the batch's own stamp, `visitor` has 16 bytes, `at_us` counts microseconds since 1970 (UTC).

    `place` is the number of a rough place in the operator's table, 0 where there is none.
    """

    batch_id: int
    unit: int
    form: str
    verdict: str
    kind: str
    visitor: bytes
    at_us: int
    place: int = 0


def format_record(record: Record) -> bytes:
    """48 bytes. Raises ValueError for a name that no file knows, struct.error for a number that does not fit."""
    kind, form, verdict = KINDS.index(record.kind), FORMS.index(record.form), VERDICTS.index(record.verdict)
    return pack(kind, form, verdict, record.batch_id, record.unit, record.at_us, record.visitor, record.place)


def pack(kind: int, form: int, verdict: int, batch_id: int, unit: int, at_us: int, visitor: bytes, place: int = 0) -> bytes:
    """48 bytes from the names' places: the quick way, for whoever keeps them."""
    body = _BODY.pack(WITH_PLACE if place else VERSION, kind, form, verdict, batch_id, unit, place, 0, at_us, visitor)
    return _CHECKSUM.pack(zlib.crc32(body)) + body


def parse_record(content: bytes) -> Record | None:
    """A record, or None where its length, checksum, version or a name's place is wrong."""
    if len(content) != RECORD_BYTES or zlib.crc32(content[4:]) != _CHECKSUM.unpack_from(content)[0]:
        return None
    version, kind, form, verdict, batch_id, unit, place, _, at_us, visitor = _BODY.unpack_from(content, 4)
    if version != (WITH_PLACE if place else VERSION) or kind >= len(KINDS) or form >= len(FORMS) or verdict >= len(VERDICTS):
        return None
    return Record(batch_id, unit, FORMS[form], VERDICTS[verdict], KINDS[kind], visitor, at_us, place)
