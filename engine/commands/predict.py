"""``predict``: find the entities of a text, a file, or standard input."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from engine.commands.output import add_device, add_json, print_json, use_threads
from engine.document import Document
from engine.errors import FormatError, InputError
from engine.modalities.pinyin import Syllable
from engine.shipped import DEFAULT, SHIPPED

_AT_ONCE = 256
_PHONETIC, _SPEECH, _IMAGE = "phonetic", "speech", "image"
_REMARKS = {
    "stereo": "its channels were averaged",
    "clipped": "it was recorded too loud, and is distorted",
    "quiet": "it is very quiet",
    "telephone": "it holds nothing above 4 kHz, as from a telephone",
}
_SEEN = {
    "animated": "its first frame is looked at",
    "rotated": "it is turned upright",
    "transparent": "it is laid on white",
    "cmyk": "its colours were those of a printer",
    "scaled": "it is looked at in a smaller size",
    "plain": "it is all of one colour, there is nothing to see",
    "tiny": "it is very small",
}

_DESCRIPTION = """\
Find the entities of a text.

  python -m engine predict --text 王芳昨天到了杭州。
  python -m engine predict --file news.txt --json        a document a line
  cat news.txt | python -m engine predict - --json
  python -m engine predict --checkpoint mine --text 南京市长江大桥 --reading 3=zhang3
  python -m engine predict --checkpoint mine --text 南京市长江大桥 --speech bridge.wav --explain --json
  python -m engine predict --checkpoint mine --text 苹果又上新了 --image shop.jpg --image phone.png --explain --json
  python -m engine predict --text 苹果又上新了 --image shop.jpg --picture-text

A file may also be a corpus in any format that Duomo reads (its annotations are not looked at). With --json, one object a line:
text, spans (start, end, label, text, score; offsets are half-open code points), evidence (with --explain), seconds, and with
--picture-text picture_text: of each picture its lines (text; box: left, top, right, bottom as shares of it; confidence)."""


def add(commands: Any) -> None:
    """Add the command."""
    parser = commands.add_parser(
        "predict",
        help="find the entities of a text",
        description=_DESCRIPTION,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--checkpoint", default=DEFAULT, metavar="C", help=f"name or folder of a checkpoint ({DEFAULT})")
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument("--text", metavar="T", help="one document, as it is")
    source.add_argument("--file", metavar="F", help="plain text, a document a line, or a corpus")
    source.add_argument("stdin", nargs="?", choices=["-"], help="read standard input, a document a line")
    parser.add_argument("--format", metavar="X", help="read the file as a corpus of this format; recognised if not given")
    parser.add_argument("--whole", action="store_true", help="take a plain file or standard input as one document")
    parser.add_argument(
        "--reading",
        action="append",
        default=[],
        metavar="N=S",
        help="with --text: the character at offset N is read as S, e.g. 3=zhang3; several may be given",
    )
    parser.add_argument("--speech", metavar="F", help="with --text: a recording in which it is said; wav, flac, mp3 or ogg")
    parser.add_argument(
        "--image",
        action="append",
        default=[],
        metavar="F",
        help="with --text: a picture beside it; png, jpeg, webp, gif, bmp or heic; several may be given",
    )
    parser.add_argument("--picture-text", action="store_true", help="with --image: also read the text in the pictures (rapidocr)")
    parser.add_argument("--explain", action="store_true", help="also give the evidence")
    add_device(parser)
    add_json(parser)
    parser.set_defaults(handler=predict)


def predict(arguments: argparse.Namespace) -> int:
    """Print every document's entities."""
    if arguments.reading and arguments.text is None:
        raise InputError("--reading says how a character of a --text is read; in a corpus, write it into the field readings")
    if arguments.speech and arguments.text is None:
        raise InputError("--speech is a recording of a --text; in a corpus, write its path into the field audio")
    if arguments.image and arguments.text is None:
        raise InputError("--image is a picture beside a --text; in a corpus, write its path into the field images")
    if arguments.picture_text and not arguments.image:
        raise InputError("--picture-text reads the text in pictures; give one with --image")
    use_threads(arguments.threads)
    from engine import tagger
    from engine.evidence import to_json

    model = tagger.load(
        arguments.checkpoint, *arguments.checkpoints, SHIPPED, device=arguments.device, precision=arguments.precision
    )
    modalities = {modality.name for modality in model.system.modalities}
    if arguments.speech:
        _check_speech(arguments.speech, model.info.name, modalities)
    if arguments.image:
        looks = None if arguments.picture_text else model.info.name
        _check_images(arguments.image, looks, modalities)
    written = _picture_text(arguments.image) if arguments.picture_text else {}
    if arguments.reading and _PHONETIC not in modalities:
        raise InputError(
            f"{model.info.name} does not listen to how characters are read; leave --reading out or choose another model"
        )
    for documents in _chunks(_documents(arguments)):
        for prediction in model.predict(documents, explain=arguments.explain):
            document = prediction.document
            spans = [
                {"start": s.start, "end": s.end, "label": s.label, "text": document.mention(s), "score": s.score}
                for s in document.spans
            ]
            if arguments.json:
                evidence = [to_json(item) for item in prediction.evidence]
                print_json(
                    {"text": document.text, "spans": spans, "evidence": evidence, "seconds": prediction.seconds, **written}
                )
            else:
                print(document.text.rstrip("\n"))
                for span in spans:
                    print(f"  {span['label']:<5} {span['score']:>4.0%}  {span['start']:>4}-{span['end']:<4} {span['text']}")
    if not arguments.json:
        _print_written(written)
    return 0


def _print_written(written: dict[str, list[dict[str, Any]]]) -> None:
    for picture in written.get("picture_text", ()):
        print(f"{picture['image']}:" if picture["lines"] else f"{picture['image']}: no text was found")
        for line in picture["lines"]:
            print(f"  {line['confidence']:>4.0%}  {line['text']}")


def _documents(arguments: argparse.Namespace) -> Iterator[Document]:
    if arguments.text is not None:
        text = checked_text(arguments.text, "--text")
        readings = parse_readings(arguments.reading, text)
        yield Document(text, images=tuple(arguments.image), audio=arguments.speech, readings=readings)
        return
    if arguments.file is not None:
        corpus = _corpus(Path(arguments.file), arguments.format)
        if corpus is not None:
            yield from corpus
            return
        text = _read(Path(arguments.file))
    else:
        text = _decode(sys.stdin.buffer.read(), "standard input")
    for line in [text] if arguments.whole else text.split("\n"):
        shown = line if arguments.whole else line.removesuffix("\r")
        if shown.strip():
            yield Document(shown)


def _check_speech(path: str, name: str, modalities: set[str]) -> None:
    """Read a recording, so that what is wrong with it is said now, and what is not quite right as well."""
    from engine.modalities.speech import read_speech

    if _SPEECH not in modalities:
        raise InputError(f"{name} does not listen to speech; leave --speech out or choose another model")
    for remark in read_speech(path).remarks:
        print(f"{path}: {_REMARKS[remark]}", file=sys.stderr)


def _picture_text(paths: Sequence[str]) -> dict[str, list[dict[str, Any]]]:
    """Read the text in pictures, as the JSON has it."""
    from engine.modalities.picture_text import read_text

    return {"picture_text": [{"image": path, "lines": [asdict(line) for line in read_text(path)]} for path in paths]}


def _check_images(paths: Sequence[str], name: str | None, modalities: set[str]) -> None:
    """Read pictures, so that what is wrong with them is said now, and what is done to them as well.

    Args:
        paths: of the pictures.
        name: of the model that has to look at them; none where they are wanted for something else too.
        modalities: that it makes use of.
    """
    from engine.modalities.images import check_count, read_image

    if name and _IMAGE not in modalities:
        raise InputError(f"{name} does not look at pictures; leave --image out or choose another model")
    check_count(paths)
    for path in paths:
        for remark in read_image(path).remarks:
            print(f"{path}: {_SEEN[remark]}", file=sys.stderr)


def parse_readings(given: Sequence[str], text: str) -> dict[int, str]:
    """Read ``OFFSET=SYLLABLE`` arguments of ``--reading``.

    Raises:
        InputError: if one is not of this form, its offset is not in the text or given twice, or there is no such syllable.
    """
    places = {str(place): place for place in range(len(text))}
    readings: dict[int, str] = {}
    for words in given:
        offset, _, reading = words.partition("=")
        if offset not in places:
            raise InputError(f"--reading {words}: expected an offset from 0 to {len(text) - 1}, then = and a syllable: 3=zhang3")
        if places[offset] in readings:
            raise InputError(f"--reading {words}: the character at offset {offset} is given two readings; leave one of them")
        readings[places[offset]] = str(Syllable.parse(reading))
    return readings


def _corpus(path: Path, format: str | None) -> list[Document] | None:
    """Read a corpus; none if the file is plain text."""
    from engine import formats

    if format is None:
        if not path.is_file():
            raise InputError(f"there is no file {path}; give the path of a text or a corpus")
        try:
            formats.sniff(path)
        except FormatError:
            return None
    return formats.read(path, format)


def _read(path: Path) -> str:
    try:
        return _decode(path.read_bytes(), str(path))
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}") from error


def _decode(content: bytes, source: str) -> str:
    try:
        return content.decode("utf-8").removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        raise InputError(
            f"{source} is not UTF-8 at byte {error.start}; convert it first, e.g. with iconv -f gb18030 -t utf-8"
        ) from error


def checked_text(text: str, source: str) -> str:
    """Return a text that was given as an argument.

    Raises:
        InputError: if it is empty, or the terminal has spoilt it.
    """
    try:
        text.encode("utf-8")
    except UnicodeEncodeError as error:
        raise InputError(f"{source} is not UTF-8 at character {error.start}; set the terminal to UTF-8") from error
    if not text.strip():
        raise InputError(f"{source} is empty; give some text")
    return text


def _chunks(documents: Iterator[Document]) -> Iterator[list[Document]]:
    chunk: list[Document] = []
    for document in documents:
        chunk.append(document)
        if len(chunk) == _AT_ONCE:
            yield chunk
            chunk = []
    if chunk:
        yield chunk
