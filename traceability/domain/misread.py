"""Help for a code that does not fit its check character: which part is wrong, and which characters are often misread."""

from dataclasses import dataclass

from traceability.domain import base32
from traceability.domain.stamp import CODE_LENGTH

# Pairs that people confuse in print and by hand, within the alphabet (I, L, O are folded, U does not occur).
_ALIKE = {"8": "B", "B": "8", "5": "S", "S": "5", "2": "Z", "Z": "2", "0": "D", "D": "0"}
_ALIKE |= {"6": "G", "G": "6", "1": "7", "7": "1", "V": "Y", "Y": "V"}


@dataclass(frozen=True)
class Letter:
    """One character as it was read. `alike`: what it may have been; `strange`: a character that no code holds."""

    character: str
    alike: str | None
    strange: bool


@dataclass(frozen=True)
class Block:
    """12 characters, of which the last checks the others."""

    letters: tuple[Letter, ...]
    fits: bool


def explain_code(typed: str) -> tuple[Block, ...]:
    """The blocks of a code as it was read, spaces and hyphens dropped, at most two."""
    code = base32.fold(typed).replace(" ", "").replace("-", "")[: 2 * CODE_LENGTH]
    return tuple(_block(code[start : start + CODE_LENGTH]) for start in range(0, len(code), CODE_LENGTH))


def _block(text: str) -> Block:
    strange = [character not in base32.ALPHABET for character in text]
    fits = len(text) == CODE_LENGTH and not any(strange) and base32.check_character(text[:-1]) == text[-1]
    letters = (Letter(character, None if fits else _ALIKE.get(character), odd) for character, odd in zip(text, strange, strict=True))
    return Block(tuple(letters), fits)
