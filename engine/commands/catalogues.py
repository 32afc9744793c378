"""``systems`` and ``checkpoints``: what there is."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from engine.commands.output import add_json, print_json, print_table
from engine.shipped import SHIPPED

if TYPE_CHECKING:
    from engine.systems.contract import System


def add(commands: Any) -> None:
    """Add both commands."""
    systems = commands.add_parser(
        "systems",
        help="list the systems that can be trained",
        description="List the systems: what each consumes, what evidence it gives, and the paper it comes from.",
    )
    add_json(systems)
    systems.set_defaults(handler=list_systems)
    checkpoints = commands.add_parser(
        "checkpoints",
        help="list the trained models and the encoders",
        description="List the trained models and the encoders that ship with Duomo, and the trained models of further folders.",
    )
    checkpoints.add_argument("folders", nargs="*", metavar="DIR", help="further folders of checkpoints")
    checkpoints.add_argument("--lineage", action="store_true", help="draw which trained model was made from which")
    add_json(checkpoints)
    checkpoints.set_defaults(handler=list_checkpoints)


def list_systems(arguments: argparse.Namespace) -> int:
    """Print every system."""
    from engine.systems import SYSTEMS

    systems = list(SYSTEMS.values())
    if arguments.json:
        print_json([_declaration(system) for system in systems])
        return 0
    rows = [
        (
            system.name,
            ", ".join(modality.name for modality in system.modalities),
            ", ".join(system.emits),
            "yes" if system.nested else "no",
            f"{system.paper.title}, {system.paper.year}",
        )
        for system in systems
    ]
    print_table(rows, ("name", "modalities", "emits", "nested", "paper"))
    return 0


def _declaration(system: type[System]) -> dict[str, Any]:
    return {
        "name": system.name,
        "modalities": [modality.name for modality in system.modalities],
        "emits": list(system.emits),
        "nested": system.nested,
        "paper": {"title": system.paper.title, "year": system.paper.year, "differs": system.paper.differs},
    }


def list_checkpoints(arguments: argparse.Namespace) -> int:
    """Print every checkpoint, or which was made from which."""
    if arguments.lineage:
        return _show_lineage(arguments)
    from engine.checkpoint import WEIGHTS, catalogue
    from engine.layers.efficientnet import is_efficientnet
    from engine.layers.learned_table import TABLE, our_tables
    from engine.layers.text_encoder import our_encoders

    rows: list[dict[str, Any]] = [
        {"name": i.name, "system": i.system, "labels": list(i.labels), "size_bytes": i.size_bytes, "path": str(i.path)}
        for i in catalogue(*arguments.folders, SHIPPED)
    ]
    for folder in our_encoders():
        size = (folder / WEIGHTS).stat().st_size
        rows.append({"name": folder.name, "system": "encoder", "labels": [], "size_bytes": size, "path": str(folder)})
    for folder in sorted(folder for folder in SHIPPED.iterdir() if is_efficientnet(folder)):
        size = (folder / WEIGHTS).stat().st_size
        rows.append({"name": folder.name, "system": "vision encoder", "labels": [], "size_bytes": size, "path": str(folder)})
    for folder, modality in our_tables():
        size = (folder / WEIGHTS).stat().st_size + (folder / TABLE).stat().st_size
        rows.append({"name": folder.name, "system": f"{modality} vectors", "labels": [], "size_bytes": size, "path": str(folder)})
    if arguments.json:
        print_json(rows)
    else:
        print_table(
            [(r["name"], r["system"], " ".join(r["labels"]), f"{r['size_bytes'] / 1e6:.1f} MB", r["path"]) for r in rows],
            ("name", "system", "labels", "size", "path"),
        )
    return 0


def _show_lineage(arguments: argparse.Namespace) -> int:
    from engine.checkpoint import catalogue
    from engine.lineage import drawn, lineage

    roots = lineage(catalogue(*arguments.folders, SHIPPED))
    if arguments.json:
        print_json([root.to_json() for root in roots])
    else:
        for line in drawn(roots):
            print(line)
    return 0
