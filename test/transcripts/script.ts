/**
 * A transcript: blocks of commands, each with what they printed after `----`, separated by empty lines. Lines that begin
 * with # speak to people. The first block may be a comment alone: what the transcript is, and what is expected.
 */
export interface Script {
  readonly blocks: readonly Block[];
}

export interface Block {
  /** Commands and comments, as written. */
  readonly lines: readonly string[];
  /** What was printed; null for a comment alone. */
  readonly outcome: readonly string[] | null;
}

const divider = "----";

export function parseScript(text: string): Script {
  const paragraphs = text.trim().split(/\n{2,}/);
  return { blocks: paragraphs.map(parseBlock) };
}

function parseBlock(paragraph: string): Block {
  const lines = paragraph.split("\n").map((line) => line.trimEnd());
  const at = lines.indexOf(divider);
  if (at >= 0) return { lines: lines.slice(0, at), outcome: lines.slice(at + 1) };
  // Commands without an outcome are new: a rewrite adds it.
  return { lines, outcome: lines.every(isComment) ? null : [] };
}

export function isComment(line: string): boolean {
  return line.startsWith("#");
}

export function formatScript(script: Script): string {
  const blocks = script.blocks.map(({ lines, outcome }) =>
    [...lines, ...(outcome === null ? [] : [divider, ...outcome])].join("\n"),
  );
  return `${blocks.join("\n\n")}\n`;
}

/** What runs a transcript's commands. */
export interface Stage {
  /** Runs the commands of one block and returns what they print. Throws when a command is none, or what it expects fails. */
  perform(commands: readonly string[]): Promise<readonly string[]>;
}

/** Runs every block on a stage of its own; returns the script with what was printed now. */
export async function runScript(script: Script, stage: Stage): Promise<Script> {
  const blocks: Block[] = [];
  for (const { lines, outcome } of script.blocks) {
    if (outcome === null) blocks.push({ lines, outcome });
    else {
      const commands = lines.filter((line) => !isComment(line));
      const printed = await stage.perform(commands);
      blocks.push({ lines, outcome: printed.length === 0 ? ["nothing"] : printed });
    }
  }
  return { blocks };
}
