"""What changes in the register is noted by triggers, whoever writes, so that no kept page outlives it."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

# Table, subject and the column that names it; an empty column stands for everything.
_NOTED = (
    ("batch", "batch", "id"),
    *(
        (table, "batch", "batch_id")
        for table in (
            *("growing_area", "report", "photograph", "stage", "batch_correction"),
            *("issuance", "revocation", "recall", "suspicion"),
        )
    ),
    ("product", "product", "id"),
    ("recognition", "product", "product_id"),
    ("use_right", "product", "product_id"),
    ("producer", "producer", "id"),
    ("geographical_indication", "indication", "id"),
    ("craft_village", "all", ""),
)
_EVENTS = {"insert": ("NEW",), "update": ("OLD", "NEW"), "delete": ("OLD",)}


def upgrade() -> None:
    op.create_table(
        "register_change",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("subject_id", sa.Integer(), nullable=False),
        sa.Column("transaction_id", sa.BigInteger(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), server_default=sa.func.current_timestamp(), nullable=False),
        sa.CheckConstraint("kind IN ('batch', 'product', 'producer', 'indication', 'all')", name=op.f("ck_register_change_kind")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_register_change")),
    )
    op.create_index(op.f("ix_register_change_transaction_id"), "register_change", ["transaction_id"])
    if op.get_bind().dialect.name == "sqlite":
        for table, kind, column in _NOTED:
            for event, rows in _EVENTS.items():
                notes = " ".join(_note_on_sqlite(kind, f"{row}.{column}" if column else "0") for row in rows)
                op.execute(f"CREATE TRIGGER {table}_{event}_noted AFTER {event.upper()} ON {table} BEGIN {notes} END")
        return
    op.execute(
        "CREATE FUNCTION note_change() RETURNS trigger LANGUAGE plpgsql AS $$ "
        "DECLARE subject integer := 0; before integer := 0; BEGIN "
        "IF TG_ARGV[1] <> '' THEN "
        "IF TG_OP <> 'DELETE' THEN subject := (to_jsonb(NEW) ->> TG_ARGV[1])::integer; END IF; "
        "IF TG_OP <> 'INSERT' THEN before := (to_jsonb(OLD) ->> TG_ARGV[1])::integer; END IF; "
        "IF TG_OP = 'INSERT' THEN before := subject; ELSIF TG_OP = 'DELETE' THEN subject := before; END IF; END IF; "
        "INSERT INTO register_change (kind, subject_id, transaction_id) "
        "SELECT DISTINCT TG_ARGV[0], touched, pg_current_xact_id()::text::bigint FROM unnest(ARRAY[before, subject]) AS touched; "
        "RETURN NULL; END $$"
    )
    for table, kind, column in _NOTED:
        op.execute(
            f"CREATE TRIGGER {table}_noted AFTER INSERT OR UPDATE OR DELETE ON {table} "
            f"FOR EACH ROW EXECUTE FUNCTION note_change('{kind}', '{column}')"
        )


def _note_on_sqlite(kind: str, subject: str) -> str:
    return f"INSERT INTO register_change (kind, subject_id, transaction_id) VALUES ('{kind}', {subject}, 0);"  # noqa: S608


def downgrade() -> None:
    # The rows are news for processes that keep pages, and nobody else's: nothing is lost with them.
    on_sqlite = op.get_bind().dialect.name == "sqlite"
    for table, _, _ in _NOTED:
        for name in [f"{table}_{event}_noted" for event in _EVENTS] if on_sqlite else [f"{table}_noted ON {table}"]:
            op.execute(f"DROP TRIGGER {name}")
    if not on_sqlite:
        op.execute("DROP FUNCTION note_change")
    op.drop_table("register_change")
