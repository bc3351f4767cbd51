"""The schema's history: one step a file, each up and down, the same on SQLite and PostgreSQL.

Alembic is loaded where it is needed: a process that serves has no need of its memory.
"""

from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Engine

if TYPE_CHECKING:
    from alembic.config import Config


def migrate(engine: Engine, revision: str = "head") -> None:
    """Brings the database up to a revision (or `head`)."""
    from alembic import command

    _run(engine, command.upgrade, revision)


def migrate_down(engine: Engine, revision: str) -> None:
    """Takes the database down to a revision, `base` for none."""
    from alembic import command

    _run(engine, command.downgrade, revision)


def current_revision(engine: Engine) -> str | None:
    """The revision that the database is at, None where it has none."""
    from alembic.runtime.migration import MigrationContext

    with engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def head_revision() -> str:
    """The revision that this release needs."""
    from alembic.script import ScriptDirectory

    head = ScriptDirectory.from_config(_config()).get_current_head()
    assert head is not None
    return head


def is_known(revision: str) -> bool:
    """Whether this release's history has such a revision."""
    from alembic.script import ScriptDirectory

    return revision in {step.revision for step in ScriptDirectory.from_config(_config()).walk_revisions()}


def _config() -> "Config":
    from alembic.config import Config

    config = Config()
    # Percent signs are the configuration's own marks and may stand in a path.
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    return config


def _run(engine: Engine, act, revision: str) -> None:  # type: ignore[no-untyped-def]
    config = _config()
    if engine.dialect.name == "sqlite":
        # Readers and one writer side by side; the database file remembers it.
        with engine.connect() as connection:
            raw = connection.connection.driver_connection
            assert raw is not None
            raw.execute("PRAGMA journal_mode=WAL")
    with engine.execution_options(acting=True).connect() as connection, connection.begin():
        config.attributes["connection"] = connection
        act(config, revision)
