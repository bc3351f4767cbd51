"""Who tries codes that were never issued, by network, counted by all processes of a host together.

A table in shared memory: a slot holds a minute and a count. Which slot a network has is known to this installation alone. Two
networks may share one, so that one may be held back for the other's guesses: only for codes that nobody knows, and for a minute.
"""

import logging
import mmap
import os
from hashlib import blake2b
from ipaddress import IPv6Address, ip_address
from pathlib import Path

_log = logging.getLogger(__name__)
_SLOTS = 1 << 16
# A family that types a worn label letter by letter needs ten; behind one carrier's address there may be many families.
MOST_A_MINUTE = 120


def network_of(address: str) -> str:
    """Whom a try is counted against: an IPv4 address, or of IPv6 the network of 64 bits that one customer gets."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return "unknown"
    if isinstance(parsed, IPv6Address):
        inner = parsed.ipv4_mapped
        return str(inner) if inner else f"{IPv6Address(int(parsed) >> 64 << 64)}/64"
    return str(parsed)


class Guesses:
    """Counts guesses of networks a minute. Where the table cannot be shared, each process counts for itself."""

    def __init__(self, path: Path, key: bytes) -> None:
        self._path, self._key = path, key[:64]
        self._table: memoryview | None = None

    def note(self, address: str, second: float) -> int:
        """Counts one; how many it makes in this minute."""
        table, slot, minute = self._shared(), self._slot(address), int(second) // 60 & 0xFFFFFFFF
        count = self._count(table[slot], minute) + 1
        # Two processes at once may count one for two: a limit need not be exact.
        table[slot] = minute << 32 | min(count, 0xFFFFFFFF)
        return count

    def is_over(self, address: str, second: float) -> bool:
        """Whether a network has used up its guesses of this minute."""
        return self._count(self._shared()[self._slot(address)], int(second) // 60 & 0xFFFFFFFF) >= MOST_A_MINUTE

    @staticmethod
    def _count(held: int, minute: int) -> int:
        return held & 0xFFFFFFFF if held >> 32 == minute else 0

    def _slot(self, address: str) -> int:
        return int.from_bytes(blake2b(network_of(address).encode(), key=self._key, digest_size=2).digest())

    def _shared(self) -> memoryview:
        if self._table is None:
            self._table = memoryview(self._map()).cast("Q")
        return self._table

    def _map(self) -> mmap.mmap:
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            _log.warning("each process counts guesses for itself: %s", error.strerror)
            return mmap.mmap(-1, _SLOTS * 8)
        try:
            os.ftruncate(descriptor, _SLOTS * 8)
            return mmap.mmap(descriptor, _SLOTS * 8)
        finally:
            os.close(descriptor)
