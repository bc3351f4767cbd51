"""What is printed on the labels: drawn anew for every run, so that nobody can keep anything from the run before."""

import csv
import secrets
from pathlib import Path

BASE32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
# Letters and digits that are not taken for one another, as a stamp's readable code has them.
READABLE = "ABCDEFGHJKMNPQRSTUVWXYZ23456789"
ADDRESS = "https://TRACE.LAOCAI.GOV.VN/S/"
COLUMNS = ("qr", "product", "producer", "code")


def write_payloads(path: Path, labels: int) -> None:
    """Writes a CSV of COLUMNS with as many rows; every `qr` and every `code` differs from every other."""
    with path.open("w", encoding="utf-8", newline="") as lines:
        rows = csv.writer(lines)
        rows.writerow(COLUMNS)
        for _ in range(labels):
            rows.writerow((ADDRESS + _draw(BASE32, 24), "Gạo Séng Cù Mường Vi", "HTX mẫu, xã Mường Vi, Lào Cai", _readable_code()))


def read_payloads(path: Path) -> list[dict[str, str]]:
    """The rows of such a CSV."""
    with path.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def _readable_code() -> str:
    return " ".join("-".join(_draw(READABLE, 4) for _ in range(3)) for _ in range(2))


def _draw(alphabet: str, length: int) -> str:
    return "".join(secrets.choice(alphabet) for _ in range(length))
