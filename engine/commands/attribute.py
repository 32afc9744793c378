"""``attribute``: which characters, or which modalities, make an entity probable, and how far that explanation can be trusted."""

from __future__ import annotations

import argparse
import re
from typing import TYPE_CHECKING, Any

from engine.commands.counterfactual import add_sentence, sentence_of
from engine.commands.output import add_device, add_json, print_json, use_threads
from engine.errors import ConfigError, InputError
from engine.shipped import SHIPPED

if TYPE_CHECKING:
    from engine.attribution.attribution import Attribution
    from engine.document import Document, Span

_METHODS = ("integrated_gradients", "occlusion", "shapley")
_PLACE = re.compile(r"(\d+)-(\d+):(.+)")
_WIDTH = 24

_DESCRIPTION = """\
Say how much each character, or each modality, adds to the probability of an entity, and measure how far that is so.

  python -m engine attribute --text 王芳昨天到了杭州。 --entity 0-2:PER
  python -m engine attribute --text 王芳昨天到了杭州。 --entity 0-2:PER --method occlusion --json
  python -m engine attribute --checkpoint m3t --text 南京市长江大桥 --speech bridge.wav --entity 0-3:LOC --method shapley

The entity need not be one that the model finds: ask why not by naming what it should have found. Values are in nats, shares of
the logarithm of the entity's probability; above 0 speaks for it. A character that is hidden is one that no vocabulary knows.

  integrated_gradients    by characters; the values add up to what knowing the text changes (gap: by how much they miss it)
  occlusion               by characters: each hidden by itself
  shapley                 by modalities (text, glyph, phonetic, speech, image), exact; --over characters: sampled

Faithfulness: characters are hidden in the order of the values, and shown in it, beside random orders. The score is what both
gain on chance, from -1 to 1; 0 says that the explanation is no better than a random one."""


def add(commands: Any) -> None:
    """Add the command."""
    parser = commands.add_parser(
        "attribute",
        help="say what makes an entity probable, and how far to trust that",
        description=_DESCRIPTION,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add_sentence(parser)
    parser.add_argument("--entity", required=True, metavar="START-END:LABEL", help="the entity asked about, e.g. 0-2:PER")
    parser.add_argument("--method", default=_METHODS[0], choices=_METHODS, help=f"how ({_METHODS[0]})")
    parser.add_argument(
        "--over", default="", choices=("characters", "modalities"), help="whose shares, where the method has both"
    )
    parser.add_argument("--draws", type=int, default=8, metavar="N", help="random orders to compare with (8)")
    parser.add_argument("--seed", type=int, default=1, help="of what is drawn by chance (1)")
    add_device(parser)
    add_json(parser)
    parser.set_defaults(handler=attribute)


def attribute(arguments: argparse.Namespace) -> int:
    """Print the values, and how far to trust them.

    Raises:
        InputError: if the entity is none.
    """
    entity = parse_entity(arguments.entity)
    if arguments.draws < 1:
        raise InputError(f"--draws: expected a number from 1 on, got {arguments.draws}")
    if arguments.precision == "int8":
        raise ConfigError("--precision int8 has no gradients; leave it out")
    use_threads(arguments.threads)
    document = sentence_of(arguments)
    from engine import tagger
    from engine.attribution.attributing import attribute as explain

    model = tagger.load(arguments.checkpoint, *arguments.checkpoints, SHIPPED, device=arguments.device, precision="fp32")
    found = explain(
        model.system, document, entity, arguments.method, over=arguments.over, seed=arguments.seed, draws=arguments.draws
    )
    if arguments.json:
        print_json({"text": document.text, **found.to_json()})
    else:
        _print(document, found)
    return 0


def parse_entity(words: str) -> Span:
    """Read ``START-END:LABEL``.

    Raises:
        InputError: if it is not of this form.
    """
    from engine.document import Span

    found = _PLACE.fullmatch(words)
    if not found or int(found[1]) >= int(found[2]):
        raise InputError(f"--entity: expected START-END:LABEL with START before END, e.g. 0-2:PER, got {words!r}")
    return Span(int(found[1]), int(found[2]), found[3])


def _print(document: Document, found: Attribution) -> None:
    target = found.target
    print(f"{document.mention(target)} {target.label} {target.score or 0:.1%}  {found.method}, by {found.over}")
    most = max((abs(value) for value in found.values), default=0.0) or 1.0
    for player, value in zip(found.players, found.values, strict=True):
        print(f"  {player:<10} {value:+8.3f}  {('+' if value > 0 else '-') * round(_WIDTH * abs(value) / most)}".rstrip())
    if found.gap is not None:
        print(f"sum {sum(found.values):+.3f}, to explain {found.whole - found.empty:+.3f}, gap {found.gap:+.2g}")
    if found.faithfulness is None:
        print("faithfulness: not measured, since there is only one player")
        return
    measured = found.faithfulness
    print(
        f"faithfulness {measured.score:+.3f} ({measured.verdict}): hidden in this order the area is {measured.deletion.area:.3f} "
        f"(random {measured.random_deletion.area:.3f}), shown in it {measured.insertion.area:.3f} "
        f"(random {measured.random_insertion.area:.3f}); beats {measured.beaten[0]:.0%} and {measured.beaten[1]:.0%} of "
        f"{measured.draws} random orders"
    )
