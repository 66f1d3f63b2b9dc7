import { warning } from "../events.ts";
import { type GroupView, nextLook } from "../view.ts";
import { hold, type Rule } from "./rule.ts";

/** The watch itself ends when the group's configuration is gone; until then it touches nothing. */
export const removedRule: Rule<GroupView> = {
  id: "F125",
  title: "Keep hands off a group that people have removed.",
  source: "fault D10: its STATE stays, so that its epochs never repeat",
  find: (view) => {
    const { removed } = view.state;
    if (removed === null) return null;
    const why = `${view.config.name} was removed by ${removed.by}`;
    const event = warning("-monitor", why, { onceKey: `removed ${removed.rev}` });
    return hold(why, nextLook(view), event);
  },
};
