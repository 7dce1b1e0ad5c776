"""What came of a job beside the sync, in words."""

from collections.abc import Mapping

from pipelines.texts import Texts


def job_lines(name: str, counts: Mapping[str, int], text: Texts) -> list[str]:
    """What came of a job, a line for each count; a share beside those that are parts of a whole."""
    lines = []
    for word, whole in LINES[name].items():
        count = counts.get(word, 0)
        words = text(f"job.{name}.{word}", count=text.number(count))
        if whole:
            words += f" ({text.share(count, counts.get(whole, 0))})"
        if count or not word.startswith(_ONLY_IF_ANY):
            lines.append(words)
    return lines


_ONLY_IF_ANY = ("told_", "unanswered", "withheld", "anew", "shared", "doubles", "flag_")

LINES: dict[str, dict[str, str]] = {
    "changes": {
        "anew": "", "told_born": "", "told_corrected": "", "told_superseded": "", "told_deceased": "",
        "superseded": "", "deceased": "", "corrected": "", "shared": "",
    },
    "residence": {
        "in_scope": "", "linked": "in_scope", "current": "linked", "superseded": "linked", "none": "linked", "withheld": "linked",
        "unanswered": "linked",
    },
    "enrich": {
        "in_scope": "", "linked": "in_scope", "known": "", "to_send": "", "created": "to_send", "updated": "to_send",
        "unchanged": "to_send", "rejected": "to_send", "unanswered": "to_send", "doubles": "",
    },
    "exam": {
        "in_scope": "", "linked": "in_scope", "clerical_review": "in_scope", "unlinked": "in_scope", "not_decided": "in_scope",
        "flag_deceased": "",
    },
}  # fmt: skip
"""Job → its counts in the order in which they are told, and the whole that each is a part of."""
