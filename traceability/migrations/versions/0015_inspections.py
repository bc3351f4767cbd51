"""What inspectors found. A finding is never changed or deleted, whoever writes; the batch's page shows that it was checked."""

import sqlalchemy as sa
from alembic import op

from traceability.migrations.keep import refuse_to_lose

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

_VERDICTS = "'MALFORMED', 'UNKNOWN', 'REVOKED', 'RECALLED', 'UNDETERMINED', 'SUSPECT', 'EXPIRED', 'ISSUED'"
_FROZEN = tuple(
    (f"{table}_{word}", event, table)
    for table in ("inspection", "inspection_photograph")
    for word, event in (("frozen", "UPDATE"), ("kept", "DELETE"))
)


def upgrade() -> None:
    _create_inspection()
    op.create_table(
        "inspection_photograph",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("inspection_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("sha256_taken", sa.String(length=64), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("size_bytes", sa.Integer(), nullable=False),
        sa.CheckConstraint("length(sha256_taken) = 64 AND length(sha256) = 64", name=op.f("ck_inspection_photograph_hashes")),
        sa.CheckConstraint("size_bytes > 0", name=op.f("ck_inspection_photograph_size")),
        sa.ForeignKeyConstraint(["inspection_id"], ["inspection.id"], name=op.f("fk_inspection_photograph_inspection_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_inspection_photograph")),
        sa.UniqueConstraint("name", name=op.f("uq_inspection_photograph_name")),
        sa.UniqueConstraint("inspection_id", "sha256_taken", name=op.f("uq_inspection_photograph_inspection_id_sha256_taken")),
    )
    _freeze()


def _create_inspection() -> None:
    op.create_table(
        "inspection",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("id_on_phone", sa.String(length=36), nullable=False),
        sa.Column("batch_id", sa.Integer(), nullable=True),
        sa.Column("unit", sa.Integer(), nullable=True),
        sa.Column("stamp_text", sa.String(length=2048), nullable=False),
        sa.Column("verdict", sa.String(length=15), nullable=False),
        sa.Column("pack_number", sa.Integer(), nullable=True),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("inspector", sa.String(length=200), nullable=False),
        sa.Column("body", sa.String(length=200), nullable=False),
        sa.Column("commune_code", sa.String(length=5), nullable=True),
        sa.Column("place", sa.String(length=200), nullable=False),
        sa.Column("latitude", sa.Double(), nullable=True),
        sa.Column("longitude", sa.Double(), nullable=True),
        sa.Column("checked", sa.JSON(), nullable=False),
        sa.Column("result", sa.String(length=12), nullable=False),
        sa.Column("correct_by", sa.Date(), nullable=True),
        sa.Column("words", sa.String(length=2000), nullable=False),
        sa.Column("seized", sa.Integer(), nullable=True),
        sa.Column("seized_unit", sa.String(length=20), nullable=True),
        sa.Column("explained_to", sa.String(length=200), nullable=True),
        sa.Column("found_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("result IN ('in_order', 'to_correct', 'serious')", name=op.f("ck_inspection_result")),
        sa.CheckConstraint(f"verdict IN ({_VERDICTS})", name=op.f("ck_inspection_verdict")),
        sa.CheckConstraint("(result = 'to_correct') = (correct_by IS NOT NULL)", name=op.f("ck_inspection_correct_by")),
        sa.CheckConstraint("unit IS NULL OR (unit >= 1 AND batch_id IS NOT NULL)", name=op.f("ck_inspection_unit")),
        sa.CheckConstraint("(latitude IS NULL) = (longitude IS NULL)", name=op.f("ck_inspection_coordinates_whole")),
        sa.CheckConstraint("latitude BETWEEN -90 AND 90 AND longitude BETWEEN -180 AND 180", name=op.f("ck_inspection_coordinates")),
        sa.CheckConstraint("(seized IS NULL) = (seized_unit IS NULL) AND seized > 0", name=op.f("ck_inspection_seized")),
        sa.CheckConstraint("length(place) > 0 AND length(body) > 0", name=op.f("ck_inspection_words")),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_inspection_account_id")),
        sa.ForeignKeyConstraint(["batch_id"], ["batch.id"], name=op.f("fk_inspection_batch_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_inspection")),
        sa.UniqueConstraint("id_on_phone", name=op.f("uq_inspection_id_on_phone")),
    )
    op.create_index(op.f("ix_inspection_batch_id_found_at"), "inspection", ["batch_id", "found_at"])
    op.create_index(op.f("ix_inspection_account_id"), "inspection", ["account_id"])
    op.create_index(op.f("ix_inspection_received_at"), "inspection", ["received_at"])


def _freeze() -> None:
    if op.get_bind().dialect.name == "sqlite":
        for name, event, table in _FROZEN:
            op.execute(f"CREATE TRIGGER {name} BEFORE {event} ON {table} BEGIN SELECT RAISE(ABORT, '{name}'); END")
        op.execute(
            "CREATE TRIGGER inspection_insert_noted AFTER INSERT ON inspection WHEN NEW.batch_id IS NOT NULL BEGIN "
            "INSERT INTO register_change (kind, subject_id, transaction_id) VALUES ('batch', NEW.batch_id, 0); END"
        )
        return
    for name, event, table in _FROZEN:
        op.execute(f"CREATE TRIGGER {name} BEFORE {event} ON {table} FOR EACH ROW EXECUTE FUNCTION refuse_change()")
    op.execute(
        "CREATE TRIGGER inspection_noted AFTER INSERT ON inspection FOR EACH ROW WHEN (NEW.batch_id IS NOT NULL) "
        "EXECUTE FUNCTION note_change('batch', 'batch_id')"
    )


def downgrade() -> None:
    refuse_to_lose(op.get_bind(), ("inspection",))
    op.drop_table("inspection_photograph")
    op.drop_table("inspection")
