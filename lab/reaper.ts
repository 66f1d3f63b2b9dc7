import { type ChildProcess, spawn } from "node:child_process";
import { Socket } from "node:net";

/**
 * Kills the lab's children when the lab itself is killed: a SIGKILL leaves no time to clean up, and
 * a redis-server does not notice that its parent is gone.
 *
 * A shell reads which process groups are alive from a pipe that only this process holds. The end of
 * the pipe means that this process ended, in whatever way, and the shell kills the groups that are
 * left. It works on every system that has a shell, unlike a parent-death signal.
 */
const script = `
trap '' INT TERM HUP
groups=
while read -r verb id; do
  kept=
  for group in $groups; do
    if [ "$group" != "$id" ]; then kept="$kept $group"; fi
  done
  groups=$kept
  if [ "$verb" = guard ]; then groups="$groups $id"; fi
done
for group in $groups; do kill -s KILL -- "-$group"; done
`;

let reaper: ChildProcess | null = null;

/** Has the process group killed if this process ends before it is released. */
export function guard(group: number): void {
  reaper ??= startReaper();
  reaper.stdin?.write(`guard ${group}\n`);
}

/** Forgets a process group that has ended, whose number the system may give to another. */
export function release(group: number): void {
  reaper?.stdin?.write(`release ${group}\n`);
}

function startReaper(): ChildProcess {
  const started = spawn("/bin/sh", ["-c", script], {
    detached: true,
    stdio: ["pipe", "ignore", "ignore"],
  });
  // Without a shell children may outlive a killed lab; that is no reason to have no lab.
  const forget = () => {
    if (reaper === started) reaper = null;
  };
  started.on("error", forget);
  started.on("exit", forget);
  started.stdin.on("error", forget);
  // The reaper must not be what keeps this process running.
  started.unref();
  if (started.stdin instanceof Socket) started.stdin.unref();
  return started;
}
