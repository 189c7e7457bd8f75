//! Cells of record batches as texts.

use arrow::array::{Array, ArrowPrimitiveType, AsArray};
use arrow::datatypes::{
    DataType, Date32Type, Date64Type, Float16Type, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type,
    TimeUnit, TimestampMicrosecondType, TimestampMillisecondType, TimestampNanosecondType, TimestampSecondType,
    UInt8Type, UInt16Type, UInt32Type, UInt64Type,
};
use arrow::temporal_conversions::as_datetime;

/// The text of a cell that is not null; `None` for white space and for numbers that are none (NaN).
pub(super) type Cell = fn(&dyn Array, usize) -> Option<String>;

/// How cells of a column of this type are read; `None` for types that are no text, number or date.
pub(super) fn cell_of(data_type: &DataType) -> Option<Cell> {
    Some(match data_type {
        DataType::Utf8 => |array, row| text(array.as_string::<i32>().value(row)),
        DataType::LargeUtf8 => |array, row| text(array.as_string::<i64>().value(row)),
        DataType::Utf8View => |array, row| text(array.as_string_view().value(row)),
        DataType::Dictionary(keys, values) => {
            if !matches!(**values, DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View) {
                return None;
            }
            match **keys {
                DataType::Int8 => entry::<Int8Type>,
                DataType::Int16 => entry::<Int16Type>,
                DataType::Int32 => entry::<Int32Type>,
                DataType::Int64 => entry::<Int64Type>,
                DataType::UInt8 => entry::<UInt8Type>,
                DataType::UInt16 => entry::<UInt16Type>,
                DataType::UInt32 => entry::<UInt32Type>,
                DataType::UInt64 => entry::<UInt64Type>,
                _ => return None,
            }
        }
        DataType::Int8 => integer::<Int8Type>,
        DataType::Int16 => integer::<Int16Type>,
        DataType::Int32 => integer::<Int32Type>,
        DataType::Int64 => integer::<Int64Type>,
        DataType::UInt8 => integer::<UInt8Type>,
        DataType::UInt16 => integer::<UInt16Type>,
        DataType::UInt32 => integer::<UInt32Type>,
        DataType::UInt64 => integer::<UInt64Type>,
        DataType::Float16 => |array, row| number(array.as_primitive::<Float16Type>().value(row).to_f32()),
        DataType::Float32 => |array, row| number(array.as_primitive::<Float32Type>().value(row)),
        DataType::Float64 => |array, row| number(array.as_primitive::<Float64Type>().value(row)),
        DataType::Date32 => date::<Date32Type>,
        DataType::Date64 => date::<Date64Type>,
        DataType::Timestamp(TimeUnit::Second, _) => time::<TimestampSecondType>,
        DataType::Timestamp(TimeUnit::Millisecond, _) => time::<TimestampMillisecondType>,
        DataType::Timestamp(TimeUnit::Microsecond, _) => time::<TimestampMicrosecondType>,
        DataType::Timestamp(TimeUnit::Nanosecond, _) => time::<TimestampNanosecondType>,
        _ => return None,
    })
}

/// The same, with flags.
pub(super) fn scalar_of(data_type: &DataType) -> Option<Cell> {
    match data_type {
        DataType::Boolean => Some(|array, row| Some(array.as_boolean().value(row).to_string())),
        other => cell_of(other),
    }
}

fn text(value: &str) -> Option<String> {
    (!value.trim().is_empty()).then(|| value.to_string())
}

/// A string of a dictionary.
fn entry<K: ArrowPrimitiveType<Native: TryInto<usize>>>(array: &dyn Array, row: usize) -> Option<String> {
    let dictionary = array.as_any_dictionary();
    let key: usize = dictionary.keys().as_primitive::<K>().value(row).try_into().ok()?;
    let values = dictionary.values();
    if key >= values.len() || values.is_null(key) {
        return None;
    }
    cell_of(values.data_type())?(values, key)
}

fn integer<T: ArrowPrimitiveType<Native: ToString>>(array: &dyn Array, row: usize) -> Option<String> {
    Some(array.as_primitive::<T>().value(row).to_string())
}

/// A float without a decimal point where it has no decimals: tables turn integers with gaps into floats.
fn number(value: impl Into<f64> + ToString + Copy) -> Option<String> {
    value.into().is_finite().then(|| value.to_string())
}

fn date<T: ArrowPrimitiveType<Native: Into<i64>>>(array: &dyn Array, row: usize) -> Option<String> {
    let day = as_datetime::<T>(array.as_primitive::<T>().value(row).into())?;
    Some(day.format("%Y-%m-%d").to_string())
}

/// A time in whole seconds; those of columns with a time zone are UTC, others do not say.
fn time<T: ArrowPrimitiveType<Native = i64>>(array: &dyn Array, row: usize) -> Option<String> {
    let time = as_datetime::<T>(array.as_primitive::<T>().value(row))?;
    let zone = if matches!(array.data_type(), DataType::Timestamp(_, Some(_))) { "Z" } else { "" };
    Some(format!("{}{zone}", time.format("%Y-%m-%dT%H:%M:%S")))
}
