-- Bronze to gold in DuckDB's own SQL: what a build through `pbm360 build` is measured against.
-- Frozen: it changes only where the rules of the domain do, so that the measure stays the same.
-- Its tables are compared with the build's, row by row (tests/benchmarks/native.py).
-- Parameters: first_date, last_date, cut_at. After the statement `-- pseudonyms` Python makes them
-- (the key never enters SQL).

create or replace macro count_where(condition) as count(case when condition then 1 end);

create or replace macro text_of(part) as
    case
        when left(part, 1) in ('{', '[') then null
        when left(part, 1) != '"' then cast(part as varchar)
        when contains(part, '\') then json_extract_string(part, '$')
        else cast(part as varchar)[2:-2]
    end;

create or replace temp table judged as
with
    deliveries as (
        select
            message_id,
            publish_time,
            ingested_at,
            known_at,
            source as attribute_source,
            payload
        from bronze.raw_orders
        where
            known_date between $first_date and $last_date
            and ingested_at <= $cut_at
            and message_id not in (select message_id from silver.stg_order_events)
            and message_id not in (select message_id from silver.rejected_events)
    ),
    repeated as (
        select message_id, min((known_at, ingested_at)) as first_known
        from deliveries
        group by message_id
        having count(*) > 1
    ),
    messages as (
        select
            deliveries.* exclude (payload),
            try(decode(deliveries.payload)) as text
        from deliveries
        left join repeated on repeated.message_id = deliveries.message_id
        where
            repeated.message_id is null
            or (deliveries.known_at, deliveries.ingested_at) = repeated.first_known
    ),
    parsed as (
        select
            * exclude (text),
            case
                when
                    not contains(text, chr(0))
                    and not contains(text, chr(65533))
                    and left(text, 1) != chr(65279)
                    and case
                        when length(text) > 500
                            then length(text) - length(replace(replace(text, '[', ''), '{', '')) <= 500
                        else true
                    end
                    then try(
                        from_json(
                            text,
                            '{"id": "JSON", "source": "JSON", "type": "JSON", "time": "JSON",
                              "subject": "JSON", "specversion": "JSON", "dataschema": "JSON",
                              "data": "JSON"}'
                        )
                    )
            end as event
        from messages
    ),
    envelopes as (
        select
            message_id,
            publish_time,
            ingested_at,
            known_at,
            attribute_source,
            event is null as is_malformed,
            event.data as data_json,
            case
                when left(event.data, 1) = '{'
                    then from_json(
                        event.data,
                        '{"patient_id": "JSON", "pharmacy_id": "VARCHAR",
                          "drug_ndc": "VARCHAR", "carrier": "VARCHAR",
                          "priority": "VARCHAR", "channel": "VARCHAR",
                          "is_reship": "VARCHAR", "reason": "VARCHAR",
                          "previous_order_id": "VARCHAR", "quantity": "VARCHAR",
                          "days_supply": "VARCHAR", "fill_number": "VARCHAR",
                          "need_by_date": "VARCHAR", "reject_codes": "VARCHAR",
                          "plan_type": "VARCHAR", "patient_pay": "VARCHAR",
                          "patient_pay_usd": "VARCHAR", "decision": "VARCHAR",
                          "items_expected": "VARCHAR", "items_packed": "VARCHAR",
                          "documents_complete": "VARCHAR", "station": "VARCHAR",
                          "station_id": "VARCHAR", "scanner_id": "VARCHAR",
                          "lot": "VARCHAR", "shift": "VARCHAR", "pack_type": "VARCHAR",
                          "temperature_class": "VARCHAR", "condition": "VARCHAR",
                          "service": "VARCHAR", "substatus": "VARCHAR", "zip3": "VARCHAR",
                          "promised_at": "VARCHAR", "degrees_celsius": "VARCHAR",
                          "minutes_outside": "VARCHAR", "wait": "VARCHAR",
                          "abandoned": "VARCHAR", "nps": "VARCHAR", "csat": "VARCHAR",
                          "corrects_id": "VARCHAR", "correction_reason": "VARCHAR"}'
                    )
            end as data,
            event.specversion as specversion_json,
            event.id as id_json,
            event.source as source_json,
            event.type as type_json,
            event.time as time_json,
            event.subject as subject_json,
            coalesce(text_of(event.dataschema), 'order-event/1') as dataschema,
            left(event.dataschema, 1) in ('{', '[') as is_schema_nested
        from parsed
    ),
    texts as (
        select
            envelopes.* exclude (data),
            text_of(id_json) as id_text,
            text_of(source_json) as source_text,
            text_of(type_json) as type_text,
            text_of(time_json) as time_text,
            text_of(subject_json) as subject_text,
            rule_schemas.schema_version,
            data.patient_id as patient_id_json,
            text_of(data.patient_id) as patient_id,
            data.pharmacy_id as pharmacy_id_text,
            data.drug_ndc as drug_ndc_text,
            data.carrier as carrier_text,
            data.priority as priority_text,
            data.channel as channel_text,
            data.is_reship as is_reship_text,
            data.reason as reason_text,
            data.previous_order_id as previous_order_id_text,
            data.quantity as quantity_text,
            data.days_supply as days_supply_text,
            data.fill_number as fill_number_text,
            data.need_by_date as need_by_date_text,
            data.reject_codes as reject_codes_text,
            data.plan_type as plan_type_text,
            if(schema_version >= 2, data.patient_pay_usd, data.patient_pay) as patient_pay_text,
            data.decision as decision_text,
            data.items_expected as items_expected_text,
            data.items_packed as items_packed_text,
            data.documents_complete as documents_complete_text,
            if(schema_version >= 2, data.station_id, data.station) as station_text,
            data.scanner_id as scanner_id_text,
            data.lot as lot_text,
            if(schema_version >= 2, data.shift, null) as shift_text,
            data.pack_type as pack_type_text,
            data.temperature_class as temperature_class_text,
            data.condition as condition_text,
            data.service as service_text,
            data.substatus as substatus_text,
            data.zip3 as zip3_text,
            data.promised_at as promised_at_text,
            data.degrees_celsius as degrees_celsius_text,
            data.minutes_outside as minutes_outside_text,
            data.wait as wait_text,
            data.abandoned as abandoned_text,
            data.nps as nps_text,
            data.csat as csat_text,
            data.corrects_id as corrects_id_text,
            data.correction_reason as correction_reason_text
        from envelopes
        left join ops.rule_schemas as rule_schemas
            on rule_schemas.dataschema = envelopes.dataschema and is_schema_nested is not true
    ),
    fields (position, field, member, member_of_version_2) as (
        values
            (0, 'pharmacy_id', 'pharmacy_id', 'pharmacy_id'),
            (1, 'drug_ndc', 'drug_ndc', 'drug_ndc'),
            (2, 'carrier', 'carrier', 'carrier'),
            (3, 'priority', 'priority', 'priority'),
            (4, 'channel', 'channel', 'channel'),
            (5, 'is_reship', 'is_reship', 'is_reship'),
            (6, 'reason', 'reason', 'reason'),
            (7, 'previous_order_id', 'previous_order_id', 'previous_order_id'),
            (8, 'quantity', 'quantity', 'quantity'),
            (9, 'days_supply', 'days_supply', 'days_supply'),
            (10, 'fill_number', 'fill_number', 'fill_number'),
            (11, 'need_by_date', 'need_by_date', 'need_by_date'),
            (12, 'reject_codes', 'reject_codes', 'reject_codes'),
            (13, 'plan_type', 'plan_type', 'plan_type'),
            (14, 'patient_pay', 'patient_pay', 'patient_pay_usd'),
            (15, 'decision', 'decision', 'decision'),
            (16, 'items_expected', 'items_expected', 'items_expected'),
            (17, 'items_packed', 'items_packed', 'items_packed'),
            (18, 'documents_complete', 'documents_complete', 'documents_complete'),
            (19, 'station', 'station', 'station_id'),
            (20, 'scanner_id', 'scanner_id', 'scanner_id'),
            (21, 'lot', 'lot', 'lot'),
            (22, 'shift', '', 'shift'),
            (23, 'pack_type', 'pack_type', 'pack_type'),
            (24, 'temperature_class', 'temperature_class', 'temperature_class'),
            (25, 'condition', 'condition', 'condition'),
            (26, 'service', 'service', 'service'),
            (27, 'substatus', 'substatus', 'substatus'),
            (28, 'zip3', 'zip3', 'zip3'),
            (29, 'promised_at', 'promised_at', 'promised_at'),
            (30, 'degrees_celsius', 'degrees_celsius', 'degrees_celsius'),
            (31, 'minutes_outside', 'minutes_outside', 'minutes_outside'),
            (32, 'wait', 'wait', 'wait'),
            (33, 'abandoned', 'abandoned', 'abandoned'),
            (34, 'nps', 'nps', 'nps'),
            (35, 'csat', 'csat', 'csat'),
            (36, 'corrects_id', 'corrects_id', 'corrects_id'),
            (37, 'correction_reason', 'correction_reason', 'correction_reason')
    ),
    nested_fields as (
        select message_id, arg_min(field, position) as nested_field
        from texts
        cross join fields
        where
            regexp_matches(data_json[2:], '[\[{]')
            and json_type(
                data_json, '$.' || if(schema_version >= 2, member_of_version_2, member)
            ) in ('OBJECT', 'ARRAY')
        group by message_id
    ),
    typed as (
        select
            texts.*,
            nested_fields.nested_field,
            rule_source.value as source,
            rule_type.value as event_type,
            if(
                regexp_matches(
                    texts.time_text,
                    '^[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ]([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]'
                    || '(\.[0-9]{1,9})?([Zz]|[+-](0[0-9]|1[0-3]):[0-5][0-9]|[+-]14:00)$'
                ),
                try_cast(
                    regexp_replace(texts.time_text, '(\.[0-9]{6})[0-9]+', '\1') as timestamptz
                ),
                null
            ) as event_at,
            if(
                regexp_matches(texts.pharmacy_id_text, '^[!-~]{1,128}$'),
                texts.pharmacy_id_text,
                null
            ) as pharmacy_id,
            if(
                regexp_matches(replace(texts.drug_ndc_text, '-', ''), '^[0-9]{10,11}$'),
                lpad(replace(texts.drug_ndc_text, '-', ''), 11, '0'),
                null
            ) as drug_ndc,
            rule_carrier.value as carrier,
            rule_priority.value as priority,
            rule_channel.value as channel,
            case lower(texts.is_reship_text)
                when 'true' then true
                when 'false' then false
            end as is_reship,
            rule_reason.value as reason,
            if(
                regexp_matches(texts.previous_order_id_text, '^[!-~]{1,128}$'),
                texts.previous_order_id_text,
                null
            ) as previous_order_id,
            if(
                regexp_matches(texts.quantity_text, '^-?[0-9]{1,15}(\.[0-9]{1,9})?$'),
                try_cast(texts.quantity_text as decimal(38, 9)),
                null
            ) as quantity,
            if(
                regexp_matches(texts.days_supply_text, '^-?[0-9]{1,15}$'),
                try_cast(texts.days_supply_text as bigint),
                null
            ) as days_supply,
            if(
                regexp_matches(texts.fill_number_text, '^-?[0-9]{1,15}$'),
                try_cast(texts.fill_number_text as bigint),
                null
            ) as fill_number,
            if(
                regexp_matches(texts.need_by_date_text, '^[0-9]{4}-[0-9]{2}-[0-9]{2}$'),
                try_cast(texts.need_by_date_text as date),
                null
            ) as need_by_date,
            if(
                regexp_matches(texts.reject_codes_text, '^[!-~]{1,128}$'),
                texts.reject_codes_text,
                null
            ) as reject_codes,
            rule_plan_type.value as plan_type,
            if(
                regexp_matches(texts.patient_pay_text, '^-?[0-9]{1,15}(\.[0-9]{1,9})?$'),
                try_cast(texts.patient_pay_text as decimal(38, 9)),
                null
            ) as patient_pay_usd,
            rule_decision.value as decision,
            if(
                regexp_matches(texts.items_expected_text, '^-?[0-9]{1,15}$'),
                try_cast(texts.items_expected_text as bigint),
                null
            ) as items_expected,
            if(
                regexp_matches(texts.items_packed_text, '^-?[0-9]{1,15}$'),
                try_cast(texts.items_packed_text as bigint),
                null
            ) as items_packed,
            case lower(texts.documents_complete_text)
                when 'true' then true
                when 'false' then false
            end as is_documents_complete,
            if(
                regexp_matches(texts.station_text, '^[!-~]{1,128}$'),
                texts.station_text,
                null
            ) as station,
            if(
                regexp_matches(texts.scanner_id_text, '^[!-~]{1,128}$'),
                texts.scanner_id_text,
                null
            ) as scanner_id,
            if(
                regexp_matches(texts.lot_text, '^[!-~]{1,128}$'),
                texts.lot_text,
                null
            ) as lot,
            rule_shift.value as shift,
            rule_pack_type.value as pack_type,
            rule_temperature_class.value as temperature_class,
            rule_condition.value as condition,
            rule_service.value as service,
            rule_substatus.value as substatus,
            if(
                regexp_matches(texts.zip3_text, '^[0-9]{3}$'),
                texts.zip3_text,
                null
            ) as zip3,
            if(
                regexp_matches(
                    texts.promised_at_text,
                    '^[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ]([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]'
                    || '(\.[0-9]{1,9})?([Zz]|[+-](0[0-9]|1[0-3]):[0-5][0-9]|[+-]14:00)$'
                ),
                try_cast(
                    regexp_replace(texts.promised_at_text,
                        '(\.[0-9]{6})[0-9]+', '\1') as timestamptz
                ),
                null
            ) as promised_at,
            if(
                regexp_matches(texts.degrees_celsius_text, '^-?[0-9]{1,15}(\.[0-9]{1,9})?$'),
                try_cast(texts.degrees_celsius_text as decimal(38, 9)),
                null
            ) as temperature_celsius,
            if(
                regexp_matches(texts.minutes_outside_text, '^-?[0-9]{1,15}$'),
                try_cast(texts.minutes_outside_text as bigint),
                null
            ) as minutes_outside,
            if(
                regexp_matches(texts.wait_text, '^-?[0-9]{1,15}(\.[0-9]{1,9})?$'),
                try_cast(texts.wait_text as decimal(38, 9)),
                null
            ) as wait_seconds,
            case lower(texts.abandoned_text)
                when 'true' then true
                when 'false' then false
            end as is_abandoned,
            if(
                regexp_matches(texts.nps_text, '^-?[0-9]{1,15}$'),
                try_cast(texts.nps_text as bigint),
                null
            ) as nps,
            if(
                regexp_matches(texts.csat_text, '^-?[0-9]{1,15}$'),
                try_cast(texts.csat_text as bigint),
                null
            ) as csat,
            if(
                regexp_matches(texts.corrects_id_text, '^[!-~]{1,128}$'),
                texts.corrects_id_text,
                null
            ) as corrects_id,
            rule_correction_reason.value as correction_reason
        from texts
        left join nested_fields on nested_fields.message_id = texts.message_id
        left join ops.rule_codes as rule_source
            on rule_source.field = 'source'
            and rule_source.code = lower(trim(texts.source_text, ' '))
        left join ops.rule_codes as rule_type
            on rule_type.field = 'type'
            and rule_type.code = lower(trim(texts.type_text, ' '))
        left join ops.rule_codes as rule_carrier
            on rule_carrier.field = 'carrier'
            and rule_carrier.code = lower(trim(texts.carrier_text, ' '))
        left join ops.rule_codes as rule_priority
            on rule_priority.field = 'priority'
            and rule_priority.code = lower(trim(texts.priority_text, ' '))
        left join ops.rule_codes as rule_channel
            on rule_channel.field = 'channel'
            and rule_channel.code = lower(trim(texts.channel_text, ' '))
        left join ops.rule_codes as rule_reason
            on rule_reason.field = 'reason'
            and rule_reason.code = lower(trim(texts.reason_text, ' '))
        left join ops.rule_codes as rule_plan_type
            on rule_plan_type.field = 'plan_type'
            and rule_plan_type.code = lower(trim(texts.plan_type_text, ' '))
        left join ops.rule_codes as rule_decision
            on rule_decision.field = 'decision'
            and rule_decision.code = lower(trim(texts.decision_text, ' '))
        left join ops.rule_codes as rule_shift
            on rule_shift.field = 'shift'
            and rule_shift.code = lower(trim(texts.shift_text, ' '))
        left join ops.rule_codes as rule_pack_type
            on rule_pack_type.field = 'pack_type'
            and rule_pack_type.code = lower(trim(texts.pack_type_text, ' '))
        left join ops.rule_codes as rule_temperature_class
            on rule_temperature_class.field = 'temperature_class'
            and rule_temperature_class.code = lower(trim(texts.temperature_class_text, ' '))
        left join ops.rule_codes as rule_condition
            on rule_condition.field = 'condition'
            and rule_condition.code = lower(trim(texts.condition_text, ' '))
        left join ops.rule_codes as rule_service
            on rule_service.field = 'service'
            and rule_service.code = lower(trim(texts.service_text, ' '))
        left join ops.rule_codes as rule_substatus
            on rule_substatus.field = 'substatus'
            and rule_substatus.code = lower(trim(texts.substatus_text, ' '))
        left join ops.rule_codes as rule_correction_reason
            on rule_correction_reason.field = 'correction_reason'
            and rule_correction_reason.code = lower(trim(texts.correction_reason_text, ' '))
    ),
    verdicts as (
        select
            *,
            case
                when is_malformed then 'malformed_json:'
                when
                    coalesce(data_json, 'null') != 'null' and left(data_json, 1) != '{'
                    then 'malformed_json:data'
                when
                    coalesce(left(id_json, 1), '') != '"' or id_text = ''
                    then 'missing_field:id'
                when
                    coalesce(left(source_json, 1), '') != '"' or source_text = ''
                    then 'missing_field:source'
                when
                    coalesce(left(type_json, 1), '') != '"' or type_text = ''
                    then 'missing_field:type'
                when
                    coalesce(left(time_json, 1), '') != '"' or time_text = ''
                    then 'missing_field:time'
                when
                    coalesce(left(subject_json, 1), '') != '"' or subject_text = ''
                    then 'missing_field:subject'
                when not regexp_matches(id_text, '^[!-~]{1,128}$') then 'invalid_id:id'
                when not regexp_matches(subject_text, '^[!-~]{1,128}$') then 'invalid_id:subject'
                when coalesce(specversion_json, '') != '"1.0"' then 'unknown_schema:specversion'
                when schema_version is null then 'unknown_schema:dataschema'
                when source is null then 'unknown_source:source'
                when event_type is null then 'unknown_type:type'
                when event_at is null then 'invalid_time:time'
                when
                    event_at < timestamptz '2010-01-01 00:00:00+00'
                    or event_at > known_at + interval 1 day
                    then 'implausible_time:time'
                when nested_field is not null then concat('wrong_type:', nested_field)
                when
                    pharmacy_id_text is not null and pharmacy_id is null
                    then 'wrong_type:pharmacy_id'
                when
                    carrier_text is not null and carrier is null
                    then 'unknown_code:carrier'
                when
                    priority_text is not null and priority is null
                    then 'unknown_code:priority'
                when
                    channel_text is not null and channel is null
                    then 'unknown_code:channel'
                when
                    is_reship_text is not null and is_reship is null
                    then 'wrong_type:is_reship'
                when
                    reason_text is not null and reason is null
                    then 'unknown_code:reason'
                when
                    previous_order_id_text is not null and previous_order_id is null
                    then 'wrong_type:previous_order_id'
                when
                    quantity_text is not null and quantity is null
                    then 'wrong_type:quantity'
                when
                    quantity not between 0 and 100000
                    then 'out_of_range:quantity'
                when
                    days_supply_text is not null and days_supply is null
                    then 'wrong_type:days_supply'
                when
                    days_supply not between 1 and 400
                    then 'out_of_range:days_supply'
                when
                    fill_number_text is not null and fill_number is null
                    then 'wrong_type:fill_number'
                when
                    fill_number not between 1 and 1000
                    then 'out_of_range:fill_number'
                when
                    need_by_date_text is not null and need_by_date is null
                    then 'wrong_type:need_by_date'
                when
                    reject_codes_text is not null and reject_codes is null
                    then 'wrong_type:reject_codes'
                when
                    plan_type_text is not null and plan_type is null
                    then 'unknown_code:plan_type'
                when
                    patient_pay_text is not null and patient_pay_usd is null
                    then 'wrong_type:patient_pay'
                when
                    patient_pay_usd not between -1000000 and 1000000
                    then 'out_of_range:patient_pay'
                when
                    decision_text is not null and decision is null
                    then 'unknown_code:decision'
                when
                    items_expected_text is not null and items_expected is null
                    then 'wrong_type:items_expected'
                when
                    items_expected not between 0 and 1000
                    then 'out_of_range:items_expected'
                when
                    items_packed_text is not null and items_packed is null
                    then 'wrong_type:items_packed'
                when
                    items_packed not between 0 and 1000
                    then 'out_of_range:items_packed'
                when
                    documents_complete_text is not null and is_documents_complete is null
                    then 'wrong_type:documents_complete'
                when
                    station_text is not null and station is null
                    then 'wrong_type:station'
                when
                    scanner_id_text is not null and scanner_id is null
                    then 'wrong_type:scanner_id'
                when
                    lot_text is not null and lot is null
                    then 'wrong_type:lot'
                when
                    shift_text is not null and shift is null
                    then 'unknown_code:shift'
                when
                    pack_type_text is not null and pack_type is null
                    then 'unknown_code:pack_type'
                when
                    temperature_class_text is not null and temperature_class is null
                    then 'unknown_code:temperature_class'
                when
                    condition_text is not null and condition is null
                    then 'unknown_code:condition'
                when
                    service_text is not null and service is null
                    then 'unknown_code:service'
                when
                    substatus_text is not null and substatus is null
                    then 'unknown_code:substatus'
                when
                    zip3_text is not null and zip3 is null
                    then 'wrong_type:zip3'
                when
                    promised_at_text is not null and promised_at is null
                    then 'wrong_type:promised_at'
                when
                    degrees_celsius_text is not null and temperature_celsius is null
                    then 'wrong_type:degrees_celsius'
                when
                    temperature_celsius not between -100 and 100
                    then 'out_of_range:degrees_celsius'
                when
                    minutes_outside_text is not null and minutes_outside is null
                    then 'wrong_type:minutes_outside'
                when
                    minutes_outside not between 0 and 100000
                    then 'out_of_range:minutes_outside'
                when
                    wait_text is not null and wait_seconds is null
                    then 'wrong_type:wait'
                when
                    wait_seconds not between 0 and 1000000
                    then 'out_of_range:wait'
                when
                    abandoned_text is not null and is_abandoned is null
                    then 'wrong_type:abandoned'
                when
                    nps_text is not null and nps is null
                    then 'wrong_type:nps'
                when
                    nps not between 0 and 10
                    then 'out_of_range:nps'
                when
                    csat_text is not null and csat is null
                    then 'wrong_type:csat'
                when
                    csat not between 1 and 5
                    then 'out_of_range:csat'
                when
                    corrects_id_text is not null and corrects_id is null
                    then 'wrong_type:corrects_id'
                when
                    correction_reason_text is not null and correction_reason is null
                    then 'unknown_code:correction_reason'
                when
                    coalesce(patient_id_json, 'null') != 'null'
                    and (
                        left(patient_id_json, 1) != '"'
                        or not regexp_matches(patient_id, '^[!-~]{1,128}$')
                    )
                    then 'wrong_type:patient_id'
            end as verdict
        from typed
    )
select
    split_part(verdict, ':', 1) as reason_code,
    nullif(split_part(verdict, ':', 2), '') as detail,
    attribute_source,
    patient_id,
    id_text as event_id,
    verdicts.source,
    verdicts.event_type,
    event_at,
    cast(event_at as date) as event_date,
    subject_text as order_id,
    dim_stages.stage,
    dim_stages.stage_order,
    message_id,
    publish_time,
    ingested_at,
    known_at,
    schema_version,
    pharmacy_id,
    drug_ndc,
    carrier,
    priority,
    channel,
    is_reship,
    reason,
    previous_order_id,
    quantity,
    days_supply,
    fill_number,
    need_by_date,
    reject_codes,
    plan_type,
    patient_pay_usd,
    decision,
    items_expected,
    items_packed,
    is_documents_complete,
    station,
    scanner_id,
    lot,
    shift,
    pack_type,
    verdicts.temperature_class,
    condition,
    service,
    substatus,
    if(sparse.zip3 is not null, '000', verdicts.zip3) as zip3,
    promised_at,
    temperature_celsius,
    minutes_outside,
    wait_seconds,
    is_abandoned,
    nps,
    csat,
    corrects_id,
    correction_reason
from verdicts
left join ops.rule_event_types as rule_event_types
    on rule_event_types.event_type = verdicts.event_type
left join gold.dim_stages as dim_stages
    on dim_stages.stage = if(
        decision = 'denied',
        coalesce(rule_event_types.stage_when_denied, rule_event_types.stage),
        rule_event_types.stage
    )
left join ops.rule_sparse_zip3 as sparse on sparse.zip3 = verdicts.zip3;

-- pseudonyms
select distinct patient_id
from judged
where patient_id is not null
union
select patient_id
from bronze.oms_patients
where snapshot_date <= $last_date
except
select patient_id
from vault.patient_keys;

create or replace temp table standing as
with
    copies as (
        select source, event_id
        from judged
        where reason_code is null
        group by source, event_id
        having count(*) > 1
    ),
    first_copies as (
        select judged.message_id, judged.source, judged.event_id, judged.known_at
        from judged
        anti join copies on copies.source = judged.source and copies.event_id = judged.event_id
        where judged.reason_code is null
        union all
        select judged.message_id, judged.source, judged.event_id, judged.known_at
        from judged
        inner join copies on copies.source = judged.source and copies.event_id = judged.event_id
        where judged.reason_code is null
        qualify
            row_number() over (
                partition by judged.source, judged.event_id
                order by judged.known_at, judged.message_id
            ) = 1
    )
select first_copies.message_id, first_copies.source, first_copies.event_id
from first_copies
left join silver.stg_order_events as published
    on published.source = first_copies.source and published.event_id = first_copies.event_id
where
    published.event_id is null
    or (first_copies.known_at, first_copies.message_id)
    < (published.known_at, published.message_id);

create or replace temp table displaced as
select published.*
from silver.stg_order_events as published
inner join standing
    on standing.source = published.source and standing.event_id = published.event_id;

begin transaction;

insert into silver.rejected_events
select
    message_id, reason_code, detail, attribute_source, publish_time, known_at,
    cast(known_at as date)
from judged
where reason_code is not null
union all
select
    message_id, 'duplicate', source || '/' || event_id, attribute_source, publish_time, known_at,
    cast(known_at as date)
from judged
anti join standing on standing.message_id = judged.message_id
where reason_code is null
union all
select
    message_id, 'duplicate', source || '/' || event_id, source, publish_time, known_at,
    cast(known_at as date)
from displaced;

delete from silver.stg_order_events
using displaced
where stg_order_events.message_id = displaced.message_id;

insert into silver.stg_order_events
select
    judged.event_id,
    judged.source,
    judged.event_type,
    judged.event_at,
    judged.event_date,
    judged.order_id,
    judged.stage,
    judged.stage_order,
    judged.message_id,
    judged.publish_time,
    judged.ingested_at,
    judged.known_at,
    judged.schema_version,
    patient_keys.patient_key,
    judged.pharmacy_id,
    judged.drug_ndc,
    judged.carrier,
    judged.priority,
    judged.channel,
    judged.is_reship,
    judged.reason,
    judged.previous_order_id,
    judged.quantity,
    judged.days_supply,
    judged.fill_number,
    judged.need_by_date,
    judged.reject_codes,
    judged.plan_type,
    judged.patient_pay_usd,
    judged.decision,
    judged.items_expected,
    judged.items_packed,
    judged.is_documents_complete,
    judged.station,
    judged.scanner_id,
    judged.lot,
    judged.shift,
    judged.pack_type,
    judged.temperature_class,
    judged.condition,
    judged.service,
    judged.substatus,
    judged.zip3,
    judged.promised_at,
    judged.temperature_celsius,
    judged.minutes_outside,
    judged.wait_seconds,
    judged.is_abandoned,
    judged.nps,
    judged.csat,
    judged.corrects_id,
    judged.correction_reason
from judged
inner join standing on standing.message_id = judged.message_id
left join vault.patient_keys as patient_keys on patient_keys.patient_id = judged.patient_id;

create or replace temp table touched as
select distinct order_id
from (
    select judged.order_id
    from judged
    inner join standing on standing.message_id = judged.message_id
    union all
    select order_id
    from displaced
);

create or replace temp table former_pharmacies as
select pharmacy_id, time_zone, open_days
from gold.dim_pharmacies
where is_latest;

delete from gold.dim_drugs;

insert into gold.dim_drugs
with
    snapshots as (
        select
            snapshot_date,
            drug_ndc,
            name,
            form,
            strength,
            temperature_class,
            therapy
        from bronze.oms_drugs
    ),
    days as (
        select
            snapshot_date,
            row_number() over (order by snapshot_date) as day_number
        from (
            select distinct snapshot_date
            from bronze.oms_drugs
        )
    ),
    runs as (
        select
            snapshots.*,
            days.day_number,
            days.day_number - row_number() over (
                partition by
                    snapshots.drug_ndc,
                    snapshots.name,
                    snapshots.form,
                    snapshots.strength,
                    snapshots.temperature_class,
                    snapshots.therapy
                order by days.day_number
            ) as run_number
        from snapshots
        inner join days on days.snapshot_date = snapshots.snapshot_date
    ),
    periods as (
        select
            drug_ndc,
            name,
            form,
            strength,
            temperature_class,
            therapy,
            min(snapshot_date) as valid_from,
            max(snapshot_date) as final_date
        from runs
        group by drug_ndc, name, form, strength, temperature_class, therapy, run_number
    )
select
    periods.drug_ndc,
    periods.name,
    periods.form,
    periods.strength,
    periods.temperature_class,
    periods.therapy,
    periods.valid_from,
    if(
        periods.final_date = (select max(snapshot_date) from days), null, periods.final_date
    ) as valid_to,
    periods.final_date = max(periods.final_date) over (partition by periods.drug_ndc) as is_latest
from periods;

delete from gold.dim_patients;

insert into gold.dim_patients
with
    aged as (
        select
            snapshot_date,
            patient_id,
            nullif(regexp_extract(zip_code, '^[0-9]{3}'), '') as zip3,
            therapy,
            date_diff('year', birth_date, snapshot_date)
            - if(
                strftime(snapshot_date, '%m%d') < strftime(birth_date, '%m%d'), 1, 0
            ) as age_years
        from bronze.oms_patients
    ),
    snapshots as (
        select
            aged.snapshot_date,
            patient_keys.patient_key,
            case
                when aged.age_years < 0 then null
                when aged.age_years >= 90 then '90+'
                else
                    (aged.age_years // 10 * 10) || '-' || (aged.age_years // 10 * 10 + 9)
            end as age_band,
            if(sparse.zip3 is not null, '000', aged.zip3) as zip3,
            aged.therapy
        from aged
        inner join vault.patient_keys as patient_keys
            on patient_keys.patient_id = aged.patient_id
        left join ops.rule_sparse_zip3 as sparse on sparse.zip3 = aged.zip3
    ),
    days as (
        select
            snapshot_date,
            row_number() over (order by snapshot_date) as day_number
        from (
            select distinct snapshot_date
            from bronze.oms_patients
        )
    ),
    runs as (
        select
            snapshots.*,
            days.day_number,
            days.day_number - row_number() over (
                partition by
                    snapshots.patient_key,
                    snapshots.age_band,
                    snapshots.zip3,
                    snapshots.therapy
                order by days.day_number
            ) as run_number
        from snapshots
        inner join days on days.snapshot_date = snapshots.snapshot_date
    ),
    periods as (
        select
            patient_key,
            age_band,
            zip3,
            therapy,
            min(snapshot_date) as valid_from,
            max(snapshot_date) as final_date
        from runs
        group by patient_key, age_band, zip3, therapy, run_number
    )
select
    periods.patient_key,
    periods.age_band,
    periods.zip3,
    periods.therapy,
    periods.valid_from,
    if(
        periods.final_date = (select max(snapshot_date) from days), null, periods.final_date
    ) as valid_to,
    periods.final_date =
    max(periods.final_date) over (partition by periods.patient_key) as is_latest
from periods;

delete from gold.dim_pharmacies;

insert into gold.dim_pharmacies
with
    snapshots as (
        select
            snapshot_date,
            pharmacy_id,
            name,
            time_zone,
            opens_at,
            closes_at,
            open_days
        from bronze.oms_pharmacies
    ),
    days as (
        select
            snapshot_date,
            row_number() over (order by snapshot_date) as day_number
        from (
            select distinct snapshot_date
            from bronze.oms_pharmacies
        )
    ),
    runs as (
        select
            snapshots.*,
            days.day_number,
            days.day_number - row_number() over (
                partition by
                    snapshots.pharmacy_id,
                    snapshots.name,
                    snapshots.time_zone,
                    snapshots.opens_at,
                    snapshots.closes_at,
                    snapshots.open_days
                order by days.day_number
            ) as run_number
        from snapshots
        inner join days on days.snapshot_date = snapshots.snapshot_date
    ),
    periods as (
        select
            pharmacy_id,
            name,
            time_zone,
            opens_at,
            closes_at,
            open_days,
            min(snapshot_date) as valid_from,
            max(snapshot_date) as final_date
        from runs
        group by pharmacy_id, name, time_zone, opens_at, closes_at, open_days, run_number
    )
select
    periods.pharmacy_id,
    periods.name,
    periods.time_zone,
    periods.opens_at,
    periods.closes_at,
    periods.open_days,
    periods.valid_from,
    if(
        periods.final_date = (select max(snapshot_date) from days), null, periods.final_date
    ) as valid_to,
    periods.final_date =
    max(periods.final_date) over (partition by periods.pharmacy_id) as is_latest
from periods;

-- orders whose pharmacy has another week or zone than before
insert into touched
select distinct fact.reported_order_id
from gold.fact_order_lifecycle as fact
inner join (
    select coalesce(latest.pharmacy_id, former.pharmacy_id) as pharmacy_id
    from (
        select pharmacy_id, time_zone, open_days
        from gold.dim_pharmacies
        where is_latest
    ) as latest
    full join former_pharmacies as former on former.pharmacy_id = latest.pharmacy_id
    where
        (latest.time_zone, latest.open_days) is distinct from (former.time_zone, former.open_days)
) as changed
    on changed.pharmacy_id = fact.pharmacy_id
anti join touched on touched.order_id = fact.reported_order_id
where fact.shipped_at is not null;

-- the events that count, numbered within their reported order
create or replace temp table counted_events as
select
    events.order_id,
    events.event_id,
    events.source,
    events.event_type,
    events.event_at,
    events.event_date,
    events.stage,
    events.stage_order,
    events.patient_key,
    events.pharmacy_id,
    events.drug_ndc,
    events.carrier,
    events.priority,
    events.is_reship,
    events.reason,
    events.previous_order_id,
    events.days_supply,
    events.fill_number,
    events.decision,
    events.items_expected,
    events.items_packed,
    events.is_documents_complete,
    events.pack_type,
    events.temperature_class,
    events.condition,
    events.promised_at,
    events.minutes_outside,
    events.wait_seconds,
    events.is_abandoned,
    events.nps,
    events.csat,
    row_number() over (
        partition by events.order_id
        order by events.event_at, events.stage_order nulls last, events.source, events.event_id
    ) as event_number
from silver.stg_order_events as events
semi join touched on touched.order_id = events.order_id
anti join (
    select order_id, source, corrects_id
    from silver.stg_order_events
    where corrects_id is not null
) as corrections
    on corrections.order_id = events.order_id
    and corrections.source = events.source
    and corrections.corrects_id = events.event_id
where coalesce(events.correction_reason, '') != 'did_not_occur';

create or replace temp view effective_events as
with
    referrals as (
        select
            order_id,
            patient_key,
            event_number,
            lag(patient_key) over (
                partition by order_id order by event_number
            ) as previous_patient_key
        from counted_events
        where event_type = 'referral_received' and patient_key is not null
    ),
    later_orders as (
        select
            order_id,
            patient_key,
            event_number as first_event_number,
            1 + row_number() over (partition by order_id order by event_number) as use_number
        from referrals
        where previous_patient_key != patient_key
    ),
    orders as (
        select order_id, patient_key, first_event_number, use_number
        from later_orders
        union all
        select
            referrals.order_id,
            referrals.patient_key,
            0 as first_event_number,
            1 as use_number
        from referrals
        inner join later_orders
            on later_orders.order_id = referrals.order_id and later_orders.use_number = 2
        where referrals.previous_patient_key is null
    ),
    placed_events as (
        select
            counted_events.order_id,
            counted_events.event_number,
            arg_max(
                orders.use_number,
                case
                        when
                            orders.patient_key = counted_events.patient_key
                            and orders.first_event_number <= counted_events.event_number
                            then 2000000 + orders.use_number
                        when orders.patient_key = counted_events.patient_key
                            then 1000000 - orders.use_number
                        when orders.first_event_number <= counted_events.event_number
                            then orders.use_number
                    end
            ) as use_number
        from counted_events
        inner join orders on orders.order_id = counted_events.order_id
        group by counted_events.order_id, counted_events.event_number
    )
select
    counted_events.* replace (
        if(
            placed_events.use_number > 1,
            counted_events.order_id || ' (' || placed_events.use_number || ')',
            counted_events.order_id
        ) as order_id
    ),
    counted_events.order_id as reported_order_id
from counted_events
left join placed_events
    on placed_events.order_id = counted_events.order_id
    and placed_events.event_number = counted_events.event_number;

delete from gold.fact_order_lifecycle
where reported_order_id in (select order_id from touched);

insert into gold.fact_order_lifecycle
with
    pharmacies as (
        select *
        from gold.dim_pharmacies
    ),    milestones as (
        select
            order_id,
            any_value(reported_order_id) as reported_order_id,
            arg_min(patient_key, if(patient_key is null, null, event_number)) as patient_key,
            arg_min(drug_ndc, if(drug_ndc is null, null, event_number)) as drug_ndc,
            arg_min(pharmacy_id, if(pharmacy_id is null, null, event_number)) as pharmacy_id,
            arg_max(carrier, if(carrier is null, null, event_number)) as carrier,
            arg_min(priority, if(priority is null, null, event_number)) as priority,
            arg_min(days_supply, if(days_supply is null, null, event_number)) as days_supply,
            arg_min(fill_number, if(fill_number is null, null, event_number)) as fill_number,
            arg_min(is_reship, if(is_reship is null, null, event_number)) as is_reship,
            arg_min(
                previous_order_id,
                if(previous_order_id is null, null, event_number)
            ) as previous_order_id,
            arg_max(promised_at, if(promised_at is null, null, event_number)) as promised_at,
            min(if(event_type = 'referral_received', event_at, null)) as received_at,
            min(if(event_type = 'intake_completed', event_at, null)) as intake_completed_at,
            min(if(event_type = 'benefits_completed', event_at, null)) as benefits_completed_at,
            min(
                if(event_type = 'pa_submitted', event_at, null)
            ) as prior_authorization_submitted_at,
            min(
                if(event_type in ('pa_approved', 'pa_denied'), event_at, null)
            ) as prior_authorization_decided_at,
            min(if(event_type = 'clinical_verified', event_at, null)) as clinical_verified_at,
            min(if(event_type = 'filled', event_at, null)) as filled_at,
            min(if(event_type = 'packed', event_at, null)) as packed_at,
            min(if(event_type = 'shipped', event_at, null)) as shipped_at,
            min(if(event_type = 'delivered', event_at, null)) as delivered_at,
            min(if(stage = 'CANCELLED', event_at, null)) as cancelled_at,
            arg_min(
                reason,
                if(event_type = 'order_cancelled' and reason is not null, event_number, null)
            ) as cancellation_reason,
            arg_min(
                event_type = 'pa_approved',
                if(event_type in ('pa_approved', 'pa_denied'), event_number, null)
            ) as is_prior_authorization_first_pass,
            arg_min(
                decision = 'approved',
                if(event_type = 'appeal_decided' and decision is not null, event_number, null)
            ) as is_appeal_overturned,
            arg_max(
                items_packed >= items_expected,
                if(items_packed is null or items_expected is null, null, event_number)
            ) as is_complete,
            arg_max(
                condition = 'intact',
                if(condition is null, null, event_number)
            ) as is_undamaged,
            arg_max(
                is_documents_complete,
                if(is_documents_complete is null, null, event_number)
            ) as is_documented,
            count_where(
                pack_type in ('cold', 'frozen') or temperature_class in ('refrigerated', 'frozen')
            ) > 0 as is_cold_chain,
            count_where(
                event_type in ('temperature_reading', 'temperature_excursion')
            ) > 0 as is_temperature_monitored,
            coalesce(
                sum(if(event_type = 'temperature_excursion', minutes_outside, 0)), 0
            ) as minutes_outside_range,
            count_where(stage is not null)
            > count(distinct if(stage is null, null, event_type)) as has_repeated_activity,
            count_where(
                event_type in ('info_requested', 'pa_submitted', 'claim_rejected', 'qa_failed')
            ) = 0 as is_clean,
            count_where(event_type in ('attempt_failed', 'delivered')) as delivery_attempt_count,
            count_where(event_type = 'qa_failed') as rework_count,
            count(*) as event_count,
            min(event_at) as first_event_at,
            max(event_at) as last_event_at,
            -- a terminal event outdoes all others; a cancellation only where nothing else ended it
            max(
                case
                    when stage in ('DELIVERED', 'RETURNED', 'LOST') then 3
                    when stage = 'CANCELLED' then 2
                    when stage is not null then 1
                end
            ) as deciding_rank
        from effective_events
        group by order_id
    ),
    deciding_events as (
        select
            effective_events.order_id,
            effective_events.stage,
            effective_events.event_at,
            effective_events.event_number,
            lag(effective_events.stage) over (
                partition by effective_events.order_id
                order by effective_events.event_number
            ) as previous_stage
        from effective_events
        inner join milestones on milestones.order_id = effective_events.order_id
        where
            case
                when effective_events.stage in ('DELIVERED', 'RETURNED', 'LOST') then 3
                when effective_events.stage = 'CANCELLED' then 2
                when effective_events.stage is not null then 1
            end = milestones.deciding_rank
    ),
    current_stages as (
        select
            order_id,
            arg_max(stage, event_number) as stage,
            arg_max(
                event_at,
                if(previous_stage is null or previous_stage != stage, event_number, null)
            ) as stage_entered_at
        from deciding_events
        group by order_id
    ),
    local_days as (
        select
            milestones.order_id,
            pharmacies.open_days,
            cast(timezone(pharmacies.time_zone, milestones.received_at) as date) as received_day,
            cast(timezone(pharmacies.time_zone, milestones.shipped_at) as date) as shipped_day
        from milestones
        inner join pharmacies
            on pharmacies.pharmacy_id = milestones.pharmacy_id and pharmacies.is_latest
        where
            milestones.shipped_at >= milestones.received_at and pharmacies.open_days is not null
    ),
    day_numbers as (
        select
            order_id,
            open_days,
            received_day,
            shipped_day,
            date_diff('day', date '2000-01-03', received_day) as received_number,
            date_diff('day', date '2000-01-03', shipped_day) as shipped_number
        from local_days
    ),
    holidays_between as (
        select day_numbers.order_id, count(*) as holiday_count
        from day_numbers
        inner join ops.rule_holidays as rule_holidays
            on rule_holidays.holiday_date > day_numbers.received_day
            and rule_holidays.holiday_date <= day_numbers.shipped_day
        where
            substr(
                day_numbers.open_days,
                (date_diff('day', date '2000-01-03', rule_holidays.holiday_date) % 7) + 1,
                1
            ) = '1'
        group by day_numbers.order_id
    ),
    -- open days of whole weeks since Monday 3 January 2000, and of the week begun, less holidays
    business_days as (
        select
            day_numbers.order_id,
            (day_numbers.shipped_number // 7) * length(replace(day_numbers.open_days, '0', ''))
            + length(
                replace(
                    substr(day_numbers.open_days, 1, (day_numbers.shipped_number % 7) + 1),
                    '0',
                    ''
                )
            )
            - (day_numbers.received_number // 7)
            * length(replace(day_numbers.open_days, '0', ''))
            - length(
                replace(
                    substr(day_numbers.open_days, 1, (day_numbers.received_number % 7) + 1),
                    '0',
                    ''
                )
            )
            - coalesce(holidays_between.holiday_count, 0) as turnaround_business_days
        from day_numbers
        left join holidays_between on holidays_between.order_id = day_numbers.order_id
    )
select
    milestones.order_id,
    milestones.reported_order_id,
    milestones.patient_key,
    milestones.drug_ndc,
    milestones.pharmacy_id,
    milestones.carrier,
    milestones.priority,
    milestones.days_supply,
    milestones.fill_number,
    milestones.is_reship,
    milestones.previous_order_id,
    milestones.received_at,
    cast(coalesce(milestones.received_at, milestones.first_event_at) as date) as received_date,
    milestones.intake_completed_at,
    milestones.benefits_completed_at,
    milestones.prior_authorization_submitted_at,
    milestones.prior_authorization_decided_at,
    milestones.clinical_verified_at,
    milestones.filled_at,
    milestones.packed_at,
    milestones.shipped_at,
    milestones.delivered_at,
    milestones.cancelled_at,
    milestones.promised_at,
    current_stages.stage,
    current_stages.stage_entered_at,
    current_stages.stage_entered_at
    + to_minutes(cast(dim_stages.sla_hours * 60 as bigint)) as sla_due_at,
    case
        when dim_stages.is_terminal then lower(current_stages.stage)
        else 'open'
    end as status,
    milestones.cancellation_reason,
    if(
        milestones.shipped_at >= milestones.received_at,
        (epoch_us(milestones.shipped_at) - epoch_us(milestones.received_at)) / 3600000000,
        null
    ) as turnaround_hours,
    business_days.turnaround_business_days,
    if(
        milestones.delivered_at >= milestones.shipped_at,
        (epoch_us(milestones.delivered_at) - epoch_us(milestones.shipped_at)) / 3600000000,
        null
    ) as delivery_hours,
    if(
        milestones.prior_authorization_decided_at >= milestones.prior_authorization_submitted_at,
        (epoch_us(milestones.prior_authorization_decided_at)
        - epoch_us(milestones.prior_authorization_submitted_at)) / 3600000000,
        null
    ) as prior_authorization_hours,
    milestones.is_prior_authorization_first_pass,
    milestones.is_appeal_overturned,
    coalesce(milestones.shipped_at < milestones.received_at, false)
    or coalesce(milestones.delivered_at < milestones.shipped_at, false)
    or coalesce(
        milestones.prior_authorization_decided_at < milestones.prior_authorization_submitted_at,
        false
    ) as has_clock_skew,
    milestones.received_at is null as is_orphan,
    milestones.is_clean,
    coalesce(dim_stages.stage = 'CANCELLED', false)
    and milestones.filled_at is null
    and coalesce(milestones.cancellation_reason in ('patient', 'cost'), false) as is_abandoned,
    milestones.delivered_at <= milestones.promised_at as is_on_time,
    milestones.is_complete,
    milestones.is_undamaged,
    milestones.is_documented,
    milestones.is_cold_chain,
    milestones.is_temperature_monitored,
    milestones.minutes_outside_range,
    case
        when not milestones.is_cold_chain then true
        when milestones.is_temperature_monitored then milestones.minutes_outside_range <= 30
    end as is_in_temperature,
    milestones.delivered_at <= milestones.promised_at
    and milestones.is_complete
    and milestones.is_undamaged
    and milestones.is_documented
    and case
        when not milestones.is_cold_chain then true
        when milestones.is_temperature_monitored then milestones.minutes_outside_range <= 30
    end as is_perfect,
    milestones.delivered_at + to_days(cast(milestones.days_supply as integer)) as covered_until_at,
    milestones.has_repeated_activity,
    milestones.delivery_attempt_count,
    milestones.rework_count,
    milestones.event_count,
    milestones.first_event_at,
    milestones.last_event_at
from milestones
left join current_stages on current_stages.order_id = milestones.order_id
left join gold.dim_stages as dim_stages on dim_stages.stage = current_stages.stage
left join business_days on business_days.order_id = milestones.order_id;

delete from gold.fact_stage_visits
where reported_order_id in (select order_id from touched);

insert into gold.fact_stage_visits
with
    stage_events as (
        select
            order_id,
            reported_order_id,
            stage,
            event_at,
            event_number,
            lag(stage) over (partition by order_id order by event_number) as previous_stage
        from effective_events
        where stage is not null
    ),
    entries as (
        select
            order_id,
            reported_order_id,
            stage,
            previous_stage,
            event_at as entered_at,
            row_number() over (partition by order_id order by event_number) as visit_number,
            row_number() over (
                partition by order_id, stage order by event_number
            ) as stage_visit_number,
            lead(event_at) over (partition by order_id order by event_number) as left_at,
            lead(stage) over (partition by order_id order by event_number) as next_stage,
            count(*) over (partition by order_id, stage) as stage_visit_count
        from stage_events
        where previous_stage is null or previous_stage != stage
    )
select
    entries.order_id,
    entries.reported_order_id,
    entries.visit_number,
    entries.stage,
    entries.previous_stage,
    entries.next_stage,
    entries.entered_at,
    cast(entries.entered_at as date) as entered_date,
    entries.left_at,
    (epoch_us(entries.left_at) - epoch_us(entries.entered_at)) / 3600000000 as wait_hours,
    (epoch_us(entries.left_at) - epoch_us(entries.entered_at))
    > dim_stages.sla_hours * 3600000000 as is_breached,
    entries.stage_visit_number,
    if(
        entries.left_at is null,
        null,
        next_stages.stage_order > dim_stages.stage_order and entries.stage_visit_count = 1
    ) as is_first_pass,
    entries.previous_stage is null or transitions.from_stage is not null as is_allowed
from entries
left join gold.dim_stages as dim_stages on dim_stages.stage = entries.stage
left join gold.dim_stages as next_stages on next_stages.stage = entries.next_stage
left join ops.rule_transitions as transitions
    on transitions.from_stage = entries.previous_stage
    and transitions.to_stage = entries.stage;

delete from gold.fact_patient_feedback
where reported_order_id in (select order_id from touched);

insert into gold.fact_patient_feedback
select
    effective_events.event_id,
    effective_events.source,
    effective_events.order_id,
    effective_events.reported_order_id,
    coalesce(effective_events.patient_key, orders.patient_key) as patient_key,
    effective_events.event_type as feedback_type,
    effective_events.event_at as occurred_at,
    effective_events.event_date as occurred_date,
    effective_events.reason,
    effective_events.wait_seconds,
    effective_events.is_abandoned,
    effective_events.nps,
    case
        when effective_events.nps >= 9 then 'promoter'
        when effective_events.nps >= 7 then 'passive'
        when effective_events.nps >= 0 then 'detractor'
    end as nps_category,
    effective_events.csat,
    effective_events.csat >= 4 as is_satisfied,
    orders.pharmacy_id,
    orders.carrier,
    orders.drug_ndc,
    orders.status as order_status,
    orders.is_on_time,
    (epoch_us(orders.delivered_at) - epoch_us(orders.promised_at))
    / 3600000000 as delivery_delay_hours,
    coalesce(orders.delivered_at <= effective_events.event_at, false) as is_after_delivery
from effective_events
inner join gold.fact_order_lifecycle as orders on orders.order_id = effective_events.order_id
where effective_events.event_type in ('survey', 'call', 'complaint', 'excursion_claimed');

commit;
