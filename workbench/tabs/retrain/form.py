"""The settings of a retraining, and of the system that it retrains, as the engine declares them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import gradio as gr

from engine.retraining import RetrainConfig, changeable_options
from engine.systems import SYSTEMS
from engine.systems.contract import Option, options
from workbench.tabs import Context
from workbench.views.escape import esc

# What is free text names files of the server's, which a page that others may use must not read: those are for the command line.
FORM = tuple(option for option in options(RetrainConfig) if option.choices or option.type is not str)
"""The options of a retraining that the page offers."""
USUAL = ("epochs", "replay", "hold_out", "margin")
"""Those that most people come to change; the others are for who knows why."""
SYSTEM_FORM = {
    name: tuple(
        option for option in options(system.Config) if not option.structural and (option.choices or option.type is not str)
    )
    for name, system in SYSTEMS.items()
}
"""The options of each system that a retraining may change."""
# A bound that nobody comes near is not worth reading.
_UNBOUNDED = 1_000_000


@dataclass(frozen=True)
class SystemForm:
    """The settings of one system."""

    row: gr.Row
    controls: Sequence[Any]


def system_form(name: str, context: Context) -> SystemForm:
    """Lay the settings of a system out, hidden."""
    with gr.Row(elem_classes="form", visible=False) as row:
        gr.HTML(f"<h3>{esc(context.texts('retrain.system.label', system=name))}</h3>")
        return SystemForm(row, [control_of(option, context, name) for option in SYSTEM_FORM[name]])


def depth_choice(context: Context, owner: str = "retrain") -> gr.Radio:
    """Return what is asked first: how deep to learn, in words with what each costs."""
    t = context.texts
    (depth,) = (option for option in FORM if option.name == "depth")
    # The lighter one comes first.
    choices = [(t(choice_key(depth, choice)), choice) for choice in depth.choices]
    return gr.Radio(
        choices,
        value=depth.default,
        label=t("retrain.depth.label"),
        info=t("retrain.depth.hint"),
        elem_id=f"{owner}-depth",
        elem_classes="depth-choice",
    )


def label_key(option: Option) -> str:
    """Return the key of an option's name, which stands beside the key of its explanation."""
    return option.help.removesuffix("help") + "label"


def choice_key(option: Option, choice: str) -> str:
    """Return the key of the words for one value of an option."""
    return option.help.removesuffix("help") + choice


def control_of(option: Option, context: Context, owner: str = "retrain") -> Any:
    """Return the component that an option is set by."""
    t, words = context.texts, context.texts.words
    # An option of a newer engine shows under its own name until it has words.
    label, hint = words.get(label_key(option), option.name), words.get(option.help, "")
    if option.minimum is not None and option.maximum is not None and option.maximum < _UNBOUNDED:
        hint += t("retrain.form.range", minimum=f"{option.minimum:,.10g}", maximum=f"{option.maximum:,.10g}")
    hint += t("retrain.form.name", name=option.name)
    common: dict[str, Any] = {
        "label": label,
        "info": hint,
        "elem_id": f"{owner}-{option.name}",
        "min_width": 240,
        "interactive": True,
    }
    if option.choices:
        choices = [(words.get(choice_key(option, choice), choice), choice) for choice in option.choices]
        return gr.Dropdown(choices, value=option.default, filterable=False, **common)
    if option.type is bool:
        return gr.Checkbox(option.default, **common)
    # The bounds are told, not given to the component: the config refuses a value in words of ours.
    whole: dict[str, Any] = {"precision": 0, "step": 1} if option.type is int else {}
    return gr.Number(option.default, **whole, **common)


def settings_of(forms: Mapping[str, SystemForm], context: Context) -> dict[Any, Any]:
    """Show the settings of the system of the checkpoint in use, at their values for a retraining."""
    parent = context.services.checkpoints.in_use()
    values = {option.name: option.default for option in changeable_options(parent)}
    drawn: dict[Any, Any] = {form.row: gr.update(visible=name == parent.system) for name, form in forms.items()}
    for option, control in zip(SYSTEM_FORM[parent.system], forms[parent.system].controls, strict=True):
        drawn[control] = gr.update(value=values[option.name])
    return drawn
