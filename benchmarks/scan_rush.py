"""A television report, and somebody who tries a million codes: the real server, on this machine, together with the load.

.venv/bin/python benchmarks/scan_rush.py viral      # one stamp, 10,000 new connections spread over 10 s, no TLS
.venv/bin/python benchmarks/scan_rush.py guesses    # 1,000,000 bad addresses beside scans of known stamps (needs wrk)
.venv/bin/python benchmarks/scan_rush.py start      # from the command to the first answered scan, and memory a worker
"""

import argparse
import asyncio
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(PROJECT))

from benchmarks.scan_variants.bench import PHONE, Bench, Server, fetch, processor, read_wrk  # noqa: E402
from benchmarks.scan_variants.memory import memory  # noqa: E402

BAD = """
local alphabet, count = "0123456789ABCDEFGHJKMNPQRSTVWXYZ", 0
local odd = {"/S/", "/S/%FF%FE", "/01/123", "/01/09521234500018/10/NOT-THERE", "/wp-login.php", "/S/../etc/passwd", "/.env"}
math.randomseed(os.time())
function request()
  count = count + 1
  local kind = count % 4
  if kind == 0 then return wrk.format("GET", odd[math.random(#odd)]) end
  local length, path = kind == 1 and 12 or kind == 2 and 24 or math.random(140), {}
  for place = 1, length do local at = math.random(32); path[place] = alphabet:sub(at, at) end
  return wrk.format("GET", "/S/" .. table.concat(path))
end
local failed = {}
function setup(thread) table.insert(failed, thread) end
function init(args) errors = 0 end
function response(status) if status >= 500 then errors = errors + 1 end end
function done(summary)
  local sum = 0
  for _, thread in ipairs(failed) do sum = sum + thread:get("errors") end
  io.write("server errors: " .. sum .. " of " .. summary.requests .. "\\n")
end
"""


async def viral(server: Server, path: str, connections: int, seconds: float) -> tuple[list[float], int]:
    """Milliseconds of each scan over a connection of its own, and how many failed."""
    host, port = "127.0.0.1", int(server.base.rpartition(":")[2])
    took: list[float] = []
    failed = 0

    async def scan(number: int) -> None:
        nonlocal failed
        await asyncio.sleep(number * seconds / connections)
        began = time.perf_counter()
        try:
            reader, writer = await asyncio.wait_for(asyncio.open_connection(host, port), 10)
            agent = f"Mozilla/5.0 (Linux; Android 14; Phone {number}) Mobile"
            head = f"GET {path} HTTP/1.1\r\nHost: x\r\nUser-Agent: {agent}\r\nAccept-Encoding: gzip\r\nConnection: close\r\n\r\n"
            writer.write(head.encode())
            content = await asyncio.wait_for(reader.read(-1), 10)
            writer.close()
            took.append((time.perf_counter() - began) * 1000)
            failed += not content.startswith(b"HTTP/1.1 200")
        except (OSError, TimeoutError):
            failed += 1

    await asyncio.gather(*(scan(number) for number in range(connections)))
    return took, failed


def _wrk(command: list[str], environment: dict[str, str]) -> tuple[float, float, float, int]:
    return read_wrk(subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout)


def guesses(bench: Bench, server: Server, wanted: int) -> None:
    """Known stamps alone, then beside so many bad addresses."""
    script = bench.folder / "bad.lua"
    script.write_text(BAD)
    few = bench.folder / "few.txt"
    few.write_text("\n".join(bench.paths.read_text().splitlines()[:400]))
    environment = {**os.environ, "PATHS": str(few)}
    good = ["wrk", "-t1", "-c8", "--latency", "-s", str(bench.folder / "load.lua"), "-H", "Accept-Encoding: gzip", server.base]
    for _ in range(3):
        subprocess.run([*good, "-d4s"], env=environment, capture_output=True, check=True)
    alone = [_wrk([*good, "-d5s"], environment) for _ in range(3)]
    sent, errors, beside = 0, 0, []
    while sent < wanted:
        bad = ["wrk", "-t1", "-c24", "-d20s", "-s", str(script), "-H", f"User-Agent: {PHONE}", server.base]
        attack = subprocess.Popen(bad, stdout=subprocess.PIPE, text=True)
        time.sleep(1)
        beside.append(_wrk([*good, "-d15s"], environment))
        told = attack.communicate()[0]
        found = re.search(r"server errors: (\d+) of (\d+)", told)
        assert found, told
        errors, sent = errors + int(found[1]), sent + int(found[2])
        print(f"  {sent:,} bad addresses, {errors} server errors", flush=True)
    p99_alone, p99_beside = (statistics.median(found[2] for found in runs) for runs in (alone, beside))
    print(f"known stamps, p99: {p99_alone:.1f} ms alone, {p99_beside:.1f} ms beside them ({p99_beside / p99_alone:.1f} x)")
    rates = [statistics.median(found[0] for found in runs) for runs in (alone, beside)]
    print(f"known stamps, a second: {rates[0]:,.0f} alone, {rates[1]:,.0f} beside")
    print(f"known stamps that failed: {sum(found[3] for found in beside)}")


def main() -> None:
    """Runs one."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["viral", "guesses", "start"])
    parser.add_argument("--count", type=int, help="connections (10,000) or bad addresses (1,000,000)")
    arguments = parser.parse_args()
    print(f"{processor()}, {os.cpu_count()} cores")
    with tempfile.TemporaryDirectory(prefix="rush-") as folder:
        bench = Bench(Path(folder), 10_000)
        began = time.perf_counter()
        server = bench.serve()
        path = bench.paths.read_text().split("\n", 1)[0]
        try:
            fetch(server.base, path)
            first = time.perf_counter() - began
            if arguments.what == "viral":
                took, failed = asyncio.run(viral(server, path, arguments.count or 10_000, 10))
                took.sort()
                p50, p95, p99 = (took[int(len(took) * share)] for share in (0.5, 0.95, 0.99))
                told = f"{failed} failed, p50 {p50:.1f}, p95 {p95:.1f}, p99 {p99:.1f} ms"
                print(f"{len(took):,} scans of one stamp, each over a new connection, in 10 s: {told}")
            elif arguments.what == "guesses":
                guesses(bench, server, arguments.count or 1_000_000)
            else:
                print(f"first scan answered {first:.2f} s after the command")
                bench.warm(server, 5)
                print("after scans of 10,000 stamps:", *memory(server), sep="\n")
        finally:
            server.stop()


if __name__ == "__main__":
    main()
