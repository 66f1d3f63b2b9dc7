import { type Actor, type Reply, spendIn, unchanged } from "./actor.ts";
import { type Book, spend, withEntry } from "./book.ts";
import type { Heard } from "./calls.ts";
import { readReplies, storeReplies } from "./read-replies.ts";
import { castReplies, commandReplies, putReplies, submitReplies } from "./request-replies.ts";
import type { Visit } from "./space.ts";
import { isWaiting, type Question } from "./watches.ts";

/** Every answer that every waiting question of the process may get now. */
export async function processMoves(actor: Actor, visit: Visit): Promise<void> {
  for (const question of actor.watch.questions) {
    for (const reply of repliesTo(actor, question)) await go(actor, reply, visit);
  }
  await waits(actor, visit);
}

/** The answer that a calm world gives, for runs without faults. */
export async function plainMove(actor: Actor, visit: Visit): Promise<void> {
  const [question] = actor.watch.questions;
  if (question === undefined) throw new Error(`${actor.name} waits for nothing`);
  const [reply] = repliesTo(actor, question);
  if (reply !== undefined) await go(actor, reply, visit);
}

async function go(actor: Actor, reply: Reply, visit: Visit): Promise<void> {
  const { space, at, world, process } = actor;
  const id = reply.id ?? space.answers.idOf(reply.heard);
  const step = await space.hear(actor.watchId, id, reply.heard);
  const { world: next, broken, seen } = space.follow(reply.change, process, step);
  visit({ to: space.codec.pack(at, world, next), text: reply.text, broken, seen });
}

function repliesTo(actor: Actor, question: Question): readonly Reply[] {
  const [asked] = question.asked;
  if (asked === undefined) return [];
  const { call } = asked;
  switch (question.kind) {
    case "nodes":
      return readReplies(actor, question);
    case "read-state":
    case "read-votes":
      return storeReplies(actor, question, asked);
    default:
      break;
  }
  switch (call.kind) {
    case "put":
      return putReplies(actor, asked, call);
    case "cast":
      return castReplies(actor, asked, call);
    case "command":
      return commandReplies(actor, asked, call);
    case "submit":
      return submitReplies(actor, asked, call);
    default:
      throw new Error(`${call.kind} is no question of its own`);
  }
}

/** Time that passes for one observer, and an invocation that ends. */
async function waits(actor: Actor, visit: Visit): Promise<void> {
  const { space, at, world, process, watch, watchId, name } = actor;
  const { left } = world.book;
  const isStarting = watch.heard.length === 0 && watch.rule === null;
  if (isStarting && left.era > 0 && watch.turn.wait !== "era") {
    const step = await space.watches.waiting(watchId, "era");
    const next = space.follow(unchanged(spendIn(world, "era")), process, step);
    const text = () => `takeoverMs passes for ${name}`;
    visit({ to: space.codec.pack(at, world, next.world), text, broken: next.broken, seen: [] });
  }
  if (!isStarting && left.stall > 0) {
    const heard: readonly Heard[] = [{ kind: "stall" }];
    const change = unchanged(spendIn(world, "stall"));
    await go(actor, { heard, change, text: () => `${name} is slow` }, visit);
  }
  if (left.crash > 0 && isWaiting(watch)) await crash(actor, visit);
}

async function crash(actor: Actor, visit: Visit): Promise<void> {
  const { space, at, world, process, watch, name } = actor;
  const shift = Number(watch.turn.memory.shift.split("/")[1]) + 1;
  const { observer } = actor;
  const step = await space.watches.begin(space.firstTurn({ observer, name }, shift));
  const spent = spend(world.book, "crash");
  const heardOld = withEntry(spent.heardOld, process, 0);
  const book: Book = { ...spent, heardOld, found: withEntry(spent.found, process, null) };
  const next = space.follow(unchanged({ ...world, book }), process, step);
  const text = () => `${name} crashes; its next shift starts`;
  visit({
    to: space.codec.pack(at, world, next.world),
    text,
    broken: next.broken,
    seen: ["crash"],
  });
}
