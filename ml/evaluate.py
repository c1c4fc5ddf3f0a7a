"""How good a model is on shipments it never learnt from, beside rivals trained in the same run.

Protocol: shipments after row 2628; every prefix scored at the moment of its latest milestone, each shipment weighing
the same; lane rates as of min(nr - 400, 2628); thresholds for MCC from training rows; ECE over 15 equal-mass bins.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ml.datasets.cargo2000 import read as read_cargo
from ml.examples import CHECKPOINTS, Array, Examples, examples
from ml.lanes import FREEZE, LAG
from ml.metrics import auroc, average_precision, brier, ece, mcc
from ml.model_files import PACKAGED, Model
from ml.model_files import read as read_model
from ml.tokens import TOKEN_NAMES


@dataclass(frozen=True, slots=True)
class Figures:
    """AUROC at the checkpoints and over all prefixes, and the rest over all prefixes."""

    C0: float
    C1: float
    C3: float
    ALL: float
    AP: float
    MCC: float
    Brier: float
    ECE: float


def figures(tested: Examples, probability: Array, threshold: float) -> Figures:
    """Figures of `probability` (n,) on the n prefixes; flagged where it reaches `threshold`."""
    at = {name: tested.checkpoint == place for name, place in CHECKPOINTS.items()}
    areas = {name: auroc(tested.late[m], probability[m], tested.weight[m]) for name, m in at.items()}
    told = (tested.late, probability, tested.weight)
    flagged = (probability >= threshold).astype(np.float64)
    return Figures(
        **{name: round(value, 4) for name, value in areas.items()},
        ALL=round(auroc(*told), 4),
        AP=round(average_precision(*told), 4),
        MCC=round(mcc(tested.late, flagged, tested.weight), 4),
        Brier=round(brier(*told), 4),
        ECE=round(ece(*told), 4),
    )


def odds(model: Model, tested: Examples) -> Array:
    """Log-odds (n,) of the model at the latest report of each prefix, before any calibration."""
    from ml.inference import Ensemble
    from ml.inputs import Inputs

    names = model.scaling.names
    at = [tested.names.index(name) for name in names]
    told, ensemble = tested.tokens.values, Ensemble(model)
    parts = []
    for begin in range(0, len(tested.late), 2048):
        part = slice(begin, begin + 2048)
        state = np.rint(tested.state[part][:, at] * 1e6) / 1e6
        length = tested.count[part] + 1
        seen = told[tested.shipment[part], : int(length.max())]
        seen = np.where((np.arange(seen.shape[1]) < length[:, None])[:, :, None], seen, 0.0)
        parts.append(ensemble.odds(Inputs(names, TOKEN_NAMES, np.rint(seen * 1e6) / 1e6, length, state, state)))
    return np.concatenate(parts)


def stage(of: Examples) -> npt.NDArray[np.str_]:
    """(n,) the stage of the journey of each prefix: booked, inbound, hub, outbound or delivery (only DLV open)."""
    begun = of.state[:, of.names.index("done_outbound")] > 0
    hub = of.state[:, of.names.index("hub_reached")] > 0
    last = of.checkpoint == CHECKPOINTS["C3"]
    told = np.select([last, begun, hub, of.count > 0], ["delivery", "outbound", "hub", "inbound"], "booked")
    return np.asarray(told, dtype=np.str_)


def predict(model: Model, tested: Examples) -> Array:
    """Calibrated probability (n,) at the latest report of each prefix; 1 where the planned end had passed."""
    chances = model.calibration.apply(odds(model, tested))
    return np.asarray(np.where(tested.overrun > 0, 1.0, chances), dtype=np.float64)


def held_out(csv: Path, *, last: int = FREEZE, lag: int = LAG) -> Examples:
    """The prefixes of all rows after `last`, with lane rates frozen there."""
    return examples(read_cargo(csv), freeze=last, lag=lag).beyond(last)


def evaluate(csv: Path, folder: Path | None = None, *, rivals: bool = True) -> dict[str, Figures]:
    """Figures by name: `trailseal` for the model in `folder` (default: the packaged one), and its rivals.

    Rivals need lightgbm (`pip install trailseal[bench]`) and are trained on the same training rows in this call.
    """
    model = read_model(PACKAGED if folder is None else folder)
    all_prefixes = examples(read_cargo(csv))
    tested = all_prefixes.beyond(FREEZE)
    found = {"trailseal": figures(tested, predict(model, tested), model.bands.high)}
    if rivals:
        from ml.challengers import challengers

        after = model.description["recipe"]["validate_after"]
        for one in challengers(all_prefixes.upto(FREEZE), tested, after):
            found[one.name] = figures(tested, one.probability, one.threshold)
    return found


def table(found: Mapping[str, Figures]) -> str:
    """The figures as a Markdown table."""
    names = list(Figures.__dataclass_fields__)
    head = ["| Model | " + " | ".join(names) + " |", "|---|" + "---|" * len(names)]
    rows = [f"| {name} | " + " | ".join(f"{v:.3f}" for v in asdict(f).values()) + " |" for name, f in found.items()]
    return "\n".join([*head, *rows])


def main(argv: Sequence[str] | None = None) -> None:
    """`python -m ml.evaluate CSV [--model FOLDER] [--json FILE] [--no-rivals]`."""
    parser = argparse.ArgumentParser(prog="ml.evaluate", description=__doc__)
    parser.add_argument("csv", type=Path)
    parser.add_argument("--model", type=Path, default=PACKAGED)
    parser.add_argument("--json", type=Path, help="also write the figures there")
    parser.add_argument("--no-rivals", action="store_true")
    asked = parser.parse_args(argv)
    found = evaluate(asked.csv, asked.model, rivals=not asked.no_rivals)
    sys.stdout.write(table(found) + "\n")
    if asked.json:
        asked.json.write_text(json.dumps({name: asdict(f) for name, f in found.items()}, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
