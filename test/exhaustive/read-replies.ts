import { success } from "../../lib/ports/errors.ts";
import { type Actor, type Reply, spendIn, unchanged } from "./actor.ts";
import { answerReads, cutFrom, hasOptional, hear, noAnswer, type Reach } from "./answers.ts";
import { withEntry } from "./book.ts";
import type { Answer, Asked, Heard } from "./calls.ts";
import { serverOf } from "./servers.ts";
import { nameOf } from "./tell.ts";
import type { Question } from "./watches.ts";
import type { World } from "./world.ts";

/** What a process may be told when it reads: nodes, zone, STATE, votes. */

export function readReplies(actor: Actor, question: Question): readonly Reply[] {
  const { space, at, world, name } = actor;
  const cut = cutFrom(world, actor.observer);
  const reach: Reach = {
    config: space.scope.config,
    servers: world.servers,
    zone: world.zone,
    cut,
  };
  const reply = (isHeard: boolean): Reply => {
    const key = `n${question.id}/${at[3]}/${at[2]}/${[...cut].join()}/${isHeard}`;
    const { id, heard } = space.give(key, () => answerReads(reach, question.asked, isHeard));
    const change = unchanged(isHeard ? noteHeard(actor, heard) : world);
    const nodes = question.asked.flatMap(({ call }) =>
      "node" in call ? [call.node] : ["the zone"],
    );
    const what = [...new Set(nodes)].map((node) => nameOf(space.scope, node)).join(", ");
    const late = isHeard ? "" : ", whose answer comes too late";
    return { heard, id, change, text: () => `${name} looks at ${what}${late}` };
  };
  return hasOptional(reach, question.asked) ? [reply(true), reply(false)] : [reply(true)];
}

/** The leader of an open failover hears the old master answer as master: it may not commit over it (protocol F6). */
function noteHeard({ world, process, watch }: Actor, heard: readonly Heard[]): World {
  const { state, book } = world;
  const isLeading = state.phase === "promoting" && state.leader === watch.turn.memory.shift;
  const old = state.master?.node ?? "";
  if (!isLeading || state.kind !== "failover" || state.candidate?.node === old) return world;
  if (book.heardOld[process] === state.epoch) return world;
  const server = serverOf(world.servers, old);
  const isWhole = book.chosen.every((value) => server.data.includes(value));
  const runId = `${old}-run-${server.starts}`;
  const says = heard.some((one) => one.kind === "answer" && saysMaster(one.answer, runId));
  if (!says || !isWhole) return world;
  const heardOld = withEntry(book.heardOld, process, state.epoch);
  return { ...world, book: { ...book, heardOld } };
}

function saysMaster(answer: Answer, runId: string): boolean {
  if (answer.kind === "probe")
    return answer.facts?.runId === runId && answer.facts.role === "master";
  if (answer.kind !== "observe" || !answer.result.ok) return false;
  const { facts } = answer.result.value;
  return facts.runId === runId && facts.role === "master";
}

export function storeReplies(actor: Actor, question: Question, asked: Asked): readonly Reply[] {
  const { space, at, world, name } = actor;
  if (question.kind === "read-votes") {
    const given = space.give(`v${question.id}/${at[1]}`, () => [
      hear(asked, { kind: "read-votes", result: success(world.votes) }),
    ]);
    return [{ ...given, change: unchanged(world), text: () => `${name} reads the votes` }];
  }
  const stored = { kind: "state" as const, state: world.state };
  const given = space.give(`s${question.id}/${at[0]}`, () => [
    hear(asked, { kind: "read-state", result: success(stored) }),
  ]);
  const { book } = world;
  const isFirst = book.found[actor.process] === null;
  const found = withEntry(book.found, actor.process, world.state.round.number);
  const change = unchanged(isFirst ? { ...world, book: { ...book, found } } : world);
  return [{ ...given, change, text: () => `${name} reads STATE` }, ...unread(actor, asked)];
}

/** The table does not answer (invariant S14). */
function unread({ world, name }: Actor, asked: Asked): readonly Reply[] {
  if (world.book.left.loss === 0) return [];
  const heard = [hear(asked, { kind: "read-state", result: noAnswer })];
  const text = () => `${name} reads STATE: no answer`;
  return [{ heard, change: unchanged(spendIn(world, "loss")), text }];
}
