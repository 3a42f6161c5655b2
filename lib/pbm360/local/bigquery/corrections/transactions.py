"""Run scripts with DuckDB's own transactions, the job's parameters, and variables that keep their types.

Faults: `begin transaction` copies whole tables, other readers see half of it, and a rollback rewrites them; a script
does not see `@parameters`; a variable replaces a column of its name in silence; a table of a script outlives it.
"""

from __future__ import annotations

import re

import sqlglot
from bqemulator.domain.errors import DomainError, InvalidQueryError
from bqemulator.jobs import executor
from bqemulator.jobs.error_mapper import translate_runtime_error
from bqemulator.scripting import interpreter
from bqemulator.scripting.exceptions import ScriptRaise
from bqemulator.sql.inner_query import rewrite_and_translate_statement
from bqemulator.sql.table_rewriter import rewrite_table_refs
from sqlglot import exp

from pbm360.local.bigquery.corrections.parameters import (
    BoundValue,
    bind_values,
    declared_type,
    requested_values,
)
from pbm360.local.bigquery.patching import replace_everywhere

ERROR_MESSAGE = re.compile(r"@@error\.message", re.IGNORECASE)
VARIABLE_PREFIX = "script_variable_"

emulator_query_body = executor._run_query_body


def install() -> None:
    """Register the script runner."""
    replace_everywhere(interpreter._rewrite_vars_to_params, refuse_other_path)
    replace_everywhere(interpreter.ScriptInterpreter, TransactionalScript)
    replace_everywhere(executor._run_query_body, run_query_body)


def refuse_other_path(sql: str, frames):
    """Refuse the emulator's own way of binding variables (EXECUTE IMMEDIATE takes it): it does not bind them right."""
    raise InvalidQueryError("EXECUTE IMMEDIATE is not supported by the local BigQuery")


async def run_query_body(*, project_id, bq_sql, query_params, ctx, is_scripted, effective_caller):
    """Run a statement, or a script on a session of its own."""
    if not is_scripted:
        return await emulator_query_body(
            project_id=project_id,
            bq_sql=bq_sql,
            query_params=query_params,
            ctx=ctx,
            is_scripted=False,
            effective_caller=effective_caller,
        )
    script = TransactionalScript(ctx, project_id, caller=effective_caller, query_parameters=query_params)
    with ctx.engine.private_session():
        try:
            return await executor._run_script(script, bq_sql, ctx)
        except ScriptRaise as raised:
            raise raised.error from raised


class TransactionalScript(interpreter.ScriptInterpreter):
    """A script whose transactions are DuckDB's: others see all of one or nothing, and an error undoes it."""

    def __init__(self, ctx, project_id, *, caller=None, query_parameters=None):
        super().__init__(ctx, project_id, caller=caller)
        self._parameters = requested_values(query_parameters)

    async def run(self, source: str):
        """Run the script; a transaction that is open at its end is undone, as in BigQuery."""
        try:
            return await super().run(source)
        finally:
            if self._ctx.engine.in_transaction:
                self._ctx.engine.rollback()

    async def _handle_txn_statement(self, operation: str) -> None:
        engine = self._ctx.engine
        if operation == "BEGIN":
            if engine.in_transaction:
                raise InvalidQueryError("Transaction is already in progress", location="query")
            engine.begin()
            return
        if not engine.in_transaction:
            raise InvalidQueryError(f"There is no transaction in progress to {operation.lower()}", location="query")
        if operation == "COMMIT":
            engine.commit()
        else:
            engine.rollback()

    async def _exec_sql(self, sql: str) -> None:
        if interpreter._classify_txn_statement(sql.strip()) is not None or interpreter._is_row_producing(sql):
            await super()._exec_sql(sql)
            return
        if self._ctx.engine.in_transaction:
            _refuse_permanent_ddl(sql)
        with self._ctx.engine.transaction():
            await super()._exec_sql(sql)

    async def _exec_declare(self, stmt) -> None:
        value = None
        if stmt.default_expr is not None:
            value = await self._eval_typed(stmt.default_expr, stmt.type_name)
        for name in stmt.names:
            self._frames.declare(name.lower(), stmt.type_name, value)

    async def _exec_set(self, stmt) -> None:
        variables = self._frames.all_visible()
        unknown = [name for name in stmt.targets if name.lower() not in variables]
        if unknown:
            raise InvalidQueryError(f"Undeclared variable: {unknown[0]}", location="query")
        if len(stmt.targets) == 1:
            name = stmt.targets[0].lower()
            self._frames.set(name, await self._eval_typed(stmt.source_expr, variables[name].type_name))
            return
        row = await self._eval_expr_row(stmt.source_expr)
        if len(row) == 1 and isinstance(row[0], dict):  # select as struct
            row = list(row[0].values())
        for name, value in zip(stmt.targets, row, strict=True):
            self._frames.set(name.lower(), value)

    async def _eval_typed(self, expression: str, type_name: str):
        if not type_name or declared_type(type_name) is None:
            return await self._eval_expr_scalar(expression)
        return await self._eval_expr_scalar(f"CAST(({expression}) AS {type_name})")

    async def _run_query(self, bq_sql: str):
        duckdb_sql = ""
        try:
            with_names, values = self._with_variables(self._rewrite_temp_calls(bq_sql))
            translated = await rewrite_and_translate_statement(
                with_names,
                project_id=self._project_id,
                ctx=self._ctx,
                caller=self._caller,
                translator=self._translator,
            )
            duckdb_sql = rewrite_table_refs(translated, self._project_id)
            duckdb_sql, used = bind_values(duckdb_sql, values)
            return self._ctx.engine.fetch_arrow(duckdb_sql, used or None)
        except DomainError:
            raise
        except Exception as error:  # every failure of the engine is a failure of the statement
            mapped = translate_runtime_error(error, duckdb_sql=duckdb_sql)
            raise (mapped if isinstance(mapped, DomainError) else InvalidQueryError(str(error))) from error

    def _with_variables(self, bq_sql: str) -> tuple[str, dict[str, BoundValue]]:
        """Turn script variables into named parameters; returns the SQL and every value that it may use."""
        visible = self._frames.all_visible()
        bq_sql = ERROR_MESSAGE.sub("__error_message__", bq_sql)
        values = dict(self._parameters)
        if not visible:
            return bq_sql, values
        tree = sqlglot.parse_one(bq_sql, read="bigquery")
        replaced = False
        for column in list(tree.find_all(exp.Column)):
            replaced |= _put_parameter(column, visible)
        if not replaced:
            return bq_sql, values
        self._refuse_ambiguous_names(tree, visible)
        for name, variable in visible.items():
            value = variable.value
            if isinstance(value, dict):
                values |= {
                    f"{VARIABLE_PREFIX}{name}__{field.lower()}": BoundValue(value[field], None) for field in value
                }
            values[VARIABLE_PREFIX + name] = BoundValue(value, declared_type(variable.type_name))
        return tree.sql(dialect="bigquery"), values

    def _refuse_ambiguous_names(self, tree: exp.Expression, visible) -> None:
        """Refuse a variable that is named like a column in reach: BigQuery would take the column."""
        used = {node.name[len(VARIABLE_PREFIX) :].split("__")[0] for node in tree.find_all(exp.Parameter)}
        columns: set[str] = set()
        for table in tree.find_all(exp.Table):
            meta = self._ctx.catalog.get_table(table.catalog or self._project_id, table.db, table.name)
            columns |= {field.name.lower() for field in meta.schema_.fields} if meta else set()
        columns |= {
            alias.alias.lower()
            for alias in tree.find_all(exp.Alias)
            if not isinstance(alias.this, exp.Parameter) and alias.find_ancestor(exp.Subquery, exp.CTE)
        }
        both = sorted(used & columns & set(visible))
        if both:
            raise InvalidQueryError(
                f"script variable {both[0]} has the name of a column in the same statement, and BigQuery would take "
                "the column; rename the variable",
                location="query",
            )


def _put_parameter(column: exp.Column, visible) -> bool:
    name, owner = column.name.lower(), column.table.lower()
    if owner:
        variable = visible.get(owner)
        if variable is None or not isinstance(variable.value, dict):
            return False
        column.replace(exp.Parameter(this=exp.Var(this=f"{VARIABLE_PREFIX}{owner}__{name}")))
        return True
    if name not in visible:
        return False
    parameter: exp.Expression = exp.Parameter(this=exp.Var(this=VARIABLE_PREFIX + name))
    if interpreter._is_top_level_projection(column):
        parameter = exp.alias_(parameter, column.name)
    column.replace(parameter)
    return True


def _refuse_permanent_ddl(sql: str) -> None:
    tree = sqlglot.parse_one(sql, read="bigquery")
    is_temporary = isinstance(tree, exp.Create) and bool(tree.find(exp.TemporaryProperty))
    if isinstance(tree, (exp.Create, exp.Drop, exp.Alter)) and not is_temporary and tree.args.get("kind") != "FUNCTION":
        raise InvalidQueryError(
            "DDL on permanent objects is not allowed inside a transaction; create the table before it", location="query"
        )
