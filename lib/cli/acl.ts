import { type AclScope, aclLine, anyGroup } from "../config/acl.ts";
import { namePattern } from "../config/schema.ts";
import type { CliContext, GlobalOptions } from "./context.ts";
import { CliError, exitCodes } from "./exit.ts";
import { loadOrStop } from "./load-file.ts";

export interface AclOptions extends GlobalOptions {
  readonly file?: string;
  readonly json?: boolean;
}

/** Prints the line of an ACL file with the least that an observer needs; nothing else, so that it can be piped. */
export async function acl(
  context: CliContext,
  group: string | undefined,
  options: AclOptions,
): Promise<number> {
  const { terminal } = context;
  const scopes = await scopesOf(context, group, options);
  if (options.json === true) {
    const users = scopes.map((scope) => ({
      ...{ group: scope.group, username: scope.username, line: aclLine(scope) },
    }));
    terminal.out(JSON.stringify({ schema: 1, users }, null, 2));
  } else for (const scope of scopes) terminal.out(aclLine(scope));
  return exitCodes.fine;
}

async function scopesOf(
  { terminal }: CliContext,
  group: string | undefined,
  { file }: AclOptions,
): Promise<readonly AclScope[]> {
  if (group !== undefined && !namePattern.test(group)) {
    const form = "a group's name of lower-case letters, digits and hyphens";
    throw new CliError(exitCodes.usage, `expected ${form}, got ${JSON.stringify(group)}`);
  }
  if (file === undefined) return [{ ...anyGroup, group: group ?? null }];
  const { groups } = await loadOrStop(terminal, file);
  const wanted = groups.filter((one) => group === undefined || one.name === group);
  if (wanted.length === 0) {
    const known = groups.map((one) => one.name).join(", ");
    const message = `expected a group of ${file} (${known}), got ${group}`;
    throw new CliError(exitCodes.usage, message);
  }
  return wanted.map(({ name, auth, settings }) => ({
    username: auth?.username ?? anyGroup.username,
    group: name,
    marker: settings.marker,
    killBusyScripts: settings.killBusyScripts,
    writeProbeKey: settings.writeProbeKey,
  }));
}
