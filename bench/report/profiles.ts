import type { Target } from "./targets.ts";

/** What a profile showed of a target that may be missed: where the time or the memory goes, and the part of NOTES.md that has it. */
export interface Profile {
  readonly says: string;
  readonly section: string;
}

export const profiles = {
  promotion: {
    says: "From the last vote on, medians of twelve kills: 4.5 ms until the leader has read STATE and the votes, 10.5 to write the claim, 3 to decide, 12 to promote and read back, 14 until the write of who looks is taken, whose connection the promotion cuts as every client's. A put that the table answers in 1 to 2 ms takes the observer 5 to 18, beside two others that do the same on two cores.",
    section: "from-the-quorum-to-a-writable-master",
  },
  groups: {
    says: "Both cores are full from the moment the masters count as down. Of the 2 s of CPU time in a second of twenty groups the three observers take 1.3, the stand-ins for the table and the zone and who looks 0.5, the servers 0.1; of two hundred the same but for the servers' 0.2. Each group costs each observer six requests to the table before its master is writable, 2 to 3 ms of CPU time for both ends of one; Sentinel's messages cost next to nothing. In the simulator, where nobody waits for a core, the last of two hundred is writable as soon as one alone.",
    section: "real-groups-at-once",
  },
  names: {
    says: "What holds the masters up holds their names up, and then they wait for Route 53: each process sends it three requests in a second, so that three stay below ten, and groups that were promoted too late for one batch wait for the next second's. In three traced runs of twenty groups the last changes waited 0.4 to 0.9 s for their turn, in three of two hundred a change waited 0.3 to 0.7 s, 1.1 at most.",
    section: "real-groups-at-once",
  },
  bunches: {
    says: "Nobody sends more than promised: in three traced runs of two hundred groups no process had more than three turns in a second, and all together nine. On cores that are full they take differently long to arrive: 10, 11 and 9 in a second.",
    section: "real-groups-at-once",
  },
  watchingCpu: {
    says: "A probe is one `writev` and one read of a socket, and Node.js pays for each by itself: 21 % in `writev`, 5 % reading. A fifth are the requests to the table, 15 % collecting garbage, 7 % the decisions. No function of ours has 1.5 %.",
    section: "the-watch-of-many-healthy-nodes",
  },
  watchingMemory: {
    says: "Of 125 MiB after half a minute the program of Node.js and its libraries have 52, V8's heap 45, of which 16 are the halves for young objects, malloc 16, compiled code 5. Right after a full collection it is 98, and 117 ten seconds later: young objects come at such a rate that their halves grow back at once.",
    section: "the-watch-of-many-healthy-nodes",
  },
} as const satisfies Readonly<Record<string, Profile>>;

/** What was missed, with the profile that explains it: a line for each profile, and for each target without one. */
export function missedLines(targets: readonly Target[]): readonly string[] {
  const missed = targets.filter(({ verdict }) => verdict === "missed");
  const profiles = new Set(missed.flatMap(({ profile }) => profile ?? []));
  const explained = [...profiles].map((profile) => {
    const names = missed.filter((one) => one.profile === profile).map(bold);
    return `${names.join(", ")}: ${profile.says} ([the profile](NOTES.md#${profile.section}))`;
  });
  const others = missed.filter(({ profile }) => profile === null);
  return [...explained, ...others.map((one) => `${bold(one)}: no profile explains it yet.`)];
}

function bold({ what }: Target): string {
  return `**${what}**`;
}
