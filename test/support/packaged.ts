import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { inflateRawSync } from "node:zlib";
import * as z from "zod";
import { filesOf } from "../../lab/bundle.ts";

/** What `npm run package` makes of a stack: its template, read as far as tests ask for it, and the files of its zip. */

const run = promisify(execFile);
export const root = fileURLToPath(new URL("../..", import.meta.url));

const statement = z.object({
  Sid: z.string(),
  Effect: z.literal("Allow"),
  Action: z.union([z.string(), z.array(z.string())]),
  Resource: z.unknown(),
  Condition: z.record(z.string(), z.record(z.string(), z.array(z.string()))).optional(),
});
const policy = z.object({
  PolicyName: z.string(),
  PolicyDocument: z.object({ Statement: z.array(statement) }),
});
const absent = z.object({ Ref: z.literal("AWS::NoValue") });
const template = z.object({
  Resources: z.record(
    z.string(),
    z.object({
      Type: z.string(),
      DeletionPolicy: z.string().optional(),
      UpdateReplacePolicy: z.string().optional(),
      Properties: z.record(z.string(), z.unknown()),
    }),
  ),
});
/** What the framework deploys by, beside the template. */
const stackState = z.object({
  service: z.object({ provider: z.object({ stackTags: z.record(z.string(), z.string()) }) }),
});
export type Template = z.infer<typeof template>;
export type Statement = z.infer<typeof statement>;

/** A stage's stacks as `npm run package` makes them, by observer, with no AWS setting in reach. */
export interface PackagedStage {
  /** The folder of a stack's template and zip. */
  readonly folderOf: (observer: string) => string;
  readonly templates: Readonly<Record<string, Template>>;
  /** What CloudFormation is told to put on everything of a stack that takes tags, by observer. */
  readonly stackTags: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

/** Packages a stage as `npm run package` does. */
export async function packageStage(name: string, stage: unknown): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "lambda-sentinel-stage-"));
  const file = join(folder, "stage.yml");
  // Every JSON text is a YAML text.
  await writeFile(file, JSON.stringify(stage));
  const args = [join(root, "scripts/stage.ts"), "package", "--stage", name, "--file", file];
  const env = Object.fromEntries(
    Object.entries(process.env).filter(([key]) => !/^(AWS|SLS|SERVERLESS|NODE_OPTIONS)/.test(key)),
  );
  await rm(join(root, "dist/stages", name), { recursive: true, force: true });
  await run(process.execPath, args, { cwd: root, env });
  await rm(folder, { recursive: true });
}

/** Reads what packaging made of a stage. */
export async function readPackaged(name: string): Promise<PackagedStage> {
  const made = join(root, "dist/stages", name);
  const entries = await readdir(made, { withFileTypes: true });
  const observers = entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name);
  const templates = await Promise.all(
    observers.map(async (observer): Promise<[string, Template]> => {
      const path = join(made, observer, "cloudformation-template-update-stack.json");
      return [observer, template.parse(JSON.parse(await readFile(path, "utf8")))];
    }),
  );
  const stackTags = await Promise.all(
    observers.map(async (observer): Promise<[string, Readonly<Record<string, string>>]> => {
      const text = await readFile(join(made, observer, "serverless-state.json"), "utf8");
      return [observer, stackState.parse(JSON.parse(text)).service.provider.stackTags];
    }),
  );
  return {
    folderOf: (observer) => join(made, observer),
    templates: Object.fromEntries(templates),
    stackTags: Object.fromEntries(stackTags),
  };
}

export function properties(of: Template, name: string): Readonly<Record<string, unknown>> {
  const found = of.Resources[name];
  if (found === undefined) throw new Error(`expected a resource ${name} in the template, got none`);
  return found.Properties;
}

/** What the watch function's own role allows. */
export function statements(of: Template): readonly Statement[] {
  const policies = z.array(z.union([policy, absent])).parse(properties(of, "WatchRole").Policies);
  return policies.flatMap((one) => ("PolicyDocument" in one ? one.PolicyDocument.Statement : []));
}

export function named(of: Template, sid: string): Statement {
  const found = statements(of).find((one) => one.Sid === sid);
  if (found === undefined) throw new Error(`expected a statement ${sid}, got none`);
  return found;
}

/** What `npm run build` makes of a function: the bundle and its parts, named as they are packaged. */
export async function readBuilt(name: string): Promise<readonly ZipEntry[]> {
  const names = filesOf(join(root, "dist", `${name}.mjs`)).map((file) => `dist/${file}`);
  return Promise.all(
    names.map(async (file) => ({ name: file, content: await readFile(join(root, file)) })),
  );
}

/** Each file's hash, by its name. */
export function hashesOf(entries: readonly ZipEntry[]): Readonly<Record<string, string>> {
  const hash = (content: Buffer) => createHash("sha256").update(content).digest("hex");
  return Object.fromEntries(entries.map(({ name, content }) => [name, hash(content)]));
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
