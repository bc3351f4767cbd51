"""Accounts, their roles, sessions and links. Secrets are kept only as hashes; the second factor's seed lies encrypted."""

from datetime import datetime

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, LargeBinary, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from traceability.domain.accounts import PRODUCER_ROLES, STAFF_ROLES
from traceability.models.base import Base, Instant, one_of

LINK_PURPOSES = ("invitation", "reset")


class Account(Base):
    """One person. `login` is an e-mail address in small letters or a phone number as +84…; `totp_seed` is encrypted."""

    __tablename__ = "account"
    __table_args__ = (UniqueConstraint("login"), CheckConstraint("length(login) > 0", name="login"))
    __personal__ = frozenset({"login", "name"})
    __secret__ = frozenset({"password_hash", "totp_seed", "totp_last_step"})

    id: Mapped[int] = mapped_column(primary_key=True)
    login: Mapped[str] = mapped_column(String(254))
    name: Mapped[str] = mapped_column(String(200))
    password_hash: Mapped[str | None] = mapped_column(String(200))
    totp_seed: Mapped[bytes | None] = mapped_column(LargeBinary)
    totp_confirmed_at: Mapped[datetime | None] = mapped_column(Instant)
    # A code is good once: the step of the last one that was taken.
    totp_last_step: Mapped[int | None]
    sample: Mapped[bool] = mapped_column(default=False)
    disabled_at: Mapped[datetime | None] = mapped_column(Instant)
    created_at: Mapped[datetime] = mapped_column(Instant)

    memberships: Mapped[list["Membership"]] = relationship(order_by="Membership.id")
    staff_roles: Mapped[list["StaffRole"]] = relationship(order_by="StaffRole.id")


class Membership(Base):
    """An account acts for a producer; a manager also invites and removes members."""

    __tablename__ = "membership"
    __table_args__ = (
        one_of("role", PRODUCER_ROLES),
        Index(
            "uq_membership_current",
            "account_id",
            "producer_id",
            unique=True,
            sqlite_where=text("ended_at IS NULL"),
            postgresql_where=text("ended_at IS NULL"),
        ),
        Index("ix_membership_producer_id", "producer_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    producer_id: Mapped[int] = mapped_column(ForeignKey("producer.id"))
    role: Mapped[str] = mapped_column(String(10))
    since: Mapped[datetime] = mapped_column(Instant)
    ended_at: Mapped[datetime | None] = mapped_column(Instant)


class StaffRole(Base):
    """An account's role in the province; an inspector's may be bounded to one commune."""

    __tablename__ = "staff_role"
    __table_args__ = (
        one_of("role", STAFF_ROLES),
        CheckConstraint("commune_code IS NULL OR role = 'inspector'", name="commune_of_inspector"),
        UniqueConstraint("account_id", "role"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    role: Mapped[str] = mapped_column(String(20))
    commune_code: Mapped[str | None] = mapped_column(String(5))
    since: Mapped[datetime] = mapped_column(Instant)


class RecoveryCode(Base):
    """A code that stands in for the second factor, once."""

    __tablename__ = "recovery_code"
    __table_args__ = (UniqueConstraint("account_id", "code_hash"),)
    __secret__ = frozenset({"code_hash"})

    id: Mapped[int] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    code_hash: Mapped[bytes] = mapped_column(LargeBinary)
    used_at: Mapped[datetime | None] = mapped_column(Instant)


class Link(Base):
    """An invitation or a reset of the password: good once, for 24 hours. Of its token only the hash is kept."""

    __tablename__ = "link"
    __table_args__ = (
        one_of("purpose", LINK_PURPOSES),
        one_of("member_role", PRODUCER_ROLES),
        one_of("staff_role", STAFF_ROLES),
        CheckConstraint("(member_role IS NULL) = (producer_id IS NULL)", name="member_of_producer"),
        CheckConstraint("(purpose = 'reset') = (account_id IS NOT NULL)", name="reset_of_account"),
        UniqueConstraint("token_hash"),
    )
    __personal__ = frozenset({"login", "name"})
    __secret__ = frozenset({"token_hash"})

    id: Mapped[int] = mapped_column(primary_key=True)
    token_hash: Mapped[bytes] = mapped_column(LargeBinary)
    purpose: Mapped[str] = mapped_column(String(12))
    account_id: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    login: Mapped[str] = mapped_column(String(254))
    name: Mapped[str | None] = mapped_column(String(200))
    producer_id: Mapped[int | None] = mapped_column(ForeignKey("producer.id"))
    member_role: Mapped[str | None] = mapped_column(String(10))
    staff_role: Mapped[str | None] = mapped_column(String(20))
    commune_code: Mapped[str | None] = mapped_column(String(5))
    made_by: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    made_at: Mapped[datetime] = mapped_column(Instant)
    expires_at: Mapped[datetime] = mapped_column(Instant)
    used_at: Mapped[datetime | None] = mapped_column(Instant)


class WebSession(Base):
    """A browser's session, on the server. The cookie holds a token of which only the hash is here.

    `account_id` is None before sign-in; `passed_at` is when all factors that the account needs were given.
    """

    __tablename__ = "web_session"
    __table_args__ = (UniqueConstraint("token_hash"), Index("ix_web_session_account_id", "account_id"))
    __audited__ = False

    id: Mapped[int] = mapped_column(primary_key=True)
    token_hash: Mapped[bytes] = mapped_column(LargeBinary)
    account_id: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    passed_at: Mapped[datetime | None] = mapped_column(Instant)
    content: Mapped[dict[str, object]] = mapped_column(JSON, default=dict)
    browser: Mapped[str] = mapped_column(String(200))
    created_at: Mapped[datetime] = mapped_column(Instant)
    last_seen_at: Mapped[datetime] = mapped_column(Instant)
    ended_at: Mapped[datetime | None] = mapped_column(Instant)


class SignInFailure(Base):
    """A wrong password or code. `login_hash` also counts logins that no account has, so that nothing tells them apart."""

    __tablename__ = "sign_in_failure"
    __table_args__ = (Index("ix_sign_in_failure_login_hash_at", "login_hash", "at"),)
    __audited__ = False

    id: Mapped[int] = mapped_column(primary_key=True)
    login_hash: Mapped[bytes] = mapped_column(LargeBinary)
    at: Mapped[datetime] = mapped_column(Instant)
