"""What people say of links that were drawn: right, wrong, or not to be told."""

from collections import Counter, defaultdict
from collections.abc import Iterable

from connectors.link_samples import Drawn
from connectors.review_store import Decision, Key
from connectors.review_tables import State
from matching.decision import Verdict
from reporting.reviewed_sample import Sample


def judged(drawn: Iterable[Drawn], decisions: Iterable[Decision]) -> Sample:
    """Count links by what was said of them since they were drawn.

    A word counts although the record has changed since, as long as nobody took it back: it was about this link.

    Args:
        drawn: The links.
        decisions: All on their records.
    """
    said: dict[Key, list[Decision]] = defaultdict(list)
    for one in sorted(decisions, key=lambda one: one.number):
        if one.state != State.TAKEN_BACK:
            said[one.key].append(one)
    counts = Counter(_of_link(link, said[link.key]) for link in drawn)
    return Sample(counts[True], counts[False], counts[None], counts["waiting"])


def _of_link(link: Drawn, words: list[Decision]) -> bool | str | None:
    since = [one for one in words if one.decided_at >= link.drawn_at]
    if not since:
        return "waiting"
    settled = [one for one in since if one.settles]
    last = settled[-1:] or list({one.reviewer: one for one in since}.values())
    verdicts = {_says(one, link.personal_id) for one in last}
    return verdicts.pop() if len(verdicts) == 1 else None


def _says(one: Decision, number: str) -> bool | None:
    if one.verdict == Verdict.SAME:
        return number in one.numbers
    return False if one.verdict == Verdict.NOT_SAME and number in one.numbers else None
