"""What the documents say of settings, gates, commands and exit codes is what there is."""

import re
from pathlib import Path

import pytest

from connectors.worklist import Answer
from matching.decision import LINKED_REASONS, OUT_OF_SCOPE, Reason
from matching.explain import ACTORS
from pipelines.cli import _COMMANDS, Exit
from pipelines.gates import GATE_NAMES
from pipelines.settings import Settings
from reporting.texts import texts

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"


@pytest.mark.parametrize("name", Settings.model_fields)
def test_every_setting_stands_in_the_table_as_it_is(name):
    field = Settings.model_fields[name]
    default = "" if field.default is None or field.default == () else f"`{field.default}`"
    row = f"| `{name}` | {'needed' if field.is_required() else default} | {field.description} |"
    assert row in (DOCS / "configuration.md").read_text(encoding="utf-8").splitlines()


@pytest.mark.parametrize("gate", GATE_NAMES)
def test_every_gate_is_described(gate):
    assert f"| `{gate}` |" in (DOCS / "configuration.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "word", [*[f"identity-sync {name}" for name in _COMMANDS], *[f"| {code.value} |" for code in Exit]]
)
def test_every_command_and_exit_code_is_described(word):
    assert word in (DOCS / "operations.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("answer", Answer)
def test_every_answer_is_explained_to_reviewers(answer):
    label = texts("vi")(f"answer.{answer}")
    said = label if not answer.startswith("same") else f"({answer[-1]})"
    assert f"**{said}**" in (DOCS / "officer.vi.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("reason", sorted(set(Reason) - LINKED_REASONS - OUT_OF_SCOPE))
def test_every_reason_is_explained_to_reviewers_as_the_lists_say_it(reason):
    text = texts("vi")
    actors = ", ".join(text(f"actor.{actor}") for actor in ACTORS[reason])
    row = f"| `{reason}` | {text(f'reason.{reason}')} | {actors} | {text(f'advice.{reason}')} |"
    assert row in (DOCS / "officer.vi.md").read_text(encoding="utf-8").splitlines()


@pytest.mark.parametrize(
    "document",
    [*ROOT.glob("*.md"), *DOCS.glob("*.md"), ROOT / "benchmarks" / "RESULTS.md"],
    ids=lambda path: path.name,
)
def test_every_link_leads_somewhere(document):
    nowhere = []
    for name, heading in re.findall(
        r"\]\(([^)#\s:]*)(?:#([^)\s]+))?\)", document.read_text(encoding="utf-8")
    ):
        there = document.parent / name if name else document
        if not there.exists() or (heading and heading not in headings(there)):
            nowhere.append(f"{name}#{heading}")
    assert nowhere == []


def headings(document):
    """As links name them."""
    found = re.findall(r"^#+ (.*)$", document.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", text.lower()).strip().replace(" ", "-") for text in found}
