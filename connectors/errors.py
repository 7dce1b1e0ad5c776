"""What can go wrong outside the process; every error keeps its facts, none a person's name, birth date or number.

ConnectorError
├── FolderProblem            a folder or file can't be used
│   ├── ColumnsMissing       tables or columns that are needed are not there, all of them at once
│   ├── EncodingProblem      a file is in no encoding that we know
│   ├── ListUnreadable       a list that came back is no workbook or CSV that can be read
│   └── SealedFileShut       an encrypted file doesn't open
├── DatabaseProblem          the education database
│   ├── DatabaseUnreachable
│   │   └── DatabaseLost     the connection broke while it was in use
│   ├── DatabaseReadOnly
│   ├── DatabaseLocked       somebody else held it for longer than we wait
│   ├── DecisionsRefused     what should be written back contradicts itself
│   ├── RunRolledBack        a run that was taken back would write on
│   ├── RollbackRefused      a run can't be taken back as things are
│   ├── SchemaOlder          our tables are older than the program
│   └── SchemaNewer          our tables are newer than the program
├── ProvinceLocked           another run holds the province
├── NoticeNotSent            nobody could be told how a run went
└── RegistryProblem          the population registry
    ├── RegistryUnreachable
    ├── RegistryRefused      it answered, and said no
    └── RegistryNonsense     it answered, and the answer can't be right
"""

from collections.abc import Mapping, Sequence


class ConnectorError(Exception):
    """Root of everything that this package raises."""


class FolderProblem(ConnectorError):
    """A folder or file that can't be used as it is.

    Attributes:
        where: The folder or file, as it was given.
        what: What is wrong with it.
        remedy: What to do about it.
    """

    def __init__(self, where: object, what: str, remedy: str) -> None:
        self.where = str(where)
        self.what = what
        self.remedy = remedy
        super().__init__(f"{where}: {what}. {remedy}")


class ColumnsMissing(FolderProblem):
    """Tables or columns that are needed are not there.

    Attributes:
        tables: Names of the tables that are missing altogether.
        columns: Table → its missing columns.
    """

    def __init__(self, where: object, tables: Sequence[str], columns: Mapping[str, Sequence[str]]) -> None:
        self.tables = tuple(tables)
        self.columns = {table: tuple(names) for table, names in columns.items()}
        missing = [f"table {name} is missing" for name in self.tables]
        missing += [f"{table} lacks {', '.join(names)}" for table, names in self.columns.items()]
        super().__init__(
            where, "; ".join(missing), "Add them; upper case and the order of columns don't matter."
        )


class EncodingProblem(FolderProblem):
    """A text file that is neither UTF-8, nor UTF-16 with its mark, nor Windows Vietnamese (cp1258)."""

    def __init__(self, where: object) -> None:
        super().__init__(
            where,
            "the letters are in an encoding that can't be told",
            "Open it in the program that wrote it and save it as 'CSV UTF-8' (TCVN3 and VNI fonts: convert to Unicode first).",
        )


class ListUnreadable(FolderProblem):
    """A list that came back and can't be read as a whole.

    Attributes:
        cause: Why, as a word that the message catalogues know.
    """

    def __init__(self, where: object, cause: str, what: str, remedy: str) -> None:
        self.cause = cause
        super().__init__(where, what, remedy)


class SealedFileShut(FolderProblem):
    """An encrypted file doesn't open: another passphrase or key, or somebody changed it."""

    def __init__(self, where: object) -> None:
        super().__init__(where, "doesn't open", "The passphrase or key is wrong, or the file was changed.")


class DatabaseProblem(ConnectorError):
    """The education database did not do what was asked.

    Attributes:
        database: Its address without password.
        what: What happened, with the database's own code where it gave one.
        remedy: What to do about it.
    """

    def __init__(self, database: str, what: str, remedy: str) -> None:
        self.database = database
        self.what = what
        self.remedy = remedy
        super().__init__(f"education database {database}: {what}. {remedy}")


class DatabaseUnreachable(DatabaseProblem):
    """No connection, or the connection broke."""


class DatabaseLost(DatabaseUnreachable):
    """The connection broke while it was in use; what was being written is as it was before."""


class DatabaseReadOnly(DatabaseProblem):
    """It can be read and not written."""


class DatabaseLocked(DatabaseProblem):
    """Somebody else held what we needed for longer than we wait."""


class DecisionsRefused(DatabaseProblem):
    """Decisions that contradict themselves are not written, none of them."""


class RunRolledBack(DatabaseProblem):
    """A run that was taken back would write on.

    Attributes:
        run: Its name.
    """

    def __init__(self, database: str, run: str) -> None:
        self.run = run
        super().__init__(database, f"run {run} was rolled back and writes no more", "Start a new run.")


class RollbackRefused(DatabaseProblem):
    """A run can't be taken back as things are; nothing was changed.

    Attributes:
        run: Its name.
        records: How many records later runs have changed since; 0 where the run itself is the reason.
        later: Those runs.
    """

    def __init__(self, database: str, run: str, records: int = 0, later: Sequence[str] = ()) -> None:
        self.run = run
        self.records = records
        self.later = tuple(later)
        if records:
            what = f"{records} records that run {run} linked were changed since by {', '.join(self.later)}"
            remedy = (
                "Roll these back first, the last one first; or give --keep-later, which leaves such records."
            )
        else:
            what, remedy = (
                f"run {run} wrote nothing, or was rolled back before",
                "See identity-sync runs list.",
            )
        super().__init__(database, what, remedy)


class SchemaOlder(DatabaseProblem):
    """Our tables are older than the program.

    Attributes:
        found: Their revision.
        needed: That of the program.
    """

    def __init__(self, database: str, found: str, needed: str) -> None:
        self.found, self.needed = found, needed
        super().__init__(
            database,
            f"its sync tables are of revision {found}, this program needs {needed}",
            "Make a backup, then run identity-sync database upgrade.",
        )


class SchemaNewer(DatabaseProblem):
    """Our tables are newer than the program.

    Attributes:
        found: Their revision.
        needed: That of the program.
    """

    def __init__(self, database: str, found: str, needed: str) -> None:
        self.found, self.needed = found, needed
        super().__init__(
            database,
            f"its sync tables are of revision {found}, which this program ({needed}) doesn't know",
            "Use the program's version that made them, or a newer one.",
        )


class ProvinceLocked(ConnectorError):
    """Another run holds the province.

    Attributes:
        province: Its code.
        owner: Who holds it.
        since: Its last sign of life, ISO 8601.
    """

    def __init__(self, province: str, owner: str, since: str) -> None:
        self.province = province
        self.owner = owner
        self.since = since
        super().__init__(
            f"province {province} is held by {owner}, last heard of at {since}. Wait until that run has ended; "
            "if it died, its hold lapses by itself."
        )


class RegistryProblem(ConnectorError):
    """The population registry did not give a usable answer."""


class RegistryUnreachable(RegistryProblem):
    """No answer after every attempt.

    Attributes:
        url: Where it was asked, without query and credentials.
        attempts: How many times.
    """

    def __init__(self, url: str, attempts: int) -> None:
        self.url = url
        self.attempts = attempts
        super().__init__(
            f"registry {url}: no answer after {attempts} attempts. Run again later; what it answered is kept."
        )


class RegistryRefused(RegistryProblem):
    """It answered, and said no.

    Attributes:
        status: The HTTP status.
        code: The registry's own code, as it gave it.
    """

    def __init__(self, status: int, code: str) -> None:
        self.status = status
        self.code = code
        super().__init__(
            f"registry refused: {status} {code}. Check the credentials and the purpose it was asked for."
        )


class RegistryNonsense(RegistryProblem):
    """It answered, and the answer can't be right.

    Attributes:
        what: What was wrong with it, without its content.
    """

    def __init__(self, what: str) -> None:
        self.what = what
        super().__init__(
            f"registry answered nonsense: {what}. Nothing of it was used; tell the registry's operator."
        )


class NoticeNotSent(ConnectorError):
    """Nobody could be told how a run went.

    Attributes:
        channel: email or webhook.
        cause: Class of what went wrong, or the status that came back; never an address, which may hold a secret.
    """

    def __init__(self, channel: str, cause: str) -> None:
        self.channel = channel
        self.cause = cause
        super().__init__(f"the notice by {channel} was not sent: {cause}. Look at the settings of {channel}")
