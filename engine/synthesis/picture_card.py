"""The card of built pairs: what a folder holds, where it comes from, and that nobody posted these pictures with these posts."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from engine.synthesis.picture_pairs import DEV, PAIRINGS, PicturedPost, types_of
from engine.synthesis.picture_pool import Found, Kinds
from engine.variants import DRAWN, UNRELATED

CARD = "card.json"
BUILT = "pictures"
WHAT = (
    "Built pairs: a program put the pictures beside the posts, and they are not what people posted with them. A picture fits a "
    "post if its kind fits the type of an annotated entity, whichever entity it is: any face fits any person. So the pictures "
    "tell which types of entities a post holds, and tell it more plainly than photographs from life. Scores on it say how a "
    "system uses pictures, not how it would do on what people post."
)
_NAMED = 12


def card_of(
    posts: Sequence[PicturedPost], found: Found, kinds: Kinds, plan: Mapping[str, Any], source: Mapping[str, Any]
) -> dict[str, Any]:
    """Describe what was built.

    Args:
        posts: as they stand in the corpus.
        found: the pictures that there were to draw from.
        kinds: what fits what.
        plan: the options.
        source: what else is to be said of where it comes from.
    """
    drawn = [post for post in posts if post.shown == DRAWN]
    labels = Counter(span.label for post in drawn for span in post.document.spans)
    shown = Counter(picture.kind for post in drawn for picture in post.pictures)
    files = Counter(picture.kind for picture in found.pictures)
    with_pictures = {picture.fits for picture in found.pictures}
    asked: dict[str, dict[str, int]] = defaultdict(dict)
    for label, count in sorted(labels.items()):
        asked[kinds.type_of(label) or ""][label] = count
    types = [name for name in (*kinds.types, UNRELATED) if name in with_pictures]
    without = {label: count for name, rows in asked.items() if name not in with_pictures for label, count in rows.items()}
    return {
        "built": BUILT,
        "what": WHAT,
        **source,
        "plan": dict(plan),
        "documents": len(drawn),
        "held_out": sum(post.part == DEV for post in drawn),
        "pictures": len({picture.digest for post in posts for picture in post.pictures}),
        "parts": {part: _part(part, posts, kinds, with_pictures) for part in dict.fromkeys(post.part for post in posts)},
        "types": {
            name: {
                "labels": asked.get(name, {}),
                "kinds": {
                    kind: {"files": files[kind], "shown": shown[kind]}
                    for kind in sorted(files, key=lambda kind: (-shown[kind], kind))
                    if kinds.fits[kind] == name
                },
            }
            for name in types
        },
        "labels_without_pictures": dict(sorted(without.items())),
        "sources": [dict(row) for row in found.sources],
        "unknown_kinds": dict(found.unknown),
        "left_out": list(found.problems),
    }


def _part(part: str, posts: Sequence[PicturedPost], kinds: Kinds, with_pictures: set[str]) -> dict[str, Any]:
    here = [post for post in posts if post.part == part]
    drawn = [post for post in here if post.shown == DRAWN]
    count = Counter(post.pairing for post in drawn)
    given = sum(len(post.pictures) for post in drawn)
    return {
        "documents": len(drawn),
        "pairings": {pairing: count[pairing] for pairing in PAIRINGS},
        "nothing_fits": sum(not with_pictures & set(types_of(post.document, kinds)) for post in drawn),
        "shown": given,
        "mean": round(given / max(len(drawn), 1), 3),
        "files": len({picture.digest for post in here for picture in post.pictures}),
    }


def readme_of(card: Mapping[str, Any]) -> str:
    """Return the card as a page to read."""
    plan = card["plan"]
    data = ", ".join(f"`{_plain(name)}`" for name in card.get("data", {}).values())
    told = [
        f"# Built pairs of posts and pictures\n\n{card['what']}",
        f"{card['documents']:,} documents and {card['pictures']:,} picture files, seed {plan['seed']}. Of documents with an "
        f"entity that some kind fits, a share of {plan['share_unrelated']:g} is given unrelated pictures alone, "
        f"{plan['share_partly']:g} some of both, at least two, and the rest fitting ones alone; "
        "a document that no kind fits is given unrelated ones. Its meta says so under `pictures`, and under `related` of each "
        "picture whether it fits. `pictures.jsonl` says of each file what it shows and where it comes from, `card.json` "
        "holds all figures.",
        _parts_table(card["parts"]),
        *([_held(plan)] if card["held_out"] else []),
        _types_table(card["types"]),
        _few_kinds(card["types"]),
    ]
    if card["labels_without_pictures"]:
        rows = ", ".join(f"{_plain(label)} ({count:,})" for label, count in card["labels_without_pictures"].items())
        told.append(f"No kind of picture fits the entities of {rows}.")
    told.append(_sources_table(card["sources"]) + "\n\nPictures are copied as they are; none is changed.")
    if card["left_out"]:
        told.append(f"{len(card['left_out']):,} picture files could not be used; `card.json` lists them.")
    if data:
        told.append(f"The texts and their annotations are those of {data}, under the corpus's own terms.")
    if card.get("command"):
        told.append(f"Made by\n\n    {_plain(card['command'])}")
    return "\n\n".join(told) + "\n"


def _held(plan: Mapping[str, Any]) -> str:
    return (
        "`dev.jsonl` holds each of its documents up to four times: X, with the pictures drawn for it; X.related, with as many "
        "that all fit, where some can; X.unrelated, with as many of which none does; and X.text without any. Its meta says "
        f"which under `shown`. No picture file is in both parts: a share of {plan['share_held']:g} of the files, chosen by "
        "their content, is for `dev.jsonl` alone. The parts may well show the same person or thing in two photographs."
    )


def _parts_table(parts: Mapping[str, Any]) -> str:
    rows = []
    for part, row in parts.items():
        pairings = " | ".join(f"{row['pairings'][name]:,}" for name in PAIRINGS)
        figures = f"{row['nothing_fits']:,} | {row['shown']:,} | {row['mean']:.2f} | {row['files']:,}"
        rows.append(f"| {part} | {row['documents']:,} | {pairings} | {figures} |")
    head = f"| part | documents | {' | '.join(PAIRINGS)} | no kind fits | pictures shown | of a document | files |"
    return "\n".join([head, f"| --- {'| ---: ' * 8}|", *rows])


def _types_table(types: Mapping[str, Any]) -> str:
    rows = [
        f"| {_plain(name)} | {', '.join(f'{_plain(label)} {count:,}' for label, count in row['labels'].items()) or '-'} | "
        f"{len(row['kinds']):,} | {sum(kind['files'] for kind in row['kinds'].values()):,} | "
        f"{sum(kind['shown'] for kind in row['kinds'].values()):,} |"
        for name, row in types.items()
    ]
    return "\n".join(["| fits | entities | kinds | files | shown |", "| --- | --- | ---: | ---: | ---: |", *rows])


def _few_kinds(types: Mapping[str, Any]) -> str:
    lines = []
    for name, row in types.items():
        named = [f"{_plain(kind)} {counts['shown']:,}" for kind, counts in row["kinds"].items()]
        more = f", and {len(named) - _NAMED:,} kinds more" if len(named) > _NAMED else ""
        lines.append(f"- {_plain(name)}: {', '.join(named[:_NAMED])}{more}")
    return "How often the kinds are shown as drawn:\n\n" + "\n".join(lines)


def _sources_table(sources: Sequence[Mapping[str, Any]]) -> str:
    rows = [f"| {_plain(row['folder'])} | {row['pictures']:,} | {_plain(row['licence'])} |" for row in sources]
    return "\n".join(["| pictures of | files that could be drawn | licence |", "| --- | ---: | --- |", *rows])


def _plain(text: str) -> str:
    return re.sub(r"[|`\n]", " ", text)
