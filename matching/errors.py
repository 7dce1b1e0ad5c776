"""What can go wrong while matching; every error keeps its facts, none a person's name, birth date or number.

MatchingError
├── TableMismatch       a table that crosses a stage lacks columns
├── ReferenceDamaged    a table that ships with the package can't be read as it should
├── ModelUnreadable     the stored model is missing or not one of ours
├── UnknownRule         a blocking rule that doesn't exist
├── UnknownProfile      a culture of names that doesn't exist
├── TooManyPairs        a blocking rule that would not end
├── TooManyHere         more records than one process can bring together
├── ClusterUnreachable  no cluster where one should be
└── UnitsFailed         units of work that a cluster could not do
"""

from collections.abc import Sequence


class MatchingError(Exception):
    """Root of everything that this package raises."""


class TableMismatch(MatchingError):
    """A table that lacks columns its schema names.

    Attributes:
        table: Which table, in the words of `matching.schemas`.
        missing: The columns that are not there.
    """

    def __init__(self, table: str, missing: Sequence[str]) -> None:
        self.table = table
        self.missing = tuple(missing)
        super().__init__(
            f"{table} lacks the columns {', '.join(self.missing)}; hand in a table with the schema {table.upper()}"
        )


class ReferenceDamaged(MatchingError):
    """A table of matching/reference that can't be read as it should.

    Attributes:
        table: Its file name.
        what: What is wrong with it.
    """

    def __init__(self, table: str, what: str) -> None:
        self.table = table
        self.what = what
        super().__init__(f"matching/reference/{table}: {what}; install the package again")


class ModelUnreadable(MatchingError):
    """The stored model is missing or not one of ours.

    Attributes:
        path: The file.
        what: What was wrong with it, in a word or two.
    """

    def __init__(self, path: str, what: str) -> None:
        self.path = path
        self.what = what
        super().__init__(f"{path} can't be used as a model ({what}); learn one again, or name another file")


class UnknownRule(MatchingError):
    """A blocking rule that doesn't exist.

    Attributes:
        name: The name asked for.
        known: The names that exist.
    """

    def __init__(self, name: str, known: Sequence[str]) -> None:
        self.name = name
        self.known = tuple(known)
        super().__init__(f"there is no blocking rule {name!r}; there are {', '.join(self.known)}")


class UnknownProfile(MatchingError):
    """A culture of names that doesn't exist.

    Attributes:
        name: The name asked for.
        known: The names that exist.
    """

    def __init__(self, name: str, known: Sequence[str]) -> None:
        self.name = name
        self.known = tuple(known)
        super().__init__(f"there is no profile {name!r}; there are {', '.join(self.known)}")


class TooManyPairs(MatchingError):
    """A blocking rule that finds so many pairs that the run would not end.

    Attributes:
        rule: Its name.
        pairs: How many pairs it would find.
        records: For how many records.
    """

    def __init__(self, rule: str, pairs: int, records: int) -> None:
        self.rule = rule
        self.pairs = pairs
        self.records = records
        super().__init__(
            f"rule {rule} would compare {pairs:,} pairs for {records:,} records; "
            "leave the rule out, or look for a value that very many records share, such as a default date"
        )


class TooManyHere(MatchingError):
    """More records than the process that hands out work can bring together.

    Attributes:
        records: How many there are of the kind.
        most: How many may be.
    """

    def __init__(self, records: int, most: int) -> None:
        self.records = records
        self.most = most
        super().__init__(
            f"{records:,} records of one kind are more than the {most:,} that one process may bring together; cut the education folder into "
            "parts (province=…), each of which is linked on one machine of the cluster, or raise spark_records where there is memory (5 kB a record)"
        )


class ClusterUnreachable(MatchingError):
    """No cluster where one should be.

    Attributes:
        master: Its address.
        what: What was wrong, in a word or two.
    """

    def __init__(self, master: str, what: str) -> None:
        self.master = master
        self.what = what
        super().__init__(f"no Spark session on {master} ({what}); see whether it is up and has free cores")


class UnitsFailed(MatchingError):
    """Units of work that a cluster could not do, however often it was asked.

    Attributes:
        failed: How many.
        units: Of how many.
        attempts: How often they were asked for.
        fault: What the last one that failed said of itself.
    """

    def __init__(self, failed: int, units: int, attempts: int, fault: str) -> None:
        self.failed = failed
        self.units = units
        self.attempts = attempts
        self.fault = fault
        super().__init__(
            f"{failed} of {units} units of work failed {attempts} times; the last said: {fault}. What was done is kept: put right what is wrong "
            "and give the same command again, it goes on from there"
        )
