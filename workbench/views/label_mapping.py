"""Gold of another label set than the model's: which of its types is which of the model's, to be settled before anything is counted."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from workbench.views.escape import esc

Words = Callable[..., str]


def label_mapping_html(counts: Mapping[str, int], labels: Sequence[str], suggested: Mapping[str, str], words: Words) -> str:
    """Draw a choice for each annotated type.

    Args:
        counts: how many entities of each type are annotated.
        labels: the types that the models can find.
        suggested: what each annotated type would be taken for; the empty string leaves it out.
        words: of the page.
    """
    rows = "".join(_row(label, count, labels, suggested.get(label, ""), words) for label, count in counts.items())
    return (
        f'<section class="label-mapping" role="group" aria-label="{esc(words("errors.mapping.title"))}">'
        f"<h2>{esc(words('errors.mapping.title'))}</h2><p>{esc(words('errors.mapping.hint', labels='、'.join(labels)))}</p>"
        f'<ul>{rows}</ul><button type="button" class="main" data-map>{esc(words("errors.mapping.go"))}</button></section>'
    )


def _row(label: str, count: int, labels: Sequence[str], chosen: str, words: Words) -> str:
    choices = [("", words("errors.mapping.out")), *((each, each) for each in labels)]
    options = "".join(
        f'<option value="{esc(value)}"{" selected" if value == chosen else ""}>{esc(shown)}</option>' for value, shown in choices
    )
    counted = esc(words("errors.mapping.count", count=f"{count:,}"))
    return (
        f'<li><label><b>{esc(label)}</b> <small>{counted}</small> <span aria-hidden="true">→</span> '
        f'<select data-gold="{esc(label)}">{options}</select></label></li>'
    )
