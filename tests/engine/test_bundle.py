"""Bundles: the same bytes for the same content, and nothing believed that is not proved."""

import json
import stat
import zipfile

import pytest

from engine import formats
from engine.document import Document, Span
from engine.errors import InputError
from engine.formats import bundle


def posts(folder, names=("a", "b")):
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        (folder / f"{name}.JPG").write_bytes(name.encode() * 9)
    (folder / "s.wav").write_bytes(b"RIFF")
    images = tuple(str(folder / f"{name}.JPG") for name in names)
    return [
        Document("王芳😀", (Span(0, 2, "PER", 0.5),), "x", images, str(folder / "s.wav"), {"k": "v"}, ("PER",), {0: "wang2"}),
        Document("", id="y", images=images[:1]),
    ]


def test_a_bundle_keeps_everything_and_has_the_same_bytes_from_anywhere(tmp_path):
    rows = {"history.jsonl": lambda media: [{"revision": 1}]}
    bundle.write_bundle(posts(tmp_path / "one"), tmp_path / "1.zip", rows)
    bundle.write_bundle(iter(posts(tmp_path / "elsewhere" / "two")), tmp_path / "2.zip", rows)
    assert (tmp_path / "1.zip").read_bytes() == (tmp_path / "2.zip").read_bytes()
    manifest = bundle.read_manifest(tmp_path / "1.zip")
    assert [manifest[key] for key in ("documents", "spans", "pictures", "speech", "labels")] == [2, 1, 2, 1, {"PER": 1}]
    assert formats.preview(tmp_path / "1.zip").found == 4
    assert not (tmp_path / "1").exists()
    first, second = formats.read(tmp_path / "1.zip")
    assert (first.text, first.spans[0].score, first.annotated, dict(first.readings)) == ("王芳😀", 0.5, ("PER",), {0: "wang2"})
    assert [open_bytes(path) for path in first.images] == [b"a" * 9, b"b" * 9]
    assert (second.text, second.images) == ("", first.images[:1])
    assert json.loads((tmp_path / "1" / "history.jsonl").read_text()) == {"revision": 1}
    assert formats.read(tmp_path / "1.zip") == [first, second]


def open_bytes(path):
    with open(path, "rb") as handle:
        return handle.read()


def test_pictures_that_are_not_there_are_said_to_be_lost(tmp_path):
    written = formats.write([Document("好", images=("gone.jpg",), audio="gone.wav")], tmp_path / "a.zip", "bundle")
    assert {part.key: count for part, count in written.lost.items()} == {"absent": 2}


def rewritten(tmp_path, change, after=None):
    """Return a sound bundle after its members were changed, as {name: (ZipInfo, bytes)}, and others written behind them."""
    bundle.write_bundle(posts(tmp_path / "in"), tmp_path / "sound.zip")
    with zipfile.ZipFile(tmp_path / "sound.zip") as archive:
        members = {info.filename: (info, archive.read(info)) for info in archive.infolist()}
    change(members)
    with zipfile.ZipFile(tmp_path / "odd.zip", "w") as archive:
        for name, (info, content) in members.items():
            info.filename = name
            archive.writestr(info, content)
    return tmp_path / "odd.zip"


def rename(old, new):
    def change(members):
        members[new] = members.pop(old or next(name for name in members if name.startswith("pictures/")))

    return change


def damage(members):
    name = next(name for name in members if name.startswith("pictures/"))
    members[name] = (members[name][0], b"x" * 9)


def link(members):
    info = members["documents.jsonl"][0]
    info.external_attr = (stat.S_IFLNK | 0o777) << 16


def bomb(members):
    info = members["documents.jsonl"][0]
    members["documents.jsonl"] = (info, b"\n" * (bundle.SMALL + 1))


def drop(members):
    del members["manifest.json"]


def later(members):
    info, content = members["manifest.json"]
    members["manifest.json"] = (info, content.replace(b'"version": 2', b'"version": 9'))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (rename(None, "../evil.jpg"), "no bundle has a member '../evil.jpg'"),
        (rename(None, "/etc/evil"), "no bundle has a member"),
        (rename(None, "pictures/../../evil"), "no bundle has a member"),
        (rename("documents.jsonl", "other.jsonl"), "members are not those of its manifest.json"),
        (damage, "is not what its manifest.json says"),
        (link, "is a link"),
        (bomb, "unpacks to more than 200 times its size"),
        (drop, "is no bundle"),
        (later, "duomo-bundle version 9, of a newer Duomo; this one reads up to duomo-bundle 2"),
    ],
)
def test_what_is_not_to_be_trusted_is_refused_and_leaves_nothing(tmp_path, change, message):
    path = rewritten(tmp_path, change)
    with pytest.raises(InputError, match="(?s)" + message.replace("(", "\\(")):
        bundle.unpack(path, tmp_path / "out")
    assert not (tmp_path / "out").exists()
    with pytest.raises(InputError, match=message):
        formats.read(path, "bundle")
    seen = formats.preview(path, "bundle")
    assert change is damage or message.split("'")[0] in seen.problems[0].got
    assert sorted(p.name for p in tmp_path.iterdir()) == ["in", "odd.zip", "sound.zip"]


def test_no_zip_a_folder_in_use_and_misnamed_rows_are_refused(tmp_path):
    (tmp_path / "a.zip").write_bytes(b"PK\x03\x04 nothing")
    with pytest.raises(InputError, match="damaged or no bundle"):
        formats.read(tmp_path / "a.zip")
    formats.write(posts(tmp_path / "b"), tmp_path / "b.zip", "bundle")
    with pytest.raises(InputError, match="holds other files; move it"):
        formats.read(tmp_path / "b.zip")
    with pytest.raises(InputError, match="name it like history.jsonl"):
        bundle.write_bundle([], tmp_path / "c.zip", {"../x.jsonl": lambda media: []})


def test_more_than_the_bound_is_refused(tmp_path, monkeypatch):
    formats.write(posts(tmp_path / "in"), tmp_path / "a.zip", "bundle")
    monkeypatch.setattr(bundle, "LARGEST", 10)
    with pytest.raises(InputError, match="the most that is taken; split it"):
        formats.read(tmp_path / "a.zip")


def test_further_rows_name_further_pictures_and_an_earlier_version_is_read(tmp_path):
    (first, second) = posts(tmp_path / "in")
    seen = str(tmp_path / "in" / "b.JPG")
    bundle.write_bundle([second], tmp_path / "2.zip", {"more.jsonl": lambda media: [{"seen": media.picture(seen)}]})
    manifest = bundle.unpack(tmp_path / "2.zip", tmp_path / "out")
    row = json.loads((tmp_path / "out" / "more.jsonl").read_text())
    assert (tmp_path / "out" / row["seen"]).read_bytes() == b"b" * 9 and manifest["pictures"] == 2
    with zipfile.ZipFile(tmp_path / "2.zip") as archive:
        members = {info.filename: archive.read(info) for info in archive.infolist()}
    with zipfile.ZipFile(tmp_path / "1.zip", "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content.replace(b'"version": 2', b'"version": 1'))
    assert bundle.read_manifest(tmp_path / "1.zip")["version"] == 1
    assert [document.text for document in formats.read(tmp_path / "1.zip")] == [""]
