"""Building pairs of posts and pictures: a folder of pictures, the corpus that names them, and what each of them shows.

pictures/NAME.jpg     each picture once, as it was, named by its content
corpus.jsonl          the documents, or train.jsonl and dev.jsonl where some are held out; see picture_pairs.py
pictures.jsonl        one object a picture: its kind, what that fits, where it comes from, whether it is held out
card.json, README.md  what this is, and what it is not
"""

from __future__ import annotations

import json
import os
import shutil
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from engine import formats
from engine.document import Document
from engine.errors import InputError
from engine.modalities.databases import replacing
from engine.synthesis.picture_card import BUILT, CARD, card_of, readme_of
from engine.synthesis.picture_pairs import DEV, MOST, PicturedPost, Plan, pictured, types_of
from engine.synthesis.picture_pool import Found, Kinds, Picture, Shelf, shelves_of
from engine.variants import SHOWN, UNRELATED

Observe = Callable[[int, int], None]
"""Told how many pictures are copied, of how many."""

PICTURES, LISTED = "pictures", "pictures.jsonl"


@dataclass(frozen=True)
class PictureReport:
    """What a build made.

    Attributes:
        folder: where.
        card: what it holds, as in ``card.json``.
        seconds: how long it took, the reading of the pictures aside.
        size_bytes: of the folder.
    """

    folder: Path
    card: Mapping[str, Any]
    seconds: float
    size_bytes: int


def build_pictures(
    folder: str | Path,
    parts: Mapping[str, Sequence[Document]],
    found: Found,
    kinds: Kinds,
    plan: Plan,
    source: Mapping[str, Any] | None = None,
    observe: Observe = lambda done, total: None,
) -> PictureReport:
    """Build pairs of posts and pictures.

    What is drawn for a document depends on the seed, its name, its text, the types of its entities and the pictures, and on no
    other document. Pictures that came with the documents are left behind. The folder appears only when all of it is written, and
    replaces one that was built before.

    Args:
        folder: where to.
        parts: the documents by the file of the corpus; what is held out, as ``dev.jsonl``, has pictures of its own.
        found: the pictures to draw from.
        kinds: what fits what.
        plan: what decides.
        source: what the card is to say of where it all comes from.
        observe: follows the work.

    Raises:
        InputError: if a part has no documents, there are too few pictures of a type, or the target is a folder of something else.
    """
    started = time.perf_counter()
    target = Path(folder)
    check_target(target)
    posts: list[PicturedPost] = []
    for part, documents in parts.items():
        if not documents:
            raise InputError(f"there are no documents for {part}; give a corpus that holds some")
        posts += pictured(part, documents, _shelves(part, parts, found, kinds, plan), kinds, plan)
    with replacing(target) as half:
        _copy_pictures(half, posts, observe)
        for part in parts:
            formats.write([_written(post) for post in posts if post.part == part], half / part)
        card = card_of(posts, found, kinds, asdict(plan), source or {})
        (half / CARD).write_text(json.dumps(card, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
        (half / "README.md").write_text(readme_of(card), encoding="utf-8")
    size = sum(file.stat().st_size for file in target.rglob("*") if file.is_file())
    return PictureReport(target, card, time.perf_counter() - started, size)


def check_target(target: str | Path) -> None:
    """See that a folder may be written to, before any work is done.

    Raises:
        InputError: if something else lies there.
    """
    target = Path(target)
    if target.exists() and not _was_built(target / CARD) and (not target.is_dir() or any(target.iterdir())):
        raise InputError(f"{target} is not empty and holds no built pairs; give another place with --out")


def _was_built(card: Path) -> bool:
    try:
        told = json.loads(card.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return False
    return isinstance(told, dict) and told.get("built") == BUILT


def _shelves(part: str, parts: Mapping[str, Sequence[Document]], found: Found, kinds: Kinds, plan: Plan) -> Mapping[str, Shelf]:
    """Return the pictures that a part is given, by what they fit; all, where nothing is held out."""
    there = {picture.fits for picture in found.pictures}
    asked = {name for document in parts[part] for name in types_of(document, kinds)}
    shelves = shelves_of(picture for picture in found.pictures if DEV not in parts or _is_for(part, picture, plan))
    for name in sorted((asked & there) | {UNRELATED}):
        count = len(shelves[name].pictures) if name in shelves else 0
        if count < MOST:
            raise InputError(_too_few(name, count, part, sum(picture.fits == name for picture in found.pictures)))
    return shelves


def _is_for(part: str, picture: Picture, plan: Plan) -> bool:
    return picture.held(plan.share_held) == (part == DEV)


def _too_few(name: str, count: int, part: str, whole: int) -> str:
    what = "are unrelated to every type" if name == UNRELATED else f"fit {name}"
    there = f"{count} of {whole} pictures that {what} are for {part}" if count < whole else f"{whole} pictures {what}"
    advice = "give more with --pictures" + (", or another --share-held" if count < whole else "")
    return f"{there}; a document may be given {MOST}, so there must be as many: {advice}"


def _copy_pictures(folder: Path, posts: Sequence[PicturedPost], observe: Observe) -> None:
    """Copy each picture that a post is shown with, once, and list them."""
    used = {picture.name: (picture, post.part == DEV) for post in posts for picture in post.pictures}
    (folder / PICTURES).mkdir()
    with (folder / LISTED).open("w", encoding="utf-8", newline="\n") as lines:
        for done, (name, (picture, held)) in enumerate(sorted(used.items()), 1):
            try:
                shutil.copyfile(picture.file, folder / PICTURES / name)
            except OSError as error:
                raise InputError(
                    f"{picture.file} cannot be copied: {error.strerror or error}; make room, or try again"
                ) from error
            row = {
                "picture": f"{PICTURES}/{name}",
                "kind": picture.kind,
                "fits": picture.fits,
                "source": picture.source,
                "held_out": held,
            }
            lines.write(json.dumps(row) + "\n")
            observe(done, len(used))


def _written(post: PicturedPost) -> Document:
    """Return a post as the corpus holds it."""
    document = post.document
    meta = {**document.meta, "pictures": post.pairing, "related": ",".join(str(int(fits)) for fits in post.fits)}
    if post.part == DEV:
        meta[SHOWN] = post.shown
    audio = document.audio
    return replace(
        document,
        images=tuple(f"{PICTURES}/{picture.name}" for picture in post.pictures),
        audio=os.path.abspath(audio) if audio and os.path.isfile(audio) else audio,
        meta=meta,
    )
