import { unmarshall } from "@aws-sdk/util-dynamodb";
import * as z from "zod/mini";
import en from "zod/v4/locales/en.js";
import { failure, type Result, success } from "../ports/errors.ts";
import type { Item } from "./dynamo-codec.ts";
import { describeThrown } from "./thrown.ts";

/** This zod has no words of its own for what it refuses. */
z.config(en());

/** What came from the table, held against a schema before it is believed; `what` names the record in the refusal. */
export function parse<T>(schema: z.ZodMiniType<T>, item: Item, what: string): Result<T> {
  // The key says where the record stands, and is no part of it.
  const { pk: _pk, sk: _sk, ...record } = item;
  const read = plain(record);
  const parsed = read.ok ? schema.safeParse(read.value) : null;
  if (parsed?.success) return success(parsed.data);
  const why = read.ok ? tell(parsed?.error) : read.why;
  return failure("malformed", `a ${what} item is not one that this version understands: ${why}`);
}

/** A number that JavaScript can't hold, or a type that the SDK doesn't know, has no plain form (fault D12). */
function plain(item: Item): Result<unknown> {
  try {
    return success(unmarshall(item));
  } catch (error) {
    return failure("malformed", describeThrown(error).message);
  }
}

/** Where the first thing is that does not fit, and what was expected there. */
export function tell(error: z.core.$ZodError | undefined): string {
  const first = error?.issues[0];
  if (first === undefined) return "unknown";
  return first.path.length === 0 ? first.message : `${first.path.join(".")}: ${first.message}`;
}
