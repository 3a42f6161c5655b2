"""BigQuery ML as the analyzer must know it: `ml.predict` of the one model, by Google's description of a classifier.

https://cloud.google.com/bigquery/docs/reference/standard-sql/bigqueryml-syntax-predict: the columns that go in, the
predicted label, and for each label its probability.
"""

from __future__ import annotations

from zetasql.wasi._pb2.zetasql.proto.simple_catalog_pb2 import SimpleCatalogProto
from zetasql.wasi._pb2.zetasql.public import type_pb2
from zetasql.wasi._pb2.zetasql.public.function_pb2 import ARG_TYPE_MODEL, ARG_TYPE_RELATION, FunctionEnums

from tests.sql.googlesql import Columns
from tests.sql.values import write_type

MODEL_FILES = ("risk/boosted_tree.sql", "risk/boosted_tree_brier.sql")  # no evaluator of GoogleSQL learns a model
DATASET, MODEL, LABEL = "pbm_ops", "risk_boosted_tree", "is_missed"


def add_model(catalog: SimpleCatalogProto, columns: Columns) -> None:
    """Add the model, learnt from these columns, and `ml.predict` of it."""
    dataset = next(inner for inner in catalog.catalog if inner.name == DATASET)
    model = dataset.model.add(name=MODEL)
    for name, kind in columns.items():
        write_type((model.output if name == LABEL else model.input).add(name=name).type, kind)
    predict = catalog.catalog.add(name="ml").custom_tvf.add(
        name_path=["predict"], type=FunctionEnums.FIXED_OUTPUT_SCHEMA_TVF
    )
    for kind in (ARG_TYPE_MODEL, ARG_TYPE_RELATION):
        predict.signature.argument.add(kind=kind, num_occurrences=1)
    answer = predict.signature.return_type
    answer.kind = ARG_TYPE_RELATION
    predicted = answer.options.relation_input_schema.column
    for name, kind in {**columns, f"predicted_{LABEL}": columns[LABEL]}.items():
        write_type(predicted.add(name=name).type, kind)
    chances = predicted.add(name=f"predicted_{LABEL}_probs").type
    chances.type_kind = type_pb2.TYPE_ARRAY
    chance = chances.array_type.element_type
    chance.type_kind = type_pb2.TYPE_STRUCT
    for name, kind in (("label", columns[LABEL]), ("prob", "FLOAT64")):
        write_type(chance.struct_type.field.add(field_name=name).field_type, kind)
