import type { AttributeValue } from "@aws-sdk/client-dynamodb";

/** The size of an item by the rules of DynamoDB's guide ("Item sizes and formats"), in bytes. */
export function itemBytes(item: Readonly<Record<string, AttributeValue>>): number {
  return Object.entries(item).reduce(
    (sum, [name, value]) => sum + Buffer.byteLength(name) + valueBytes(value),
    0,
  );
}

function valueBytes(value: AttributeValue): number {
  if (value.S !== undefined) return Buffer.byteLength(value.S);
  // Two digits a byte, and one for the rest.
  if (value.N !== undefined) return Math.ceil(value.N.replace(/\D/g, "").length / 2) + 1;
  if (value.B !== undefined) return value.B.length;
  if (value.BOOL !== undefined || value.NULL !== undefined) return 1;
  // Three bytes for the list or map itself, and one for each of its members.
  if (value.L !== undefined) {
    return value.L.reduce((sum, one) => sum + 1 + valueBytes(one), 3);
  }
  if (value.M !== undefined) return 3 + Object.keys(value.M).length + itemBytes(value.M);
  throw new Error(`expected a type that the store writes, got ${Object.keys(value).join()}`);
}
