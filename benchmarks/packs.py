"""Trust packs: how large they are, and how long making, opening and following them takes.

Run from the project's folder: `.venv/bin/python benchmarks/packs.py`. A register of 10,000 batches like the sample's with stages, rating
and indication, then a day's work on it: 150 new batches, 10 recalls and 20 cancelled ranges.
The aims are 5 MB for the whole and 100 KB for the day's difference.
"""

import argparse
import json
import platform
import random
import statistics
import sys
import tempfile
import time
from base64 import b64encode
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from sqlalchemy import select

from benchmarks.scan_variants.register import add_batches
from traceability import create_app
from traceability.config import read_settings
from traceability.domain.roles import Actor
from traceability.domain.trust_pack import Held, format_line, format_pack, open_pack
from traceability.keystore import ROOT_KEY, initialise, new_key
from traceability.migrations import migrate
from traceability.models import Batch
from traceability.models.engine import acting, reading
from traceability.operations.trust_pack import PROVINCE, gather_lines
from traceability.operations.withdraw import RecallNotice, recall_goods, revoke_stamps
from traceability.sample import SampleKeys, load_sample
from traceability.web.services import Services

OFFICE = Actor("Office", "office")
NOTICE = RecallNotice("Không sử dụng; mang trả nơi đã mua.", "Chi cục, 0214 000 0000", "Chỉ tiêu vi sinh vượt mức cho phép.")


def main() -> None:
    """Makes the register, times, prints."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--batches", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=5)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        services = _service(Path(folder))
        print(f"{platform.machine()}, Python {platform.python_version()}, {asked.batches:,} batches")
        add_batches(services, asked.batches // 2, units=20)
        add_batches(services, asked.batches - asked.batches // 2)
        before = _made_different(_timed("gather the province's lines", asked.rounds, lambda: _gather(services)))
        whole = _timed("sign and pack the whole", asked.rounds, lambda: _pack(services, before, 1, None))
        _timed("open the whole", asked.rounds, lambda: _open(services, whole, Held()))
        print(f"whole: {len(whole):,} bytes for {len(before):,} batches, {sum(map(len, before.values())):,} characters on the phone")
        _a_day(services)
        after = _made_different(_gather(services))
        small = _timed("sign and pack a day's difference", asked.rounds, lambda: _pack(services, after, 2, (1, before)))
        _timed("follow it", asked.rounds, lambda: _open(services, small, Held(1, before)))
        print(f"a day's difference: {len(small):,} bytes")
        services.close()


def _service(folder: Path) -> Services:
    settings = read_settings({"INSTANCE": str(folder), "PUBLIC_URL": "https://trace.example.vn"})
    now = datetime.now(UTC)
    initialise(settings.keys_folder, settings.public_host, now)
    new_key(settings.keys_folder, "pack", settings.keys_folder / ROOT_KEY, now)
    services: Services = create_app(settings).extensions["traceability"]
    migrate(services.engine)
    with acting(services.engine) as session:
        load_sample(session, keys=SampleKeys(services.key_store.current().keyring, settings.public_host, "1"), now=now)
    return services


def _gather(services: Services) -> dict[str, str]:
    with reading(services.engine) as session:
        return gather_lines(session, PROVINCE, keys=services.scan_keys, now=services.clock())


def _made_different(lines: dict[str, str]) -> dict[str, str]:
    """The lines as a real register would have them: of 300 products of 120 producers, each with days, lot and signed claims of its own.

    The register's batches are copies of one, and would be packed to nothing.
    """
    made = {}
    for code, line in lines.items():
        chance = random.Random(code)
        entry, product = json.loads(line), chance.randrange(300)
        packed_on = date(2026, 1, 1) + timedelta(days=chance.randrange(330))
        days = {"harvested_on": packed_on - timedelta(days=chance.randrange(60)), "made_on": packed_on, "packed_on": packed_on}
        days["best_before"] = packed_on + timedelta(days=chance.choice((90, 180, 365, 540)))
        entry["page"] |= {name: day.isoformat() for name, day in days.items()}
        entry["page"] |= {"product": f"{_WORDS[product % 7]} số {product}", "producer": f"HTX {_WORDS[product % 5]} {product * 2 // 5}"}
        entry["page"] |= {"lot": f"{packed_on:%y%m%d}-{chance.randrange(1000):03d}", "quantity": chance.randrange(50, 5000)}
        claims = b64encode(chance.randbytes(23)).decode()
        entry["issued"] = [["signed", at, claims] for _form, at, _claims in entry.get("issued", ())]
        made[code] = format_line(entry)
    return made


_WORDS = ("Gạo Séng Cù", "Chè Shan tuyết", "Mật ong rừng", "Thảo quả", "Tương ớt Mường Khương", "Miến đao", "Quế Văn Yên")


def _pack(services: Services, lines: dict[str, str], number: int, since: tuple[int, dict[str, str]] | None) -> bytes:
    store = services.key_store.current()
    key = store.keyring.newest("pack", services.clock())
    assert key is not None
    return format_pack(
        lines,
        number=number,
        area=PROVINCE,
        issued_at=services.clock(),
        kid=key.kid,
        private_key=store.pack_keys[key.kid],
        key_file=store.content,
        key_file_signature=store.signature,
        since=since,
    )


def _open(services: Services, content: bytes, held: Held) -> object:
    return open_pack(content, services.key_store.current().root_public, held, services.clock())


def _a_day(services: Services) -> None:
    """What a busy day changes."""
    new = add_batches(services, 150)
    chance = random.Random(7)
    with acting(services.engine) as session:
        units = list(session.scalars(select(Batch.id).where(Batch.stamp_scope == "unit", Batch.quantity == 20).limit(2_000)))
        for batch_id in chance.sample(units, 10):
            recall_goods(session, batch_id, NOTICE, units=(3, 7), actor=OFFICE, now=services.clock())
        for batch_id in chance.sample(units, 20):
            revoke_stamps(session, batch_id, units=(1, 2), reason="in hỏng", actor=OFFICE, now=services.clock())
    assert new


def _timed(what: str, rounds: int, act):  # type: ignore[no-untyped-def]
    took = []
    for _ in range(rounds):
        began = time.perf_counter()
        made = act()
        took.append(time.perf_counter() - began)
    print(f"{what}: {statistics.median(took):.2f} s (median of {rounds}; {min(took):.2f} to {max(took):.2f})")
    return made


if __name__ == "__main__":
    main()
