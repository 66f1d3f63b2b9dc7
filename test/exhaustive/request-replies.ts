import { failure, success } from "../../lib/ports/errors.ts";
import { type Actor, type Reply, spendIn, unchanged } from "./actor.ts";
import { cutFrom, hear, noAnswer, told } from "./answers.ts";
import type { Answer, Asked, CallOf } from "./calls.ts";
import { plain } from "./canonical.ts";
import { checkRound, checkSending } from "./invariants.ts";
import { enqueue, isStanding, type Sent, serverOf } from "./servers.ts";
import type { Change } from "./space.ts";
import { describeCommand, describeWrite } from "./tell.ts";
import type { Stray } from "./world.ts";
import { castVote, command, submit, writeState } from "./writes.ts";

/** What may become of a request that changes something: STATE, a vote, a node, the record. */

/** Where a request may be lost, and its answer too, and where it may arrive later than its sender believes. */
interface Ways {
  /** Carried out and answered. */
  readonly done: Change | null;
  readonly answer: Answer;
  /** Carried out although the sender hears nothing. */
  readonly mute: Change | null;
  readonly stray: Stray | null;
  readonly lost: Answer;
  readonly what: () => string;
}

function waysOf(actor: Actor, asked: Asked, ways: Ways): readonly Reply[] {
  const { world, name } = actor;
  const { left } = world.book;
  const replies: Reply[] = [];
  if (ways.done !== null) {
    const text = () => `${name} ${ways.what()}`;
    replies.push({ heard: [hear(asked, ways.answer)], change: ways.done, text });
  }
  const lost = [hear(asked, ways.lost)];
  if (left.loss > 0) {
    const spent = spendIn(world, "loss");
    const text = () => `${name} ${ways.what()}: the request is lost`;
    replies.push({ heard: lost, change: unchanged(spent), text });
    if (ways.mute !== null) {
      const change = { ...ways.mute, world: spendIn(ways.mute.world, "loss") };
      const said = () => `${name} ${ways.what()}: done, the answer is lost`;
      replies.push({ heard: lost, change, text: said });
    }
  }
  if (left.late > 0 && ways.stray !== null) {
    const spent = spendIn(world, "late");
    const change = unchanged({ ...spent, strays: [...spent.strays, ways.stray] });
    const heard = [
      { kind: "answer" as const, number: asked.number, answer: ways.lost, isStray: true as const },
    ];
    replies.push({ heard, change, text: () => `${name} ${ways.what()}: still under way` });
  }
  return replies;
}

export function putReplies(actor: Actor, asked: Asked, call: CallOf<"put">): readonly Reply[] {
  const { space, world, process, watch } = actor;
  const { scope } = space;
  const attempt = `${watch.turn.memory.shift}#${watch.turn.strays}`;
  const next = plain(call.next);
  const write = { base: call.base, next };
  const sending = checkSending(world.book, process, world.state, next);
  const withSending = (change: Change): Change => ({ ...change, broken: sending ?? change.broken });
  const done = writeState(scope, world, write, null);
  const mute = writeState(scope, world, write, attempt);
  if (done === null || mute === null) {
    space.bounded += 1;
    return [];
  }
  const standing = { kind: "state" as const, state: world.state };
  const put = done.isDone ? { isPut: true as const } : { isPut: false as const, standing };
  return waysOf(actor, asked, {
    done: withSending(done),
    answer: { kind: "put", result: success(put) },
    mute: done.isDone ? withSending(mute) : null,
    stray: done.isDone ? { to: "state", by: actor.name, attempt, ...write } : null,
    lost: { kind: "put", result: noAnswer },
    what: () => describeWrite(scope, watch.rule, world.state, next, done.isDone),
  });
}

export function castReplies(actor: Actor, asked: Asked, call: CallOf<"cast">): readonly Reply[] {
  const { isDone: isCast, standing, ...cast } = castVote(actor.world, call.vote);
  const { round } = call.vote;
  const broken = checkRound(actor.world.book, actor.process, round, "votes");
  const change = { ...cast, broken };
  return waysOf(actor, asked, {
    done: change,
    answer: { kind: "cast", result: success({ isCast, standing }) },
    mute: isCast ? change : null,
    stray: isCast ? { to: "votes", vote: call.vote } : null,
    lost: { kind: "cast", result: noAnswer },
    what: () => `votes ${call.vote.verdict} in round ${call.vote.round}`,
  });
}

export function commandReplies(
  actor: Actor,
  asked: Asked,
  call: CallOf<"command">,
): readonly Reply[] {
  const { space, world, name, observer } = actor;
  const sent: Sent = { node: call.node, token: call.token, command: call.command, by: name };
  const what = () => describeCommand(space.scope, call.node, call.command);
  const lost: Answer = { kind: "command", result: noAnswer };
  const stray: Stray = { to: "node", sent };
  if (cutFrom(world, observer).has(call.node)) {
    const text = () => `${name} ${what()}: out of reach`;
    const replies = waysOf(actor, asked, {
      done: null,
      answer: lost,
      mute: null,
      stray,
      lost,
      what,
    });
    return [{ heard: [hear(asked, lost)], change: unchanged(world), text }, ...replies];
  }
  const server = serverOf(world.servers, call.node);
  if (server.isHung && isStanding(server, call.token)) {
    const change = unchanged({ ...world, servers: enqueue(world.servers, sent) });
    const text = () => `${name} ${what()}: it waits in the stopped node's socket`;
    return [{ heard: [hear(asked, lost)], change: { ...change, seen: ["queued"] }, text }];
  }
  const carried = command(space.scope, world, sent);
  if (carried.kind !== "done") {
    const kind = carried.kind === "cut" ? "cut" : "refused";
    const answer: Answer = { kind: "command", result: failure(kind, kind) };
    const text = () => `${name} ${what()}: ${kind}`;
    return [{ heard: [hear(asked, answer)], change: carried, text }];
  }
  const after = told(space.scope.config, carried.world.servers, call.node);
  return waysOf(actor, asked, {
    done: carried,
    answer: { kind: "command", result: success(after) },
    mute: carried,
    stray,
    lost,
    what,
  });
}

export function submitReplies(
  actor: Actor,
  asked: Asked,
  call: CallOf<"submit">,
): readonly Reply[] {
  const { space, world, name } = actor;
  const done = submit(space.scope, world, call.changes);
  const answer: Answer = {
    kind: "submit",
    result: done.isDone ? success(undefined) : failure("refused", "InvalidChangeBatch"),
  };
  return waysOf(actor, asked, {
    done,
    answer,
    mute: done.isDone ? done : null,
    stray: { to: "zone", by: name, changes: call.changes },
    lost: { kind: "submit", result: noAnswer },
    what: () => (done.isDone ? "changes the record" : "tries to change the record in vain"),
  });
}
