import { describeZone } from "./dns-suite.ts";
import { describeRecords } from "./records-suite.ts";
import { describeRedis } from "./redis-suite.ts";
import { playSimDns } from "./sim-dns-stage.ts";
import { playSimRedis } from "./sim-redis-stage.ts";
import { playSimStore } from "./sim-store-stage.ts";
import { describeState } from "./store-suite.ts";

describeState("the simulated table", playSimStore);
describeRecords("the simulated table", playSimStore);
describeRedis("a simulated server", playSimRedis);
describeZone("the simulated zone", playSimDns);
