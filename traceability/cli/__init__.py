"""`flask --app traceability …`: setting up, keys, batches, stamps, labels, checks, the audit trail."""

from flask import Flask

from traceability.cli import (
    audit_commands,
    backup_commands,
    key_commands,
    label_command,
    reminding,
    scan_commands,
    setup_commands,
    stamp_commands,
    user_commands,
)
from traceability.web.services import Services


def add_commands(app: Flask, services: Services) -> None:
    """Adds all commands to the app."""
    setup_commands.add(app, services)
    key_commands.add(app, services)
    stamp_commands.add(app, services)
    label_command.add(app, services)
    audit_commands.add(app, services)
    backup_commands.add(app, services)
    scan_commands.add(app, services)
    reminding.add(app, services)
    user_commands.add(app, services)
