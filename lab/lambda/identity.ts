import { randomUUID } from "node:crypto";
import type { InvocationContext } from "./protocol.ts";

/** What a function is called, as its handler and its environment are told. */
export type Identity = Omit<InvocationContext, "awsRequestId">;

export function identityOf(
  options: Readonly<{ functionName?: string; memoryLimitMb?: number }>,
  region: string,
): Identity {
  const { functionName = "lab", memoryLimitMb = 256 } = options;
  const day = new Date().toISOString().slice(0, 10).replaceAll("-", "/");
  return {
    functionName,
    functionVersion: "$LATEST",
    memoryLimitInMB: String(memoryLimitMb),
    invokedFunctionArn: `arn:aws:lambda:${region}:000000000000:function:${functionName}`,
    logGroupName: `/aws/lambda/${functionName}`,
    logStreamName: `${day}/[$LATEST]${randomUUID().replaceAll("-", "")}`,
  };
}

/**
 * What Lambda's bootstrap tells Node.js of the memory that there is: a twentieth of it for each half of the young objects, nine
 * tenths for the old ones. It stands on the command line, which goes before NODE_OPTIONS.
 */
export function nodeArguments({ memoryLimitInMB }: Pick<Identity, "memoryLimitInMB">): string[] {
  const newMb = Math.floor(Number(memoryLimitInMB) / 10);
  const oldMb = Number(memoryLimitInMB) - newMb;
  return [`--max-semi-space-size=${Math.floor(newMb / 2)}`, `--max-old-space-size=${oldMb}`];
}

/** Where the code of a function is, and what of it is run. */
export type Deployed = Readonly<{ region: string; taskRoot: string; handler: string }>;

/**
 * What Lambda sets, and what keeps the AWS SDK from finding the credentials of whoever runs the
 * lab.
 */
export function lambdaEnvironment(
  identity: Identity,
  { region, taskRoot, handler }: Deployed,
): Record<string, string> {
  return {
    PATH: process.env.PATH ?? "/usr/bin:/bin",
    TZ: ":UTC",
    AWS_REGION: region,
    AWS_DEFAULT_REGION: region,
    AWS_EXECUTION_ENV: `AWS_Lambda_nodejs${process.versions.node.split(".")[0]}.x`,
    AWS_LAMBDA_FUNCTION_NAME: identity.functionName,
    AWS_LAMBDA_FUNCTION_VERSION: identity.functionVersion,
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE: identity.memoryLimitInMB,
    AWS_LAMBDA_LOG_GROUP_NAME: identity.logGroupName,
    AWS_LAMBDA_LOG_STREAM_NAME: identity.logStreamName,
    AWS_LAMBDA_INITIALIZATION_TYPE: "on-demand",
    LAMBDA_TASK_ROOT: taskRoot,
    _HANDLER: handler,
    AWS_EC2_METADATA_DISABLED: "true",
    AWS_CONFIG_FILE: "/dev/null",
    AWS_SHARED_CREDENTIALS_FILE: "/dev/null",
  };
}
