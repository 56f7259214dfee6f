"""The header reader on good, broken and hostile files."""

from __future__ import annotations

import ctypes
import importlib.util
import os
import struct
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.adapters.gguf_files import ARRAY, METADATA, STRING, Raw, TensorSpec, gguf_bytes, text, write_gguf
from tutor_app.adapters.models.gguf import TENSOR_TYPES, read_gguf
from tutor_app.adapters.models.memory import estimate_ram, free_memory, memory_advice
from tutor_app.core.errors import ModelFileFault

U64_MAX = 2**64 - 1


def fault(path: Path) -> ModelFileFault:
    with pytest.raises(ModelFileFault) as caught:
        read_gguf(path)
    said = str(caught.value)
    assert "\n" not in said
    assert said.endswith((".", "!"))
    assert caught.value.remedy
    return caught.value


def test_says_what_the_header_says(tmp_path: Path) -> None:
    path = write_gguf(tmp_path / "tiny.gguf", {"tokenizer.chat_template": "{{ x }}", "general.odd": (1, 2, 3)})
    info = read_gguf(path)
    assert (info.architecture, info.name, info.context_length, info.n_layer) == ("llama", "Tiny", 512, 2)
    assert (info.n_vocab, info.bos_token, info.eos_token) == (5, "<s>", "</s>")
    assert info.chat_template == "{{ x }}"
    assert info.metadata["general.odd"] == (1, 2, 3)
    assert [(t.name, t.shape, t.type) for t in info.tensors] == [
        ("token_embd.weight", (256, 5), "Q4_K"),
        ("output_norm.weight", (256,), "F32"),
        ("output.weight", (256, 5), "Q6_K"),
    ]
    assert [t.bytes for t in info.tensors] == [5 * 144, 256 * 4, 5 * 210]
    assert info.size == path.stat().st_size
    assert info.data_offset % 32 == 0


def test_takes_no_more_than_the_last_tensor_needs(tmp_path: Path) -> None:
    whole = gguf_bytes()
    path = tmp_path / "m.gguf"
    path.write_bytes(whole)
    assert read_gguf(path).tensors
    path.write_bytes(whole[:-1])
    assert "truncated" in fault(path).message


@pytest.mark.parametrize("alignment", [8, 64, 4096])
def test_obeys_the_alignment(tmp_path: Path, alignment: int) -> None:
    path = write_gguf(tmp_path / "m.gguf", {"general.alignment": alignment}, alignment=alignment)
    assert read_gguf(path).data_offset % alignment == 0


def test_every_beginning_of_a_file_is_a_clear_fault(tmp_path: Path) -> None:
    whole = gguf_bytes()
    path = tmp_path / "cut.gguf"
    for n in range(0, len(whole), 13):
        path.write_bytes(whole[:n])
        said = fault(path).message
        assert "truncated" in said or "empty" in said or "not a GGUF" in said, (n, said)


@given(at=st.integers(0, len(gguf_bytes()) - 1), byte=st.integers(0, 255))
@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_changed_byte_is_read_or_refused_but_never_crashes(tmp_path: Path, at: int, byte: int) -> None:
    data = bytearray(gguf_bytes())
    data[at] = byte
    path = tmp_path / "changed.gguf"
    path.write_bytes(data)
    try:
        info = read_gguf(path)
    except ModelFileFault as e:
        assert "\n" not in str(e)  # noqa: PT017 - either outcome is right
    else:
        assert estimate_ram(info, 512) > 0
        assert isinstance(info.name, str)


@pytest.mark.parametrize(
    ("data", "word"),
    [
        (b"", "empty"),
        (b"GG", "not a GGUF"),
        (b"hello, world, this is text", "not a GGUF"),
        (b"PK\x03\x04" + bytes(60), "zip archive"),
        (b"<!DOCTYPE html><html>", "web page"),
        (b"\n  <html>", "web page"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:0", "Git LFS pointer"),
        (struct.pack("<Q", 40) + b'{"__metadata__":{}}', "safetensors"),
        (b"tjgg" + bytes(60), "old GGML"),
        (gguf_bytes(version=1), "version 1"),
        (gguf_bytes(version=9), "version 9"),
        (gguf_bytes(version=0x03000000), "big-endian"),
    ],
)
def test_other_kinds_of_file_are_named(tmp_path: Path, data: bytes, word: str) -> None:
    path = tmp_path / "x.gguf"
    path.write_bytes(data)
    assert word in fault(path).message


@pytest.mark.parametrize(
    ("data", "word"),
    [
        (gguf_bytes(n_tensors=U64_MAX), "tensors"),
        (gguf_bytes(n_keys=U64_MAX), "entries"),
        (gguf_bytes(n_keys=60000), "damaged"),
        (gguf_bytes({"k": Raw(struct.pack("<IQ", STRING, U64_MAX))}), "impossibly long"),
        (gguf_bytes({"k": Raw(struct.pack("<IQ", STRING, 2**20))}), "truncated"),
        (gguf_bytes({"k": Raw(struct.pack("<IIQ", ARRAY, STRING, U64_MAX))}), "impossibly long"),
        (gguf_bytes({"k": Raw(struct.pack("<IIQ", ARRAY, STRING, 2**21))}), "truncated"),
        (gguf_bytes({"k": Raw(struct.pack("<IIQ", ARRAY, 4, 2**62))}), "truncated"),
        (gguf_bytes({"k": Raw(struct.pack("<IIQ", ARRAY, ARRAY, 1))}), "unknown type"),
        (gguf_bytes({"k": Raw(struct.pack("<I", 77))}), "unknown type"),
        (gguf_bytes({"general.alignment": 0}), "alignment"),
        (gguf_bytes({"general.alignment": 24}), "alignment"),
        (gguf_bytes({"general.alignment": "32"}), "alignment"),
        (gguf_bytes(tensors=[TensorSpec(shape=(2**40, 2**40))]), "makes no sense"),
        (gguf_bytes(tensors=[TensorSpec(shape=(100, 5))]), "makes no sense"),
        (gguf_bytes(tensors=[TensorSpec(shape=(1, 1, 1, 1, 1), type="F32")]), "makes no sense"),
        (gguf_bytes(tensors=[TensorSpec(shape=(256, 2**30))]), "truncated"),
        (gguf_bytes(tensors=[TensorSpec(offset=32)]), "not where it should be"),
        (gguf_bytes(tensors=[TensorSpec(offset=2**63)]), "not where it should be"),
        (gguf_bytes(tensors=[TensorSpec(), TensorSpec()]), "makes no sense"),
        (gguf_bytes(tensors=[TensorSpec(), TensorSpec("b", offset=0)]), "not where it should be"),
        (gguf_bytes(tensors=[TensorSpec(type=4)]), "quantisation (4)"),
        (gguf_bytes(tensors=[TensorSpec(type=999)]), "quantisation (999)"),
    ],
)
def test_hostile_headers_are_refused(tmp_path: Path, data: bytes, word: str) -> None:
    path = tmp_path / "hostile.gguf"
    path.write_bytes(data)
    assert word in fault(path).message


def test_a_key_twice_is_damage(tmp_path: Path) -> None:
    entry = text("general.name") + struct.pack("<I", STRING) + text("again")
    data = gguf_bytes(n_keys=len(METADATA) + 1)
    head = data[:24]
    path = tmp_path / "twice.gguf"
    path.write_bytes(head + entry + data[24:])
    assert "occurs twice" in fault(path).message


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"general.type": "adapter"}, "adapter"),
        ({"general.architecture": "clip"}, "picture part"),
        ({"split.count": 3}, "one of 3 parts"),
        ({"split.count": 3, "split.no": 1}, "part 2 of 3"),
        ({"general.architecture": 7}, "architecture"),
    ],
)
def test_what_is_no_whole_model_is_refused(tmp_path: Path, change: dict[str, object], word: str) -> None:
    assert word in fault(write_gguf(tmp_path / "x.gguf", change)).message


def test_a_vocabulary_alone_or_weights_alone_are_refused(tmp_path: Path) -> None:
    assert "no weights" in fault(write_gguf(tmp_path / "v.gguf", tensors=[])).message
    assert "no vocabulary" in fault(write_gguf(tmp_path / "w.gguf", without=["tokenizer.ggml.tokens"])).message


def test_metadata_of_the_wrong_type_is_like_none(tmp_path: Path) -> None:
    info = read_gguf(
        write_gguf(
            tmp_path / "odd.gguf",
            {
                "general.name": 5,
                "llama.context_length": "many",
                "llama.block_count": True,
                "tokenizer.chat_template": 1.5,
                "tokenizer.ggml.bos_token_id": 2**31,
                "tokenizer.ggml.eos_token_id": "x",
            },
        )
    )
    assert (info.name, info.context_length, info.n_layer, info.chat_template) == ("odd", 0, 0, "")
    assert (info.bos_token, info.eos_token) == ("", "")


def test_names_from_a_file_cannot_forge_lines(tmp_path: Path) -> None:
    evil = "x\n\x1b[2J" * 50
    assert len(read_gguf(write_gguf(tmp_path / "n.gguf", {"general.name": evil})).name) <= 120
    assert "\x1b" not in str(fault(write_gguf(tmp_path / "t.gguf", tensors=[TensorSpec(name=evil, offset=64)])))


def test_paths_that_are_no_model(tmp_path: Path) -> None:
    assert "no file" in fault(tmp_path / "none.gguf").message
    assert "is a folder" in fault(tmp_path).message
    assert "not a path" in fault(Path("a\0b")).message


@pytest.mark.skipif(os.name == "nt", reason="links need rights there")
def test_a_path_that_leads_nowhere_is_one_sentence(tmp_path: Path) -> None:
    loop = tmp_path / "loop.gguf"
    loop.symlink_to(loop)
    assert "cannot be read" in fault(loop).message
    assert "cannot be read" in fault(tmp_path / ("x" * 5000)).message


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no pipes with names")
def test_a_pipe_is_refused_without_waiting(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "p.gguf")
    assert "not a plain file" in fault(tmp_path / "p.gguf").message


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read everything")
def test_an_unreadable_file_is_one_sentence(tmp_path: Path) -> None:
    path = write_gguf(tmp_path / "secret.gguf")
    path.chmod(0)
    assert "permission denied" in fault(path).message


def test_the_path_may_hold_spaces_and_any_letters(tmp_path: Path) -> None:
    folder = tmp_path / "Модели und Größe"
    folder.mkdir()
    assert read_gguf(write_gguf(folder / "ein modèle.gguf")).name == "Tiny"


def test_memory_grows_with_the_context_by_the_kv_cache(tmp_path: Path) -> None:
    info = read_gguf(write_gguf(tmp_path / "m.gguf"))
    # 2 layers x 2 KV heads x (64 + 64) elements x 2 bytes, plus at most the attention scores of one batch.
    kv = 2 * 2 * 128 * 2
    grown = estimate_ram(info, 8192, n_batch=1) - estimate_ram(info, 4096, n_batch=1)
    assert 4096 * kv <= grown <= 4096 * (kv + 4 * 4)
    assert estimate_ram(info, 0) > info.weight_bytes


def test_memory_advice_names_the_context_that_fits(tmp_path: Path) -> None:
    info = read_gguf(write_gguf(tmp_path / "m.gguf"))
    assert memory_advice(info, 4096, None) == ""
    assert memory_advice(info, 4096, 10**12) == ""
    assert "context of 8192" in memory_advice(info, 2**20, estimate_ram(info, 8192))
    assert "smaller model" in memory_advice(info, 2**20, 1000)


def test_the_limit_of_a_container_counts(tmp_path: Path) -> None:
    whole = free_memory(tmp_path / "none")
    assert whole is not None
    (tmp_path / "memory.max").write_text("1000000\n")
    (tmp_path / "memory.current").write_text("700000\n")
    (tmp_path / "memory.stat").write_text("anon 300000\ninactive_file 250000\n")
    assert free_memory(tmp_path) == 1_000_000 - 700_000 + 250_000
    (tmp_path / "memory.max").write_text("max\n")
    found = free_memory(tmp_path)
    assert found is not None
    assert found > 10**8
    (tmp_path / "memory.max").write_text("nonsense\n")
    assert free_memory(tmp_path) is None


def test_free_memory_is_told_here() -> None:
    free = free_memory()
    assert free is not None
    assert 2**20 < free < 2**50


def test_tensor_sizes_agree_with_ggml() -> None:
    found = importlib.util.find_spec("llama_cpp")
    libraries = sorted(Path(found.origin).parent.glob("lib/libggml-base.*")) if found and found.origin else []
    if not libraries:
        pytest.skip("llama_cpp with its libraries is not installed")
    ggml = ctypes.CDLL(str(libraries[0]))
    ggml.ggml_blck_size.restype = ctypes.c_int64
    ggml.ggml_type_size.restype = ctypes.c_size_t
    ggml.ggml_type_name.restype = ctypes.c_char_p
    for number, (name, block, size) in TENSOR_TYPES.items():
        assert ggml.ggml_type_name(number).decode().upper() == name
        assert (ggml.ggml_blck_size(number), ggml.ggml_type_size(number)) == (block, size), name
