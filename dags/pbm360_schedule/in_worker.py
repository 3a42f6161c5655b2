"""Run chapters and commands in the worker itself, whose environment holds the library and the named kernel."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from airflow.exceptions import AirflowException
from airflow.providers.papermill.operators.papermill import PapermillOperator
from airflow.sdk import BaseOperator, Context


class ChapterOperator(PapermillOperator):
    """Execute a chapter and keep the executed notebook, a failed one too. Nothing is passed on by XCom."""

    def execute(self, context: Context) -> None:
        """Make the output's folder where it is one of this machine (papermill makes none), then execute."""
        if "://" not in self.output_nb:
            Path(self.output_nb).parent.mkdir(parents=True, exist_ok=True)
        super().execute(context)


class CommandOperator(BaseOperator):
    """Run `pbm360 <arguments>` in the task's own process, so that a failure keeps its name."""

    template_fields: Sequence[str] = ("arguments",)

    def __init__(self, *, arguments: Sequence[str], **options):
        super().__init__(**options)
        self.arguments = list(arguments)

    def execute(self, context: Context) -> None:
        """Run the command; raises what it raises, or `AirflowException` where it ends with another code than 0."""
        from pbm360.cli import app  # here, because parsing a DAG must cost nothing

        exit_code = app(self.arguments, standalone_mode=False)
        if exit_code:
            raise AirflowException(f"`pbm360 {self.arguments[0]}` ended with exit code {exit_code}")
