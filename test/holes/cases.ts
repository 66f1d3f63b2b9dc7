import { clientCases } from "./clients.ts";
import { emptiedCases } from "./emptied.ts";
import { failedEpochCases } from "./failed-epoch.ts";
import { handOverCases } from "./hand-over.ts";
import { heldCases } from "./held.ts";
import { isolationCases } from "./isolation.ts";
import { lateCommitCases } from "./late-commit.ts";
import type { Case } from "./measure.ts";
import { onItsWayCases } from "./commit-on-its-way.ts";
import { olderRdbCases } from "./older-rdb.ts";
import { replicationCases } from "./replication.ts";
import { thawCases } from "./thaw.ts";
import { timeCases } from "./times.ts";

/** Everything that `npm run holes` measures, in the order of docs/limits.md. */
export const cases: readonly Case[] = [
  ...replicationCases,
  ...isolationCases,
  ...thawCases,
  ...lateCommitCases,
  ...onItsWayCases,
  ...olderRdbCases,
  ...emptiedCases,
  ...failedEpochCases,
  ...handOverCases,
  ...heldCases,
  ...clientCases,
  ...timeCases,
];
