"""Trust packs for inspectors: the newest of one's area, whole or as what changed since the one on the phone."""

from collections.abc import Mapping
from datetime import timedelta

from flask import Blueprint, abort, jsonify, send_file, url_for
from flask.typing import ResponseReturnValue
from flask_wtf.csrf import generate_csrf

from traceability.domain import keys as key_rules
from traceability.domain.errors import KeyFileError
from traceability.domain.trust_pack import digest_lines, format_pack, read_lines
from traceability.models.engine import acting, reading
from traceability.operations.register_changes import present_place
from traceability.operations.trust_pack import MadePack, area_of, fetch_pack, gather_lines, newest_pack, note_pack
from traceability.web.access import open_to, principal
from traceability.web.services import services

packs = Blueprint("packs", __name__)
_PACK_TYPE = "application/vnd.traceability.pack"
# A pack in which nothing changed is dated anew, so that phones can show how recent it is.
_DATED_ANEW = timedelta(hours=1)


@packs.get("/inspector/pack")
@open_to("inspector", "office")
def newest() -> ResponseReturnValue:
    """Which pack is the newest of one's area, where it lies, and the root's key, which a phone pins when it first asks."""
    around, area = services(), area_of(principal().commune_code)
    store = around.key_store.current()
    if store.keyring.newest("pack", around.clock()) is None:
        return jsonify(error="no_pack_key"), 503
    pack = _newest(area)
    return jsonify(
        number=pack.number,
        area=area,
        issued_at=key_rules.format_instant(pack.issued_at),
        entries=pack.entries,
        root_key=store.root_public.hex(),
        whole=url_for("packs.whole", number=pack.number),
        server_time=key_rules.format_instant(around.clock()),
        # The page may be one that was kept from an earlier session.
        token=generate_csrf(),
    )


@packs.get("/inspector/packs/<int:number>")
@open_to("inspector", "office")
def whole(number: int) -> ResponseReturnValue:
    """A pack, whole; a download that broke off goes on where it was."""
    return _send(_own(number))


@packs.get("/inspector/packs/<int:number>/since/<int:base>")
@open_to("inspector", "office")
def difference(number: int, base: int) -> ResponseReturnValue:
    """What changed since another pack of the same area; 404 where that is not kept any more: then a whole one is due."""
    pack, old = _own(number), _own(base)
    kept = services().packs
    if not kept.path(number, base).exists():
        before, after = kept.read(old.number), kept.read(pack.number)
        if before is None or after is None or base >= number:
            abort(404)
        _write(pack, read_lines(after), (base, read_lines(before)))
    return _send(pack, base)


def _own(number: int) -> MadePack:
    """404 for a pack of another area, which is told apart from none to nobody."""
    with reading(services().engine) as session:
        pack = fetch_pack(session, number)
    if pack is None or pack.area != area_of(principal().commune_code):
        abort(404)
    return pack


def _newest(area: str) -> MadePack:
    """The newest pack of an area; made where the register says something else by now, or the last one is an hour old."""
    around = services()
    now, compared, sequence = around.clock(), around.packs.compared, around.key_store.current().keyring.sequence
    with reading(around.engine) as session:
        pack, place = newest_pack(session, area), present_place(session)
        kept = pack if pack is not None and around.packs.path(pack.number).exists() else None
        is_recent = kept is not None and now - kept.issued_at < _DATED_ANEW and kept.key_sequence == sequence
        if kept and is_recent and compared.get(area) == (kept.number, place):
            return kept
        lines = gather_lines(session, area, keys=around.scan_keys, now=now)
    if kept is None or not is_recent or digest_lines(lines) != kept.state:
        with acting(around.engine) as session:
            kept = note_pack(session, area, lines, key_sequence=sequence, now=now)
        _write(kept, lines)
        around.packs.forget(now)
    compared[area] = (kept.number, place)
    return kept


def _write(pack: MadePack, lines: Mapping[str, str], since: tuple[int, Mapping[str, str]] | None = None) -> None:
    around = services()
    store = around.key_store.current()
    key = store.keyring.newest("pack", around.clock())
    if key is None or key.kid not in store.pack_keys:
        raise KeyFileError("there is no private pack key; make one by `keys new pack`")
    content = format_pack(
        lines,
        number=pack.number,
        area=pack.area,
        issued_at=pack.issued_at,
        kid=key.kid,
        private_key=store.pack_keys[key.kid],
        key_file=store.content,
        key_file_signature=store.signature,
        since=since,
    )
    around.packs.write(content, pack.number, since[0] if since else None, now=around.clock())


def _send(pack: MadePack, base: int | None = None) -> ResponseReturnValue:
    path = services().packs.path(pack.number, base)
    if not path.exists():
        abort(404)
    # A phone goes on at a byte of it, if it is still the same file.
    return send_file(path, mimetype=_PACK_TYPE, conditional=True, etag=f"{base or 'whole'}-{pack.number}-{path.stat().st_mtime_ns}")
