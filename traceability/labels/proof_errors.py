"""Why a picture of the test page cannot be measured."""

UNREADABLE = (
    "edges_missing",
    "marks_missing",
    "not_flat",
    "not_the_page",
    "too_blurred",
    "too_small",
)
"""The words for it: an edge of the paper is not in view or cannot be told from what it lies on; marks are hidden; the paper is
bent, or the lens too crooked; the picture shows something else; it is blurred; it has too few pixels."""


class ProofUnreadable(ValueError):
    """A picture from which nothing can be measured; `code` is one of UNREADABLE."""

    def __init__(self, code: str) -> None:
        assert code in UNREADABLE, code
        super().__init__(code)
        self.code = code
