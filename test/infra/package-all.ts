import makeSureOfRedis from "../redis-there.ts";
import { packageStage } from "../support/packaged.ts";
import { combinations } from "./combinations.ts";

/** Packages every combination once, before the tests read them; one after the other, for the framework has one folder. */
export default async function packageAll(): Promise<void> {
  // Packaged functions watch real servers, too.
  await makeSureOfRedis();
  for (const [name, stage] of Object.entries(combinations))
    await packageStage(`test-${name}`, stage);
}
