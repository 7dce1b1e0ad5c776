"""What runs learn: one model per kind, pooled from the provinces of a full run, used as the start of the next."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from matching import model
from matching.model import Model
from pipelines.checkpoints import owners_folder

MODEL_FILE = "model.json"


def keep_model(folder: Path, learned: Model) -> None:
    """Keep what one partition taught."""
    model.dump({learned.kind: learned}, owners_folder(folder) / MODEL_FILE, learned.name)


def kept_model(folder: Path, kind: str) -> Model | None:
    """What one partition taught; None when it taught nothing."""
    path = folder / MODEL_FILE
    return model.load(path)[kind] if path.is_file() else None


def pooled(models: Sequence[Model]) -> Model:
    """Several provinces' models of one kind as one: every figure is the mean, weighted by the pairs it was learned from.

    Shares add up to one again, as means of distributions do.
    """
    weight = np.array([max(1, one.verified) for one in models], dtype=float)
    share = weight / weight.sum()

    def mean(name: str) -> float:
        return float(sum(part * getattr(one, name) for part, one in zip(share, models, strict=True)))

    tables = {
        part: {
            shape: sum(s * getattr(one, part)[shape] for s, one in zip(share, models, strict=True))
            for shape in getattr(models[0], part)
        }
        for part in ("m", "relative")
    }
    missed = {
        name: float(sum(s * one.missed[name] for s, one in zip(share, models, strict=True))) for name in models[0].missed
    }
    scalars = {name: mean(name) for name in ("in_registry", "number_of_another", "relatives", "deceased")}
    return replace(models[0], **tables, **scalars, missed=missed, verified=sum(one.verified for one in models))


def store_models(path: Path, models: dict[str, Model], name: str) -> None:
    """Make models the start of the next runs; the file is replaced whole."""
    owners_folder(path.parent)
    half = path.with_name(f".{path.name}.part")
    model.dump(models, half, name)
    half.replace(path)
