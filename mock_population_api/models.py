"""The bodies of requests and answers, as the OpenAPI document shows them."""

from datetime import UTC, date
from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field

MOST_IN_BATCH = 1_000
"""Questions in one batch; more belong into a job."""
MOST_FACTS = 5_000
"""Facts in one batch; of them there are no jobs, and what is answered is short."""

Text = Annotated[str, Field(max_length=200, pattern=r"^[^\u0000]*$")]
BirthDate = Annotated[Text, Field(description="YYYY, YYYY-MM or YYYY-MM-DD", examples=["2011-09-05", "1979"])]
Gender = Annotated[Text, Field(description="M or F")]


class Question(BaseModel):
    """Base of what is asked: unknown members are refused, so that a misspelt one is not overlooked."""

    model_config = ConfigDict(extra="forbid")


class VerifyQuestion(Question):
    """What is stated of one person."""

    ref: Text
    number: Text = Field(examples=["001211000013"])
    full_name: Text | None = None
    birth_date: BirthDate | None = None
    gender: Gender | None = None


class VerifyBatch(Question):
    """Statements to verify."""

    questions: list[VerifyQuestion]


class NumberBatch(Question):
    """Numbers: 12 digits, or 9 for former ones."""

    numbers: list[Text] = Field(examples=[["001211000013"]])


class TraceQuery(Question):
    """What is known of one person; the rest null."""

    ref: Text
    full_name: Text | None = None
    birth_date: BirthDate | None = None
    gender: Gender | None = None
    birth_province: Text | None = Field(None, description="3 digits, the table inside personal IDs")
    residence_province: Text | None = Field(None, description="2 digits, catalogue of 2025")
    residence_commune: Text | None = Field(None, description="5 digits, catalogue of 2025")


class TraceBatch(Question):
    """Queries to trace."""

    queries: list[TraceQuery]


class Entry(BaseModel):
    """One person as the registry has them."""

    personal_id: str
    full_name: str | None
    birth_date: date | None
    birth_precision: Literal["day", "month", "year"] | None
    gender: str | None
    birth_province: str | None
    residence_province: str | None
    residence_commune: str | None
    father_id: str | None
    mother_id: str | None
    former_ids: list[str]
    superseded_ids: list[str]
    status: str | None
    father_name: str | None
    mother_name: str | None


Verdict = Literal["agrees", "differs", "not_asked", "unknown"]


class Failed(BaseModel):
    """One question of a batch that could not be answered, for no fault of its own; ask it again."""

    ref: str | None = None
    number: str | None = None
    problem: str


class Verified(BaseModel):
    """The verdict on one statement."""

    ref: str
    number: Literal["current", "superseded", "former", "withheld", "none"]
    full_name: Verdict
    birth_date: Verdict
    gender: Verdict


class VerifyAnswer(BaseModel):
    """Verdicts, in the order of the questions."""

    as_of: str
    results: list[Verified | Failed]


class Found(BaseModel):
    """What one number led to."""

    number: str
    found: Literal["current", "superseded", "former", "withheld", "none"]
    entries: list[Entry]


class LookupAnswer(BaseModel):
    """What the numbers led to, in their order."""

    as_of: str
    results: list[Found | Failed]


class Candidate(BaseModel):
    """One person who may be meant."""

    rank: int
    entry: Entry


class Traced(BaseModel):
    """Who may be meant by one query; `more` when more fitted than are returned."""

    ref: str
    more: bool
    candidates: list[Candidate]


class TraceAnswer(BaseModel):
    """Candidates, in the order of the queries."""

    as_of: str
    results: list[Traced | Failed]


class Family(BaseModel):
    """The relatives of the holder of one number."""

    number: str
    father: Entry | None
    mother: Entry | None
    children: list[Entry]


class RelativesAnswer(BaseModel):
    """Relatives, in the order of the numbers."""

    as_of: str
    results: list[Family | Failed]


class Place(BaseModel):
    """A place of the catalogue of 2025."""

    province: str | None
    province_name: str | None
    commune: str | None
    commune_name: str | None


class Residing(BaseModel):
    """Where the holder of one number has their permanent residence; former numbers don't tell who is meant."""

    number: str
    found: Literal["current", "superseded", "withheld", "none"]
    residence: Place | None


class ResidenceAnswer(BaseModel):
    """Residences, in the order of the numbers."""

    as_of: str
    results: list[Residing | Failed]


class ChangedEntry(BaseModel):
    """One person as the registry has them since a change."""

    personal_id: str
    full_name: str | None
    birth_date: date | None
    birth_precision: Literal["day", "month", "year"] | None
    gender: str | None
    birth_province: str | None
    residence_province: str | None
    residence_commune: str | None
    father_id: str | None
    mother_id: str | None
    former_ids: list[str]
    superseded_ids: list[str]
    status: str | None


class Change(BaseModel):
    """One change; of a superseded number there is no entry, but the number it leads to now."""

    change: Literal["born", "corrected", "superseded", "deceased"]
    at: str
    personal_id: str
    superseded_by: str | None
    entry: ChangedEntry | None


class ChangesAnswer(BaseModel):
    """A page of the feed, oldest first; `next` asks for what comes after, now or another day."""

    as_of: str
    changes: list[Change]
    next: str
    more: bool


def _only_text(stated: object) -> object:
    """A moment is text with its zone; seconds since some day would be guesswork."""
    if not isinstance(stated, str):
        raise ValueError("no text")  # noqa: TRY004 - pydantic takes this one for a refusal
    return stated


class EnrichmentFact(Question):
    """What a school says of an identified person in one school year."""

    ref: Text
    personal_id: str = Field(pattern=r"^([0-9]{9}|[0-9]{12})$", examples=["001211000013"])
    role: Literal["student", "teacher", "manager", "staff"]
    school_year: str = Field(pattern=r"^20[0-9]{2}-20[0-9]{2}$", examples=["2026-2027"])
    school_code: str = Field(pattern=r"^[0-9A-Za-z._-]{1,20}$")
    grade: str | None = Field(None, pattern=r"^[0-9A-Za-z._-]{1,10}$")
    stated_at: Annotated[AwareDatetime, BeforeValidator(_only_text)]

    def as_stated(self) -> dict[str, Any]:
        """The fact as it is kept, its moment in UTC."""
        return self.model_dump() | {"stated_at": self.stated_at.astimezone(UTC).isoformat()}


class EnrichmentBatch(Question):
    """Facts to take in."""

    facts: list[EnrichmentFact]


class Enriched(BaseModel):
    """What became of one fact."""

    ref: str
    outcome: Literal["created", "updated", "unchanged", "rejected"]
    reason: (
        Literal[
            "number_unknown", "number_superseded", "number_former", "person_deceased", "stated_earlier", "repeated"
        ]
        | None
    )  # fmt: skip


class EnrichmentAnswer(BaseModel):
    """What became of the facts, in their order."""

    as_of: str
    accepted: int
    rejected: int
    results: list[Enriched | Failed]


class FaultRule(Question):
    """What goes wrong for whom, how often."""

    fault: Literal[
        "latency", "too_many_requests", "internal_error", "bad_gateway", "unavailable", "gateway_timeout",
        "token_expired", "maintenance", "reset", "lost_answer", "cut_off", "slow_drip", "partial_batch",
        "stale_replica", "new_field", "unknown_value", "duplicate_page", "unordered_page",
    ]  # fmt: skip
    client: Text = Field("*", description="name of a client; * for all")
    route: Text = Field("*", description="path as documented; * for all")
    share: float = Field(1.0, ge=0, le=1, description="of the requests it is meant for")
    seed: int = Field(0, ge=0, le=2**63)
    seconds: float = Field(1.0, ge=0, le=86_400, description="latency, drip, Retry-After, age of a replica")
    after: int = Field(0, ge=0, le=10**9, description="requests that pass before it begins")
    times: int | None = Field(None, ge=0, le=10**9, description="how often at most")
    lasts_seconds: float | None = Field(None, ge=0, le=10**7, description="after so long it is over")


class FaultRules(Question):
    """All rules in force."""

    rules: list[FaultRule] = Field(max_length=100)


class Info(BaseModel):
    """What the registry holds."""

    entries: int
    as_of: str
    source: str


class Token(BaseModel):
    """A token for `expires_in` seconds."""

    access_token: str
    token_type: Literal["Bearer"]
    expires_in: int
    scope: str


class JobAccepted(BaseModel):
    """A job that was taken in, now or by an earlier request with the same key and body."""

    job_id: str


class JobState(BaseModel):
    """How far a job is; `rows` and `sha256` are of the finished result."""

    job_id: str
    operation: Literal["lookup", "trace", "relatives"]
    state: Literal["queued", "running", "done", "failed"]
    progress: float
    rows: int | None
    sha256: str | None
    problem: str | None
    expires_at: str


class AuditLine(BaseModel):
    """One look at one person."""

    at: str
    request_id: str
    client: str
    agency: str
    officer: str
    purpose: str
    action: str


class AuditAnswer(BaseModel):
    """Who looked at a person, newest first."""

    subject: str
    lines: list[AuditLine]
    head: str = Field(description="last line of the audit and its digest; keep it to prove a later cut")


class Health(BaseModel):
    """The service answers."""

    status: Literal["ok"]
