import { Logger } from "@aws-lambda-powertools/logger";
import * as z from "zod/mini";
import { createDynamoStore } from "../adapters/dynamo-store.ts";
import { createRoute53Dns } from "../adapters/route53-dns.ts";
import { systemClock } from "../adapters/system-clock.ts";
import type { PageSources } from "../page/app.ts";
import { pageSources } from "../page/sources.ts";

const environment = z.object({
  LAMBDA_SENTINEL_TABLE: z.string().check(z.minLength(1)),
  LAMBDA_SENTINEL_TABLE_REGION: z.optional(z.string().check(z.minLength(1))),
  /** The table's name by default, as the observers have it. */
  LAMBDA_SENTINEL_DEPLOYMENT: z.optional(z.string().check(z.minLength(1))),
});

/** Limit of one request, of which the SDK may make two: somebody waits for the page. */
const timeoutMs = 2_000;

/** The real table and the real zone behind the status page. Throws where the environment does not name the table. */
export function wireStatus(env: Readonly<Record<string, string | undefined>>): PageSources {
  const parsed = environment.safeParse(env);
  if (!parsed.success) {
    throw new Error(`the function's environment is not complete: ${z.prettifyError(parsed.error)}`);
  }
  const table = parsed.data.LAMBDA_SENTINEL_TABLE;
  const region = parsed.data.LAMBDA_SENTINEL_TABLE_REGION;
  const logger = new Logger({ serviceName: "lambda-sentinel-status" });
  const dns = createRoute53Dns({ timeoutMs });
  return pageSources({
    table,
    store: createDynamoStore({
      table,
      deployment: parsed.data.LAMBDA_SENTINEL_DEPLOYMENT ?? table,
      ...(region === undefined ? {} : { region }),
      timeoutMs,
      onUnreadable: (why) => logger.error(`an item was left out: ${why}`),
    }),
    readRecords: (record) => dns.read(record),
    clock: systemClock,
  });
}
