"""The model card: what the model was made from and how, in Markdown, from the files that the stages left.

It says nothing that depends on the clock or the machine, so a run that was killed and resumed ends with the same
card; times are in the state file.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from trainer.data.records import Rejects, read_records
from trainer.road.recipe import Recipe
from trainer.runs import metrics_of
from tutor_app.core.errors import UserFault

_TRAINS: Final = re.compile(r"stage[12](?:-\d+)?")


def text(
    recipe: Recipe,
    folder: Path,
    options: Mapping[str, Mapping[str, Any]],
    given: Mapping[str, str],
    files: Mapping[str, str],
) -> str:
    """The card.

    Args:
        recipe: What was run.
        folder: Of the run.
        options: Of every stage, by name.
        given: Hashes of the files that the recipe names.
        files: Hashes of what the stages have made, by path in ``folder``.
    """
    trained = [name for name in options if _TRAINS.fullmatch(name)]
    parts = [
        f"# {recipe.name}",
        "Made by `python -m trainer road`: reasoning in words first (stage 1), then solutions whose code was really "
        "run (stage 2), after MuMath and MuMath-Code (Yin et al., 2024).",
        _base(recipe),
        *_data(recipe, folder, given, trained[-1]),
        *_asked(folder, options),
        *_training(recipe, folder, trained),
        *_accuracy(recipe, folder),
        "## Stages and their settings",
        _table(
            ("stage", "settings"),
            [(name, _settings(values)) for name, values in options.items() if name not in trained],
        ),
        "## Files",
        "SHA-256 of everything that was made, in the order of the stages:",
        _table(("file", "SHA-256"), [(f"`{name}`", f"`{sha256}`") for name, sha256 in files.items()]),
    ]
    return "\n\n".join(parts) + "\n"


def _base(recipe: Recipe) -> str:
    base = recipe.base
    if base.model:
        return f"The base is `{base.model}`."
    return (
        f"The base is a tiny model of random weights ({base.layers} blocks, width {base.width}, {base.vocab:,} "
        "tokens): it is for following every stage on a small machine, not for solving problems."
    )


def _data(recipe: Recipe, folder: Path, given: Mapping[str, str], last: str) -> list[str]:
    where = {"stage1": folder / "data-stage1", "stage2": folder / f"data-{last}"}
    mixes = {stage: read_records([path / f"{stage}.jsonl"], Rejects()) for stage, path in where.items()}
    counts = {stage: Counter(str(r.meta["method"]) for r in records) for stage, records in mixes.items()}
    methods = sorted(set(counts["stage1"]) | set(counts["stage2"]))
    rows: list[Sequence[str]] = [(m, f"{counts['stage1'][m]:,}", f"{counts['stage2'][m]:,}") for m in methods]
    rows.append(("all", *(f"{len(records):,}" for records in mixes.values())))
    everything = [r for records in mixes.values() for r in records]
    sources = Counter((str(r.meta["source"]), str(r.meta["licence"])) for r in everything)
    removed = {s: _json(path / f"{s}.report.json")["removed"] for s, path in where.items()}
    tests = ", ".join(f"`{n}`" for n in recipe.decontaminate.against)
    return [
        "## Data",
        _table(("method", "stage 1", "stage 2"), rows),
        "Sources: "
        + ", ".join(f"{source} ({licence}), {n:,} records" for (source, licence), n in sorted(sources.items())),
        f"Compared with {tests} ({recipe.decontaminate.ngram} words in a row, and four closer rules): "
        f"{removed['stage1']:,} records were left out of stage 1 and {removed['stage2']:,} of stage 2.",
        _table(("file given", "SHA-256"), [(f"`{n}`", f"`{h}`") for n, h in given.items()]),
    ]


def _asked(folder: Path, options: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """What a teacher, or the model itself, was asked for: who, how many records came of it, why others did not."""
    rows: list[Sequence[str]] = []
    for stage in options:
        if not stage.startswith(("asked-", "synthesize")):
            continue
        found = _json(folder / stage / f"{stage}.provenance.json")
        why = "; ".join(f"{reason}: {n:,}" for reason, n in sorted(found["left_out"].items()))
        rows.append((stage, found["options"].get("teacher", ""), f"{found['records']:,}", why or "nothing"))
    return ["## What a model was asked for", _table(("stage", "model", "records", "left out"), rows)] if rows else []


def _training(recipe: Recipe, folder: Path, stages: Sequence[str]) -> list[str]:
    rows: list[Sequence[str]] = []
    for stage in stages:
        run = folder / stage
        facts, result = _json(run / "train.provenance.json"), _json(run / "result.json")
        losses = losses_of(run / "metrics.jsonl")
        held = result["held_out_loss"]
        last = [losses[step] for step in sorted(losses)][-10:]
        rows.append(
            (
                stage,
                f"{facts['samples']:,}",
                f"{result['steps']:,}",
                f"{result['supervised']:,}",
                f"{losses[min(losses)]:.4f}" if losses else "",
                f"{sum(last) / len(last):.4f}" if last else "",
                "" if held is None else f"{held:.4f}",
                f"{facts['parameters']:,}",
            )
        )
    one, two = recipe.stage1.to_dict(), recipe.stage2.to_dict()
    settings = [(f"`{k}`", _value(v), _value(two[k])) for k, v in one.items() if k != "stage"]
    header = (
        "stage",
        "samples",
        "steps",
        "supervised tokens",
        "first loss",
        "last loss",
        "held-out loss",
        "parameters",
    )
    return [
        "## Training",
        _table(header, rows),
        "Losses are per supervised token, in nats; the last one is the mean of the last ten steps.",
        _table(("setting", "stage 1", "stage 2"), settings),
    ]


def losses_of(path: Path) -> dict[int, float]:
    """The loss of every step; of a step that was made twice, the last."""
    found: dict[int, float] = {}
    for row in metrics_of(path):
        if "loss" in row:
            found[int(row["step"])] = float(row["loss"])
    return found


def _accuracy(recipe: Recipe, folder: Path) -> list[str]:
    if recipe.evaluate is None:
        return ["## Accuracy", "It was not measured."]
    report = _json(folder / "evaluate" / "evaluation.json")
    rows = [
        (name, f"{report[key]} %", f"{report[f'{key}_95'][0]} to {report[f'{key}_95'][1]} %")
        for name, key in (("strict grader", "strict"), ("as published", "paper"))
    ]
    wrong = ", ".join(f"{n:,} {kind}" for kind, n in sorted(report["errors"].items())) or "none"
    return [
        "## Accuracy",
        f"Greedy, {report['problems']:,} problems of {report['benchmark']}, in the loop that ships; "
        f"{report['ran_code']} % ran code. Not right: {wrong}.",
        _table(("judged by", "right", "95 % interval"), rows),
    ]


def _json(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as e:
        why = (e.strerror if isinstance(e, OSError) else None) or e
        raise UserFault(f"{path} cannot be read: {why}.", "Delete the folder of its stage; it is made again.") from None


def _settings(values: Mapping[str, Any]) -> str:
    return ", ".join(f"`{k}` {_value(v)}" for k, v in values.items() if v not in ("", ())) or "none"


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, tuple | list):
        return ", ".join(map(str, value))
    return str(value)


def _table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(str(c).replace("|", "\\|") for c in line) + " |" for line in lines)
