"""The report: one HTML file that opens offline, runs no script, loads nothing, and prints on A4.

Vietnamese first, English by choice. The content policy forbids everything but the one style sheet in the file,
which it names by its hash: a name with markup in it could do nothing even if it were not escaped.
"""

from base64 import b64encode
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from functools import cache, partial
from hashlib import sha256
from importlib import resources
from itertools import pairwise
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from connectors.files_out import whole_file
from reporting import charts
from reporting.backlog import Backlog
from reporting.cells import plain
from reporting.charts import SHADES, Tile
from reporting.explanation_words import probability_in_words
from reporting.facts import ReportFacts, RunFacts, Scope
from reporting.places import province_names
from reporting.quality import FRESH_DAYS
from reporting.report_view import Figures, ReportView, view
from reporting.search_charts import SCALE, ReliabilityBin, funnel_bar, reliability_chart
from reporting.search_facts import RuleLine, SearchKind
from reporting.states_view import StateLine
from reporting.texts import Texts, texts
from reporting.verification import Age, State

QUALITY_WORDS = ("correct", "complete", "clean", "live")
"""đúng, đủ, sạch, sống."""


@dataclass(frozen=True)
class Stage:
    """One stage of the run in tenths of a second, and the tenths before it."""

    name: str
    seconds: float
    tenths: int
    before: int


def write_report(out: Path, facts: ReportFacts, language: str = "vi") -> Path:
    """Write `report.html` (Vietnamese) or `report.en.html` into the folder `out`.

    Raises:
        UnknownLanguageError: There are no texts in `language`.
    """
    name = "report.html" if language == "vi" else f"report.{language}.html"
    with whole_file(out / name) as stream:
        stream.write(render(facts, language).encode())
    return out / name


def render(facts: ReportFacts, language: str = "vi") -> str:
    """The report as one HTML document."""
    text, shown = texts(language), view(facts)
    css = Markup((resources.files("reporting") / "templates" / "report.css").read_text(encoding="utf-8"))  # noqa: S704 - our own file
    stages = tuple(_stages(facts.run))
    return (
        environment()
        .get_template("report.html.j2")
        .render(
            t=text,
            run=facts.run,
            view=shown,
            write_back=facts.write_back,
            said=facts.said,
            names=province_names(),
            charts=charts,
            css=css,
            policy=content_policy(css),
            scope=scope_in_words(facts.run.scope, text),
            moment=partial(moment, text),
            signed=partial(_signed, text),
            plain=plain,
            open=sum(kind.figures.open for kind in shown.kinds),
            maps=_maps(shown, text),
            shades=_shades(text),
            reliability=_reliability(shown, text),
            funnel_bar=funnel_bar,
            states_bar=partial(states_bar, text=text),
            state_words=tuple(map(str, State)),
            ages=tuple(map(str, Age)),
            backlog=facts.backlog,
            decided=_decided(facts.backlog),
            health=facts.health,
            search=facts.search,
            probability=partial(probability_in_words, text=text),
            rules=_rules(facts.search),
            words=QUALITY_WORDS,
            fresh_days=FRESH_DAYS,
            stages=stages,
            tenths=sum(stage.tenths for stage in stages),
        )
    )


def states_bar(line: StateLine, name: str, text: Texts) -> Markup:
    """A bar cut by state; what is done stands last and darkest."""
    parts = list(zip(map(str, State), line.by_state, strict=True))
    told = ", ".join(f"{text(f'state.{state}')} {text.number(count)}" for state, count in parts if count)
    return charts.stacked(parts, f"{name}: {told}")


def content_policy(css: str) -> str:
    """Nothing may load, run or be sent; the one style sheet is allowed by its hash."""
    digest = b64encode(sha256(css.encode()).digest()).decode()
    return f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"


def scope_in_words(scope: Scope, text: Texts) -> str:
    """Kinds, provinces and since when, in one line."""
    names = province_names()
    kinds = ", ".join(text(f"kind.{kind}") for kind in scope.kinds)
    whole = len(scope.provinces) == len(names.since_2025)
    provinces = (
        text("scope.all_provinces") if whole else ", ".join(names.of_2025(code) for code in scope.provinces)
    )
    since = (
        text("scope.changed_since", since=moment(text, scope.changed_since))
        if scope.changed_since
        else text("scope.all_records")
    )
    return f"{kinds}; {provinces}; {since}"


VIETNAM = timezone(timedelta(hours=7))


def moment(text: Texts, when: str) -> str:
    """An ISO 8601 moment as people write it, `21/11/2026 19:42`, by the clock of Việt Nam where it says of which zone it is; any other text as it is."""
    try:
        at = datetime.fromisoformat(when)
    except ValueError:
        return when
    if len(when) <= len("2026-11-21"):
        return text.day(at.date())
    at = at if at.tzinfo is None else at.astimezone(VIETNAM)
    return f"{text.day(at.date())} {at:%H:%M}"


@cache
def environment() -> Environment:
    """Templates of this package; every value is escaped, a missing one is an error."""
    return Environment(
        loader=PackageLoader("reporting"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _signed(text: Texts, count: int) -> str:
    return ("+" if count > 0 else "−" if count < 0 else "±") + text.number(abs(count))


def _maps(shown: ReportView, text: Texts) -> list[tuple[str, Markup]]:
    """A tile chart for each kind, none where one province is all there is."""
    names = province_names()
    known = [province for province in shown.provinces if province.code in names.since_2025]
    if len(known) < 2:
        return []
    return [
        (
            kind.kind,
            charts.tile_chart(
                {
                    str(province.code): _tile(names.of_2025(province.code), province.by_kind[place], text)
                    for province in known
                },
                text(f"kinds.{kind.kind}"),
            ),
        )
        for place, kind in enumerate(shown.kinds)
    ]


def _tile(name: str, figures: Figures | None, text: Texts) -> Tile:
    short = "TP.HCM" if name == "TP. Hồ Chí Minh" else name
    if figures is None or figures.share is None:
        return Tile(short, "–", None, name)
    label = text.share(figures.linked, figures.in_scope)
    return Tile(short, label, figures.share, f"{name}: {text.of(figures.linked, figures.in_scope)}")


def _shades(text: Texts) -> list[str]:
    figures = [text.decimal(100 * limit, 0).rstrip(",.") for limit in SHADES]
    between = [f"{low} – {high}" for low, high in pairwise(figures)]
    return [f"{line} %" for line in (f"< {figures[0]}", *between, f"≥ {figures[-1]}")]


def _reliability(shown: ReportView, text: Texts) -> Markup:
    bins = [
        ReliabilityBin(row["stated"], row["observed"], row["pairs"], text.number(row["pairs"]))
        for row in shown.calibration
        if row["pairs"]
    ]
    ticks = [text.decimal(100 * at, 2).rstrip("0").rstrip(",.") or "0" for at in SCALE]
    return reliability_chart(bins, ticks, text("report.calibration"))


def _rules(search: Sequence[SearchKind]) -> list[tuple[str, list[RuleLine | None]]]:
    """Rule → its line for each kind, None where a kind has none."""
    by_kind = [{line.rule: line for line in one.rules} for one in search]
    names = dict.fromkeys(name for lines in by_kind for name in lines)
    return [(name, [lines.get(name) for lines in by_kind]) for name in names]


def _decided(backlog: Backlog | None) -> dict[str, int]:
    """State → decisions of any verdict."""
    counts: dict[str, int] = {}
    for (_, state), count in (backlog.states if backlog else {}).items():
        counts[state] = counts.get(state, 0) + count
    return counts


def _stages(run: RunFacts) -> Iterator[Stage]:
    before = 0
    for name, seconds in run.stage_seconds.items():
        tenths = round(10 * seconds)
        yield Stage(name, seconds, tenths, before)
        before += tenths
