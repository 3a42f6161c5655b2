"""Look at a step of an interactive pipeline without its progress bar, which asks a public CDN for a script."""

from __future__ import annotations

import logging

import pandas as pd
from apache_beam.runners.interactive import interactive_beam, interactive_environment
from IPython.utils.capture import capture_output


def collect(collection, **options) -> pd.DataFrame:
    """Run the pipeline up to a PCollection and return its elements as a frame (`interactive_beam.collect`)."""
    with capture_output():
        return interactive_beam.collect(collection, **options)


def prepare_notebook() -> None:
    """Let Beam log errors only, and keep from the page the script that its first use would load from the network."""
    logging.getLogger("apache_beam").setLevel(logging.ERROR)
    with capture_output():
        interactive_environment.current_env()
