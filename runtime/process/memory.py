"""What the system says about this process's memory."""

from __future__ import annotations

import resource
import sys


def rss_mb() -> float:
    """Resident memory in MB; where the system does not say, its highest so far."""
    try:
        with open("/proc/self/statm") as f:
            return int(f.read().split()[1]) * resource.getpagesize() / 1e6
    except OSError:
        scale = 1e6 if sys.platform == "darwin" else 1e3
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / scale


def machine_code_mb() -> float:
    """Executable memory of no file, in MB: what Cling compiled. 0 where the system does not say."""
    try:
        with open("/proc/self/maps") as f:
            rows = [line.split() for line in f]
    except OSError:
        return 0.0
    places = (row[0].split("-") for row in rows if "x" in row[1] and len(row) == 5)
    return sum(int(end, 16) - int(start, 16) for start, end in places) / 1e6
