"""Many annotators at once, through the workbench's own HTTP interface: what they wait for a save, and whether all of it is there.

    python tests/benchmarks/annotators.py [--annotators 40] [--seconds 120] [--database sqlite postgresql]

Once all have signed in, each annotator opens a document, marks some spans, saves, thinks for a moment, and goes on; every tenth
save is sent a second time, as a browser does that got no answer, and every fifth document is somebody else's too. In the end the
store is compared with what was sent: every acknowledged save must be there once, in its place, with its spans and its author.
Prints one JSON object a database; the latencies are what the annotator waits, in milliseconds. For comparison, in the same run,
the same saves are given to the store alone, one after another, without HTTP: ``of_the_store`` says how many times as long one
takes through the page.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from engine.document import Document, Span  # noqa: E402 - the folder is known only now
from tests.workbench.http_annotator import Annotator, Marked, RefusedError, until_it_answers  # noqa: E402
from tests.workbench.postgresql import PostgreSQL, initdb  # noqa: E402
from workbench.store import FIRST, Store  # noqa: E402

DOCUMENTS = 25
"""Documents of one annotator."""
PIECES = (
    "张伟昨天在北京大学见到了李娜，",
    "😀南京市长江大桥今早封闭，",
    "𠮷野家在上海开了第三家店。",
    "第一行\r\n第二行提到广州塔；",
    "e\u0301cole 附近的咖啡馆，",
)
LABELS = ("PER", "LOC", "ORG", "GPE")
PASSWORD = "correct horse"


@dataclass
class Work:
    """What annotators sent, by key, and what came of it."""

    sent: dict[str, tuple[int, str, list[Marked]]] = field(default_factory=dict)
    acknowledged: set[str] = field(default_factory=set)
    waits: list[float] = field(default_factory=list)
    again: int = 0
    here: int = 0
    refused: list[str] = field(default_factory=list)


def main(argv: Sequence[str] | None = None) -> int:
    arguments = parser().parse_args(argv)
    right = True
    for kind in arguments.database:
        with tempfile.TemporaryDirectory() as folder, database(kind, Path(folder)) as url:
            result = measure(arguments, Path(folder), url)
        right = right and not any(result[what] for what in ("lost", "doubled", "misplaced", "refused"))
        print(json.dumps({"database": kind, **result}, ensure_ascii=False), flush=True)
    return 0 if right else 1


def parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser("annotators.py", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    made.add_argument("--annotators", type=int, default=40, metavar="N", help="how many at once (40)")
    made.add_argument("--seconds", type=float, default=120.0, metavar="S", help="for how long (120)")
    made.add_argument("--pause", type=float, default=4.0, metavar="S", help="what one thinks between two saves, in the mean (4)")
    made.add_argument("--database", nargs="+", choices=("sqlite", "postgresql"), default=["sqlite", "postgresql"])
    made.add_argument("--seed", type=int, default=1)
    return made


@contextmanager
def database(kind: str, folder: Path) -> Iterator[str]:
    """Give the URL of an empty database."""
    if kind == "sqlite":
        yield f"sqlite:///{folder}/duomo.db"
        return
    program = initdb()
    if program is None:
        sys.exit("annotators.py: PostgreSQL is not installed; install postgresql, or use --database sqlite")
    server = PostgreSQL(program)
    try:
        yield server.database("annotators")
    finally:
        server.remove()


def measure(arguments: argparse.Namespace, folder: Path, url: str) -> dict[str, Any]:
    names = [f"annotator{number:02}" for number in range(arguments.annotators)]
    own = prepare(url, names, arguments.seed)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "workbench", "--workspace", str(folder / "workspace"), "--database", url]
    process = subprocess.Popen([*command, "--port", str(port), "--no-browser"], cwd=ROOT, stdout=subprocess.DEVNULL)
    try:
        work = asyncio.run(everyone(f"http://127.0.0.1:{port}/", names, own, arguments))
    finally:
        process.terminate()
        process.wait(30)
    log = folder / "workspace" / "workbench.log"
    locked = log.read_text(encoding="utf-8").count("database is locked") if log.exists() else 0
    store = Store.open(url)
    try:
        return {**timing(work), **audit(store, work), "locked": locked, **beside(store, work)}
    finally:
        store.close()


def prepare(url: str, names: Sequence[str], seed: int) -> dict[str, list[int]]:
    """Make the accounts and documents; return which documents are whose."""
    rng, store = random.Random(seed), Store.open(url)
    store.accounts.create("boss", PASSWORD, "admin")
    for name in names:
        store.accounts.create(name, PASSWORD)
        store.projects.admit(FIRST, name)
    texts = ["".join(rng.choices(PIECES, k=rng.randint(1, 15))) for _ in range(DOCUMENTS * len(names))]
    made = [Document(f"{number} {text}", id=str(number)) for number, text in enumerate(texts)]
    ids = store.documents.add(FIRST, made).ids
    store.close()
    own = {name: list(ids[at * DOCUMENTS : (at + 1) * DOCUMENTS]) for at, name in enumerate(names)}
    # Every fifth is the next annotator's too.
    for name, other in zip(names, [*names[1:], names[0]], strict=True):
        own[name] += own[other][:: DOCUMENTS // 5][:5]
    return own


async def everyone(address: str, names: Sequence[str], own: dict[str, list[int]], arguments: argparse.Namespace) -> Work:
    """Let all annotate for a while."""
    await until_it_answers(address)
    work, all_here = Work(), asyncio.Event()
    tasks = [asyncio.create_task(annotate(name, address, own[name], work, all_here, arguments)) for name in names]
    while work.here < len(names) and not any(task.done() for task in tasks):
        await asyncio.sleep(0.1)
    all_here.set()
    await asyncio.gather(*tasks)
    return work


async def annotate(
    name: str, address: str, documents: Sequence[int], work: Work, all_here: asyncio.Event, arguments: argparse.Namespace
) -> None:
    """Sign in and open a document; once everybody is there, open, mark and save one document after another."""
    rng = random.Random(f"{arguments.seed} {name}")
    async with Annotator(address, (name, PASSWORD)) as annotator:
        await annotator.open(documents[0])
        work.here += 1
        await all_here.wait()
        deadline = time.monotonic() + arguments.seconds
        await asyncio.sleep(rng.uniform(0, arguments.pause))
        while time.monotonic() < deadline:
            document = rng.choice(documents)
            await annotator.open(document)
            for _ in range(rng.randint(1, 3)):
                await asyncio.sleep(rng.uniform(0.5, 1.5) * arguments.pause)
                await save(annotator, name, document, work, rng)


async def save(annotator: Annotator, name: str, document: int, work: Work, rng: random.Random) -> None:
    """Mark some spans of what is open and save them, every tenth time twice with one key."""
    length, key = len(annotator.value["text"]), f"{name}-{len(work.sent)}"
    spans: set[Marked] = set()
    for _ in range(rng.randint(0, 8)):
        start = rng.randrange(length)
        spans.add((start, min(length, start + rng.randint(1, 6)), rng.choice(LABELS)))
    work.sent[key] = (document, name, sorted(spans))
    try:
        work.waits.append(await annotator.save(sorted(spans), key))
        if rng.random() < 0.1:
            await annotator.save(sorted(spans), key)
            work.again += 1
    except RefusedError as error:
        work.refused.append(str(error)[:300])
        return
    work.acknowledged.add(key)


def timing(work: Work) -> dict[str, Any]:
    """Return what was waited for a save."""
    waits = sorted(1000 * wait for wait in work.waits)
    percentiles = statistics.quantiles(waits, n=100)
    return {
        "saves": len(waits),
        "sent_twice": work.again,
        "p50": round(percentiles[49]),
        "p95": round(percentiles[94]),
        "p99": round(percentiles[98]),
        "longest": round(waits[-1]),
    }


def audit(store: Store, work: Work) -> dict[str, Any]:
    """Compare what is stored with what was sent."""
    found: dict[str, list[Any]] = {}
    for document in {place for place, _, _ in work.sent.values()}:
        for revision in store.revisions(document):
            spans = sorted((span.start, span.end, span.label) for span in revision.spans)
            found.setdefault(revision.client_key, []).append((document, revision.author, spans))
    return {
        "lost": len(work.acknowledged - set(found)),
        "doubled": sum(len(revisions) > 1 for revisions in found.values()),
        "misplaced": sum(work.sent.get(key) != revisions[0] for key, revisions in found.items()),
        "refused": len(work.refused),
        **({"first_refusal": work.refused[0]} if work.refused else {}),
    }


def beside(store: Store, work: Work) -> dict[str, Any]:
    """Give saves like those to the store alone."""
    waits = []
    for number, (document, name, spans) in enumerate(list(work.sent.values())[:200]):
        marked, text = [Span(*span) for span in spans], store.document(document).text
        began = time.perf_counter()
        store.save(text, marked, author=name, labels=LABELS, client_key=f"alone-{number}", document_id=document)
        waits.append(1000 * (time.perf_counter() - began))
    alone = statistics.median(waits)
    through = statistics.median(1000 * wait for wait in work.waits)
    return {"store_alone_p50": round(alone, 1), "of_the_store": round(through / alone, 1)}


if __name__ == "__main__":
    sys.exit(main())
