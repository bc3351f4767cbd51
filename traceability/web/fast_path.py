"""A known stamp is answered before Flask is asked: looked up, counted, written down, filled in.

The page is the one that Flask's view drew and answered when the stamp was first scanned; the view itself answers through
`Scans.answer`, so there is one way to answer a scan. What is not known here, the view answers.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from time import perf_counter
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

from werkzeug.datastructures import MIMEAccept
from werkzeug.http import parse_accept_header

from traceability.domain.dates import day_in_vietnam
from traceability.journal.record import KINDS, VERDICTS, pack
from traceability.web.kept_page import Filling, filling, plain
from traceability.web.known_stamps import KnownStamp
from traceability.web.languages import format_moment, language_of
from traceability.web.metrics import HIT, LAPSED, MISS, Tally
from traceability.web.stamp_words import lapsed_verdict
from traceability.web.visitors import PERSON, kind_of

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication

    from traceability.web.services import Services

LINKED_DATA = "application/ld+json"
_PURPOSES = ("HTTP_PURPOSE", "HTTP_SEC_PURPOSE", "HTTP_X_PURPOSE", "HTTP_X_MOZ")
_PERSON = KINDS.index(PERSON)
_LAPSED = tuple(VERDICTS.index(lapsed_verdict(name)) for name in VERDICTS)
_MOST_CLIENTS = 20_000
# Headers that are longer than any browser's are read each time, and take no room.
_LONGEST_HEADERS = 1_000
_MOST_MOMENTS = 64
# When a request came, and whether its page was known by heart.
BEGAN, _OUTCOME = "traceability.began", "traceability.outcome"
Environ = dict[str, Any]
Answer = tuple[str, list[tuple[str, str]], bytes]


@dataclass(frozen=True, slots=True)
class Client:
    """What a request's headers say of who asks: in which language, for what, and what kind of scan it is.

    `is_usual`: for a page, with gzip or plain. Linked data, and what is compressed otherwise alone, is the view's.
    """

    language: str
    is_usual: bool
    takes_gzip: bool
    kind: int


class Scans:
    """Answers scans of known stamps. `headers` are those of every public page."""

    def __init__(self, services: "Services", headers: Iterable[tuple[str, str]]) -> None:
        self._services = services
        self.tally = Tally()
        self.headers = [
            ("Content-Type", "text/html; charset=utf-8"),
            *headers,
            ("Vary", "Accept, Accept-Language, Accept-Encoding"),
        ]
        self._clients: dict[tuple[str | None, ...], Client] = {}
        self._moments: dict[tuple[int, str], Filling] = {}
        self._today: tuple[int, date] = (-1, date.min)

    def client_of(self, environ: Environ) -> Client:
        """Who asks. Browsers are few, so that their headers are read once."""
        get = environ.get
        query = get("QUERY_STRING", "")
        asked = query if "lang=" in query else ""
        agent, method = get("HTTP_USER_AGENT", ""), environ["REQUEST_METHOD"]
        key = (asked, get("HTTP_ACCEPT"), get("HTTP_ACCEPT_LANGUAGE"), get("HTTP_ACCEPT_ENCODING"), agent, method)
        client = self._clients.get(key)
        if client is None:
            client = _read_client(*key)
            if len(self._clients) >= _MOST_CLIENTS:
                self._clients.clear()
            if sum(len(text) for text in key if text) <= _LONGEST_HEADERS:
                self._clients[key] = client
        purposes = [environ[name] for name in _PURPOSES if name in environ]
        if purposes:
            kind = KINDS.index(kind_of(method, agent, " ".join(purposes)))
            return Client(client.language, client.is_usual, client.takes_gzip, kind)
        return client

    def find(self, environ: Environ) -> tuple[KnownStamp, Client, datetime, bool] | None:
        """The known stamp at the request's path if its page holds now, who asks, and whether the register says so still."""
        found = self._find(environ)
        # Asked before the page is looked at: it lets stale pages go.
        return self._check(*found, self._services.watch.is_fresh()) if found else None

    def _find(self, environ: Environ) -> tuple[KnownStamp, Client] | None:
        if environ["REQUEST_METHOD"] not in ("GET", "HEAD"):
            return None
        client = self.client_of(environ)
        stamp = self._services.known.stamps.get((environ["PATH_INFO"], client.language))
        return (stamp, client) if stamp is not None and client.is_usual else None

    def _check(self, stamp: KnownStamp, client: Client, fresh: bool) -> tuple[KnownStamp, Client, datetime, bool] | None:
        page, now = stamp.page, self._services.clock()
        # A page past its day is redrawn, unless nobody can be asked: then it is answered as what was last known.
        holds = page.holds_from <= now.timestamp() < page.holds_until
        return (stamp, client, now, fresh) if page.is_alive and (holds or not fresh) else None

    def answer_at_once(self, environ: Environ, give: Callable[[int, list[tuple[str, str]], bytes], object]) -> bool:
        """Answers a scan of a known stamp through `give`, without ever waiting here; whether it does. For servers that can do so.

        Where answers wait for the disk, `give` is called by the journal's thread when it has synced.
        """
        began, services = perf_counter(), self._services
        found = self._find(environ)
        fresh = services.watch.is_fresh_at_once() if found else None
        checked = self._check(*found, fresh) if found and fresh is not None else None
        if checked is None:
            return False
        stamp, client, now, fresh = checked
        verdict, visitor, (status, headers, body) = self._say(stamp, client, now, fresh, environ)
        page = stamp.page

        def then() -> None:
            give(int(status[:3]), headers, body)
            self.tally.scan(verdict, client.kind, perf_counter() - began, HIT if fresh else LAPSED)

        at_us, place = int(now.timestamp() * 1_000_000), self.place_of(environ)
        record = pack(client.kind, page.form, verdict, page.facts.batch_id, stamp.unit, at_us, visitor, place)
        self.tally.watch(services)
        services.journal.append(record, then)
        return True

    def answer(self, stamp: KnownStamp, client: Client, now: datetime, fresh: bool, environ: Environ) -> Answer:
        """Writes a scan of a known stamp down and answers with its page: where it is not `fresh`, with what was last known."""
        verdict, visitor, answer = self._say(stamp, client, now, fresh, environ)
        page = stamp.page
        self.record(page.facts.batch_id, stamp.unit, page.form, verdict, client.kind, visitor, now.timestamp(), self.place_of(environ))
        self.tally.scan(verdict, client.kind, perf_counter() - environ[BEGAN], environ.get(_OUTCOME, MISS) if fresh else LAPSED)
        return answer

    def _say(self, stamp: KnownStamp, client: Client, now: datetime, fresh: bool, environ: Environ) -> tuple[int, bytes, Answer]:
        """The verdict, who scans, and the page, in which this scan is counted."""
        services, page, second = self._services, stamp.page, now.timestamp()
        verdict, pieces, said_at = page.verdict, page.pieces, second
        if not fresh:
            verdict, pieces = _LAPSED[verdict], page.lapsed()
            said_at = services.watch.last_known.timestamp() if services.watch.last_known else second
        stamp.is_used = page.is_used = True
        visitor = self.visitor(environ, second)
        if client.kind == _PERSON:
            stamp.count.add(visitor, int(second) // 60, now)
            services.known.tell(stamp.count)
        body, tag = stamp.fill(pieces, self._moment(int(said_at) // 60, client.language))
        return verdict, visitor, self._respond(body, tag, client, environ)

    def visitor(self, environ: Environ, second: float) -> bytes:
        """By what the visitor is known today."""
        return self._services.visitors.hash(self.address_of(environ), environ.get("HTTP_USER_AGENT", ""), self._day(second))

    def address_of(self, environ: Environ) -> str:
        """Whose request it is, as the proxies in front tell it."""
        # The rule of werkzeug's ProxyFix, which may not have seen this request yet.
        trusted, address = self._services.settings.trusted_proxies, environ.get("REMOTE_ADDR", "")
        told = environ.get("HTTP_X_FORWARDED_FOR", "").split(",") if trusted else ()
        return str(told[-trusted].strip() if len(told) >= trusted > 0 else address)

    def place_of(self, environ: Environ) -> int:
        """The rough place of the network that asks, where the operator has a table of them; else 0."""
        places = self._services.places
        return places.number_of(self.address_of(environ)) if places else 0

    def record(self, batch_id: int, unit: int, form: int, verdict: int, kind: int, visitor: bytes, second: float, place: int) -> None:
        """Writes a scan down. A disk that takes nothing costs the scan, never the page."""
        self.tally.watch(self._services)
        self._services.journal.append(pack(kind, form, verdict, batch_id, unit, int(second * 1_000_000), visitor, place))

    def _day(self, second: float) -> date:
        minute = int(second) // 60
        known, today = self._today
        if minute != known:
            today = day_in_vietnam(datetime.fromtimestamp(second, UTC))
            self._today = (minute, today)
        return today

    def _moment(self, minute: int, language: str) -> Filling:
        known = self._moments.get((minute, language))
        if known is None:
            if len(self._moments) >= _MOST_MOMENTS:
                self._moments.clear()
            known = filling(format_moment(datetime.fromtimestamp(minute * 60, UTC), language))
            self._moments[minute, language] = known
        return known

    def _respond(self, body: bytes, tag: str, client: Client, environ: Environ) -> Answer:
        headers = [*self.headers, ("ETag", tag)]
        if tag in environ.get("HTTP_IF_NONE_MATCH", ""):
            return "304 NOT MODIFIED", headers[1:], b""
        if client.takes_gzip:
            headers.append(("Content-Encoding", "gzip"))
        else:
            body = plain(body)
        headers.append(("Content-Length", str(len(body))))
        return "200 OK", headers, b"" if environ["REQUEST_METHOD"] == "HEAD" else body


class FastPath:
    """The layer in front of Flask."""

    def __init__(self, behind: "WSGIApplication", scans: Scans) -> None:
        self._behind, self._scans = behind, scans

    def __call__(self, environ: Environ, start_response: "StartResponse") -> Iterable[bytes]:
        environ.setdefault(BEGAN, perf_counter())
        found = self._scans.find(environ)
        if found is None:
            return self._behind(environ, start_response)
        environ[_OUTCOME] = HIT
        status, headers, body = self._scans.answer(*found, environ)
        start_response(status, headers)
        return [body]


def _read_client(query: str, accept: str | None, languages: str | None, encodings: str | None, agent: str, method: str) -> Client:
    asked = parse_qs(query).get("lang", [""])[0]
    media = parse_accept_header(accept, MIMEAccept).best_match(("text/html", LINKED_DATA))
    packed = parse_accept_header(encodings)
    gzip, brotli = packed.quality("gzip") > 0, packed.quality("br") > 0
    return Client(
        language_of(asked, languages), media != LINKED_DATA and (gzip or not brotli), gzip, KINDS.index(kind_of(method, agent, ""))
    )
