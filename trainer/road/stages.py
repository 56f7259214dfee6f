"""The stages of a recipe in their order, each by the step function that the command line has for it.

Torch is imported by the stages that need it, when they are made: a run that ends with the data works without it.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

from trainer import steps
from trainer.config import TrainConfig
from trainer.data.records import Rejects, read_records
from trainer.road import card
from trainer.road.recipe import Evaluate, Recipe
from trainer.road.state import Stage, hashes_of
from trainer.runs import Run, disk_fault, write_atomically
from tutor_app.adapters.sandbox.sessions import Sandbox
from tutor_app.core.errors import UserFault
from tutor_app.text.amounts import size_text

IN_WORDS: Final = ("outline",)
"""Methods of augment whose records are reasoning in words, for stage 1; the others run code, for stage 2."""
LEARNS: Final = ("base", "stage1", "stage2", "evaluate", "export")
"""Stages that need the training stack."""
RESULTS: Final = "evaluation.json"
CARD: Final = "card.md"


def stages_of(recipe: Recipe, folder: Path) -> list[Stage]:
    """Every stage of a recipe, in order.

    Args:
        recipe: A sound one.
        folder: Of the run; each stage works in a folder of its name there.
    """
    made = _Stages(recipe, folder)
    stages = [*made.data(), *made.training()]
    return [*stages, made.card(stages)]


class _Stages:
    """Builds the stages; their functions keep what they need from it."""

    def __init__(self, recipe: Recipe, folder: Path) -> None:
        self._recipe, self._folder = recipe, folder
        self._problems = folder / "seeds" / "problems.jsonl"
        self._tests = tuple(recipe.files[n] for n in recipe.decontaminate.against)

    def data(self) -> Iterator[Stage]:
        """From source files to the records of both stages."""
        recipe, folder = self._recipe, self._folder
        seeds = recipe.seeds
        sources = tuple(recipe.files[n] for n in seeds.files)

        def import_seeds() -> str:
            _first_lines(sources, seeds.limit, self._problems)
            run = Run.at(folder / "seeds")
            return steps.import_seeds(run, [self._problems], "gsm8k", source=seeds.source, licence=seeds.licence)

        options = {"limit": seeds.limit, "source": seeds.source, "licence": seeds.licence}
        yield Stage("seeds", options, sources, ("problems.jsonl", "seeds-gsm8k.jsonl"), import_seeds)

        def make_code() -> str:
            return steps.make_code(Run.at(folder / "make-code"), [self._problems], Sandbox, seed=recipe.make_code.seed)

        made = ("make-code.jsonl",)
        yield Stage("make-code", asdict(recipe.make_code), (self._problems,), made, make_code, resumes=True)
        words = [folder / "seeds" / "seeds-gsm8k.jsonl"]
        code = [folder / "make-code" / "make-code.jsonl"]
        for stage in (*self._altered(code[0]), *self._augmented()):
            result = folder / stage.name / stage.outputs[0]
            (words if stage.options["method"] in IN_WORDS else code).append(result)
            yield stage
        yield self._mix("stage1", words)
        yield self._mix("stage2", code)

    def _altered(self, records: Path) -> Iterator[Stage]:
        changes = self._recipe.alter
        for method in changes.methods:
            name = f"alter-{method}"
            source = records if method == "correct" else self._problems

            def alter(method: Any = method, name: str = name, source: Path = source) -> str:
                return steps.alter_problems(
                    Run.at(self._folder / name),
                    [source],
                    method,
                    Sandbox,
                    per_problem=changes.per_problem,
                    seed=changes.seed,
                )

            options = {"method": method, "per_problem": changes.per_problem, "seed": changes.seed}
            yield Stage(name, options, (source,), (f"{name}.jsonl",), alter, resumes=True)

    def _augmented(self) -> Iterator[Stage]:
        changes = self._recipe.augment
        for method in changes.methods:
            name = f"augment-{method}"
            options = {"method": method, "per_problem": changes.per_problem, "seed": changes.seed}

            def augment(name: str = name, options: Mapping[str, Any] = options) -> str:
                from trainer.commands import augment as step

                asked = [f"--{k.replace('_', '-')}={v}" for k, v in options.items()]
                return _said(step, [str(self._problems), f"--run={self._folder / name}", *asked])

            yield Stage(name, options, (self._problems,), (f"{name}.jsonl",), augment, resumes=True)

    def _mix(self, stage: str, files: list[Path]) -> Stage:
        """Of the records of a stage of training, those that overlap no test set."""
        clean, name = self._recipe.decontaminate, f"data-{stage}"

        def mix() -> str:
            run = Run.at(self._folder / name)
            return steps.clean(run, files, self._tests, stage, n=clean.ngram, corrections=clean.corrections)

        options = {"ngram": clean.ngram, "corrections": clean.corrections}
        return Stage(name, options, (*files, *self._tests), (f"{stage}.jsonl", f"{stage}.report.json"), mix)

    def training(self) -> Iterator[Stage]:
        """From the base to the file that the window loads."""
        recipe, folder = self._recipe, self._folder
        mixed = [folder / f"data-{s}" / f"{s}.jsonl" for s in ("stage1", "stage2")]
        if recipe.base.model:
            model = recipe.files[recipe.base.model]
        else:
            model = folder / "base" / "model"
            sizes = {k: v for k, v in asdict(recipe.base).items() if k != "model"}
            yield Stage("base", sizes, tuple(mixed), ("model",), lambda: _tiny_base(mixed, folder / "base", sizes))
        for name, config, data in (("stage1", recipe.stage1, mixed[0]), ("stage2", recipe.stage2, mixed[1])):
            result = "adapter" if config.method == "qlora" else "model"

            def learn(name: str = name, config: TrainConfig = config, data: Path = data, model: Path = model) -> str:
                return _train(folder / name, config, model, data)

            yield Stage(name, config.to_dict(), (data, model), (result,), learn, resumes=True)
            model = folder / name / result
        if recipe.evaluate is not None:
            yield self._evaluated(recipe.evaluate, model)
        if recipe.export is not None:
            yield self._exported(recipe.export.type, model)

    def _evaluated(self, settings: Evaluate, model: Path) -> Stage:
        data = (self._recipe.files[settings.data],) if settings.data else ()

        def evaluate() -> str:
            return _evaluate(self._folder / "evaluate", settings, data, model)

        return Stage("evaluate", asdict(settings), (*data, model), (RESULTS,), evaluate, resumes=True)

    def _exported(self, kind: str, model: Path) -> Stage:
        name = self._recipe.name
        out = self._folder / "export" / f"{name}.gguf"

        def export() -> str:
            from trainer.export import gguf
            from trainer.models.bases import trained_dialect

            gate = gguf.export(model, out, kind, trained_dialect(model, ""), name=name)
            return (
                f"{out}: {size_text(out.stat().st_size)}, {kind}; {gate.prompts} prompts give the same token ids, "
                f"divergence {gate.kl:.2g} nats."
            )

        return Stage("export", {"type": kind, "name": name}, (model,), (out.name,), export)

    def card(self, stages: list[Stage]) -> Stage:
        """The description of what came out."""
        recipe, folder = self._recipe, self._folder
        made = tuple(folder / s.name / o for s in stages for o in s.outputs)
        sources = tuple(recipe.files.values())

        def write() -> str:
            files = {
                f"{s.name}/{p.relative_to(folder / s.name).as_posix()}": h
                for s in stages
                for o in s.outputs
                for p, h in hashes_of(folder / s.name / o).items()
            }
            given = {name: h for name, p in recipe.files.items() for h in hashes_of(p).values()}
            path = folder / "card" / CARD
            write_atomically(path, card.text(recipe, folder, {s.name: s.options for s in stages}, given, files))
            return f"{path}: the model card."

        options = {"name": recipe.name, "stages": {s.name: dict(s.options) for s in stages}}
        return Stage("card", options, (*sources, *made), (CARD,), write)


def _first_lines(sources: tuple[Path, ...], limit: int, out: Path) -> None:
    """The lines of some files that are not blank, ``limit`` at most, in one file."""
    lines: list[bytes] = []
    for path in sources:
        try:
            lines += [line for line in path.read_bytes().splitlines() if line.strip()]
        except OSError as e:
            raise UserFault(f"{path} cannot be read: {e.strerror}.", "Check the path.") from None
    write_atomically(out, b"".join(line + b"\n" for line in lines[: limit or None]))


def _said(step: Any, arguments: list[str]) -> str:
    """Run a step that has options of its own; returns what it printed."""
    parser = argparse.ArgumentParser()
    step.add_arguments(parser)
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        step.main(parser.parse_args(arguments))
    return printed.getvalue().rstrip()


def _tiny_base(data: list[Path], folder: Path, sizes: Mapping[str, int]) -> str:
    from trainer.train import tiny
    from tutor_app.core.dialect import DIALECTS, render

    records = read_records(data, Rejects())
    texts = ("".join(s.text for s in render(r, DIALECTS["mumath"])) for r in records)
    tokenizer = tiny.train_tokenizer(texts, sizes["vocab"])
    n = tiny.make_base(folder / "model", tokenizer, width=sizes["width"], layers=sizes["layers"], seed=sizes["seed"])
    return f"{folder / 'model'}: {n:,} parameters of random weights."


def _train(folder: Path, config: TrainConfig, model: Path, data: Path) -> str:
    from trainer.train import loop
    from trainer.train.job import Job

    job = Job(config=config, base=model, data=(data,), run=Run.at(folder), stamped=True)
    loop.train(job)  # which says itself what came out
    return ""


def _evaluate(folder: Path, settings: Evaluate, data: tuple[Path, ...], model: Path) -> str:
    """The rates and every answer; what depends on the clock is left in the file of the attempts."""
    from trainer.evaluate import run

    parser = argparse.ArgumentParser()
    run.add_arguments(parser)
    # One at a time: beside others the last bits of the logits differ, and a resumed run would end with others.
    asked = [f"--model={model}", "--parallel=1", f"--benchmark={settings.benchmark}", f"--limit={settings.limit}"]
    asked += [f"--max-tokens={settings.max_tokens}", f"--max-rounds={settings.max_rounds}"]
    asked += [f"--out={folder / 'attempts.jsonl'}", *(f"--data={p}" for p in data)]
    report, results = run.evaluate(parser.parse_args(asked))
    timeless = {k: v for k, v in report.items() if not k.startswith("seconds") and k != "device"}
    answers = [
        {"problem": r.index, "gold": r.gold, "answer": r.answer, "strict": r.strict, "paper": r.paper}
        for r in sorted(results, key=lambda r: (r.index, r.sample))
    ]
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as e:
        raise disk_fault(folder, e) from None
    value = {**timeless, "answers": answers}
    write_atomically(folder / RESULTS, json.dumps(value, indent=2, ensure_ascii=False) + "\n")
    return f"{folder / RESULTS}: {report['strict']} % of {report['problems']:,} problems right."
