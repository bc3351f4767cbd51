"""One sample account a role, for trials: random passwords, made only where the public address is not a public one."""

import secrets
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from traceability.models import Producer
from traceability.operations.accounts import add_member, create_account

_ACCOUNTS = (
    ("member@example.vn", "Thành viên mẫu", None, "member"),
    ("manager@example.vn", "Người quản lý mẫu", None, "manager"),
    ("inspector@example.vn", "Cán bộ kiểm tra mẫu", "inspector", None),
    ("office@example.vn", "Văn phòng mẫu", "office", None),
    ("admin@example.vn", "Quản trị viên mẫu", "administrator", None),
)


def make_sample_accounts(session: Session, *, now: datetime) -> list[tuple[str, str, str]]:
    """Makes the accounts and returns login, password and role of each."""
    producer = session.scalar(select(Producer).where(Producer.illustrative, Producer.kind == "cooperative").order_by(Producer.id))
    made = []
    for login, name, staff_role, member_role in _ACCOUNTS:
        password = secrets.token_urlsafe(12)
        account = create_account(session, login=login, name=name, password=password, staff_role=staff_role, sample=True, now=now)
        if member_role and producer is not None:
            add_member(session, account.id, producer.id, member_role, now=now)
        made.append((login, password, staff_role or member_role or ""))
    return made
