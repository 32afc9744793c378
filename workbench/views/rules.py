"""By which rules a project is annotated, in Markdown: its guidelines, then what each label means, with examples."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from workbench.views.escape import esc


def rules_markdown(guidelines: str, labels: Sequence[tuple[str, str, str, tuple[str, ...]]], words: Callable[[str], str]) -> str:
    """Write the rules down; empty where there are none.

    Args:
        guidelines: in Markdown.
        labels: name, name in the page's language, definition in Markdown, examples.
        words: of the page.
    """
    told = [label for label in labels if label[2] or label[3]]
    parts = [guidelines.strip()] if guidelines.strip() else []
    if told:
        parts.append(f"## {words('annotate.guide.labels')}")
    for name, title, definition, examples in told:
        heading = f"{name} · {title}" if title and title != name else name
        listed = "、".join(esc(example) for example in examples)
        shown = f"*{esc(words('annotate.guide.examples'))}*{listed}" if listed else ""
        parts += [f"### {esc(heading)}", *(part for part in (definition.strip(), shown) if part)]
    return "\n\n".join(parts)
