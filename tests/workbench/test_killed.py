"""kill -9 in the middle of saving: nothing that was acknowledged is lost, and what had no answer can be sent again."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import socket
import subprocess
import sys
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from engine.document import Document
from tests.workbench.awaiting import awaited
from tests.workbench.http_annotator import Annotator, Marked, RefusedError, until_it_answers
from workbench.store import FIRST, Store

pytestmark = [pytest.mark.timeout(300)]

ROOT = Path(__file__).resolve().parents[2]
TEXTS = ("😀张伟在北京大学见李娜", "𠮷野家在上海开了第三家店", "第一行\r\n第二行在广州")
ANNOTATORS = 3
ENOUGH = 12
"""Saves that each has had acknowledged before the kill."""


class Sent:
    """What annotators sent, and which of it was acknowledged."""

    def __init__(self) -> None:
        self.spans: dict[str, tuple[int, list[Marked]]] = {}
        self.acknowledged: set[str] = set()

    def check(self, store: Store) -> None:
        """See that every acknowledged save is there once, in its place, and that nothing else is."""
        found: dict[str, tuple[int, list[Marked]]] = {}
        for document in {place for place, _ in self.spans.values()}:
            for revision in store.revisions(document):
                assert revision.client_key not in found, "saved twice"
                found[revision.client_key] = (document, [(span.start, span.end, span.label) for span in revision.spans])
        assert self.acknowledged <= set(found), "an acknowledged save is lost"
        for key, said in found.items():
            assert said == self.spans[key], "a save is not what was sent"


@contextmanager
def running(workspace: Path, database: str) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """Run the workbench as a process of its own; gives its address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "workbench", "--workspace", str(workspace), "--database", database]
    process = subprocess.Popen([*command, "--port", str(port), "--no-browser"], cwd=ROOT, stdout=subprocess.DEVNULL)
    try:
        yield f"http://127.0.0.1:{port}/", process
    finally:
        process.kill()
        process.wait(30)


async def annotate(
    number: int, address: str, document: int, sent: Sent, until: Callable[[], bool], doomed: Callable[[], bool]
) -> None:
    """Save again and again, another annotation each time, until told to stop or, once doomed, the workbench is gone."""
    rng = random.Random(number)
    try:
        async with Annotator(address) as annotator:
            await annotator.open(document)
            length = len(annotator.value["text"])
            while not until():
                start = rng.randrange(length)
                spans: list[Marked] = [(start, rng.randrange(start, length) + 1, rng.choice(["PER", "LOC", "ORG"]))]
                key = f"{number}-{len(sent.spans)}"
                sent.spans[key] = (document, spans)
                try:
                    await annotator.save(spans, key)
                except RefusedError:
                    continue
                sent.acknowledged.add(key)
    except httpx.HTTPError:
        if not doomed():  # else it was killed
            raise


def save_until_killed(address: str, documents: tuple[int, ...], kill: Callable[[], None]) -> Sent:
    """Let several annotators save at once, end something in the midst of it, and return what was sent."""
    sent, doomed, killed = Sent(), False, False

    async def killing() -> None:
        nonlocal doomed, killed
        while len(sent.acknowledged) < ANNOTATORS * ENOUGH:
            await asyncio.sleep(0.01)
        doomed = True
        await asyncio.to_thread(kill)
        killed = True

    async def everyone() -> None:
        await until_it_answers(address)
        work: list[Awaitable[None]] = [
            annotate(number, address, document, sent, lambda: killed, lambda: doomed)
            for number, document in zip(range(ANNOTATORS), documents, strict=True)
        ]
        await asyncio.gather(killing(), *work)

    awaited(everyone())
    return sent


@pytest.fixture
def documents(store: Store) -> tuple[int, ...]:
    return store.documents.add(FIRST, [Document(text, id=str(number)) for number, text in enumerate(TEXTS)]).ids


@pytest.mark.slow
def test_what_was_acknowledged_survives_the_workbench(url, store, documents, tmp_path):
    with running(tmp_path / "workspace", url) as (address, process):
        sent = save_until_killed(address, documents, lambda: os.kill(process.pid, signal.SIGKILL))
    assert len(sent.acknowledged) >= ANNOTATORS * ENOUGH
    sent.check(store)
    with running(tmp_path / "workspace", url) as (address, _):
        send_again(address, sent)
    assert sent.acknowledged == set(sent.spans)
    sent.check(store)


def send_again(address: str, sent: Sent) -> None:
    """Send everything that had no answer once more, as the browser's drafts do, and two that had."""

    async def sending() -> None:
        await until_it_answers(address)
        async with Annotator(address) as annotator:
            known = sorted(sent.acknowledged)[:2]
            for key in [*(sent.spans.keys() - sent.acknowledged), *known]:
                document, spans = sent.spans[key]
                await annotator.open(document)
                await annotator.save(spans, key)
                sent.acknowledged.add(key)

    awaited(sending())


@pytest.mark.slow
def test_what_was_acknowledged_survives_postgresql(postgresql_to_kill, tmp_path):
    url = postgresql_to_kill.database("killed")
    store = Store.open(url)
    documents = store.documents.add(FIRST, [Document(text, id=str(number)) for number, text in enumerate(TEXTS)]).ids
    store.close()
    with running(tmp_path / "workspace", url) as (address, process):
        sent = save_until_killed(address, documents, postgresql_to_kill.kill)
        assert process.poll() is None, "the workbench went with its database"
        postgresql_to_kill.start()
        # The same workbench goes on, without a restart.
        send_again(address, sent)
    assert sent.acknowledged == set(sent.spans)
    store = Store.open(url)
    sent.check(store)
    store.close()
