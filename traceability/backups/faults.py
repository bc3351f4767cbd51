"""What stops a backup or its restoring."""


class BackupFault(Exception):
    """One line that says what is wrong and what to do."""
