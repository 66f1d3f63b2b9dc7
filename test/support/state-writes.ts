import * as z from "zod";
import type { DynamoDbHooks, SeenRequest } from "../../lab/dynamodb/gateway.ts";
import type { Rig } from "./rig.ts";

const text = z.object({ S: z.string() }).transform((value) => value.S);
const nothing = z.object({ NULL: z.literal(true) }).transform(() => null);
const node = z.object({ M: z.object({ node: text }) }).transform((value) => value.M.node);

/** A write of a STATE item as it travels to the table. */
const stateWrite = z.object({
  Item: z.object({
    pk: z.object({ S: z.string().startsWith("STATE#") }),
    sk: text,
    phase: text,
    epoch: z.object({ N: z.coerce.number() }).transform((value) => value.N),
    leader: text.or(nothing),
    candidate: node.or(nothing),
    master: node.or(nothing),
  }),
});

export interface StateWrite {
  readonly phase: string;
  readonly epoch: number;
  /** The observer whose shift leads. */
  readonly leader: string;
  readonly candidate: string | null;
  readonly master: string | null;
}

/**
 * Holds the first write of STATE that brings this phase: `before` the table applies it, or `after`, when its writer has
 * not heard of it yet. The table and everybody else go on; what `meet` returns decides whether the write is applied.
 */
export function holdStateWrite(
  rig: Rig,
  moment: "before" | "after",
  phase: string,
  meet: (write: StateWrite) => Promise<"pass" | "refuse">,
): Promise<StateWrite> {
  const { hooks } = rig.world.dynamo;
  const hook: keyof DynamoDbHooks = moment === "before" ? "onRequest" : "onApplied";
  return new Promise((resolve) => {
    hooks[hook] = async (request: SeenRequest) => {
      const write = readWrite(request);
      if (write?.phase !== phase) return;
      hooks[hook] = undefined;
      rig.timeline.note(`${write.leader} writes phase ${phase} of epoch ${write.epoch}: held`);
      const verdict = await meet(write);
      resolve(write);
      if (verdict === "refuse") throw new Error("refused by the test");
    };
  });
}

function readWrite({ operation, body }: SeenRequest): StateWrite | null {
  if (operation !== "PutItem") return null;
  const parsed = stateWrite.safeParse(body);
  if (!parsed.success) return null;
  const { phase, epoch, leader, candidate, master } = parsed.data.Item;
  return { phase, epoch, leader: leader?.split("/")[0] ?? "", candidate, master };
}
