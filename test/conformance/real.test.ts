import { describeZone } from "./dns-suite.ts";
import { playDynamoStore } from "./dynamo-stage.ts";
import { describeRecords } from "./records-suite.ts";
import { playRoute53 } from "./route53-stage.ts";
import { describeState } from "./store-suite.ts";

describeState("DynamoDB's stand-in", playDynamoStore);
describeRecords("DynamoDB's stand-in", playDynamoStore);
describeZone("Route 53's stand-in", playRoute53);
