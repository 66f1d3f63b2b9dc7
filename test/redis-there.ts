import { findRedis, installRedis } from "../lab/redis/find.ts";

/** Runs once before all suites: tests against real servers need one, and a bare machine has none. */
export default async function makeSureOfRedis(): Promise<void> {
  await findRedis().catch((error: unknown) => {
    // Who names a server wants that one tested, and no other.
    if (process.env.REDIS_SERVER) throw error;
    return installRedis((line) => console.log(line));
  });
}
