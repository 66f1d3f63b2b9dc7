import DataLoader from "dataloader";
import type { Result } from "../ports/errors.ts";
import type { Item } from "./dynamo-codec.ts";

export interface Key {
  readonly pk: string;
  readonly sk: string;
}

type Got = Result<Item | undefined>;

export interface Readers {
  one(key: Key): Promise<Got>;
  /** Keys that differ; an answer for each, in their order. */
  many(keys: readonly Key[]): Promise<readonly Got[]>;
}

/** What one BatchGetItem takes: https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchGetItem.html */
const keysMax = 100;

/**
 * Reads of single items that begin in one turn of the event loop go out as one request. An observer of a hundred groups
 * reads fifty STATEs a second, and what a request costs hardly depends on how many items it asks for. Nobody waits for
 * another turn: a read that comes alone is sent as it was.
 */
export function gatherReads(readers: Readers): (key: Key) => Promise<Got> {
  const loader = new DataLoader<Key, Got, string>(
    async (keys) => {
      // The same item twice in one request is an error.
      const asked = [...new Map(keys.map((key) => [nameOf(key), key])).values()];
      const [first] = asked;
      const got =
        asked.length === 1 && first !== undefined
          ? [await readers.one(first)]
          : await readers.many(asked);
      const byName = new Map(asked.map((key, index) => [nameOf(key), got[index]]));
      return keys.map((key) => byName.get(nameOf(key)) ?? new Error(`no answer for ${key.pk}`));
    },
    {
      cache: false,
      maxBatchSize: keysMax,
      batchScheduleFn: (send) => void setImmediate(send),
    },
  );
  return (key) => loader.load(key);
}

/** As a STATE is asked for and as it comes back. */
export function nameOf({ pk, sk }: Key): string {
  return `${pk} ${sk}`;
}
