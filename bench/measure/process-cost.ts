import { readdir, readFile } from "node:fs/promises";

/** What the kernel of Linux counts of a process; other systems tell it in other ways, and are not measured. */

/** CPU time of all its threads, in ns; null: there is no such process, or no such count. */
export async function cpuNs(pid: number): Promise<number | null> {
  try {
    const threads = await readdir(`/proc/${pid}/task`);
    const counts = await Promise.all(
      threads.map((thread) => readFile(`/proc/${pid}/task/${thread}/schedstat`, "utf8")),
    );
    return counts.reduce((sum, text) => sum + Number(text.split(" ")[0]), 0);
  } catch {
    return null;
  }
}

/** What it holds in memory now, and the most that it ever held. */
export async function memoryMiB(
  pid: number,
): Promise<{ readonly now: number; readonly peak: number } | null> {
  try {
    const status = await readFile(`/proc/${pid}/status`, "utf8");
    const of = (name: string) =>
      Number(new RegExp(`^${name}:\\s+(\\d+) kB`, "m").exec(status)?.[1]);
    return { now: of("VmRSS") / 1_024, peak: of("VmHWM") / 1_024 };
  } catch {
    return null;
  }
}
