"""Who acts. What a page says about who says so follows from the role, never from a choice."""

from dataclasses import dataclass

from traceability.domain.errors import Refused

ROLES = ("producer", "office", "inspector")
CONFIRMING_ROLES = ("office", "inspector")


@dataclass(frozen=True)
class Doer:
    """Who does something, as the audit trail names it: by name, and in which role."""

    name: str
    role: str


@dataclass(frozen=True)
class Actor(Doer):
    """Who says something about a batch, which only the roles of the register may."""

    def __post_init__(self) -> None:
        if self.role not in ROLES:
            raise ValueError(f"no such role: {self.role}")


def check_role(actor: Actor, *roles: str) -> None:
    """Refused `role` where the act is not the actor's."""
    if actor.role not in roles:
        raise Refused("role", role=actor.role, roles=", ".join(roles))
