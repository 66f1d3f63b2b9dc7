import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { killChild, spawnChild } from "../../lab/child.ts";
import { findRedis } from "../../lab/redis/find.ts";
import { answersPing } from "../../lab/redis/ping.ts";
import type { Address } from "../../lib/core/config.ts";
import { until } from "./redis-lab.ts";

/** A real Redis Sentinel at this address, which monitors nothing; resolves when it answers. */
export async function startSentinel({ host, port }: Address) {
  const dir = await mkdtemp(join(tmpdir(), "lambda-sentinel-sentinel-"));
  const file = join(dir, "sentinel.conf");
  await writeFile(file, `bind ${host}\nport ${port}\ndir "${dir}"\nprotected-mode no\n`);
  const { path } = await findRedis();
  const child = await spawnChild(path, [file, "--sentinel"], { cwd: dir, stdio: "ignore" });
  const stop = async (): Promise<void> => {
    await killChild(child);
    await rm(dir, { recursive: true, force: true });
  };
  try {
    await until(() => answersPing(host, port));
  } catch (error) {
    await stop();
    throw error;
  }
  return { host, port, stop };
}
