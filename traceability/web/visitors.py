"""Visitors are told apart by a keyed hash whose key is thrown away each day; no address is stored.

Link previews, robots and prefetching are no visitors (they would count scans that nobody made).
"""

import hashlib
import hmac
import os
import re
from datetime import date
from pathlib import Path

from werkzeug.datastructures import Headers

# Names of robots and link previews. Apps name themselves at the start of their text; within it they are the browser of a person.
_ROBOTS = re.compile(
    r"(?<!cu)bot[\s/;)]|(?<!cu)bot$|crawl|spider|slurp|scrap|facebookexternalhit|facebookcatalog|skypeuripreview|embedly|iframely|"
    r"vkshare|googleother|mastodon/|preview|headlesschrome|lighthouse|uptime|^(?:whatsapp|viber|zalo|curl|wget|python|java|"
    r"go-http-client|okhttp|libwww|axios|node|scrapy|monitor|ruby|perl|php)\b",
    re.IGNORECASE,
)


class Visitors:
    """Hashes visitors under the key of the day, which all processes share through a file."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._day: date | None = None
        self._key = b""

    def hash(self, address: str, user_agent: str, day: date) -> bytes:
        """16 bytes that tell a visitor from others on one day, and tell nothing the day after."""
        message = f"{address}\n{user_agent}".encode("utf-8", "replace")
        return hmac.digest(self._key_of(day), message, hashlib.sha256)[:16]

    def _key_of(self, day: date) -> bytes:
        if day != self._day:
            self._key, self._day = self._shared_key(day), day
        return self._key

    def _shared_key(self, day: date) -> bytes:
        path = self._folder / f"{day.isoformat()}.key"
        try:
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            for old in self._folder.glob("*.key"):
                if old.stem < path.stem:
                    old.unlink(missing_ok=True)
            _create(path)
            return path.read_bytes()
        except OSError:
            # A full or read-only disk must not stop a scan: then each process tells visitors apart by itself.
            return os.urandom(32)


def _create(path: Path) -> None:
    """Writes a new key whole, or leaves the one that another process wrote first."""
    if path.exists():
        return
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(os.urandom(32))
    try:
        path.hardlink_to(temporary)
    except FileExistsError:
        pass
    finally:
        temporary.unlink(missing_ok=True)


def is_person(method: str, headers: Headers) -> bool:
    """Whether a request is a person's scan: a GET that is no prefetch and no robot's."""
    purpose = " ".join(headers.get(name, "") for name in ("Purpose", "Sec-Purpose", "X-Purpose", "X-Moz")).lower()
    agent = headers.get("User-Agent", "")
    return method == "GET" and "prefetch" not in purpose and "preview" not in purpose and bool(agent) and not _ROBOTS.search(agent)
