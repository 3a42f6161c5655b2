"""The laptop's BigQuery: bqemulator 1.4.0 over DuckDB behind Google's ordinary clients, corrected where it departs.

`python -m pbm360.local.bigquery --data-dir D --ready-file F` serves REST and the Storage API on 127.0.0.1. It is for
one person's machine: no permissions, no quotas, no bytes billed (`dry_run` says 0).

Fault of the emulator -> where it is mended (test file in tests/local/bigquery):

- the start downloads an extension for GEOGRAPHY -> engine: not loaded (test_server)
- a short query waits for a long one -> request_threads, engine: a thread and a cursor each (test_concurrency)
- a transaction copies tables, and others see half of it -> engine, transactions: DuckDB's own (test_scripts)
- scripts see no `@parameters`; their temporary tables outlive them -> transactions (test_parameters, test_scripts)
- parameters lose types, BYTES stay base64 -> parameters (test_parameters)
- jobs.query answers 200 with `errors`, so that query_and_wait sees 0 rows -> jobs (test_failures)
- what is unforeseen is a 500, which clients repeat for ten minutes -> request_threads: 400 (test_failures)
- a table and its entry are written one by one -> jobs: one transaction (test_definitions)
- `destination` and labels are dropped -> jobs (test_jobs)
- `$partition` decorators are ignored -> jobs, uploads: refused (test_jobs, test_loads)
- require_partition_filter is ignored -> partition_filters (test_definitions)
- descriptions, NOT NULL, clustering, numRows are lost -> definitions (test_definitions)
- there is no INFORMATION_SCHEMA.COLUMN_FIELD_PATHS -> information_schema (test_definitions)
- parquet is matched by position, unknown fields are dropped, uploads refused -> uploads (test_loads)
- appends that do not fit are accepted; a filter that fails is dropped -> storage_api (test_storage_api)
- timestamp_diff counts boundaries; weeks are wrong; odd texts are timestamps -> meanings (test_dates)
- div and mod lose parentheses; casts round halves to even; 't' is a bool -> meanings (test_numbers)
- NUMERIC is decimal(18, 3) -> meanings (test_numbers)
- approx_quantiles(...)[offset(n)] is off by one -> meanings (test_numbers)
- an index out of bounds is null -> meanings (test_queries)
- JSON is read loosely, numbers written anew, each value by a parse of its own -> json_documents, json_gathering
  (test_json_and_bytes)
- bytes that are not UTF-8 become null or an error -> meanings (test_json_and_bytes)
- escapes stay as they stand; an apostrophe in a comment opens a literal -> literals (test_literals)
- DuckDB's functions and reserved words show through -> functions, translation (test_queries)
- DELETE and UPDATE without WHERE pass -> meanings (test_changes)
- every write copies its table for time travel -> bounds: no history, reading one is refused (test_queries)
- a query's result can't be read by Storage Read -> result_tables (test_storage_api)
- results, jobs and read sessions pile up -> catalog, storage_api (test_catalog)
- a column that a REST update adds is in the catalog alone -> definitions (test_definitions)
- CREATE MODEL succeeds and learns nothing -> jobs: refused (test_queries)
- a statement is parsed some twenty times at each run, and the views that it reads with it -> memory (test_definitions)

Refused, though BigQuery takes it: `for system_time as of`, EXECUTE IMMEDIATE, ASSERT, `@@row_count`, decorators,
`unnest` of structs `with offset`, format's `%t`, `extract(time from ...)`, JSON paths with quoted keys, `declare` of a
STRUCT, `rb''` literals, names that the parser keeps for itself (`out`), GEOGRAPHY; DDL in a transaction (BigQuery too).

Lenient, so that a statement may pass here and fail there; tests with Google's own analyzer find these: the types of
comparisons, of `if`, `case`, `concat`, INSERT (`1 = '1'`); `distinct on`; the order of structs; a partition filter that
a table requires by the REST interface or behind a view; quotas, maximum_bytes_billed.

Different: json_value takes no text behind the document; NUMERIC divided is FLOAT64, and multiplied is typed BIGNUMERIC;
after an error in a transaction only its rollback is possible.
"""
