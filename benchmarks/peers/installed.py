"""Which peers are there, in which versions, and how to get them.

The Python peers live in a virtual environment of their own, with pinned versions; gLabels comes from Debian. All of them
set their text in one static cut of the project's own Noto Sans, found by fontconfig in a folder with nothing else.
"""

import json
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import fontpkg
from fontTools.ttLib import TTFont
from fontTools.varLib.instancer import instantiateVariableFont

HERE = Path(__file__).resolve().parent
REQUIREMENTS = HERE / "requirements.txt"
# The Python peers' packages, what they are measured with first; WeasyPrint and Pango's libraries are blabel's.
DISTRIBUTIONS = {
    "reportlab": ("reportlab", "rl_accel", "qrcode"),
    "pylabels": ("pylabels", "reportlab", "rl_accel", "qrcode", "pillow"),
    "blabel": ("blabel", "weasyprint", "qrcode", "pillow"),
}
GLABELS = "glabels"
GLABELS_PROGRAM = "glabels-3-batch"
APT_LINE = "apt-get install --no-install-recommends glabels libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0"
PEERS = (*DISTRIBUTIONS, GLABELS)

_ASK_VERSIONS = """
import json, sys
from importlib.metadata import PackageNotFoundError, version
def found(name):
    try:
        return version(name)
    except PackageNotFoundError:
        return None
json.dump({name: found(name) for name in sys.argv[1:]}, sys.stdout)
"""
_FONTS_CONF = """<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig><dir>{folder}</dir><cachedir>{folder}/cache</cachedir></fontconfig>
"""


@dataclass(frozen=True)
class Home:
    """The folder that set_up fills."""

    folder: Path

    @property
    def python(self) -> Path:
        """The interpreter that has the Python peers."""
        return self.folder / "venv" / "bin" / "python"

    @property
    def font(self) -> Path:
        """Noto Sans, regular, static."""
        return self.folder / "fonts" / "NotoSans-Regular.ttf"

    @property
    def fonts_conf(self) -> Path:
        """Shows fontconfig that font and no other."""
        return self.folder / "fonts" / "fonts.conf"


def set_up(home: Home) -> None:
    """Makes the environment and the font in the folder; what is there is brought up to the pinned versions.

    gLabels is not installed, which takes a superuser: the line that does it is printed. Raises CalledProcessError.
    """
    if not home.python.exists():
        subprocess.run([sys.executable, "-m", "venv", home.folder / "venv"], check=True)
    subprocess.run([home.python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r", REQUIREMENTS], check=True)
    _make_font(home)
    print(f"The Python peers are in {home.folder}.")
    if shutil.which(GLABELS_PROGRAM) is None:
        print(f"gLabels and the libraries of WeasyPrint come from Debian: {APT_LINE}")


def peer_versions(home: Home) -> dict[str, str]:
    """The peers that can run, each with the versions of what it runs with, for printing."""
    versions = _python_versions(home) if home.python.exists() and home.font.exists() else {}
    if home.font.exists() and shutil.which(GLABELS_PROGRAM):
        versions[GLABELS] = f"gLabels {_debian_version(GLABELS)}, libqrencode {_debian_version('libqrencode4')}"
    return versions


def _python_versions(home: Home) -> dict[str, str]:
    names = sorted({name for several in DISTRIBUTIONS.values() for name in several})
    answer = subprocess.run([home.python, "-c", _ASK_VERSIONS, *names], check=True, capture_output=True, text=True).stdout
    found = json.loads(answer)
    return {
        peer: ", ".join(f"{name} {found[name]}" for name in several)
        for peer, several in DISTRIBUTIONS.items()
        if all(found[name] for name in several)
    }


def _debian_version(package: str) -> str:
    asked = subprocess.run(["dpkg-query", "--show", "--showformat=${Version}", package], capture_output=True, text=True, check=False)
    return asked.stdout or "of unknown version"


def _make_font(home: Home) -> None:
    home.font.parent.mkdir(parents=True, exist_ok=True)
    font = instantiateVariableFont(TTFont(fontpkg.path("Noto Sans")), {"wght": 400, "wdth": 100}, inplace=True)
    font.save(home.font)
    home.fonts_conf.write_text(_FONTS_CONF.format(folder=home.font.parent.resolve()), encoding="utf-8")
