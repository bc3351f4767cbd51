"""Printers, with the correction that their test page gave."""

import sqlalchemy as sa
from alembic import op

from traceability.migrations.keep import refuse_to_lose

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "printer",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("producer_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("scale_x", sa.Double(), nullable=False),
        sa.Column("scale_y", sa.Double(), nullable=False),
        sa.Column("shift_x_mm", sa.Double(), nullable=False),
        sa.Column("shift_y_mm", sa.Double(), nullable=False),
        sa.Column("measured_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("measured_by", sa.String(length=100), nullable=True),
        sa.Column("account_id", sa.Integer(), nullable=True),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("length(name) > 0", name=op.f("ck_printer_name_not_empty")),
        sa.CheckConstraint("scale_x BETWEEN 0.9 AND 1.1 AND scale_y BETWEEN 0.9 AND 1.1", name=op.f("ck_printer_scale")),
        sa.CheckConstraint("shift_x_mm BETWEEN -10 AND 10 AND shift_y_mm BETWEEN -10 AND 10", name=op.f("ck_printer_shift")),
        sa.CheckConstraint("(measured_at IS NULL) = (measured_by IS NULL)", name=op.f("ck_printer_measured_by")),
        sa.CheckConstraint(
            "measured_at IS NOT NULL OR (scale_x = 1 AND scale_y = 1 AND shift_x_mm = 0 AND shift_y_mm = 0)",
            name=op.f("ck_printer_as_measured"),
        ),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_printer_account_id")),
        sa.ForeignKeyConstraint(["producer_id"], ["producer.id"], name=op.f("fk_printer_producer_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_printer")),
        sa.UniqueConstraint("producer_id", "name", name=op.f("uq_printer_producer_id_name")),
    )


def downgrade() -> None:
    refuse_to_lose(op.get_bind(), ("printer",))
    op.drop_table("printer")
