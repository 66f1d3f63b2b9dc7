import { readFileSync } from "node:fs";
import { expect, test } from "@jest/globals";
import { notificationOf } from "../../lib/adapters/notification.ts";
import { switched } from "../../lib/core/switched.ts";
import { groupConfig, n0, n1 } from "../support/builders.ts";
import { reportedEvent } from "../support/notifications.ts";

const page = readFileSync(new URL("../../docs/notifications.md", import.meta.url), "utf8");

/** The first block of JSON on the page. */
function example(): Record<string, unknown> {
  const [, text = ""] = /```json\n([\s\S]*?)```/.exec(page) ?? [];
  return JSON.parse(text);
}

test("the page shows every field that is sent, and explains each", () => {
  const teller = { deployment: "prod", observer: "a", at: "2030-01-31T04:00:00.000Z" };
  const sent = notificationOf(reportedEvent(), teller);

  expect(Object.keys(example())).toEqual(Object.keys(sent));
  const [, table = ""] = /\| field \| meaning \|\n([\s\S]*?)\n\n/.exec(page) ?? [];
  const explained = [...table.matchAll(/^\|([^|]+)\|/gm)].flatMap(([, cell = ""]) =>
    [...cell.matchAll(/`(\w+)`/g)].map(([, field]) => field),
  );
  expect(explained).toEqual(Object.keys(sent));
});

test("the page's addresses are spelled as +switch-master spells them", () => {
  const { evidence } = switched(groupConfig(), n0, n1);

  expect(example().evidence).toMatchObject(
    Object.fromEntries(Object.keys(evidence).map((name) => [name, expect.anything()])),
  );
});
