import { type Data, DataType, Precision, type RecordBatch } from "npm:apache-arrow@21.2.0";
import { RecordError } from "./error.ts";
import { arrowType, type Columns, type Stored, storedOf } from "./schema.ts";

/**
 * Holds a batch from a file against the columns it should have: their types, and that every text and list lies
 * within what the file has, one after the other. What passes can be read at no more than the file's own size.
 *
 * @throws {RecordError} where a column is missing, of another type, or reaches outside
 */
export function checkBatch(batch: RecordBatch, columns: Columns): void {
  // Of a stream without batches the reader makes one without rows.
  if (batch.numRows === 0) return;
  for (const [name, column] of Object.entries(columns)) {
    const at = batch.schema.fields.findIndex((f) => f.name === name);
    const data: Data | undefined = batch.data.children[at];
    if (!data) throw new RecordError(`column ${name} is missing`);
    const stored = storedOf(column);
    if (!isOf(stored, data.type)) {
      throw new RecordError(`column ${name} is ${data.type} where ${arrowType(column)} belongs`);
    }
    if (data.length !== batch.numRows || !reaches(data, stored)) {
      throw new RecordError(`column ${name} reaches outside of its batch`);
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

/** Whether all rows are there, with nothing left out. */
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

/** Whether the places where values begin never fall and end within `most`. */
function rises({ valueOffsets, length }: Data, most: number): boolean {
  if (length === 0) return true;
  if (!(valueOffsets.length > length && valueOffsets[0] >= 0 && valueOffsets[length] <= most)) return false;
  return Array.from({ length }, (_, k) => valueOffsets[k] <= valueOffsets[k + 1]).every((up) => up);
}
