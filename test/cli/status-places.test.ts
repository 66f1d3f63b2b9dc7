import { expect, test } from "@jest/globals";
import { configOf, createCli, plant, steadyState } from "../support/cli.ts";

const text = `observers: [a, b, c]
groups:
  - name: orders
    nodes:
      - { probe: "10.0.0.1:6379", zone: eu-west-1a, region: eu-west-1 }
      - { probe: "10.0.0.2:6379", region: eu-west-1, priority: 5 }
      - { probe: "10.0.0.3:6379", region: us-east-1 }
    placement: { zones: { eu-west-1a: 10 }, masterRegions: [eu-west-1] }
`;

test("status tells where the nodes stand and how much each is wanted as master", async () => {
  const cli = createCli();
  const config = configOf(text);
  plant(cli, config, steadyState(config));

  await cli.run("status");
  const shown = cli.lines.join("\n");
  await cli.run("status", "--json");

  expect(shown).toMatch(/10\.0\.0\.1:6379 \(master\) +eu-west-1a, eu-west-1, priority 10 /);
  expect(shown).toMatch(/10\.0\.0\.2:6379 +eu-west-1, priority 5 /);
  expect(shown).toMatch(/10\.0\.0\.3:6379 +us-east-1, never master /);
  expect(JSON.parse(cli.lines.at(-1) ?? "").groups[0].nodes).toMatchObject([
    { zone: "eu-west-1a", region: "eu-west-1", priority: 10, never: null },
    { zone: null, region: "eu-west-1", priority: 5, never: null },
    {
      zone: null,
      region: "us-east-1",
      priority: null,
      never: expect.stringContaining("us-east-1"),
    },
  ]);
});
