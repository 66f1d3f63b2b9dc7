import { describeRecords } from "./records-suite.ts";
import { describeRedis } from "./redis-suite.ts";
import { playSimRedis } from "./sim-redis-stage.ts";
import { playSimStore } from "./sim-store-stage.ts";
import { describeState } from "./store-suite.ts";

describeState("the simulated table", playSimStore);
describeRecords("the simulated table", playSimStore);
describeRedis("a simulated server", playSimRedis);
