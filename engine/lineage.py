"""Where checkpoints come from: which was made from which, as a tree.

A card names its parent by name and by the digest of its weights. The digest decides, since names are given anew; a parent that is
nowhere any more stands in the tree as missing.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from engine.checkpoint import CheckpointInfo
from engine.document import Document

_TOLD = ("data_hash", "corrections", "seed", "date")


@dataclass(frozen=True)
class Ancestor:
    """A checkpoint in the tree, or one that is missing.

    Attributes:
        name: its own, or by which its children remember it.
        digest: of its weights.
        info: what it says of itself; none where it is missing.
        children: those made from it, by name.
    """

    name: str
    digest: str
    info: CheckpointInfo | None
    children: list[Ancestor] = field(default_factory=list)

    @property
    def missing(self) -> bool:
        """Tell whether it is nowhere any more."""
        return self.info is None

    def to_json(self) -> dict[str, Any]:
        """Return it and what is below it as plain values."""
        card: Mapping[str, Any] = self.info.card if self.info else {}
        return {
            "name": self.name,
            "digest": self.digest,
            "missing": self.missing,
            "path": str(self.info.path) if self.info else None,
            **{key: card.get(key) for key in (*_TOLD, "options")},
            "children": [child.to_json() for child in self.children],
        }


def lineage(checkpoints: Iterable[CheckpointInfo]) -> list[Ancestor]:
    """Return the trees of some checkpoints, roots by name.

    Copies of one checkpoint, of the same weights, each stand in the tree; what was made from it stands below the first.
    """
    known = [Ancestor(info.name, info.digest, info) for info in sorted(checkpoints, key=lambda info: info.name)]
    by_digest = {node.digest: node for node in reversed(known)}
    roots: list[Ancestor] = []
    for node in known:
        assert node.info is not None
        card = node.info.card
        digest, name = str(card.get("parent_digest", "")), str(card.get("parent", ""))
        if not digest and not name:
            roots.append(node)
            continue
        parent = by_digest.get(digest)
        if parent is None or parent is node or _below(node, parent):
            parent = Ancestor(name, digest, None)
            by_digest.setdefault(digest, parent)
            roots.append(parent)
        parent.children.append(node)
    return sorted(roots, key=lambda root: root.name)


def drawn(roots: Sequence[Ancestor]) -> Iterator[str]:
    """Yield the lines of a drawing in ASCII."""
    for root in roots:
        yield _line(root)
        yield from _branches(root, "")


def data_hash(*parts: Iterable[Document]) -> str:
    """Return a hash of documents and of their annotations, SHA-256 in hexadecimal: the same documents have the same."""
    digest = hashlib.sha256()
    for documents in parts:
        for document in documents:
            spans = [span.key for span in document.spans]
            row = [document.text, spans, document.images, document.audio, document.annotated, sorted(document.readings.items())]
            digest.update(json.dumps(row, ensure_ascii=True).encode() + b"\n")
        digest.update(b"\x00")
    return digest.hexdigest()


def _below(node: Ancestor, other: Ancestor) -> bool:
    """Tell whether one stands somewhere below another: cards that name each other make no ring."""
    return any(child is other or _below(child, other) for child in node.children)


def _branches(node: Ancestor, indent: str) -> Iterator[str]:
    for child in node.children:
        last = child is node.children[-1]
        yield f"{indent}{'`-- ' if last else '|-- '}{_line(child)}"
        yield from _branches(child, indent + ("    " if last else "|   "))


def _line(node: Ancestor) -> str:
    name = node.name or "a checkpoint without a name"
    if node.info is None:
        return f"{name} (missing, {node.digest[:12] or 'no digest'})"
    card = node.info.card
    told = [node.digest[:12]]
    told += [f"{card['corrections']} corrections"] if "corrections" in card else []
    told += [f"data {str(card['data_hash'])[:12]}"] if "data_hash" in card else []
    told += [f"seed {card['seed']}"] if "seed" in card else []
    told += [str(card["date"])[:10]] if "date" in card else []
    return f"{name} ({', '.join(told)})"
