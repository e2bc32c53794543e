#!/usr/bin/env python3
"""Checks that links between the pages of the project lead to a file, and to a heading where they
name one."""

import re
import sys
from pathlib import Path

LINK = re.compile(r"\]\(([^)\s]+)\)")
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)


def pages():
    return [*Path(".").glob("*.md"), *Path("docs").rglob("*.md")]


def anchors(page):
    """The headings of a page as GitHub names them in links."""
    titles = HEADING.findall(page.read_text(encoding="utf-8"))
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


def is_broken(page, link):
    path, _, anchor = link.partition("#")
    target = page.parent / path if path else page
    if not target.exists():
        return True
    return bool(anchor) and target.suffix == ".md" and anchor not in anchors(target)


def main():
    faults = [
        f"{page}: the link to {link} leads nowhere"
        for page in sorted(pages())
        for link in LINK.findall(page.read_text(encoding="utf-8"))
        if "://" not in link and is_broken(page, link)
    ]
    print("\n".join(faults), end="\n" if faults else "", file=sys.stderr)
    sys.exit(1 if faults else 0)


if __name__ == "__main__":
    main()
