"""What a sheet's rows would do to the register: each is new, changed, the same, doubtful or wrong, with the reason in its cell.

A plan is a pure function of the rows, the answers and the register. It is stored with the preview; applying works it out again and
does nothing if it is another by then.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from traceability.domain import written
from traceability.domain.errors import Refused
from traceability.domain.folding import fold_name, one_form
from traceability.domain.register_sheet import FORMULA, HEADING_ROWS, KINDS, Found, Row, Sheet, find_headings
from traceability.models import Base
from traceability.operations.import_known import Doubt, Entity, Key, Known, as_stored

MOST_ROWS = 20_000
NOW = "now"
"""What stands in a plan for the moment at which it is applied."""


@dataclass(frozen=True)
class SheetRow:
    """A row as it was read: its place in the file, its sheet, and its cells by column key."""

    place: int
    sheet: str
    row_number: int
    kind: str
    cells: dict[str, str]
    formulas: tuple[str, ...] = ()
    is_hidden: bool = False


@dataclass
class PlannedRow:
    """What one row would do. `reasons` are refusals by column, `steps` what is done in turn, `changes` old and new values."""

    row: SheetRow
    outcome: str = "same"
    reasons: list[dict[str, Any]] = field(default_factory=list)
    notes: list[dict[str, Any]] = field(default_factory=list)
    doubts: list[dict[str, Any]] = field(default_factory=list)
    steps: list[dict[str, Any]] = field(default_factory=list)
    changes: list[list[Any]] = field(default_factory=list)

    @property
    def told(self) -> dict[str, Any]:
        """All but the row itself, as it is stored."""
        return {name: getattr(self, name) for name in ("reasons", "notes", "doubts", "steps", "changes")}


class Stopped(Exception):
    """A row cannot be planned any further: it is wrong, or a doubt must be answered first."""


class Planner:
    """Plans one row after another; what earlier rows add is known to later ones."""

    def __init__(self, known: Known, answers: dict[str, Any], today: date) -> None:
        self.known, self.answers, self.today = known, answers, today
        self.seen: dict[tuple[Any, ...], int] = {}
        self.current = PlannedRow(SheetRow(0, "", 0, "", {}))

    def begin(self, row: SheetRow) -> PlannedRow:
        """Starts a row. Formulas make it wrong: what they would work out, nobody has seen."""
        self.current = PlannedRow(row)
        for column in row.formulas:
            self.wrong(Refused("cell_formula"), column)
        if row.is_hidden:
            self.current.notes.append({"code": "row_hidden"})
        return self.current

    def text(self, column: str, longest: int = 200) -> str | None:
        """A cell in one form of letters, None where it is empty."""
        text = one_form(self.current.row.cells.get(column, ""))
        if len(text) > longest:
            self.wrong(Refused("text_long", field=column, length=len(text), largest=longest), column)
            return None
        return text or None

    def read(self, column: str, parse: Callable[[str], Any]) -> Any:
        """A cell as something else; what cannot be read makes the row wrong."""
        try:
            return parse(self.current.row.cells.get(column, ""))
        except Refused as refused:
            self.wrong(refused, column)
            return None

    def needed(self, column: str, longest: int = 200) -> str:
        """A cell that must hold something. Raises Stopped."""
        text = self.text(column, longest)
        if text is None:
            if column not in self.current.row.formulas:
                self.wrong(Refused("cell_empty"), column)
            raise Stopped
        return text

    def wrong(self, refused: Refused, column: str | None = None) -> None:
        """Notes why the row is wrong."""
        facts = {name: as_stored(value) for name, value in refused.facts.items()}
        self.current.reasons.append({"code": refused.code, "facts": facts, "column": column})

    def note(self, code: str, **facts: Any) -> None:
        """Notes what the row does beside what it says."""
        self.current.notes.append({"code": code, **facts})

    def once(self, *key: Any, column: str) -> None:
        """A second row about the same is wrong: which of them holds, nobody can tell."""
        first = self.seen.setdefault(key, self.current.row.row_number)
        if first != self.current.row.row_number:
            twice = Refused("decision_twice", row=first) if key[0] == "recognition" else Refused("row_twice", row=first)
            self.wrong(twice, column)

    def sure(self, found: Entity | Doubt | None, column: str) -> Entity | None:
        """The entity that is meant. Raises Stopped where only a person can say."""
        if isinstance(found, Doubt):
            choices = [list(choice) for choice in found.choices]
            self.current.doubts.append({"key": found.key, "said": found.said, "choices": choices, "column": column})
            raise Stopped
        return found

    def stop_if_wrong(self) -> None:
        """Raises Stopped where the row is wrong already."""
        if self.current.reasons:
            raise Stopped

    def insert(self, kind: type[Base], values: dict[str, Any]) -> Entity:
        """Plans a new row of a table."""
        self.stop_if_wrong()
        entity = Entity(kind, f"{kind.__tablename__}:{self.current.row.place}:{len(self.current.steps)}", values)
        step = {"act": "insert", "table": kind.__tablename__, "ref": entity.key, "values": values}
        self.current.steps.append(step)
        self.known.add(entity)
        return entity

    def change(self, entity: Entity, values: dict[str, Any]) -> bool:
        """Plans new values of a row, of which an empty cell changes nothing; whether there is anything to change."""
        self.stop_if_wrong()
        changed = {name: value for name, value in values.items() if value is not None and value != entity.get(name)}
        if changed:
            before = {name: entity.get(name) for name in changed}
            step = {"act": "update", "table": entity.kind.__tablename__, "key": entity.key, "before": before, "values": changed}
            self.current.steps.append(step)
            self.told_change(before, changed)
            entity.values.update(changed)
        return bool(changed)

    def told_change(self, before: dict[str, Any], after: dict[str, Any]) -> None:
        """Notes what a person is shown of a change."""
        self.current.changes += [[name, before.get(name), after[name]] for name in after if before.get(name) != after[name]]

    def finish(self, *, is_new: bool) -> None:
        """The row's outcome; a wrong or doubtful row does nothing at all."""
        row = self.current
        if row.reasons:
            row.outcome = "wrong"
        elif row.doubts:
            row.outcome = "doubt"
        else:
            row.outcome = "new" if is_new else "changed" if row.steps else "same"
            return
        row.steps.clear()
        row.changes.clear()


def rows_of(sheets: Iterable[Sheet]) -> tuple[list[SheetRow], list[str]]:
    """The rows of all sheets whose headings say what they are, in the order in which they are planned, and the names of the others.

    Refused `sheet_headings` where there is none.
    """
    found, others = list[tuple[int, Sheet, Found]](), list[str]()
    for sheet in sheets:
        head = [(row.number, row.cells) for row in sheet.rows[:HEADING_ROWS]]
        headings = find_headings(sheet.name, head)
        if headings is None:
            others.append(sheet.name)
        else:
            found.append((KINDS.index(headings.kind), sheet, headings))
    if not found:
        raise Refused("sheet_headings")
    rows = list[SheetRow]()
    for _, sheet, headings in sorted(found, key=lambda each: each[0]):
        for row in sheet.rows:
            if row.number > headings.row_number and any(place in headings.columns for place in row.cells):
                rows.append(_sheet_row(len(rows), sheet, row, headings))
    if len(rows) > MOST_ROWS:
        raise Refused("sheet_rows", most=MOST_ROWS)
    return rows, others


def _sheet_row(place: int, sheet: Sheet, row: Row, headings: Found) -> SheetRow:
    held = {key: row.cells[column] for column, key in headings.columns.items() if column in row.cells}
    formulas = tuple(key for key, text in held.items() if text == FORMULA)
    cells = {key: text for key, text in held.items() if text != FORMULA}
    return SheetRow(place, sheet.name, row.number, headings.kind.key, cells, formulas, row.is_hidden)


def names_in(rows: list[SheetRow]) -> Iterator[tuple[str, str]]:
    """The folded names of producers and products, and tax codes, by column."""
    for row in rows:
        for column in ("producer", "product"):
            if row.cells.get(column):
                yield column, fold_name(row.cells[column])
        if row.cells.get("tax_code"):
            yield "tax_code", "".join(letter for letter in row.cells["tax_code"] if letter.isdigit())


def whole_day(text: str) -> str | None:
    """A day as a plan holds it."""
    day = written.parse_day(text)
    return day.isoformat() if day else None


def key_of(entity: Entity | None) -> Key | None:
    """An entity's key, where there is one."""
    return entity.key if entity else None
