import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, test } from "@jest/globals";
import { findRedis } from "../../lab/redis/find.ts";
import { playRealRedis } from "./real-redis-stage.ts";
import { describeRedis } from "./redis-suite.ts";

const path = fileURLToPath(new URL("../../.cache/valkey/valkey-server", import.meta.url));

if (existsSync(path)) {
  const binary = await findRedis({ REDIS_SERVER: path });
  describeRedis(`${binary.kind} ${binary.version}`, playRealRedis(binary));
} else {
  describe("Valkey", () => {
    test.skip("is not there: fetch it with bash scripts/fetch-valkey.sh", () => {});
  });
}
