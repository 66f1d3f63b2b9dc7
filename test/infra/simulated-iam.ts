import { runSimulation } from "@cloud-copilot/iam-simulate";
import * as z from "zod";
import { properties, type Template } from "../support/packaged.ts";
import { type AwsCall, account } from "./aws-calls.ts";

/** A policy document as CloudFormation would fill it in, under a name for messages. */
export interface NamedPolicy {
  readonly name: string;
  readonly policy: unknown;
}

const inline = z.array(
  z.union([
    z.object({ PolicyName: z.string(), PolicyDocument: z.unknown() }),
    z.object({ Ref: z.literal("AWS::NoValue") }).transform(() => null),
  ]),
);

/** What a role of the template allows, with names and ARNs filled in for a region. */
export function policiesOf(
  template: Template,
  role: string,
  region: string,
): readonly NamedPolicy[] {
  return inline
    .parse(properties(template, role).Policies)
    .flatMap((one) =>
      one === null
        ? []
        : [{ name: one.PolicyName, policy: fillIn(one.PolicyDocument, template, region) }],
    );
}

export function managedPolicy(template: Template, name: string, region: string): NamedPolicy {
  return { name, policy: fillIn(properties(template, name).PolicyDocument, template, region) };
}

/** CloudFormation's functions, as far as our policies use them. */
function fillIn(value: unknown, template: Template, region: string): unknown {
  if (Array.isArray(value)) {
    return value.map((one) => fillIn(one, template, region)).filter((one) => one !== undefined);
  }
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value);
  const [[name, argument] = ["", null]] = entries;
  if (name === "Ref" && argument === "AWS::NoValue") return undefined;
  if (name === "Fn::Sub") return substitute(z.string().parse(argument), region);
  if (name === "Fn::GetAtt")
    return attribute(z.tuple([z.string(), z.string()]).parse(argument), template, region);
  return Object.fromEntries(entries.map(([key, one]) => [key, fillIn(one, template, region)]));
}

function substitute(text: string, region: string): string {
  const values: Readonly<Record<string, string>> = {
    "AWS::Partition": "aws",
    "AWS::AccountId": account,
    "AWS::Region": region,
  };
  return text.replace(/\$\{([^}]+)\}/g, (_all, name: string) => {
    const known = values[name];
    if (known === undefined) throw new Error(`expected a pseudo parameter, got ${name} in ${text}`);
    return known;
  });
}

function attribute(
  [of, what]: readonly [string, string],
  template: Template,
  region: string,
): string {
  if (of.endsWith("LogGroup") && what === "Arn") {
    const name = z.string().parse(properties(template, of).LogGroupName);
    return `arn:aws:logs:${region}:${account}:log-group:${name}:*`;
  }
  if (of === "QuorumTable" && what === "Arn") {
    const name = z.string().parse(properties(template, of).TableName);
    return `arn:aws:dynamodb:${region}:${account}:table/${name}`;
  }
  if (of === "PulseQueue" && what === "Arn") {
    const name = z.string().parse(properties(template, of).QueueName);
    return `arn:aws:sqs:${region}:${account}:${name}`;
  }
  if (of.endsWith("LambdaFunction") && what === "Arn") {
    const name = z.string().parse(properties(template, of).FunctionName);
    return `arn:aws:lambda:${region}:${account}:function:${name}`;
  }
  throw new Error(`expected an attribute that a policy of ours uses, got ${of}.${what}`);
}

/** What AWS gives a key that nobody wrote a policy for: the account's own policies decide. */
const keyPolicy = {
  Version: "2012-10-17",
  Statement: [
    {
      Effect: "Allow",
      Principal: { AWS: `arn:aws:iam::${account}:root` },
      Action: "kms:*",
      Resource: "*",
    },
  ],
};

/** Whether IAM would allow the call, by an offline simulation of its rules. */
export async function isAllowed(policies: readonly NamedPolicy[], call: AwsCall): Promise<boolean> {
  const result = await runSimulation(
    {
      request: {
        principal: `arn:aws:iam::${account}:role/watch`,
        action: call.action,
        resource: { resource: call.resource, accountId: account },
        contextVariables: { ...call.context },
      },
      identityPolicies: policies.map(({ name, policy }) => ({ name, policy })),
      serviceControlPolicies: [],
      resourceControlPolicies: [],
      ...(call.action.startsWith("kms:") ? { resourcePolicy: keyPolicy } : {}),
    },
    {},
  );
  if (result.resultType === "error") throw new Error(JSON.stringify(result.errors));
  return result.overallResult === "Allowed";
}

export async function deniedOf(
  policies: readonly NamedPolicy[],
  calls: readonly AwsCall[],
): Promise<readonly AwsCall[]> {
  const judged = await Promise.all(
    calls.map(async (call) => ({ call, isAllowed: await isAllowed(policies, call) })),
  );
  return judged.filter((one) => !one.isAllowed).map((one) => one.call);
}

export function actionsOf(calls: readonly AwsCall[]): readonly string[] {
  return [...new Set(calls.map((call) => call.action))].toSorted();
}
