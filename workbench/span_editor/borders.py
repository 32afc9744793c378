"""Where words begin or end, so that the editor can take whole ones."""

from __future__ import annotations


def word_borders(text: str) -> list[int]:
    """Return the borders of the words that jieba cuts a text into, as code points, from 0 to its length.

    Args:
        text: any text. Of one without words, and where jieba is not installed, nothing is returned: the editor then goes by what
            the browser knows.
    """
    try:
        from engine.modalities.pinyin import words

        cut = words(text)
    except ImportError:
        return []
    borders = [0]
    for word in cut:
        borders.append(borders[-1] + len(word))
    return borders if len(borders) > 1 else []
