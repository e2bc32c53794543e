"""Runs things in turns, so that a machine that gets slower or faster does so for all."""

import sys

FAILURES = []


def note(text):
    print(f"bench: {text}", file=sys.stderr, flush=True)


def in_turns(repetitions, variants):
    """Runs every variant once, then every variant again; a list of results for each.

    One that fails is told, and is missing among its results: what else was measured is kept.
    """
    results = {name: [] for name in variants}
    for repetition in range(repetitions):
        for name, run in variants.items():
            note(f"{name}, {repetition + 1} of {repetitions}")
            try:
                results[name].append(run())
            except SystemExit as failure:
                note(f"{failure}")
                FAILURES.append(name)
    return results
