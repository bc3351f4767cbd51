"""What growing areas can yield is registered, and batches above it wait for the office; areas are found by their code however written."""

import sqlalchemy as sa
from alembic import op

from traceability.migrations.keep import refuse_to_lose

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

_PIECE = 10_000
_DECIDED = (
    "(decided_at IS NULL AND decided_by IS NULL AND released IS NULL AND words IS NULL)"
    " OR (decided_at IS NOT NULL AND decided_by IS NOT NULL AND released IS NOT NULL AND length(words) > 0)"
)


def upgrade() -> None:
    op.create_table(
        "area_capacity",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(length=50), nullable=False),
        sa.Column("code_folded", sa.String(length=50), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("amount", sa.Integer(), nullable=False),
        sa.Column("unit", sa.String(length=10), nullable=False),
        sa.Column("season_from", sa.Date(), nullable=False),
        sa.Column("season_until", sa.Date(), nullable=False),
        sa.Column("source", sa.String(length=300), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.String(length=100), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_by", sa.String(length=100), nullable=True),
        sa.CheckConstraint("unit IN ('kg', 'l', 'piece', 'm')", name=op.f("ck_area_capacity_unit")),
        sa.CheckConstraint("amount > 0", name=op.f("ck_area_capacity_amount")),
        sa.CheckConstraint("season_until >= season_from", name=op.f("ck_area_capacity_season")),
        sa.CheckConstraint("length(code_folded) > 0", name=op.f("ck_area_capacity_code_folded")),
        sa.CheckConstraint("(ended_at IS NULL) = (ended_by IS NULL)", name=op.f("ck_area_capacity_ended_whole")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_area_capacity")),
    )
    held = sa.text("ended_at IS NULL")
    season = ["code_folded", "unit", "season_from"]
    op.create_index("uq_area_capacity_season", "area_capacity", season, unique=True, sqlite_where=held, postgresql_where=held)
    op.create_table(
        "capacity_hold",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("batch_id", sa.Integer(), nullable=False),
        sa.Column("packs", sa.Integer(), nullable=False),
        sa.Column("over", sa.BigInteger(), nullable=False),
        sa.Column("over_unit", sa.String(length=10), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("asked_by", sa.String(length=100), nullable=False),
        sa.Column("released", sa.Boolean(), nullable=True),
        sa.Column("words", sa.String(length=500), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_by", sa.String(length=100), nullable=True),
        sa.CheckConstraint("packs > 0", name=op.f("ck_capacity_hold_packs")),
        sa.CheckConstraint("over > 0", name=op.f("ck_capacity_hold_over")),
        sa.CheckConstraint(_DECIDED, name=op.f("ck_capacity_hold_decided_whole")),
        sa.ForeignKeyConstraint(["batch_id"], ["batch.id"], name=op.f("fk_capacity_hold_batch_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_capacity_hold")),
    )
    waiting = sa.text("decided_at IS NULL")
    op.create_index("uq_capacity_hold_open", "capacity_hold", ["batch_id"], unique=True, sqlite_where=waiting, postgresql_where=waiting)
    op.create_index(op.f("ix_capacity_hold_batch_id"), "capacity_hold", ["batch_id"])
    op.add_column("growing_area", sa.Column("code_folded", sa.String(length=50), nullable=True))
    op.create_index(op.f("ix_growing_area_code_folded"), "growing_area", ["code_folded"])
    _fold_codes()


def _fold_codes() -> None:
    """By the same rule as new rows, which SQL has no word for: letters and digits alone, in capitals."""
    connection, last = op.get_bind(), 0
    area = sa.table("growing_area", *(sa.column(name) for name in ("id", "code", "code_folded")))
    while True:
        rows = _next_areas(connection, area, last)
        for row_id, code in rows:
            folded = "".join(character for character in code.upper() if character.isalnum())
            connection.execute(sa.update(area).where(area.c.id == row_id).values(code_folded=folded or None))
        if len(rows) < _PIECE:
            return
        last = rows[-1][0]


def _next_areas(connection: sa.Connection, area: sa.TableClause, last: int) -> list[sa.Row[int, str]]:
    chosen = sa.select(area.c.id, area.c.code).where(area.c.id > last, area.c.code.is_not(None))
    return list(connection.execute(chosen.order_by(area.c.id).limit(_PIECE)))


def downgrade() -> None:
    refuse_to_lose(op.get_bind(), ("area_capacity", "capacity_hold"))
    op.drop_index(op.f("ix_growing_area_code_folded"), "growing_area")
    op.drop_column("growing_area", "code_folded")
    op.drop_table("capacity_hold")
    op.drop_table("area_capacity")
