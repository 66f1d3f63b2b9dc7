import { expect, test } from "@jest/globals";
import { runScript } from "../support/run-script.ts";

const main = new URL("main.ts", import.meta.url);

/** Fresh seeds in every run, printed, so that a failure is a seed to repeat. The simulator needs no jest around it. */
test("fresh seeds of the simulator end without a violation", async () => {
  const seed = Math.floor(Math.random() * 1_000_000_000);

  const { stdout } = await runScript(main, "--seeds", "12", "--seed", String(seed));

  expect(stdout).toContain("12 seeds, 0 with a violation");
}, 240_000);
