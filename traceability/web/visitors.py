"""Visitors are told apart by a keyed hash whose key is thrown away each day; no address is stored.

Link previews, robots and prefetching are no visitors (they would count scans that nobody made).
"""

import os
import re
from datetime import date
from hashlib import blake2b
from pathlib import Path
from secrets import token_hex
from threading import Lock

# Names of what fetches a page to show a preview of its address, and of robots. Apps name themselves at the start of their text;
# within it they are the browser of a person.
_PREVIEWS = re.compile(
    r"facebookexternalhit|facebookcatalog|facebot|telegrambot|twitterbot|linkedinbot|slackbot|discordbot|skypeuripreview|embedly|"
    r"iframely|vkshare|mastodon/|preview|zalobot|^(?:whatsapp|viber|zalo)\b",
    re.IGNORECASE,
)
_ROBOTS = re.compile(
    r"(?<!cu)bot[\s/;)-]|(?<!cu)bot$|crawl|spider|slurp|scrap|googleother|headlesschrome|lighthouse|uptime|"
    r"^(?:curl|wget|python|java|go-http-client|okhttp|libwww|axios|node|scrapy|monitor|ruby|perl|php)\b",
    re.IGNORECASE,
)
PERSON = "person"


class Visitors:
    """Hashes visitors under the key of the day, which all processes share through a file."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._of_day: tuple[date | None, bytes] = (None, b"")
        self._making = Lock()

    def hash(self, address: str, user_agent: str, day: date) -> bytes:
        """16 bytes that tell a visitor from others on one day, and tell nothing the day after."""
        message = f"{address}\n{user_agent}".encode("utf-8", "replace")
        # Keyed BLAKE2 (RFC 7693, 2.9) is as good here as HMAC with SHA-256, and takes a fifth of its time.
        return blake2b(message, key=self._key_of(day), digest_size=16).digest()

    def _key_of(self, day: date) -> bytes:
        known, key = self._of_day
        if known == day:
            return key
        with self._making:
            # Day and key in one value: a scan in another thread must not take the day of one and the key of another.
            if self._of_day[0] != day:
                self._of_day = (day, self._shared_key(day))
            return self._of_day[1]

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
    # Under a name of its own: threads of one process would write into each other's.
    temporary = path.with_name(f".{path.name}.{token_hex(8)}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(os.urandom(32))
    try:
        path.hardlink_to(temporary)
    except FileExistsError:
        pass
    finally:
        temporary.unlink(missing_ok=True)


def kind_of(method: str, agent: str, purposes: str) -> str:
    """What a request is: `person`'s scan, `head`, `prefetch`, `preview` or `robot`. `purposes`: what it says it is for."""
    if method == "HEAD":
        return "head"
    lowered = purposes.lower()
    if "prefetch" in lowered or "preview" in lowered:
        return "prefetch" if "prefetch" in lowered else "preview"
    if _PREVIEWS.search(agent):
        return "preview"
    return "robot" if not agent or _ROBOTS.search(agent) else PERSON
