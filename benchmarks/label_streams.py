"""A million labels in flat memory, signed labels beside signing alone, and how soon a download begins.

Run from the project's folder: `.venv/bin/python benchmarks/label_streams.py`; `--labels` and `--signed` change the counts. Each
figure is that of a process of its own (start and imports counted, peak memory by the kernel). The peer of signed labels is
the bare signing of as many messages by the same library in as many processes as there are cores: labels cannot be sooner.
The download is asked of the service's own server with a fresh database of the sample, signed in as its member.
"""

import argparse
import http.client
import os
import platform
import re
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from datetime import date
from multiprocessing import get_context
from pathlib import Path
from urllib.parse import urlencode

PROJECT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(PROJECT))

HOST = "TRACE.LAOCAI.GOV.VN"
RUNS = 3
PORT = 8797
# Other files than sheets, and how many labels of each: "compact" is with the printer's own codes.
WRITERS = {"zpl": 20_000, "zpl-compact": 20_000, "tspl": 20_000, "tspl-compact": 20_000, "csv": 20_000, "xlsx": 20_000}
WRITERS |= {"png": 2_000, "svg": 1_000, "pdfs": 1_000, "pdf": 20_000}
# So many labels of the sample were issued and none of them cancelled.
DOWNLOADED = 20


def main() -> None:
    """Prints all figures, medians of three runs but of one for a million labels."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--labels", type=int, default=1_000_000)
    parser.add_argument("--signed", type=int, default=40_000)
    parser.add_argument("--one", nargs=2, metavar=("WAY", "COUNT"), help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.one:
        print(*one(asked.one[0], int(asked.one[1])))
        return
    print(f"{platform.machine()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}, Python {platform.python_version()}")
    for way in ("path", "bits"):
        for count in (10_000, asked.labels):
            told(f"{count:,} house labels, A4 65-up, {way}", [child(way, count)], count)
    for way, count in WRITERS.items():
        told(f"{count:,} labels of 50 x 30 mm at 203 dpi, {way}", [child(way, count) for _ in range(RUNS)], count)
    signing = [child("signing", asked.signed) for _ in range(RUNS)]
    signed = [child("signed", asked.signed) for _ in range(RUNS)]
    told(f"{asked.signed:,} signatures alone", signing, asked.signed)
    told(f"{asked.signed:,} signed labels, A4 18-up", signed, asked.signed)
    print(f"  signed labels take {median(signed) / median(signing):.2f} x the time of signing alone")
    print(f"first byte of a download of {DOWNLOADED} labels: {1000 * first_byte():.0f} ms (median of {RUNS})")


def told(name: str, runs: list[tuple[float, float, float]], count: int) -> None:
    """Prints seconds, labels a second, peak MB and bytes a label."""
    seconds = median(runs)
    peak, size = (statistics.median(run[place] for run in runs) for place in (1, 2))
    print(f"{name}: {seconds:.2f} s, {count / seconds:,.0f} a second, peak {peak:.0f} MB, {size / count:.0f} bytes each")


def median(runs: list[tuple[float, float, float]]) -> float:
    """The median time."""
    return statistics.median(run[0] for run in runs)


def child(way: str, count: int) -> tuple[float, float, float]:
    """Seconds of the whole process, its peak in MB, bytes written."""
    started = time.perf_counter()
    done = subprocess.run([sys.executable, __file__, "--one", way, str(count)], check=True, capture_output=True, text=True)
    peak, size = (float(figure) for figure in done.stdout.split())
    return time.perf_counter() - started, peak, size


def one(way: str, count: int) -> tuple[float, int]:
    """Peak in MB and bytes of one way, in this process."""
    size = sign(count) if way == "signing" else sum(map(len, made(way, count)))
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, size


def sign(count: int) -> int:
    """Signs as many messages as there are labels, on all cores."""
    from traceability.domain.keys import sign_messages

    cores = os.cpu_count() or 1
    messages = [f"https://{HOST}/S/{number:037d}".encode() for number in range(count)]
    share = -(-count // cores)
    with ProcessPoolExecutor(cores, mp_context=get_context("spawn")) as pool:
        parts = pool.map(sign_messages, [bytes(range(32))] * cores, [messages[at : at + share] for at in range(0, count, share)])
        return 64 * sum(map(len, parts))


def made(way: str, count: int):
    """The pieces of a file of labels of one batch."""
    from traceability.domain import stamp
    from traceability.labels.label import Label
    from traceability.labels.stock import STOCKS
    from traceability.operations.label_run import RunPlan, Span
    from traceability.operations.print_files import FilePlan, Paper, Sent, make_file
    from traceability.operations.print_labels import PrintJob

    signed = way == "signed"
    claims = stamp.format_claims(stamp.Claims(1, "7K3MQ9X2ABCS", packed_on=date(2026, 10, 12), stars=4)) if signed else None
    face = Label(
        qr_text="x",
        product_name="Gạo Séng Cù Mường Vi",
        producer="HTX mẫu, xã Mường Vi, Lào Cai",
        lot="SC-2026-03",
        made_on=date(2026, 10, 12),
        best_before=date(2027, 10, 12),
        stars=0,
        geographical_indication=None,
        readable_code="x",
        host="trace.laocai.gov.vn",
        specimen=False,
        design="signed" if signed else "small",
        offline=signed,
    )
    job = PrintJob("signed" if signed else "house", f"https://{HOST}", specimen=False)
    span = Span(1, count, claims, 1 if signed else None)
    plan = RunPlan(job, face, "7K3MQ9X2ABCS", None, "SC-2026-03", (span,), None, bytes(range(32)), {1: bytes(range(32))})
    kind, _, compact = way.partition("-")
    if kind in WRITERS:
        paper = Paper(STOCKS["50x30"], 203, kind, bool(compact))
    else:
        paper = Paper(STOCKS["a4-18" if signed else "a4-65"], 600, compact=way == "bits")
    return make_file(FilePlan(0, plan, paper, "labels", count, packed=kind in ("png", "svg", "pdfs")), Sent())[1]


def first_byte() -> float:
    """Seconds from asking for a file to its first byte, from the service's own server."""
    with tempfile.TemporaryDirectory() as folder:
        flask = [sys.executable, "-m", "flask", "--app", "traceability"]
        around = {**os.environ, "INSTANCE": folder, "PORT": str(PORT)}
        for command in ("init", "sample"):
            subprocess.run([*flask, command], env=around, cwd=PROJECT, check=True, capture_output=True)
        server = subprocess.Popen([*flask, "serve"], env=around, cwd=PROJECT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            return statistics.median(timed_download(Path(folder)) for _ in range(RUNS))
        finally:
            server.terminate()
            server.wait()


def timed_download(folder: Path) -> float:
    """Signs in, prints again some labels of the sample, and times the file's first byte."""
    visitor = Visitor()
    words = (folder / "sample-accounts.txt").read_text("utf-8")
    login, password = re.search(r"(member@\S+)\s+(\S+)", words).groups()  # type: ignore[union-attr]
    visitor.post("/account/sign-in", "/account/sign-in", login=login, password=password.strip())
    batches = set(re.findall(r"/producer/batches/([0-9A-Z]{12})", visitor.get("/producer/batches")))
    code = next(code for code in sorted(batches) if 'name="first_unit"' in visitor.get(f"/producer/batches/{code}/print"))
    page = f"/producer/batches/{code}/print"
    keys = {"again_key": os.urandom(8).hex(), "reason": "x", "stock": "50x30", "dpi": "203", "form": "house"}
    place = visitor.post(f"{page}/again", page, first_unit="1", last_unit=str(DOWNLOADED), **keys)
    run = re.search(r"run=(\d+)", place)
    assert run, place
    started = time.perf_counter()
    connection = http.client.HTTPConnection("127.0.0.1", PORT)
    connection.request("GET", f"{page}/{run[1]}/labels.pdf", headers={"Cookie": visitor.cookie})
    answer = connection.getresponse()
    assert answer.status == 200 and answer.read(1)
    return time.perf_counter() - started


class Visitor:
    """A browser's least: a cookie, forms with their tokens."""

    def __init__(self) -> None:
        self.cookie = ""

    def get(self, path: str) -> str:
        """A page."""
        return self._ask("GET", path)[1]

    def post(self, path: str, form_at: str, **fields: str) -> str:
        """Sends a form; gives where it leads."""
        token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', self.get(form_at))
        assert token, form_at
        return self._ask("POST", path, urlencode({"csrf_token": token[1], **fields}))[0]

    def _ask(self, method: str, path: str, body: str | None = None) -> tuple[str, str]:
        for _ in range(60):
            try:
                connection = http.client.HTTPConnection("127.0.0.1", PORT)
                headers = {"Cookie": self.cookie, "Content-Type": "application/x-www-form-urlencoded"}
                connection.request(method, path, body, headers)
                break
            except ConnectionRefusedError:
                time.sleep(0.5)
        answer = connection.getresponse()
        for cookie in answer.headers.get_all("Set-Cookie") or ():
            self.cookie = cookie.partition(";")[0]
        text = answer.read().decode("utf-8", "replace")
        if answer.status >= 400:
            raise RuntimeError(f"{path}: {answer.status}: {' '.join(re.findall('role=.alert.*?</', text, re.DOTALL))}")
        return answer.headers.get("Location", ""), text


if __name__ == "__main__":
    main()
