import { handle } from "hono/aws-lambda";
import { createStatusPage } from "../lib/page/app.ts";
import { wireStatus } from "../lib/wiring/status-sources.ts";

/** The status page, for a function URL or a load balancer: it reads the table and the zone, and may do nothing else. */
export const handler = handle(createStatusPage(wireStatus(process.env)));
