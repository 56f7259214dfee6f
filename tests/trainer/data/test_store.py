import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("tokenizers", reason="the trainer's packages are not installed")
pytest.importorskip("transformers", reason="the trainer's packages are not installed")

from tests.trainer.tiny_models import code_records, save, texts
from trainer.data import store
from trainer.data.packing import Encoded, Sample, encode_all
from trainer.data.records import origin, stable_fraction
from trainer.data.store import Stored, Wanted, forget_others, make, open_store
from trainer.models.tokenizer import from_folder
from trainer.train.tiny import make_base, train_tokenizer
from tutor_app.core.dialect import MUMATH
from tutor_app.core.errors import HostFault, UserFault
from tutor_app.core.transcript import Transcript

RECORDS = code_records(60)


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("base")
    make_base(folder, train_tokenizer(texts(RECORDS), 400))
    return folder


def wanted(base: Path, *files: Path, **changes: Any) -> Wanted:
    plain = Wanted(files, (), base, "mumath", 512, 0.0, strict=True, stamped=False)
    return replace(plain, **changes)


def stored(what: Wanted, folder: Path, processes: int = 1) -> Stored:
    return open_store(make(what, folder, what.key(), processes=processes))


def in_memory(records: list[Transcript], base: Path, max_length: int = 512) -> Encoded:
    return encode_all(records, MUMATH, from_folder(base), max_length)


def same(a: Sample, b: Sample) -> bool:
    return a.name == b.name and np.array_equal(a.ids, b.ids) and np.array_equal(a.supervised, b.supervised)


@pytest.mark.parametrize("processes", [1, 2])
def test_a_store_holds_what_memory_would(
    base: Path, tmp_path: Path, processes: int, monkeypatch: pytest.MonkeyPatch, tracker: None
) -> None:
    monkeypatch.setattr(store, "CHUNK", 7)
    found = stored(wanted(base, save(tmp_path / "a.jsonl", RECORDS)), tmp_path / "tokens", processes)
    plain = in_memory(RECORDS, base)
    assert len(found.samples) == len(plain.samples) == 60
    assert all(same(a, b) for a, b in zip(found.samples, plain.samples, strict=True))
    assert same(found.samples[-1], plain.samples[-1])
    assert [s.name for s in found.samples[3:6]] == [s.name for s in plain.samples[3:6]]
    assert (found.tokens, found.targets, found.digest()) == (plain.tokens, plain.targets, plain.digest())
    with pytest.raises(IndexError):
        found.samples[60]


def test_several_files_are_one_after_the_other_and_blank_lines_are_nothing(base: Path, tmp_path: Path) -> None:
    first = save(tmp_path / "a.jsonl", RECORDS[:5])
    first.write_text(first.read_text() + "\n\n")
    found = stored(wanted(base, first, save(tmp_path / "b.jsonl", RECORDS[5:9])), tmp_path / "tokens")
    assert found.digest() == in_memory(RECORDS[:9], base).digest()


def test_what_is_held_out_is_not_trained_on(base: Path, tmp_path: Path) -> None:
    file = save(tmp_path / "a.jsonl", RECORDS)
    found = stored(wanted(base, file, held_out=0.3), tmp_path / "tokens")
    held = [r for r in RECORDS if stable_fraction(origin(r)) < 0.3]
    assert 5 < len(held) < 40
    assert [s.name for s in found.held_out] == [r.meta["id"] for r in held]
    assert len(found.samples) == 60 - len(held)
    kept = [json.loads(line)["meta"]["id"] for line in found.held_records.read_text().splitlines()]
    assert kept == [r.meta["id"] for r in held]


def test_files_for_the_held_out_loss_leave_the_others_whole(base: Path, tmp_path: Path) -> None:
    data, other = save(tmp_path / "a.jsonl", RECORDS[:40]), save(tmp_path / "b.jsonl", RECORDS[40:])
    found = stored(wanted(base, data, eval_files=(other,), held_out=0.3), tmp_path / "tokens")
    assert (len(found.samples), len(found.held_out)) == (40, 20)


def test_long_records_are_left_out_by_their_ids(base: Path, tmp_path: Path) -> None:
    lengths = sorted(len(s) for s in in_memory(RECORDS, base).samples)
    middle = lengths[30]
    found = stored(wanted(base, save(tmp_path / "a.jsonl", RECORDS), max_length=middle), tmp_path / "tokens")
    plain = in_memory(RECORDS, base, middle)
    assert found.too_long == plain.too_long
    assert len(found.too_long) > 0
    assert found.digest() == plain.digest()


def test_a_store_is_made_once_and_anew_for_other_data(base: Path, tmp_path: Path) -> None:
    file, folder = save(tmp_path / "a.jsonl", RECORDS[:20]), tmp_path / "tokens"
    one = wanted(base, file)
    path = make(one, folder, one.key())
    ids = path / "train.ids"
    made = ids.stat().st_mtime_ns
    assert make(one, folder, one.key()) == path
    assert ids.stat().st_mtime_ns == made
    changes: list[dict[str, Any]] = [{"max_length": 400}, {"held_out": 0.1}, {"dialect": "chatml"}, {"stamped": True}]
    assert len({one.key(), *(replace(one, **change).key() for change in changes)}) == 5
    save(tmp_path / "a.jsonl", RECORDS[:21])
    assert len(stored(one, folder).samples) == 21
    # A run may refuse other data: what it has stays until it has taken them.
    assert sorted(p.name for p in folder.iterdir()) == sorted([path.name, one.key()])
    forget_others(folder / one.key())
    assert [p.name for p in folder.iterdir()] == [one.key()]
    assert len(stored(one, folder).samples) == 21


def test_bad_lines_end_it_or_are_told(base: Path, tmp_path: Path) -> None:
    file = save(tmp_path / "a.jsonl", RECORDS[:5])
    file.write_text(file.read_text() + '{"turns": 3}\n{"cut\n')
    with pytest.raises(UserFault, match=r"a.jsonl, line 6: expected a transcript"):
        stored(wanted(base, file), tmp_path / "tokens")
    assert not (tmp_path / "tokens").exists() or not list((tmp_path / "tokens").iterdir())
    found = stored(wanted(base, file, strict=False), tmp_path / "tokens")
    assert len(found.samples) == 5
    assert [text.split(": ")[0].split(", ")[-1] for text in found.bad_lines] == ["line 6", "line 7"]


def test_data_that_cannot_be_trained_on_are_refused(base: Path, tmp_path: Path) -> None:
    def refused(why: str, *files: Path, **changes: Any) -> None:
        with pytest.raises(UserFault, match=why):
            stored(wanted(base, *files, **changes), tmp_path / "tokens")

    empty = tmp_path / "empty.jsonl"
    empty.write_text("\n")
    file = save(tmp_path / "a.jsonl", RECORDS[:8])
    refused(r"There is no record in .*empty.jsonl", empty)
    refused("No record is at most 5 tokens long", file, max_length=5)
    refused("Every record was held out", file, held_out=0.999999)
    refused("8 of 8 records were not compared with any test set", file, stamped=True)
    refused(r"none.jsonl cannot be read", tmp_path / "none.jsonl")


def test_a_fault_in_another_process_is_the_same_sentence(base: Path, tmp_path: Path, tracker: None) -> None:
    file = tmp_path / "a.jsonl"
    lines = [r.to_json() for r in RECORDS[:3]]
    row = json.loads(lines[0])
    row["meta"]["id"] = "silent"
    row["turns"][1]["parts"] = [{"kind": "text", "text": ""}]
    file.write_text("\n".join([*lines, json.dumps(row)]) + "\n")
    sentences = []
    for processes in (1, 2):
        with pytest.raises(UserFault) as e:
            stored(wanted(base, file), tmp_path / "tokens", processes)
        sentences.append(str(e.value))
    assert sentences[0] == sentences[1]


def test_a_damaged_store_is_a_sentence(base: Path, tmp_path: Path) -> None:
    one = wanted(base, save(tmp_path / "a.jsonl", RECORDS[:8]))
    path = make(one, tmp_path / "tokens", one.key())
    index = path / "train.index"
    index.write_bytes(index.read_bytes()[:-16])
    with pytest.raises(UserFault, match="it is cut off"):
        open_store(path)


def test_a_full_disk_is_a_sentence_and_leaves_nothing(
    base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "rename", full)
    with pytest.raises(HostFault, match="The disk is full"):
        stored(wanted(base, save(tmp_path / "a.jsonl", RECORDS[:8])), tmp_path / "tokens")
    assert list((tmp_path / "tokens").iterdir()) == []


def test_rows_of_a_parquet_file_are_records(base: Path, tmp_path: Path) -> None:
    arrow = pytest.importorskip("pyarrow", reason="pyarrow is not installed")
    from pyarrow import parquet

    path = tmp_path / "a.parquet"
    rows = [json.loads(r.to_json()) for r in RECORDS]
    parquet.write_table(arrow.Table.from_pylist(rows), path)
    assert stored(wanted(base, path), tmp_path / "tokens").digest() == in_memory(RECORDS, base).digest()
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(UserFault, match=r"a.parquet is no Parquet file, or damaged"):
        stored(wanted(base, path), tmp_path / "tokens")
