"""Both catalogues say the same things, and everything that a template says."""

import re
from importlib import resources
from string import Formatter

from connectors.review_cases import MINE, NOBODY, OTHERS
from connectors.review_page_tables import CaseState, Role
from connectors.review_tables import State
from matching.decision import Verdict
from review.deciding import Refusal
from review.texts import texts

VERDICTS = [verdict for verdict in Verdict if verdict != Verdict.CONFLICT]
SAID = re.compile(r'\bt(?:ext)?\(\s*["\']([a-z_.]+)["\']\s*[,)]')


def test_catalogues_agree_and_lack_nothing():
    vi, en = texts("vi").messages, texts("en").messages
    assert vi.keys() == en.keys()
    places = [
        {name for _, name, _, _ in Formatter().parse(text) if name} for text in (*vi.values(), *en.values())
    ]
    assert places[: len(vi)] == [{name for _, name, _, _ in Formatter().parse(en[key]) if name} for key in vi]
    words = [
        *[f"page.state.{one}" for one in (*CaseState, "to_do")], *[f"page.role.{one}" for one in Role],
        *[f"page.standing.{one}" for one in State], *[f"page.verdict.{one}" for one in VERDICTS],
        *[f"page.refused.{one}" for one in Refusal], *[f"page.held_by.{one}" for one in (MINE, OTHERS, NOBODY)],
    ]  # fmt: skip
    folder = resources.files("review")
    sources = [one for name in ("templates", "page") for one in (folder / name).iterdir() if one.is_file()]
    words += [key for one in sources for key in SAID.findall(one.read_text(encoding="utf-8"))]
    assert [key for key in words if key not in vi] == []
