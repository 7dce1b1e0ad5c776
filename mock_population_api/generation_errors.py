"""What can go wrong while a synthetic world is made; one tree.

WorldError
├── NumbersExhausted
├── UnknownProvince
├── UnknownProfile
├── NoPopulation
├── NoStudents
└── NoSchools
"""

from pathlib import Path

from mock_population_api.errors import MockRegistryError


class WorldError(MockRegistryError):
    """A world could not be made as asked."""


class NumbersExhausted(WorldError):
    """More people in one group of numbers than numbers."""

    def __init__(self, group: str, capacity: int) -> None:
        super().__init__(
            f"group {group} of personal IDs needs more than its {capacity:,} numbers; "
            "ask for fewer people, or for more provinces"
        )
        self.group = group
        self.capacity = capacity


class UnknownProvince(WorldError):
    """A code that is no province of 2025."""

    def __init__(self, code: str, known: tuple[str, ...]) -> None:
        super().__init__(f"{code!r} is no province code of the catalogue of 2025; known: {', '.join(known)}")
        self.code = code


class UnknownProfile(WorldError):
    """A name of assumptions that does not exist."""

    def __init__(self, name: str, known: tuple[str, ...]) -> None:
        super().__init__(f"there is no profile {name!r}; choose one of {', '.join(known)}")
        self.name = name


class NoPopulation(WorldError):
    """A folder that holds no registry."""

    def __init__(self, folder: Path) -> None:
        super().__init__(f"{folder} holds no part-*.parquet; run generate, or name the registry folder")
        self.folder = folder


class NoStudents(WorldError):
    """Schools are built around their students, and nobody is one."""

    def __init__(self) -> None:
        super().__init__(
            "nobody who goes to school in these provinces was chosen, so there are no schools; ask for more people, provinces or students"
        )


class NoSchools(WorldError):
    """A folder that holds no education tables."""

    def __init__(self, folder: Path, table: str) -> None:
        super().__init__(f"{folder} holds neither {table}.parquet nor {table}.csv; run generate first")
        self.folder = folder
        self.table = table
