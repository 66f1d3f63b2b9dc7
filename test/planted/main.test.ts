import { expect, it } from "@jest/globals";
import { runScript } from "../support/run-script.ts";

const main = new URL("main.ts", import.meta.url);

/** Which mistakes are found says `npm run planted`; it takes minutes. */
it.each([
  ["simulator", "claim-ignores-rev"],
  ["exploration", "count-twice"],
])(
  "a mistake that nobody looks for is not found: --by %s",
  async (by, id) => {
    const { code, stdout, stderr } = await runScript(main, "--by", by, "--only", id);

    expect(stderr).toContain(`${id} is not looked for by the ${by}`);
    expect(stdout).toBe("");
    expect(code).toBe(2);
  },
  30_000,
);
