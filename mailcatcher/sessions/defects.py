"""Bounded lists of defects."""

from mailcatcher.mail.values import Defect

MAX_PER_KIND = 100
"""A client that repeats one mistake for ever must not fill the memory."""


def note(defects: list[Defect], defect: Defect) -> None:
    """Append `defect`, unless a hundred of its kind are there."""
    if sum(known.id == defect.id for known in defects) < MAX_PER_KIND:
        defects.append(defect)
