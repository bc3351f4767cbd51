"""Refusals of a command: one clear line and an exit code, never a traceback.

Exit codes: 0 done (of `verify`: ISSUED), 1 refused (of `verify`: any other verdict), 2 wrong use, 3 the database or the keys.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import click
from flask_babel import force_locale
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from traceability.domain.errors import KeyFileError, TraceabilityError
from traceability.migrations.keep import WouldLoseRows
from traceability.web.services import Services
from traceability.wording import word_refusal


@contextmanager
def speaking(services: Services) -> Iterator[None]:
    """Runs a command in the language of the environment, and words what it refuses."""
    with force_locale({"zh": "zh_Hans_CN"}.get(services.settings.language, services.settings.language)):
        try:
            yield
        except KeyFileError as error:
            raise _fail(str(error), 3) from None
        except TraceabilityError as error:
            raise _fail(word_refusal(error), 1) from None
        except WouldLoseRows as error:
            raise _fail(str(error), 1) from None
        except SQLAlchemyError as error:
            cause = error.orig if isinstance(error, DBAPIError) else error
            said = str(cause).splitlines()[0]
            unmade = any(words in said for words in ("no such table", "does not exist", "unable to open"))
            raise _fail(f"the database refused: {said}{'; run `init` first' if unmade else ''}", 3) from None
        except OSError as error:
            raise _fail(f"{error.filename or 'a file'}: {error.strerror or error}", 1) from None


class Unreachable(click.ClickException):
    """Database or keys are not there, or not as they must be."""

    exit_code = 3


def _fail(line: str, code: int) -> click.ClickException:
    return Unreachable(line) if code == Unreachable.exit_code else click.ClickException(line)
