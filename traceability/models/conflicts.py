"""What a database's refusal means: the constraints are the last word, and this gives them the words of the rules.

Two who act at once can both pass a check in Python; then the constraint decides, and the second is told what the check
would have told.
"""

from sqlalchemy.exc import IntegrityError

from traceability.domain.errors import Refused

# Constraint or trigger, the columns by which SQLite names a unique constraint, and the rule.
_MEANINGS = (
    ("uq_batch_product_id_lot_folded", "batch.product_id, batch.lot_folded", "lot_repeated"),
    ("uq_product_gtin", "product.gtin", "gtin_taken"),
    ("uq_producer_tax_code", "producer.tax_code", "tax_code_taken"),
    ("uq_printer_producer_id_name", "printer.producer_id, printer.name", "printer_name_taken"),
    ("uq_batch_idempotency_key", "batch.idempotency_key", "idempotency_reused"),
    ("uq_print_run_idempotency_key", "print_run.idempotency_key", "idempotency_reused"),
    ("uq_issuance_idempotency_key", "issuance.idempotency_key", "idempotency_reused"),
    ("uq_consumer_report_idempotency_key", "consumer_report.idempotency_key", "idempotency_reused"),
    ("uq_issuance_batch_id_first_unit", "issuance.batch_id, issuance.first_unit", "issued_at_once"),
    ("uq_issuance_batch_id_last_unit", "issuance.batch_id, issuance.last_unit", "issued_at_once"),
    ("uq_issuance_batch_stamp", "issuance.batch_id, issuance.form", "issued_at_once"),
    ("fk_issuance_batch_scope", None, "scope_fixed"),
    ("ck_issuance_within_limit", None, "units_exceed"),
    ("batch_claims_frozen", None, "claims_frozen"),
    ("batch_kept", None, "claims_frozen"),
    ("product_gtin_frozen", None, "gtin_frozen"),
)


def meaning_of(error: IntegrityError) -> Refused | None:
    """The rule that a constraint stands for, or None for one that no input should ever reach."""
    said = str(error.orig)
    for name, columns, code in _MEANINGS:
        if name in said or (columns and said.endswith(f"failed: {columns}")):
            return Refused(code)
    return None
