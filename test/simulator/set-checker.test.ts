import { expect, it } from "@jest/globals";
import { runSeed } from "./run-seed.ts";
import { checkSet } from "./set-checker.ts";
import { Writes } from "./sim-client.ts";

it("tells kept, lost, recovered and unexpected writes apart", () => {
  const writes = new Writes();
  for (const value of [1, 2, 3]) writes.acknowledged.set(value, "10.0.0.1:6379");
  for (const value of [4, 5]) writes.unknown.add(value);

  expect(checkSet(writes, new Set([1, 2, 4, 6]))).toEqual({
    kept: 2,
    lost: 1,
    recovered: 1,
    unexpected: [6],
  });
});

it("accounts for every acknowledged write of a seed", async () => {
  const { record } = await runSeed({ seed: 1 });

  expect(record.set.kept).toBeGreaterThan(0);
  expect(record.set.kept + record.set.lost).toBe(record.acknowledged);
});
