"""What the documents say of settings, gates, commands and exit codes is what there is."""

from pathlib import Path

import pytest

from pipelines.cli import _COMMANDS, Exit
from pipelines.gates import GATE_NAMES
from pipelines.settings import Settings

DOCS = Path(__file__).parents[2] / "docs"


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
