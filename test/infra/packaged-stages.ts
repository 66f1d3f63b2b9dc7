import { type PackagedStage, readPackaged, type Template } from "../support/packaged.ts";
import { type Combination, combinations } from "./combinations.ts";

/** What package-all.ts has made. */
export class PackagedStages {
  readonly all = new Map<string, PackagedStage>();

  async read(): Promise<void> {
    for (const name of Object.keys(combinations)) {
      this.all.set(name, await readPackaged(`test-${name}`));
    }
  }

  of(name: Combination): PackagedStage {
    const found = this.all.get(name);
    if (found === undefined) throw new Error(`expected stage ${name} to be packaged`);
    return found;
  }

  stack(name: Combination, observer: string): Template {
    const found = this.of(name).templates[observer];
    if (found === undefined)
      throw new Error(`expected a stack of ${observer} in ${name}, got none`);
    return found;
  }

  every(): readonly Template[] {
    return [...this.all.values()].flatMap((stage) => Object.values(stage.templates));
  }
}
