import json

import pytest
import torch

from engine import checkpoint, formats
from engine.__main__ import main
from engine.document import Document, LabelSet, Span
from engine.errors import InputError
from engine.evaluation.alignment import AlignmentError, alignment_error, read_times
from engine.evidence import Alignment
from engine.systems.m3t import M3t, M3tConfig
from tests.engine.systems.speaking import SYLLABLE, said

BRIDGE = "南京市长江大桥"
TINY = {"layers": 1, "width": 64, "window": 64, "acoustic_layers": 1, "heads": 2}


def alignment(*starts):
    """Return an alignment that hears characters for 40 ms from some starts on, and not those of None."""
    return Alignment("alignment", tuple((0.0, 0.0) if start is None else (start, start + 0.04) for start in starts))


class TestErrors:
    def test_starts_are_compared(self):
        known = [[(0.1, 0.3), None, (0.3, 0.5)], [(0.2, 0.4), (0.4, 0.6)]]
        found = alignment_error([alignment(0.12, 0.16, 0.34), alignment(0.12, 0.5)], known)
        # +20, +40, -80 and +100 ms
        assert found == AlignmentError(2, 0, 4, 0, 60.0, 60.0, 20.0, {40: 0.5, 60: 0.5, 100: 1.0})
        assert found.to_json()["bias_ms"] == 20.0 and found.to_json()["within_ms"] == {40: 0.5, 60: 0.5, 100: 1.0}

    def test_a_character_that_starts_the_recording_is_heard(self):
        assert alignment_error([alignment(0.0)], [[(0.0, 0.2)]]).mean == 0

    def test_what_could_not_be_aligned_is_counted_not_compared(self):
        known = [[(0.1, 0.3), (0.3, 0.5)]] * 3
        found = alignment_error([alignment(0.1, 0.36), None, alignment(None, None)], known)
        assert (found.documents, found.unaligned, found.characters, found.unheard) == (3, 2, 2, 4)
        assert found.mean == found.bias == 30
        assert alignment_error([alignment(0.1, None)], known[:1]).unheard == 1

    def test_there_may_be_nothing_to_compare(self):
        assert alignment_error([None], [[None]]) == AlignmentError(1, 1, 0, 0)
        assert alignment_error([], []).to_json()["mean_ms"] is None

    def test_another_number_of_characters_is_refused(self):
        with pytest.raises(InputError, match="document 1 has 2 characters, and known times for 1"):
            alignment_error([alignment(0.1), alignment(0.1, 0.2)], [[(0.1, 0.2)], [(0.1, 0.2)]])


class TestKnownTimes:
    def test_they_are_read(self, tmp_path):
        row = {"id": "a", "audio": "a.flac", "characters": [[0.1, 0.2], None]}
        (tmp_path / "construction.jsonl").write_text(f"{json.dumps(row)}\n\n{json.dumps(row)}\n")
        assert read_times(tmp_path / "construction.jsonl") == {"a": ((0.1, 0.2), None)}

    @pytest.mark.parametrize(
        "line",
        [
            "no JSON",
            "[]",
            '{"id": "a"}',
            '{"id": "a", "characters": [[0.1]]}',
            '{"id": "a", "characters": [[0.2, 0.1]]}',
            '{"id": "a", "characters": [[NaN, 1]]}',
        ],
    )
    def test_what_is_no_row_is_told(self, tmp_path, line):
        (tmp_path / "c.jsonl").write_text('{"id": "b", "characters": []}\n' + line)
        with pytest.raises(InputError, match=r"c\.jsonl:2: expected"):
            read_times(tmp_path / "c.jsonl")

    def test_an_id_has_one_set_of_times(self, tmp_path):
        (tmp_path / "c.jsonl").write_text('{"id": "b", "characters": []}\n{"id": "b", "characters": [null]}')
        with pytest.raises(InputError, match=r"c\.jsonl:2: the id 'b' has other times above"):
            read_times(tmp_path / "c.jsonl")

    def test_what_cannot_be_read_is_told(self, tmp_path):
        (tmp_path / "c.jsonl").write_bytes(b"\xff\xfe")
        for name, message in (("absent", "cannot be read"), ("c.jsonl", "is not UTF-8 at byte 0")):
            with pytest.raises(InputError, match=message):
                read_times(tmp_path / name)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Return a folder with an untrained system that listens, a corpus with recordings, and when characters are said."""
    folder = tmp_path_factory.mktemp("aligned")
    torch.manual_seed(1)
    system = M3t.build(M3tConfig(**TINY), LabelSet(("LOC",)), [BRIDGE] * 2)
    checkpoint.save(system.eval(), folder / "m3t", {"data": "none"})
    spoken, starts = said(Document(BRIDGE, (Span(0, 3, "LOC"),), "bridge"), folder, [3])
    formats.write([spoken, Document(BRIDGE[:3], (), "silent"), Document("未知", (), "unknown")], folder / "corpus.jsonl")
    rows = [("bridge", [[start, start + SYLLABLE] for start in starts]), ("silent", [[0.1, 0.2]] * 3), ("other", [])]
    lines = [json.dumps({"id": name, "characters": times}) for name, times in rows]
    (folder / "construction.jsonl").write_text("\n".join(lines))
    (folder / "others.jsonl").write_text(lines[2])
    return folder


class TestCommand:
    def evaluate(self, capsys, folder, *options, model=None):
        data = ("--checkpoint", model or str(folder / "m3t"), "--data", str(folder / "corpus.jsonl"))
        status = main(["evaluate", *data, *options])
        read = capsys.readouterr()
        return status, read.out, read.err

    def test_it_reports(self, capsys, folder):
        options = ("--alignment", str(folder / "construction.jsonl"))
        status, out, err = self.evaluate(capsys, folder, *options, "--json")
        assert status == 0, err
        result = json.loads(out)
        figures = result["alignment"]
        assert (figures["documents"], figures["unaligned"], figures["characters"], figures["unheard"]) == (2, 1, 7, 3)
        assert abs(figures["bias_ms"]) <= figures["mean_ms"] and list(figures["within_ms"]) == ["40", "60", "100"]
        status, out, _ = self.evaluate(capsys, folder, *options)
        assert "7 characters in 2 documents with known times; 1 documents could not be aligned" in out and "within 40 ms" in out
        plain = json.loads(self.evaluate(capsys, folder, "--json")[1])
        assert "alignment" not in plain and plain["counts"] == result["counts"]

    def test_misuse_is_told(self, capsys, folder, tiny):
        for name, model, message in [
            ("others.jsonl", None, "no document of"),
            ("absent.jsonl", None, "cannot be read"),
            ("construction.jsonl", str(tiny.path), "does not say where characters are heard"),
        ]:
            status, out, err = self.evaluate(capsys, folder, "--alignment", str(folder / name), model=model)
            assert (status, out) == (2, "") and message in err
