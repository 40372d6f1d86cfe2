#!/usr/bin/env python3
"""Fails if a relative link in a Markdown file leads to a file or a heading that is not there."""

import re
import subprocess
import sys
from pathlib import Path

LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)\s]+)\)")
HEADING = re.compile(r"^#+ +(.*?) *#*$", re.MULTILINE)
FENCE = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)


def anchors(file):
    """The anchors of the headings of a file, as the common platforms make them."""
    for heading in HEADING.findall(FENCE.sub("", file.read_text())):
        heading = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading)
        yield re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def broken(file):
    """The broken links of a file, with their lines."""
    text = FENCE.sub(lambda code: "\n" * code.group().count("\n"), file.read_text())
    for link in LINK.finditer(text):
        target, _, anchor = link.group(1).partition("#")
        if re.match(r"[a-z]+:", target):
            continue
        path = file.parent / target if target else file
        line = text.count("\n", 0, link.start()) + 1
        if not path.exists():
            yield f"{file}:{line}: {target} is not there"
        elif anchor and path.suffix == ".md" and anchor not in anchors(path):
            yield f"{file}:{line}: {target} has no heading #{anchor}"


root = Path(__file__).resolve().parent.parent
listed = subprocess.run(
    ["git", "ls-files", "--cached", "--others", "--exclude-standard", "*.md"],
    cwd=root, check=True, capture_output=True, text=True,
).stdout.split()
faults = [fault for name in listed if (root / name).exists() for fault in broken(root / name)]
print("\n".join(faults) or f"links: all in {len(listed)} documents lead somewhere")
sys.exit(bool(faults))
