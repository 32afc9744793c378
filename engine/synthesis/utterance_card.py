"""The card of built speech: what a folder holds, where it comes from, and that nobody said it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from engine.modalities.scripts import Script
from engine.synthesis.speakers import Speaker
from engine.synthesis.utterance_corpus import DEV, Take
from engine.variants import NATURAL

CARD = "card.json"
WHAT = (
    "Built speech: utterances put together from single syllables. It is not AISHELL-1 and no human utterance; pauses, voice and "
    "pace are drawn by a program, and word borders were refined by the annotated entities before they were spoken. Scores on it "
    "say how a system uses pauses, not how it would do on recordings of people."
)


def card_of(
    takes: Sequence[Take],
    scripts: Sequence[Script],
    made: Sequence[Any],
    speakers: Sequence[Speaker],
    plan: Mapping[str, Any],
    source: Mapping[str, Any],
) -> dict[str, Any]:
    """Describe what was built.

    Args:
        takes: which document was to be spoken how.
        scripts: what was to be said of each.
        made: for each, how its utterance was made, as in ``construction.jsonl``, or why there is none.
        speakers: who spoke.
        plan: the options.
        source: what else is to be said of where it comes from.
    """
    rows = [row for row in made if isinstance(row, dict)]
    unspoken = [(take.document.id, row) for take, row in zip(takes, made, strict=True) if isinstance(row, str)]
    once = [take for take in takes if take.mode in (None, NATURAL)]
    replaced: Counter[str] = Counter()
    unsaid: Counter[str] = Counter()
    for script, row in zip(scripts, made, strict=True):
        if isinstance(row, dict):
            speaker = row["speaker"]
            replaced.update(f"{speaker}: {script.syllables[int(i)]} as {said}" for i, said in row["replaced"].items())
            unsaid.update(f"{speaker}: {script.syllables[i]}" for i in row["unsaid"])
    return {
        "what": WHAT,
        **source,
        "plan": dict(plan),
        "documents": len(once),
        "held_out": sum(take.part == DEV for take in once),
        "utterances": len(rows),
        "hours": round(sum(row["seconds"] for row in rows) / 3600, 4),
        "characters_said": sum(sum(times is not None for times in row["characters"]) for row in rows),
        "modes": dict(sorted(Counter(row["mode"] for row in rows).items())),
        "pauses": dict(sorted(Counter(kind for row in rows for *_, kind in row["pauses"]).items())),
        "speakers": [_described(speaker, sum(row["speaker"] == speaker.name for row in rows)) for speaker in speakers],
        "replaced": dict(sorted(replaced.items())),
        "unsaid": dict(sorted(unsaid.items())),
        "without_speech": [{"id": name, "reason": reason} for name, reason in unspoken],
    }


def _described(speaker: Speaker, utterances: int) -> dict[str, Any]:
    return {
        "name": speaker.name,
        "source": speaker.source,
        "syllables": len(speaker.sounds),
        "left_out": len(speaker.problems),
        "utterances": utterances,
        "licence": speaker.licence,
    }


def readme_of(card: Mapping[str, Any]) -> str:
    """Return the card as a page to read."""
    speakers = "\n".join(
        f"| {_plain(speaker['name'])} | {speaker['utterances']:,} | {speaker['syllables']:,} | {speaker['licence']} |"
        for speaker in card["speakers"]
    )
    made = f"Made by\n\n    {_plain(card['command'])}\n\n" if card.get("command") else ""
    data = (
        f"The sentences are those of `{_plain(card['data'])}` and under that corpus's own terms.\n\n" if card.get("data") else ""
    )
    modes = ", ".join(f"{count:,} {mode}" for mode, count in card["modes"].items())
    replaced, unsaid = (sum(card[name].values()) for name in ("replaced", "unsaid"))
    held = (
        f"`dev.jsonl` holds {card['held_out']:,} of the documents, held out from `train.jsonl`, and each four times: X, spoken "
        "with pauses between words, X.none without pauses, X.misleading with pauses inside words instead, by the same voice, and "
        "X.mute without a recording.\n\n"
        if card["held_out"]
        else ""
    )
    return (
        f"# Built speech\n\n{card['what']}\n\n"
        f"{card['utterances']:,} utterances of {card['documents']:,} documents, {card['hours']:.2f} hours; modes: {modes}; "
        f"seed {card['plan']['seed']}. Each document's meta says under `pauses` how it is spoken.\n\n{held}{data}{made}"
        f"| speaker | utterances | syllables | licence |\n| --- | --- | --- | --- |\n{speakers}\n\n"
        f"{replaced:,} syllables were said in another tone and {unsaid:,} not at all, for want of a sound; "
        f"{len(card['without_speech']):,} utterances could not be built. `construction.jsonl` holds the true time of every "
        "character; `card.json` holds these figures in full.\n"
    )


def _plain(text: str) -> str:
    return re.sub(r"[|`\n]", " ", text)
