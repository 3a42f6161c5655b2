-- Each new message parsed once, typed and judged; a null reason_code means accepted.
-- Grain: one row per new message. In the vault, since it holds the patient's identifier.
-- Sources: pbm_vault.new_messages, pbm_ops.rule_*, pbm_gold.dim_stages.
-- The rules are those of lib/pbm360/domain/decode.py, which the stream follows: a differential test
-- holds one against the other, and both against the reference evaluator.

create or replace table pbm_vault.judged_messages as
with
    messages as (
        select
            message_id,
            publish_time,
            ingested_at,
            known_at,
            attribute_source,
            safe_convert_bytes_to_string(payload) as payload_text
        from pbm_vault.new_messages
    ),
    envelopes as (
        select
            message_id,
            publish_time,
            ingested_at,
            known_at,
            attribute_source,
            json_type(safe.parse_json(payload_text, wide_number_mode => 'round')) = 'object'
            and strpos(payload_text, '\ufffd') = 0
            and strpos(payload_text, chr(0)) = 0
            and left(payload_text, 1) != '\ufeff'
            and if(
                length(payload_text) > 500,
                length(payload_text) - length(replace(replace(payload_text, '[', ''), '{', '')) <= 500,
                true
            ) as is_document,
            json_query(payload_text, '$.id') as id_json,
            json_query(payload_text, '$.source') as source_json,
            json_query(payload_text, '$.type') as type_json,
            json_query(payload_text, '$.time') as time_json,
            json_query(payload_text, '$.subject') as subject_json,
            json_query(payload_text, '$.specversion') as specversion_json,
            json_query(payload_text, '$.dataschema') as dataschema_json,
            json_query(payload_text, '$.data') as data_json,
            json_value(payload_text, '$.id') as id_text,
            json_value(payload_text, '$.source') as source_text,
            json_value(payload_text, '$.type') as type_text,
            json_value(payload_text, '$.time') as time_text,
            json_value(payload_text, '$.subject') as subject_text,
            json_value(payload_text, '$.dataschema') as dataschema_text
        from messages
    ),
    -- what is no document says nothing
    documents as (
        select
            message_id,
            publish_time,
            ingested_at,
            known_at,
            attribute_source,
            is_document,
            if(is_document, id_json, null) as id_json,
            if(is_document, source_json, null) as source_json,
            if(is_document, type_json, null) as type_json,
            if(is_document, time_json, null) as time_json,
            if(is_document, subject_json, null) as subject_json,
            if(is_document, specversion_json, null) as specversion_json,
            if(is_document, dataschema_json, null) as dataschema_json,
            if(is_document, data_json, null) as data_json,
            if(is_document, id_text, null) as id_text,
            if(is_document, source_text, null) as source_text,
            if(is_document, type_text, null) as type_text,
            if(is_document, time_text, null) as time_text,
            if(is_document, subject_text, null) as subject_text,
            if(is_document, dataschema_text, null) as dataschema_text
        from envelopes
    ),
    versioned as (
        select
            documents.*,
            rule_schemas.schema_version
        from documents
        left join pbm_ops.rule_schemas as rule_schemas
            on rule_schemas.dataschema = if(
                coalesce(documents.dataschema_json, 'null') = 'null',
                'order-event/1',
                documents.dataschema_text
            )
    ),
    texts as (
        select
            message_id,
            publish_time,
            ingested_at,
            known_at,
            attribute_source,
            is_document,
            data_json,
            specversion_json,
            schema_version,
            id_json,
            id_text,
            source_json,
            source_text,
            type_json,
            type_text,
            time_json,
            time_text,
            subject_json,
            subject_text,
            json_query(data_json, '$.patient_id') as patient_id_json,
            json_value(data_json, '$.patient_id') as patient_id,
            json_value(data_json, '$.pharmacy_id') as pharmacy_id_text,
            json_value(data_json, '$.drug_ndc') as drug_ndc_text,
            json_value(data_json, '$.carrier') as carrier_text,
            json_value(data_json, '$.priority') as priority_text,
            json_value(data_json, '$.channel') as channel_text,
            json_value(data_json, '$.is_reship') as is_reship_text,
            json_value(data_json, '$.reason') as reason_text,
            json_value(data_json, '$.previous_order_id') as previous_order_id_text,
            json_value(data_json, '$.quantity') as quantity_text,
            json_value(data_json, '$.days_supply') as days_supply_text,
            json_value(data_json, '$.fill_number') as fill_number_text,
            json_value(data_json, '$.need_by_date') as need_by_date_text,
            json_value(data_json, '$.reject_codes') as reject_codes_text,
            json_value(data_json, '$.plan_type') as plan_type_text,
            if(
                schema_version >= 2,
                json_value(data_json, '$.patient_pay_usd'),
                json_value(data_json, '$.patient_pay')
            ) as patient_pay_text,
            json_value(data_json, '$.decision') as decision_text,
            json_value(data_json, '$.items_expected') as items_expected_text,
            json_value(data_json, '$.items_packed') as items_packed_text,
            json_value(data_json, '$.documents_complete') as documents_complete_text,
            if(
                schema_version >= 2,
                json_value(data_json, '$.station_id'),
                json_value(data_json, '$.station')
            ) as station_text,
            json_value(data_json, '$.scanner_id') as scanner_id_text,
            json_value(data_json, '$.lot') as lot_text,
            if(schema_version >= 2, json_value(data_json, '$.shift'), null) as shift_text,
            json_value(data_json, '$.pack_type') as pack_type_text,
            json_value(data_json, '$.temperature_class') as temperature_class_text,
            json_value(data_json, '$.condition') as condition_text,
            json_value(data_json, '$.service') as service_text,
            json_value(data_json, '$.substatus') as substatus_text,
            json_value(data_json, '$.zip3') as zip3_text,
            json_value(data_json, '$.promised_at') as promised_at_text,
            json_value(data_json, '$.degrees_celsius') as degrees_celsius_text,
            json_value(data_json, '$.minutes_outside') as minutes_outside_text,
            json_value(data_json, '$.wait') as wait_text,
            json_value(data_json, '$.abandoned') as abandoned_text,
            json_value(data_json, '$.nps') as nps_text,
            json_value(data_json, '$.csat') as csat_text,
            json_value(data_json, '$.corrects_id') as corrects_id_text,
            json_value(data_json, '$.correction_reason') as correction_reason_text
        from versioned
    ),
    typed as (
        select
            texts.message_id,
            texts.publish_time,
            texts.ingested_at,
            texts.known_at,
            texts.attribute_source,
            texts.is_document,
            texts.data_json,
            texts.specversion_json,
            texts.schema_version,
            texts.id_json,
            texts.id_text,
            texts.source_json,
            texts.source_text,
            texts.type_json,
            texts.type_text,
            texts.time_json,
            texts.time_text,
            texts.subject_json,
            texts.subject_text,
            texts.patient_id_json,
            texts.patient_id,
            texts.pharmacy_id_text,
            texts.carrier_text,
            texts.priority_text,
            texts.channel_text,
            texts.is_reship_text,
            texts.reason_text,
            texts.previous_order_id_text,
            texts.quantity_text,
            texts.days_supply_text,
            texts.fill_number_text,
            texts.need_by_date_text,
            texts.reject_codes_text,
            texts.plan_type_text,
            texts.patient_pay_text,
            texts.decision_text,
            texts.items_expected_text,
            texts.items_packed_text,
            texts.documents_complete_text,
            texts.station_text,
            texts.scanner_id_text,
            texts.lot_text,
            texts.shift_text,
            texts.pack_type_text,
            texts.temperature_class_text,
            texts.condition_text,
            texts.service_text,
            texts.substatus_text,
            texts.zip3_text,
            texts.promised_at_text,
            texts.degrees_celsius_text,
            texts.minutes_outside_text,
            texts.wait_text,
            texts.abandoned_text,
            texts.nps_text,
            texts.csat_text,
            texts.corrects_id_text,
            texts.correction_reason_text,
            -- the first field that holds an object or a list, where the data hold any
            if(
                strpos(substr(texts.data_json, 2), '{') > 0
                or strpos(texts.data_json, '[') > 0,
                case
                    when
                        left(json_query(texts.data_json, '$.pharmacy_id'), 1) in ('{', '[')
                        then 'pharmacy_id'
                    when
                        left(json_query(texts.data_json, '$.drug_ndc'), 1) in ('{', '[')
                        then 'drug_ndc'
                    when
                        left(json_query(texts.data_json, '$.carrier'), 1) in ('{', '[')
                        then 'carrier'
                    when
                        left(json_query(texts.data_json, '$.priority'), 1) in ('{', '[')
                        then 'priority'
                    when
                        left(json_query(texts.data_json, '$.channel'), 1) in ('{', '[')
                        then 'channel'
                    when
                        left(json_query(texts.data_json, '$.is_reship'), 1) in ('{', '[')
                        then 'is_reship'
                    when
                        left(json_query(texts.data_json, '$.reason'), 1) in ('{', '[')
                        then 'reason'
                    when
                        left(json_query(texts.data_json, '$.previous_order_id'), 1) in ('{', '[')
                        then 'previous_order_id'
                    when
                        left(json_query(texts.data_json, '$.quantity'), 1) in ('{', '[')
                        then 'quantity'
                    when
                        left(json_query(texts.data_json, '$.days_supply'), 1) in ('{', '[')
                        then 'days_supply'
                    when
                        left(json_query(texts.data_json, '$.fill_number'), 1) in ('{', '[')
                        then 'fill_number'
                    when
                        left(json_query(texts.data_json, '$.need_by_date'), 1) in ('{', '[')
                        then 'need_by_date'
                    when
                        left(json_query(texts.data_json, '$.reject_codes'), 1) in ('{', '[')
                        then 'reject_codes'
                    when
                        left(json_query(texts.data_json, '$.plan_type'), 1) in ('{', '[')
                        then 'plan_type'
                    when
                        left(
                            if(
                                texts.schema_version >= 2,
                                json_query(texts.data_json, '$.patient_pay_usd'),
                                json_query(texts.data_json, '$.patient_pay')
                            ),
                            1
                        ) in ('{', '[')
                        then 'patient_pay'
                    when
                        left(json_query(texts.data_json, '$.decision'), 1) in ('{', '[')
                        then 'decision'
                    when
                        left(json_query(texts.data_json, '$.items_expected'), 1) in ('{', '[')
                        then 'items_expected'
                    when
                        left(json_query(texts.data_json, '$.items_packed'), 1) in ('{', '[')
                        then 'items_packed'
                    when
                        left(json_query(texts.data_json, '$.documents_complete'), 1) in ('{', '[')
                        then 'documents_complete'
                    when
                        left(
                            if(
                                texts.schema_version >= 2,
                                json_query(texts.data_json, '$.station_id'),
                                json_query(texts.data_json, '$.station')
                            ),
                            1
                        ) in ('{', '[')
                        then 'station'
                    when
                        left(json_query(texts.data_json, '$.scanner_id'), 1) in ('{', '[')
                        then 'scanner_id'
                    when
                        left(json_query(texts.data_json, '$.lot'), 1) in ('{', '[')
                        then 'lot'
                    when
                        texts.schema_version >= 2
                        and left(json_query(texts.data_json, '$.shift'), 1) in ('{', '[')
                        then 'shift'
                    when
                        left(json_query(texts.data_json, '$.pack_type'), 1) in ('{', '[')
                        then 'pack_type'
                    when
                        left(json_query(texts.data_json, '$.temperature_class'), 1) in ('{', '[')
                        then 'temperature_class'
                    when
                        left(json_query(texts.data_json, '$.condition'), 1) in ('{', '[')
                        then 'condition'
                    when
                        left(json_query(texts.data_json, '$.service'), 1) in ('{', '[')
                        then 'service'
                    when
                        left(json_query(texts.data_json, '$.substatus'), 1) in ('{', '[')
                        then 'substatus'
                    when
                        left(json_query(texts.data_json, '$.zip3'), 1) in ('{', '[')
                        then 'zip3'
                    when
                        left(json_query(texts.data_json, '$.promised_at'), 1) in ('{', '[')
                        then 'promised_at'
                    when
                        left(json_query(texts.data_json, '$.degrees_celsius'), 1) in ('{', '[')
                        then 'degrees_celsius'
                    when
                        left(json_query(texts.data_json, '$.minutes_outside'), 1) in ('{', '[')
                        then 'minutes_outside'
                    when
                        left(json_query(texts.data_json, '$.wait'), 1) in ('{', '[')
                        then 'wait'
                    when
                        left(json_query(texts.data_json, '$.abandoned'), 1) in ('{', '[')
                        then 'abandoned'
                    when
                        left(json_query(texts.data_json, '$.nps'), 1) in ('{', '[')
                        then 'nps'
                    when
                        left(json_query(texts.data_json, '$.csat'), 1) in ('{', '[')
                        then 'csat'
                    when
                        left(json_query(texts.data_json, '$.corrects_id'), 1) in ('{', '[')
                        then 'corrects_id'
                    when
                        left(json_query(texts.data_json, '$.correction_reason'), 1) in ('{', '[')
                        then 'correction_reason'
                end,
                null
            ) as nested_field,
            rule_source.value as source,
            rule_type.value as event_type,
            if(
                regexp_contains(
                    texts.time_text,
                    concat(
                        r'^[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ]([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]',
                        r'(\.[0-9]{1,9})?([Zz]|[+-](0[0-9]|1[0-3]):[0-5][0-9]|[+-]14:00)$'
                    )
                ),
                safe_cast(
                    regexp_replace(texts.time_text, r'(\.[0-9]{6})[0-9]+', r'\1') as timestamp
                ),
                null
            ) as event_at,
            if(
                regexp_contains(texts.pharmacy_id_text, r'^[!-~]{1,128}$'),
                texts.pharmacy_id_text,
                null
            ) as pharmacy_id,
            if(
                regexp_contains(replace(texts.drug_ndc_text, '-', ''), r'^[0-9]{10,11}$'),
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
                regexp_contains(texts.previous_order_id_text, r'^[!-~]{1,128}$'),
                texts.previous_order_id_text,
                null
            ) as previous_order_id,
            if(
                regexp_contains(texts.quantity_text, r'^-?[0-9]{1,15}(\.[0-9]{1,9})?$'),
                safe_cast(texts.quantity_text as numeric),
                null
            ) as quantity,
            if(
                regexp_contains(texts.days_supply_text, r'^-?[0-9]{1,15}$'),
                safe_cast(texts.days_supply_text as int64),
                null
            ) as days_supply,
            if(
                regexp_contains(texts.fill_number_text, r'^-?[0-9]{1,15}$'),
                safe_cast(texts.fill_number_text as int64),
                null
            ) as fill_number,
            if(
                regexp_contains(texts.need_by_date_text, r'^[0-9]{4}-[0-9]{2}-[0-9]{2}$'),
                safe_cast(texts.need_by_date_text as date),
                null
            ) as need_by_date,
            if(
                regexp_contains(texts.reject_codes_text, r'^[!-~]{1,128}$'),
                texts.reject_codes_text,
                null
            ) as reject_codes,
            rule_plan_type.value as plan_type,
            if(
                regexp_contains(texts.patient_pay_text, r'^-?[0-9]{1,15}(\.[0-9]{1,9})?$'),
                safe_cast(texts.patient_pay_text as numeric),
                null
            ) as patient_pay_usd,
            rule_decision.value as decision,
            if(
                regexp_contains(texts.items_expected_text, r'^-?[0-9]{1,15}$'),
                safe_cast(texts.items_expected_text as int64),
                null
            ) as items_expected,
            if(
                regexp_contains(texts.items_packed_text, r'^-?[0-9]{1,15}$'),
                safe_cast(texts.items_packed_text as int64),
                null
            ) as items_packed,
            case lower(texts.documents_complete_text)
                when 'true' then true
                when 'false' then false
            end as is_documents_complete,
            if(
                regexp_contains(texts.station_text, r'^[!-~]{1,128}$'),
                texts.station_text,
                null
            ) as station,
            if(
                regexp_contains(texts.scanner_id_text, r'^[!-~]{1,128}$'),
                texts.scanner_id_text,
                null
            ) as scanner_id,
            if(
                regexp_contains(texts.lot_text, r'^[!-~]{1,128}$'),
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
                regexp_contains(texts.zip3_text, r'^[0-9]{3}$'),
                texts.zip3_text,
                null
            ) as zip3,
            if(
                regexp_contains(
                    texts.promised_at_text,
                    concat(
                        r'^[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ]([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]',
                        r'(\.[0-9]{1,9})?([Zz]|[+-](0[0-9]|1[0-3]):[0-5][0-9]|[+-]14:00)$'
                    )
                ),
                safe_cast(
                    regexp_replace(texts.promised_at_text, r'(\.[0-9]{6})[0-9]+', r'\1') as timestamp
                ),
                null
            ) as promised_at,
            if(
                regexp_contains(texts.degrees_celsius_text, r'^-?[0-9]{1,15}(\.[0-9]{1,9})?$'),
                safe_cast(texts.degrees_celsius_text as numeric),
                null
            ) as temperature_celsius,
            if(
                regexp_contains(texts.minutes_outside_text, r'^-?[0-9]{1,15}$'),
                safe_cast(texts.minutes_outside_text as int64),
                null
            ) as minutes_outside,
            if(
                regexp_contains(texts.wait_text, r'^-?[0-9]{1,15}(\.[0-9]{1,9})?$'),
                safe_cast(texts.wait_text as numeric),
                null
            ) as wait_seconds,
            case lower(texts.abandoned_text)
                when 'true' then true
                when 'false' then false
            end as is_abandoned,
            if(
                regexp_contains(texts.nps_text, r'^-?[0-9]{1,15}$'),
                safe_cast(texts.nps_text as int64),
                null
            ) as nps,
            if(
                regexp_contains(texts.csat_text, r'^-?[0-9]{1,15}$'),
                safe_cast(texts.csat_text as int64),
                null
            ) as csat,
            if(
                regexp_contains(texts.corrects_id_text, r'^[!-~]{1,128}$'),
                texts.corrects_id_text,
                null
            ) as corrects_id,
            rule_correction_reason.value as correction_reason
        from texts
        left join pbm_ops.rule_codes as rule_source
            on rule_source.field = 'source'
            and rule_source.code = lower(trim(texts.source_text, ' '))
        left join pbm_ops.rule_codes as rule_type
            on rule_type.field = 'type'
            and rule_type.code = lower(trim(texts.type_text, ' '))
        left join pbm_ops.rule_codes as rule_carrier
            on rule_carrier.field = 'carrier'
            and rule_carrier.code = lower(trim(texts.carrier_text, ' '))
        left join pbm_ops.rule_codes as rule_priority
            on rule_priority.field = 'priority'
            and rule_priority.code = lower(trim(texts.priority_text, ' '))
        left join pbm_ops.rule_codes as rule_channel
            on rule_channel.field = 'channel'
            and rule_channel.code = lower(trim(texts.channel_text, ' '))
        left join pbm_ops.rule_codes as rule_reason
            on rule_reason.field = 'reason'
            and rule_reason.code = lower(trim(texts.reason_text, ' '))
        left join pbm_ops.rule_codes as rule_plan_type
            on rule_plan_type.field = 'plan_type'
            and rule_plan_type.code = lower(trim(texts.plan_type_text, ' '))
        left join pbm_ops.rule_codes as rule_decision
            on rule_decision.field = 'decision'
            and rule_decision.code = lower(trim(texts.decision_text, ' '))
        left join pbm_ops.rule_codes as rule_shift
            on rule_shift.field = 'shift'
            and rule_shift.code = lower(trim(texts.shift_text, ' '))
        left join pbm_ops.rule_codes as rule_pack_type
            on rule_pack_type.field = 'pack_type'
            and rule_pack_type.code = lower(trim(texts.pack_type_text, ' '))
        left join pbm_ops.rule_codes as rule_temperature_class
            on rule_temperature_class.field = 'temperature_class'
            and rule_temperature_class.code = lower(trim(texts.temperature_class_text, ' '))
        left join pbm_ops.rule_codes as rule_condition
            on rule_condition.field = 'condition'
            and rule_condition.code = lower(trim(texts.condition_text, ' '))
        left join pbm_ops.rule_codes as rule_service
            on rule_service.field = 'service'
            and rule_service.code = lower(trim(texts.service_text, ' '))
        left join pbm_ops.rule_codes as rule_substatus
            on rule_substatus.field = 'substatus'
            and rule_substatus.code = lower(trim(texts.substatus_text, ' '))
        left join pbm_ops.rule_codes as rule_correction_reason
            on rule_correction_reason.field = 'correction_reason'
            and rule_correction_reason.code = lower(trim(texts.correction_reason_text, ' '))
    ),
    judged as (
        select
            typed.*,
            case
                when not coalesce(is_document, false) then 'malformed_json:'
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
                when not regexp_contains(id_text, r'^[!-~]{1,128}$') then 'invalid_id:id'
                when not regexp_contains(subject_text, r'^[!-~]{1,128}$') then 'invalid_id:subject'
                when coalesce(specversion_json, '') != '"1.0"' then 'unknown_schema:specversion'
                when schema_version is null then 'unknown_schema:dataschema'
                when source is null then 'unknown_source:source'
                when event_type is null then 'unknown_type:type'
                when event_at is null then 'invalid_time:time'
                when
                    event_at < timestamp '2010-01-01 00:00:00+00'
                    or event_at > timestamp_add(known_at, interval 1 day)
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
                        or not regexp_contains(patient_id, r'^[!-~]{1,128}$')
                    )
                    then 'wrong_type:patient_id'
            end as verdict
        from typed
    ),
    staged as (
        select
            judged.*,
            if(
                judged.decision = 'denied' and rule_event_types.stage_when_denied is not null,
                rule_event_types.stage_when_denied,
                rule_event_types.stage
            ) as stage
        from judged
        left join pbm_ops.rule_event_types as rule_event_types
            on rule_event_types.event_type = judged.event_type
    )
select
    split(staged.verdict, ':')[safe_offset(0)] as reason_code,
    nullif(split(staged.verdict, ':')[safe_offset(1)], '') as detail,
    staged.attribute_source,
    staged.id_text as event_id,
    staged.source,
    staged.event_type,
    staged.event_at,
    date(staged.event_at) as event_date,
    staged.subject_text as order_id,
    staged.stage,
    dim_stages.stage_order,
    staged.message_id,
    staged.publish_time,
    staged.ingested_at,
    staged.known_at,
    staged.schema_version,
    staged.patient_id,
    staged.pharmacy_id,
    staged.drug_ndc,
    staged.carrier,
    staged.priority,
    staged.channel,
    staged.is_reship,
    staged.reason,
    staged.previous_order_id,
    staged.quantity,
    staged.days_supply,
    staged.fill_number,
    staged.need_by_date,
    staged.reject_codes,
    staged.plan_type,
    staged.patient_pay_usd,
    staged.decision,
    staged.items_expected,
    staged.items_packed,
    staged.is_documents_complete,
    staged.station,
    staged.scanner_id,
    staged.lot,
    staged.shift,
    staged.pack_type,
    staged.temperature_class,
    staged.condition,
    staged.service,
    staged.substatus,
    if(rule_sparse_zip3.zip3 is not null, '000', staged.zip3) as zip3,
    staged.promised_at,
    staged.temperature_celsius,
    staged.minutes_outside,
    staged.wait_seconds,
    staged.is_abandoned,
    staged.nps,
    staged.csat,
    staged.corrects_id,
    staged.correction_reason
from staged
left join pbm_gold.dim_stages as dim_stages on dim_stages.stage = staged.stage
left join pbm_ops.rule_sparse_zip3 as rule_sparse_zip3 on rule_sparse_zip3.zip3 = staged.zip3;
