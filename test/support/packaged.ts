import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { inflateRawSync } from "node:zlib";
import * as z from "zod";

/** What `npm run package` makes of a stack: its template, read as far as tests ask for it, and the files of its zip. */

const run = promisify(execFile);
export const root = fileURLToPath(new URL("../..", import.meta.url));

const statement = z.object({
  Sid: z.string(),
  Action: z.union([z.string(), z.array(z.string())]),
  Resource: z.unknown(),
  Condition: z.record(z.string(), z.record(z.string(), z.array(z.string()))).optional(),
});
const template = z.object({
  Conditions: z.record(z.string(), z.unknown()),
  Resources: z.record(
    z.string(),
    z.object({
      Type: z.string(),
      Condition: z.string().optional(),
      DeletionPolicy: z.string().optional(),
      UpdateReplacePolicy: z.string().optional(),
      Properties: z.record(z.string(), z.unknown()),
    }),
  ),
});
export type Template = z.infer<typeof template>;
export type Statement = z.infer<typeof statement>;

/** Packages as `npm run package` does, with no AWS setting in reach. */
export async function packageStack(
  target: string,
  parameters: Readonly<Record<string, string>>,
): Promise<Template> {
  const given = Object.entries(parameters).map(([key, value]) => `--param=${key}=${value}`);
  const osls = join(root, "node_modules/osls/bin/serverless.js");
  const env = Object.fromEntries(
    Object.entries(process.env).filter(([key]) => !/^(AWS|SLS|SERVERLESS|NODE_OPTIONS)/.test(key)),
  );
  await run(process.execPath, [osls, "package", "--package", target, ...given], { cwd: root, env });
  const text = await readFile(join(target, "cloudformation-template-update-stack.json"), "utf8");
  return template.parse(JSON.parse(text));
}

export function properties(of: Template, name: string): Readonly<Record<string, unknown>> {
  const found = of.Resources[name];
  if (found === undefined) throw new Error(`expected a resource ${name} in the template, got none`);
  return found.Properties;
}

export function statements(of: Template): readonly Statement[] {
  const policies = z
    .array(z.object({ PolicyDocument: z.object({ Statement: z.array(z.unknown()) }) }))
    .parse(properties(of, "WatchRole").Policies);
  return policies.flatMap(({ PolicyDocument }) =>
    PolicyDocument.Statement.flatMap((one) => {
      const choice = z.object({ "Fn::If": z.tuple([z.string(), statement, z.unknown()]) });
      const optional = choice.safeParse(one);
      return optional.success ? [optional.data["Fn::If"][1]] : [statement.parse(one)];
    }),
  );
}

/** A statement that stands only under a condition, with its name. */
export function conditional(of: Template, sid: string) {
  const choice = z.object({ "Fn::If": z.tuple([z.string(), statement, z.unknown()]) });
  const all = z
    .array(z.object({ PolicyDocument: z.object({ Statement: z.array(z.unknown()) }) }))
    .parse(properties(of, "WatchRole").Policies)
    .flatMap(({ PolicyDocument }) => PolicyDocument.Statement)
    .flatMap((one) => choice.safeParse(one).data?.["Fn::If"] ?? []);
  const place = all.findIndex((one) => statement.safeParse(one).data?.Sid === sid);
  return { condition: all[place - 1], statement: all[place], otherwise: all[place + 1] };
}

export function named(of: Template, sid: string): Statement {
  const found = statements(of).find((one) => one.Sid === sid);
  if (found === undefined) throw new Error(`expected a statement ${sid}, got none`);
  return found;
}

interface ZipEntry {
  readonly name: string;
  readonly content: Buffer;
}

/** The files of a zip, by its central directory. */
export function readZip(zip: Buffer): readonly ZipEntry[] {
  const end = zip.lastIndexOf(Buffer.from("PK\u0005\u0006"));
  const count = zip.readUInt16LE(end + 10);
  const entries: ZipEntry[] = [];
  let at = zip.readUInt32LE(end + 16);
  for (let index = 0; index < count; index += 1) {
    const isDeflated = zip.readUInt16LE(at + 10) === 8;
    const size = zip.readUInt32LE(at + 20);
    const nameLength = zip.readUInt16LE(at + 28);
    const extra = zip.readUInt16LE(at + 30) + zip.readUInt16LE(at + 32);
    const local = zip.readUInt32LE(at + 42);
    const start = local + 30 + zip.readUInt16LE(local + 26) + zip.readUInt16LE(local + 28);
    const body = zip.subarray(start, start + size);
    const name = zip.toString("utf8", at + 46, at + 46 + nameLength);
    entries.push({ name, content: isDeflated ? inflateRawSync(body) : body });
    at += 46 + nameLength + extra;
  }
  return entries;
}
