"""The audit's key, and how far the audit went at the end of each run: kept outside of the database, signed."""

import hmac
import json
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from connectors.audit import Auditor, Broken, Head, Verdict, keyed, verify
from connectors.files_out import whole_file
from pipelines.checkpoints import owners_folder
from pipelines.own_keys import own_key
from pipelines.settings import Settings


def auditor(settings: Settings) -> Auditor:
    """Who writes down, for the officer that the settings name."""
    return Auditor(own_key(settings.home, "audit"), settings.registry_officer)


def keep_head(settings: Settings, run: str, head: Head) -> Path:
    """Keep how far the audit went when a run ended; without it nobody would see that the end was cut off."""
    facts = {"run": run, "entry": head.entry, "digest": head.digest}
    signed = facts | {"signature": _signature(settings, facts)}
    path = _head_file(settings, run)
    owners_folder(path.parent)
    with whole_file(path) as stream:
        stream.write(json.dumps(signed).encode() + b"\n")
    return path


def head_kept(settings: Settings, run: str) -> bool:
    """Whether it is kept how far the audit went when a run ended: the last thing that a run does."""
    return _head_file(settings, run).is_file()


def audit_verdict(settings: Settings, engine: sa.Engine) -> Verdict:
    """Look through the audit, and hold it against the heads that were kept."""
    found = {path: _read(path) for path in sorted(_heads(settings).glob("*.json"))}
    heads, broken = {}, []
    for path, facts in found.items():
        signature = facts.pop("signature", "")
        if not hmac.compare_digest(str(signature), _signature(settings, facts)):
            broken.append(
                Broken(0, "changed", f"the kept head {path.name} was changed, or signed with another key")
            )
        else:
            heads[facts["run"]] = Head(facts["entry"], facts["digest"])
    seen = verify(engine, auditor(settings).key, heads)
    return Verdict(seen.entries, len(heads), (*broken, *seen.broken))


def _head_file(settings: Settings, run: str) -> Path:
    return _heads(settings) / f"{run}.json"


def _heads(settings: Settings) -> Path:
    return settings.home / "audit"


def _read(path: Path) -> dict[str, Any]:
    try:
        facts: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except ValueError:
        return {}
    return facts


def _signature(settings: Settings, facts: dict[str, Any]) -> str:
    return keyed(auditor(settings).key, f"head\n{json.dumps(facts, sort_keys=True)}")
