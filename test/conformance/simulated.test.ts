import { describeRecords } from "./records-suite.ts";
import { playSimStore } from "./sim-store-stage.ts";
import { describeState } from "./store-suite.ts";

describeState("the simulated table", playSimStore);
describeRecords("the simulated table", playSimStore);
