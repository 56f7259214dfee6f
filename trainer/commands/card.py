"""``card``: the model card of a run or the data card of a file of records, made from what the steps wrote down.

Nothing is asked and nothing is made up: every number is read from provenance files, metrics and the records
themselves; what they do not say is not in the card. A file that is no longer the one that was trained on is named,
and not counted. ``--push`` puts a card with its folder or file on the Hugging Face hub.
"""

from __future__ import annotations

import argparse
import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

from trainer.data.decontaminate import STAMP
from trainer.data.records import Rejects, parse_record, read_lines
from trainer.runs import sha256_of, write_atomically
from tutor_app.core.errors import HostFault, UserFault

Push = Callable[[Path, Path, str, str], None]
"""Takes the folder or file, its card, the name on the hub, and what it is there: ``model`` or ``dataset``."""
SETTINGS: Final = ("stage", "method", "dialect", "precision", "max_length", "batch_size", "epochs", "max_steps", "lr")
MORE: Final = ("schedule", "warmup_ratio", "weight_decay", "clip", "seed", "lora_r", "lora_alpha", "lora_dropout")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of this step."""
    parser.add_argument("what", type=Path, metavar="RUN_OR_RECORDS", help="a run of train, or a file of records")
    parser.add_argument(
        "--out", type=Path, metavar="FILE", help="the card (default: README.md in RUN/model, or beside)"
    )
    parser.add_argument("--push", default="", metavar="OWNER/NAME", help="also put it on the Hugging Face hub")


def main(a: argparse.Namespace, push: Push | None = None) -> int:
    """Run the step.

    Raises:
        UserFault: If there is nothing that a card could be made from.
        HostFault: If the disk or the hub refuses.
    """
    is_run = a.what.is_dir()
    text = model_card(a.what) if is_run else data_card(a.what)
    folder = result_of(a.what) if is_run else a.what.parent
    out = a.out or (folder / "README.md" if is_run else a.what.with_suffix(".md"))
    ours = out.is_file() and out.read_text(encoding="utf-8", errors="replace").startswith(_head_of(text))
    if out.exists() and not ours:
        raise UserFault(f"{out} is there already and is no earlier card.", "Give another name with --out.")
    write_atomically(out, text)
    print(f"{out}: {len(text.splitlines())} lines.")
    if a.push:
        (push or to_hub)(folder if is_run else a.what, out, a.push, "model" if is_run else "dataset")
        print(f"It is on the hub as {a.push}.")
    return 0


def result_of(run: Path) -> Path:
    """The folder that a run left: its model, or with QLoRA its adapter.

    Raises:
        UserFault: If it has not ended.
    """
    for name in ("model", "adapter"):
        if (run / name / "mumath.json").is_file():
            return run / name
    raise UserFault(f"{run} holds no model.", "Give the folder of a run of train that has ended.")


def model_card(run: Path) -> str:
    """The card of a run's model.

    Raises:
        UserFault: If the run has not ended.
    """
    made, result = _json(run / "train.provenance.json"), _json(run / "result.json")
    config = made["options"]
    lines = [
        *_front(["mumath", "math", f"stage-{config['stage']}"], licence="other"),
        f"# {run.name}",
        "",
        f"A model of mathematics: {made['parameters']:,} parameters, of which {made['trained_parameters']:,} were "
        f"trained (method {config['method']}), finetuned from `{Path(made['base']).name}` in stage {config['stage']} "
        "of two.",
        "",
        "## Training",
        "",
        f"{result['steps']:,} steps over {made['samples']:,} samples ({made['tokens']:,} tokens, "
        f"{made['supervised']:,} of them supervised) in {result['seconds']:,.0f} s on {made['ranks']} x "
        f"{made['device']}, begun {made['starts'][0]['started'][:10]}.",
    ]
    if made["held_out"]:
        loss = result.get("held_out_loss")
        lines.append(
            f"{made['held_out']:,} samples were held out{f'; their loss is {loss:.4f}' if loss is not None else ''}."
        )
    if made["too_long"]:
        lines.append(f"{len(made['too_long']):,} were longer than {config['max_length']:,} tokens and left out.")
    lines += ["", "| setting | value |", "|---|---|"]
    lines += [f"| {k} | {config[k]} |" for k in (*SETTINGS, *MORE) if k in config]
    changes = [(s["step"], s["changed"]) for s in made["starts"] if s.get("changed")]
    lines += [f"| from step {step} on | {k}: {c['was']} → {c['is']} |" for step, cs in changes for k, c in cs.items()]
    lines += ["", "## Data", ""]
    for name, sha in made["inputs"].items():
        lines += _trained_on(Path(name), sha)
    versions = ", ".join(f"{k} {v}" for k, v in made["versions"].items())
    lines += ["", "## Made with", "", f"Revision {made['git'] or 'unknown'}; {versions}.", ""]
    return "\n".join(lines)


def _trained_on(path: Path, sha: str) -> list[str]:
    head = f"`{path.name}` (SHA-256 {sha[:16]})"
    if not path.is_file() or sha256_of(path) != sha:
        return [f"{head}: no longer there as it was trained on, so nothing more is said of it.", ""]
    return [f"{head}:", "", *_counts(path), ""]


def data_card(path: Path) -> str:
    """The card of a file of records.

    Raises:
        UserFault: If it cannot be read or holds no record.
    """
    facts = path.with_name(path.name.removesuffix(".jsonl") + ".provenance.json")
    counted = _counts(path)
    lines = [*_front(["mumath", "math"], licence="other"), f"# {path.stem}", "", *counted]
    if facts.is_file():
        made = _json(facts)
        if made.get("sha256") == sha256_of(path):
            lines += ["", "## How it was made", "", f"`python -m trainer {' '.join(made['command'])}`", ""]
            lines += [f"- from `{Path(name).name}` (SHA-256 {sha[:16]})" for name, sha in made["inputs"].items()]
            lines += [f"- left out, {why}: {n:,}" for why, n in made.get("left_out", {}).items()]
            lines += ["", f"Revision {made['git'] or 'unknown'}, begun {made['started'][:10]}."]
        else:
            lines += ["", "The file was changed after it was made."]
    return "\n".join([*lines, ""])


def _counts(path: Path) -> list[str]:
    """A table of the records by method, source and licence, and what is known of their labels."""
    kinds: Counter[tuple[str, str, str]] = Counter()
    votes: Counter[str] = Counter()
    stamped = 0
    for record in read_lines(path, parse_record, Rejects()):
        meta = record.meta
        kinds[str(meta["method"]), str(meta["source"]), str(meta["licence"])] += 1
        votes[_label(meta)] += 1
        stamped += bool(meta.get(STAMP))
    total = kinds.total()
    if not total:
        raise UserFault(f"There is no record in {path}.", "Give a file that a data step has written.")
    lines = ["| method | source | licence | records |", "|---|---|---|--:|"]
    lines += [f"| {' | '.join(kind)} | {n:,} |" for kind, n in sorted(kinds.items())]
    lines += [f"| all | | | {total:,} |", ""]
    lines.append(f"Answers known by: {', '.join(f'{how} {n:,}' for how, n in votes.most_common())}.")
    lines.append(f"Compared with test sets: {stamped:,} of {total:,}.")
    return lines


def _label(meta: Mapping[str, Any]) -> str:
    found = meta.get("votes")
    if isinstance(found, list) and len(found) == 2:
        return f"majority, {found[0]} of {found[1]} votes"
    return str(meta.get("label", "gold"))


def _front(tags: Sequence[str], licence: str) -> list[str]:
    """The block that the hub reads; the licences of the records stand in the table."""
    return ["---", f"license: {licence}", "language: en", "tags:", *(f"- {t}" for t in tags), "---", ""]


def _head_of(text: str) -> str:
    """What every card of this kind begins with."""
    return text[: text.index("tags:") + len("tags:\n- mumath")]


def _json(path: Path) -> dict[str, Any]:
    try:
        found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as e:
        why = (e.strerror if isinstance(e, OSError) else None) or e
        raise UserFault(f"{path} cannot be read: {why}.", "Give a run of train that has ended.") from None
    return found


def to_hub(path: Path, card: Path, name: str, kind: str) -> None:
    """Put a folder or a file with its card on the hub, where nobody else sees it yet.

    The token is the one that ``hf auth login`` or the variable HF_TOKEN gives.

    Raises:
        UserFault: If the package is missing.
        HostFault: If the hub cannot be reached or refuses.
    """
    if find_spec("huggingface_hub") is None:
        raise UserFault("--push needs the package huggingface_hub.", "Install it with: pip install huggingface_hub")
    from huggingface_hub import HfApi

    hub = HfApi()
    try:
        hub.create_repo(name, repo_type=kind, private=True, exist_ok=True)
        if path.is_dir():
            hub.upload_folder(repo_id=name, repo_type=kind, folder_path=path)
        else:
            hub.upload_file(path_or_fileobj=path, path_in_repo=path.name, repo_id=name, repo_type=kind)
        hub.upload_file(path_or_fileobj=card, path_in_repo="README.md", repo_id=name, repo_type=kind)
    except Exception as e:  # noqa: BLE001  # whatever the library and its connections raise
        why = (str(e).strip().splitlines() or [type(e).__name__])[0].rstrip(".")
        raise HostFault(
            f"{name} could not be put on the hub: {why}.", "Check the name, the token and the network."
        ) from None
