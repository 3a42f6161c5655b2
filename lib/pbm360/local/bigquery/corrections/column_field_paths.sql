-- INFORMATION_SCHEMA.COLUMN_FIELD_PATHS over the emulator's own catalog.
create or replace view _bqemulator_catalog.column_field_paths as
    select
        project_id as table_catalog,
        dataset_id as table_schema,
        table_id as table_name,
        field ->> 'name' as column_name,
        field ->> 'name' as field_path,
        case when field ->> 'mode' = 'REPEATED' then 'ARRAY<' || kind || '>' else kind end as data_type,
        field ->> 'description' as description
    from (
        select
            *,
            case field ->> 'type'
                when 'INTEGER' then 'INT64'
                when 'FLOAT' then 'FLOAT64'
                when 'BOOLEAN' then 'BOOL'
                when 'RECORD' then 'STRUCT'
                else field ->> 'type'
            end as kind
        from (
            select project_id, dataset_id, table_id, unnest(cast(metadata_json -> '$.schema.fields' as json[])) as field
            from _bqemulator_catalog.tables
        )
    );
