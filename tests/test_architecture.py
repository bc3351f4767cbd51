"""Who may import whom. The first breach fails here, before it becomes a habit."""

import ast
import re
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "traceability"
MODULES = sorted(PACKAGE.rglob("*.py"))
# Ring → what of ours it may import, and which outside packages it must not.
OURS = {
    "domain": {"domain"},
    "qr": {"qr"},
    "journal": {"journal"},
    "labels": {"labels", "domain", "qr"},
    "models": {"models", "domain"},
    "migrations": {"migrations", "models"},
    "operations": {"operations", "models", "domain", "qr", "labels", "journal"},
    "web": {
        "web",
        "operations",
        "models.engine",
        "domain",
        "labels",
        "qr",
        "journal",
        "config",
        "keystore",
        "app_secret",
        "bell",
        "readiness",
        "mail",
        "pack_store",
        "pictures",
        "sheets",
        "uploads",
        "wording",
    },
    "sheets": {"domain"},
    "app_secret": set(),
    "bell": set(),
    "mail": {"config"},
    "pack_store": set(),
    "parent": set(),
    "server": {"app", "parent", "pictures", "web"},
    "backups": {"backups", "models", "migrations", "journal"},
    "readiness": {"domain", "keystore", "migrations", "scan_loader"},
    "scan_loader": {"journal", "operations", "models.engine", "domain"},
    "sample": {"sample", "operations", "models", "domain", "pictures"},
    "pictures": {"domain"},
    "uploads": {"domain", "pictures"},
    "vendoring": set(),
    "keystore": {"domain"},
    "audit_checkpoints": {"domain", "models.audit"},
    "config": set(),
    "register_wording": set(),
    "wording": {"domain", "register_wording", "web.languages"},
}
FORBIDDEN = {
    "domain": {"flask", "sqlalchemy", "flask_babel", "os", "random", "secrets", "time", "pathlib", "io", "socket", "qrcode", "PIL"},
    "qr": {"flask", "sqlalchemy", "PIL", "reportlab"},
    "journal": {"flask", "sqlalchemy", "numpy"},
    "labels": {"flask", "sqlalchemy"},
    "models": {"flask"},
    "operations": {"flask", "flask_babel", "random", "secrets", "time", "os"},
    "web": {"cryptography"},
}


def ring(path: Path) -> str:
    return path.relative_to(PACKAGE).with_suffix("").parts[0]


def imports(path: Path) -> set[str]:
    names = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            assert node.module
            names |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return names


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_a_ring_imports_only_what_lies_further_in(path):
    allowed = OURS.get(ring(path))
    if allowed is None:
        assert ring(path) in ("__init__", "app", "cli"), f"{path} is in a room that this test does not know"
        return
    for name in imports(path):
        root, _, rest = name.partition(".")
        if root == "traceability" and rest:
            assert any(rest == part or rest.startswith(f"{part}.") for part in allowed), f"{path.name} imports {name}"
        assert root not in FORBIDDEN.get(ring(path), set()), f"{path.name} imports {name}"


def test_domain_modules_import_one_another_one_way():
    graph = {
        path.stem: {
            name.split(".")[2] for name in imports(path) if name.startswith("traceability.domain.") and name.split(".")[2] != path.stem
        }
        for path in (PACKAGE / "domain").glob("*.py")
    }
    done: set[str] = set()
    while len(done) < len(graph):
        ready = {name for name, needs in graph.items() if name not in done and needs & set(graph) <= done}
        assert ready, f"a circle among {sorted(set(graph) - done)}"
        done |= ready


def test_only_the_settings_module_reads_the_environment():
    for path in MODULES:
        if path.name != "config.py":
            assert not re.search(r"os\.environ|getenv", path.read_text("utf-8")), path


def test_operations_neither_commit_nor_read_the_clock():
    for path in (PACKAGE / "operations").glob("*.py"):
        assert not re.search(r"\.commit\(|datetime\.now|date\.today|utcnow", path.read_text("utf-8")), path


def test_views_ask_no_database_themselves():
    for path in (PACKAGE / "web").glob("*.py"):
        assert not re.search(r"\bselect\(|session\.(scalar|execute|get|add)\b", path.read_text("utf-8")), path


def test_modules_and_functions_stay_readable():
    for path in MODULES:
        text = path.read_text("utf-8")
        assert text.count("\n") <= 400, f"{path} has {text.count(chr(10))} lines"
        if "migrations/versions" in str(path):
            continue
        for node in ast.walk(ast.parse(text)):
            # A function that only registers commands holds them as functions of their own.
            if isinstance(node, ast.FunctionDef) and not any(isinstance(part, ast.FunctionDef) for part in node.body):
                length = (node.end_lineno or 0) - node.lineno + 1
                if not (len(node.body) <= 3 and isinstance(node.body[-1], ast.Return)):
                    assert length <= 60, f"{path.name}: {node.name} has {length} lines"


def test_names_say_something():
    for path in MODULES:
        assert path.stem not in {"utils", "util", "helpers", "helper", "manager", "managers", "misc", "common", "data", "process", "info"}


def test_public_names_have_docstrings():
    for path in MODULES:
        if "migrations/versions" in str(path):
            continue
        tree = ast.parse(path.read_text("utf-8"))
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_") and node in tree.body:
                assert ast.get_docstring(node), f"{path.relative_to(PACKAGE)}: {node.name}"
