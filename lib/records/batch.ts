import { type Data, DataType, Precision, type RecordBatch } from "npm:apache-arrow@21.2.0";
import { RecordError } from "./error.ts";
import { arrowType, type Columns, type Stored, storedOf } from "./schema.ts";

/**
 * Checks a batch from a file against the columns that it should have: their types, and that every text and list lies
 * within the batch. Reading a batch that passes takes at most the file's size in memory.
 *
 * @throws {RecordError} if a column is missing, has another type, or reaches outside of its batch
 */
export function checkBatch(batch: RecordBatch, columns: Columns): void {
  // Arrow's reader returns one batch without rows for a stream without batches.
  if (batch.numRows === 0) return;
  for (const [name, column] of Object.entries(columns)) {
    const at = batch.schema.fields.findIndex((f) => f.name === name);
    const data: Data | undefined = batch.data.children[at];
    if (!data) throw new RecordError(`expected a column ${name}, got none, reading a batch`);
    const stored = storedOf(column);
    if (!isOf(stored, data.type)) {
      throw new RecordError(
        `expected column ${name} to be ${arrowType(column)}, got ${data.type}, reading a batch`,
      );
    }
    if (data.length !== batch.numRows || !reaches(data, stored)) {
      throw new RecordError(
        `expected column ${name} within its batch, got one that reaches outside, reading a batch`,
      );
    }
  }
}

function isOf(column: Stored, type: DataType): boolean {
  switch (column) {
    case "text":
      return DataType.isUtf8(type);
    case "int":
      return DataType.isInt(type) && type.bitWidth === 32 && type.isSigned;
    case "float":
      return DataType.isFloat(type) && type.precision === Precision.DOUBLE;
    case "floats":
      return DataType.isList(type) && isOf("float", type.valueType);
    default:
      return column satisfies never;
  }
}

/** Whether a column has all its rows and no null. */
function reaches(data: Data, column: Stored): boolean {
  if (data.nullCount > 0 || data.offset !== 0) return false;
  switch (column) {
    case "text":
      return rises(data, data.values.length);
    case "int":
    case "float":
      return data.values.length >= data.length;
    case "floats": {
      const [child] = data.children;
      return child !== undefined && reaches(child, "float") && rises(data, child.length);
    }
    default:
      return column satisfies never;
  }
}

/** Whether the offsets of the values never decrease, and end within `most`. */
function rises({ valueOffsets, length }: Data, most: number): boolean {
  if (length === 0) return true;
  if (!(valueOffsets.length > length && valueOffsets[0] >= 0 && valueOffsets[length] <= most)) return false;
  return Array.from({ length }, (_, k) => valueOffsets[k] <= valueOffsets[k + 1]).every((up) => up);
}
