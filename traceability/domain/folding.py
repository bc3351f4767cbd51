"""Names as people type them: without accents, in any case, with the usual short forms of kinds of producers."""

import re
import unicodedata

# What decisions and sheets write in either way; the longest first.
_SHORT_FORMS = (
    ("cong ty trach nhiem huu han", "cty tnhh"),
    ("cong ty tnhh", "cty tnhh"),
    ("cong ty co phan", "ctcp"),
    ("cty cp", "ctcp"),
    ("cong ty", "cty"),
    ("san xuat nong nghiep", "sxnn"),
    ("hop tac xa", "htx"),
    ("to hop tac", "tht"),
    ("ho kinh doanh", "hkd"),
)
_LONG_FORMS = (
    ("công ty trách nhiệm hữu hạn", "cty tnhh"),
    ("công ty tnhh", "cty tnhh"),
    ("công ty cổ phần", "ctcp"),
    ("cty cp", "ctcp"),
    ("công ty", "cty"),
    ("sản xuất nông nghiệp", "sxnn"),
    ("hợp tác xã", "htx"),
    ("tổ hợp tác", "tht"),
    ("hộ kinh doanh", "hkd"),
)
# Grave, acute, hook above, tilde, dot below.
_TONES = "\u0300\u0301\u0309\u0303\u0323"
_SEPARATORS = re.compile(r"[\W_]+")
_KINDS = (
    ("cooperative", ("htx", "lien hiep htx")),
    ("cooperative_group", ("tht", "to san xuat", "to phu nu")),
    ("company", ("ctcp", "cty", "doanh nghiep", "dntn")),
    ("household", ("hkd", "ho")),
)


def fold(text: str) -> str:
    """A text without accents, in small letters, with single spaces: “Chè  Đắng” and “che dang” are the same."""
    plain = unicodedata.normalize("NFD", text).replace("đ", "d").replace("Đ", "d")
    return " ".join("".join(letter for letter in plain if not unicodedata.combining(letter)).casefold().split())


def fold_name(name: str) -> str:
    """A producer's or product's name for comparing: folded, signs aside, with short forms for the kinds of producers."""
    folded = f" {_SEPARATORS.sub(' ', fold(name)).strip()} "
    for long, short in _SHORT_FORMS:
        folded = folded.replace(f" {long} ", f" {short} ")
    return folded.strip()


def spoken_name(name: str) -> str:
    """A name for telling apart what sounds different: accents count, but not where in a syllable the tone is written (hoà, hòa)."""
    words = f" {_SEPARATORS.sub(' ', unicodedata.normalize('NFC', name).casefold()).strip()} "
    for long, short in _LONG_FORMS:
        words = words.replace(f" {long} ", f" {short} ")
    return " ".join(_tone_last(word) for word in words.split())


def _tone_last(word: str) -> str:
    letters = unicodedata.normalize("NFD", word)
    return "".join(letter for letter in letters if letter not in _TONES) + "".join(letter for letter in letters if letter in _TONES)


def kind_in_name(name: str) -> str | None:
    """The kind of producer that a name begins with (“HTX …” is a cooperative), None where it does not say."""
    folded = f"{fold_name(name)} "
    return next((kind for kind, words in _KINDS if any(folded.startswith(f"{word} ") for word in words)), None)


def one_form(text: str) -> str:
    """A text in composed letters (NFC) and with single spaces, as it is stored whichever program wrote it."""
    return " ".join(unicodedata.normalize("NFC", text).split())
