"""A decision laid open on a terminal."""

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from matching.parts import BEFORE
from reporting.cells import plain
from reporting.explanation import Candidate, Case
from reporting.explanation_words import (
    ComparisonRow,
    comparisons_in_words,
    facts_in_words,
    probability_in_words,
    values_in_words,
    weight_in_words,
)
from reporting.texts import Texts


def print_explanation(console: Console, case: Case, text: Texts, *, whole_numbers: bool = False) -> None:
    """Print the decision, record and candidates side by side, and what each comparison found and weighed.

    Args:
        console: Where to.
        case: What to explain.
        text: The language.
        whole_numbers: Show personal IDs with all their digits.
    """
    decision = case.decision
    title = text("explain.record", kind=text(f"kind.{decision['kind']}"), record=plain(decision["record_id"]))
    console.print(f"[bold]{escape(title)}[/bold]")
    console.print(_facts(case, text))
    if case.typed is None:
        console.print(escape(text("explain.no_record")))
    if not case.candidates:
        console.print(escape(text("explain.no_candidate")))
        return
    console.print(_values(case, text, whole_numbers=whole_numbers))
    rows = comparisons_in_words(case, text)
    for place, candidate in enumerate(case.candidates):
        console.print(_comparisons(rows, place, candidate, text))
    console.print(escape(text("explain.what_if_lead" if case.weighed else "explain.no_weights")))


def _facts(case: Case, text: Texts) -> Table:
    table = Table(box=None, show_header=False, pad_edge=False)
    for label, shown in facts_in_words(case, text):
        table.add_row(f"[dim]{escape(label)}[/dim]", escape(shown))
    return table


def _values(case: Case, text: Texts, *, whole_numbers: bool) -> Table:
    table = Table(title=text("explain.values"), title_justify="left")
    table.add_column("")
    if case.typed is not None:
        table.add_column(text("explain.typed"))
    for one in case.candidates:
        table.add_column(text("explain.candidate", rank=one.rank))
    for row in values_in_words(case, text, whole_numbers=whole_numbers):
        typed = [row.typed] if case.typed is not None else []
        table.add_row(*map(escape, (row.label, *typed, *row.entries)))
    return table


def _comparisons(rows: list[ComparisonRow], place: int, candidate: Candidate, text: Texts) -> Table:
    table = Table(
        title=f"{text('explain.candidate', rank=candidate.rank)}: {probability_in_words(candidate.probability, text)}",
        title_justify="left",
    )
    weighed = candidate.parts is not None
    table.add_column(text("explain.comparison"))
    table.add_column("")
    table.add_column(text("explain.level"))
    if weighed:
        table.add_column(text("explain.weight"), justify="right")
        table.add_column(text("explain.without"), justify="right")
    for name in BEFORE:
        if candidate.parts and (name == "prior" or candidate.parts[name]):
            shown = weight_in_words(candidate.parts[name], text)
            table.add_row(f"[dim]{escape(text(f'explain.part.{name}'))}[/dim]", "", "", shown, "")
    for row in rows:
        cell = row.cells[place]
        table.add_row(
            *map(
                escape, (row.label, cell.sign, cell.level, *([cell.weight, cell.without] if weighed else []))
            )
        )
    if weighed:
        total = (
            text("explain.total"),
            "",
            "",
            weight_in_words(candidate.weight, text),
            probability_in_words(candidate.probability, text),
        )
        table.add_section()
        table.add_row(*[f"[bold]{escape(cell)}[/bold]" for cell in total])
    return table
