import { describe } from "@jest/globals";
import { failure, success } from "../../lib/ports/errors.ts";
import { goodTable } from "../support/cli.ts";
import { checkRows, cli } from "./doctor-stage.ts";

describe("doctor finds of the table", () => {
  checkRows("The table, and who asks", {
    "no-groups": {
      about: null,
      evidence: "table test has no configuration",
      cause: () => cli.store.configs.clear(),
    },
    "eventual-table": {
      about: null,
      evidence: "replicas in us-east-1",
      cause: () => {
        cli.table = success({ ...goodTable, otherRegions: ["us-east-1"] });
      },
    },
    "table-inactive": {
      about: null,
      evidence: "its status is DELETING",
      cause: () => {
        cli.table = success({ ...goodTable, status: "DELETING" });
      },
    },
    "provisioned-table": {
      about: null,
      evidence: "its billing mode is PROVISIONED",
      cause: () => {
        cli.table = success({ ...goodTable, isOnDemand: false });
      },
    },
    "deletable-table": {
      about: null,
      evidence: "DeletionProtectionEnabled is false",
      cause: () => {
        cli.table = success({ ...goodTable, isProtected: false });
      },
    },
    "table-unasked": {
      about: null,
      evidence: "no right to DescribeTable",
      cause: () => {
        cli.table = failure("denied", "no right to DescribeTable");
      },
    },
    "may-not-write": {
      about: null,
      evidence: "writeState: denied",
      cause: () => cli.store.fail({ operation: "writeState", kind: "denied" }),
    },
    "write-unasked": {
      about: null,
      evidence: "writeState: throttled",
      cause: () => cli.store.fail({ operation: "writeState", kind: "throttled" }),
    },
  });
});
