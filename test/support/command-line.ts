import { Command, InvalidArgumentError } from "commander";

/** A command of the proofs: words that it does not know end it with exit code 2, which no violation has. */
export function commandLine(name: string): Command {
  return new Command(name)
    .showHelpAfterError("(add --help for what there is)")
    .allowExcessArguments(false)
    .exitOverride((error) => process.exit(error.exitCode === 0 ? 0 : 2));
}

const wholeMax = 2 ** 31;

export function whole(min: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (/^\d+$/.test(text) && value >= min && value < wholeMax) return value;
    throw new InvalidArgumentError(`expected a whole number from ${min} on, got "${text}".`);
  };
}

export function positive(text: string): number {
  const value = Number(text);
  if (/^\d+(\.\d+)?$/.test(text) && value > 0) return value;
  throw new InvalidArgumentError(`expected minutes above 0, got "${text}".`);
}
