"""What the stamps of a batch claim cannot change any more, whoever writes.

Corrections are rows of `batch_correction`. This step changes no rows, up or down.
"""

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_ALWAYS = ("code", "master_key_id", "kind")
_ONCE_STAMPED = (
    *("producer_id", "product_id", "lot", "lot_folded", "harvested_on", "made_on", "packed_on", "best_before"),
    *("quantity", "package", "allowance_percent", "unit_limit", "stamp_scope", "place", "indication_id"),
)
_STAMPED = "EXISTS (SELECT 1 FROM batch WHERE batch.product_id = OLD.id AND batch.stamp_scope IS NOT NULL)"


def _rules(differs: str) -> list[tuple[str, str, str, str]]:
    """Name, event, table and condition of each rule; `differs` is the dialect's null-safe inequality."""
    always = " OR ".join(f"NEW.{column} {differs} OLD.{column}" for column in _ALWAYS)
    stamped = " OR ".join(f"NEW.{column} {differs} OLD.{column}" for column in _ONCE_STAMPED)
    # JSON has no equality on PostgreSQL; its text has.
    stamped += f" OR CAST(NEW.standards AS TEXT) {differs} CAST(OLD.standards AS TEXT)"
    return [
        ("batch_claims_frozen", "UPDATE", "batch", f"{always} OR (OLD.stamp_scope IS NOT NULL AND ({stamped}))"),
        # Deleting and writing anew, which is what REPLACE does on SQLite, is a change too.
        ("batch_kept", "DELETE", "batch", "OLD.stamp_scope IS NOT NULL"),
        ("product_gtin_frozen", "UPDATE", "product", f"NEW.gtin {differs} OLD.gtin AND {_STAMPED}"),
        ("correction_frozen", "UPDATE", "batch_correction", ""),
        ("correction_kept", "DELETE", "batch_correction", ""),
        ("issuance_frozen", "UPDATE", "issuance", ""),
        ("issuance_kept", "DELETE", "issuance", ""),
    ]


def upgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        for name, event, table, condition in _rules("IS NOT"):
            when = f"WHEN {condition} " if condition else ""
            op.execute(f"CREATE TRIGGER {name} BEFORE {event} ON {table} {when}BEGIN SELECT RAISE(ABORT, '{name}'); END")
        return
    op.execute(
        "CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION USING MESSAGE = TG_NAME, ERRCODE = 'integrity_constraint_violation', CONSTRAINT = TG_NAME; END $$"
    )
    for name, event, table, condition in _rules("IS DISTINCT FROM"):
        # PostgreSQL allows no subquery in a trigger's WHEN, so the one rule that needs it has a function of its own.
        if _STAMPED in condition:
            op.execute(
                "CREATE FUNCTION refuse_gtin_change() RETURNS trigger LANGUAGE plpgsql AS "
                f"$$ BEGIN IF {condition} THEN RAISE EXCEPTION USING MESSAGE = TG_NAME, "
                "ERRCODE = 'integrity_constraint_violation', CONSTRAINT = TG_NAME; END IF; RETURN NEW; END $$"
            )
            op.execute(f"CREATE TRIGGER {name} BEFORE {event} ON {table} FOR EACH ROW EXECUTE FUNCTION refuse_gtin_change()")
            continue
        when = f"WHEN ({condition}) " if condition else ""
        op.execute(f"CREATE TRIGGER {name} BEFORE {event} ON {table} FOR EACH ROW {when}EXECUTE FUNCTION refuse_change()")
    op.execute("CREATE TRIGGER issuance_not_emptied BEFORE TRUNCATE ON issuance FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()")


def downgrade() -> None:
    on_sqlite = op.get_bind().dialect.name == "sqlite"
    for name, _event, table, _condition in _rules("IS NOT"):
        op.execute(f"DROP TRIGGER {name}" if on_sqlite else f"DROP TRIGGER {name} ON {table}")
    if not on_sqlite:
        op.execute("DROP TRIGGER issuance_not_emptied ON issuance")
        op.execute("DROP FUNCTION refuse_change()")
        op.execute("DROP FUNCTION refuse_gtin_change()")
