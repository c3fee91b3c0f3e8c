"""What the name of a run is in a file system."""

import hashlib
import re

_LONGEST = 60


def file_name(name: str) -> str:
    """A file name that is safe on every system; names that had to change keep apart by a few digits of their hash.

    >>> file_name("cdnow"), file_name("季度报告 2024"), file_name("../../etc/passwd")
    ('cdnow', '季度报告_2024-4222b2', 'etc_passwd-3754d6')
    """
    safe = re.sub(r"[^\w.-]+", "_", name).strip("._-")[:_LONGEST]
    if safe and safe == name:
        return name
    digits = hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:6]
    return f"{safe}-{digits}" if safe else f"run-{digits}"
