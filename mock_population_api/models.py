"""The bodies of requests and answers, as the OpenAPI document shows them."""

from datetime import date
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

MOST_IN_BATCH = 1_000
"""Questions in one batch; more belong into a job."""

Text = Annotated[str, Field(max_length=200)]
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


class Verified(BaseModel):
    """The verdict on one statement."""

    ref: str
    number: Literal["current", "superseded", "former", "none"]
    full_name: Verdict
    birth_date: Verdict
    gender: Verdict


class VerifyAnswer(BaseModel):
    """Verdicts, in the order of the questions."""

    as_of: str
    results: list[Verified]


class Found(BaseModel):
    """What one number led to."""

    number: str
    found: Literal["current", "superseded", "former", "none"]
    entries: list[Entry]


class LookupAnswer(BaseModel):
    """What the numbers led to, in their order."""

    as_of: str
    results: list[Found]


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
    results: list[Traced]


class Family(BaseModel):
    """The relatives of the holder of one number."""

    number: str
    father: Entry | None
    mother: Entry | None
    children: list[Entry]


class RelativesAnswer(BaseModel):
    """Relatives, in the order of the numbers."""

    as_of: str
    results: list[Family]


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
    operation: Literal["lookup", "trace"]
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


class Health(BaseModel):
    """The service answers."""

    status: Literal["ok"]
