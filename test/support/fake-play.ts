import type { Outcome, Play, Standing } from "../../lab/playground/play.ts";

/** A playground without processes: what it is asked for is written down. */
export interface FakePlay extends Play {
  readonly asked: string[];
}

const standing: Standing = {
  nodes: [
    { id: "10.0.0.1:6379", process: "hung", isCut: true },
    { id: "10.0.0.2:6379", process: "running", isCut: false },
    { id: "10.0.0.3:6379", process: "dead", isCut: false },
  ],
  observers: [
    { name: "eu-west-1a", process: "running", isCut: false, isTableCut: false },
    { name: "eu-west-1b", process: "frozen", isCut: true, isTableCut: true },
    { name: "eu-west-1c", process: "dead", isCut: false, isTableCut: false },
  ],
  client: { acknowledged: 178, unanswered: 2, last: { node: "10.0.0.2:6379", agoMs: 67 } },
  said: [{ at: "2030-01-01T00:00:12.454Z", who: "eu-west-1a", text: "+round round 3" }],
  environment: ["export AWS_ENDPOINT_URL_DYNAMODB=http://127.0.0.1:8000"],
};

export function createFakePlay(): FakePlay {
  const asked: string[] = [];
  const act = async (names: readonly string[], name: string, action: string): Promise<Outcome> => {
    if (!names.includes(name)) return { kind: "unknown", why: `there is no ${name}` };
    if (action === "wake") return { kind: "refused", why: "it is not hung" };
    asked.push(`${action} ${name}`);
    return { kind: "done" };
  };
  return {
    asked,
    standing: () => standing,
    actOnNode: (id, action) =>
      act(
        standing.nodes.map((node) => node.id),
        id,
        action,
      ),
    actOnObserver: (name, action) =>
      act(
        standing.observers.map((one) => one.name),
        name,
        action,
      ),
  };
}
