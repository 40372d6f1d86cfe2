#!/usr/bin/env python3
"""Fails if a Markdown file links to a file or heading, or names a path of this repository, that does not exist."""

import re
import subprocess
import sys
from pathlib import Path

LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
PATH = re.compile(r"`((?:benches|config|crates|docs|examples|fuzz|openapi|plugins|python|scripts|src|tests)/[\w./-]+)`")
HEADING = re.compile(r"^#+ +(.*?) *#*$", re.MULTILINE)
FENCE = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
ROOT = Path(__file__).resolve().parent.parent


def without_code(file):
    """The text of a file with its fenced code blank, so that lines keep their numbers."""
    return FENCE.sub(lambda code: "\n" * code.group().count("\n"), file.read_text())


def anchors(file):
    """The anchors of the headings of a file, as the common platforms make them."""
    for heading in HEADING.findall(without_code(file)):
        heading = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading)
        yield re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def faults(file):
    """What is wrong in a file, with its lines."""
    text = without_code(file)

    def at(match):
        return f"{file.relative_to(ROOT)}:{text.count(chr(10), 0, match.start()) + 1}"

    for match in PATH.finditer(text):
        if not (ROOT / match.group(1)).exists():
            yield f"{at(match)}: {match.group(1)} does not exist"
    for match in LINK.finditer(text):
        target, _, anchor = match.group(1).partition("#")
        if re.match(r"[a-z]+:", target):
            continue
        path = file.parent / target if target else file
        if not path.exists():
            yield f"{at(match)}: {target} does not exist"
        elif anchor and path.suffix == ".md" and anchor not in anchors(path):
            yield f"{at(match)}: {target} has no heading #{anchor}"


listed = subprocess.run(
    ["git", "ls-files", "--cached", "--others", "--exclude-standard", "*.md"],
    cwd=ROOT, check=True, capture_output=True, text=True,
).stdout.split()
documents = [ROOT / name for name in listed if (ROOT / name).exists()]
found = [fault for document in documents for fault in faults(document)]
print("\n".join(found) or f"links: all in {len(documents)} documents lead somewhere")
sys.exit(bool(found))
