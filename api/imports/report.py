"""What an import did, or why it did nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from api.imports.problems import Problem


class ImportProblems(Exception):
    """The file was not taken; ``report.problems`` has every reason, and ``str()`` says them all."""

    def __init__(self, report: Report) -> None:
        super().__init__(str(report))
        self.report = report


@dataclass
class Report:
    """``ok``: nothing is wrong with the file. ``notes``: what was left as it was, and why."""

    checked_only: bool = False
    problems: list[Problem] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    created: Counter[str] = field(default_factory=Counter)
    updated: Counter[str] = field(default_factory=Counter)
    unchanged: Counter[str] = field(default_factory=Counter)

    #: How many lines of a plan went, by part, as the file has them no more.
    gone: Counter[str] = field(default_factory=Counter)
    #: Does the file itself say what stands at this place? Else it was only laid over what is here.
    says: Callable[[str], bool] = bool
    #: Where a place of the file is for whoever wrote it; None: in no file.
    locate: Callable[[str], str | None] = str

    @property
    def ok(self) -> bool:
        return not self.problems

    def __str__(self) -> str:
        """The report as a command line prints it; no names and no case text in it."""
        if not self.ok:
            count = len(self.problems)
            head = f"Nothing was imported: {count} {'thing is' if count == 1 else 'things are'} wrong in the file."
            return "\n".join([head, *(f"  {problem}" for problem in self.problems)])
        kinds = sorted({*self.created, *self.updated, *self.unchanged})
        lines = ["The file is in order; nothing was written (check only)." if self.checked_only else "Imported."]
        lines += [
            f"  {kind}: {self.created[kind]} new, {self.updated[kind]} changed, {self.unchanged[kind]} as they were"
            for kind in kinds
        ]
        return "\n".join([*lines, *(f"  Note: {note}" for note in self.notes)])

    def audit(self) -> dict[str, dict[str, int]]:
        """The counts, for the audit trail."""
        return {"created": dict(self.created), "updated": dict(self.updated)}
