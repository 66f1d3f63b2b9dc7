import type { ScriptAnswer } from "../core/spells.ts";
import type { ScriptKilled, WriteTried } from "../ports/redis.ts";
import type { Reply } from "./redis-connection.ts";

/** What a server's words mean where it was told to do something that is no change of its role. */

/**
 * Each of the two stops its own kind, and says BUSY to the other's: what counts is whether one was stopped, and else why
 * not. Redis 6 knows no functions.
 */
export function scriptKilled(replies: readonly Reply[]): ScriptKilled {
  const texts = replies.map((reply) => (reply.ok ? "OK" : reply.text));
  const answers: readonly (readonly [ScriptAnswer, RegExp])[] = [
    ["killed", /^OK/],
    ["unkillable", /^UNKILLABLE/],
    ["gone", /^NOTBUSY/],
    ["denied", /^(NOPERM|NOAUTH|WRONGPASS|ERR unknown)/],
  ];
  for (const [answer, form] of answers) {
    const text = texts.find((one) => form.test(one));
    if (text !== undefined) return { answer, text };
  }
  return { answer: "unanswered", text: texts.join("; ") };
}

/** Whether it was set or was there already, writes are taken: they are refused before a key is looked at. */
export function writeTried(reply: Reply | undefined): WriteTried {
  if (reply?.ok) return { answer: "taken", text: String(reply.value) };
  const text = textOf(reply);
  if (/^(NOPERM|NOAUTH|WRONGPASS|ERR unknown)/.test(text)) return { answer: "denied", text };
  const isMoot = /^(BUSY|LOADING|READONLY|MASTERDOWN)/.test(text);
  return { answer: isMoot ? "moot" : "refused", text };
}

export function textOf(reply: Reply | undefined): string {
  if (reply === undefined) return "no reply";
  return reply.ok ? String(reply.value) : reply.text;
}
