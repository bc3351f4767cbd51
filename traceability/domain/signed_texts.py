"""The signed texts of many units of one batch at once: those of `stamp` and `keys.sign_claims`, as arrays."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from traceability.domain.keys import sign_messages
from traceability.domain.serials import encode_rows, serial_values, with_check
from traceability.domain.stamp import CLAIMS_SIZE, SerialKeys

_SERIAL = slice(9, 16)


@dataclass(frozen=True)
class Signing:
    """What the texts of one issuance have in common: its claims without a serial, the key that signs, and the addresses.

    `start` is what a text opens with (`https://HOST`), `host` the capital host that the signature binds.
    """

    private_key: bytes = field(repr=False)
    claims: bytes
    start: str
    host: str


def sign_units(signing: Signing, keys: SerialKeys, first: int, last: int) -> tuple[NDArray[np.int64], NDArray[np.uint8], NDArray[np.uint8]]:
    """Units `first` to `last`, their serials (n, 12) and their signed texts (n, length), in ASCII.

    Runs in a process of its own as well: it needs nothing but its arguments.
    """
    units, values = serial_values(keys, first, last)
    return units, with_check(values), sign_values(signing, values)


def sign_values(signing: Signing, values: NDArray[np.uint64]) -> NDArray[np.uint8]:
    """The texts of serials' values, 0 for the stamp of a whole batch."""
    claims = np.tile(np.frombuffer(signing.claims, np.uint8), (len(values), 1))
    assert claims.shape[1] == CLAIMS_SIZE
    claims[:, _SERIAL] = values.astype(">u8").view(np.uint8).reshape(-1, 8)[:, 1:]
    texts = encode_rows(claims)
    messages = _joined(f"https://{signing.host}/S/", texts)
    signatures = sign_messages(signing.private_key, [row.tobytes() for row in messages])
    signed = encode_rows(np.frombuffer(b"".join(signatures), np.uint8).reshape(len(values), -1))
    return np.hstack([_joined(f"{signing.start}/S/", texts), signed])


def _joined(start: str, texts: NDArray[np.uint8]) -> NDArray[np.uint8]:
    opening = np.frombuffer(start.encode("ascii"), np.uint8)
    return np.hstack([np.broadcast_to(opening, (len(texts), len(opening))), texts])
