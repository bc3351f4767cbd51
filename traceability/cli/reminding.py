"""`remind`: mails to producers whose ratings or rights end."""

import click
from flask import Flask
from flask_babel import force_locale, gettext

from traceability.cli.failing import speaking
from traceability.domain.roles import Doer
from traceability.mail import Mail, MailFailed, send
from traceability.models.engine import acting, reading
from traceability.operations.expiring import Ending, addresses_of, list_endings, note_told
from traceability.web.languages import format_day
from traceability.web.services import Services

_BY = Doer("reminders", "system")


def add(app: Flask, services: Services) -> None:
    """Adds the command."""

    @app.cli.command("remind")
    @click.option("--dry-run", is_flag=True, help="Say what would be sent, and send nothing.")
    def remind(*, dry_run: bool) -> None:
        """Tell producers by mail what ends within 90, 30 and 7 days, each once. Once a day is enough."""
        with speaking(services):
            if services.settings.mail_server is None and not dry_run:
                raise click.ClickException("no mail server is set (SMTP_HOST); producers see on their page what ends")
            with reading(services.engine) as session:
                due = [ending for ending in list_endings(session, services.clock()) if ending.due is not None]
            sent = failed = unreached = 0
            for ending in due:
                with reading(services.engine) as session:
                    addresses = addresses_of(session, ending.producer_id)
                taken = len(addresses) if dry_run else _tell(services, ending, addresses)
                sent, failed = sent + taken, failed + len(addresses) - taken
                unreached += not addresses
                if dry_run:
                    click.echo(f"{ending.ends_on} {ending.what} {ending.product}: {len(addresses)} mails")
                elif taken:
                    with acting(services.engine, by=_BY, act="remind") as session:
                        note_told(session, ending, ending.due or 0, taken, now=services.clock())
            click.echo(
                f"{len(due)} endings, {sent} mails{' would be' if dry_run else ''} sent, {failed} failed, {unreached} without an address"
            )
            if failed:
                raise click.ClickException("mails that failed are sent again the next time")


def _tell(services: Services, ending: Ending, addresses: list[str]) -> int:
    """Sends the mails; how many the mail server took over."""
    assert services.settings.mail_server is not None
    with force_locale("vi"):
        words = _words(services, ending)
    taken = 0
    for address in addresses:
        try:
            send(services.settings.mail_server, Mail(address, *words), now=services.clock())
            taken += 1
        except MailFailed as failure:
            click.echo(f"a mail could not be sent: {failure}", err=True)
    return taken


def _words(services: Services, ending: Ending) -> tuple[str, str]:
    day = format_day(ending.ends_on)
    facts = {"what": ending.what, "product": ending.product, "day": day, "days": ending.days_left}
    if ending.subject == "recognition":
        subject = gettext("%(product)s: the OCOP rating ends on %(day)s", **facts)
        begin = gettext("The rating %(what)s of “%(product)s” ends in %(days)s days, on %(day)s, that day included.", **facts)
        then = gettext(
            "After that day neither stars nor the OCOP logo may be printed. Ask the province's office for a re-evaluation in time."
        )
    else:
        subject = gettext("%(product)s: the right to use %(what)s ends on %(day)s", **facts)
        begin = gettext(
            "The right to use the indication “%(what)s” for “%(product)s” ends in %(days)s days, on %(day)s, that day included.", **facts
        )
        then = gettext("After that day no batch may bear it. Ask whoever granted it to renew it in time.")
    own = gettext("Your products: %(address)s", address=f"{services.settings.public_url}/producer/products")
    return subject, f"{begin}\n\n{then}\n\n{own}\n"
