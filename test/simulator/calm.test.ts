import { expect, test } from "@jest/globals";
import { runScript } from "../support/run-script.ts";
import { observers, SimWorld } from "./world.ts";

const main = new URL("calm.ts", import.meta.url);

/** A few fresh hours; `npm run sim:calm -- --hours 10000` is the long run. */
test("L4 a healthy group under noise is not failed over", async () => {
  const seed = String(Math.floor(Math.random() * 1_000_000));

  const { stdout } = await runScript(main, "--hours", "9", "--seed", seed);

  expect(stdout).toContain("0 false failovers");
  expect(stdout).not.toContain("proves nothing");
}, 240_000);

test.each(["pulse", "tick"])(
  "L4 nor is one that is watched by %s",
  async (cadence) => {
    const seed = String(Math.floor(Math.random() * 1_000_000));

    const { stdout } = await runScript(main, "--hours", "3", "--seed", seed, "--cadence", cadence);

    expect(stdout).toContain(`watch by ${cadence}`);
    expect(stdout).toContain("0 false failovers");
    expect(stdout).not.toContain("proves nothing");
  },
  240_000,
);

test("P7 a master that only ever answers late is watched by two shifts of an observer at a time, not by fourteen", async () => {
  const world = new SimWorld({ seed: 1 });
  world.start();
  await world.engine.runUntil(20_000);
  world.drawDelayMs = () => 300;

  const live: number[] = [];
  for (let minute = 1; minute <= 10; minute += 1) {
    await world.engine.runUntil(20_000 + minute * 60_000);
    live.push(...observers.map((one) => world.processes.get(one)?.size ?? 0));
  }

  expect(Math.max(...live)).toBeLessThanOrEqual(3);
  expect(world.state()?.epoch).toBe(1);
});
