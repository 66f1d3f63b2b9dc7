import type { Target } from "./targets.ts";

/** What a profile showed of a target that may be missed: where the time or the memory goes, and the part of NOTES.md that has it. */
export interface Profile {
  readonly says: string;
  readonly section: string;
}

export const groupsProfile: Profile = {
  says: "Both cores are full: of the 2 s of CPU time in a second the three observers take 1.2, the stand-ins for the table and the zone and who looks 0.5 to 0.6, the servers 0.2. Each group costs each observer six requests to the table before its master is writable, 2 to 3 ms of CPU time for both ends of one; Sentinel's messages cost next to nothing. In the simulator, where nobody waits for a core, the last group is as fast as one.",
  section: "real-groups-at-once",
};

export const watchingCpuProfile: Profile = {
  says: "A probe is one `writev` and one read of a socket, and Node.js pays for each by itself: 21 % in `writev`, 5 % reading. A fifth are the requests to the table, 15 % collecting garbage, 7 % the decisions. No function of ours has 1.5 %.",
  section: "the-watch-of-many-healthy-nodes",
};

export const watchingMemoryProfile: Profile = {
  says: "A Node.js that does nothing has 41 MiB. The heap in use after a collection is 27 MB; the rest is code, buffers of sockets, and what the halves for young objects and the allocator hold between collections.",
  section: "the-watch-of-many-healthy-nodes",
};

/** A line for each target that was missed, with the profile that explains it. */
export function missedLines(targets: readonly Target[]): readonly string[] {
  return targets
    .filter(({ verdict }) => verdict === "missed")
    .map(({ what, profile }) => `**${what}**: ${explained(profile)}`);
}

function explained(profile: Profile | null): string {
  if (profile === null) return "no profile explains it yet.";
  return `${profile.says} ([the profile](NOTES.md#${profile.section}))`;
}
