"""What all tables share: named constraints, instants in UTC, words limited by checks."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, ClassVar

from sqlalchemy import CheckConstraint, DateTime, Dialect, MetaData, String, text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from sqlalchemy.types import TypeDecorator

NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


class Base(DeclarativeBase):
    """The root of all tables. What the audit trail records of a table, its class says.

    `__personal__` columns are masked there, `__secret__` ones never appear.
    """

    metadata = MetaData(naming_convention=NAMES)
    __audited__: ClassVar[bool] = True
    __personal__: ClassVar[frozenset[str]] = frozenset()
    __secret__: ClassVar[frozenset[str]] = frozenset()

    def personal_columns(self) -> frozenset[str]:
        """The columns of this very row that are somebody's own."""
        return self.__personal__


class Instant(TypeDecorator[datetime]):
    """A time in UTC that knows it is in UTC, on databases that keep time zones and on those that do not."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("an instant needs its time zone")
        return value.astimezone(UTC)

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        assert isinstance(value, datetime)
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def one_of(column: str, words: tuple[str, ...] | list[str], *, name: str | None = None) -> CheckConstraint:
    """A check that a column holds one of the words (or NULL where it may)."""
    listed = ", ".join(f"'{word}'" for word in words)
    return CheckConstraint(f"{column} IN ({listed})", name=name or column)


def folded(column: str, fold: Callable[[str], str]) -> Mapped[str]:
    """A column that holds another one's text as people type it, so that it is found and compared however it is written.

    It is made of the other one at each insert, also past the mapper; a class that renames its rows sets it by `validates`.
    """

    def made(context: Any) -> str:
        return fold(context.get_current_parameters().get(column) or "")

    return mapped_column(String(400), default=made, server_default=text("''"))
