"""Every setting, command and route is documented."""

import re
from pathlib import Path

import click
import pytest

from traceability.config import SETTINGS

ROOT = Path(__file__).parent.parent
OPERATIONS = (ROOT / "docs" / "operations.md").read_text("utf-8")


@pytest.fixture
def dialect() -> str:
    """Documents do not depend on the database."""
    return "sqlite"


@pytest.mark.parametrize("setting", SETTINGS, ids=lambda setting: setting[0])
def test_every_setting_is_documented_with_its_default(setting):
    row = next(line for line in OPERATIONS.splitlines() if line.startswith(f"| `{setting[0]}` |"))
    assert setting[1] in row and setting[2] in row


def commands(group: click.Group, before: str = ""):
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from commands(command, f"{before}{name} ")
        else:
            yield f"{before}{name}", command


def test_every_command_is_documented_and_has_help(app):
    own = [(name, command) for name, command in commands(app.cli) if name not in ("run", "shell", "routes")]
    assert {"init", "sample", "serve", "issue", "label", "verify", "batch list", "batch show", "keys list", "keys new"} <= dict(own).keys()
    for name, command in own:
        assert f"`{name}" in OPERATIONS, name
        assert command.help, name
        for parameter in command.params:
            if isinstance(parameter, click.Option) and parameter.name != "help":
                assert parameter.help, f"{name} {parameter.name}"


def test_every_route_is_documented(app):
    for rule in app.url_map.iter_rules():
        path = rule.rule.split("<")[0]
        assert f"`{path}" in OPERATIONS, rule.rule


def test_the_readme_names_the_two_commands_and_its_picture_is_there():
    readme = (ROOT / "README.md").read_text("utf-8")
    assert "make run" in readme and "make test" in readme
    for name in re.findall(r"\]\(((?!http)[^)#]+)\)", readme):
        assert (ROOT / name).exists(), name


def test_pins_carry_hashes_and_no_address():
    for path in (ROOT / "requirements.txt", ROOT / "tests" / "requirements.txt"):
        text = path.read_text("utf-8")
        assert "--hash=sha256:" in text and "://" not in text and "--index" not in text, path
