import { mkdir, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import type { Route53Client } from "@aws-sdk/client-route-53";
import type { Framework } from "../../lib/deploy/osls.ts";
import { runStage } from "../../lib/deploy/run-stage.ts";
import { type Stack, stacksOf } from "../../lib/deploy/stack.ts";
import { readStage } from "../../lib/deploy/stage.ts";
import { baseTemplate } from "./base-stack.ts";
import { baseOf, type Stacks } from "./cloud.ts";
import { adopt, type Drilled, failOver, switchOver } from "./drill.ts";
import { emptyZone, invocationsIn, measureSpreading, type TableTimes } from "./measures.ts";
import type { PlanOut, Step } from "./plan.ts";
import type { Findings } from "./report.ts";
import { type Base, groupsFileOf, type Scratch, stageOf } from "./scratch.ts";

/** Everything that the steps reach out to. */
export interface World {
  readonly stacks: Pick<Stacks, "create" | "outputs" | "isThere" | "delete">;
  readonly route53: Route53Client;
  readonly framework: Framework;
  readonly password: string;
  /** Where groups.yml is written. */
  readonly groupsFile: string;
  readonly out: PlanOut;
  /** The stage, once it is there: what is drilled, and who measures inside of its network. */
  drilled(base: Base): Drilled;
  measureTable(base: Base, table: string, times: number): Promise<TableTimes>;
  dropQuorumTable(): Promise<void>;
  /** Lambda's own lines of a function, by its name. */
  reportLines(functionName: string): Promise<readonly string[]>;
}

const tableTimes = 200;
const changesMeasured = 10;

/** The steps of a validation, in their order. */
export function stepsOf(scratch: Scratch, world: World, found: Findings): readonly Step[] {
  const held: { base: Base | null } = { base: null };
  const base = (): Base => {
    if (held.base === null) throw new Error("expected the base stack to be there, got none");
    return held.base;
  };
  return [
    baseStep(scratch, world, held),
    zoneStep(scratch, world, held),
    stageStep(scratch, world, base),
    ...drillSteps(scratch, world, found, base),
    ...measureSteps(scratch, world, found, base),
  ];
}

function baseStep(scratch: Scratch, world: World, held: { base: Base | null }): Step {
  const { baseStack: stack, region } = scratch;
  return {
    name: "base",
    what: `stack ${stack}: a network, three t4g.nano with Redis, a private zone, tables to measure, a function inside`,
    run: async (signal) => {
      const parameters = { Password: world.password };
      await world.stacks.create(stack, baseTemplate(scratch), parameters, signal);
      held.base = baseOf(await world.stacks.outputs(stack));
    },
    undo: {
      what: `delete stack ${stack}, which waits up to an hour for the functions' network interfaces`,
      run: () => world.stacks.delete(stack),
      byHand: `aws cloudformation delete-stack --region ${region} --stack-name ${stack}`,
    },
  };
}

/** Makes nothing: its way back is what the functions will have put into the zone. */
function zoneStep({ zoneName }: Scratch, world: World, held: { base: Base | null }): Step {
  return {
    name: "zone",
    what: `${zoneName} is there for the functions to write to`,
    run: async () => {},
    undo: {
      what: `empty the zone ${zoneName}`,
      run: async () => {
        if (held.base !== null) await emptyZone(world.route53, held.base.zoneId);
      },
      byHand: `delete all records of the zone ${zoneName} but NS and SOA`,
    },
  };
}

function stageStep(scratch: Scratch, world: World, base: () => Base): Step {
  const { name, table, region } = scratch;
  return {
    name: "stage",
    what: `npm run deploy of three observers in three zones, with the table ${table}`,
    run: async () => {
      const run = {
        command: "deploy",
        stage: name,
        stacks: stacksIn(scratch, base()),
        from: null,
        file: null,
      } as const;
      const code = await runStage(run, world.framework, world.out);
      if (code !== 0) throw new Error(`expected the stage to be deployed, got code ${code}`);
    },
    undo: {
      what: `remove the stage ${name} and its table ${table}`,
      run: async () => {
        for (const stack of stacksIn(scratch, plannedBase).toReversed()) {
          if (!(await world.stacks.isThere(stack.name))) continue;
          const ended = await world.framework.remove(stack);
          if (ended !== 0) throw new Error(`expected ${stack.name} to be removed, got ${ended}`);
        }
        await world.dropQuorumTable();
      },
      byHand: `delete the stacks lambda-sentinel-${name}-* in ${region} with their buckets, then the table ${table}, whose deletion protection has to be switched off`,
    },
  };
}

/** Stands for what only the base stack can say, where it is not needed or not there. */
export const plannedBase: Base = {
  subnets: ["subnet-00000000", "subnet-00000001", "subnet-00000002"],
  securityGroup: "sg-00000000",
  zoneId: "Z0",
  hand: "hand",
  plainTable: "plain",
  strongTable: null,
};

/** The stage's stacks, checked as every stage's file is. */
export function stacksIn(scratch: Scratch, base: Base): readonly Stack[] {
  const read = readStage(JSON.stringify(stageOf(scratch, base)), scratch.name);
  if (!read.ok)
    throw new Error(`expected a stage that is right, got ${JSON.stringify(read.problems)}`);
  return stacksOf(read.stage, scratch.name);
}

function drillSteps(
  scratch: Scratch,
  world: World,
  found: Findings,
  base: () => Base,
): readonly Step[] {
  const drill = (name: string, what: string, run: Step["run"]): Step => ({
    name,
    what,
    run,
    undo: null,
  });
  return [
    drill("adopt", "apply groups.yml, wait for a healthy group, ckquorum", async (signal) => {
      await mkdir(dirname(world.groupsFile), { recursive: true });
      await writeFile(world.groupsFile, groupsFileOf(scratch, base()));
      found.drills.push(...(await adopt(world.drilled(base()), world.groupsFile, signal)));
    }),
    drill("switchover", "hand over to a replica", async (signal) => {
      found.drills.push(...(await switchOver(world.drilled(base()), signal)));
    }),
    drill(
      "failover",
      "SHUTDOWN NOSAVE on the master, wait for the next one and for its return",
      async (signal) => {
        found.drills.push(...(await failOver(world.drilled(base()), signal)));
      },
    ),
  ];
}

function measureSteps(
  scratch: Scratch,
  world: World,
  found: Findings,
  base: () => Base,
): readonly Step[] {
  const measure = (name: string, what: string, run: () => Promise<void>): Step => ({
    name,
    what,
    run,
    undo: null,
  });
  const table = async (name: string, called: string | null): Promise<void> => {
    if (called === null) return;
    const times = await world.measureTable(base(), called, tableTimes);
    found.times.set(`conditional write, ${name}`, times.putMs);
    found.times.set(`strong read, ${name}`, times.getMs);
  };
  const { strong, region, zoneName: name, observers } = scratch;
  const copies =
    strong === null
      ? "none: the region is in no set"
      : `${region}, ${strong.replica}, witness ${strong.witness}`;
  return [
    measure(
      "tables",
      `${tableTimes} writes and reads of a table of one region, and of a strongly consistent one (${copies})`,
      async () => {
        await table("one region", base().plainTable);
        await table(`strongly consistent, ${copies}`, base().strongTable);
      },
    ),
    measure(
      "spreading",
      `${changesMeasured} changes of a record until they are in sync`,
      async () => {
        const zone = { id: base().zoneId, name };
        const drilled = world.drilled(base());
        const times = await measureSpreading(world.route53, zone, changesMeasured, drilled);
        found.times.set("Route 53, change to INSYNC", times);
      },
    ),
    measure("cold starts", "what Lambda reported of each observer", async () => {
      for (const observer of observers) {
        const lines = await world.reportLines(`lambda-sentinel-${scratch.name}-${observer}`);
        found.invocations.set(observer, invocationsIn(lines));
      }
    }),
  ];
}
