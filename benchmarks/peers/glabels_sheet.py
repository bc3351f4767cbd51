"""Labels by gLabels: its batch program merges the payloads' CSV into `sheet.glabels`.

The script makes way for the program, so that what is measured is the program. Its symbols come from libqrencode, at level M,
all text in bytes. The font is found by its family, as in blabel's script.
"""

import os
from pathlib import Path

from sheet import job

TEMPLATE = Path(__file__).with_name("sheet.glabels")


def main() -> None:
    """Prints the job: all rows of the payloads."""
    asked = job()
    os.execvp("glabels-3-batch", ["glabels-3-batch", f"--input={asked.payloads}", f"--output={asked.out}", str(TEMPLATE)])


if __name__ == "__main__":
    main()
