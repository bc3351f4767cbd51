"""Every refusal and every verdict has words."""

import ast
import re
from pathlib import Path

import pytest
from flask_babel import force_locale

from tests.domain.test_vectors import load
from traceability.domain.errors import FAULTS, Refused
from traceability.models.conflicts import _MEANINGS
from traceability.web.wording import _malformed_reasons, _unknown_reasons
from traceability.wording import refusals, word_refusal

PACKAGE = Path(__file__).parent.parent / "traceability"
FAULT_KINDS = {"StockFault": "stock", "PagingFault": "paging"}


def refused_codes() -> set[str]:
    codes = {code for _, _, code in _MEANINGS}
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ("Refused", "NotFound") and node.args:
                first = node.args[0]
                choices = [first.body, first.orelse] if isinstance(first, ast.IfExp) else [first]
                codes |= {choice.value for choice in choices if isinstance(choice, ast.Constant)}
            # Faults of stocks and of paging are refused with their own code behind the word of their kind.
            fault = isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and FAULT_KINDS.get(node.func.id)
            if fault and isinstance(node.args[0], ast.Constant):
                codes.add(f"{fault}_{node.args[0].value}")
    return codes | {"batch_draft", "batch_closed"}


@pytest.fixture
def dialect() -> str:
    """Words do not depend on the database."""
    return "sqlite"


@pytest.mark.parametrize("language", ["vi", "en", "zh"])
def test_every_refusal_has_words_and_none_is_left_over(app, language):
    with app.test_request_context(), force_locale({"zh": "zh_Hans_CN"}.get(language, language)):
        assert set(refusals()) - {"picture_missing"} == refused_codes() - {"picture_missing"}


def test_a_refusal_by_a_constraint_that_lacks_the_facts_still_has_words(app):
    with app.test_request_context(), force_locale("en"):
        assert "lot_repeated" in word_refusal(Refused("lot_repeated"))
        assert word_refusal(Refused("claims_frozen")).startswith("Stamps stand")


def test_the_facts_of_each_refusal_are_those_that_its_sentence_needs(app):
    needed = {}
    with app.test_request_context(), force_locale("en"):
        needed = {code: set(re.findall(r"%\((\w+)\)s", sentence)) for code, sentence in refusals().items()}
    for path in (PACKAGE / "domain").glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            refuses = isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Refused"
            if refuses and isinstance(node.args[0], ast.Constant):
                given = {keyword.arg for keyword in node.keywords}
                assert needed[node.args[0].value] <= given, node.args[0].value


def test_every_reason_of_the_vectors_has_words_for_the_page(app):
    with app.test_request_context(), force_locale("en"):
        unknown, malformed = set(_unknown_reasons()), set(_malformed_reasons())
    for case in load("verdicts")["cases"]:
        if "register" not in case:
            continue
        if case["verdict"] == "UNKNOWN":
            assert set(case["reasons"]) <= unknown | {"recalled"}, case["name"]
        if case["verdict"] == "MALFORMED":
            assert set(case["reasons"]) <= malformed, case["name"]
    assert malformed >= FAULTS
