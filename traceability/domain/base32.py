"""Crockford's base32, with Luhn mod 32 as the check character: the alphabet of batch codes, serials and claims.

One value has exactly one text: what is not canonical after folding is refused, never repaired.
"""

from traceability.domain.errors import Malformed

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_VALUE = {character: value for value, character in enumerate(ALPHABET)}
# Only ASCII letters fold: other letters that Unicode folds to ASCII (a Kelvin sign, a dotless i) are not look-alikes
# of ours but other characters, and str.upper() would let them in.
_FOLD = {ord(low): up for low, up in zip("abcdefghijklmnopqrstuvwxyz", "ABCDEFGHIJKLMNOPQRSTUVWXYZ", strict=True)}
_FOLD |= {ord("I"): "1", ord("i"): "1", ord("L"): "1", ord("l"): "1", ord("O"): "0", ord("o"): "0"}


def fold(text: str) -> str:
    """The text in capitals, with I and L read as 1 and O as 0; anything else is left as it stands."""
    return text.translate(_FOLD)


def encode_number(number: int, bits: int) -> str:
    """A number of `bits` bits as ceil(bits/5) characters, zero bits in front."""
    if not 0 <= number < 1 << bits:
        raise ValueError(f"{number} does not fit {bits} bits")
    length = -(-bits // 5)
    return "".join(ALPHABET[number >> 5 * place & 31] for place in range(length - 1, -1, -1))


def decode_number(text: str, bits: int) -> int:
    """The number that a canonical text of `bits` bits stands for.

    Raises Malformed: `alphabet`, or `padding` where the bits in front are not zero.
    """
    number = _read(text)
    if number >> bits:
        raise Malformed("padding")
    return number


def encode_bytes(value: bytes) -> str:
    """A byte string, padded with zero bits at its end."""
    length = -(-len(value) * 8 // 5)
    return encode_number(int.from_bytes(value) << (length * 5 - len(value) * 8), length * 5)


def decode_bytes(text: str) -> bytes:
    """The bytes that a canonical text stands for; Malformed: `alphabet`, or `padding` where the last bits are not zero."""
    size, spare = divmod(len(text) * 5, 8)
    number = _read(text)
    # Five spare bits or more are a character that no byte needs: the same bytes would have a shorter text.
    if spare >= 5 or number & ((1 << spare) - 1):
        raise Malformed("padding")
    return (number >> spare).to_bytes(size)


def check_character(text: str) -> str:
    """The character that follows `text`: Luhn mod 32, factors 2, 1, 2, 1 … from the last character to the first."""
    total = 0
    for place, character in enumerate(reversed(text)):
        product = _VALUE[character] * (2 - place % 2)
        total += product // 32 + product % 32
    return ALPHABET[-total % 32]


def check_code(code: str) -> None:
    """Refuses a 12-character code that holds a foreign character or whose last character does not fit the 11 before it.

    Raises Malformed: `alphabet`, `check_character`.
    """
    _read(code)
    if check_character(code[:-1]) != code[-1]:
        raise Malformed("check_character")


def with_check(number: int) -> str:
    """A 55-bit number as 11 characters and the check character."""
    text = encode_number(number, 55)
    return text + check_character(text)


def grouped(code: str) -> str:
    """A code as people read it: `XXXX-XXXX-XXXX`, and a space between a batch code and a serial."""
    blocks = [code[start : start + 12] for start in range(0, len(code), 12)]
    return " ".join("-".join(block[place : place + 4] for place in range(0, len(block), 4)) for block in blocks)


def _read(text: str) -> int:
    number = 0
    for character in text:
        if character not in _VALUE:
            raise Malformed("alphabet")
        number = number << 5 | _VALUE[character]
    return number
