"""The key numbers, as a row of tiles."""

from __future__ import annotations

from pathlib import Path

import traitlets

from pbm360.widgets.writable import ShownWidget


class KpiTiles(ShownWidget):
    """Shows tiles; each keeps its place by its key."""

    _esm = Path(__file__).with_name("tiles.js")
    tiles = traitlets.List(traitlets.Dict()).tag(sync=True)

    def show(self, tiles: list[dict]) -> None:
        """Show tiles, as dicts of figures.tiles.Tile."""
        self.tiles = tiles
