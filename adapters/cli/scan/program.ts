import { type Command, Option } from 'commander';
import type { Registry } from '../../../src/registry/registry.ts';
import { collect, number } from '../arguments.ts';
import type { Context, ExitCode } from '../context.ts';
import { type FindingsCommandOptions, findingsCommand } from './findings.ts';
import { type ScanCommandOptions, scanCommand } from './scan.ts';
import {
  type ScannerCommandOptions,
  type ScannerRunOptions,
  scannerCheckpoints,
  scannerReset,
  scannerRun,
  scannerStatus,
  scannerStop,
} from './scanner.ts';

/**
 * The commands that scan: `couchtide scan`, `couchtide findings` and those of `couchtide scanner`.
 *
 * @param end told how the command ended
 */
export function scanProgram(
  program: Command,
  registry: Registry,
  version: string,
  context: Context,
  end: (code: ExitCode) => void,
): void {
  withPlugins(
    program
      .command('scan')
      .description('look through databases for what should not be in them')
      .argument('<what>', 'the url of a server or of a database, or the directory of a replica'),
  )
    .option('--since-last', 'only what has changed since the last scan')
    .option('--live', 'go on with what changes, until interrupted')
    .option('--store <directory>', 'where the scan keeps how far it has come, and its findings; none by default')
    .option('--baseline <file>', 'findings of an earlier --json that are known')
    .option('--webhook <url>', 'where findings are sent as well')
    .addOption(format('--json', 'one JSON object a line'))
    .addOption(format('--sarif', 'as a SARIF 2.1.0 log'))
    .addOption(format('--log', "in the form of CouchDB's own scanner"))
    .action(async (what: string, options: ScanCommandOptions) => {
      end(await scanCommand(what, options, registry, version, context));
    });

  program
    .command('findings')
    .description('what the scans of a store have found')
    .argument('<store>', 'the directory that a scan was given as its store')
    .option('--id <id>', 'of which scan; by default of all')
    .option('--db <name>', 'only those in this database')
    .addOption(format('--json', 'one JSON object a line'))
    .addOption(format('--sarif', 'as a SARIF 2.1.0 log'))
    .addOption(format('--log', "in the form of CouchDB's own scanner"))
    .action(async (store: string, options: FindingsCommandOptions) => {
      end(await findingsCommand(store, options, version, context));
    });

  const scanner = program.command('scanner').description('scan in the background, by as many processes as take part');
  const command = (name: string, description: string): Command =>
    scanner
      .command(name)
      .description(description)
      .argument('<store>', 'the directory that the processes share')
      .option('--id <id>', 'what the scanner is called', 'scanner');
  withPlugins(command('run', 'take part, until interrupted').argument('<server-url>'))
    .option('--after <time>', 'not before this time')
    .option('--repeat <period>', 'how often, such as 1_day or monday')
    .option('--jitter <span>', 'how much later at the most, such as 10_percent')
    .addOption(new Option('--concurrency <number>', 'parts at the same time').argParser(number))
    .addOption(new Option('--until <state>', 'end when all is done').choices(['finished']))
    .option('--json', 'one JSON object a line')
    .action(async (store: string, url: string, options: ScannerRunOptions) => {
      end(await scannerRun(store, url, options, registry, context));
    });
  const onStore = (
    name: string,
    description: string,
    run: (store: string, options: ScannerCommandOptions, context: Context) => Promise<ExitCode>,
  ): void => {
    command(name, description)
      .option('--json', 'one JSON object a line')
      .action(async (store: string, options: ScannerCommandOptions) => {
        end(await run(store, options, context));
      });
  };
  onStore('status', 'how its plugins stand', scannerStatus);
  onStore('stop', 'have all processes stand still', (store, options) => scannerStop(store, true, options, context));
  onStore('resume', 'have all processes go on', (store, options) => scannerStop(store, false, options, context));
  onStore('checkpoints', 'how far its plugins have come', scannerCheckpoints);
  onStore('reset', 'have its plugins start from scratch', scannerReset);
}

/** The options that say what is looked for, and where not. */
function withPlugins(command: Command): Command {
  return command
    .option('--find <name=regex>', 'a pattern to look for; may be given several times', collect)
    .option('--find-native', "run patterns on JavaScript's own engine, which some of them stall")
    .option('--rules <file>', "rules to look for, couchtide's own JSON or a gitleaks TOML file", collect)
    .option('--secrets', 'look for secrets of well-known services')
    .option('--numbers', 'look at numbers too')
    .option('--losers', 'look at revisions that have lost a conflict too')
    .option('--attachments', 'look at names of attachments too')
    .addOption(new Option('--context <characters>', 'show so much around what was found').argParser(number))
    .option('--ddocs', 'look for features of design documents that go away in CouchDB 4')
    .option('--conflicts', 'look for documents in conflict')
    .option('--skip-db <regex>', 'pass over databases of such a name; may be given several times', collect)
    .option('--skip-ddoc <regex>', 'pass over design documents of such an id', collect)
    .option('--skip-doc <regex>', 'pass over documents of such an id', collect)
    .addOption(new Option('--rate <documents>', 'read no more documents a second').argParser(number));
}

function format(flag: string, description: string): Option {
  return new Option(flag, description).conflicts(['json', 'sarif', 'log'].filter((name) => flag !== `--${name}`));
}
