"""Gold of another label set than the models': which type is which, to be settled before anything is counted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from workbench.language import Texts
from workbench.views.escape import esc


def label_mapping_html(
    counts: Mapping[str, int], labels: Sequence[str], suggested: Mapping[str, str], words: Texts, *, gaps: Sequence[str]
) -> str:
    """Draw a choice for each type.

    Args:
        counts: how many entities of each type are annotated.
        labels: the types that the models can find.
        suggested: what a type would be taken for, the empty string leaving it out; types that are not named stay as they are.
        words: of the page.
        gaps: annotated types that cannot be found.
    """
    every = list(dict.fromkeys([*labels, *counts]))
    marked = "".join(
        _row(label, words("errors.mapping.count", count=f"{count:,}"), every, suggested, words) for label, count in counts.items()
    )
    found = "".join(_row(label, "", every, suggested, words) for label in labels if label not in counts)
    models = f"<h3>{esc(words('errors.mapping.models'))}</h3><ul>{found}</ul>" if found else ""
    hint = words("errors.mapping.hint", gaps=words.listed(gaps), labels=words.listed(labels))
    return (
        f'<section class="label-mapping" role="group" aria-label="{esc(words("errors.mapping.title"))}">'
        f"<h2>{esc(words('errors.mapping.title'))}</h2><p>{esc(hint)}</p>"
        f"<h3>{esc(words('errors.mapping.gold'))}</h3><ul>{marked}</ul>{models}"
        f'<button type="button" class="main" data-map>{esc(words("errors.mapping.go"))}</button></section>'
    )


def _row(label: str, counted: str, every: Sequence[str], suggested: Mapping[str, str], words: Texts) -> str:
    chosen = suggested.get(label, label)
    choices = [("", words("errors.mapping.out")), *((each, each) for each in every)]
    options = "".join(
        f'<option value="{esc(value)}"{" selected" if value == chosen else ""}>{esc(shown)}</option>' for value, shown in choices
    )
    return (
        f'<li><label><b>{esc(label)}</b> <small>{esc(counted)}</small> <span aria-hidden="true">→</span> '
        f'<select data-gold="{esc(label)}">{options}</select></label></li>'
    )
