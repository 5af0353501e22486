import process from 'node:process';
import { Command, CommanderError, Option } from 'commander';
import { isCouchtideError } from '../../src/core/errors.ts';
import { createRegistry } from '../../src/registry/create-registry.ts';
import { collect, jsonObject } from './arguments.ts';
import { exportCommand } from './commands/export.ts';
import { type PluginsCommandOptions, pluginsCommand } from './commands/plugins.ts';
import { type PullCommandOptions, pullCommand } from './commands/pull.ts';
import { type VerifyCommandOptions, verifyCommand } from './commands/verify.ts';
import { type Context, ExitCode } from './context.ts';
import { errorLine, sentence } from './failure.ts';
import { jobsProgram } from './jobs/program.ts';
import { addPlugins } from './plugins.ts';
import { scanProgram } from './scan/program.ts';

/** Commands that the line of commands has a place for, and a later version brings. */
const LATER = ['status', 'demo'] as const;

/**
 * Runs one command line and tells how it ended. Whatever goes wrong ends in one sentence on the error stream, and with
 * `--json` in one line on the output as well.
 *
 * @param args without the name of the program
 */
export async function run(args: readonly string[], version: string, context: Context): Promise<ExitCode> {
  let exitCode: ExitCode = ExitCode.done;
  const program = new Command('couchtide')
    .description('Brings a CouchDB to where you are: pulls databases with their revisions, and reads them offline')
    .version(version)
    .exitOverride()
    .configureOutput({
      writeOut: (text) => void context.stdout.write(text),
      writeErr: (text) => void context.stderr.write(text),
      outputError: () => {},
    });
  program
    .command('pull')
    .description('bring a database onto disk, or what is new of it')
    .argument('<database-url>', 'such as http://127.0.0.1:5984/recipes')
    .argument('<directory>', 'where the replica is, or is to be')
    .option('--no-attachments', 'leave the content of attachments out; a later pull without this brings it')
    .option('--doc-id <id>', 'only this document; may be given several times', collect)
    .addOption(
      new Option('--history <history>', 'what is kept of the ancestry of revisions').choices(['full', 'leaves']),
    )
    .option('--json', 'one JSON object a line')
    .option('--continuous', 'go on and on, following the database live, until interrupted')
    .addOption(
      new Option('--selector <json>', 'only documents that this Mango selector matches').argParser(
        jsonObject('{"type":"recipe"}'),
      ),
    )
    .action(async (url: string, directory: string, options: PullCommandOptions) => {
      exitCode = await pullCommand(url, directory, options, context);
    });
  program
    .command('export')
    .description('write the documents of a replica, one a line')
    .argument('<directory>', 'where the replica is')
    .addOption(
      new Option('--format <format>', 'lines of JSON, or a folder of files, attachments among them')
        .choices(['ndjson', 'files'])
        .default('ndjson'),
    )
    .option('--out <path>', 'the file or folder to write; the output by default')
    .option('--revs', 'show the ancestry of each revision as _revisions')
    .option('--conflicts', 'every leaf revision, tombstones too, the winner first')
    .action(async (directory: string, options: Parameters<typeof exportCommand>[1]) => {
      exitCode = await exportCommand(directory, options, context);
    });
  program
    .command('verify')
    .description('check a replica in itself, and against its source')
    .argument('<directory>', 'where the replica is')
    .argument('[database-url]', 'the database that it was pulled from')
    .option('--partial', 'only some documents were pulled, so that others of the source are not missed')
    .option('--json', 'one JSON object a line')
    .action(async (directory: string, url: string | undefined, options: VerifyCommandOptions) => {
      exitCode = await verifyCommand(directory, url, options, context);
    });
  const registry = createRegistry();
  jobsProgram(program, registry, context, (code) => {
    exitCode = code;
  });
  scanProgram(program, registry, version, context, (code) => {
    exitCode = code;
  });
  program
    .command('plugins')
    .description('what plugins provide and contribute')
    .option('--json', 'one JSON object a line')
    .action(async (options: PluginsCommandOptions) => {
      exitCode = await pluginsCommand(registry, options, context);
    });
  for (const command of commandsOf(program)) {
    command.option('--plugin <module>', 'a plugin; may be given several times', collect);
  }
  program.hook('preAction', async (_, command) => {
    registry.errors$.subscribe((error) => void context.stderr.write(`${sentence(error)}\n`));
    await addPlugins(registry, command.opts<{ plugin?: string[] }>().plugin ?? [], context.folder ?? process.cwd());
  });
  for (const name of LATER) {
    program
      .command(name, { hidden: true })
      .allowUnknownOption()
      .allowExcessArguments()
      .action(() => program.error(`The command ${name} is not part of this version of couchtide yet`));
  }
  try {
    await program.parseAsync([...args], { from: 'user' });
    return exitCode;
  } catch (error) {
    return report(error, args, context);
  } finally {
    registry.dispose();
  }
}

/** The commands that do something, those of commands among them. */
function commandsOf(command: Command): Command[] {
  return command.commands.length === 0 ? [command] : command.commands.flatMap(commandsOf);
}

function report(error: unknown, args: readonly string[], { stdout, stderr, signal }: Context): ExitCode {
  if (error instanceof CommanderError && error.exitCode === 0) return ExitCode.done;
  // A command of commands that was given none: what there is has been shown.
  if (error instanceof CommanderError && error.code === 'commander.help') return ExitCode.failed;
  if (signal.aborted && !isCouchtideError(error)) return ExitCode.interrupted;
  if (isClosedPipe(error)) return ExitCode.done;
  if (error instanceof CommanderError) error.message = error.message.replace(/^error: /, '').replaceAll('\n', ' ');
  if (args.includes('--json')) stdout.write(`${JSON.stringify(errorLine(error))}\n`);
  stderr.write(`couchtide: ${sentence(error)}\n`);
  return ExitCode.failed;
}

/** Who reads the output has seen enough, as `head` has after ten lines: no mistake of anybody's. */
function isClosedPipe(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'EPIPE';
}
