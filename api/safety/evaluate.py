"""``python -m api.safety.evaluate [FILES]``: how much danger the screen raises and notices, and its false alarms.

FILES are JSON lines with text, kind, priority and group (group ``ordinary`` is everyday traffic, any other group of
kind none is alarming everyday talk); without any, the development sets. ``--curve CSV`` writes recall against false
alarms for every threshold and draws them beside it as SVG; ``--mistakes N`` shows the worst N of each sort;
``--patterns`` leaves the model out.
"""

from __future__ import annotations

import argparse
import csv
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from api.safety import corpus, screen
from api.safety.corpus import Example
from api.safety.model import Scores
from api.safety.patterns import load_patterns
from api.safety.thresholds import load_thresholds
from api.safety.wording import shortened


@dataclass(frozen=True)
class Result:
    """One message with what the screen made of it."""

    example: Example
    scores: Scores | None
    verdict: screen.Verdict
    #: CPU milliseconds.
    cost: float

    @property
    def probability(self) -> float:
        return self.scores.danger if self.scores else 0.0

    @property
    def hard(self) -> bool:
        return not self.example.danger and self.example.group != "ordinary" and not self.everyday

    @property
    def everyday(self) -> bool:
        return not self.example.danger and (
            self.example.group == "ordinary" or self.example.group.startswith("intent:")
        )


def examined(examples: Sequence[Example], with_model: bool = True) -> list[Result]:
    """Screen each message once."""
    rules, limits = load_patterns(), load_thresholds()
    screen.warm_up()
    results = []
    for example in examples:
        started = time.process_time()
        text = shortened(example.text)
        folded_text = rules.fold(text)
        found = rules.matches_folded(folded_text)
        scores = screen.model_scores(text, folded_text, rules, found) if with_model else None
        verdict = screen.decide(found, scores, limits, alone=rules.stands_alone(folded_text))
        results.append(Result(example, scores, verdict, (time.process_time() - started) * 1000))
    return results


def share(results: Sequence[Result], test: Callable[[Result], bool]) -> str:
    """How many pass a test, as ``0.912 (31/34)``."""
    passed = sum(map(test, results))
    return f"{passed / len(results):.3f} ({passed}/{len(results)})" if results else "none"


def table(results: Sequence[Result]) -> list[str]:
    """The figures of the floors, one line each."""
    danger = [r for r in results if r.example.danger]
    emergencies = [r for r in danger if r.example.priority == "emergency"]
    hard = [r for r in results if r.hard]
    ordinary = [r for r in results if r.everyday]
    return [
        f"danger raised                     {share(danger, lambda r: r.verdict.raised)}",
        f"emergencies raised as emergency   {share(emergencies, lambda r: r.verdict.priority == 'emergency')}",
        f"danger noticed                    {share(danger, lambda r: r.verdict.noticed)}",
        f"kind right, of danger noticed     "
        f"{share([r for r in danger if r.verdict.noticed], lambda r: r.verdict.kind == r.example.kind)}",
        f"alarming everyday talk raised     {share(hard, lambda r: r.verdict.raised)}",
        f"alarming everyday talk noticed    {share(hard, lambda r: r.verdict.noticed)}",
        f"ordinary raised                   {share(ordinary, lambda r: r.verdict.raised)}",
        f"ordinary noticed                  {share(ordinary, lambda r: r.verdict.noticed)}",
    ]


def report(results: Sequence[Result], mistakes: int) -> str:
    """All figures, by language and kind, the cost, and the worst mistakes."""
    lines = [f"{len(results)} messages", "", *table(results)]
    for language in sorted({r.example.language for r in results}):
        lines += [
            "",
            f"{language}:",
            *("  " + line for line in table([r for r in results if r.example.language == language])),
        ]
    lines += ["", "danger by kind and language (raised, noticed):"]
    for kind in screen.KINDS[1:]:
        for language in sorted({r.example.language for r in results}):
            some = [r for r in results if r.example.kind == kind and r.example.language == language]
            raised, noticed = share(some, lambda r: r.verdict.raised), share(some, lambda r: r.verdict.noticed)
            lines.append(f"  {kind:18} {language}  {raised:20} {noticed}")
    costs = sorted(r.cost for r in results)
    stages = [r.scores.stage if r.scores else "patterns" for r in results]
    parts = ", ".join(f"{stages.count(stage) / len(stages):.0%} {stage}" for stage in sorted(set(stages)))
    lines += [
        "",
        f"CPU a message: median {costs[len(costs) // 2]:.1f} ms, mean {sum(costs) / len(costs):.1f} ms; {parts}",
    ]
    lines += worst(results, mistakes)
    return "\n".join(lines)


def worst(results: Sequence[Result], count: int) -> list[str]:
    """The worst mistakes of each sort, the most confident first."""
    missed = sorted((r for r in results if r.example.danger and not r.verdict.raised), key=lambda r: r.probability)
    false = sorted((r for r in results if not r.example.danger and r.verdict.noticed), key=lambda r: -r.probability)
    lines: list[str] = []
    for title, some in (("danger not raised", missed), ("raised or noticed without danger", false)):
        if count:
            lines += ["", f"{title}, the worst first:"]
        for r in some[:count]:
            mark = r.verdict.priority if r.verdict.noticed else "nothing"
            lines.append(f"  {r.probability:.2f} {mark:9} {r.example.kind:17} {r.example.text[:150]!r}")
    return lines


def curve(results: Sequence[Result], path: Path) -> None:
    """Recall and false alarms of the model alone for a hundred thresholds, as CSV."""
    sorts = {
        "danger": [r.probability for r in results if r.example.danger],
        "emergency": [r.probability for r in results if r.example.danger and r.example.priority == "emergency"],
        "alarming": [r.probability for r in results if r.hard],
        "ordinary": [r.probability for r in results if r.everyday],
    }
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["threshold", *sorts])
        for step in range(1, 100):
            at = step / 100
            writer.writerow([at, *(share_from(some, at) for some in sorts.values())])
    limits = load_thresholds()
    drawn = drawing(sorts, {"notice": limits.notice.value, "urgent": limits.urgent.value})
    path.with_suffix(".svg").write_text(drawn, encoding="utf-8")


def share_from(probabilities: Sequence[float], at: float) -> float:
    """How many of them reach a threshold, as a share."""
    return round(sum(p >= at for p in probabilities) / max(1, len(probabilities)), 4)


def drawing(sorts: Mapping[str, Sequence[float]], marks: Mapping[str, float]) -> str:
    """The danger found (upwards) against the false alarms (to the right, up to a quarter), a line for each sort of
    harmless message, with a ring where each threshold of ``marks`` stands; as SVG."""
    width, height, left, top, widest = 520, 360, 60, 20, 0.25
    colours = {"alarming": "#b3261e", "ordinary": "#1b5e9b"}

    def place(false: float, found: float) -> str:
        return f"{left + width * min(false, widest) / widest:.1f},{top + height * (1 - found):.1f}"

    parts = [f'<rect x="{left}" y="{top}" width="{width}" height="{height}" fill="none" stroke="#888"/>']
    for step in range(6):
        x, y = left + width * step / 5, top + height * (1 - step / 5)
        parts.append(f'<text x="{x}" y="{top + height + 18}" text-anchor="middle">{widest * step / 5:.0%}</text>')
        parts.append(f'<text x="{left - 8}" y="{y + 4}" text-anchor="end">{step / 5:.0%}</text>')
    for number, (sort, colour) in enumerate(colours.items()):
        points = " ".join(
            place(share_from(sorts[sort], at / 200), share_from(sorts["danger"], at / 200)) for at in range(1, 200)
        )
        parts.append(f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="2"/>')
        words = {"alarming": "alarming everyday talk", "ordinary": "ordinary messages"}[sort]
        parts.append(f'<text x="{left + 200}" y="{top + height - 40 + 20 * number}" fill="{colour}">{words}</text>')
        for name, at in marks.items():
            across, down = place(share_from(sorts[sort], at), share_from(sorts["danger"], at)).split(",")
            parts.append(f'<circle cx="{across}" cy="{down}" r="5" fill="none" stroke="{colour}"/>')
            beside = f'x="{float(across) + 8}" y="{float(down) + (-8 if number else 14)}"'
            parts.append(f'<text {beside} fill="{colour}">{name} {at}</text>')
    parts.append(f'<text x="{left + width / 2}" y="{top + height + 40}" text-anchor="middle">false alarms</text>')
    parts.append(f'<text x="{left}" y="{top - 6}">danger found by the model</text>')
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {left + width + 40} {top + height + 50}"'
        ' font-family="sans-serif" font-size="13"><title>Danger found against false alarms</title>'
        f"{''.join(parts)}</svg>\n"
    )


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(prog="python -m api.safety.evaluate", description=__doc__)
    parser.add_argument("files", nargs="*", type=Path)
    parser.add_argument("--intents", action="store_true", help="the understanding's development set, as danger or not")
    parser.add_argument("--patterns", action="store_true")
    parser.add_argument("--curve", type=Path)
    parser.add_argument("--mistakes", type=int, default=10)
    chosen = parser.parse_args()
    examples = [e for path in chosen.files for e in corpus.labelled(path, "es" if ".es" in path.name else "en")]
    if chosen.intents:
        examples += corpus.development_intents()
    results = examined(examples or corpus.development(), not chosen.patterns)
    print(report(results, chosen.mistakes))
    if chosen.curve:
        curve(results, chosen.curve)


if __name__ == "__main__":
    main()
