"""A step down that would drop rows is refused: going down and up again loses nothing, or does not happen."""

import sqlalchemy as sa


class WouldLoseRows(Exception):
    """The step down would drop tables that hold rows."""


def refuse_to_lose(connection: sa.Connection, tables: tuple[str, ...]) -> None:
    """Raises WouldLoseRows if one of the tables holds a row."""
    for table in tables:
        if connection.execute(sa.select(sa.literal(1)).select_from(sa.table(table)).limit(1)).first():
            raise WouldLoseRows(f"the table {table} holds rows; make a backup and empty it before you go down this step")
