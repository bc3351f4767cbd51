"""Runs one command on one core and prints, as JSON, its wall and processor seconds, its peak resident set and its exit code.

It is a process of its own because Linux counts into a child's peak what its parent held when it started it: from here that is
a few megabytes, from a process that has just rendered pages it would be hundreds. The peak is that of the largest single
process among the child and its own children, not their sum; none of the peers starts any.
"""

import json
import os
import sys
import time


def main(core: str, *command: str) -> None:
    """Runs the command on the core with that number; its output goes to the standard error."""
    os.sched_setaffinity(0, {int(core)})
    began = time.perf_counter()
    child = os.posix_spawnp(command[0], command, os.environ, file_actions=[(os.POSIX_SPAWN_DUP2, 2, 1)])
    _, status, used = os.wait4(child, 0)
    seconds = time.perf_counter() - began
    figures = {
        "seconds": seconds,
        "cpu_seconds": used.ru_utime + used.ru_stime,
        "peak_rss_bytes": used.ru_maxrss * 1024,
        "exit_code": os.waitstatus_to_exitcode(status),
    }
    json.dump(figures, sys.stdout)


if __name__ == "__main__":
    main(*sys.argv[1:])
