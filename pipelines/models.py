"""What runs learn: one model per kind, pooled from the provinces of a full run, used as the start of the next."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from connectors.files_out import whole_file
from matching import model
from matching.model import Model, Table
from pipelines.checkpoints import owners_folder

MODEL_FILE = "model.json"


def keep_model(folder: Path, learned: Model) -> None:
    """Keep what one partition taught."""
    _dump({learned.kind: learned}, owners_folder(folder) / MODEL_FILE, learned.name)


def kept_model(folder: Path, kind: str) -> Model | None:
    """What one partition taught; None when it taught nothing."""
    path = folder / MODEL_FILE
    return model.load(path)[kind] if path.is_file() else None


def models_begun_with(folder: Path, present: Mapping[str, Model]) -> dict[str, Model]:
    """The models that a run began with: kept in its folder, so that it goes on with them whatever was learned since.

    Args:
        folder: The run's.
        present: What it begins with where it begins now.
    """
    path = owners_folder(folder) / MODEL_FILE
    if not path.is_file():
        _dump(present, path, next(iter(present.values())).name)
    return model.load(path)


def pooled(models: Sequence[Model]) -> Model:
    """Several provinces' models of one kind as one: every figure is the mean, weighted by the pairs it was learned from.

    Shares add up to one again, as means of distributions do.
    """
    verified = np.array([max(1, one.verified) for one in models], dtype=float)
    share = verified / verified.sum()

    def mean(values: Sequence[float]) -> float:
        return float(share @ np.array(values))

    def tables(part: Sequence[Mapping[str, Table]]) -> dict[str, Table]:
        return {
            shape: np.tensordot(share, np.array([one[shape] for one in part]), axes=1) for shape in part[0]
        }

    return replace(
        models[0],
        m=tables([one.m for one in models]),
        relative=tables([one.relative for one in models]),
        in_registry=mean([one.in_registry for one in models]),
        missed={name: mean([one.missed[name] for one in models]) for name in models[0].missed},
        kin={
            slot: {story: mean([one.kin[slot][story] for one in models]) for story in shares}
            for slot, shares in models[0].kin.items()
        },
        number_of_another=mean([one.number_of_another for one in models]),
        relatives=mean([one.relatives for one in models]),
        threshold=max(one.threshold for one in models),
        deceased=mean([one.deceased for one in models]),
        verified=sum(one.verified for one in models),
    )


def store_models(path: Path, models: dict[str, Model], name: str) -> None:
    """Make models the start of the next runs; the file is replaced whole."""
    owners_folder(path.parent)
    _dump(models, path, name)


def _dump(models: Mapping[str, Model], path: Path, name: str) -> None:
    with whole_file(path) as stream:
        stream.write(model.as_text(models, name).encode())
