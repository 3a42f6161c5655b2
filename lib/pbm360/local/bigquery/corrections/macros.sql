-- What GoogleSQL means, in DuckDB's words: one macro a correction, created anew at every start.
-- The translation (translation.py) puts these names in the place of GoogleSQL's functions.

-- timestamp_diff: whole units, cut toward zero (DuckDB's date_diff counts boundaries).
create or replace macro pbm_timestamp_diff(later, earlier, unit_us) as
    (epoch_us(cast(later as timestamptz)) - epoch_us(cast(earlier as timestamptz))) // unit_us;

-- Weeks that begin on a given weekday (0 = Sunday); 1970-01-01 was a Thursday.
create or replace macro pbm_days(day) as date_diff('day', date '1970-01-01', cast(day as date));
create or replace macro pbm_week_diff(later, earlier, first_weekday) as
    cast(floor((pbm_days(later) - 3 - first_weekday) / 7.0) - floor((pbm_days(earlier) - 3 - first_weekday) / 7.0) as bigint);
create or replace macro pbm_week_start(day, first_weekday) as
    cast(day as date) - cast((((pbm_days(day) - 3 - first_weekday) % 7) + 7) % 7 as integer);
create or replace macro pbm_datetime_week_start(moment, first_weekday) as
    cast(pbm_week_start(moment, first_weekday) as timestamp);
create or replace macro pbm_timestamp_week_start(moment, first_weekday, zone) as
    timezone(zone, cast(pbm_week_start(timezone(zone, cast(moment as timestamptz)), first_weekday) as timestamp));

-- Arrays: an index out of bounds is an error unless it was asked for safely.
create or replace macro pbm_item(items, zero_based) as
    case
        when items is null or zero_based is null then null
        when zero_based < 0 or zero_based >= len(items)
            then error('Array index ' || cast(zero_based as varchar) || ' is out of bounds')
        else items[zero_based + 1]
    end;
create or replace macro pbm_safe_item(items, zero_based) as
    case when zero_based >= 0 then items[zero_based + 1] end;

-- div: whole quotient, cut toward zero; by zero is an error.
create or replace macro pbm_div(dividend, divisor) as
    case when divisor = 0 then error('division by zero') else dividend // divisor end;
create or replace macro pbm_mod(dividend, divisor) as
    case when divisor = 0 then error('division by zero') else dividend % divisor end;

-- cast(... as int64): halves round away from zero; text must be a whole number.
create or replace macro pbm_to_int64(given) as
    case
        when typeof(given) in ('DOUBLE', 'FLOAT') then cast(round(try_cast(given as double)) as bigint)
        when typeof(given) = 'VARCHAR' and not regexp_full_match(cast(given as varchar), '\s*[+-]?([0-9]+|0[xX][0-9a-fA-F]+)\s*')
            then error('Bad int64 value: ' || cast(given as varchar))
        else cast(given as bigint)
    end;
create or replace macro pbm_try_int64(given) as
    case
        when typeof(given) in ('DOUBLE', 'FLOAT') then try_cast(round(try_cast(given as double)) as bigint)
        when typeof(given) = 'VARCHAR' and not regexp_full_match(cast(given as varchar), '\s*[+-]?([0-9]+|0[xX][0-9a-fA-F]+)\s*')
            then null
        else try_cast(given as bigint)
    end;

-- numeric is decimal(38, 9), not DuckDB's decimal(18, 3).
create or replace macro pbm_to_numeric(given) as cast(given as decimal(38, 9));
create or replace macro pbm_try_numeric(given) as try_cast(given as decimal(38, 9));

-- Text to bool: true and false alone, in any case (DuckDB takes 't', '1', 'yes' too).
create or replace macro pbm_to_bool(given) as
    case
        when typeof(given) = 'VARCHAR' and lower(cast(given as varchar)) not in ('true', 'false')
            then error('Bad bool value: ' || cast(given as varchar))
        else cast(given as boolean)
    end;
create or replace macro pbm_try_bool(given) as
    case
        when typeof(given) = 'VARCHAR' and lower(cast(given as varchar)) not in ('true', 'false') then null
        else try_cast(given as boolean)
    end;

-- Text to date: no year 0 (DuckDB's is 1 BC).
create or replace macro pbm_to_date(given) as
    case
        when typeof(given) = 'VARCHAR' and left(trim(cast(given as varchar)), 4) = '0000'
            then error('Invalid date: ' || cast(given as varchar))
        else cast(given as date)
    end;
create or replace macro pbm_try_date(given) as
    case
        when typeof(given) = 'VARCHAR' and left(trim(cast(given as varchar)), 4) = '0000' then null
        else try_cast(given as date)
    end;

-- Text to timestamp: seconds where there is a time, hours below 24, offsets up to 14 hours, t and z in any case; the
-- instant, in UTC, in the years 1 to 9999 (checked where the text's own year lies near an end).
create or replace macro pbm_is_timestamp_text(given) as regexp_full_match(
    given,
    '\s*[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}([ Tt]([01]?[0-9]|2[0-3]):[0-9]{1,2}:[0-9]{1,2}(\.[0-9]{0,6})?)?'
    || '( ?([Zz]|[+-](0?[0-9]|1[0-3])(:?[0-9]{2})?|[+-]14(:?00)?|[A-Za-z]+(/[A-Za-z_/+-]+)?))?\s*'
);
create or replace macro pbm_timestamp_text(given) as
    regexp_replace(upper(trim(given)), ' ?([+-][0-9:]+|Z)$', '\1');
create or replace macro pbm_is_past_the_ends(text, moment) as
    left(text, 4) in ('0000', '0001', '9999')
    and (moment < timestamptz '0001-01-01 00:00:00+00' or moment > timestamptz '9999-12-31 23:59:59.999999+00');
create or replace macro pbm_to_timestamp(given) as
    case
        when typeof(given) <> 'VARCHAR' then cast(given as timestamptz)
        when pbm_is_timestamp_text(cast(given as varchar))
            and not pbm_is_past_the_ends(
                trim(cast(given as varchar)), try_cast(pbm_timestamp_text(cast(given as varchar)) as timestamptz)
            )
            then cast(pbm_timestamp_text(cast(given as varchar)) as timestamptz)
        when given is not null then error('Invalid timestamp: ' || cast(given as varchar))
    end;
create or replace macro pbm_is_plain_timestamp(given) as regexp_full_match(
    given,
    '[12][0-9]{3}-[0-9]{2}-[0-9]{2}[ T]([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\.[0-9]{1,6})?'
    || '(Z|[+-](0[0-9]|1[0-3]):[0-5][0-9])'
);
create or replace macro pbm_try_timestamp(given) as
    case
        when typeof(given) <> 'VARCHAR' or pbm_is_plain_timestamp(cast(given as varchar))
            then try_cast(given as timestamptz)
        when pbm_is_timestamp_text(cast(given as varchar))
            and not pbm_is_past_the_ends(
                trim(cast(given as varchar)), try_cast(pbm_timestamp_text(cast(given as varchar)) as timestamptz)
            )
            then try_cast(pbm_timestamp_text(cast(given as varchar)) as timestamptz)
    end;

-- Numbers and timestamps as text: no trailing zeros; fractions of a second in three or six digits.
create or replace macro pbm_decimal_text(given) as
    case when contains(given, '.') then rtrim(rtrim(given, '0'), '.') else given end;
create or replace macro pbm_timestamp_string(given) as
    strftime(given, '%Y-%m-%d %H:%M:%S')
    || case
        when epoch_us(given) % 1000000 = 0 then ''
        when epoch_us(given) % 1000 = 0 then '.' || strftime(given, '%g')
        else '.' || strftime(given, '%f')
    end || '+00';
create or replace macro pbm_to_string(given) as
    case
        when typeof(given) in ('DOUBLE', 'FLOAT') then regexp_replace(cast(given as varchar), '\.0$', '')
        when typeof(given) like 'DECIMAL%' then pbm_decimal_text(cast(given as varchar))
        when typeof(given) = 'BLOB' then decode(try_cast(given as blob))
        when typeof(given) = 'TIMESTAMP WITH TIME ZONE' then pbm_timestamp_string(try_cast(given as timestamptz))
        else cast(given as varchar)
    end;

-- Bytes: a literal as hexadecimal digits; as text, U+FFFD for each byte that is not UTF-8.
create or replace macro pbm_bytes(digits) as unhex(digits);
create or replace macro pbm_lossy_text(given) as coalesce(try(decode(given)), pbm_decode_lossy(given));

-- JSON text by a path with an index or a quoted name (json_documents reads the others).
create or replace macro pbm_json_scalar(part) as
    case when left(cast(part as varchar), 1) in ('{', '[') then null else json_extract_string(part, '$') end;
create or replace macro pbm_json_value_at(document, path) as
    pbm_json_scalar(try(json_extract(cast(document as varchar), path)));
create or replace macro pbm_json_query_at(document, path) as
    nullif(cast(try(json_extract(cast(document as varchar), path)) as varchar), 'null');
