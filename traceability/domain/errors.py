"""One root for everything that this service refuses; a refusal carries its facts and never an HTTP status."""


class TraceabilityError(Exception):
    """The root. Whoever catches it catches every refusal, and no bug."""


class Malformed(TraceabilityError):
    """A text that is not a stamp of ours, or was misread.

    `fault` is one of FAULTS, the same words as in the test vectors.
    """

    def __init__(self, fault: str) -> None:
        assert fault in FAULTS, fault
        super().__init__(fault)
        self.fault = fault


FAULTS = frozenset(
    """empty too_long scheme authority foreign_host path encoding length alphabet check_character padding
    gtin gtin_check_digit lot qualifiers layout unused_bits stars""".split()
)


class Refused(TraceabilityError):
    """An act that the rules do not allow.

    `code` names the rule; `facts` are the values that a sentence about it needs. The edge words both for the person.
    """

    def __init__(self, code: str, /, **facts: object) -> None:
        super().__init__(code if not facts else f"{code} {facts}")
        self.code = code
        self.facts = facts


class NotFound(Refused):
    """What the act was asked of does not exist, or not for the one who asks."""


class KeyFileError(TraceabilityError):
    """A key file that cannot be trusted; the message says why, for an operator."""
