"""The key numbers, as a row of tiles."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import anywidget
import traitlets

from pbm360.figures.tiles import Tile


class KpiTiles(anywidget.AnyWidget):
    """Shows tiles; each keeps its place by its key."""

    _esm = Path(__file__).with_name("tiles.js")
    tiles = traitlets.List(traitlets.Dict()).tag(sync=True)

    def show(self, tiles: Sequence[Tile]) -> None:
        """Show these tiles."""
        self.tiles = [asdict(tile) | {"trend": list(tile.trend)} for tile in tiles]
