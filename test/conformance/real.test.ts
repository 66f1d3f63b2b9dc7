import { playDynamoStore } from "./dynamo-stage.ts";
import { describeRecords } from "./records-suite.ts";
import { describeState } from "./store-suite.ts";

describeState("DynamoDB's stand-in", playDynamoStore);
describeRecords("DynamoDB's stand-in", playDynamoStore);
