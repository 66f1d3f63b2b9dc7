import { lookup as lookUpLocally, Resolver } from "node:dns/promises";
import { failure, type Result, success } from "../ports/errors.ts";
import { withDeadline } from "./deadline.ts";
import { codeOf } from "./thrown.ts";

/** Limits of one question to one DNS server: three seconds at most, whoever waits for it. */
const questionMs = 1_000;
const questionsMax = 2;

export interface HostAddress {
  readonly address: string;
  readonly family: 4 | 6;
}

/** Where the hosts of nodes are. */
export interface NodeLookup {
  /**
   * The addresses of a host name, as the resolver says them within the limit, or else as it last said them. A name that is
   * gone is "unreachable"; "unresolved" is one that could not be looked up, which says nothing of its node (fault N26).
   */
  find(host: string, limitMs: number): Promise<Result<readonly HostAddress[]>>;
}

/** Asks these servers, `host:port`, or the system's. One question a name is under way, whoever wants it. */
export function createNodeLookup(servers: readonly string[] = []): NodeLookup {
  const known = new Map<string, readonly HostAddress[]>();
  const running = new Map<string, Promise<Result<readonly HostAddress[]>>>();

  /** An answer that comes too late for its question is there for the next one. */
  const refresh = async (host: string): Promise<Result<readonly HostAddress[]>> => {
    const found = await ask(host, servers);
    if (found.ok) known.set(host, found.value);
    else if (found.kind !== "unresolved") known.delete(host);
    running.delete(host);
    return found;
  };

  return {
    find: async (host, limitMs) => {
      const asked = running.get(host) ?? refresh(host);
      running.set(host, asked);
      const answered = await withDeadline(asked, limitMs);
      const found = answered === "late" ? unanswered(host, limitMs) : answered;
      if (found.ok || found.kind !== "unresolved") return found;
      const before = known.get(host);
      return before === undefined ? found : success(before);
    },
  };
}

function unanswered(host: string, limitMs: number) {
  const why = `${host}: expected the resolver to answer within ${limitMs} ms, got nothing`;
  return failure("unresolved", why);
}

/**
 * DNS is asked over sockets. The system's own function waits in one of the few threads that the AWS clients look up their
 * endpoints in: a dead resolver would take the table and Route 53 from an observer, too. It alone knows the hosts file and
 * the search list, so it is asked when a server that lives has said that there is no such name; but not where servers were
 * named to be asked instead of the system's.
 */
async function ask(
  host: string,
  servers: readonly string[],
): Promise<Result<readonly HostAddress[]>> {
  try {
    const found = isLocal(host) ? [] : await askServers(host, servers);
    if (found.length > 0) return success(found);
    if (servers.length > 0 && !isLocal(host)) return noSuchName(host);
    const local = await lookUpLocally(host, { all: true });
    return success(local.map(({ address, family }) => ({ address, family: familyOf(family) })));
  } catch (error) {
    const code = codeOf(error);
    if (isNoSuchName(code)) return noSuchName(host);
    return failure("unresolved", `${host}: the resolver could not be asked: ${code}`);
  }
}

function noSuchName(host: string) {
  return failure("unreachable", `${host}: there is no such name`);
}

/** No server is to be asked where this is (RFC 6761). */
function isLocal(host: string): boolean {
  return host === "localhost" || host.endsWith(".localhost");
}

/** Whoever has an IPv4 address is reached there: an observer's network has it in any case. */
async function askServers(
  host: string,
  servers: readonly string[],
): Promise<readonly HostAddress[]> {
  const resolver = new Resolver({ timeout: questionMs, tries: questionsMax });
  if (servers.length > 0) resolver.setServers([...servers]);
  const four = await orNothing(resolver.resolve4(host));
  if (four.length > 0) return four.map((address) => ({ address, family: 4 }));
  const six = await orNothing(resolver.resolve6(host));
  return six.map((address) => ({ address, family: 6 }));
}

async function orNothing(answer: Promise<readonly string[]>): Promise<readonly string[]> {
  try {
    return await answer;
  } catch (error) {
    if (isNoSuchName(codeOf(error))) return [];
    throw error;
  }
}

function isNoSuchName(code: string): boolean {
  return code === "ENOTFOUND" || code === "ENODATA";
}

function familyOf(family: number): 4 | 6 {
  return family === 6 ? 6 : 4;
}
