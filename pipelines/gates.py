"""What must hold before a partition is written back, as data; a failed gate says what to do."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime

from pipelines.settings import Settings
from pipelines.texts import Texts

SMALL = 100
"""Below so many records a rate says nothing, and the gates on rates are silent."""
FEW_CHANGES = 5
"""So many changed IDs are looked at one by one, not stopped."""


@dataclass(frozen=True)
class Figures:
    """What the gates look at, of one partition."""

    in_scope: int
    linked: int
    previous_in_scope: int
    previous_linked: int
    """Of the last run that wrote the partition; both 0 when there was none."""
    held: int
    """Links that stand in the database."""
    changed: int
    """Of these, how many would become another ID."""
    records: int
    rejected: int
    """Records with a value that could not be read."""
    expected_false: float
    """Expected false links per link."""
    registry_age_days: int | None
    """None where the registry's moment can't be read as a date."""


@dataclass(frozen=True)
class Gate:
    """One condition. Its texts are `gate.<name>` and `gate.<name>.remedy`."""

    name: str
    measured: Callable[[Figures], float | None]
    """The value, None where the gate has nothing to say."""
    limit: Callable[[Settings], float]
    """The value may not be greater."""
    is_share: bool = True


@dataclass(frozen=True)
class Failed:
    """A gate that does not hold."""

    gate: Gate
    value: float
    limit: float


def _drop(seen: Figures) -> float | None:
    if min(seen.in_scope, seen.previous_in_scope) < SMALL:
        return None
    return seen.previous_linked / seen.previous_in_scope - seen.linked / seen.in_scope


def _fewer(seen: Figures) -> float | None:
    if seen.previous_in_scope < SMALL:
        return None
    return 1 - seen.in_scope / seen.previous_in_scope


def _changed(seen: Figures) -> float | None:
    # records that moved here from other provinces bring links that were not held here
    return seen.changed / max(seen.held, seen.changed) if seen.changed > FEW_CHANGES else None


def _rejected(seen: Figures) -> float | None:
    return seen.rejected / seen.records if seen.records >= SMALL else None


def _false(seen: Figures) -> float | None:
    return seen.expected_false if seen.linked else None


GATES = (
    Gate("link_rate", _drop, lambda settings: settings.gate_link_rate_drop),
    Gate("records", _fewer, lambda settings: settings.gate_records_drop),
    Gate("changed_ids", _changed, lambda settings: settings.gate_changed_ids),
    Gate("rejects", _rejected, lambda settings: settings.gate_rejects),
    Gate("false_links", _false, lambda settings: settings.gate_false_links),
    Gate(
        "registry_age",
        lambda seen: seen.registry_age_days,
        lambda settings: settings.gate_registry_age_days,
        is_share=False,
    ),
)
"""All gates, in the order in which they are told."""

GATE_NAMES = tuple(gate.name for gate in GATES)


def failed_gates(seen: Figures, settings: Settings) -> list[Failed]:
    """The gates that do not hold."""
    measured = [(gate, gate.measured(seen), gate.limit(settings)) for gate in GATES]
    return [
        Failed(gate, value, limit) for gate, value, limit in measured if value is not None and value > limit
    ]


def in_words(failed: Failed, text: Texts) -> str:
    """What does not hold, and what to do."""
    name = failed.gate.name
    value, limit = (_figure(number, failed.gate, text) for number in (failed.value, failed.limit))
    return f"{text(f'gate.{name}', value=value, limit=limit)} {text(f'gate.{name}.remedy')}"


def _figure(number: float, gate: Gate, text: Texts) -> str:
    return f"{text.decimal(100 * number, 2)} %" if gate.is_share else text.number(round(number))


def registry_age(as_of: str, today: date) -> int | None:
    """How many days the registry's data is old; None where its moment can't be read."""
    try:
        return (today - datetime.fromisoformat(as_of).date()).days
    except ValueError:
        return None
