import type { Command } from "./command.ts";

/** A module that adds one command to its parent; `args` is the command line after the command's name. */
interface CommandModule {
  addCommand(parent: Command, args: readonly string[]): void | Promise<void>;
}

/** Commands by the heading that they stand under in the help, and by name. */
type CommandGroups = Record<string, Record<string, () => Promise<CommandModule>>>;

/**
 * Adds the command that `args` begin with, and loads nothing of the others. All are added where `args` begin
 * with none of them: help lists them, and a name that is mistyped is compared with theirs.
 */
export async function addCommands(
  parent: Command,
  args: readonly string[],
  groups: CommandGroups,
): Promise<void> {
  const [called, ...rest] = args;
  const all = Object.entries(groups).flatMap(([heading, commands]) =>
    Object.entries(commands).map(([name, load]) => ({ heading, name, load })),
  );
  const one = all.filter(({ name }) => name === called);
  for (const { heading, load } of one.length > 0 ? one : all) {
    parent.commandsGroup(heading);
    await (await load()).addCommand(parent, rest);
  }
}
